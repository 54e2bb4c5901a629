//! The RTP port of a leg, from being asked for to being freed.

use std::net::SocketAddr;
use std::sync::Arc;

use switchboard_media::{Command, LegId};
use switchboard_sip::Flow;

use crate::io::Output;
use crate::routes::LegKey;
use crate::session::{Session, Trust};
use crate::world::World;

/// The RTP port of a leg.
///
/// ```text
///   ask --> Asked --opened--> Open --close--> Closing --closed--> Gone
///             |  \--close--> Abandoned --opened--^                  ^
///             +------------ failed ---------------------------------+
/// ```
///
/// A port that was bound is closed exactly once, also when its leg was over before it was bound.
#[derive(Debug)]
pub(super) enum Port {
    /// The shell is binding it, for audio with the peer of this flow.
    Asked(Flow),
    /// It is bound.
    Open(Box<Session>),
    /// The leg is over, and the shell is still binding it.
    Abandoned,
    /// The plane is closing it.
    Closing,
    /// There is none, or none any more.
    Gone,
}

impl Port {
    pub(super) fn ask(world: &mut World, leg: LegKey, flow: Flow) -> Self {
        let id = world.routes.new_port(leg);
        let (call, at) = (leg.0, flow.local.ip());
        world.outputs.push_back(Output::OpenMedia { leg: id, call, at });
        Self::Asked(flow)
    }

    /// The port is bound: whether the leg still wants it.
    pub(super) fn opened(
        &mut self,
        world: &mut World,
        id: LegId,
        local: SocketAddr,
        trust: &Trust,
    ) -> bool {
        match self {
            Self::Asked(flow) => {
                world.media(Command::Open { leg: id });
                let local = world.config.public_media(flow, local);
                let identifiers = world.layer.identifiers();
                let encryption = world.config.audio.of(flow.transport, || identifiers.seed());
                let codecs = Arc::clone(&world.config.codecs);
                let session = Session::new(id.0, id, local, trust.clone(), (encryption, codecs));
                *self = Self::Open(Box::new(session));
                true
            }
            Self::Abandoned => {
                world.media(Command::Open { leg: id });
                world.media(Command::Close { leg: id });
                *self = Self::Closing;
                false
            }
            Self::Open(_) | Self::Closing | Self::Gone => false,
        }
    }

    /// There is no port.
    pub(super) fn failed(&mut self, world: &mut World, id: LegId) {
        world.routes.end_port(id);
        *self = Self::Gone;
    }

    pub(super) fn close(&mut self, world: &mut World) {
        match self {
            Self::Asked(_) => *self = Self::Abandoned,
            Self::Open(session) => {
                world.media(Command::Close { leg: session.media() });
                *self = Self::Closing;
            }
            Self::Abandoned | Self::Closing | Self::Gone => {}
        }
    }

    /// The plane has closed it. Whether nobody had asked for that: the plane has lost it.
    pub(super) fn closed(&mut self) -> bool {
        matches!(std::mem::replace(self, Self::Gone), Self::Open(_))
    }

    pub(super) fn session(&self) -> Option<&Session> {
        match self {
            Self::Open(session) => Some(session),
            _ => None,
        }
    }

    pub(super) fn session_mut(&mut self) -> Option<&mut Session> {
        match self {
            Self::Open(session) => Some(session),
            _ => None,
        }
    }

    pub(super) fn is_gone(&self) -> bool {
        matches!(self, Self::Gone)
    }
}
