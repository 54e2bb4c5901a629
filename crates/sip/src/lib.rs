#![doc = include_str!("../README.md")]

pub mod auth;
mod back_off;
pub mod checks;
pub mod dialog;
mod flow;
mod identifiers;
pub mod locate;
mod message;
pub mod refer;
pub mod registrar;
pub mod registration;
pub mod reliable;
pub mod session_timer;
pub mod subscription;
pub mod transaction;
mod uri;

pub use flow::{ConnectionId, Flow, Transport};
pub use identifiers::{Identifiers, MAGIC_COOKIE};
pub use message::{
    BuildError, Builder, CSeq, Date, Decoded, Editor, ExtensionMethod, Framer, FramingError,
    Header, HeaderName, HeaderValue, Host, InvalidMethod, InvalidStatus, InvalidValue, Item,
    MAX_BOUNDARY, MAX_DEPTH, MAX_HEAD, MAX_HEADERS, MAX_LINE, MAX_MESSAGE, MAX_METHOD, MAX_NAME,
    MAX_PARTS, MediaType, Message, Method, Multipart, Name, NameAddr, PING, PONG, Param, ParamIter,
    Params, ParseError, ParseErrorKind, Part, RAck, Replaces, RetryAfter, StatusCode, UserToUser,
    Via, Warning, decode_frame, quote, refusal, unquote,
};
pub use uri::{MAX_URI, Scheme, Uri, UriBuf, escape_param, escape_user, unescape};
