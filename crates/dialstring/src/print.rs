//! Printing: what is printed is read back as the same value.

use core::fmt;

use crate::{DialString, PostDial, Separator};

impl DialString {
    /// The same with another separator, for a peer that reads another form.
    ///
    /// `None` where the form cannot say it: `#` as a tone behind the separator `#`, and anything
    /// but digits behind `;ext=`. A string without an extension comes back as it is.
    ///
    /// ```
    /// use switchboard_dialstring::{DialString, Separator};
    ///
    /// let dialled = DialString::parse("030 12345#42")?;
    /// let with = |separator| dialled.with_separator(separator).map(|d| d.to_string());
    /// assert_eq!(with(Separator::Semicolon).as_deref(), Some("03012345;42"));
    /// assert_eq!(with(Separator::Ext).as_deref(), Some("03012345;ext=42"));
    /// # Ok::<(), switchboard_dialstring::ParseError>(())
    /// ```
    #[must_use]
    pub fn with_separator(self, separator: Separator) -> Option<Self> {
        match self {
            Self::Number(number, Some(post)) => {
                Some(Self::Number(number, Some(PostDial::new(separator, post.plan)?)))
            }
            other => Some(other),
        }
    }
}

impl fmt::Display for PostDial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.separator.as_str())?;
        f.write_str(self.plan.as_str())
    }
}

impl fmt::Display for Separator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for DialString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number, post) => {
                f.write_str(number.as_str())?;
                post.as_ref().map_or(Ok(()), |post| post.fmt(f))
            }
            Self::Service(code) => f.write_str(code.as_str()),
        }
    }
}
