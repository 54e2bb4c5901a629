use std::fmt;

use crate::message::{HeaderName, Message};

/// What a subscription is about (RFC 6665 section 8.2.1): the package, and an id where one dialog
/// has several subscriptions to it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EventName {
    package: Box<str>,
    id: Option<Box<str>>,
}

impl EventName {
    /// A package without an id.
    #[must_use]
    pub fn new(package: &str) -> Self {
        Self { package: package.into(), id: None }
    }

    /// Of a message; `None` also if it is malformed.
    #[must_use]
    pub fn of(message: &Message) -> Option<Self> {
        let item = message.item(HeaderName::Event).ok()??;
        let id = item.params().get("id").filter(|id| !id.is_empty());
        Some(Self { package: item.value().into(), id: id.map(Into::into) })
    }

    /// The package. Packages compare with regard to case (RFC 6665 section 8.2.1).
    #[must_use]
    pub fn package(&self) -> &str {
        &self.package
    }
}

impl fmt::Display for EventName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.package)?;
        match &self.id {
            Some(id) => write!(f, ";id={id}"),
            None => Ok(()),
        }
    }
}
