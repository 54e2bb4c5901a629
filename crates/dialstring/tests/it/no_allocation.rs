//! What is read is read without an allocation, and so is what is refused.

use std::hint::black_box;

use allocation_counter::measure;
use switchboard_dialstring::{
    Country, DialPlan, DialString, Digit, DigitMap, Extension, ForeignDigits, Letters, Number,
    Options, Pattern, SipUser, TelUri,
};

#[track_caller]
fn none<T>(what: &str, work: impl Fn() -> T) {
    let counted = measure(|| {
        black_box(work());
    });
    assert_eq!(counted.count_total, 0, "{what}");
}

#[test]
fn nothing_is_allocated_for_what_is_read_or_refused() {
    let relaxed = Options::new().foreign_digits(ForeignDigits::Normalise).letters(Letters::Keypad);
    let texts = [
        "+49 30 12345;1,2w#",
        "03012345#42",
        "*21*03012345#",
        "tel:+49-30-12345;ext=42;phone-context=example.com;a=1;b=2",
        "tel:*21*12345%23;phone-context=+49",
        "sip:03012345%2342@example.com;user=phone",
        "０３０１２３４５",
        "0800 FLOWERS",
        "0301234567;",
        "030\u{202e}12345",
        "++49",
        "12345678901234567890",
        "tel:7042",
    ];
    for text in texts {
        none(text, || DialString::parse(text));
        none(text, || relaxed.parse(text));
        none(text, || TelUri::parse(text).and_then(|uri| uri.dial_string()));
        none(text, || TelUri::parse(text) == TelUri::parse("tel:+493012345;ext=42"));
        none(text, || TelUri::parse(text).map(|uri| uri.parameters().count()));
        none(text, || DialString::from_sip_user(text, SipUser::Dialled));
        none(text, || DialString::from_sip_user(text, SipUser::Telephone));
        none(text, || text.parse::<Number>());
        none(text, || text.parse::<Extension>());
        none(text, || text.parse::<DialPlan>());
        none(text, || "DE".parse::<Country>().map(|germany| germany.is_emergency(text)));
    }
}

#[test]
fn a_digit_map_allocates_when_it_changes_and_never_when_it_is_asked() {
    let mut map = DigitMap::new();
    map.insert(&[Digit::D1, Digit::D0, Digit::D1]);
    map.add_pattern(Pattern::mgcp("(0T|[1-7]xxx|9011x.T)").unwrap()).unwrap();
    none("a walk", || {
        Digit::ALL.iter().fold(map.start(), |at, &digit| {
            black_box((map.at(at), map.found(at), map.wait(at)));
            map.step_long(map.step(at, digit), digit)
        })
    });
    // Memory of removed entries is used again.
    assert!(map.insert(&[Digit::D8, Digit::D8]) && map.remove(&[Digit::D8, Digit::D8]));
    let counted = measure(|| {
        assert!(map.insert(&[Digit::D9, Digit::D9]) && map.remove(&[Digit::D9, Digit::D9]));
    });
    assert_eq!(counted.count_total, 0);
}
