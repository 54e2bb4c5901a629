//! Calls from outside: the order of welcome, extension, menu and the line's rules.

use switchboard_routing::{
    Cause, Entry, ForwardTo, HoursSpec, LocalTime, Overflow, ResponsibleSource, Side, Step,
};

use crate::call::{Call, build, company, company_spec, line};

/// A customer reaches an employee straight by the employee's extension.
#[test]
fn r01_customers_reach_the_employee_by_extension() {
    let company = company();
    Call::inbound(&company, "main")
        .asks("", "welcome")
        .digits("101")
        .rings(&["anna"], 15)
        .talks_to("anna");
}

/// Nothing handles an extension on a line whose extension processing is off: not the welcome
/// message, not the menu, not the key that asks for one.
#[test]
fn r04_extension_processing_is_a_setting_of_the_line() {
    let mut spec = company_spec();
    spec.lines[0].extension_processing = false;
    let company = build(&spec);
    let mut call = Call::inbound(&company, "main");
    call.plays("welcome").played().asks("", "menu");
    call.digits("101").asks("unknown_option", "menu");
    call.digits("3").asks("", "menu_more");
    call.digits("1").asks("unknown_option", "menu_more");
    assert!(!call.0.trace().to_string().contains("extension 101"));
}

/// The welcome message must be on for an extension to be handled before the menu.
#[test]
fn r05_without_a_welcome_digits_before_the_menu_do_nothing() {
    let mut spec = company_spec();
    spec.lines[0].welcome = false;
    let company = build(&spec);
    // The menu comes first: there was no stage at which to dial.
    Call::inbound(&company, "main").asks("", "menu");

    spec.lines[0].menu = None;
    let company = build(&spec);
    // Nor is there any without a menu.
    Call::inbound(&company, "main").rings(&["anna", "berta"], 30);
}

/// An extension dialled at the welcome message is handled first, only then the menu.
#[test]
fn r06_the_extension_comes_before_the_menu() {
    let company = company();
    let mut call = Call::inbound(&company, "main");
    // 1 would be an option of the menu; at the welcome message it is no extension.
    call.asks("", "welcome").digits("1").asks("unknown_extension", "welcome");
    call.digits("103").rings(&["carl"], 25).busy();
    // The extension found nobody: the menu.
    call.asks("", "menu").digits("1").rings(&["berta"], 25);
}

/// An extension that the called number carries does nothing.
#[test]
fn r07_a_direct_call_that_carries_an_extension_is_not_supported() {
    let company = company();
    let called = company.called("+4930123 45101".replace(' ', "").leak()).unwrap();
    assert_eq!((called.line.id().as_str(), called.carried), ("main", Some("101")));
    let mut call = Call::start(
        &company,
        Entry::Inbound { line: called.line.id(), caller: None, carried: called.carried, at: None },
    );
    call.asks("", "welcome").idle();
    assert!(call.0.trace().to_string().contains("carried 101: does nothing"));

    let mut spec = company_spec();
    spec.lines[0].welcome = false;
    spec.lines[0].menu = None;
    let company = build(&spec);
    let entry =
        Entry::Inbound { line: &line("main"), caller: None, carried: Some("103"), at: None };
    Call::start(&company, entry).rings(&["anna", "berta"], 30);
}

/// Every combination of extension processing, welcome and menu, and what of each happens first
/// and what an extension does there.
#[test]
fn r04_to_r07_every_combination() {
    for bits in 0..8 {
        let [extensions, welcome, menu] = [bits & 4 != 0, bits & 2 != 0, bits & 1 != 0];
        let mut spec = company_spec();
        spec.lines[0].extension_processing = extensions;
        spec.lines[0].welcome = welcome;
        if !menu {
            spec.lines[0].menu = None;
        }
        let company = build(&spec);
        let fresh = || Call::inbound(&company, "main");

        let mut call = fresh();
        match (welcome, extensions) {
            (true, true) => {
                fresh().asks("", "welcome").digits("101").rings(&["anna"], 15);
                call.asks("", "welcome").silence();
            }
            (true, false) => {
                call.plays("welcome").played();
            }
            (false, _) => {}
        }
        match (menu, extensions) {
            (true, true) => {
                call.asks("", "menu").digits("103").rings(&["carl"], 25);
            }
            (true, false) => {
                call.asks("", "menu").digits("103").asks("unknown_option", "menu");
            }
            (false, _) => {
                call.rings(&["anna", "berta"], 30);
            }
        }
    }
}

/// Unknown extensions: complained about, asked again, three times, then the menu.
#[test]
fn an_unknown_extension_is_asked_again_three_times() {
    let company = company();
    let mut call = Call::inbound(&company, "main");
    call.asks("", "welcome");
    call.digits("555").asks("unknown_extension", "welcome");
    call.digits("105").asks("unknown_extension", "welcome");
    call.digits("9999").asks("unknown_extension", "menu");
    call.digits("2").rings(&["anna", "berta"], 30);

    let mut spec = company_spec();
    spec.lines[0].menu = None;
    spec.lines[0].attempts = 1;
    let company = build(&spec);
    let mut call = Call::inbound(&company, "main");
    call.asks("", "welcome").digits("5").plays("unknown_extension").played();
    call.rings(&["anna", "berta"], 30);
}

/// Silence is no mistake: on to the menu without complaint, and it does not count as unknown.
#[test]
fn silence_and_mistakes_are_counted_apart() {
    let company = company();
    let mut call = Call::inbound(&company, "main");
    call.asks("", "welcome").digits("555").asks("unknown_extension", "welcome");
    call.silence().asks("", "menu");
    // Twice silent, as this menu has it, then on; two mistakes in between do not add up with it.
    call.silence().asks("", "menu");
    call.digits("7").asks("unknown_option", "menu");
    call.digits("*").asks("unknown_option", "menu");
    call.silence().rings(&["anna", "berta"], 30);
}

/// A valid extension with its terminator is not refused.
#[test]
fn a_trailing_pound_belongs_to_the_caller_not_to_the_extension() {
    let company = company();
    Call::inbound(&company, "main").asks("", "welcome").digits("103#").rings(&["carl"], 25);
    Call::inbound(&company, "main")
        .asks("", "welcome")
        .digits("#")
        .asks("unknown_extension", "welcome");
    let mut call = Call::inbound(&company, "main");
    call.asks("", "welcome").silence().asks("", "menu").digits("103#").rings(&["carl"], 25);
}

/// After the menu: the person responsible, then the queue, then the overflow, each with its time.
#[test]
fn responsible_then_queue_then_overflow() {
    let company = company();
    let mut call = Call::from(&company, "main", "01715550001");
    call.asks("", "welcome").silence().asks("", "menu").digits("#");
    call.rings(&["carl"], 20).no_answer();
    call.rings(&["anna", "berta"], 30).no_answer();
    call.rings(&["carl"], 25).no_answer();
    call.plays("nobody_available").played().ends(Cause::NoAnswer);
    let text = call.0.trace().to_string();
    assert!(text.contains("responsible: carl"), "{text}");

    // A caller nobody knows, or who shows no number.
    for caller in ["+49171999", "anonymous", ""] {
        let mut call = Call::from(&company, "main", caller);
        call.asks("", "welcome").silence().asks("", "menu").digits("#");
        call.rings(&["anna", "berta"], 30);
    }
}

/// With a CRM the router asks, and a CRM that fails is a CRM that knows nobody.
#[test]
fn the_crm_is_asked_and_may_fail() {
    let mut spec = company_spec();
    spec.responsible = ResponsibleSource::Crm;
    spec.lines[0].menu = None;
    let company = build(&spec);
    let start = || {
        let mut call = Call::from(&company, "main", "+491715550009");
        call.asks("", "welcome").silence();
        match call.next() {
            Step::AskCrm { caller, timeout } => {
                assert_eq!((&*caller, timeout.as_secs()), ("+491715550009", 3));
            }
            other => panic!("{other:?}"),
        }
        call
    };
    start().crm_says(Some("frida")).rings(&["frida"], 20);
    for nobody in [None, Some("emil"), Some("nobody.known"), Some("x\r\ny"), Some("")] {
        start().crm_says(nobody).rings(&["anna", "berta"], 30);
    }
}

/// With everything off there is nobody: the caller is told, and the call ends.
#[test]
fn a_line_without_rules_ends_the_call() {
    let company = company();
    Call::inbound(&company, "quiet")
        .plays("nobody_available")
        .played()
        .ends(Cause::NobodyAvailable);
    Call::inbound(&company, "quiet")
        .plays("nobody_available")
        .hangs_up(Side::Caller)
        .ends(Cause::NobodyAvailable);
    Call::inbound(&company, "no.such.line").ends(Cause::NotFound);
}

/// Hanging up at any moment before an answer is a cancelled call.
#[test]
fn a_caller_may_hang_up_anywhere() {
    let company = company();
    let mut call = Call::inbound(&company, "main");
    call.asks("", "welcome").hangs_up(Side::Caller).ends(Cause::Cancelled);
    let mut call = Call::inbound(&company, "main");
    call.asks("", "welcome").digits("103").rings(&["carl"], 25);
    call.hangs_up(Side::Caller).ends(Cause::Cancelled);
}

/// Outside its hours a line says so, then ends or goes where it is told to.
#[test]
fn working_hours() {
    let mut spec = company_spec();
    let hours: HoursSpec = toml::from_str(
        r#"open = [{ days = ["mon", "tue", "wed", "thu", "fri"], from = "09:00", to = "17:00" }]"#,
    )
    .unwrap();
    spec.lines[0].hours = Some(hours);
    let at = |time: &str| {
        Some(LocalTime { date: "2026-11-24".parse().unwrap(), time: time.parse().unwrap() })
    };
    let main = line("main");
    let entry = |at| Entry::Inbound { line: &main, caller: None, carried: None, at };

    let company = build(&spec);
    Call::start(&company, entry(at("10:00"))).asks("", "welcome");
    Call::start(&company, entry(None)).asks("", "welcome");
    Call::start(&company, entry(at("18:00"))).plays("closed").played().ends(Cause::Closed);

    let to_carl = Overflow::Forward(ForwardTo::User("carl".parse().unwrap()));
    spec.lines[0].hours.as_mut().unwrap().closed = to_carl;
    let company = build(&spec);
    let mut call = Call::start(&company, entry(at("18:00")));
    call.plays("closed").played().rings(&["carl"], 25).busy();
    call.plays("nobody_available").played().ends(Cause::Busy);
}
