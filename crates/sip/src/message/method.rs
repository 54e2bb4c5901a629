//! Request methods (RFC 3261 section 7.1).

use core::fmt;
use core::str::FromStr;

use super::chars::is_token;

/// The longest method name accepted, in octets.
pub const MAX_METHOD: usize = 64;

macro_rules! methods {
    ($($variant:ident $text:literal $source:literal,)+) => {
        /// A request method. Methods compare with regard to case (RFC 3261 section 7.1).
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Method {
            $(#[doc = concat!("`", $text, "`, ", $source)] $variant,)+
            /// Any other token.
            Extension(ExtensionMethod),
        }

        impl Method {
            /// The method as it is written.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Method::$variant => $text,)+
                    Method::Extension(name) => &name.0,
                }
            }

            /// The known method that these octets write exactly.
            pub(crate) fn known(name: &[u8]) -> Option<Method> {
                match name {
                    $(name if name == $text.as_bytes() => Some(Method::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

methods! {
    Invite "INVITE" "RFC 3261",
    Ack "ACK" "RFC 3261",
    Bye "BYE" "RFC 3261",
    Cancel "CANCEL" "RFC 3261",
    Register "REGISTER" "RFC 3261",
    Options "OPTIONS" "RFC 3261",
    Info "INFO" "RFC 6086",
    Prack "PRACK" "RFC 3262",
    Update "UPDATE" "RFC 3311",
    Refer "REFER" "RFC 3515",
    Subscribe "SUBSCRIBE" "RFC 6665",
    Notify "NOTIFY" "RFC 6665",
    Message "MESSAGE" "RFC 3428",
    Publish "PUBLISH" "RFC 3903",
}

/// The name of a method that this crate does not know: a token of at most [`MAX_METHOD`] octets.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ExtensionMethod(Box<str>);

/// The text is not a method: empty, longer than [`MAX_METHOD`], or not a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a method: expected a token of 1 to {MAX_METHOD} octets")]
pub struct InvalidMethod;

impl FromStr for Method {
    type Err = InvalidMethod;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(known) = Method::known(text.as_bytes()) {
            return Ok(known);
        }
        if text.is_empty() || text.len() > MAX_METHOD || !is_token(text.as_bytes()) {
            return Err(InvalidMethod);
        }
        Ok(Method::Extension(ExtensionMethod(text.into())))
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
