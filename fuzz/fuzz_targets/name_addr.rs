#![no_main]
//! An address, a Via and the other typed values that are read print to what reads the same, on one line.
use libfuzzer_sys::fuzz_target;
use switchboard_sip::{Item, MediaType, NameAddr, Replaces, RetryAfter, UserToUser, Via, Warning};

/// What is read prints to what reads and prints the same.
macro_rules! same {
    ($input:ident, $kind:ident) => {
        if let Ok(read) = $kind::parse($input) {
            let printed = on_a_line(&read);
            let again = $kind::parse(printed.as_bytes()).expect("prints what reads");
            assert_eq!(on_a_line(&again), printed);
        }
    };
}

fuzz_target!(|input: &[u8]| {
    // A header value holds control octets in folds and in quoted pairs only.
    if let Ok(read) = NameAddr::parse(input) {
        let printed = on_a_line(&read);
        let again = NameAddr::parse(printed.as_bytes()).expect("prints what reads");
        assert_eq!(again.uri().as_str(), read.uri().as_str());
        assert_eq!(again.params().iter().count(), read.params().iter().count());
        assert_eq!(again.q(), read.q());
        // A value that is no UTF-8 is none to whoever asks for its text, and prints with replacements.
        if std::str::from_utf8(input).is_ok() {
            assert_eq!(again.tag().is_some(), read.tag().is_some());
        }
        if !input.iter().any(|&octet| octet < b' ' || octet >= 0x7f) {
            assert_eq!(again.display_name(), read.display_name());
            assert!(again.params().iter().eq(read.params().iter()));
            assert_eq!(on_a_line(&again), printed);
        }
    }
    if let Ok(read) = Via::parse(input) {
        let printed = on_a_line(&read);
        let again = Via::parse(printed.as_bytes()).expect("prints what reads");
        assert_eq!((again.transport(), again.host()), (read.transport(), read.host()));
        assert_eq!((again.port(), again.rport()), (read.port(), read.rport()));
        assert_eq!(again.received(), read.received());
    }
    if input.iter().any(|&octet| octet < b' ' || octet >= 0x7f) {
        return;
    }
    same!(input, Item);
    same!(input, MediaType);
    same!(input, Replaces);
    same!(input, UserToUser);
    same!(input, Warning);
    same!(input, RetryAfter);
});

fn on_a_line(value: &impl ToString) -> String {
    let printed = value.to_string();
    assert!(!printed.chars().any(char::is_control));
    printed
}
