use switchboard_routing::{LineId, LineSpec, UserId};

use super::*;
use crate::record::{CallKind, CallRecord, Party};
use crate::registration::Registration;
use crate::time::UnixMillis;
use crate::toml_file::DirectoryFile;
use crate::traits::{
    BatchStore, CallRecordStore, Change, DirectoryStore, RegistrationStore, SecretOwner,
    SecretStore, WriteError,
};
use crate::{Password, StoreErrorKind};

const NOW: UnixMillis = UnixMillis::new(1_000_000);

fn key() -> SealKey {
    SealKey::from_bytes([3; 32])
}

fn store() -> SqliteStore {
    SqliteStore::in_memory(key()).unwrap()
}

fn user(login: &str) -> UserId {
    UserId::new(login).unwrap()
}

const DIRECTORY: &str = r#"
responsible = "crm"
[numbering]
country = "DE"
[[users]]
login = "anna"
name = "Anna"
extension = "101"
[[users]]
login = "bruno"
name = "Bruno"
extension = "102"
[[lines]]
id = "main"
number = "+49301234567"
[[menus]]
id = "first"
[[menus.options]]
key = "1"
action = { user = "anna" }
[[contacts]]
number = "+4930777"
responsible = "anna"
[[contacts]]
number = "+4930888"
responsible = "bruno"
"#;

fn filled(store: &SqliteStore) -> DirectoryFile {
    let file = DirectoryFile::parse(DIRECTORY).unwrap();
    store.replace(store.revision().unwrap(), &file.spec, &[], NOW).unwrap();
    file
}

fn registration(login: &str, contact: &str, expires: i64) -> Registration {
    Registration {
        user: user(login),
        contact: contact.to_owned(),
        call_id: "x".to_owned(),
        cseq: 7,
        expires: UnixMillis::new(expires),
        transport: "UDP".to_owned(),
        local: "127.0.0.1:5060".parse().unwrap(),
        remote: "127.0.0.1:5070".parse().unwrap(),
        instance: None,
        path: vec!["<sip:edge;lr>".to_owned()],
        q: 1000,
        user_agent: Some("phone \u{1f4de}".to_owned()),
    }
}

fn record(id: &str, started: i64) -> CallRecord {
    CallRecord {
        id: id.to_owned(),
        kind: CallKind::Internal,
        from: Party { user: Some(user("anna")), number: "101".to_owned() },
        dialled: "102".to_owned(),
        to: None,
        line: Some(LineId::new("main").unwrap()),
        internal: true,
        recorded: false,
        started: UnixMillis::new(started),
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

#[test]
fn a_directory_comes_back_as_it_went_in() {
    let store = store();
    let file = filled(&store);
    let (spec, revision) = store.load().unwrap();
    assert_eq!(spec, file.spec);
    assert_eq!(revision, store.revision().unwrap());
}

#[test]
fn an_empty_store_gives_the_default_directory() {
    assert_eq!(store().load().unwrap().0, Default::default());
}

#[test]
fn a_writer_who_decided_on_an_old_revision_writes_nothing() {
    let store = store();
    let old = store.revision().unwrap();
    let mut file = filled(&store);
    file.spec.lines.push(LineSpec::new(LineId::new("second").unwrap(), "+49302222"));
    let error = store.replace(old, &file.spec, &[], NOW).unwrap_err();
    assert!(matches!(error, WriteError::Conflict));
    assert_eq!(store.load().unwrap().0.lines.len(), 1);
}

#[test]
fn r02_two_active_users_cannot_have_one_extension_even_behind_the_rules_back() {
    let store = store();
    let mut spec = filled(&store).spec;
    spec.users[1].extension = spec.users[0].extension;
    let error = store.put_user(store.revision().unwrap(), &spec.users[1]).unwrap_err();
    assert_eq!(error.to_string(), "extension 101 belongs to anna");
    assert_eq!(store.load().unwrap().0.users[1].extension.unwrap().as_str(), "102");
}

#[test]
fn h38_dismissal_takes_extension_password_and_registrations_at_once() {
    let store = store();
    let mut spec = filled(&store).spec;
    let owner = SecretOwner::User(user("anna"));
    store.set_password(&owner, &Password::random().unwrap(), NOW).unwrap();
    store.save_registration(&registration("anna", "sip:a@1", i64::MAX)).unwrap();
    store.save_registration(&registration("anna", "sip:a@2", i64::MAX)).unwrap();
    store.save_registration(&registration("bruno", "sip:b@1", i64::MAX)).unwrap();

    spec.users[0].status = switchboard_routing::Status::Dismissed;
    spec.users[0].extension = None;
    let gone = store.dismiss(store.revision().unwrap(), &spec.users[0]).unwrap();
    assert_eq!((gone.password_voided, gone.registrations_dropped), (true, 2));
    assert_eq!(store.password(&owner).unwrap(), None);
    assert_eq!(store.registrations(NOW).unwrap().len(), 1);
    // R14: the extension is free in the same moment.
    spec.users[1].extension = Some("101".parse().unwrap());
    store.put_user(gone.revision, &spec.users[1]).unwrap();
}

#[test]
fn h45_the_file_holds_no_password_and_another_key_opens_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.sqlite");
    let owner = SecretOwner::User(user("anna"));
    {
        let store = SqliteStore::open(&path, key()).unwrap();
        store.set_password(&owner, &Password::new("a-very-plain-one").unwrap(), NOW).unwrap();
    }
    let bytes = std::fs::read(&path).unwrap();
    assert!(!bytes.windows(16).any(|part| part == b"a-very-plain-one"));
    let store = SqliteStore::open(&path, key()).unwrap();
    assert_eq!(store.password(&owner).unwrap().unwrap().reveal(), "a-very-plain-one");
    let store = SqliteStore::open(&path, SealKey::from_bytes([9; 32])).unwrap();
    let error = store.passwords().unwrap_err();
    assert!(matches!(error.kind(), StoreErrorKind::Sealed { .. }));
}

#[test]
fn users_and_trunks_that_are_gone_leave_no_password_and_no_registration() {
    let store = store();
    let mut spec = filled(&store).spec;
    for login in ["anna", "bruno"] {
        let owner = SecretOwner::User(user(login));
        store.set_password(&owner, &Password::random().unwrap(), NOW).unwrap();
        store.save_registration(&registration(login, "sip:x@1", i64::MAX)).unwrap();
    }
    spec.users.remove(0);
    spec.menus.clear();
    spec.contacts.remove(0);
    store.replace(store.revision().unwrap(), &spec, &[], NOW).unwrap();
    let owners: Vec<_> = store.passwords().unwrap().into_iter().map(|(owner, _)| owner).collect();
    assert_eq!(owners, [SecretOwner::User(user("bruno"))]);
    assert_eq!(store.registrations(NOW).unwrap()[0].user, user("bruno"));
}

#[test]
fn registrations_are_replaced_expire_and_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.sqlite");
    let newer = registration("anna", "sip:a@1", 2_000_000);
    {
        let store = SqliteStore::open(&path, key()).unwrap();
        store.save_registration(&registration("anna", "sip:a@1", 1_500_000)).unwrap();
        store.save_registration(&newer).unwrap();
        store.save_registration(&registration("anna", "sip:a@2", 1_000_000)).unwrap();
    }
    let store = SqliteStore::open(&path, key()).unwrap();
    assert_eq!(store.registrations(NOW).unwrap(), [newer]);
    assert_eq!(store.expire_registrations(NOW).unwrap(), 1);
    assert!(store.remove_registration(&user("anna"), "sip:a@1").unwrap());
    assert!(!store.remove_registration(&user("anna"), "sip:a@1").unwrap());
}

#[test]
fn records_are_opened_closed_and_never_opened_again() {
    let store = store();
    store.open_call(&record("a", 1)).unwrap();
    store.open_call(&record("b", 2)).unwrap();
    let mut closed = record("a", 1);
    closed.ended = Some(UnixMillis::new(5));
    closed.cause = Some("normal".to_owned());
    store.close_call(&closed).unwrap();
    store.open_call(&record("a", 1)).unwrap();
    assert_eq!(store.recent_calls(10).unwrap(), [record("b", 2), closed.clone()]);
    assert_eq!(store.recent_calls(1).unwrap().len(), 1);

    assert_eq!(store.close_lost_calls(UnixMillis::new(10)).unwrap(), 1);
    assert_eq!(store.close_lost_calls(UnixMillis::new(20)).unwrap(), 0);
    let calls = store.recent_calls(10).unwrap();
    assert_eq!(calls[0].cause.as_deref(), Some(CallRecord::LOST));
    assert_eq!(calls[0].ended, Some(UnixMillis::new(10)));
    assert_eq!(calls[1], closed);
}

#[test]
fn several_programs_write_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.sqlite");
    std::thread::scope(|scope| {
        for program in 0..4 {
            let path = &path;
            scope.spawn(move || {
                let store = SqliteStore::open(path, key()).unwrap();
                for call in 0..20 {
                    store.open_call(&record(&format!("{program}-{call}"), call)).unwrap();
                }
            });
        }
    });
    let store = SqliteStore::open(&path, key()).unwrap();
    assert_eq!(store.recent_calls(1000).unwrap().len(), 80);
}

#[test]
fn a_file_of_a_newer_version_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.sqlite");
    drop(SqliteStore::open(&path, key()).unwrap());
    let raw = Connection::open(&path).unwrap();
    raw.pragma_update(None, "user_version", 99).unwrap();
    drop(raw);
    let error = SqliteStore::open(&path, key()).unwrap_err();
    assert!(matches!(error.kind(), StoreErrorKind::Newer { found: 99, .. }), "{error}");
}

#[test]
fn what_is_no_database_is_said_to_be_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.sqlite");
    std::fs::write(&path, [b'x'; 4096]).unwrap();
    let error = SqliteStore::open(&path, key()).unwrap_err();
    assert!(error.to_string().contains("not a database"), "{error}");
}

#[cfg(unix)]
#[test]
fn h45_the_database_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.sqlite");
    let store = SqliteStore::open(&path, SealKey::from_bytes([7; 32])).unwrap();
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let file = file.unwrap();
        let mode = file.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", file.path().display());
    }
    drop(store);
    SqliteStore::open(&path, SealKey::from_bytes([7; 32])).unwrap();
}

#[test]
fn many_changes_are_one_transaction_in_their_order() {
    let store = store();
    let mut closed = record("a", 1);
    closed.ended = Some(UnixMillis::new(9));
    let changes = [
        Change::OpenCall(record("a", 1)),
        Change::SaveRegistration(registration("anna", "sip:1", 5)),
        Change::OpenCall(record("b", 2)),
        Change::CloseCall(closed.clone()),
        Change::SaveRegistration(registration("anna", "sip:2", 5)),
        Change::RemoveRegistration(user("anna"), "sip:1".to_owned()),
    ];
    store.write_all(&mut changes.iter()).unwrap();
    assert_eq!(store.recent_calls(9).unwrap(), [record("b", 2), closed]);
    let kept = store.registrations(UnixMillis::new(0)).unwrap();
    assert_eq!(kept, [registration("anna", "sip:2", 5)]);
}
