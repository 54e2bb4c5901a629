use proptest::prelude::*;
use switchboard_dialstring::{
    DialPlan, DialString, Digit, ForeignDigits, Letters, Options, Pause, Separator, SipUser,
    Symbol, TelUri,
};

fn symbol() -> impl Strategy<Value = Symbol> {
    prop_oneof![
        8 => (0..12_usize).prop_map(|code| Symbol::Digit(Digit::ALL[code])),
        1 => Just(Symbol::Pause(Pause::Comma)),
        1 => Just(Symbol::Pause(Pause::W)),
        1 => Just(Symbol::Pause(Pause::DoubleW)),
    ]
}

/// Texts near the grammar: its own symbols, thrown together.
fn near() -> impl Strategy<Value = String> {
    "(tel:|sip:|)\\PC{0,2}[-+ ()./0-9]{0,18}[;#*]?(ext=|isub=|phone-context=)?[-0-9*#,wWpP;=+@%a-f]{0,40}"
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn what_is_built_is_printed_and_read_again(
        number in "\\+?[0-9]{2,15}",
        symbols in prop::collection::vec(symbol(), 1..=32),
    ) {
        let plan = DialPlan::from_symbols(symbols.clone()).unwrap();
        prop_assert!(plan.symbols().eq(symbols));
        prop_assert_eq!(plan.to_string().parse(), Ok(plan));
        for separator in [Separator::Semicolon, Separator::Pound, Separator::Ext] {
            let Some(post) = switchboard_dialstring::PostDial::new(separator, plan) else { continue };
            let dialled = DialString::Number(number.parse().unwrap(), Some(post));
            prop_assert_eq!(DialString::parse(&dialled.to_string()), Ok(dialled));
            // Converted and back, it is what it was.
            let converted = dialled.with_separator(Separator::Semicolon).unwrap();
            prop_assert_eq!(converted.with_separator(separator), Some(dialled));
            prop_assert_eq!(DialString::parse(&converted.to_string()), Ok(converted));
        }
    }

    #[test]
    fn what_is_read_is_printed_and_read_again(text in near()) {
        if let Ok(dialled) = DialString::parse(&text) {
            prop_assert_eq!(DialString::parse(&dialled.to_string()), Ok(dialled));
        }
        if text.len() >= 4 && text.as_bytes()[..4].eq_ignore_ascii_case(b"tel:") {
            // The short way and the way by the view are one.
            let by_view = TelUri::parse(&text).and_then(|uri| uri.dial_string());
            prop_assert_eq!(DialString::parse(&text), by_view);
        }
        if let Ok(uri) = TelUri::parse(&text) {
            let printed = uri.to_string();
            prop_assert_eq!(TelUri::parse(&printed), Ok(uri));
            prop_assert_eq!(TelUri::parse(&printed).unwrap().to_string(), printed);
        }
    }

    #[test]
    fn any_text_is_read_or_refused_in_its_place(text in "\\PC{0,80}|[\\x00-\\x7f]{0,80}", near in near()) {
        let all = Options::new().foreign_digits(ForeignDigits::Normalise).letters(Letters::Keypad);
        for text in [&text, &near] {
            let results = [
                DialString::parse(text),
                all.parse(text),
                DialString::from_sip_user(text, SipUser::Dialled),
                DialString::from_sip_user(text, SipUser::Telephone),
                TelUri::parse(text).and_then(|uri| uri.dial_string()),
            ];
            for error in results.into_iter().filter_map(Result::err) {
                prop_assert!(error.offset() <= text.len(), "{error:?}");
                prop_assert!(text.is_char_boundary(error.offset()), "{error:?}");
                prop_assert!(error.to_string().is_ascii());
            }
        }
    }

    #[test]
    fn the_user_part_of_a_printed_string_is_the_string(
        number in "\\+?[0-9]{2,15}",
        plan in "[0-9*,wW]{1,32}",
        separator in prop_oneof![Just(";"), Just("#")],
    ) {
        let dialled = DialString::parse(&format!("{number}{separator}{plan}")).unwrap();
        let user = dialled.to_string().replace('#', "%23").replace(';', "%3B");
        for kind in [SipUser::Dialled, SipUser::Telephone] {
            prop_assert_eq!(DialString::from_sip_user(&user, kind), Ok(dialled));
        }
    }
}

#[cfg(feature = "serde")]
#[test]
fn serde_writes_text_and_reads_it_again() {
    #[derive(serde::Serialize, serde::Deserialize, PartialEq, Debug)]
    struct Entry {
        number: DialString,
        extension: switchboard_dialstring::Extension,
        country: switchboard_dialstring::Country,
        digit: Digit,
    }
    let text = "number = \"03012345#42\"\nextension = \"007\"\ncountry = \"DE\"\ndigit = \"#\"\n";
    let entry: Entry = toml::from_str(text).unwrap();
    assert_eq!(toml::to_string(&entry).unwrap(), text);
    let fault = toml::from_str::<Entry>(&text.replace("007", "00007")).unwrap_err().to_string();
    assert!(fault.contains("line 2") && fault.contains("1 to 4 digits"), "{fault}");
}
