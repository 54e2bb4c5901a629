//! Events as lines: for people, or as JSON for machines.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use switchboard_pbx::{CallEvent, CallKind, Event, Party, UnregisterReason};

use crate::cli::LogFormat;
use crate::text::safe;

/// Writes events in one of the formats.
pub(crate) struct Show {
    format: LogFormat,
    zone: TimeZone,
}

#[derive(Serialize)]
struct Line<'a, T> {
    time: String,
    #[serde(flatten)]
    what: &'a T,
}

impl Show {
    pub(crate) fn new(format: LogFormat) -> Self {
        Self { format, zone: TimeZone::system() }
    }

    pub(crate) fn format(&self) -> LogFormat {
        self.format
    }

    /// The line of an event; `None` where people need none.
    pub(crate) fn event(&self, event: &Event) -> Option<String> {
        match self.format {
            LogFormat::Json => Some(self.json(event)),
            LogFormat::Text => {
                let time = Timestamp::now().to_zoned_datetime(self.zone.clone());
                Some(format!("{}  {}", time.strftime("%H:%M:%S%.3f"), words(event)?))
            }
        }
    }

    /// Any value as a JSON line with the time.
    pub(crate) fn json<T: Serialize>(&self, what: &T) -> String {
        let time = format!("{:.3}", Timestamp::now());
        serde_json::to_string(&Line { time, what })
            .unwrap_or_else(|error| format!("{{\"event\":\"unprintable\",\"error\":\"{error}\"}}"))
    }
}

fn words(event: &Event) -> Option<String> {
    Some(match event {
        Event::Registered { user, address, phones } => {
            format!("{user}: phone at {address} connected ({phones} now)")
        }
        Event::Unregistered { user, contact, reason } => {
            let why = match reason {
                UnregisterReason::Asked => "went",
                UnregisterReason::Expired => "did not refresh in time",
                UnregisterReason::Dismissed => {
                    "was disconnected: dismissed, or the password changed"
                }
                UnregisterReason::ConnectionClosed => "closed its connection",
                _ => "is gone",
            };
            format!("{user}: phone at {} {why}", safe(contact))
        }
        Event::Refused { address, method, status } => {
            format!("{address}: {} refused ({status})", safe(method))
        }
        Event::LockedOut { address, name } => {
            format!("{address}: too many wrong passwords, the last for {}", safe(name))
        }
        Event::TrunkRegistered { trunk } => format!("trunk {trunk}: registered"),
        Event::TrunkUnregistered { trunk, status } => match status {
            Some(status) => format!("trunk {trunk}: not registered ({status})"),
            None => format!("trunk {trunk}: no answer"),
        },
        Event::Text { from, to, status: 200 } => format!("{from} wrote to {to}"),
        Event::Text { from, to, status } => {
            format!("{from} wrote to {to}: not delivered ({status})")
        }
        Event::Call { call, what } => {
            let name = call.to_string();
            format!("call {}  {}", name.get(..6).unwrap_or(&name), call_words(what))
        }
        _ => return None,
    })
}

fn call_words(event: &CallEvent) -> String {
    match event {
        CallEvent::Started { kind, from, dialled } => {
            let kind = match kind {
                CallKind::Inbound => "from outside",
                CallKind::Internal => "internal",
                CallKind::Outbound => "to the outside",
                CallKind::Service => "service",
                _ => "call",
            };
            format!("{} calls {} ({kind})", party(from), safe(dialled))
        }
        CallEvent::Routed { step } => safe(step).into_owned(),
        CallEvent::Waiting { position } => format!("waits as number {position}"),
        CallEvent::Prompt { prompt } => format!("plays `{}`", safe(prompt)),
        CallEvent::Digit { leg, digit } => format!("digit {} (leg {leg})", digit.as_char()),
        CallEvent::Collected { digits } => format!("dialled {}", safe(digits)),
        CallEvent::Calling { party: called, .. } => format!("calls {}", party(called)),
        CallEvent::Ringing { leg } => format!("rings (leg {leg})"),
        CallEvent::LegFailed { leg, status } => format!("leg {leg} failed: {status}"),
        CallEvent::Answered { party: by } => format!("answered by {}", party(by)),
        CallEvent::SendsDigits { plan } => format!("sends tones {}", safe(plan)),
        CallEvent::Held { leg } => format!("on hold by leg {leg}"),
        CallEvent::Resumed { leg } => format!("resumed by leg {leg}"),
        CallEvent::Transferring { leg, target } => {
            format!("leg {leg} hands on to {}", safe(target))
        }
        CallEvent::Transferred { party: to } => format!("handed on to {}", party(to)),
        CallEvent::TransferFailed { status } => format!("not handed on: {status}"),
        CallEvent::Ended { cause } => format!("ended: {cause}"),
        _ => "goes on".to_owned(),
    }
}

fn party(party: &Party) -> String {
    match &party.user {
        Some(user) if party.number.is_empty() => user.to_string(),
        Some(user) => format!("{user} ({})", safe(&party.number)),
        None if party.number.is_empty() => "somebody".to_owned(),
        None => safe(&party.number).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use switchboard_pbx::CallId;

    use super::*;

    #[test]
    fn h39_text_from_a_caller_stays_on_its_line() {
        let from = Party { user: None, number: "+49\r\n12:00 call 1 ended".to_owned() };
        let what =
            CallEvent::Started { kind: CallKind::Inbound, from, dialled: "\u{1b}[2J".to_owned() };
        let event = Event::Call { call: CallId(7), what };
        for format in [LogFormat::Text, LogFormat::Json] {
            let line = Show { format, zone: TimeZone::UTC }.event(&event).unwrap();
            assert!(!line.chars().any(char::is_control), "{line:?}");
        }
    }

    #[test]
    fn json_lines_are_objects_with_time_and_event() {
        let event = Event::TrunkRegistered { trunk: "outside".parse().unwrap() };
        let line = Show { format: LogFormat::Json, zone: TimeZone::UTC }.event(&event).unwrap();
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(value["event"], "trunk-registered");
        assert!(value["time"].as_str().unwrap().ends_with('Z'));
    }
}
