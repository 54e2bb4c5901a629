#![doc = include_str!("../README.md")]

mod bind;
mod clock;
mod drive;
mod host;
mod limits;
mod ready;
mod rtp_ports;
mod sockets;
mod stream;
mod streams;

pub use bind::{BindError, Purpose};
pub use clock::{now, wall_clock};
pub use drive::{Driver, DriverConfig, Handle, Stopped};
pub use host::Host;
pub use limits::StreamLimits;
pub use rtp_ports::{ParsePortRangeError, PortRange, PortRangeError};
pub use sockets::SipSockets;
