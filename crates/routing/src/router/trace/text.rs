//! The trace for people: a line an event, drawn as a tree.

use std::fmt;

use super::{Choice, Event, Outcome, Rule, Skip, Trace, When};

impl fmt::Display for Trace {
    /// Draws the call: how it came, the stages it went through, and under each what it met.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((first, rest)) = self.events().split_first() else { return Ok(()) };
        write!(f, "{first}")?;
        let mut staged = false;
        for (at, event) in rest.iter().enumerate() {
            staged |= event.is_stage();
            let last_branch = !rest[at + 1..].iter().any(|later| later.is_branch(staged));
            f.write_str("\n")?;
            if event.is_branch(staged) {
                f.write_str(if last_branch { "└─ " } else { "├─ " })?;
            } else {
                f.write_str(if last_branch { "   " } else { "│  " })?;
                let last = rest.get(at + 1).is_none_or(|next| next.is_branch(staged));
                f.write_str(if last { "└─ " } else { "├─ " })?;
            }
            write!(f, "{event}")?;
        }
        Ok(())
    }
}

impl Event {
    /// Whether the event begins a stage of a call from outside.
    fn is_stage(&self) -> bool {
        matches!(
            self,
            Self::OutsideHours
                | Self::WelcomeOff
                | Self::Welcome { .. }
                | Self::Menu { .. }
                | Self::ExtensionAsked
                | Self::Rule { .. }
        )
    }

    /// Whether the event stands at the trunk of the tree: everything does until a stage begins.
    fn is_branch(&self, staged: bool) -> bool {
        !staged || self.is_stage() || matches!(self, Self::End { .. })
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inbound { line, caller: Some(caller) } => {
                write!(f, "call from {caller} on line {line}")
            }
            Self::Inbound { line, caller: None } => write!(f, "call on line {line}"),
            Self::Dialled { caller, dialled } => write!(f, "{caller} dials {dialled}"),
            Self::HandedOn { by, to } => write!(f, "{by} hands the call on to {to}"),
            Self::Originated { from, to } => write!(f, "call for {from} to {to}"),
            Self::CarriedIgnored { digits } => {
                write!(f, "the called number carried {digits}: does nothing")
            }
            Self::OutsideHours => f.write_str("closed at this hour"),
            Self::WelcomeOff => f.write_str("welcome off: no extension before the menu"),
            Self::Welcome { extensions: true } => {
                f.write_str("welcome: an extension can be dialled")
            }
            Self::Welcome { extensions: false } => {
                f.write_str("welcome: extension processing is off")
            }
            Self::Menu { menu, extensions: true } => write!(f, "menu {menu}: or an extension"),
            Self::Menu { menu, extensions: false } => write!(f, "menu {menu}"),
            Self::ExtensionAsked => f.write_str("asked for an extension"),
            Self::Heard { digits } => write!(f, "heard {digits}"),
            Self::Silence => f.write_str("heard nothing"),
            Self::Extension { extension, of } => write!(f, "extension {extension}: {of}"),
            Self::UnknownExtension { attempt } => {
                write!(f, "unknown extension, attempt {attempt}")
            }
            Self::Option { key, choice } => write!(f, "option {key}: {choice}"),
            Self::UnknownOption { attempt } => write!(f, "unknown option, attempt {attempt}"),
            Self::Rule { rule } => f.write_str(match rule {
                Rule::Responsible => "the person responsible for the caller",
                Rule::Queue => "the line's queue",
                Rule::Overflow => "overflow",
            }),
            Self::CrmAsked => f.write_str("the CRM is asked"),
            Self::Responsible { user: Some(user) } => write!(f, "responsible: {user}"),
            Self::Responsible { user: None } => f.write_str("responsible: nobody here"),
            Self::Queue { queue } => write!(f, "queue {queue}"),
            Self::Waiting { callers: 0 } => f.write_str("nobody else waits"),
            Self::Waiting { callers: 1 } => f.write_str("1 caller waits already"),
            Self::Waiting { callers } => write!(f, "{callers} callers wait already"),
            Self::Waits { queue } => write!(f, "waits in queue {queue}"),
            Self::Voicemail { user } => write!(f, "a message for {user}"),
            Self::Group { group } => write!(f, "group {group}"),
            Self::Ring { user, more: 0 } => write!(f, "ring {user}"),
            Self::Ring { user, more } => write!(f, "ring {user} and {more} more"),
            Self::Skipped { user, reason } => write!(f, "not {user}: {reason}"),
            Self::Forwarded { of, when } => write!(f, "{of} forwards {when}"),
            Self::Outside { number, trunk, emergency, .. } => {
                let kind = if *emergency { "emergency call" } else { "call" };
                write!(f, "{kind} to {number} by trunk {trunk}")
            }
            Self::Service { code } => write!(f, "service {code}"),
            Self::Outcome { outcome } => write!(f, "{outcome}"),
            Self::Answered { by: Some(user) } => write!(f, "{user} answers"),
            Self::Answered { by: None } => f.write_str("answered outside"),
            Self::DigitsSent { plan } => write!(f, "tones {plan} after the answer"),
            Self::NoTrunk => f.write_str("no trunk to the outside"),
            Self::End { cause } => write!(f, "end: {cause}"),
        }
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(user) => write!(f, "user {user}"),
            Self::Group(group) => write!(f, "group {group}"),
            Self::Queue(queue) => write!(f, "queue {queue}"),
            Self::Menu(menu) => write!(f, "menu {menu}"),
            Self::DialExtension => f.write_str("dial an extension"),
            Self::Repeat => f.write_str("repeat"),
            Self::HangUp => f.write_str("hang up"),
            Self::Next => f.write_str("on with the line's rules"),
        }
    }
}

impl fmt::Display for Skip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dismissed => "does not work here any more",
            Self::AlreadyTried => "was tried already",
            Self::Caller => "is the caller",
        })
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Always => "always",
            Self::Busy => "when busy",
            Self::NoAnswer => "on no answer",
            Self::Unreachable => "when no phone is connected",
        })
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Busy => "busy",
            Self::NoAnswer => "no answer",
            Self::Unreachable => "unreachable",
            Self::Declined => "declined",
            Self::Nobody => "nobody to ring",
            Self::Full => "the queue is full",
        })
    }
}
