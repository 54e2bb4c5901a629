//! Whoever has left is not reached: not by the data, not in a call that runs.

use std::sync::Arc;

use switchboard_routing::admin::{Actor, dismiss};
use switchboard_routing::{
    Cause, Directory, DirectorySpec, Extension, ForwardTo, Input, ServiceKind, Side, Status, Step,
};

use crate::call::{Call, build, company, company_spec, user};

fn without(login: &str) -> (DirectorySpec, Arc<Directory>) {
    let mut spec = company_spec();
    dismiss(&mut spec, &Actor::Administrator, &user(login)).unwrap();
    let directory = build(&spec);
    (spec, directory)
}

/// The directory has no target for whoever has left, at once.
#[test]
fn r13_there_is_no_way_to_express_the_dismissed() {
    let (_, company) = without("anna");
    assert!(company.target(&user("anna")).is_none());
    assert!(company.user("anna").is_none());
    assert!(company.users().all(|user| user.login().as_str() != "anna"));
    Call::internal(&company, "anna", "102").ends(Cause::NotAUser);
}

/// The extension is free and somebody else has it in the same minute.
#[test]
fn r14_the_extension_goes_to_somebody_else() {
    let (mut spec, company) = without("anna");
    Call::internal(&company, "berta", "101").ends(Cause::NotFound);
    spec.users[5].extension = Some("101".parse::<Extension>().unwrap());
    let company = build(&spec);
    Call::internal(&company, "berta", "101").rings(&["frida"], 25);
}

/// Whatever names the dismissed leads past them: contact, queues, group, menu option, forwarding
/// rule, overflow, and even their mobile number.
#[test]
fn r15_no_call_reaches_the_dismissed() {
    let company = company();
    // CRM responsible (the contact still names Emil): the queue, without him.
    let mut call = Call::from(&company, "main", "+491715550002");
    call.asks("", "welcome").silence().asks("", "menu").digits("#");
    call.rings(&["anna", "berta"], 30);
    assert!(call.0.trace().to_string().contains("not emil: does not work here any more"));
    // Menu option 4 names him: on with the line's rules.
    let mut call = Call::inbound(&company, "main");
    call.asks("", "welcome").silence().asks("", "menu").digits("4");
    call.rings(&["anna", "berta"], 30);
    // His extension.
    Call::inbound(&company, "main")
        .asks("", "welcome")
        .digits("105")
        .asks("unknown_extension", "welcome");
    Call::internal(&company, "anna", "105").ends(Cause::NotFound);

    let mut spec = company_spec();
    let emil = || Some(ForwardTo::User(user("emil")));
    spec.users[2].forwarding.busy = emil();
    spec.users[2].forwarding.no_answer = Some(ForwardTo::Number("0170 1000105".into()));
    spec.users[2].forwarding.unreachable = Some(ForwardTo::Number("+49 170 1000105".into()));
    let company = build(&spec);
    let ring = || {
        let mut call = Call::internal(&company, "anna", "103");
        call.rings(&["carl"], 25);
        call
    };
    ring().busy().ends(Cause::NobodyAvailable);
    ring().no_answer().ends(Cause::NobodyAvailable);
    ring().unreachable().ends(Cause::NobodyAvailable);

    // His rules are void with him.
    spec.users[4].forwarding.always = Some(ForwardTo::User(user("anna")));
    spec.users[2].forwarding.always = emil();
    Call::internal(&build(&spec), "anna", "103").ends(Cause::NobodyAvailable);
}

/// A number that somebody who works here has too is still theirs.
#[test]
fn r15_a_shared_mobile_number_stays_reachable() {
    let mut spec = company_spec();
    spec.users[2].mobile = spec.users[4].mobile.clone();
    spec.users[2].forwarding.busy = Some(ForwardTo::Mobile);
    let mut call = Call::internal(&build(&spec), "anna", "103");
    call.rings(&["carl"], 25).busy().dials("+491701000105", "carrier");
}

/// A dismissal counts at once in calls that run already, at every stage.
#[test]
fn r15_a_dismissal_counts_at_once_in_running_calls() {
    let company = company();
    let (_, now) = without("berta");

    // While the caller listens to the menu: the option reaches nobody any more.
    let mut call = Call::inbound(&company, "main");
    call.asks("", "welcome").silence().asks("", "menu").directory(&now).idle();
    call.digits("1").rings(&["anna"], 30);

    // While the caller is about to dial the extension.
    let mut call = Call::inbound(&company, "main");
    call.asks("", "welcome").directory(&now).digits("102").asks("unknown_extension", "welcome");

    // While her phone rings: the ring stops, the call goes on; her own rules are void.
    let mut call = Call::inbound(&company, "main");
    call.asks("", "welcome").digits("102").rings(&["berta"], 25).directory(&now);
    assert_eq!(call.next(), Step::Withdraw { user: user("berta") });
    call.asks("", "menu");

    // While she rings among others: the others go on.
    let mut call = Call::inbound(&company, "main");
    call.asks("", "welcome").silence().asks("", "menu").digits("2");
    call.rings(&["anna", "berta"], 30).directory(&now);
    assert_eq!(call.next(), Step::Withdraw { user: user("berta") });
    call.idle();
    // Her answer crossed the dismissal.
    call.answered("berta");
    assert_eq!(call.next(), Step::Withdraw { user: user("berta") });
    call.talks_to("anna");

    // As the next member of a queue in order.
    let (_, now) = without("anna");
    let mut call = Call::inbound(&company, "main");
    call.asks("", "welcome")
        .silence()
        .asks("", "menu")
        .digits("3")
        .asks("", "menu_more")
        .digits("2");
    call.rings(&["berta"], 10).directory(&now).idle().no_answer();
    call.rings(&["carl"], 25);

    // On the way to her mobile phone, by her own rule.
    let mut call = Call::internal(&company, "frida", "101");
    call.rings(&["anna"], 15).unreachable().dials("+491701000101", "carrier");
    call.directory(&now).ends(Cause::Unreachable);

    // As the person responsible, named by the CRM.
    let mut spec = company_spec();
    spec.responsible = switchboard_routing::ResponsibleSource::Crm;
    let asking = build(&spec);
    let mut call = Call::from(&asking, "main", "+4912345");
    call.asks("", "welcome").silence().asks("", "menu").digits("#");
    assert!(matches!(call.next(), Step::AskCrm { .. }));
    call.directory(&now).crm_says(Some("anna")).rings(&["berta"], 30);
}

/// Everything but the dismissal stays as the call began.
#[test]
fn a_running_call_finishes_on_the_directory_it_started_with() {
    let company = company();
    let mut spec = company_spec();
    spec.lines[0].menu = None;
    spec.lines[0].extension_processing = false;
    spec.users[2].extension = None;
    let now = build(&spec);
    let mut call = Call::inbound(&company, "main");
    call.asks("", "welcome").directory(&now).digits("103").rings(&["carl"], 25).busy();
    call.asks("", "menu");
}

/// A conversation, and a call that has ended, take the new directory and do nothing.
#[test]
fn a_conversation_goes_on() {
    let company = company();
    let (_, now) = without("carl");
    let mut call = Call::internal(&company, "anna", "103");
    call.rings(&["carl"], 25).answered("carl").connects().directory(&now).idle();
    call.hangs_up(Side::Callee).ends(Cause::Completed).directory(&now).idle();
    let mut call = Call::internal(&company, "anna", "*43");
    assert_eq!(call.next(), Step::Service { service: ServiceKind::Echo });
    call.directory(&now).idle();
}

/// Ringing somebody alone who is dismissed ends an internal call.
#[test]
fn ringing_the_dismissed_alone_ends() {
    let company = company();
    let (_, now) = without("carl");
    let mut call = Call::internal(&company, "anna", "103");
    call.rings(&["carl"], 25).directory(&now);
    assert_eq!(call.next(), Step::Withdraw { user: user("carl") });
    call.ends(Cause::Unreachable);
    let late = Input::Answered { by: Some(&user("carl")) };
    assert!(call.0.handle(late).is_err(), "a late answer changes nothing");
    call.idle();
}

/// Every user but one dismissed: every stage of every line leads to the one, or to the end.
#[test]
fn a_company_of_one() {
    let mut spec = company_spec();
    for user in &mut spec.users {
        if user.login.as_str() != "frida" {
            user.status = Status::Dismissed;
            user.extension = None;
        }
    }
    let company = build(&spec);
    for key in ["1", "2", "3", "4", "5", "#"] {
        let mut call = Call::from(&company, "main", "+491715550001");
        call.asks("", "welcome").silence().asks("", "menu").digits(key);
        if key == "3" {
            call.asks("", "menu_more").digits("2");
        }
        call.plays("nobody_available").played().ends(Cause::NobodyAvailable);
    }
}
