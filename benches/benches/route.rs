//! What a routing decision costs with 1, 1,000 and 1,000,000 users, in turns, so that the ratio
//! shows what growth costs; what a user costs in memory, and what it takes to build a directory.
//! There is no peer: no crate offers a router by itself.
//!
//! `cargo bench --bench route` prints criterion's figures for each step alone, then the comparison.

use std::hint::black_box;
use std::sync::Arc;

use allocation_counter::measure;
use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group};
use switchboard_benches::Bench;
use switchboard_routing::{
    Digit, Directory, DirectorySpec, Entry, ForwardTo, Input, LineSpec, Router, Side, Step, UserId,
    UserSpec,
};

const SIZES: [usize; 3] = [1, 1_000, 1_000_000];

/// What is dialled at the welcome message: the first user's extension.
const PRESSED: [Digit; 4] = [Digit::D2, Digit::D0, Digit::D0, Digit::D0];

/// Extensions for the first users: four digits that do not begin with 1 or 9, where emergency and
/// service numbers live.
fn extension(at: usize) -> Option<String> {
    (at < 7_000).then(|| format!("{}", 2_000 + at))
}

fn spec(users: usize) -> DirectorySpec {
    let text = r#"
        menus = [{ id = "menu", direct_dialling = true, options = [{ key = "1", action = { user = "employee.0" } }] }]
        queues = [{ id = "queue", strategy = "in_order", members = ["employee.0"] }]
    "#;
    let mut spec: DirectorySpec = toml::from_str(text).expect("data");
    let mut line = LineSpec::new("main".parse().expect("an identifier"), "+493012345");
    line.extension_processing = true;
    line.welcome = true;
    line.menu = Some("menu".parse().expect("an identifier"));
    line.queue = Some("queue".parse().expect("an identifier"));
    spec.lines.push(line);
    spec.users = (0..users)
        .map(|at| {
            let login = format!("employee.{at}").parse().expect("an identifier");
            let mut user = UserSpec::new(login, format!("Employee {at}"));
            user.extension = extension(at).and_then(|text| text.parse().ok());
            user
        })
        .collect();
    spec
}

fn directory(users: usize) -> Arc<Directory> {
    Arc::new(Directory::build(&spec(users)).expect("a sound directory"))
}

/// A directory and what is dialled in it.
struct Company {
    users: usize,
    directory: Arc<Directory>,
    caller: UserId,
    dialled: &'static str,
}

impl Company {
    fn new(users: usize) -> Self {
        let caller = format!("employee.{}", users - 1).parse().expect("an identifier");
        // The first user has 2000; a single user can only call somebody who is not there.
        let dialled = if users == 1 { "2001" } else { "2000" };
        Self { users, directory: directory(users), caller, dialled }
    }

    fn name(&self) -> String {
        match self.users {
            1 => "1 user".into(),
            1_000 => "1,000 users".into(),
            _ => "1,000,000 users".into(),
        }
    }

    fn internal(&self) -> Option<Step> {
        let entry = Entry::internal(black_box(&self.caller), black_box(self.dialled));
        Router::new(Arc::clone(&self.directory), entry).poll_output()
    }

    fn at_welcome(&self) -> Router {
        let main = self.directory.lines()[0].id();
        let mut router = Router::new(Arc::clone(&self.directory), Entry::inbound(main));
        assert!(matches!(router.poll_output(), Some(Step::PlayAndCollect { .. })));
        router
    }

    /// A whole call of ten decisions: the welcome, twice an unknown extension, silence, a wrong
    /// option, an option, nobody there, the queue, an answer, the end.
    fn ten(&self) -> Option<Step> {
        let mut router = self.at_welcome();
        let inputs = [
            Input::Digits(&[Digit::D5]),
            Input::Digits(&[Digit::D5, Digit::D6]),
            Input::NoDigits,
            Input::Digits(&[Digit::D9]),
            Input::Digits(&[Digit::D1]),
            Input::NoAnswer,
            Input::NoAnswer,
            Input::Played,
        ];
        let mut last = None;
        for input in inputs {
            if router.handle(input).is_ok() {
                last = router.poll_output();
            }
        }
        last
    }
}

fn decisions(c: &mut Criterion) {
    let mut group = c.benchmark_group("route");
    for company in SIZES.map(Company::new) {
        let users = company.users;
        group.bench_function(BenchmarkId::new("internal call", users), |b| {
            b.iter(|| company.internal());
        });
        group.bench_function(BenchmarkId::new("extension at the welcome", users), |b| {
            b.iter_batched_ref(
                || company.at_welcome(),
                |router| {
                    router.handle(Input::Digits(black_box(&PRESSED))).expect("collecting");
                    black_box(router.poll_output())
                },
                BatchSize::SmallInput,
            );
        });
        let router = company.at_welcome();
        group.bench_function(BenchmarkId::new("matcher, a digit", users), |b| {
            b.iter(|| router.matcher().matches(black_box(&PRESSED[..3])));
        });
    }
    group.finish();
}

criterion_group!(benches, decisions);

/// Octets that a directory holds beyond the data it was built from, and its logins, which both
/// share.
fn octets(spec: &DirectorySpec) -> f64 {
    let logins: usize = spec.users.iter().map(|user| user.login.as_str().len() + 16).sum();
    let counted = measure(|| {
        std::mem::forget(Directory::build(spec).expect("a sound directory"));
    });
    counted.bytes_current as f64 + logins as f64
}

fn everything(mut spec: DirectorySpec) -> DirectorySpec {
    for (at, user) in spec.users.iter_mut().enumerate() {
        user.mobile = Some(format!("+49170{at:07}"));
        user.forwarding.busy = Some(ForwardTo::Mobile);
        user.forwarding.no_answer = Some(ForwardTo::Voicemail(user.login.clone()));
    }
    spec
}

fn report(bench: &Bench) {
    let companies = SIZES.map(Company::new);
    let mut internal = bench
        .compare("an internal call, to the ring", "a decision", 1)
        .note("the two allocations are the trace: its list, and what was dialled as text");
    let mut inbound = bench
        .compare("an extension dialled at the welcome message", "of two decisions", 2)
        .note("a call begins, and the extension rings; the allocation is the trace's list");
    let mut ten = bench
        .compare("a call through welcome, menu, rules and queue", "of nine decisions", 9)
        .note("the allocations are the trace: its list, and once its growth");
    let mut hung_up = bench
        .compare("a whole internal call: ring, answer, hung up", "of three decisions", 3)
        .note("the two allocations are the trace");
    for company in &companies {
        internal = internal.ours(&company.name(), || company.internal());
        inbound = inbound.ours(&company.name(), || {
            let mut router = company.at_welcome();
            router.handle(Input::Digits(black_box(&PRESSED))).expect("collecting");
            router.poll_output()
        });
        ten = ten.ours(&company.name(), || company.ten());
        hung_up = hung_up.ours(&company.name(), || {
            let entry = Entry::internal(&company.caller, company.dialled);
            let mut router = Router::new(Arc::clone(&company.directory), entry);
            black_box(router.poll_output());
            // A single user has nobody to ring: that call has ended.
            _ = router.handle(Input::Answered { by: None });
            black_box(router.poll_output());
            _ = router.handle(Input::HungUp(Side::Caller));
            router.poll_output()
        });
    }
    internal.run();
    inbound.run();
    ten.run();
    hung_up.run();

    let (thousand, many) = (spec(1_000), spec(100_000));
    let built = bench
        .compare("a directory built", "a directory", 1)
        .ours("1,000 users", || Directory::build(&thousand))
        .ours("100,000 users", || Directory::build(&many))
        .note("to be under 200 ms for 100,000 users")
        .run();
    // Loosely, for machines under load.
    assert!(built.iter().all(|entry| entry.nanoseconds < 800e6), "a directory is built too slowly");

    let fixed = octets(&spec(1));
    for (users, name) in [(100_000, "100,000"), (1_000_000, "1,000,000")] {
        let plain = spec(users);
        let each = (octets(&plain) - fixed) / users as f64;
        bench.figure(&format!("a user of {name}: name, login, extension"), each, "octets");
        let each = (octets(&everything(plain)) - fixed) / users as f64;
        bench.figure(&format!("a user of {name}: with mobile number and rules"), each, "octets");
        assert!(each < 300.0, "a user costs {each} octets");
    }
}

fn main() {
    let bench = Bench::new(
        "route",
        "A routing decision as the directory grows: the ratio is to one user. No peer: no crate offers a router by itself.",
    );
    if bench.wants_criterion() {
        benches();
        Criterion::default().configure_from_args().final_summary();
    }
    report(&bench);
}
