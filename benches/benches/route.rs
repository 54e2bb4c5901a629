//! What a routing decision costs, with 1, 1,000, 100,000 and 1,000,000 users: the first step of an
//! internal call, an extension dialled at the welcome message, a digit asked of the matcher; and
//! what it costs to build a directory. There is no peer: no crate offers a router by itself.
#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use switchboard_routing::{
    Digit, Directory, DirectorySpec, Entry, Input, LineSpec, Router, Step, UserId, UserSpec,
};

const SIZES: [usize; 4] = [1, 1_000, 100_000, 1_000_000];

/// Extensions for the first users: four digits that do not begin with 1 or 9, where emergency and
/// service numbers live.
fn extension(at: usize) -> Option<String> {
    (at < 7_000).then(|| format!("{}", 2_000 + at))
}

fn spec(users: usize) -> DirectorySpec {
    let mut spec = DirectorySpec::default();
    let mut line = LineSpec::new("main".parse().expect("an identifier"), "+493012345");
    line.extension_processing = true;
    line.welcome = true;
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

fn decisions(c: &mut Criterion) {
    let mut group = c.benchmark_group("route");
    for users in SIZES {
        let directory = directory(users);
        let main = directory.lines()[0].id().clone();
        let caller: UserId = format!("employee.{}", users - 1).parse().expect("an identifier");
        // The first user has 2000; a single user can only call somebody who is not there.
        let dialled = if users == 1 { "2001" } else { "2000" };

        group.bench_function(BenchmarkId::new("internal call", users), |b| {
            b.iter(|| {
                let entry = Entry::internal(black_box(&caller), black_box(dialled));
                let mut router = Router::new(Arc::clone(&directory), entry);
                black_box(router.poll_output())
            });
        });

        let pressed = [Digit::D2, Digit::D0, Digit::D0, Digit::D0];
        let at_welcome = || {
            let mut router = Router::new(Arc::clone(&directory), Entry::inbound(&main));
            assert!(matches!(router.poll_output(), Some(Step::PlayAndCollect { .. })));
            router
        };
        group.bench_function(BenchmarkId::new("extension at the welcome", users), |b| {
            b.iter_batched_ref(
                at_welcome,
                |router| {
                    router.handle(Input::Digits(black_box(&pressed))).expect("collecting");
                    black_box(router.poll_output())
                },
                BatchSize::SmallInput,
            );
        });

        let router = at_welcome();
        group.bench_function(BenchmarkId::new("matcher, a digit", users), |b| {
            b.iter(|| router.matcher().matches(black_box(&pressed[..3])));
        });
    }
    group.finish();
}

fn build(c: &mut Criterion) {
    let mut group = c.benchmark_group("directory");
    group.sample_size(10).measurement_time(Duration::from_secs(3));
    for users in [1_000, 100_000] {
        let spec = spec(users);
        group.throughput(Throughput::Elements(users as u64));
        group.bench_function(BenchmarkId::new("build", users), |b| {
            b.iter(|| Directory::build(black_box(&spec)));
        });
    }
    group.finish();
}

criterion_group!(benches, decisions, build);
criterion_main!(benches);
