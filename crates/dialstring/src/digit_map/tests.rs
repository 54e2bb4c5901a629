use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{DigitMap, Found, TooManyStates};
use crate::pattern::{Item, Pattern, Wait};
use crate::{Digit, Match};

fn digits(text: &str) -> Vec<Digit> {
    text.chars().filter_map(Digit::from_char).collect()
}

/// What a plain list of strings says.
fn reference(entries: &BTreeSet<Vec<Digit>>, dialled: &[Digit]) -> Match {
    let longer = |entry: &&Vec<Digit>| entry.len() > dialled.len() && entry.starts_with(dialled);
    Match::new(entries.contains(dialled), entries.iter().any(|entry| longer(&entry)))
}

/// What an alternative says of presses, read from the left with every choice tried: whether they
/// match at once, match after the timer, and whether more is waited for.
fn naive(items: &[Item], presses: &[usize]) -> (bool, bool, bool) {
    let either = |a: (bool, bool, bool), b: (bool, bool, bool)| (a.0 | b.0, a.1 | b.1, a.2 | b.2);
    match (items[0], presses.split_first()) {
        (Item::End { timed, .. }, None) => (!timed, timed, false),
        (Item::End { .. }, Some(_)) => (false, false, false),
        (Item::Press { optional, unawaited, .. }, None) => {
            let skipped = if optional { naive(&items[1..], presses) } else { Default::default() };
            either(skipped, (false, false, !unawaited))
        }
        (Item::Press { keys, optional, again, .. }, Some((&press, rest))) => {
            let mut said = Default::default();
            if keys.has(press) {
                said = either(said, naive(&items[1..], rest));
                if again {
                    said = either(said, naive_again(items, rest));
                }
            }
            if optional { either(said, naive(&items[1..], presses)) } else { said }
        }
    }
}

/// The same where the first item was read once: it may be left out now.
fn naive_again(items: &[Item], presses: &[usize]) -> (bool, bool, bool) {
    let mut once: Vec<Item> = items.to_vec();
    if let Item::Press { optional, .. } = &mut once[0] {
        *optional = true;
    }
    naive(&once, presses)
}

/// What a list of patterns and entries says, each looked at by itself.
fn patterns_reference(
    patterns: &[Pattern],
    entries: &BTreeSet<Vec<Digit>>,
    presses: &[usize],
) -> Match {
    let dialled: Vec<Digit> = presses.iter().map(|press| Digit::ALL[press % 16]).collect();
    let of_entries = reference(entries, &dialled);
    let (mut now, mut timed, mut grows) = (of_entries.is_match(), false, of_entries.can_grow());
    for pattern in patterns {
        for alternative in pattern.items().split_inclusive(|i| matches!(i, Item::End { .. })) {
            let said = naive(alternative, presses);
            (now, timed, grows) = (now | said.0, timed | said.1, grows | said.2);
        }
    }
    if presses.is_empty() {
        return Match::new(false, !patterns.is_empty() || grows);
    }
    Match::new(now || timed, grows || (timed && !now))
}

#[test]
fn an_empty_map_matches_nothing() {
    let map = DigitMap::new();
    assert_eq!(map.matches(&[]), Match::None);
    assert_eq!(map.matches(&digits("1")), Match::None);
    assert!(map.is_empty());
}

#[test]
fn hundred_thousand_entries_come_and_go_in_the_same_memory() {
    let mut map = DigitMap::new();
    let entry = |n: u32| digits(&format!("{n:05}"));
    (0..100_000).for_each(|n| assert!(map.insert(&entry(n))));
    let nodes = map.entries.nodes();
    assert_eq!(map.matches(&digits("4711")), Match::May);
    assert_eq!(map.matches(&digits("47110")), Match::Full);
    (0..100_000).for_each(|n| assert!(map.remove(&entry(n))));
    assert!(map.is_empty());
    assert_eq!(map.at(map.start()), Match::None);
    (0..100_000).for_each(|n| assert!(map.insert(&entry(n))));
    assert_eq!(map.entries.nodes(), nodes);
}

#[test]
fn an_entry_counts_more_than_a_pattern_and_an_earlier_pattern_more_than_a_later_one() {
    let mut map = DigitMap::new();
    let any = map.add_pattern(Pattern::asterisk("_XXX").unwrap()).unwrap();
    let narrow = map.add_pattern(Pattern::mgcp("1xx").unwrap()).unwrap();
    map.insert(&digits("101"));
    let found = |map: &DigitMap, text| map.found(map.walk(&digits(text)));
    assert_eq!(found(&map, "101"), Some(Found::Entry));
    assert_eq!(found(&map, "102"), Some(Found::Pattern(any)));
    assert_eq!(found(&map, "10"), None);
    assert!(map.remove_pattern(any) && !map.remove_pattern(any));
    assert_eq!(found(&map, "102"), Some(Found::Pattern(narrow)));
    assert_eq!(found(&map, "202"), None);
    assert!(map.remove(&digits("101")) && map.remove_pattern(narrow) && map.is_empty());
    assert_eq!(map.matches(&digits("101")), Match::None);
}

#[test]
fn what_waits_for_the_timer_never_holds_up_what_matches_at_once() {
    let mut map = DigitMap::new();
    map.add_pattern(Pattern::mgcp("xxT").unwrap()).unwrap();
    assert_eq!(map.matches(&digits("12")), Match::FullAndMore);
    map.insert(&digits("12"));
    assert_eq!(map.matches(&digits("12")), Match::Full);
    assert_eq!(map.matches(&digits("13")), Match::FullAndMore);
}

#[test]
fn the_timers_of_a_map_are_told_where_they_count() {
    let mut map = DigitMap::new();
    let text = "(0S|00S|[1-7]xLxx|8Lxxxxxxx|#xxxxxxx|*xx|9L1xxxxxxxxxx|9L011x.S)";
    map.add_pattern(Pattern::h248(text).unwrap()).unwrap();
    let at = |text| {
        let position = map.walk(&digits(text));
        (map.at(position), map.wait(position))
    };
    assert_eq!(at(""), (Match::May, Wait::Usual));
    assert_eq!(at("0"), (Match::FullAndMore, Wait::Short));
    assert_eq!(at("00").0, Match::Full);
    assert_eq!(at("4"), (Match::May, Wait::Usual));
    assert_eq!(at("47"), (Match::May, Wait::Long));
    assert_eq!(at("4711").0, Match::Full);
    assert_eq!(at("9"), (Match::May, Wait::Long));
    assert_eq!(at("90114"), (Match::FullAndMore, Wait::Short));
}

#[test]
fn a_long_press_is_asked_for_or_is_a_press_like_any_other() {
    let mut map = DigitMap::new();
    map.add_patterns([Pattern::kpml("L#").unwrap(), Pattern::h248("1Z2").unwrap()]).unwrap();
    map.insert(&digits("7"));
    let (short, long) = (
        |digit| map.at(map.step(map.start(), digit)),
        |digit| map.at(map.step_long(map.start(), digit)),
    );
    assert_eq!((short(Digit::Pound), long(Digit::Pound)), (Match::None, Match::Full));
    assert_eq!((short(Digit::D1), long(Digit::D1)), (Match::May, Match::May));
    assert_eq!((short(Digit::D7), long(Digit::D7)), (Match::Full, Match::Full));
    let one = map.step(map.start(), Digit::D1);
    assert_eq!(map.at(map.step(one, Digit::D2)), Match::None);
    assert_eq!(map.at(map.step_long(one, Digit::D2)), Match::Full);
}

#[test]
fn patterns_that_explode_are_refused_and_leave_the_map_as_it_was() {
    let mut map = DigitMap::new();
    let id = map.add_pattern(Pattern::mgcp("2xx").unwrap()).unwrap();
    // In the last one every set of items leads to nearly all items, from each of them.
    for text in ["x.1xxxxxxxxxxxxxxxxxxx", "x{0,}1x{400}", "x{,2048}"] {
        assert_eq!(map.add_pattern(Pattern::kpml(text).unwrap()), Err(TooManyStates), "{text}");
        assert_eq!(map.found(map.walk(&digits("247"))), Some(Found::Pattern(id)));
        assert_eq!(map.matches(&digits("11")), Match::None);
    }
    // A long pattern is no explosion, and neither are many of a common kind.
    let long = map.add_pattern(Pattern::kpml("x{2000}").unwrap()).unwrap();
    assert!(map.remove_pattern(long));
    let many = (0..1_000).map(|n| Pattern::asterisk(&format!("_0049{n:03}XXXX.")).unwrap());
    assert_eq!(map.add_patterns(many).unwrap().len(), 1_000);
    assert_eq!(map.matches(&digits("0049123456789")), Match::FullAndMore);
}

fn pattern() -> impl Strategy<Value = Pattern> {
    let read = |read: fn(&str) -> Result<Pattern, crate::PatternError>| {
        move |text: String| read(&text).unwrap_or_else(|error| panic!("{text}: {error}"))
    };
    prop_oneof![
        "([0-3x]|\\[0-2#\\])(([0-3x*]|\\[1-3\\])\\.?){0,3}T?".prop_map(read(Pattern::mgcp)),
        "\\(0x\\.[12]\\|[SL]?Z?1\\.[0-3]S?\\)".prop_map(read(Pattern::h248)),
        "_([0-3XZN]|\\[02-3\\]){1,3}[.!]?".prop_map(read(Pattern::asterisk)),
        "(L?([0-3x]|\\[\\^1\\])(\\{[0-2],[2-4]\\}|\\{2\\}|\\{,2\\}|\\{1,\\}|\\.)?){1,3}"
            .prop_map(read(Pattern::kpml)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn map_says_what_a_plain_list_says(
        steps in prop::collection::vec((any::<bool>(), "[0-3*#]{0,4}"), 0..60),
        dialled in prop::collection::vec("[0-3*#]{0,5}", 0..20),
    ) {
        let (mut map, mut entries) = (DigitMap::new(), BTreeSet::new());
        for (insert, text) in steps {
            let entry = digits(&text);
            if insert && !entry.is_empty() {
                prop_assert_eq!(map.insert(&entry), entries.insert(entry.clone()));
            } else {
                prop_assert_eq!(map.remove(&entry), entries.remove(&entry));
            }
            prop_assert_eq!(map.len(), entries.len());
            for text in &dialled {
                let text = digits(text);
                prop_assert_eq!(map.matches(&text), reference(&entries, &text));
            }
        }
    }

    #[test]
    fn patterns_and_entries_say_together_what_each_says_alone(
        patterns in prop::collection::vec(pattern(), 0..4),
        entries in prop::collection::btree_set("[0-3*#]{1,4}", 0..4),
        dialled in prop::collection::vec(prop::collection::vec(
            prop_oneof![8 => 0..4_usize, 1 => 10..12_usize, 1 => 16..20_usize], 0..7), 0..24),
    ) {
        let entries: BTreeSet<Vec<Digit>> = entries.iter().map(|text| digits(text)).collect();
        let mut map = DigitMap::new();
        let ids = map.add_patterns(patterns.clone()).unwrap();
        entries.iter().for_each(|entry| assert!(map.insert(entry)));
        for presses in dialled {
            let position = presses.iter().fold(map.start(), |position, &press| {
                let digit = Digit::ALL[press % 16];
                if press < 16 { map.step(position, digit) } else { map.step_long(position, digit) }
            });
            prop_assert_eq!(map.at(position), patterns_reference(&patterns, &entries, &presses));
            prop_assert_eq!(map.found(position).is_some(), map.at(position).is_match());
            if let Some(Found::Pattern(id)) = map.found(position) {
                let first = ids.iter().zip(&patterns).find(|(_, pattern)| {
                    let one = std::slice::from_ref(*pattern);
                    patterns_reference(one, &BTreeSet::new(), &presses).is_match()
                });
                prop_assert_eq!(Some(&id), first.map(|(id, _)| id));
            }
        }
    }
}
