//! A message as a step: where a rule leads there, and what becomes of it.

use switchboard_routing::admin::{Actor, StaleKind, dismiss, hand_over, stale_references};
use switchboard_routing::{Cause, DirectorySpec, ForwardTo, Overflow, Side};

use crate::call::{Call, build, company_spec, user};

/// Berta's calls that nobody answers, and the line's at the end, go to a mailbox.
fn spec() -> DirectorySpec {
    let mut spec = company_spec();
    spec.users[1].forwarding = Default::default();
    spec.users[1].forwarding.no_answer = Some(ForwardTo::Voicemail(user("berta")));
    spec.users[1].forwarding.unreachable = Some(ForwardTo::Voicemail(user("emil")));
    spec.lines[1].overflow = Overflow::Forward(ForwardTo::Voicemail(user("carl")));
    spec
}

#[test]
fn a_message_ends_the_call() {
    let company = build(&spec());
    let mut call = Call::internal(&company, "anna", "102");
    call.rings(&["berta"], 25).no_answer().records_for("berta").recorded().ends(Cause::Completed);
    assert!(call.0.facts().is_internal());
    let mut call = Call::inbound(&company, "quiet");
    call.records_for("carl").hangs_up(Side::Caller).ends(Cause::Completed);
    assert!(call.0.trace().to_string().contains("a message for carl"));
}

/// A mailbox that is full, or that there is not, is one more place that did not take the call.
#[test]
fn a_mailbox_may_refuse() {
    let company = build(&spec());
    let mut call = Call::inbound(&company, "quiet");
    call.records_for("carl").busy().plays("nobody_available").played().ends(Cause::Busy);
    let mut call = Call::internal(&company, "anna", "102");
    call.rings(&["berta"], 25).no_answer().records_for("berta").unreachable();
    call.ends(Cause::Unreachable);
}

/// Nobody leaves a message for somebody who has left: not by the data, not in a call that runs.
#[test]
fn r15_no_message_for_the_dismissed() {
    let before = spec();
    let company = build(&before);
    Call::internal(&company, "anna", "102")
        .rings(&["berta"], 25)
        .unreachable()
        .ends(Cause::NobodyAvailable);
    let mut after = before;
    let gone = dismiss(&mut after, &Actor::Administrator, &user("carl")).unwrap();
    let named =
        gone.references.iter().any(|r| r.kind == StaleKind::LineOverflow && r.of == "quiet");
    assert!(named, "{:?}", gone.references);
    let now = build(&after);
    Call::inbound(&now, "quiet").plays("nobody_available");
    let mut call = Call::inbound(&company, "quiet");
    call.records_for("carl").directory(&now).plays("nobody_available");
    // Somebody takes over the mailbox, and it stays a mailbox.
    hand_over(&mut after, &Actor::Administrator, &user("carl"), &user("frida")).unwrap();
    assert!(stale_references(&after, &user("carl")).is_empty());
    Call::inbound(&build(&after), "quiet").records_for("frida");
}

#[test]
fn a_mailbox_is_data() {
    let spec = spec();
    let text = toml::to_string(&spec).unwrap();
    assert!(text.contains("voicemail = \"berta\""), "{text}");
    assert_eq!(toml::from_str::<DirectorySpec>(&text).unwrap(), spec);
    let unknown =
        r#"users = [{ login = "a", name = "A", forwarding = { busy = { voicemail = "x" } } }]"#;
    let faults =
        switchboard_routing::Directory::build(&toml::from_str(unknown).unwrap()).unwrap_err();
    assert_eq!(faults.to_string(), "users[0].forwarding.busy: there is no user x");
}
