#![doc = include_str!("../README.md")]

mod accept;
mod access;
mod bind;
mod clock;
mod connect;
mod drive;
mod host;
mod limits;
mod media;
mod pace;
mod rtp_ports;
mod sockets;
mod stream;
mod streams;
mod tls;
mod ws;

pub use access::{AccessList, Network, ParseNetworkError};
pub use bind::{BindError, Purpose};
pub use clock::{now, wall_clock};
pub use drive::{Driver, DriverConfig, Handle, Stopped};
pub use host::Host;
pub use limits::StreamLimits;
pub use rtp_ports::{ParsePortRangeError, PortRange, PortRangeError};
pub use sockets::{Carrier, Listen, SipSockets};
pub use switchboard_pbx::Listener;
pub use tls::{Identity, TlsClient, TlsError, TlsFiles, TlsServer, Trust, make_self_signed};
pub use ws::Origins;
