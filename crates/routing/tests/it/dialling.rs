//! Numbers outside: extensions behind them, emergencies, and who may call what.

use switchboard_routing::{Cause, Facts, OutsideCalls, Side, Step};

use crate::call::{Call, build, company, company_spec, line};

/// `;` or `#` separates the extension; the main number is called, the rest sent after the answer.
#[test]
fn r08_the_extension_is_dialled_once_the_main_number_answers() {
    let company = company();
    for (dialled, number, plan) in [
        ("03012399;42", "03012399", "42"),
        ("03012399#42", "03012399", "42"),
        ("+49 30 12399;1,2", "+493012399", "1,2"),
    ] {
        let mut call = Call::internal(&company, "anna", dialled);
        call.dials(number, "carrier").idle().answered_outside().connects();
        match call.next() {
            Step::SendDigits { plan: sent } => assert_eq!(sent.as_str(), plan, "{dialled}"),
            other => panic!("{other:?}"),
        }
        call.hangs_up(Side::Callee).ends(Cause::Completed);
        assert_eq!(call.0.facts(), &Facts::External { line: Some(line("main")), recorded: true });
    }
    // Nothing is sent to a number that does not answer, and nothing without an extension.
    Call::internal(&company, "anna", "03012399;42")
        .dials("03012399", "carrier")
        .busy()
        .ends(Cause::Busy);
    Call::internal(&company, "anna", "03012399")
        .dials("03012399", "carrier")
        .answered_outside()
        .connects()
        .idle();
}

#[test]
fn what_is_no_number_is_refused() {
    let company = company();
    for bad in [
        "",
        " ",
        "abc",
        "030;",
        ";42",
        "1001&PJSIP/trunk/0090123",
        "1001@evil.example",
        "%26",
        "\u{661}\u{660}\u{661}",
        "１０１",
        "++49301",
        "030123\r\nX: y",
        "030\x00123",
        "'; drop",
        &"9".repeat(10_000),
    ] {
        let mut call = Call::internal(&company, "anna", bad);
        call.ends(Cause::BadNumber);
        let text = serde_json::to_string(call.0.trace()).unwrap();
        assert!(text.len() < 1_000, "a trace holds at most 64 symbols of what was dialled");
        assert!(
            !call.0.trace().to_string().contains(['\r', '\0']),
            "control characters are masked"
        );
    }
    Call::internal(&company, "emil", "101").ends(Cause::NotAUser);
    Call::internal(&company, "nobody", "112").ends(Cause::NotAUser);
}

/// Dialled inside, an emergency number always goes out: whatever the caller's class of service,
/// however it is written, with or without extension processing.
#[test]
fn emergency_numbers_always_go_out() {
    let company = company();
    for number in ["110", "112", "911", "999", "19222"] {
        for caller in ["anna", "carl", "dora", "frida"] {
            let mut call = Call::internal(&company, caller, number);
            match call.next() {
                Step::Dial(dial) => {
                    assert!(dial.emergency);
                    assert_eq!(dial.number.as_str(), number);
                    assert_eq!(
                        dial.trunk.as_str(),
                        if caller == "carl" { "backup" } else { "carrier" }
                    );
                }
                other => panic!("{other:?}"),
            }
            call.answered_outside().connects().idle();
        }
    }
    for written in ["1 1 2", "1-1-2", "112;5", "112#"] {
        let mut call = Call::internal(&company, "frida", written);
        if written == "112#" {
            // Not a dial string: there is nothing behind the separator.
            call.ends(Cause::BadNumber);
            continue;
        }
        call.dials("112", "carrier").answered_outside().connects().idle();
    }
}

/// An emergency call is tried on every trunk before it is given up.
#[test]
fn an_emergency_call_tries_every_trunk() {
    let company = company();
    let mut call = Call::internal(&company, "carl", "112");
    call.dials("112", "backup").unreachable().dials("112", "carrier").busy().ends(Cause::Busy);

    // A trunk without a line will do, when there is nothing else.
    let mut spec = company_spec();
    for line in &mut spec.lines {
        line.trunk = None;
    }
    let company = build(&spec);
    let mut call = Call::internal(&company, "carl", "112");
    match call.next() {
        Step::Dial(dial) => assert_eq!((dial.line, dial.trunk.as_str()), (None, "carrier")),
        other => panic!("{other:?}"),
    }
    Call::internal(&company, "anna", "03012399").ends(Cause::NoTrunk);

    spec.trunks.clear();
    Call::internal(&build(&spec), "carl", "112").ends(Cause::NoTrunk);
}

/// Emergency numbers are not barred, even where a barred prefix begins them.
#[test]
fn barring_never_reaches_an_emergency_number() {
    let mut spec = company_spec();
    spec.numbering.barred = vec!["1".into(), "0".into(), "+".to_owned() + "49"];
    spec.users[3].forwarding = Default::default();
    spec.users[0].forwarding = Default::default();
    let company = build(&spec);
    Call::internal(&company, "anna", "112").dials("112", "carrier");
    Call::internal(&company, "anna", "0301234").ends(Cause::Barred);
}

/// Class of service and barred prefixes, however the number is written.
#[test]
fn who_may_call_what() {
    let company = company();
    for (caller, number, allowed) in [
        ("anna", "+493011111", true),
        ("anna", "03011111", true),
        ("anna", "0043123456", true),
        ("anna", "+12125550100", true),
        // Premium numbers, in every form.
        ("anna", "0900123456", false),
        ("anna", "+49900123456", false),
        ("anna", "0049900123456", false),
        ("anna", "0900-123456;1", false),
        ("anna", "+882161234", false),
        ("anna", "00882161234", false),
        // Carl: his own country.
        ("carl", "03011111", true),
        ("carl", "+493011111", true),
        ("carl", "004930111", true),
        ("carl", "+43123456", false),
        ("carl", "0043123456", false),
        // Frida: colleagues only.
        ("frida", "03011111", false),
        ("frida", "+493011111", false),
        ("frida", "116117", false),
    ] {
        let mut call = Call::internal(&company, caller, number);
        match call.next() {
            Step::Dial(dial) => assert!(allowed && !dial.emergency, "{caller} {number}"),
            step => {
                assert!(!allowed, "{caller} {number}");
                assert_eq!(step, Step::End { cause: Cause::Barred }, "{caller} {number}");
            }
        }
    }
    Call::internal(&company, "frida", "101").rings(&["anna"], 15);
}

/// Short service numbers of the country go out as numbers; they are nobody's extension.
#[test]
fn service_numbers_of_the_country_go_out() {
    let company = company();
    Call::internal(&company, "anna", "115").dials("115", "carrier");
    Call::internal(&company, "anna", "116117").dials("116117", "carrier");
}

/// A caller from outside reaches the directory and nothing else, whatever is dialled, wherever.
#[test]
fn callers_from_outside_never_reach_the_outside_line() {
    let mut spec = company_spec();
    // Nobody forwards outside by themselves: any outside call would be the caller's doing.
    for user in &mut spec.users {
        user.forwarding = Default::default();
        user.outside_calls = OutsideCalls::International;
    }
    let company = build(&spec);
    let tries = [
        "112",
        "110",
        "0",
        "00",
        "9",
        "0049",
        "0900123456",
        "*43",
        "*60",
        "#",
        "*",
        "03011111",
        "101*",
        "1019",
        "+",
        "A",
        "0301111111",
    ];
    for first in tries {
        for second in tries {
            let mut call = Call::inbound(&company, "main");
            let mut digits = [first, second].into_iter().cycle();
            for _ in 0..300 {
                let Some(step) = call.0.poll_output() else { break };
                match step {
                    Step::PlayAndCollect { .. } => {
                        let text = digits.next().unwrap().replace('+', "00");
                        call.digits(&text);
                    }
                    Step::Play { .. } => {
                        call.played();
                    }
                    Step::Ring { .. } => {
                        call.no_answer();
                    }
                    Step::Dial(dial) => panic!("{first} {second} called {}", dial.number),
                    Step::Service { .. } => panic!("{first} {second} reached a service"),
                    _ => {}
                }
            }
            assert!(call.0.has_ended(), "{first} {second}\n{}", call.0.trace());
        }
    }
}

/// The company's lines are found however a trunk writes the number.
#[test]
fn a_trunk_may_write_the_number_as_it_likes() {
    let company = company();
    for (called, id, carried) in [
        ("+493012345", "main", None),
        ("493012345", "main", None),
        ("00493012345", "main", None),
        ("03012345", "main", None),
        ("03099999", "quiet", None),
        ("0301234542", "main", Some("42")),
        ("+493012345007", "main", Some("007")),
    ] {
        let found = company.called(called).unwrap_or_else(|| panic!("{called}"));
        assert_eq!((found.line.id().as_str(), found.carried), (id, carried), "{called}");
    }
    for unknown in ["", "0", "+49", "03012", "030123450000042", "+4930１2345", "sip:x"] {
        assert!(company.called(unknown).is_none(), "{unknown}");
    }
}
