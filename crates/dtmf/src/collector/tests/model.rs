//! Every short sequence of events against a reference that is as plain as can be: it keeps the
//! whole history and decides the stage anew from it.

use std::vec::Vec;

use super::super::*;
use crate::DigitSet;

/// One event of the alphabet. Time passes only by `Wait`.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Event {
    Digit(Digit),
    Wait(u64),
    PromptEnded,
    Release,
}

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

/// The first outcome of a stage, worked out from the list of everything that happens.
fn reference(
    policy: &Policy,
    prompt: Prompt,
    events: &[Event],
) -> (Option<Digit>, Option<Outcome>) {
    let (mut digits, mut now) = (Vec::new(), 0);
    let (mut timer, mut barge_in) = (None, None);
    let millis = |duration: Duration| duration.as_millis() as u64;
    let overall = policy.overall.map(millis);
    let mut waiting = prompt == Prompt::Playing;
    if !waiting {
        timer = policy.first_digit.map(millis);
    }
    let held = |digits: &Vec<Digit>| digits.iter().copied().collect::<Digits>();
    // Once wrong, always wrong.
    let answer = |digits: &[Digit]| {
        let dead = (1..=digits.len()).any(|len| dialable(&digits[..len]) == Match::None);
        if dead { Match::None } else { dialable(digits) }
    };
    let inter_digit = |digits: &[Digit]| {
        let critical = policy.critical.unwrap_or(policy.inter_digit);
        millis(if answer(digits).is_match() { critical } else { policy.inter_digit })
    };
    for event in events {
        match *event {
            Event::Wait(time) => now += time,
            Event::PromptEnded | Event::Release | Event::Digit(_) => {}
        }
        let fires = [timer, overall].into_iter().flatten().min().is_some_and(|due| due <= now);
        if fires {
            let outcome = match answer(&digits) {
                _ if digits.is_empty() => Outcome::NoInput,
                Match::None => Outcome::Invalid { digits: held(&digits) },
                Match::Full | Match::FullAndMore if digits.len() >= policy.min.into() => {
                    Outcome::Complete { digits: held(&digits), by: Trigger::Timer }
                }
                _ => Outcome::Timeout { digits: held(&digits) },
            };
            return (barge_in, Some(outcome));
        }
        match *event {
            Event::Wait(_) => {}
            Event::PromptEnded => {
                if waiting && digits.is_empty() {
                    timer = policy.first_digit.map(|first| now + millis(first));
                }
                waiting = false;
            }
            Event::Release => {
                if !digits.is_empty() {
                    timer = Some(now + inter_digit(&digits));
                }
            }
            Event::Digit(digit) => {
                barge_in = barge_in.or(Some(digit));
                if policy.cancel.contains(digit) {
                    return (barge_in, Some(Outcome::Cancelled { digits: held(&digits) }));
                }
                let option = digits.is_empty() && dialable(&[digit]) != Match::None;
                if policy.terminators.contains(digit) && !option {
                    let complete = !digits.is_empty()
                        && answer(&digits).is_match()
                        && digits.len() >= policy.min.into();
                    let (digits, by) = (held(&digits), Trigger::Terminator(digit));
                    let outcome = if complete {
                        Outcome::Complete { digits, by }
                    } else {
                        Outcome::Invalid { digits }
                    };
                    return (barge_in, Some(outcome));
                }
                digits.push(digit);
                let (enough, longest) =
                    (digits.len() >= policy.min.into(), digits.len() >= policy.max.into());
                let all = held(&digits);
                let outcome = match answer(&digits) {
                    Match::Full if enough => {
                        Some(Outcome::Complete { digits: all, by: Trigger::Unambiguous })
                    }
                    Match::FullAndMore if longest => {
                        Some(Outcome::Complete { digits: all, by: Trigger::Length })
                    }
                    Match::None if policy.mismatch == Mismatch::AtOnce || longest => {
                        Some(Outcome::Invalid { digits: all })
                    }
                    _ if longest => Some(Outcome::Invalid { digits: all }),
                    _ => None,
                };
                if outcome.is_some() {
                    return (barge_in, outcome);
                }
                timer = Some(now + inter_digit(&digits));
            }
        }
    }
    (barge_in, None)
}

/// The same of the machine.
fn machine(policy: &Policy, prompt: Prompt, events: &[Event]) -> (Option<Digit>, Option<Outcome>) {
    let mut collector = Collector::default();
    let mut now = Instant::from_millis(77);
    let (mut barge_in, mut outcome) = (None, None);
    let begin = Input::Begin { policy, prompt, earlier: Earlier::Flush, matcher: &dialable };
    collector.handle(now, begin).expect("idle");
    for event in events {
        match *event {
            Event::Wait(millis) => {
                now += Duration::from_millis(millis);
                collector.handle_timeout(now);
            }
            Event::PromptEnded => collector.handle(now, Input::PromptEnded).expect("never refused"),
            Event::Release => collector.handle(now, Input::Release).expect("never refused"),
            Event::Digit(digit) => collector
                .handle(now, Input::Press { digit, matcher: &dialable })
                .expect("never refused"),
        }
        while let Some(output) = collector.poll_output() {
            match output {
                Output::BargeIn(digit) => {
                    assert_eq!(barge_in.replace(digit), None, "one barge-in a stage");
                }
                Output::Done(done) => {
                    assert_eq!(outcome.replace(done), None, "one outcome a stage");
                }
            }
        }
        assert_eq!(outcome.is_some(), !collector.is_collecting());
        assert!(collector.is_collecting() || collector.poll_timeout().is_none());
        assert!(collector.poll_timeout().is_none_or(|due| due > now));
    }
    (barge_in, outcome)
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
            ..base
        },
    ]
}

#[test]
fn every_short_sequence_does_what_the_reference_says() {
    const ALPHABET: [Event; 10] = [
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
    const LENGTH: u32 = 5;
    let mut sequences = 0_u32;
    for policy in policies() {
        for prompt in [Prompt::Playing, Prompt::Silent] {
            for code in 0..ALPHABET.len().pow(LENGTH) {
                let events: Vec<_> = (0..LENGTH)
                    .map(|at| ALPHABET[code / ALPHABET.len().pow(at) % ALPHABET.len()])
                    .collect();
                assert_eq!(
                    machine(&policy, prompt, &events),
                    reference(&policy, prompt, &events),
                    "{events:?} under {policy:?}, {prompt:?}"
                );
                sequences += 1;
            }
        }
    }
    assert_eq!(sequences, 6 * 2 * 100_000);
}
