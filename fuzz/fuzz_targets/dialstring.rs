#![no_main]
//! Whatever is read prints back to itself, by each of the ways in; whatever is refused is refused
//! in its place, and neither lets anything out that does not belong on a telephone line.
use libfuzzer_sys::fuzz_target;
use switchboard_dialstring::{
    DialPlan, DialString, Extension, ForeignDigits, Letters, Options, ParseError, Separator,
    SipUser, TelUri,
};

fuzz_target!(|input: &str| {
    let relaxed = Options::new().foreign_digits(ForeignDigits::Normalise).letters(Letters::Keypad);
    for read in [
        DialString::parse(input),
        relaxed.parse(input),
        DialString::from_sip_user(input, SipUser::Dialled),
        DialString::from_sip_user(input, SipUser::Telephone),
    ] {
        match read {
            Ok(dialled) => prints_back(dialled),
            Err(error) => placed(input, &error),
        }
    }
    match TelUri::parse(input) {
        Ok(uri) => {
            let printed = uri.to_string();
            let again = TelUri::parse(&printed).expect("a printed URI is read");
            assert_eq!(again, uri);
            assert_eq!(again.to_string(), printed);
            if let Ok(dialled) = uri.dial_string() {
                prints_back(dialled);
            }
        }
        Err(error) => placed(input, &error),
    }
    if let Ok(plan) = input.parse::<DialPlan>() {
        assert_eq!(plan.to_string().parse(), Ok(plan));
        assert_eq!(DialPlan::from_symbols(plan.symbols()), Some(plan));
    }
    if let Ok(extension) = input.parse::<Extension>() {
        assert_eq!(extension.as_str(), input);
    }
});

fn prints_back(dialled: DialString) {
    let printed = dialled.to_string();
    assert_eq!(DialString::parse(&printed), Ok(dialled), "{printed}");
    let allowed = |c: char| c.is_ascii_digit() || "+;#*,wWext=".contains(c);
    assert!(printed.chars().all(allowed), "{printed:?}");
    for separator in [Separator::Semicolon, Separator::Pound, Separator::Ext] {
        if let Some(converted) = dialled.with_separator(separator) {
            assert_eq!(DialString::parse(&converted.to_string()), Ok(converted));
        }
    }
    let user = printed.replace('#', "%23").replace(';', "%3B");
    assert_eq!(DialString::from_sip_user(&user, SipUser::Dialled), Ok(dialled), "{user}");
}

fn placed(input: &str, error: &ParseError) {
    assert!(input.is_char_boundary(error.offset()), "{error:?}");
    assert!(error.to_string().is_ascii());
}
