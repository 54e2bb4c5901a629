//! What goes into the [`Pbx`](crate::Pbx) and what comes out of it.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use bytes::Bytes;
use switchboard_media::LegId;
use switchboard_routing::{Directory, UserId};
use switchboard_sip::Flow;

use crate::binding::SavedBinding;
use crate::clock::WallClock;
use crate::error::OriginateError;
use crate::event::Event;
use crate::ids::CallId;
use crate::record::{CallRecord, RecordHead};
use crate::secrets::Secrets;

/// What the shell tells the PBX.
#[derive(Clone, Debug)]
pub enum Input {
    /// One SIP message arrived: a datagram, or what the stream framer cut out.
    Sip {
        /// The way it came.
        flow: Flow,
        /// The message, unparsed.
        payload: Bytes,
    },
    /// A connection closed, could not be made, or a datagram came back as undeliverable.
    FlowClosed(Flow),
    /// The ports that [`Output::OpenMedia`] asked for are bound.
    MediaOpened {
        /// The leg.
        leg: LegId,
        /// The address of its RTP port; RTCP is on the next port.
        local: SocketAddr,
    },
    /// There is no port left for this leg.
    MediaOpenFailed {
        /// The leg.
        leg: LegId,
    },
    /// The media plane reports something.
    Media(switchboard_media::Event),
    /// The directory changed. Calls finish on what they started with, except dismissal, which
    /// counts at once: phones of users who are not active any more are unregistered.
    Directory(Arc<Directory>),
    /// Passwords changed. Phones of users without a secret are unregistered.
    Secrets(Arc<Secrets>),
    /// What the host name of a trunk stands for now, whether or not it is news; trunks named by an
    /// address need none. Ask again after [`Input::Directory`]: what a name that no trunk bears
    /// any more stood for is forgotten.
    HostAddresses {
        /// The name, as it stands in the directory.
        host: String,
        /// Its addresses, the preferred one first.
        addresses: Vec<IpAddr>,
    },
    /// The wall clock was set, or daylight saving time began or ended.
    Clock(WallClock),
    /// A registration of before the restart; give these before the first message.
    Restore(Box<SavedBinding>),
    /// Somebody wants something.
    Command(Command),
}

/// What an administrator or a program can ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Command {
    /// Rings `from`, then dials `to` as if `from` had dialled it: an extension, a service code, or
    /// a number with an extension behind `;` or `#`. Answered by [`Output::Originated`].
    Call {
        /// Comes back in the answer.
        token: u64,
        /// Whose phones ring first.
        from: UserId,
        /// What is dialled.
        to: String,
    },
    /// Ends a call.
    HangUp {
        /// Which.
        call: CallId,
    },
    /// Ends all calls with BYE, takes the trunk registrations back and refuses new calls.
    /// [`Pbx::has_stopped`](crate::Pbx::has_stopped) tells when it is done.
    Shutdown,
}

/// What the PBX wants from the shell, in order.
#[derive(Clone, Debug)]
pub enum Output {
    /// Send this SIP message.
    Transmit {
        /// The way it goes. A stream flow without a connection asks to connect.
        flow: Flow,
        /// The message.
        payload: Bytes,
    },
    /// Whoever is at the other end of this connection has shown who they are: by credentials, as a trunk, or within a
    /// dialog. Said at each such request. A shell may close others when it has too many.
    FlowProven(Flow),
    /// Bind an RTP and an RTCP port and answer with [`Input::MediaOpened`] or
    /// [`Input::MediaOpenFailed`]. They are freed when the media plane says that the leg is
    /// closed.
    OpenMedia {
        /// The leg that they are for.
        leg: LegId,
        /// The call that it begins in: its legs are likely to be joined.
        call: CallId,
        /// Our address on the way that its signalling takes: bind there. It may be unspecified, as
        /// the listener's may be.
        at: IpAddr,
    },
    /// Hand this to the media plane. The ports of its `Open` are bound: it comes after
    /// [`Input::MediaOpened`].
    Media(switchboard_media::Command),
    /// Keep this registration over a restart; it replaces one of the same user and contact.
    SaveBinding(Box<SavedBinding>),
    /// Forget this registration.
    RemoveBinding {
        /// Whose.
        user: UserId,
        /// Its contact, as saved.
        contact: String,
    },
    /// A call begins: write it down now.
    RecordOpened(Box<RecordHead>),
    /// A call is over: complete its record.
    RecordClosed(Box<CallRecord>),
    /// The answer to [`Command::Call`].
    Originated {
        /// The command's.
        token: u64,
        /// The new call, or why there is none.
        result: Result<CallId, OriginateError>,
    },
    /// Something to show.
    Event(Event),
}
