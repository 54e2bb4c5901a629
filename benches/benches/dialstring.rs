//! Reading dial strings, beside `phonenumber` on the strings that both accept.
//!
//! `cargo bench --bench dialstring` prints criterion's figures, then both in one interleaved run
//! with the ratio.
#![allow(
    missing_docs,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a bench measures time and prints what it measured"
)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, criterion_group};
use phonenumber::country::Id;
use switchboard_dialstring::{DialString, Digit, DigitMap, Match, SipUser, TelUri};

/// Strings that both accept.
const BOTH: [&str; 5] =
    ["+49 30 1234567", "030 1234567", "+1 (212) 555-0100", "+442079460000", "tel:+49-30-1234567"];

/// Strings that only ours knows.
const OURS: [&str; 5] = [
    "03012345;42",
    "+49 30 1234567;ext=42",
    "+49 30 12345;1,2w#",
    "*21*03012345#",
    "tel:7042;phone-context=example.com",
];

fn reading(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("dialstring");
    for text in BOTH.into_iter().chain(OURS) {
        group.bench_with_input(BenchmarkId::new("switchboard", text), text, |bencher, text| {
            bencher.iter(|| DialString::parse(black_box(text)));
        });
    }
    for text in BOTH {
        group.bench_with_input(BenchmarkId::new("phonenumber", text), text, |bencher, text| {
            bencher.iter(|| phonenumber::parse(Some(Id::DE), black_box(text)));
        });
    }
    group.bench_function("tel URI view", |bencher| {
        bencher.iter(|| TelUri::parse(black_box("tel:+49-30-1234567;ext=42")));
    });
    group.bench_function("SIP user part", |bencher| {
        bencher.iter(|| DialString::from_sip_user(black_box("03012345%2342"), SipUser::Dialled));
    });
    group.finish();
}

fn digit_map(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("digit map, a digit");
    for entries in [1_000_u32, 100_000] {
        let mut map = DigitMap::new();
        for number in 0..entries {
            let digits: Vec<Digit> =
                format!("{number:06}").chars().filter_map(Digit::from_char).collect();
            map.insert(&digits);
        }
        let dialled = [Digit::D0, Digit::D0, Digit::D0, Digit::D4, Digit::D7, Digit::D1];
        assert_eq!(map.matches(&dialled), Match::Full);
        let mut at = map.start();
        let mut digits = dialled.iter().cycle();
        group.bench_function(BenchmarkId::from_parameter(entries), |bencher| {
            bencher.iter(|| {
                if map.at(at) == Match::Full {
                    at = map.start();
                }
                at = map.step(at, *digits.next().unwrap_or(&Digit::D0));
                black_box(map.at(at))
            });
        });
    }
    group.finish();
}

/// Nanoseconds a string, for ours and the peer in turns, the best of many.
fn beside() {
    const ROUNDS: u32 = 200;
    const STRINGS: u32 = BOTH.len() as u32 * 50;
    let timed = |parse: &dyn Fn(&str) -> bool| {
        let start = Instant::now();
        for _ in 0..50 {
            for text in BOTH {
                assert!(parse(black_box(text)), "{text}");
            }
        }
        start.elapsed()
    };
    let (mut ours, mut theirs) = (Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        ours = ours.min(timed(&|text| black_box(DialString::parse(text)).is_ok()));
        theirs =
            theirs.min(timed(&|text| black_box(phonenumber::parse(Some(Id::DE), text)).is_ok()));
    }
    let nanoseconds = |time: Duration| time.as_nanos() as f64 / f64::from(STRINGS);
    let (ours, theirs) = (nanoseconds(ours), nanoseconds(theirs));
    println!(
        "dial string: switchboard {ours:.0} ns, phonenumber {theirs:.0} ns, ratio {:.1}",
        theirs / ours
    );
}

criterion_group!(benches, reading, digit_map);

fn main() {
    benches();
    beside();
    Criterion::default().configure_from_args().final_summary();
}
