//! The timers that others chose, and a subscription of KPML.

use core::time::Duration;

use switchboard_dialstring::{DigitMap, Pattern};

use super::super::*;
use crate::{DigitSet, Digits};

/// Dials the digits `(millis, digit)` in one silent stage; gives when it ended and how, looking
/// every millisecond.
fn dial(policy: &Policy, matcher: &dyn Matcher, digits: &[(u64, Digit)]) -> (u64, Outcome) {
    let mut collector = Collector::default();
    let (prompt, earlier) = (Prompt::Silent, Earlier::Flush);
    let begin = Input::Begin { policy, prompt, earlier, matcher };
    collector.handle(Instant::EPOCH, begin).expect("idle");
    for millis in 0..100_000 {
        let now = Instant::from_millis(millis);
        collector.handle_timeout(now);
        for (_, digit) in digits.iter().filter(|(at, _)| *at == millis) {
            collector.handle(now, Input::Press { digit: *digit, matcher }).expect("room");
        }
        while let Some(output) = collector.poll_output() {
            if let Output::Done(outcome) = output {
                return (millis, outcome);
            }
        }
    }
    panic!("no end within 100 seconds");
}

/// 1 alone is nothing yet, 12 could grow.
fn dialable(digits: &[Digit]) -> Match {
    match digits {
        [Digit::D1] => Match::May,
        [Digit::D1, Digit::D2] => Match::FullAndMore,
        _ => Match::None,
    }
}

#[test]
fn each_preset_waits_as_its_source_says() {
    let all = [
        (Policy::DEFAULT, Some(5_000), 4_000, 4_000),
        (Policy::ASTERISK, Some(10_000), 5_000, 5_000),
        (Policy::FREESWITCH, Some(10_000), 5_000, 5_000),
        (Policy::KPML, None, 4_000, 1_000),
        (Policy::MGCP, Some(16_000), 16_000, 4_000),
    ];
    let (one, two) = ((0, Digit::D1), (10, Digit::D2));
    for (policy, first, inter_digit, critical) in all {
        if let Some(first) = first {
            assert_eq!(dial(&policy, &dialable, &[]), (first, Outcome::NoInput));
        }
        assert_eq!(policy.first_digit.is_some(), first.is_some());
        let (ended, outcome) = dial(&policy, &dialable, &[one]);
        assert!(matches!(outcome, Outcome::Timeout { .. }), "{outcome:?}");
        assert_eq!(ended, inter_digit);
        let (ended, outcome) = dial(&policy, &dialable, &[one, two]);
        assert!(matches!(outcome, Outcome::Complete { by: Trigger::Timer, .. }), "{outcome:?}");
        assert_eq!(ended, 10 + critical);
    }
}

/// RFC 4730: a subscription's regular expressions, and the timers between its digits.
#[test]
fn a_kpml_subscription_waits_for_the_critical_timer_only_where_its_regex_matches() {
    let mut map = DigitMap::new();
    for regex in ["0", "0[1-9]x{2}", "[*]7.", "2xxx{1,}"] {
        let pattern = Pattern::kpml(regex).expect(regex);
        map.add_pattern(pattern).expect("few states");
    }
    let dialled = |text: &str| {
        let digits: std::vec::Vec<_> =
            (0..).map(|at| at * 100).zip(text.chars().filter_map(Digit::from_char)).collect();
        let last = digits.last().map_or(0, |(at, _)| *at);
        let (ended, outcome) = dial(&Policy::KPML, &map, &digits);
        let kind = match outcome {
            Outcome::Complete { by, .. } => std::format!("{by:?}"),
            Outcome::Timeout { .. } => "partial".into(),
            other => std::format!("{other:?}"),
        };
        (ended - last, kind)
    };
    assert_eq!(dialled("0"), (1_000, "Timer".into()));
    assert_eq!(dialled("04"), (4_000, "partial".into()));
    assert_eq!(dialled("0421"), (0, "Unambiguous".into()));
    assert_eq!(dialled("*77"), (1_000, "Timer".into()));
    assert_eq!(dialled("2123"), (1_000, "Timer".into()));
    assert_eq!(dialled("2123#"), (0, "Terminator(Digit(#))".into()));
    assert_eq!(dialled("212"), (4_000, "partial".into()));
    assert_eq!(dialled("9").1, "Invalid { digits: Digits(9) }");
}

#[test]
fn the_extra_digit_belongs_to_the_digits_before_it() {
    let menu = |digits: &[Digit]| if digits.len() < 2 { Match::May } else { Match::Full };
    for (wait, swallowed) in [(0, true), (499, true), (500, false)] {
        for ahead in [TypeAhead::Off, TypeAhead::On] {
            let mut collector = Collector::new(ahead);
            let (policy, prompt, earlier) = (&Policy::KPML, Prompt::Silent, Earlier::Keep);
            let begin = Input::Begin { policy, prompt, earlier, matcher: &menu };
            let mut now = Instant::EPOCH;
            collector.handle(now, begin).expect("idle");
            for digit in [Digit::D1, Digit::D2] {
                collector.handle(now, Input::Press { digit, matcher: &menu }).expect("room");
            }
            while collector.poll_output().is_some() {}
            now += Duration::from_millis(wait);
            let begin = Input::Begin { policy, prompt, earlier, matcher: &menu };
            collector.handle(now, begin).expect("idle");
            let press = Input::Press { digit: Digit::Pound, matcher: &|_: &[Digit]| Match::None };
            collector.handle(now, press).expect("room");
            assert_eq!(collector.poll_output().is_none(), swallowed, "after {wait} ms");
            assert_eq!(collector.is_collecting(), swallowed);
        }
    }
}

/// Zero swallows none, and no length is too long.
#[test]
fn long_times_are_cut_and_none_is_none() {
    let policy = Policy {
        extra_digit: Duration::MAX,
        long_press: Some(Duration::MAX),
        first_digit: Some(Duration::MAX),
        inter_digit: Duration::MAX,
        critical: Some(Duration::MAX),
        overall: Some(Duration::MAX),
        ..Policy::DEFAULT
    };
    let mut collector = Collector::default();
    let (prompt, earlier) = (Prompt::Silent, Earlier::Flush);
    let begin = Input::Begin { policy: &policy, prompt, earlier, matcher: &AnyDigits };
    collector.handle(Instant::EPOCH, begin).expect("idle");
    assert_eq!(collector.poll_timeout(), None);
    let press = Input::Press { digit: Digit::D1, matcher: &AnyDigits };
    collector.handle(Instant::EPOCH, press).expect("room");
    assert_eq!(collector.poll_timeout(), Some(Instant::from_millis(65_534)));
    collector.handle_timeout(Instant::from_micros(u64::MAX));
    assert_eq!(collector.poll_output(), Some(Output::BargeIn(Digit::D1)));
    assert_eq!(collector.poll_output(), Some(Output::LongPress(Digit::D1)));
    assert_eq!(collector.poll_output(), None);
    assert_eq!(collector.poll_timeout(), None);
}

#[test]
fn a_long_press_is_told_once_and_only_while_the_key_is_down() {
    let policy = Policy {
        long_press: Some(Duration::from_secs(2)),
        terminators: DigitSet::EMPTY,
        max: 4,
        ..Policy::DEFAULT
    };
    let mut collector = Collector::default();
    let (prompt, earlier) = (Prompt::Silent, Earlier::Flush);
    let begin = Input::Begin { policy: &policy, prompt, earlier, matcher: &AnyDigits };
    let at = Instant::from_millis;
    collector.handle(at(0), begin).expect("idle");
    let mut press = |millis, digit| {
        let input = Input::Press { digit, matcher: &AnyDigits };
        collector.handle(at(millis), input).expect("room");
        collector.handle_timeout(at(millis + 2_500));
        collector.handle(at(millis + 2_600), Input::Release).expect("never refused");
        collector.handle_timeout(at(millis + 2_700));
    };
    press(100, Digit::Star);
    press(3_000, Digit::Star);
    // Let go at once.
    let input = Input::Press { digit: Digit::D1, matcher: &AnyDigits };
    collector.handle(at(6_000), input).expect("room");
    collector.handle(at(6_100), Input::Release).expect("never refused");
    collector.handle_timeout(at(9_000));
    collector.handle_timeout(at(10_100));
    let said: std::vec::Vec<_> = core::iter::from_fn(|| collector.poll_output()).collect();
    let digits: Digits = [Digit::Star, Digit::Star, Digit::D1].into_iter().collect();
    assert_eq!(
        said,
        [
            Output::BargeIn(Digit::Star),
            Output::LongPress(Digit::Star),
            Output::LongPress(Digit::Star),
            Output::Done(Outcome::Complete { digits, by: Trigger::Timer }),
        ]
    );
}
