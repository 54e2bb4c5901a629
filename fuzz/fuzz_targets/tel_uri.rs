#![no_main]
//! A telephone URI prints back to itself, equality keeps the laws of RFC 3966 section 4 however it is written, and what is
//! dialled is what the number's digits are.
use libfuzzer_sys::fuzz_target;
use std::hash::{BuildHasher, RandomState};
use switchboard_dialstring::{DialString, PhoneContext, TelUri};

fuzz_target!(|input: (&str, &str, u64)| {
    let (text, other, seed) = input;
    let text = &format!("tel:{text}");
    let uri = match TelUri::parse(text) {
        Ok(uri) => uri,
        Err(error) => {
            assert!(text.is_char_boundary(error.offset()), "{error:?}");
            assert!(error.to_string().is_ascii());
            assert!(DialString::parse(text).is_err());
            return;
        }
    };
    prints_back(&uri);
    says_what_it_holds(&uri);
    let rewritten = rewritten(&uri, seed);
    let same = TelUri::parse(&rewritten).unwrap_or_else(|e| panic!("{rewritten}: {e}"));
    assert_eq!(same, uri, "{rewritten}");
    let hasher = RandomState::new();
    assert_eq!(hasher.hash_one(same), hasher.hash_one(uri), "{rewritten}");
    if let Ok(other) = TelUri::parse(&format!("tel:{other}")) {
        assert_eq!(other == uri, uri == other);
        // What equals the one equals the other.
        assert_eq!(other == uri, other == same);
        assert_eq!(other == uri, canonical(&other) == canonical(&uri), "{other} {uri}");
    }
});

fn prints_back(uri: &TelUri<'_>) {
    let printed = uri.to_string();
    let again = TelUri::parse(&printed).expect("a printed URI is read");
    assert_eq!(again, *uri);
    assert_eq!(again.to_string(), printed);
}

fn says_what_it_holds(uri: &TelUri<'_>) {
    assert_eq!(uri.is_global(), uri.number().starts_with('+'));
    if !uri.is_global() {
        assert!(uri.phone_context().is_some());
    }
    if let Some(PhoneContext::Domain(domain)) = uri.phone_context() {
        assert!(domain.is_ascii() && !domain.starts_with('+'));
    }
    let Ok(dialled) = uri.dial_string() else { return };
    assert_eq!(DialString::parse(&uri.to_string()), Ok(dialled));
    // A '#' in a local number separates, as everywhere.
    let plain = !uri.number().contains(['#', '%']);
    if let Some(number) = dialled.number().filter(|_| plain) {
        // A zero in parentheses behind the country code is left out, and nothing else.
        let digits = visible(uri.number()).replace('+', "");
        assert!(number.digits() == digits || uri.number().contains("(0)"), "{uri}");
        let ext = uri.ext().map(visible);
        assert_eq!(dialled.plan().map(|plan| plan.as_str().to_owned()), ext);
    }
}

fn visible(text: &str) -> String {
    text.replace(['-', '.', '(', ')'], "")
}

/// The URI as a list that is equal where the URIs are (RFC 3966 section 4), made in another way than equality is.
fn canonical(uri: &TelUri<'_>) -> (String, Vec<(String, Option<String>)>) {
    let mut parameters: Vec<_> = uri
        .parameters()
        .map(|(name, value)| {
            let name = name.to_ascii_lowercase();
            let number = name == "ext"
                || name == "phone-context" && value.is_some_and(|value| value.starts_with('+'));
            let value = value.map(str::to_ascii_lowercase);
            (name, value.map(|value| if number { visible(&value) } else { value }))
        })
        .collect();
    parameters.sort();
    (visible(uri.number()).to_ascii_lowercase(), parameters)
}

/// The same URI in another order, another case and with other separators.
fn rewritten(uri: &TelUri<'_>, seed: u64) -> String {
    let mut dice = seed | 1;
    let mut roll = |sides: usize| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (dice >> 33) as usize % sides
    };
    let mut text = "tel:".to_owned();
    // An escape stays whole.
    let mut escaped = 0;
    for c in visible(uri.number()).chars() {
        text.push(if roll(2) == 0 { c.to_ascii_lowercase() } else { c.to_ascii_uppercase() });
        escaped = if c == '%' { 2 } else { escaped.max(1) - 1 };
        if c != '+' && escaped == 0 && roll(3) == 0 {
            text.push(['-', '.', '(', ')'][roll(4)]);
        }
    }
    let mut parameters: Vec<_> = uri.parameters().collect();
    while !parameters.is_empty() {
        let (name, value) = parameters.swap_remove(roll(parameters.len()));
        let case = |text: &str, upper| {
            if upper { text.to_ascii_uppercase() } else { text.to_ascii_lowercase() }
        };
        text.push(';');
        text += &case(name, roll(2) == 0);
        if let Some(value) = value {
            text.push('=');
            text += &case(value, roll(2) == 0);
        }
    }
    text
}
