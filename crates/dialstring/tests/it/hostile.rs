use switchboard_dialstring::{DialString, ErrorKind, Extension, ForeignDigits, Letters, Options};

fn refused(text: &str) -> (ErrorKind, usize) {
    let error = DialString::parse(text).expect_err(text);
    (error.kind(), error.offset())
}

/// A second channel smuggled into a dial command, or a host of somebody's choice, is never part of
/// a number.
#[test]
fn h37_no_channel_or_host_in_a_number() {
    assert_eq!(refused("1001&PJSIP/trunk/0090123456"), (ErrorKind::UnexpectedSymbol, 4));
    assert_eq!(refused("1001@evil.example"), (ErrorKind::UnexpectedSymbol, 4));
    assert_eq!(refused("1001%26PJSIP"), (ErrorKind::UnexpectedSymbol, 4));
    assert_eq!(refused(";"), (ErrorKind::NoNumber, 0));
}

/// Digits of other scripts are refused, or become ASCII where the settings say so; none is passed
/// on as it is.
#[test]
fn h37_foreign_digits_never_pass() {
    let normalise = Options::new().foreign_digits(ForeignDigits::Normalise);
    for text in ["٠٣٠١٢٣٤٥", "۰۳۰۱۲۳۴۵", "０３０１２３４５", "०३०१२३४५", "০৩০১২৩৪৫"]
    {
        assert_eq!(refused(text), (ErrorKind::ForeignDigit, 0), "{text}");
        assert_eq!(normalise.parse(text).unwrap().to_string(), "03012345", "{text}");
    }
    let pasted = "＋４９（３０）１２３４５；４２";
    assert_eq!(normalise.parse(pasted).unwrap().to_string(), "+493012345;42");
    // What the settings do not know stays refused, in its place in the original.
    let error = normalise.parse("０３０\u{202e}１").unwrap_err();
    assert_eq!((error.kind(), error.offset()), (ErrorKind::InvisibleMark, 9));
    let error = normalise.parse("０３０១").unwrap_err();
    assert_eq!((error.kind(), error.offset()), (ErrorKind::ForeignDigit, 9));
}

/// Ten kibibytes are refused early; an offset is told all the same.
#[test]
fn h37_ten_kibibytes_are_refused() {
    let digits = "1".repeat(10 * 1024);
    let dashes = "-".repeat(10 * 1024);
    let plan = format!("03012345;{}", ",".repeat(10 * 1024));
    for text in [digits, dashes, plan] {
        assert_eq!(refused(&text), (ErrorKind::InputTooLong, 255));
        assert!(Options::new().letters(Letters::Keypad).parse(&text).is_err());
    }
    assert_eq!(refused(&"-".repeat(250)), (ErrorKind::NoNumber, 250));
    let tel = format!("tel:+49{}", ";a".repeat(10 * 1024));
    assert_eq!(refused(&tel).0, ErrorKind::DuplicateParameter);
}

/// Whatever is accepted prints as ASCII without control characters and quotes.
#[test]
fn h37_nothing_accepted_holds_cr_lf_nul_or_quotes() {
    for octet in 0..=u8::MAX {
        let c = char::from(octet);
        for text in [format!("030{c}12345"), format!("03012345;1{c}2"), format!("*4{c}3")] {
            let Ok(dialled) = DialString::parse(&text) else { continue };
            let allowed = |c: char| c.is_ascii_digit() || "+;#*,wWext=".contains(c);
            assert!(dialled.to_string().chars().all(allowed), "{text:?}");
        }
        assert_eq!(format!("1{c}").parse::<Extension>().is_ok(), octet.is_ascii_digit());
    }
}

/// The 4-digit limit is the employees' and has its own error; customers' extensions are longer.
#[test]
fn employee_extensions_end_at_four_digits() {
    let error = "12345".parse::<Extension>().unwrap_err();
    assert_eq!((error.kind(), error.offset()), (ErrorKind::ExtensionTooLong, 4));
    assert!(DialString::parse("03012345;12345").is_ok());
}

/// Letters are digits only when asked, and a pause in front never is one.
#[test]
fn vanity_letters_only_when_asked() {
    let keypad = Options::new().letters(Letters::Keypad);
    assert_eq!(refused("0800-FLOWERS").0, ErrorKind::Letter);
    assert_eq!(keypad.parse("0800-FLOWERS;1w2").unwrap().to_string(), "08003569377;1w2");
    assert_eq!(keypad.parse("simple").unwrap().to_string(), "746753");
    assert_eq!(keypad.parse("p123").unwrap_err().kind(), ErrorKind::NoNumber);
    assert_eq!(keypad.parse("0800-ÄPFEL").unwrap_err().offset(), 5);
}

/// The time that a text takes grows with its length and not faster: ten times the text, at most
/// about ten times the steps. Counted by what the bound on the length allows.
#[test]
fn every_length_up_to_the_bound_is_read_or_refused() {
    for length in 0..=300 {
        for symbol in ["1", "-", "+", ";", "#", "*", ",", "a", "%", "\u{661}", "(0)"] {
            let text = symbol.repeat(length);
            let _ = DialString::parse(&text);
            let _ = DialString::parse(&format!("03012345;{text}"));
            let _ = DialString::parse(&format!("tel:{text}"));
        }
    }
}
