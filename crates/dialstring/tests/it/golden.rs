use serde::Deserialize;
use std::collections::BTreeMap;
use switchboard_dialstring::{
    DialString, Digit, DigitMap, Match, ParseError, Pattern, PatternError, Separator, SipUser,
    TelUri,
};

#[derive(Deserialize)]
struct Suite<T> {
    case: Vec<T>,
}

fn suite<T: serde::de::DeserializeOwned>(text: &str) -> Vec<T> {
    toml::from_str::<Suite<T>>(text).expect("the suite is TOML").case
}

fn expect_fault<T: core::fmt::Debug>(
    result: Result<T, ParseError>,
    (input, why): (&str, &str),
    kind: &str,
    offset: usize,
) {
    let error = result.expect_err(why);
    assert_eq!((error.kind().name(), error.offset()), (kind, offset), "{input:?}: {why}: {error}");
    let shown = error.to_string();
    assert!(shown.is_ascii() && !shown.contains(char::is_control), "{shown:?}");
    assert!(shown.contains(&offset.to_string()), "{shown}");
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read {
    why: String,
    input: String,
    prints: String,
    number: Option<String>,
    plan: Option<String>,
    separator: Option<String>,
}

#[test]
fn dial_strings_are_read_as_the_suite_says() {
    let cases: Vec<Read> = suite(include_str!("../../testdata/dial_strings.toml"));
    for Read { why, input, prints, number, plan, separator } in cases {
        let dialled = DialString::parse(&input).unwrap_or_else(|e| panic!("{input:?}: {why}: {e}"));
        assert_eq!(dialled.to_string(), prints, "{why}");
        assert_eq!(DialString::parse(&prints), Ok(dialled), "{why}");
        assert_eq!(dialled.number().map(ToString::to_string), number, "{why}");
        assert_eq!(dialled.plan().map(ToString::to_string), plan, "{why}");
        assert_eq!(dialled.separator().map(Separator::as_str), separator.as_deref(), "{why}");
        assert_eq!(dialled.service_code().is_some(), number.is_none(), "{why}");
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Refused {
    why: String,
    input: String,
    kind: String,
    offset: usize,
}

#[test]
fn what_is_no_dial_string_is_refused_in_its_place() {
    let cases: Vec<Refused> = suite(include_str!("../../testdata/refused.toml"));
    for Refused { why, input, kind, offset } in cases {
        expect_fault(DialString::parse(&input), (&input, &why), &kind, offset);
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tel {
    why: String,
    input: String,
    prints: Option<String>,
    dials: Option<String>,
    #[serde(default)]
    same: Vec<String>,
    #[serde(default)]
    differs: Vec<String>,
    kind: Option<String>,
    offset: Option<usize>,
}

#[test]
fn tel_uris_are_read_as_the_suite_says() {
    let cases: Vec<Tel> = suite(include_str!("../../testdata/tel_uris.toml"));
    for Tel { why, input, prints, dials, same, differs, kind, offset } in cases {
        let Some(prints) = prints else {
            let (kind, offset) = (kind.unwrap(), offset.unwrap());
            expect_fault(TelUri::parse(&input), (&input, &why), &kind, offset);
            let scheme = kind == "wrong_scheme";
            assert!(scheme || DialString::parse(&input).is_err_and(|e| e.kind().name() == kind));
            continue;
        };
        let uri = TelUri::parse(&input).unwrap_or_else(|e| panic!("{input:?}: {why}: {e}"));
        assert_eq!(uri.to_string(), prints, "{why}");
        assert_eq!(TelUri::parse(&prints), Ok(uri), "{why}");
        assert_eq!(uri.dial_string().ok().map(|d| d.to_string()), dials, "{why}");
        assert_eq!(DialString::parse(&input).ok(), uri.dial_string().ok(), "{why}");
        for other in &same {
            assert_eq!(TelUri::parse(other), Ok(uri), "{why}");
        }
        for other in &differs {
            assert_ne!(TelUri::parse(other), Ok(uri), "{why}: {other}");
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct User {
    why: String,
    input: String,
    r#as: String,
    prints: Option<String>,
    kind: Option<String>,
    offset: Option<usize>,
}

#[test]
fn sip_users_are_read_as_the_suite_says() {
    let cases: Vec<User> = suite(include_str!("../../testdata/sip_users.toml"));
    for User { why, input, r#as, prints, kind, offset } in cases {
        let kind_of_user = match r#as.as_str() {
            "dialled" => SipUser::Dialled,
            "telephone" => SipUser::Telephone,
            other => panic!("{other}"),
        };
        let read = DialString::from_sip_user(&input, kind_of_user);
        match prints {
            Some(prints) => assert_eq!(read.map(|d| d.to_string()), Ok(prints), "{input}: {why}"),
            None => expect_fault(read, (&input, &why), &kind.unwrap(), offset.unwrap()),
        }
    }
}

#[test]
fn sip_uris_in_text_are_telephone_numbers() {
    let read = |text| DialString::parse(text).map(|dialled| dialled.to_string());
    assert_eq!(read("sip:03012345@example.com").as_deref(), Ok("03012345"));
    assert_eq!(read("SIPS:+4930-12345:secret@example.com;x=1").as_deref(), Ok("+493012345"));
    assert_eq!(read("sip:03012345%2342@example.com;user=phone").as_deref(), Ok("03012345#42"));
    assert_eq!(read("sip:03012345;42@example.com").as_deref(), Ok("03012345"));
    assert_eq!(read("sip:03012345;ext=42@example.com").as_deref(), Ok("03012345;ext=42"));
    let error = DialString::parse("sip:example.com;123").unwrap_err();
    assert_eq!((error.kind().name(), error.offset()), ("no_number", 4));
    let error = DialString::parse("sip:030a@example.com").unwrap_err();
    assert_eq!((error.kind().name(), error.offset()), ("letter", 7));
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Map {
    why: String,
    notation: String,
    pattern: String,
    #[serde(default)]
    entries: Vec<String>,
    says: Option<BTreeMap<String, String>>,
    kind: Option<String>,
    offset: Option<usize>,
}

fn pattern(notation: &str, text: &str) -> Result<Pattern, PatternError> {
    match notation {
        "mgcp" => Pattern::mgcp(text),
        "h248" => Pattern::h248(text),
        "asterisk" => Pattern::asterisk(text),
        "kpml" => Pattern::kpml(text),
        other => panic!("{other}"),
    }
}

#[test]
fn digit_maps_say_what_the_suite_says() {
    let cases: Vec<Map> = suite(include_str!("../../testdata/digit_maps.toml"));
    for Map { why, notation, pattern: text, entries, says, kind, offset } in cases {
        let read = pattern(&notation, &text);
        let Some(says) = says else {
            let error = read.expect_err(&why);
            let expected = (kind.as_deref().unwrap(), offset.unwrap());
            assert_eq!((error.kind().name(), error.offset()), expected, "{text:?}: {why}");
            continue;
        };
        let digits = |text: &str| -> Vec<Digit> {
            text.chars().map(|c| Digit::from_char(c).unwrap()).collect()
        };
        let mut map = DigitMap::new();
        entries.iter().for_each(|entry| assert!(map.insert(&digits(entry)), "{why}"));
        map.add_pattern(read.unwrap_or_else(|e| panic!("{text:?}: {why}: {e}"))).unwrap();
        for (dialled, expected) in says {
            let said = match map.matches(&digits(&dialled)) {
                Match::None => "none",
                Match::May => "may",
                Match::Full => "full",
                Match::FullAndMore => "full and more",
            };
            assert_eq!(said, expected, "{text:?}, {dialled:?}: {why}");
        }
    }
}
