//! What an operation on the PBX refuses.

use switchboard_routing::UserId;

/// A call could not be started from here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OriginateError {
    /// There is no such active user.
    #[error("there is no active user {0}")]
    NoSuchUser(UserId),
    /// The user has no phone connected.
    #[error("{0} has no phone connected")]
    NoPhone(UserId),
    /// The PBX has as many calls as it may.
    #[error("the PBX is full: it has as many calls as it may")]
    Full,
    /// The user has as many calls as one user may.
    #[error("{0} has as many calls as one user may")]
    TooMany(UserId),
    /// What should be dialled holds an octet that no dial string may hold.
    #[error("the number to dial is empty, too long, or holds a control character")]
    BadTarget,
}

/// An input was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The octets are no SIP message: the sender's fault. On a stream, framing may be lost: see
    /// [`switchboard_sip::Framer`].
    #[error("not a SIP message: {0}")]
    Malformed(#[from] switchboard_sip::ParseError),
    /// The call that a command names is not there: the caller's fault, or the call just ended.
    #[error("there is no such call")]
    NoSuchCall,
}
