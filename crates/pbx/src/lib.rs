//! The PBX: calls, bridges, transfer, dismissal, composed of sans-IO machines; its core runs in virtual time.

mod binding;
mod cause;
mod clock;
mod config;
mod error;
mod event;
mod ids;
mod io;
mod pbx;
mod record;
mod secrets;
mod sounds;

pub use binding::SavedBinding;
pub use cause::Cause;
pub use clock::WallClock;
pub use config::{Config, Limits, Listener, RunningCalls, Timing};
pub use error::{Error, OriginateError};
pub use event::{CallEvent, Event, UnregisterReason};
pub use ids::{CallId, CallIdError, LegNumber};
pub use io::{Command, Input, Output};
pub use pbx::{CallView, Pbx};
pub use record::{CallKind, CallRecord, LegQuality, Party, RecordHead, RecordStep};
pub use secrets::Secrets;
pub use sounds::Sounds;
