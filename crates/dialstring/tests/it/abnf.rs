//! The grammar in the documentation and the functions that read it have the same rules.

use std::collections::BTreeSet;

const README: &str = include_str!("../../README.md");

/// Every file that reads a rule of it.
const SOURCES: [&str; 6] = [
    include_str!("../../src/grammar/mod.rs"),
    include_str!("../../src/grammar/call.rs"),
    include_str!("../../src/grammar/service_code.rs"),
    include_str!("../../src/tel.rs"),
    include_str!("../../src/tel/parameters.rs"),
    include_str!("../../src/plan.rs"),
];

/// `name = ...`: the name and what stands for it, blanks and the comment left out.
fn rule(line: &str) -> Option<(String, String)> {
    let line = line.split(" ; ").next().unwrap_or_default();
    let (name, body) = line.split_once('=')?;
    let name = name.trim();
    let named = !name.is_empty() && name.bytes().all(|o| o.is_ascii_lowercase() || o == b'-');
    named.then(|| (name.to_owned(), body.split_whitespace().collect()))
}

/// The rules of the documentation's blocks of ABNF, continuation lines joined.
fn documented() -> Vec<(String, String)> {
    let blocks = README.split("```abnf\n").skip(1).filter_map(|block| block.split("```").next());
    blocks
        .flat_map(|block| block.replace("\n  ", " ").lines().filter_map(rule).collect::<Vec<_>>())
        .collect()
}

/// The rules that stand above functions and in the documentation of the source.
fn written() -> Vec<(String, String)> {
    let comment = |line: &'static str| {
        let text = line.trim_start().strip_prefix("//")?.trim_start_matches(['/', '!']).trim();
        let text = text
            .strip_prefix('`')
            .map_or(text, |quoted| quoted.rsplit_once('`').map_or(quoted, |(inside, _)| inside));
        rule(text)
    };
    SOURCES.iter().flat_map(|source| source.lines()).filter_map(comment).collect()
}

#[test]
fn every_documented_rule_stands_where_it_is_read_word_for_word() {
    let written: BTreeSet<_> = written().into_iter().collect();
    let documented = documented();
    assert!(documented.len() >= 17, "{documented:?}");
    for rule in documented {
        let same: Vec<_> = written.iter().filter(|(name, _)| *name == rule.0).collect();
        assert!(written.contains(&rule), "{rule:?} is documented; the source has {same:?}");
    }
}

#[test]
fn every_rule_that_is_read_is_documented() {
    let documented: BTreeSet<_> = documented().into_iter().map(|(name, _)| name).collect();
    for (name, body) in written() {
        assert!(documented.contains(&name), "{name} = {body} is nowhere in the README");
    }
}
