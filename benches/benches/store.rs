//! What is written while calls run: a registration, and a call record opened and closed; beside the same row
//! written by plain rusqlite, which is the floor.

#![allow(clippy::unwrap_used, reason = "a bench fails by panicking")]

use std::cell::Cell;
use std::sync::Arc;

use criterion::Criterion;
use switchboard_benches::Bench;
use switchboard_store::admin::Admin;
use switchboard_store::{
    CallKind, CallRecord, CallRecordStore, Party, Registration, RegistrationStore, SealKey,
    SqliteStore, UnixMillis,
};

fn registration(n: u64) -> Registration {
    Registration {
        user: "anna".parse().unwrap(),
        contact: format!("sip:anna@192.0.2.{}:5060", n % 8),
        call_id: "a84b4c76e66710".to_owned(),
        cseq: 7,
        expires: UnixMillis::new(i64::MAX),
        transport: "UDP".to_owned(),
        local: "192.0.2.100:5060".parse().unwrap(),
        remote: "192.0.2.1:5060".parse().unwrap(),
        instance: None,
        path: Vec::new(),
        q: 1000,
        user_agent: Some("a phone".to_owned()),
    }
}

fn record(n: u64) -> CallRecord {
    CallRecord {
        id: format!("{n:032x}"),
        kind: CallKind::Internal,
        from: Party { user: Some("anna".parse().unwrap()), number: "101".to_owned() },
        dialled: "102".to_owned(),
        to: None,
        line: None,
        internal: true,
        recorded: false,
        started: UnixMillis::new(n as i64),
        answered: None,
        ended: None,
        talk_ms: 0,
        cause: None,
        sip_status: None,
        digits: Vec::new(),
        steps: Vec::new(),
        legs: Vec::new(),
    }
}

/// Each work in criterion's way where it runs, and ours beside the floor for the report.
fn main() {
    let bench = Bench::new(
        "store",
        "What is written while calls run, beside the same row written by plain rusqlite, which is the floor. Durable: \
         write-ahead log, `synchronous = normal`.",
    );
    let folder = tempfile::tempdir().unwrap();
    let key = SealKey::from_bytes([7; 32]);
    let store = Arc::new(SqliteStore::open(&folder.path().join("ours.sqlite"), key).unwrap());
    let plain = rusqlite::Connection::open(folder.path().join("plain.sqlite")).unwrap();
    plain.pragma_update(None, "journal_mode", "wal").unwrap();
    plain.pragma_update(None, "synchronous", "normal").unwrap();
    plain
        .execute_batch("CREATE TABLE r (a TEXT, b TEXT, c INTEGER, d TEXT, PRIMARY KEY (a, b)) STRICT, WITHOUT ROWID")
        .unwrap();

    let n = Cell::new(0);
    let next = || n.replace(n.get() + 1);
    let save = || store.save_registration(&registration(next())).unwrap();
    let save_plainly = || {
        let row = registration(next());
        plain
            .prepare_cached("INSERT OR REPLACE INTO r VALUES (?1, ?2, ?3, ?4)")
            .unwrap()
            .execute((row.user.as_str(), &row.contact, row.expires.get(), "one text"))
            .unwrap()
    };
    let call = || {
        let mut record = record(next());
        store.open_call(&record).unwrap();
        record.cause = Some("normal".to_owned());
        store.close_call(&record).unwrap();
    };

    let mut text = String::new();
    for user in 0..1_000 {
        text.push_str(&format!(
            "[[users]]\nlogin = \"u{user}\"\nname = \"U\"\nextension = \"{}\"\n",
            1_000 + user
        ));
    }
    let admin = Admin::new(store.clone());
    admin.import(&text, UnixMillis::new(0)).unwrap();
    let (user, by) = ("u7".parse().unwrap(), switchboard_routing::admin::Actor::Administrator);
    let set_extension = || {
        let extension = if next() % 2 == 0 { "7" } else { "8" };
        admin.set_extension(&by, &user, Some(extension.parse().unwrap())).unwrap();
    };

    if bench.wants_criterion() {
        let mut criterion = Criterion::default().configure_from_args();
        let mut group = criterion.benchmark_group("store");
        group.bench_function("registration", |b| b.iter(save));
        group.bench_function("call opened and closed", |b| b.iter(call));
        group.bench_function("extension of one in 1,000 set", |b| b.iter(set_extension));
        group.finish();
        criterion.final_summary();
    }
    bench
        .compare("registration saved", "a registration", 1)
        .ours("switchboard-store", save)
        .peer("rusqlite, one row", save_plainly)
        .run();
    bench
        .compare("call record opened and closed", "a call", 1)
        .ours("switchboard-store", call)
        .run();
    bench
        .compare("extension set among 1,000 users", "a change", 1)
        .ours("switchboard-store", set_extension)
        .run();
}
