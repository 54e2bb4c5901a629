//! The parts of a compiled directory. Names have become positions; what named a dismissed user
//! names nobody.

use std::sync::Arc;
use std::time::Duration;

use switchboard_dialstring::{DialPlan, Digit, Extension, Number};

use super::{Directory, Target};
use crate::hours::HoursSpec;
use crate::id::{GroupId, LineId, MenuId, Prompt, QueueId, TrunkId, UserId};
use crate::spec::{OutsideCalls, Permission, ServiceKind, Strategy, TimersSpec};

/// Where something leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dest {
    User(u32),
    Group(u32),
    Queue(u32),
    /// A position in [`Directory::outside`].
    Outside(u32),
    /// The mailbox of a user.
    Voicemail(u32),
    /// A dismissed user: a position in [`Directory::gone`].
    Gone(u32),
}

/// A number outside that a rule names.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OutsideNumber {
    pub(crate) number: Number,
    pub(crate) plan: Option<DialPlan>,
}

/// A user who works here.
#[derive(Debug)]
pub struct User {
    pub(crate) login: UserId,
    pub(crate) name: Box<str>,
    pub(crate) extension: Option<Extension>,
    pub(crate) telephone_users: bool,
    pub(crate) outside_calls: OutsideCalls,
    /// Position in [`Directory::lines`]; `u32::MAX` when the directory has no line.
    pub(crate) line: u32,
    pub(crate) forwarding: Option<Box<Forwarding>>,
}

/// A user's forwarding rules.
#[derive(Debug, Default)]
pub(crate) struct Forwarding {
    pub(crate) always: Option<Dest>,
    pub(crate) busy: Option<Dest>,
    pub(crate) no_answer: Option<Dest>,
    pub(crate) unreachable: Option<Dest>,
    pub(crate) ring: Option<Duration>,
}

impl User {
    /// Login, and SIP user name of the user's phones.
    pub fn login(&self) -> &UserId {
        &self.login
    }

    /// For people to read.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The internal extension.
    pub fn extension(&self) -> Option<Extension> {
        self.extension
    }

    /// Whether the user has the permission.
    pub fn has(&self, permission: Permission) -> bool {
        match permission {
            Permission::TelephoneUsers => self.telephone_users,
        }
    }

    /// How far the user's calls to the outside may go.
    pub fn outside_calls(&self) -> OutsideCalls {
        self.outside_calls
    }

    /// The user as somebody whom a call can reach.
    pub fn target(&self) -> Target {
        Target::of(self.login.clone())
    }
}

/// A line.
#[derive(Debug)]
pub struct Line {
    pub(crate) id: LineId,
    pub(crate) name: Box<str>,
    pub(crate) number: Number,
    pub(crate) trunk: Option<TrunkId>,
    pub(crate) extension_processing: bool,
    pub(crate) welcome: Option<Prompt>,
    pub(crate) menu: Option<u32>,
    pub(crate) type_ahead: bool,
    pub(crate) attempts: u8,
    pub(crate) timers: TimersSpec,
    pub(crate) responsible: bool,
    pub(crate) queue: Option<u32>,
    pub(crate) overflow: OverflowTo,
    pub(crate) recorded: bool,
    pub(crate) hours: Option<Box<Hours>>,
}

/// A line's working hours.
#[derive(Debug)]
pub(crate) struct Hours {
    pub(crate) spec: HoursSpec,
    pub(crate) closed: OverflowTo,
}

/// What happens at the end of the rules.
#[derive(Debug, Clone, Copy)]
pub(crate) enum OverflowTo {
    HangUp,
    Forward(Dest),
}

impl Line {
    /// The line's identifier.
    pub fn id(&self) -> &LineId {
        &self.id
    }

    /// For people to read.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The number.
    pub fn number(&self) -> &Number {
        &self.number
    }

    /// The trunk that outbound calls on this line take.
    pub fn trunk(&self) -> Option<&TrunkId> {
        self.trunk.as_ref()
    }

    /// Whether the line processes extensions.
    pub fn extension_processing(&self) -> bool {
        self.extension_processing
    }

    /// Whether external calls on this line are recorded.
    pub fn recorded(&self) -> bool {
        self.recorded
    }
}

/// The line that a number reaches.
#[derive(Debug, Clone, Copy)]
pub struct CalledLine<'a> {
    /// The line.
    pub line: &'a Line,
    /// Digits behind the line's number.
    pub carried: Option<&'a str>,
}

/// Finds the line of a called number, exact first, then with up to 4 carried digits.
pub(super) fn called<'a>(directory: &'a Directory, number: &'a str) -> Option<CalledLine<'a>> {
    if !number.is_ascii() {
        return None;
    }
    let canonical = directory.numbering.canonical(number);
    // Trunks also deliver E.164 without its sign.
    let global = directory.numbering.canonical(&format!("+{number}"));
    for carried in 0..=Extension::MAX_DIGITS {
        for form in [canonical.as_str(), global.as_str()] {
            let Some(split) = form.len().checked_sub(carried).filter(|&split| split > 1) else {
                continue;
            };
            let found =
                directory.numbers.binary_search_by(|(known, _)| (**known).cmp(&form[..split]));
            if let Ok(at) = found {
                let line = &directory.lines[directory.numbers[at].1 as usize];
                let carried = &number[number.len() - carried..];
                return Some(CalledLine {
                    line,
                    carried: (!carried.is_empty()).then_some(carried),
                });
            }
        }
    }
    None
}

/// A menu.
#[derive(Debug)]
pub(crate) struct Menu {
    pub(crate) id: MenuId,
    pub(crate) prompt: Prompt,
    pub(crate) direct_dialling: bool,
    pub(crate) invalid: u8,
    pub(crate) silent: u8,
    /// By the key's event code.
    pub(crate) options: [Option<Action>; 16],
}

impl Menu {
    pub(crate) fn has_options(&self) -> bool {
        self.options.iter().any(Option::is_some)
    }

    pub(crate) fn option(&self, key: Digit) -> Option<Action> {
        self.options[usize::from(key.event())]
    }
}

/// What a key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Go(Dest),
    Menu(u32),
    DialExtension,
    Repeat,
    HangUp,
    Next,
}

/// A queue.
#[derive(Debug)]
pub(crate) struct Queue {
    pub(crate) id: QueueId,
    pub(crate) strategy: Strategy,
    pub(crate) ring: Duration,
    pub(crate) wait: Duration,
    pub(crate) pause: Duration,
    pub(crate) music: Prompt,
    pub(crate) max_waiting: Option<u32>,
    pub(crate) leave_when_empty: bool,
    pub(crate) members: Box<[u32]>,
    pub(crate) targets: Arc<[Target]>,
}

/// A pickup group.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) id: GroupId,
    pub(crate) members: Box<[u32]>,
    pub(crate) targets: Arc<[Target]>,
}

/// A service code.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) code: Arc<str>,
    pub(crate) kind: ServiceKind,
}

/// A known caller.
#[derive(Debug)]
pub(crate) struct Contact {
    /// In E.164 where the number has a prefix that says so.
    pub(crate) number: Box<str>,
    pub(crate) responsible: Dest,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A user costs these octets, two short texts, and 8 to 16 octets of index.
    #[test]
    fn a_user_is_small() {
        assert!(size_of::<User>() <= 72, "{}", size_of::<User>());
    }
}
