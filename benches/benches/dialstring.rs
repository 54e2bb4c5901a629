//! Reading dial strings, beside `rlibphonenumber` and `phonenumber` on the strings that all accept, and beside the `tel:`
//! parser of `sipx-sip`; digit maps.
//!
//! `cargo bench --bench dialstring` prints criterion's figures, then all in turns with the ratios, then how often each says
//! of the golden suites what they say; `-- --correctness` prints the latter alone, string by string.
#![allow(
    missing_docs,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench prints what it measured, and stops where its own strings are wrong"
)]

#[path = "dialstring/correctness.rs"]
mod correctness;

use std::hint::black_box;

use bytes::Bytes;
use criterion::{BenchmarkId, Criterion};
use phonenumber::country::Id;
use rlibphonenumber::{PHONE_NUMBER_UTIL, Region};
use switchboard_benches::Bench;
use switchboard_dialstring::{DialString, Digit, DigitMap, Match, Pattern, SipUser, TelUri};

/// Strings that all accept.
const ALL: [&str; 5] =
    ["+49 30 1234567", "030 1234567", "+1 (212) 555-0100", "+442079460000", "tel:+49-30-1234567"];

/// Strings that only ours knows.
const OURS: [&str; 5] = [
    "03012345;42",
    "+49 30 1234567;ext=42",
    "+49 30 12345;1,2w#",
    "*21*03012345#",
    "tel:7042;phone-context=example.com",
];

/// `tel:` URIs that ours and `sipx-sip` accept.
const TEL: [&str; 3] =
    ["tel:+49-30-1234567", "tel:+49-30-1234567;ext=42", "tel:7042;phone-context=example.com"];

fn reading(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("dialstring");
    for text in ALL.into_iter().chain(OURS) {
        group.bench_with_input(BenchmarkId::from_parameter(text), text, |bencher, text| {
            bencher.iter(|| DialString::parse(black_box(text)));
        });
    }
    group.bench_function("tel URI view", |bencher| {
        bencher.iter(|| TelUri::parse(black_box(TEL[1])));
    });
    group.bench_function("SIP user part", |bencher| {
        bencher.iter(|| DialString::from_sip_user(black_box("03012345%2342"), SipUser::Dialled));
    });
    group.finish();
}

/// Reads all that everybody accepts.
fn all<T>(read: impl Fn(&'static str) -> T) {
    for text in ALL {
        black_box(read(black_box(text)));
    }
}

/// Ours and the peers in turns.
fn beside(bench: &Bench) {
    bench
        .compare("dial strings that all accept", "a string", ALL.len() as u32)
        .ours("switchboard", || all(|text| DialString::parse(text).unwrap()))
        .peer("rlibphonenumber", || {
            all(|text| PHONE_NUMBER_UTIL.parse(text, Some(Region::DE)).unwrap());
        })
        .peer("phonenumber", || all(|text| phonenumber::parse(Some(Id::DE), text).unwrap()))
        .note("Theirs also look up the country's plan of numbers, which ours leaves to whoever wants it.")
        .run();
    for text in TEL {
        bench
            .compare(&format!("tel URI {text}"), "a URI", 1)
            .ours("switchboard, view", || TelUri::parse(black_box(text)).unwrap().is_global())
            .ours("switchboard, to what is dialled", || DialString::parse(black_box(text)).unwrap())
            .peer("sipx-sip, subscriber and parameters", || sipx(black_box(text)).unwrap())
            .peer("a loop over the digits", || {
                black_box(text).bytes().filter(u8::is_ascii_digit).fold(0_u64, |n, digit| {
                    n.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'))
                })
            })
            .run();
    }
    let mut compare = bench.compare("dial strings, each kind", "a string", 1);
    for text in ALL.into_iter().chain(OURS) {
        compare = compare.ours(text, move || DialString::parse(black_box(text)).unwrap());
    }
    compare
        .ours("03012345%2342 as a user part", || {
            DialString::from_sip_user(black_box("03012345%2342"), SipUser::Dialled).unwrap()
        })
        .run();
}

/// A `tel:` URI as `sipx-sip` reads it: the number, and whether its parameters are well formed.
fn sipx(text: &'static str) -> Option<usize> {
    let uri = sipx_sip::uri::Uri::parse(Bytes::from_static(text.as_bytes())).ok()?;
    let parts = uri.tel_parts()?;
    let mut octets = parts.subscriber().len();
    for parameter in parts.parsed_parameters() {
        octets += parameter.ok()?.name().len();
    }
    Some(octets)
}

fn map(entries: u32, patterns: &[&str]) -> DigitMap {
    let mut map = DigitMap::new();
    for number in 0..entries {
        let digits: Vec<Digit> =
            format!("{number:06}").chars().filter_map(Digit::from_char).collect();
        map.insert(&digits);
    }
    map.add_patterns(patterns.iter().map(|text| Pattern::mgcp(text).unwrap())).unwrap();
    map
}

/// A digit of numbers that are dialled one after the other, whatever the map's size.
fn digit_maps(bench: &Bench) {
    let plan = ["(0T|00T|[1-7]xxx|8xxxxxxx|#xxxxxxx|*xx|91xxxxxxxxxx|9011x.T)"];
    let maps = [
        ("1,000 extensions", map(1_000, &[])),
        ("100,000 extensions", map(100_000, &[])),
        ("100,000 extensions and a dial plan of RFC 3435", map(100_000, &plan)),
    ];
    // Far apart, so that each is found in another place.
    let dialled: Vec<[Digit; 6]> = (0..512_u32)
        .map(|n| {
            let text = format!("{:06}", n.wrapping_mul(7_919) % 1_000 + n * 977 % 99_000);
            let mut digits = text.chars().filter_map(Digit::from_char);
            [(); 6].map(|()| digits.next().unwrap())
        })
        .collect();
    let walk = |map: &DigitMap| {
        dialled
            .iter()
            .filter(|digits| {
                let mut at = map.start();
                let mut said = Match::None;
                for &digit in *digits {
                    at = map.step(at, digit);
                    said = map.at(at);
                }
                said.is_match()
            })
            .count()
    };
    let mut compare = bench.compare("digit map", "a digit", 512 * 6);
    for (name, map) in &maps {
        compare = compare.ours(name, move || walk(black_box(map)));
    }
    compare.run();
    let mut live = map(100_000, &plan);
    let extra = [Digit::D9; 6];
    bench
        .compare("digit map, live changes at 100,000 extensions", "a change", 2)
        .ours("an extension comes and goes", || live.insert(&extra) && live.remove(&extra))
        .run();
}

fn main() {
    if std::env::args().any(|argument| argument == "--correctness") {
        correctness::print_strings();
        return;
    }
    let bench = Bench::new(
        "dialstring",
        "Dial strings beside the two ports of libphonenumber, `tel:` URIs beside the parser of a SIP stack, digit maps of \
         several sizes. Nothing of ours allocates; the peers' allocations are counted in the same way.",
    );
    if bench.wants_criterion() {
        let mut criterion = Criterion::default().configure_from_args();
        reading(&mut criterion);
        criterion.final_summary();
    }
    beside(&bench);
    digit_maps(&bench);
    correctness::figures(&bench);
}
