//! Colleagues: extensions, forwarding among them, handing calls on.

use switchboard_routing::{Cause, Entry, Facts, ForwardTo, Router, ServiceKind, Side, Step};

use crate::call::{Call, build, company, company_spec, line, user};

/// An extension has at most four digits; five are a type that does not exist.
#[test]
fn r02_an_extension_has_at_most_four_digits() {
    assert!("1234".parse::<switchboard_routing::Extension>().is_ok());
    assert!("12345".parse::<switchboard_routing::Extension>().is_err());
    let too_long = r#"users = [{ login = "anna", name = "Anna", extension = "12345" }]"#;
    assert!(toml::from_str::<switchboard_routing::DirectorySpec>(too_long).is_err());
}

/// Employees call each other by plain digits.
#[test]
fn r09_colleagues_call_each_other_by_plain_digits() {
    let company = company();
    Call::internal(&company, "berta", "101").rings(&["anna"], 15).talks_to("anna");
    // As one writes it down; leading zeros count.
    Call::internal(&company, "berta", "1-0-3").rings(&["carl"], 25);
    Call::internal(&company, "berta", "7").ends(Cause::NotFound);
    Call::internal(&company, "berta", "07").ends(Cause::NotFound);
    let mut call = Call::internal(&company, "berta", "200");
    call.rings(&["anna"], 25);
    assert!(call.0.trace().to_string().contains("not berta: is the caller"));
}

/// Internal calls need both: an extension assigned, and extension processing on for the number.
#[test]
fn r10_an_extension_assigned_and_extension_processing_on() {
    let company = company();
    // Frida has no extension.
    Call::internal(&company, "anna", "104").ends(Cause::NotFound);
    // Carl's default line does not process extensions.
    Call::internal(&company, "carl", "101").ends(Cause::ExtensionsOff);
    let mut spec = company_spec();
    spec.lines[1].extension_processing = true;
    Call::internal(&build(&spec), "carl", "101").rings(&["anna"], 15);
    // Without any line there is nothing that could process one.
    spec.lines.clear();
    for user in &mut spec.users {
        user.default_line = None;
    }
    Call::internal(&build(&spec), "carl", "101").ends(Cause::ExtensionsOff);
}

/// Internal calls are free and not recorded, also on a line that records.
#[test]
fn r11_internal_calls_are_free_and_not_recorded() {
    let company = company();
    let mut call = Call::internal(&company, "berta", "101");
    call.rings(&["anna"], 15).talks_to("anna");
    assert_eq!(call.0.facts(), &Facts::Internal { line: Some(line("main")) });
    assert!(call.0.facts().is_free() && !call.0.facts().is_recorded());

    // Forwarded to a mobile phone it is no internal call any more.
    let mut call = Call::internal(&company, "berta", "101");
    call.rings(&["anna"], 15).unreachable().dials("+491701000101", "carrier");
    call.answered_outside().connects().hangs_up(Side::Callee).ends(Cause::Completed);
    assert!(!call.0.facts().is_free() && call.0.facts().is_recorded());
}

#[test]
fn a_call_to_oneself_is_busy() {
    let company = company();
    Call::internal(&company, "anna", "101").ends(Cause::SelfCall);
}

/// Busy, no answer, unreachable and declined each end the call with their own cause.
#[test]
fn each_outcome_has_its_cause() {
    let company = company();
    let ring = || {
        let mut call = Call::internal(&company, "berta", "103");
        call.rings(&["carl"], 25);
        call
    };
    ring().busy().ends(Cause::Busy);
    ring().no_answer().ends(Cause::NoAnswer);
    ring().unreachable().ends(Cause::Unreachable);
    ring().declined().ends(Cause::Declined);
    ring().hangs_up(Side::Caller).ends(Cause::Cancelled);
}

/// Forwarding: by each rule, in a chain, to a number, and never to anybody twice.
#[test]
fn forwarding_rules() {
    let company = company();
    // Berta is busy: Carl. Nothing more.
    let mut call = Call::internal(&company, "frida", "102");
    call.rings(&["berta"], 25).busy().rings(&["carl"], 25).busy().ends(Cause::Busy);
    // Anna does not answer: Berta, who does not either: Anna was tried already.
    let mut call = Call::internal(&company, "frida", "101");
    call.rings(&["anna"], 15).no_answer().rings(&["berta"], 25).no_answer().ends(Cause::NoAnswer);
    assert!(call.0.trace().to_string().contains("not anna: was tried already"));
    // Declining is as busy.
    let mut call = Call::internal(&company, "frida", "102");
    call.rings(&["berta"], 25).declined().rings(&["carl"], 25);
    // Always, to a number with an extension, without ringing.
    let mut call = Call::internal(&company, "frida", "007");
    call.dials("+43123456", "carrier").answered_outside().connects();
    assert!(matches!(call.next(), Step::SendDigits { plan } if plan.as_str() == "42"));
    // A rule that leads back to the caller finds the caller talking.
    let mut call = Call::internal(&company, "anna", "102");
    call.rings(&["berta"], 25).no_answer().ends(Cause::Busy);
}

/// A long chain of rules ends, however it is tied.
#[test]
fn a_chain_of_forwarding_is_bounded() {
    let mut text =
        String::from("lines = [{ id = 'main', number = '+49301', extension_processing = true }]\n");
    for at in 0..20 {
        text.push_str(&format!(
            "[[users]]\nlogin = 'u{at}'\nname = 'U'\nextension = '{}'\nforwarding.busy.user = 'u{}'\n",
            300 + at,
            (at + 1) % 20,
        ));
    }
    let company = build(&toml::from_str(&text).unwrap());
    let mut call = Call::internal(&company, "u0", "301");
    let mut rung = 0;
    while let Step::Ring { .. } = call.next() {
        rung += 1;
        call.busy();
    }
    assert_eq!(rung, 8);
    assert!(call.0.has_ended());
}

/// Forwarding into a queue or a group rings their members.
#[test]
fn forwarding_to_queues_and_groups() {
    let mut spec = company_spec();
    spec.users[2].forwarding.busy = Some(ForwardTo::Queue("turns".parse().unwrap()));
    spec.users[2].forwarding.no_answer = Some(ForwardTo::Group("sales".parse().unwrap()));
    let company = build(&spec);
    let mut call = Call::internal(&company, "frida", "103");
    call.rings(&["carl"], 25).busy().rings(&["berta"], 10).no_answer();
    call.rings(&["anna"], 10).no_answer().ends(Cause::NoAnswer);
    let mut call = Call::internal(&company, "frida", "103");
    call.rings(&["carl"], 25).no_answer().rings(&["anna", "berta"], 25).busy().ends(Cause::Busy);
}

#[test]
fn service_codes_answer_without_ringing() {
    let company = company();
    let mut call = Call::internal(&company, "carl", "*43");
    assert_eq!(call.next(), Step::Service { service: ServiceKind::Echo });
    call.hangs_up(Side::Caller).ends(Cause::Completed);
    assert!(call.0.facts().is_free());
    let mut call = Call::internal(&company, "carl", "*60");
    let moh = ServiceKind::PromptLoop("moh".parse().unwrap());
    assert_eq!(call.next(), Step::Service { service: moh });
    let mut call = Call::internal(&company, "carl", "*31");
    let room = ServiceKind::Room("team".parse().unwrap());
    assert_eq!(call.next(), Step::Service { service: room });
    for unknown in ["*44", "*4", "*430", "#43", "*21*03012345#"] {
        Call::internal(&company, "carl", unknown).ends(Cause::NotFound);
    }
}

/// A call made for a user: the user's own phones first, then what is to be dialled.
#[test]
fn originated_calls_ring_the_user_first() {
    let company = company();
    let start = |from: &str, to: &str| {
        let from = user(from);
        Call(Router::new(company.clone(), Entry::Originate { from: &from, to }))
    };
    let mut call = start("anna", "03011111;42");
    // The user's own forwarding does not apply: somebody else did not ask for this call.
    call.rings(&["anna"], 25).answered("anna").dials("03011111", "carrier");
    call.answered_outside().connects();
    assert!(matches!(call.next(), Step::SendDigits { plan } if plan.as_str() == "42"));
    call.hangs_up(Side::Caller).ends(Cause::Completed);
    start("anna", "103")
        .rings(&["anna"], 25)
        .answered("anna")
        .rings(&["carl"], 25)
        .talks_to("carl");
    start("anna", "103").rings(&["anna"], 25).no_answer().ends(Cause::NoAnswer);
    start("anna", "101").rings(&["anna"], 25).answered("anna").ends(Cause::SelfCall);
    start("emil", "103").ends(Cause::NotAUser);
}

/// A colleague hands a call on: to a colleague, and what was external stays external.
#[test]
fn r17_an_external_call_handed_on_stays_what_it_was() {
    let company = company();
    let mut inbound = Call::inbound(&company, "main");
    inbound.asks("", "welcome").digits("102").rings(&["berta"], 25).answered("berta").connects();
    let facts = inbound.0.facts().clone();
    assert!(facts.is_recorded());

    let hand = |by: &str, party: Option<&str>, to: &str, call: &Facts| {
        let (by, party) = (user(by), party.map(user));
        let entry = Entry::Transfer { by: &by, party: party.as_ref(), to, call };
        Call(Router::new(company.clone(), entry))
    };
    let mut handed = hand("berta", None, "103", &facts);
    handed.rings(&["carl"], 25).talks_to("carl");
    assert_eq!(handed.0.facts(), &facts, "external, on its line, recorded as its line says");

    // The call's own line decides about extensions, not the line of who hands on.
    let quiet = Facts::External { line: Some(line("quiet")), recorded: false };
    hand("berta", None, "103", &quiet).ends(Cause::ExtensionsOff);
    hand("carl", None, "101", &facts).rings(&["anna"], 15);

    // To a number outside, with the class of service of who hands on.
    let mut out = hand("berta", None, "03011111", &facts);
    out.dials("03011111", "carrier").busy().ends(Cause::Busy);
    assert_eq!(out.0.facts(), &facts);
    hand("frida", None, "03011111", &facts).ends(Cause::Barred);

    // An internal call stays internal with colleagues.
    let internal = Facts::Internal { line: Some(line("main")) };
    let mut handed = hand("berta", Some("frida"), "103", &internal);
    handed.rings(&["carl"], 25).talks_to("carl");
    assert!(handed.0.facts().is_internal());

    // Not to oneself, nor the party to itself, nor by anybody who has left.
    hand("berta", None, "102", &facts).ends(Cause::SelfCall);
    hand("berta", Some("carl"), "103", &internal).ends(Cause::SelfCall);
    hand("emil", None, "103", &facts).ends(Cause::NotAUser);
}

/// A consultation between colleagues is an internal call like any other.
#[test]
fn r17_a_consultation_is_not_recorded() {
    let company = company();
    let mut call = Call::internal(&company, "berta", "103");
    call.rings(&["carl"], 25).answered("carl").connects();
    assert!(!call.0.facts().is_recorded());
}
