use std::fmt;
use std::time::Duration;

use crate::message::{HeaderName, Message};

/// Why a subscription is over (RFC 6665 section 4.1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The notifier lost it: subscribe again at once.
    Deactivated,
    /// Subscribe again later.
    Probation,
    /// It is not allowed, and will not be.
    Rejected,
    /// It was not refreshed, or was taken back.
    Timeout,
    /// Nobody could say whether it is allowed: perhaps later.
    GiveUp,
    /// What it is about does not exist, or does not exist any more.
    NoResource,
    /// What it is about will not change any more.
    Invariant,
}

const REASONS: [(Reason, &str); 7] = [
    (Reason::Deactivated, "deactivated"),
    (Reason::Probation, "probation"),
    (Reason::Rejected, "rejected"),
    (Reason::Timeout, "timeout"),
    (Reason::GiveUp, "giveup"),
    (Reason::NoResource, "noresource"),
    (Reason::Invariant, "invariant"),
];

impl Reason {
    /// As it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        REASONS.iter().find(|(reason, _)| *reason == self).map_or("", |(_, text)| text)
    }

    fn from_name(text: &str) -> Option<Self> {
        let mut reasons = REASONS.iter();
        reasons.find(|(_, name)| name.eq_ignore_ascii_case(text)).map(|(reason, _)| *reason)
    }
}

/// The value of Subscription-State (RFC 6665 section 8.2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SubscriptionState {
    /// It stands.
    Active {
        /// What is left of it, in whole seconds.
        expires: Option<Duration>,
    },
    /// Nobody has said yet whether it is allowed.
    Pending {
        /// What is left of it, in whole seconds.
        expires: Option<Duration>,
    },
    /// It is over.
    Terminated {
        /// Why; `None` also for a reason that is not known.
        reason: Option<Reason>,
        /// Not to be tried again before.
        retry_after: Option<Duration>,
    },
}

impl SubscriptionState {
    /// Of a NOTIFY; `None` also if it is malformed. A state that is not known counts as active
    /// (RFC 6665 section 4.1.3).
    #[must_use]
    pub fn of(message: &Message) -> Option<Self> {
        let item = message.item(HeaderName::SubscriptionState).ok()??;
        let seconds = |name| {
            let seconds: u32 = item.params().get(name)?.parse().ok()?;
            Some(Duration::from_secs(seconds.into()))
        };
        let expires = seconds("expires");
        Some(if item.is("terminated") {
            let reason = item.params().get("reason").and_then(Reason::from_name);
            Self::Terminated { reason, retry_after: seconds("retry-after") }
        } else if item.is("pending") {
            Self::Pending { expires }
        } else {
            Self::Active { expires }
        })
    }
}

impl fmt::Display for SubscriptionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, expires) = match self {
            Self::Active { expires } => ("active", expires),
            Self::Pending { expires } => ("pending", expires),
            Self::Terminated { reason, retry_after } => {
                f.write_str("terminated")?;
                if let Some(reason) = reason {
                    write!(f, ";reason={}", reason.as_str())?;
                }
                return match retry_after {
                    Some(after) => write!(f, ";retry-after={}", after.as_secs()),
                    None => Ok(()),
                };
            }
        };
        f.write_str(name)?;
        match expires {
            Some(left) => write!(f, ";expires={}", left.as_secs()),
            None => Ok(()),
        }
    }
}
