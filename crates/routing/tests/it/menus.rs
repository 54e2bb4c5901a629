//! Menus: options beside extensions, submenus, and what a collector is told.

use switchboard_routing::{Cause, Digit, Match, OptionSpec};

use crate::call::{Call, build, company, company_spec, digits};

fn at_menu() -> Call {
    let company = company();
    let mut call = Call::inbound(&company, "main");
    call.asks("", "welcome").silence().asks("", "menu");
    call
}

#[test]
fn each_option_does_what_it_says() {
    at_menu().digits("1").rings(&["berta"], 25);
    at_menu().digits("2").rings(&["anna", "berta"], 30);
    at_menu().digits("3").asks("", "menu_more");
    at_menu().digits("5").rings(&["anna", "berta"], 25);
    at_menu().digits("9").asks("", "menu");
    at_menu().digits("0").plays("goodbye").played().ends(Cause::MenuHangUp);
    at_menu().digits("#").rings(&["anna", "berta"], 30);
    at_menu().digits("8").asks("unknown_option", "menu");
    at_menu().digits("777").asks("unknown_extension", "menu");
}

/// A menu takes extensions directly, or only behind a key; both exist.
#[test]
fn direct_dialling_or_behind_a_key() {
    at_menu().digits("103").rings(&["carl"], 25);
    let more = || {
        let mut call = at_menu();
        call.digits("3").asks("", "menu_more");
        call
    };
    more().digits("103").asks("unknown_option", "menu_more");
    let behind = || {
        let mut call = more();
        call.digits("1").asks("", "dial_extension");
        call
    };
    behind().digits("103").rings(&["carl"], 25);
    behind().silence().rings(&["anna", "berta"], 30);
    let mut call = behind();
    call.digits("1").asks("unknown_extension", "dial_extension");
    call.digits("2").asks("unknown_extension", "dial_extension");
    call.digits("3").plays("unknown_extension").played().rings(&["anna", "berta"], 30);
}

/// A queue chosen in the menu is followed by what follows the line's own queue.
#[test]
fn a_queue_in_order_rings_one_after_the_other() {
    let mut call = at_menu();
    call.digits("3").asks("", "menu_more").digits("2");
    call.rings(&["berta"], 10).busy();
    // Emil does not work here any more.
    call.rings(&["anna"], 10).no_answer();
    // Overflow.
    call.rings(&["carl"], 25).busy();
    call.plays("nobody_available").played().ends(Cause::Busy);
}

/// Three mistakes, then on. A menu counts for itself.
#[test]
fn a_menu_gives_up_after_its_mistakes() {
    let mut call = at_menu();
    call.digits("8").asks("unknown_option", "menu");
    call.digits("8").asks("unknown_option", "menu");
    call.digits("8").plays("unknown_option").played().rings(&["anna", "berta"], 30);
}

/// Options that begin an extension wait for the next digit, all others fire at once.
#[test]
fn the_matcher_knows_options_and_extensions() {
    let call = at_menu();
    let matches = |text: &str| call.0.matcher().matches(&digits(text));
    assert_eq!(matches(""), Match::May);
    assert_eq!(matches("1"), Match::FullAndMore, "option 1, and 101");
    assert_eq!(matches("2"), Match::FullAndMore, "option 2, and group 200");
    assert_eq!(matches("3"), Match::Full, "no extension begins with 3");
    assert_eq!(matches("0"), Match::FullAndMore, "option 0, and 007");
    assert_eq!(matches("00"), Match::May);
    assert_eq!(matches("007"), Match::Full);
    assert_eq!(matches("10"), Match::May);
    assert_eq!(matches("101"), Match::Full);
    assert_eq!(matches("101#"), Match::Full, "ended by the caller");
    assert_eq!(matches("10#"), Match::None);
    assert_eq!(matches("#"), Match::Full, "an option here");
    assert_eq!(matches("105"), Match::None, "released by a dismissal");
    assert_eq!(matches("8"), Match::None);
    assert_eq!(matches("*"), Match::None);
}

#[test]
fn the_matcher_follows_the_stage() {
    let company = company();
    let mut call = Call::inbound(&company, "main");
    call.asks("", "welcome");
    let matches = |call: &Call, text: &str| call.0.matcher().matches(&digits(text));
    assert_eq!(matches(&call, "1"), Match::May, "no options at the welcome message");
    assert_eq!(matches(&call, "3"), Match::None);
    assert_eq!(matches(&call, "#"), Match::None);
    call.digits("103").rings(&["carl"], 25);
    assert_eq!(matches(&call, "1"), Match::None, "nothing is collected while it rings");
}

/// The key that asks for an extension is no key where extensions are not processed.
#[test]
fn the_matcher_follows_the_line() {
    let mut spec = company_spec();
    spec.lines[0].extension_processing = false;
    let company = build(&spec);
    let mut call = Call::inbound(&company, "main");
    call.plays("welcome").played().asks("", "menu");
    assert_eq!(call.0.matcher().matches(&[Digit::D1]), Match::Full, "nothing longer counts");
    call.digits("3").asks("", "menu_more");
    assert_eq!(call.0.matcher().matches(&[Digit::D1]), Match::None);
    assert_eq!(call.0.matcher().matches(&[Digit::D2]), Match::Full);
}

/// An option whose key is a whole extension too: in the menu it is the menu's.
#[test]
fn an_option_comes_before_a_one_digit_extension() {
    let mut spec = company_spec();
    spec.users[5].extension = Some("1".parse().unwrap());
    let company = build(&spec);
    let mut call = Call::inbound(&company, "main");
    call.asks("", "welcome").digits("1").rings(&["frida"], 25);
    let mut call = Call::inbound(&company, "main");
    call.asks("", "welcome").silence().asks("", "menu").digits("1").rings(&["berta"], 25);
}

/// A caller who repeats the menu for ever does not keep the call for ever.
#[test]
fn repeating_is_bounded() {
    let mut call = at_menu();
    for _ in 0..1_000 {
        call.digits("9");
        if call.0.has_ended() {
            break;
        }
        call.asks("", "menu");
    }
    call.ends(Cause::TooManySteps);
}

#[test]
fn a_menu_without_options_goes_on() {
    let mut spec = company_spec();
    spec.menus[0].options = Vec::<OptionSpec>::new();
    spec.menus[0].direct_dialling = false;
    let company = build(&spec);
    let mut call = Call::inbound(&company, "main");
    call.asks("", "welcome").silence().asks("", "menu");
    assert_eq!(call.0.matcher().matches(&[]), Match::None);
    call.silence().asks("", "menu").silence().rings(&["anna", "berta"], 30);
}
