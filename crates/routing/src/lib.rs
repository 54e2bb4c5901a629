//! A pure call-routing engine: who is rung, in which order, and why, from a directory of users,
//! lines, welcome messages, extensions, menus, queues and forwarding rules.
//!
//! ```
//! use std::sync::Arc;
//! use switchboard_routing::{Digit, Directory, DirectorySpec, Entry, Input, Router, Step};
//!
//! let spec: DirectorySpec = toml::from_str(r#"
//!     users = [{ login = "anna", name = "Anna", extension = "101" }]
//!     lines = [{ id = "main", number = "+493012345", extension_processing = true, welcome = true }]
//! "#)?;
//! let directory = Arc::new(Directory::build(&spec)?); // or every fault, with its place
//! let line = directory.called("03012345").unwrap().line;
//! let mut call = Router::new(directory.clone(), Entry::inbound(line.id()));
//! assert!(matches!(call.poll_output(), Some(Step::PlayAndCollect { .. }))); // the welcome message
//! call.handle(Input::Digits(&[Digit::D1, Digit::D0, Digit::D1]))?;
//! assert!(matches!(call.poll_output(), Some(Step::Ring { targets, .. }) if targets[0].user().as_str() == "anna"));
//! # assert!(call.trace().to_string().ends_with("ring anna"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A [`DirectorySpec`] is plain data that an administrator edits; [`Directory::build`] checks it
//! and compiles it; a [`Router`] takes one call through it. The router asks for steps (play, ring,
//! dial) and is told what happened; it knows no SIP and no audio. [`Router::trace`] says why.
//! [`admin`] changes the data: extensions, dismissal, who takes over.
//!
//! # Which setting decides what on an inbound call
//!
//! | extension processing | welcome | at the welcome message | in a menu with direct dialling |
//! |---|---|---|---|
//! | on | on | an extension is handled first, then the menu | options and extensions |
//! | on | off | there is none: digits before the menu do nothing | options and extensions |
//! | off | on | it is played; digits do nothing | options only |
//! | off | off | there is none | options only |
//!
//! Without a menu the call goes on to the line's rules: the person responsible for the caller, the
//! queue, the overflow. A stage that finds nobody goes on to the next, and a call always ends with
//! a [`Cause`]. Extensions that the called number itself carries do nothing.
//!
//! # Whoever has left
//!
//! A compiled directory holds the users who work here and nobody else. Rings name [`Target`]s, and
//! only a directory makes those: a dismissed user cannot be expressed as somebody to ring. During a
//! call, [`Input::Directory`] makes a dismissal count at once.
//!
//! # Queues
//!
//! A queue rings its members all at once or one by one, in the order of the data or in one that
//! depends on calls before ([`Strategy`]): then the router asks ([`Step::Order`]), and a
//! [`QueueMemory`] beside all calls knows the answer. With [`QueueSpec::wait`] round follows round,
//! with music between them, until the caller has waited long enough; what comes then is the
//! line's overflow. A queue that met no connected phone is left at once, unless it is set otherwise.
//!
//! With [`QueueSpec::max_waiting`] the router asks how many wait already ([`Step::Count`]), and a full queue is
//! passed by for what comes after it. [`WaitingCallers`], beside all calls, knows the answer, and each caller's
//! position.
//!
//! # Forwarding to the outside
//!
//! A user's forwarding rule that leads outside needs the same right as dialling: no barred number, and none beyond
//! the user's class of service ([`OutsideCalls`]); else the directory is refused
//! ([`FaultKind::ClassOfService`]). Nobody gets round a class of service by forwarding their own phone and calling it.
//! Emergency numbers are free as ever. A line's overflow and what follows its hours are the administrator's
//! own rules: barred numbers are refused there too, a class of service does not apply.
//!
//! # Time
//!
//! The router has no clock: steps carry how long to wait, and running out of time is an input
//! ([`Input::NoAnswer`], [`Input::NoDigits`]). Local wall time for working hours is part of the
//! [`Entry`], read off by whoever has a clock and a time zone, so that no table of zones is here;
//! the hours themselves are a line's: several spans a day, also over midnight, and holidays.
//!
//! # Errors
//!
//! [`Faults`] for the data, each with its path, and its line and column in a JSON text
//! ([`Faults::places_in_json`]; for TOML `switchboard-store` has them), one error type for each administrative operation, and [`InputError`]
//! for an input that has no meaning at the moment, which changes nothing. A call cannot fail: it
//! ends with its cause.
//!
//! # Features
//!
//! None. Data is `serde`; TOML, JSON or any other format is the caller's choice.
//!
//! # Limits
//!
//! Extensions have 1 to 4 digits, so there are at most 11,110. A call takes at most [`MAX_STEPS`]
//! steps and an attempt goes through at most 8 users. Queues and groups have at most 100 members
//! and ring them at their phones (their own forwarding rules do not apply).
//! A directory costs under 300 octets a user, a new call two allocations (its trace), and a
//! decision after that none.

pub mod admin;
mod directory;
mod hours;
mod id;
mod memory;
pub mod prompts;
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
mod router;
mod spec;
mod waiting;

pub use directory::{
    CalledLine, Directory, Fault, FaultKind, Faults, Holder, Line, Place, Target, User,
};
pub use hours::{Date, Holiday, HoursSpec, LocalTime, OpenSpec, TimeError, TimeOfDay, Weekday};
pub use id::{
    GroupId, IdError, LineId, MAX_ID_LEN, MenuId, Prompt, QueueId, Room, TrunkId, UserId,
};
pub use memory::QueueMemory;
pub use router::trace;
pub use router::{
    Cause, Collect, Dial, Entry, Facts, Input, InputError, MAX_STEPS, Matcher, Router, Side, Step,
    Targets, TargetsIter, Trace,
};
pub use spec::{
    ContactSpec, DirectorySpec, ForwardTo, ForwardingSpec, GroupSpec, LineSpec, MenuAction,
    MenuSpec, NumberingSpec, OptionSpec, OutsideCalls, Overflow, Permission, QueueSpec,
    ResponsibleSource, ServiceKind, ServiceSpec, Status, Strategy, TimersSpec, TrunkKind,
    TrunkSpec, TrunkTransport, UserSpec,
};
pub use waiting::WaitingCallers;

pub use switchboard_dialstring::{DialPlan, Digit, Extension, Match, Number};
