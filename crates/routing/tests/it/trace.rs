//! Every decision explains itself: to people as a tree, to programs as data.

use switchboard_routing::Trace;
use switchboard_routing::trace::Event;

use crate::call::{Call, company};

fn long_call() -> Call {
    let company = company();
    let mut call = Call::from(&company, "main", "+491715550001");
    call.asks("", "welcome").digits("55").asks("unknown_extension", "welcome");
    call.digits("101").rings(&["anna"], 15).no_answer().rings(&["berta"], 25).busy();
    call.rings(&["carl"], 25).declined();
    call.asks("", "menu").silence().asks("", "menu").digits("4").rings(&["carl"], 20).no_answer();
    call.rings(&["anna", "berta"], 30).answered("berta").connects();
    call.hangs_up(switchboard_routing::Side::Callee);
    call
}

#[test]
fn the_tree_tells_the_whole_call() {
    let call = long_call();
    let tree = "\
call from +491715550001 on line main
├─ welcome: an extension can be dialled
│  ├─ heard 55
│  ├─ unknown extension, attempt 1
│  ├─ heard 101
│  ├─ extension 101: user anna
│  ├─ ring anna
│  ├─ no answer
│  ├─ anna forwards on no answer
│  ├─ ring berta
│  ├─ busy
│  ├─ berta forwards when busy
│  ├─ ring carl
│  └─ declined
├─ menu main: or an extension
│  ├─ heard nothing
│  ├─ heard 4
│  ├─ option 4: user emil
│  ├─ not emil: does not work here any more
│  └─ nobody to ring
├─ the person responsible for the caller
│  ├─ responsible: carl
│  ├─ ring carl
│  └─ no answer
├─ the line's queue
│  ├─ queue service
│  ├─ ring anna and 1 more
│  └─ berta answers
└─ end: completed";
    assert_eq!(call.0.trace().to_string(), tree);
}

#[test]
fn a_short_call_is_a_flat_tree() {
    let company = company();
    let mut call = Call::internal(&company, "anna", "03011111;42");
    call.dials("03011111", "carrier").answered_outside().connects();
    assert_eq!(
        call.0.trace().to_string(),
        "anna dials 03011111;42\n├─ call to 03011111 by trunk carrier\n├─ answered outside\n└─ tones 42 after the answer"
    );
}

#[test]
fn the_trace_is_data() {
    let call = long_call();
    let json = serde_json::to_string(call.0.trace()).unwrap();
    assert!(
        json.starts_with(r#"[{"event":"inbound","line":"main","caller":"+491715550001"}"#),
        "{json}"
    );
    let back: Trace = serde_json::from_str(&json).unwrap();
    assert_eq!(&back, call.0.trace());
    assert!(matches!(back.events().last(), Some(Event::End { .. })));
    let facts = serde_json::to_string(call.0.facts()).unwrap();
    assert_eq!(facts, r#"{"call":"external","line":"main","recorded":true}"#);
}

/// What comes from outside is masked before it is told.
#[test]
fn a_forged_caller_cannot_forge_a_line_of_the_log() {
    let company = company();
    let call = Call::from(&company, "main", "x\r\n└─ end: completed\u{1b}[2J");
    let text = call.0.trace().to_string();
    assert!(!text.contains(['\r', '\u{1b}']), "{text:?}");
    assert_eq!(text.lines().count(), 2, "{text}");
}
