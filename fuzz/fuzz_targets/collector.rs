#![no_main]
//! A collector under any operations. Beside it stands a list of what was pressed: each stage ends
//! at most once, says the digits that were pressed and no others, and says of them what is true.
use std::time::Duration;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use switchboard_dialstring::{Digit, Match};
use switchboard_dtmf::collector::{
    Collector, Earlier, Input, Mismatch, Outcome, Output, Policy, Prompt, Trigger, TypeAhead,
};
use switchboard_dtmf::{DigitSet, Instant};

#[derive(Arbitrary, Debug)]
enum Operation {
    Begin {
        min: u8,
        max: u8,
        terminators: [bool; 2],
        swallow: bool,
        first: u16,
        inter: u16,
        overall: Option<u16>,
        playing: bool,
        keep: bool,
    },
    Press(u8),
    Release,
    PromptEnded,
    Wait(u16),
    Flush,
    Abort,
    Drain,
}

/// Dialable: every text of one to four decimals whose digits' sum is even, and those that start so.
fn dialable(digits: &[Digit]) -> Match {
    let sum: u32 = digits.iter().map(|digit| u32::from(digit.event())).sum();
    if digits.len() > 4 || digits.iter().any(|digit| !digit.is_decimal()) {
        return Match::None;
    }
    Match::new(sum % 2 == 0, digits.len() < 4)
}

struct Stage {
    policy: Policy,
    pressed: Vec<Digit>,
    barge_in: bool,
}

fn check(stage: &Stage, outcome: &Outcome) {
    let digits = outcome.digits();
    let policy = &stage.policy;
    let max = policy.max.clamp(1, 32);
    let min = policy.min.clamp(1, max);
    assert!(stage.pressed.starts_with(&digits), "{digits} of {:?}", stage.pressed);
    assert!(digits.len() <= usize::from(max));
    // A timer ends the stage with all that was pressed; a key with all but itself at most.
    match outcome {
        Outcome::Complete { by, .. } => {
            assert!(dialable(&digits).is_match() && digits.len() >= usize::from(min));
            match by {
                Trigger::Unambiguous => assert_eq!(dialable(&digits), Match::Full),
                Trigger::Length => assert_eq!(digits.len(), usize::from(max)),
                Trigger::Terminator(digit) => assert!(policy.terminators.contains(*digit)),
                Trigger::Timer => {}
            }
        }
        Outcome::Timeout { .. } => {
            assert!(!digits.is_empty());
            let short = digits.len() < usize::from(min);
            assert!(dialable(&digits) == Match::May || (short && dialable(&digits) != Match::None));
        }
        Outcome::Invalid { .. } => {
            let enough = digits.len() >= usize::from(min);
            assert!(!dialable(&digits).is_match() || !enough || digits.is_empty());
        }
        Outcome::NoInput => assert!(stage.pressed.is_empty()),
        Outcome::Cancelled { .. } => unreachable!("no cancel key is set"),
    }
}

fuzz_target!(|input: (bool, Vec<Operation>)| {
    let (type_ahead, operations) = input;
    let type_ahead = if type_ahead { TypeAhead::On } else { TypeAhead::Off };
    let mut collector = Collector::new(type_ahead);
    let mut now = Instant::from_millis(1);
    let mut stage: Option<Stage> = None;
    for operation in operations {
        match operation {
            Operation::Begin {
                min,
                max,
                terminators,
                swallow,
                first,
                inter,
                overall,
                playing,
                keep,
            } => {
                let all = [Digit::Pound, Digit::Star];
                let policy = Policy {
                    min,
                    max,
                    terminators: match terminators {
                        [true, true] => DigitSet::of(&all),
                        [true, false] => DigitSet::POUND,
                        [false, true] => DigitSet::STAR,
                        [false, false] => DigitSet::EMPTY,
                    },
                    mismatch: if swallow { Mismatch::Swallow } else { Mismatch::AtOnce },
                    first_digit: Some(Duration::from_millis(1 + u64::from(first))),
                    inter_digit: Duration::from_millis(1 + u64::from(inter)),
                    overall: overall.map(|overall| Duration::from_millis(1 + u64::from(overall))),
                    ..Policy::DEFAULT
                };
                // Timers fire before the input; what they say belongs to the stage before.
                collector.handle_timeout(now);
                drain(&mut collector, &mut stage);
                let ahead = collector.digits().to_vec();
                let begun = collector.handle(
                    now,
                    Input::Begin {
                        policy: &policy,
                        prompt: if playing { Prompt::Playing } else { Prompt::Silent },
                        earlier: if keep { Earlier::Keep } else { Earlier::Flush },
                        matcher: &dialable,
                    },
                );
                assert_eq!(begun.is_err(), stage.is_some());
                if begun.is_ok() {
                    assert!(type_ahead == TypeAhead::On || ahead.is_empty());
                    let pressed = if keep { ahead } else { Vec::new() };
                    stage = Some(Stage { policy, pressed, barge_in: false });
                }
            }
            Operation::Press(event) => {
                collector.handle_timeout(now);
                let digit = Digit::ALL[usize::from(event % 16)];
                if let Some(stage) = &mut stage
                    && collector.is_collecting()
                {
                    stage.pressed.push(digit);
                }
                let _ = collector.handle(now, Input::Press { digit, matcher: &dialable });
            }
            Operation::Release => collector.handle(now, Input::Release).expect("never refused"),
            Operation::PromptEnded => {
                collector.handle(now, Input::PromptEnded).expect("never refused")
            }
            Operation::Wait(millis) => {
                now += Duration::from_millis(millis.into());
                collector.handle_timeout(now);
            }
            Operation::Flush => collector.handle(now, Input::Flush).expect("never refused"),
            Operation::Abort => {
                collector.handle(now, Input::Abort).expect("never refused");
                stage = None;
                assert_eq!(collector.poll_output(), None);
            }
            Operation::Drain => drain(&mut collector, &mut stage),
        }
        assert!(collector.digits().len() <= 32);
        assert!(collector.poll_timeout().is_none_or(|due| due > now));
        assert!(collector.is_collecting() || collector.poll_timeout().is_none());
    }
});

fn drain(collector: &mut Collector, stage: &mut Option<Stage>) {
    while let Some(output) = collector.poll_output() {
        let current = stage.as_mut().expect("outputs belong to a stage");
        match output {
            Output::BargeIn(digit) => {
                assert!(!current.barge_in, "one barge-in a stage");
                assert_eq!(current.pressed.first(), Some(&digit));
                current.barge_in = true;
            }
            Output::Done(outcome) => {
                check(current, &outcome);
                *stage = None;
            }
        }
    }
}
