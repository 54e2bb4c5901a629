#![no_main]
//! A digit map says of any digits what a plain reading of its entries and patterns says: the entries as a set of strings,
//! the patterns as regular expressions of symbols that are tried from the left with every choice.
use std::collections::BTreeSet;

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use switchboard_dialstring::{Digit, DigitMap, Found, Match, Pattern, PatternId};

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    /// Any text, which is read or refused in its place.
    text: &'a str,
    patterns: Vec<Plan>,
    steps: Vec<(bool, u16)>,
    dialled: Vec<u64>,
}

/// A pattern that is known symbol by symbol, whatever its notation.
#[derive(Arbitrary, Debug)]
struct Plan {
    notation: u8,
    symbols: Vec<Symbol>,
    tail: u8,
}

#[derive(Arbitrary, Debug)]
struct Symbol {
    /// Digits, `*` and `#`, as bits.
    keys: u16,
    least: u8,
    most: u8,
    long: bool,
}

/// One symbol as it counts: its keys, how often at least and at most, and whether it must be held long.
#[derive(Clone, Copy)]
struct Step {
    keys: u16,
    least: usize,
    most: usize,
    long: bool,
    awaited: bool,
}

struct Known {
    steps: Vec<Step>,
    timed: bool,
}

const MANY: usize = 64;

fuzz_target!(|input: Input<'_>| {
    for read in [Pattern::mgcp, Pattern::h248, Pattern::asterisk, Pattern::kpml] {
        if let Err(error) = read(input.text) {
            assert!(input.text.is_char_boundary(error.offset()), "{error:?}");
            assert!(error.to_string().is_ascii());
        }
    }
    let mut map = DigitMap::new();
    let (mut known, mut ids) = (Vec::new(), Vec::new());
    for plan in input.patterns.iter().take(4) {
        let Some((text, steps)) = written(plan) else { continue };
        let read = match plan.notation % 3 {
            0 => Pattern::mgcp(&text),
            1 => Pattern::asterisk(&text),
            _ => Pattern::kpml(&text),
        };
        let pattern = read.unwrap_or_else(|error| panic!("{text}: {error}"));
        // Patterns that explode are refused, and leave the map as it was.
        if let Ok(id) = map.add_pattern(pattern) {
            ids.push(id);
            known.push(steps);
        }
    }
    let mut entries = BTreeSet::new();
    for (insert, number) in input.steps.iter().take(32) {
        let entry: Vec<Digit> = (0..1 + number % 4)
            .map(|at| Digit::ALL[usize::from(number >> (2 + 3 * at) & 7)])
            .collect();
        if *insert {
            assert_eq!(map.insert(&entry), entries.insert(entry));
        } else {
            assert_eq!(map.remove(&entry), entries.remove(&entry));
        }
        assert_eq!(map.len(), entries.len());
    }
    for dialled in input.dialled.iter().take(16) {
        // The low four bits say how many; five bits a press, the upper one for a long one.
        let presses: Vec<usize> =
            (0..dialled % 12).map(|at| (dialled >> (4 + 5 * at) & 31) as usize).collect();
        agrees(&map, &entries, &known, &ids, &presses);
    }
    if let (Some(id), Some(_)) = (ids.pop(), known.pop()) {
        assert!(map.remove_pattern(id) && !map.remove_pattern(id));
        for dialled in input.dialled.iter().take(4) {
            let presses: Vec<usize> =
                (0..4).map(|at| (dialled >> (5 * at) & 31) as usize).collect();
            agrees(&map, &entries, &known, &ids, &presses);
        }
    }
});

fn agrees(
    map: &DigitMap,
    entries: &BTreeSet<Vec<Digit>>,
    known: &[Known],
    ids: &[PatternId],
    presses: &[usize],
) {
    let at = presses.iter().fold(map.start(), |at, &press| {
        let digit = Digit::ALL[press % 16];
        if press < 16 { map.step(at, digit) } else { map.step_long(at, digit) }
    });
    let digits: Vec<Digit> = presses.iter().map(|press| Digit::ALL[press % 16]).collect();
    let entry = entries.contains(&digits);
    let mut grows = entries.iter().any(|e| e.len() > digits.len() && e.starts_with(&digits));
    let (mut now, mut timed, mut first) = (entry, false, None);
    for (pattern, id) in known.iter().zip(ids) {
        let (matches, more) = read(&pattern.steps, 0, presses);
        if matches && !presses.is_empty() {
            now |= !pattern.timed;
            timed |= pattern.timed;
            first = first.or(Some(*id));
        }
        grows |= more || presses.is_empty();
    }
    let expected = Match::new(now || timed, grows || timed && !now);
    assert_eq!(map.at(at), expected, "{presses:?}");
    match map.found(at) {
        None => assert!(!expected.is_match()),
        Some(Found::Entry) => assert!(entry),
        Some(Found::Pattern(id)) => assert!(!entry && first == Some(id)),
    }
}

/// Whether presses match the steps, of which the first was read so often already, and whether more is waited for.
fn read(steps: &[Step], times: usize, presses: &[usize]) -> (bool, bool) {
    let Some((step, rest)) = steps.split_first() else { return (presses.is_empty(), false) };
    let takes = |press: usize| step.keys >> (press % 16) & 1 == 1 && (press >= 16 || !step.long);
    let mut said = (false, presses.is_empty() && step.awaited && times < step.most);
    if times >= step.least {
        let skipped = read(rest, 0, presses);
        said = (said.0 | skipped.0, said.1 | skipped.1);
    }
    if let Some((&press, behind)) = presses.split_first()
        && takes(press)
        && times < step.most
    {
        let taken = read(steps, times + 1, behind);
        said = (said.0 | taken.0, said.1 | taken.1);
    }
    said
}

/// A plan in its notation, and what it means.
fn written(plan: &Plan) -> Option<(String, Known)> {
    let notation = plan.notation % 3;
    let mut text = if notation == 1 { "_" } else { "" }.to_owned();
    let mut steps = Vec::new();
    for symbol in plan.symbols.iter().take(5) {
        let keys = if symbol.keys & 0xfff == 0 { 1 } else { symbol.keys & 0xfff };
        let long = symbol.long && notation == 2;
        if long {
            text.push('L');
        }
        text.push('[');
        text.extend(Digit::ALL.iter().filter(|d| keys >> **d as u16 & 1 == 1).map(|d| d.as_char()));
        text.push(']');
        let (mut least, mut most) = (1, 1);
        match notation {
            0 if symbol.least % 3 == 0 => {
                (least, most) = (0, MANY);
                text.push('.');
            }
            2 if symbol.least % 2 == 0 => {
                least = usize::from(symbol.least % 4);
                most = least.max(1) + usize::from(symbol.most % 3);
                text += &format!("{{{least},{most}}}");
            }
            _ => {}
        }
        steps.push(Step { keys, least, most, long, awaited: true });
    }
    let timed = notation == 0 && plan.tail % 2 == 0;
    match (notation, plan.tail % 3) {
        (0, _) if timed => text.push('T'),
        (1, rest @ (0 | 1)) => {
            let (least, awaited) = if rest == 0 { (1, true) } else { (0, false) };
            text.push(if rest == 0 { '.' } else { '!' });
            steps.push(Step { keys: u16::MAX, least, most: MANY, long: false, awaited });
        }
        _ => {}
    }
    (!steps.is_empty()).then_some((text, Known { steps, timed }))
}
