//! A pure call-routing engine: directory, lines, welcome message, extensions, menus, queues, forwarding.

pub mod admin;
mod directory;
mod hours;
mod id;
pub mod prompts;
mod router;
mod spec;

pub use directory::{CalledLine, Directory, Fault, FaultKind, Faults, Holder, Line, Target, User};
pub use hours::{Date, HoursSpec, LocalTime, OpenSpec, TimeError, TimeOfDay, Weekday};
pub use id::{GroupId, IdError, LineId, MAX_ID_LEN, MenuId, Prompt, QueueId, TrunkId, UserId};
pub use router::trace;
pub use router::{
    Cause, Collect, Dial, Entry, Facts, Input, InputError, MAX_STEPS, Matcher, Router, Side, Step,
    Targets, Trace,
};
pub use spec::{
    ContactSpec, DirectorySpec, ForwardTo, ForwardingSpec, GroupSpec, LineSpec, MenuAction,
    MenuSpec, NumberingSpec, OptionSpec, OutsideCalls, Overflow, Permission, QueueSpec,
    ResponsibleSource, ServiceKind, ServiceSpec, Status, Strategy, TimersSpec, TrunkKind,
    TrunkSpec, TrunkTransport, UserSpec,
};
pub use switchboard_dialstring::{DialPlan, Digit, Extension, Match, Number};
