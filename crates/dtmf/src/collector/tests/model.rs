//! Every short sequence of events, and many long ones, against the [`reference`](super::reference).

use core::time::Duration;
use std::vec::Vec;

use proptest::prelude::*;

use super::super::*;
use super::reference::{Event, Reference};
use crate::DigitSet;

/// Dialable in these tests: 1, 12, 13, 2, `*7`, `#7`.
fn dialable(digits: &[Digit]) -> Match {
    use Digit::{D1, D2, D3, D7, Pound, Star};
    match digits {
        [D1] => Match::FullAndMore,
        [D1, D2 | D3] | [D2] | [Star | Pound, D7] => Match::Full,
        [Star] | [Pound] => Match::May,
        _ => Match::None,
    }
}

/// The machine and the reference, side by side.
struct Pair {
    machine: Collector,
    start: Instant,
    now: Instant,
    reference: Reference,
}

impl Pair {
    fn new(type_ahead: TypeAhead) -> Self {
        let now = Instant::from_millis(77);
        let (start, machine) = (now, Collector::new(type_ahead));
        Self { machine, start, now, reference: Reference::new(type_ahead, dialable) }
    }

    fn apply(&mut self, event: &Event) {
        let (now, matcher) = (self.now, &dialable);
        let result = match event {
            Event::Begin(policy, prompt, earlier) => {
                let (prompt, earlier) = (*prompt, *earlier);
                self.machine.handle(now, Input::Begin { policy, prompt, earlier, matcher })
            }
            Event::Digit(digit) => {
                self.machine.handle(now, Input::Press { digit: *digit, matcher })
            }
            Event::Wait(millis) => {
                self.now += Duration::from_millis(*millis);
                self.machine.handle_timeout(self.now);
                Ok(())
            }
            Event::PromptEnded => self.machine.handle(now, Input::PromptEnded),
            Event::Release => self.machine.handle(now, Input::Release),
            Event::Flush => self.machine.handle(now, Input::Flush),
            Event::Abort => self.machine.handle(now, Input::Abort),
        };
        assert_eq!(result, self.reference.apply(event));
        assert_eq!(self.machine.is_collecting(), self.reference.is_collecting());
        let due = self.reference.due().map(|due| self.start + Duration::from_millis(due));
        assert_eq!(self.machine.poll_timeout(), due);
        assert!(due.is_none_or(|due| due > self.now));
    }

    fn drain(&mut self) {
        let said: Vec<_> = core::iter::from_fn(|| self.machine.poll_output()).collect();
        assert_eq!(said, self.reference.drain());
    }
}

fn policies() -> Vec<Policy> {
    let base = Policy {
        first_digit: Some(Duration::from_millis(500)),
        inter_digit: Duration::from_millis(400),
        ..Policy::DEFAULT
    };
    let quick = Some(Duration::from_millis(100));
    std::vec![
        base,
        Policy { critical: quick, mismatch: Mismatch::Swallow, ..base },
        Policy { cancel: DigitSet::STAR, max: 1, ..base },
        Policy {
            terminators: DigitSet::EMPTY,
            min: 2,
            mismatch: Mismatch::Swallow,
            max: 3,
            ..base
        },
        Policy { first_digit: None, overall: Some(Duration::from_millis(700)), ..base },
        Policy {
            terminators: DigitSet::of(&[Digit::Pound, Digit::Star]),
            min: 2,
            critical: quick,
            extra_digit: Duration::ZERO,
            ..base
        },
        Policy { long_press: Some(Duration::from_millis(300)), overall: quick, ..base },
        Policy { long_press: quick, mismatch: Mismatch::Swallow, max: 2, ..base },
    ]
}

/// Runs every sequence of so many events; gives their number.
fn every_sequence(alphabet: &[Event], length: u32, mut run: impl FnMut(&[&Event])) -> usize {
    let count = alphabet.len().pow(length);
    for code in 0..count {
        let events: Vec<_> = (0..length)
            .map(|at| &alphabet[code / alphabet.len().pow(at) % alphabet.len()])
            .collect();
        run(&events);
    }
    count
}

#[test]
fn every_short_sequence_does_what_the_reference_says() {
    let alphabet = [
        Event::Digit(Digit::D1),
        Event::Digit(Digit::D2),
        Event::Digit(Digit::D7),
        Event::Digit(Digit::Star),
        Event::Digit(Digit::Pound),
        Event::Wait(100),
        Event::Wait(399),
        Event::Wait(400),
        Event::PromptEnded,
        Event::Release,
    ];
    let mut sequences = 0;
    for policy in policies() {
        for prompt in [Prompt::Playing, Prompt::Silent] {
            sequences += every_sequence(&alphabet, 5, |events| {
                let mut pair = Pair::new(TypeAhead::Off);
                pair.apply(&Event::Begin(policy, prompt, Earlier::Flush));
                for event in events {
                    pair.apply(event);
                    pair.drain();
                }
            });
        }
    }
    assert_eq!(sequences, 8 * 2 * 100_000);
}

/// Stages one after another, with type-ahead, flush, abort, and outcomes that are taken late.
#[test]
fn every_short_sequence_of_stages_does_what_the_reference_says() {
    let policy = policies()[0];
    let later = Policy { max: 2, mismatch: Mismatch::Swallow, ..policy };
    let alphabet = [
        Event::Begin(policy, Prompt::Silent, Earlier::Keep),
        Event::Begin(later, Prompt::Playing, Earlier::Flush),
        Event::Digit(Digit::D1),
        Event::Digit(Digit::D2),
        Event::Digit(Digit::Pound),
        Event::Wait(400),
        Event::Wait(500),
        Event::Flush,
        Event::Abort,
    ];
    let mut sequences = 0;
    for type_ahead in [TypeAhead::Off, TypeAhead::On] {
        for drained in [true, false] {
            sequences += every_sequence(&alphabet, 5, |events| {
                let mut pair = Pair::new(type_ahead);
                for event in events {
                    pair.apply(event);
                    if drained || matches!(event, Event::Wait(_)) {
                        pair.drain();
                    }
                }
                pair.drain();
            });
        }
    }
    assert_eq!(sequences, 4 * 9_usize.pow(5));
}

fn event() -> impl Strategy<Value = Event> {
    let digit = prop_oneof![
        8 => prop::sample::select(&[Digit::D1, Digit::D2, Digit::Star, Digit::Pound]),
        1 => prop::sample::select(&Digit::ALL[..]),
    ];
    let begin = (prop::sample::select(policies()), any::<bool>(), any::<bool>());
    prop_oneof![
        12 => digit.prop_map(Event::Digit),
        3 => begin.prop_map(|(policy, playing, keep)| {
            let prompt = if playing { Prompt::Playing } else { Prompt::Silent };
            Event::Begin(policy, prompt, if keep { Earlier::Keep } else { Earlier::Flush })
        }),
        4 => (0_u64..600).prop_map(Event::Wait),
        1 => Just(Event::PromptEnded),
        2 => Just(Event::Release),
        1 => prop_oneof![Just(Event::Flush), Just(Event::Abort)],
    ]
}

proptest! {
    #[test]
    fn long_sequences_do_what_the_reference_says(
        events in prop::collection::vec((event(), any::<bool>()), 0..300),
        ahead: bool,
    ) {
        let mut pair = Pair::new(if ahead { TypeAhead::On } else { TypeAhead::Off });
        for (event, drained) in events {
            pair.apply(&event);
            if drained {
                pair.drain();
            }
        }
    }
}
