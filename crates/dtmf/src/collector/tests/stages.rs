//! Stages one after another, as transcripts.

use core::time::Duration;
use std::format;
use std::string::String;

use super::super::*;
use crate::DigitSet;

/// The directory has 101, 102 and 1010; the menu has options 1 and 9.
fn dialable(digits: &[Digit]) -> Match {
    let text: String = digits.iter().map(|digit| digit.as_char()).collect();
    let all = ["101", "102", "1010", "1", "9"];
    Match::new(
        all.contains(&text.as_str()),
        all.iter().any(|one| one.starts_with(&text) && one.len() > text.len()),
    )
}

struct Caller {
    collector: Collector,
    now: Instant,
}

impl Caller {
    fn new(type_ahead: TypeAhead) -> Self {
        Self { collector: Collector::new(type_ahead), now: Instant::from_millis(5) }
    }

    fn begin(&mut self, policy: &Policy, earlier: Earlier) -> Result<(), Error> {
        let input = Input::Begin { policy, prompt: Prompt::Silent, earlier, matcher: &dialable };
        self.collector.handle(self.now, input)
    }

    fn dial(&mut self, digits: &str) {
        for digit in digits.chars() {
            let digit = Digit::from_char(digit).expect("a digit");
            let input = Input::Press { digit, matcher: &dialable };
            self.collector.handle(self.now, input).expect("room");
            self.now += Duration::from_millis(50);
        }
    }

    fn wait(&mut self, millis: u64) {
        self.now += Duration::from_millis(millis);
        self.collector.handle_timeout(self.now);
    }

    /// What has been said: `!` for a barge-in, then the outcome in short.
    fn hear(&mut self) -> String {
        let mut heard = String::new();
        while let Some(output) = self.collector.poll_output() {
            heard += &match output {
                Output::BargeIn(digit) => format!("!{digit} "),
                Output::LongPress(digit) => format!("{digit}... "),
                Output::Done(Outcome::Complete { digits, by }) => format!("{digits} {by:?}"),
                Output::Done(Outcome::Timeout { digits }) => format!("timeout {digits}"),
                Output::Done(Outcome::Invalid { digits }) => format!("invalid {digits}"),
                Output::Done(Outcome::Cancelled { digits }) => format!("cancelled {digits}"),
                Output::Done(Outcome::NoInput) => String::from("no input"),
            };
        }
        heard
    }
}

/// What one stage makes of the digits, and of silence after them.
fn stage(policy: &Policy, digits: &str) -> String {
    let mut caller = Caller::new(TypeAhead::Off);
    caller.begin(policy, Earlier::Flush).expect("idle");
    caller.dial(digits);
    caller.wait(10_000);
    caller.hear()
}

#[test]
fn an_extension_fires_at_once_or_waits_by_what_can_follow() {
    let policy = Policy::default();
    assert_eq!(stage(&policy, "102"), "!1 102 Unambiguous");
    assert_eq!(stage(&policy, "101"), "!1 101 Timer");
    assert_eq!(stage(&policy, "1010"), "!1 1010 Unambiguous");
    assert_eq!(stage(&policy, "9"), "!9 9 Unambiguous");
    assert_eq!(stage(&policy, "1"), "!1 1 Timer");
    assert_eq!(stage(&policy, "10"), "!1 timeout 10");
    assert_eq!(stage(&policy, "103"), "!1 invalid 103");
    assert_eq!(stage(&policy, ""), "no input");
}

/// A valid extension is never refused because of a trailing `#`, which is not one of its digits.
#[test]
fn the_terminator_ends_and_is_not_a_digit() {
    let policy = Policy::default();
    assert_eq!(stage(&policy, "101#"), "!1 101 Terminator(Digit(#))");
    assert_eq!(stage(&policy, "102#"), "!1 102 Unambiguous");
    assert_eq!(stage(&policy, "10#"), "!1 invalid 10");
    let without = Policy { terminators: DigitSet::EMPTY, ..policy };
    assert_eq!(stage(&without, "101#"), "!1 invalid 101#");
}

#[test]
fn the_rest_of_a_wrong_number_can_be_swallowed() {
    let policy = Policy { mismatch: Mismatch::Swallow, ..Policy::default() };
    assert_eq!(stage(&policy, "5551234"), "!5 invalid 5551234");
    assert_eq!(stage(&policy, "555#1"), "!5 invalid 555");
    assert_eq!(stage(&Policy { max: 4, ..policy }, "5551234"), "!5 invalid 5551");
}

#[test]
fn a_cancel_key_gives_the_stage_up() {
    let policy = Policy { cancel: DigitSet::STAR, ..Policy::default() };
    assert_eq!(stage(&policy, "10*"), "!1 cancelled 10");
    assert_eq!(stage(&policy, "*"), "!* cancelled ");
}

#[test]
fn any_digits_end_by_length_terminator_or_silence() {
    let policy = Policy { min: 2, max: 4, ..Policy::default() };
    for (digits, outcome) in [
        ("12345", "1234 Length"),
        ("12#", "12 Terminator(Digit(#))"),
        ("12", "12 Timer"),
        ("1", "timeout 1"),
        ("1#", "invalid 1"),
    ] {
        let mut caller = Caller::new(TypeAhead::Off);
        caller.begin(&policy, Earlier::Flush).expect("idle");
        for digit in digits.chars().filter_map(Digit::from_char) {
            let input = Input::Press { digit, matcher: &AnyDigits };
            caller.collector.handle(caller.now, input).expect("room");
        }
        caller.wait(10_000);
        assert_eq!(caller.hear(), format!("!1 {outcome}"), "{digits}");
    }
}

#[test]
fn digits_of_one_stage_do_not_leak_into_the_next() {
    let mut caller = Caller::new(TypeAhead::Off);
    caller.dial("9");
    for earlier in [Earlier::Flush, Earlier::Keep] {
        caller.begin(&Policy::default(), earlier).expect("idle");
        caller.dial("102");
        caller.dial("999");
        assert_eq!(caller.hear(), "!1 102 Unambiguous");
        caller.dial("999");
        assert_eq!(caller.hear(), "");
    }
    caller.begin(&Policy::default(), Earlier::Keep).expect("idle");
    caller.wait(5_000);
    assert_eq!(caller.hear(), "no input");
}

#[test]
fn digits_typed_ahead_count_when_asked_for() {
    let mut caller = Caller::new(TypeAhead::On);
    caller.dial("10");
    caller.begin(&Policy::default(), Earlier::Keep).expect("idle");
    caller.dial("2");
    caller.dial("9910");
    assert_eq!(caller.hear(), "!1 102 Unambiguous");
    for _ in 0..2 {
        caller.begin(&Policy::default(), Earlier::Keep).expect("idle");
        assert_eq!(caller.hear(), "!9 9 Unambiguous");
    }
    caller.begin(&Policy::default(), Earlier::Keep).expect("idle");
    caller.wait(4_000);
    assert_eq!(caller.hear(), "!1 timeout 10");

    caller.dial("102");
    caller.begin(&Policy::default(), Earlier::Flush).expect("idle");
    caller.wait(5_000);
    assert_eq!(caller.hear(), "no input");
}

#[test]
fn a_flush_forgets_what_was_typed_ahead_and_nothing_else() {
    let mut caller = Caller::new(TypeAhead::On);
    let flush = |caller: &mut Caller| caller.collector.handle(caller.now, Input::Flush);
    caller.dial("99");
    flush(&mut caller).expect("never refused");
    caller.begin(&Policy::default(), Earlier::Keep).expect("idle");
    caller.dial("10");
    flush(&mut caller).expect("never refused");
    caller.dial("2");
    caller.dial("99");
    flush(&mut caller).expect("never refused");
    assert_eq!(caller.hear(), "!1 102 Unambiguous");
    assert!(caller.collector.digits().is_empty());
}

#[test]
fn the_first_digit_has_its_time_only_after_the_prompt() {
    let mut caller = Caller::new(TypeAhead::Off);
    let input = Input::Begin {
        policy: &Policy::default(),
        prompt: Prompt::Playing,
        earlier: Earlier::Flush,
        matcher: &dialable,
    };
    caller.collector.handle(caller.now, input).expect("idle");
    caller.wait(60_000);
    assert_eq!(caller.collector.poll_timeout(), None);
    caller.collector.handle(caller.now, Input::PromptEnded).expect("never refused");
    caller.wait(4_999);
    assert_eq!(caller.hear(), "");
    caller.wait(1);
    assert_eq!(caller.hear(), "no input");
}

#[test]
fn a_key_that_is_held_does_not_shorten_the_time_for_the_next() {
    let mut caller = Caller::new(TypeAhead::Off);
    caller.begin(&Policy::default(), Earlier::Flush).expect("idle");
    caller.dial("1");
    caller.wait(3_000);
    caller.collector.handle(caller.now, Input::Release).expect("never refused");
    caller.wait(3_999);
    assert_eq!(caller.hear(), "!1 ");
    caller.wait(1);
    assert_eq!(caller.hear(), "1 Timer");
}

#[test]
fn a_stage_that_runs_is_not_begun_again_by_mistake() {
    let mut caller = Caller::new(TypeAhead::Off);
    caller.begin(&Policy::default(), Earlier::Flush).expect("idle");
    assert_eq!(caller.begin(&Policy::default(), Earlier::Flush), Err(Error::Busy));
    caller.dial("9");
    assert_eq!(caller.begin(&Policy::default(), Earlier::Flush), Err(Error::Busy));
    assert_eq!(caller.hear(), "!9 9 Unambiguous");
    caller.begin(&Policy::default(), Earlier::Flush).expect("idle");
    caller.dial("10");
    caller.collector.handle(caller.now, Input::Abort).expect("never refused");
    assert_eq!((caller.hear(), caller.collector.poll_timeout()), (String::new(), None));
    caller.begin(&Policy::default(), Earlier::Flush).expect("idle");
    caller.dial("9");
    assert_eq!(caller.hear(), "!9 9 Unambiguous");
}

/// A million digits, only `#`, the keys A to D, a digit at the very instant of a timeout: memory
/// is bounded and every stage ends in a value that says how.
#[test]
fn h36_whatever_is_dialled_is_bounded_and_typed() {
    let policy = Policy { mismatch: Mismatch::Swallow, ..Policy::default() };
    let mut caller = Caller::new(TypeAhead::Off);
    let mut outcomes = 0;
    for _ in 0..1_000_000 / 32 {
        caller.begin(&policy, Earlier::Flush).expect("idle");
        caller.dial(&"5".repeat(32));
        assert_eq!(caller.hear(), format!("!5 invalid {}", "5".repeat(32)));
        outcomes += 1;
    }
    assert_eq!(outcomes, 31_250);

    let mut caller = Caller::new(TypeAhead::On);
    let mut refused = 0;
    for _ in 0..1_000_000 {
        let input = Input::Press { digit: Digit::D5, matcher: &AnyDigits };
        refused += u32::from(caller.collector.handle(caller.now, input).is_err());
    }
    assert_eq!(refused, 1_000_000 - 32);
    assert_eq!(caller.collector.digits().len(), 32);
    assert!(size_of::<Collector>() <= 96, "{}", size_of::<Collector>());

    assert_eq!(stage(&Policy::default(), "#####"), "!# invalid ");
    assert_eq!(stage(&Policy::default(), "ABCD"), "!A invalid A");

    let mut caller = Caller::new(TypeAhead::Off);
    caller.begin(&Policy::default(), Earlier::Flush).expect("idle");
    caller.now += Duration::from_secs(5);
    caller.dial("9");
    assert_eq!(caller.hear(), "no input", "the timer fires before the digit");
}
