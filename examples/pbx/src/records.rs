//! From the PBX's records and registrations to the store's, and back.

use switchboard_pbx::{CallKind, CallRecord, LegQuality, Party, RecordHead};
use switchboard_store as store;
use switchboard_store::UnixMillis;

/// The record of a call that begins.
pub(crate) fn opened(head: RecordHead) -> store::CallRecord {
    let internal = matches!(head.kind, CallKind::Internal | CallKind::Service);
    store::CallRecord {
        id: head.id.to_string(),
        kind: kind(head.kind),
        from: party(head.from),
        dialled: head.dialled,
        to: None,
        line: head.line,
        internal,
        recorded: false,
        started: millis(head.started),
        answered: None,
        ended: None,
        talk_ms: 0,
        cause: None,
        sip_status: None,
        digits: Vec::new(),
        steps: Vec::new(),
        legs: Vec::new(),
    }
}

/// The record of a call that is over; whether there is a recording is not known here.
pub(crate) fn closed(record: CallRecord) -> store::CallRecord {
    let started = record.head.started;
    let at = |offset: u64| millis(started.saturating_add(offset));
    let steps = record.steps.into_iter();
    store::CallRecord {
        to: record.to.map(party),
        answered: record.answered.map(at),
        ended: Some(at(record.duration)),
        talk_ms: record.talk,
        cause: Some(record.cause.to_string()),
        sip_status: Some(if record.answered.is_some() { 200 } else { record.cause.status() }),
        digits: record.digits,
        steps: steps.map(|step| store::Step { at_ms: step.at, what: step.what }).collect(),
        legs: record.legs.into_iter().map(quality).collect(),
        ..opened(record.head)
    }
}

fn kind(kind: CallKind) -> store::CallKind {
    match kind {
        CallKind::Internal => store::CallKind::Internal,
        CallKind::Outbound => store::CallKind::Outbound,
        CallKind::Service => store::CallKind::Service,
        _ => store::CallKind::Inbound,
    }
}

fn party(party: Party) -> store::Party {
    store::Party { user: party.user, number: party.number }
}

fn quality(leg: LegQuality) -> store::LegQuality {
    store::LegQuality {
        party: party(leg.party),
        codec: leg.codec,
        received: leg.received,
        sent: leg.sent,
        lost: leg.lost,
        jitter_ms: leg.jitter_us as f64 / 1000.0,
    }
}

fn millis(unix: u64) -> UnixMillis {
    UnixMillis::new(i64::try_from(unix).unwrap_or(i64::MAX))
}
