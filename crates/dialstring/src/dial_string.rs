use core::str::FromStr;

use crate::error::ParseError;
use crate::{DialPlan, Number, Options, ServiceCode};

/// What somebody dials: a number, perhaps with an extension behind it, or a service code.
///
/// Kept inline and copied freely: parsing, holding and printing it allocate nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DialString {
    /// A main number, and what is dialled as tones once it answers.
    Number(Number, Option<PostDial>),
    /// A string that starts with `*` or `#`.
    Service(ServiceCode),
}

/// The part behind the separator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PostDial {
    pub(crate) separator: Separator,
    pub(crate) plan: DialPlan,
}

/// What stands between the main number and the extension. It survives a round trip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Separator {
    /// `;`
    Semicolon,
    /// `#`: then no `#` can follow as a tone.
    Pound,
    /// `;ext=` (RFC 3966 section 5.3).
    Ext,
}

impl Separator {
    /// The separator as text.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Semicolon => ";",
            Self::Pound => "#",
            Self::Ext => ";ext=",
        }
    }
}

impl PostDial {
    /// A plan behind a separator; `None` where that form cannot say it: `#` as a tone behind the
    /// separator `#`, and anything but digits behind `;ext=`.
    #[must_use]
    pub fn new(separator: Separator, plan: DialPlan) -> Option<Self> {
        let sayable = match separator {
            Separator::Semicolon => true,
            Separator::Pound => !plan.has_pound(),
            Separator::Ext => plan.is_decimal(),
        };
        sayable.then_some(Self { separator, plan })
    }

    /// What separates.
    #[must_use]
    pub const fn separator(&self) -> Separator {
        self.separator
    }

    /// What is sent as tones once the main number has answered.
    #[must_use]
    pub const fn plan(&self) -> &DialPlan {
        &self.plan
    }
}

impl DialString {
    /// Reads a dial string by the strict settings; see [`Options`] for others.
    ///
    /// # Errors
    /// [`ParseError`] with the offset and kind of the first fault.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        Options::default().parse(text)
    }

    /// The main number; `None` for a service code.
    #[must_use]
    pub const fn number(&self) -> Option<&Number> {
        match self {
            Self::Number(number, _) => Some(number),
            Self::Service(_) => None,
        }
    }

    /// What stands behind the main number.
    #[must_use]
    pub const fn post_dial(&self) -> Option<&PostDial> {
        match self {
            Self::Number(_, Some(post)) => Some(post),
            _ => None,
        }
    }

    /// What is sent as tones once the main number has answered.
    #[must_use]
    pub const fn plan(&self) -> Option<&DialPlan> {
        match self {
            Self::Number(_, Some(post)) => Some(&post.plan),
            _ => None,
        }
    }

    /// What separates main number and extension.
    #[must_use]
    pub const fn separator(&self) -> Option<Separator> {
        match self {
            Self::Number(_, Some(post)) => Some(post.separator),
            _ => None,
        }
    }

    /// The service code, if it is one.
    #[must_use]
    pub const fn service_code(&self) -> Option<&ServiceCode> {
        match self {
            Self::Service(code) => Some(code),
            Self::Number(..) => None,
        }
    }
}

impl FromStr for DialString {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl From<Number> for DialString {
    fn from(number: Number) -> Self {
        Self::Number(number, None)
    }
}
