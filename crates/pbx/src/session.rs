//! The audio of one leg: offer and answer (RFC 3264), and what they mean for the media plane.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use switchboard_media as media;
use switchboard_media::{LegId, StreamConfig};
use switchboard_rtp::{ClockRate, PayloadType};
use switchboard_sdp as sdp;
use switchboard_sdp::{Agreed, Encryption, LocalAudio, Negotiation};

use crate::encryption;
use crate::reach::may_name;

/// The audio of one leg.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    media: LegId,
    local: SocketAddr,
    trust: Trust,
    encryption: Encryption,
    codecs: Arc<[sdp::Codec]>,
    negotiation: Negotiation,
    agreed: Option<Agreed>,
}

/// From where the peer's audio may come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trust {
    /// Only from where its signalling comes, whatever its description says.
    Signalled(IpAddr),
    /// From wherever its description says: a trunk's media gateways are other machines. Its signalling
    /// comes from here.
    Described(IpAddr),
    /// As before, but by a datagram alone, whose source anybody can write: until the sender shows that what we
    /// send reaches them, audio goes to where the datagram seems to come from and to the addresses that the
    /// trunk's settings name; to others once a packet came from there.
    Claimed { from: IpAddr, named: Arc<[IpAddr]> },
}

impl Trust {
    /// The sender knows what only our answer says: its source is no forgery. Whether that was open.
    pub(crate) fn prove(&mut self) -> bool {
        let Self::Claimed { from, .. } = *self else { return false };
        *self = Self::Described(from);
        true
    }

    /// Whether audio may go to this address before a packet came from there; else it waits for one.
    fn vouches(&self, remote: IpAddr) -> bool {
        let remote = remote.to_canonical();
        match self {
            Self::Signalled(from) => from.to_canonical() == remote,
            Self::Described(from) => may_name(*from, remote),
            Self::Claimed { from, named } => {
                let known = from.to_canonical() == remote || named.contains(&remote);
                known && may_name(*from, remote)
            }
        }
    }

    /// Where the signalling comes from.
    const fn from(&self) -> IpAddr {
        match self {
            Self::Signalled(from) | Self::Described(from) | Self::Claimed { from, .. } => *from,
        }
    }
}

/// What a description changed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change {
    /// For the plane.
    pub(crate) stream: StreamConfig,
    /// Whether the peer put us on hold, or took us back.
    pub(crate) hold: Hold,
}

/// What became of a hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hold {
    Unchanged,
    Held,
    Resumed,
}

/// A description that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unusable {
    #[error(transparent)]
    Grammar(#[from] sdp::ParseError),
    #[error(transparent)]
    Audio(#[from] sdp::AudioError),
}

impl Unusable {
    /// The status that answers an offer like this (RFC 3261 sections 21.4.1 and 21.4.26).
    pub(crate) const fn status(&self) -> u16 {
        match self {
            Self::Grammar(error) => error.status(),
            Self::Audio(error) => error.status(),
        }
    }
}

impl Session {
    /// A session on a port that is bound. `id` is unique among our sessions.
    pub(crate) fn new(
        id: u64,
        media: LegId,
        local: SocketAddr,
        trust: Trust,
        (encryption, codecs): (Encryption, Arc<[sdp::Codec]>),
    ) -> Self {
        let negotiation = Negotiation::new(id, local);
        Self { media, local, trust, encryption, codecs, negotiation, agreed: None }
    }

    pub(crate) fn media(&self) -> LegId {
        self.media
    }

    /// The peer's source is proven: what the plane has to know of that, if anything.
    pub(crate) fn prove(&mut self) -> Option<StreamConfig> {
        let open = |session: &Self| {
            let remote = session.agreed.as_ref().map(|agreed| agreed.remote.address.ip());
            remote.is_some_and(|ip| !session.trust.vouches(ip))
        };
        let withheld = open(self);
        if !self.trust.prove() || !withheld || open(self) {
            return None;
        }
        self.agreed.as_ref().map(|agreed| self.stream(agreed))
    }

    /// The codec in use.
    pub(crate) fn codec(&self) -> Option<sdp::Codec> {
        self.agreed.as_ref().map(|agreed| agreed.codec)
    }

    /// Both sides have described their audio.
    pub(crate) fn is_agreed(&self) -> bool {
        self.agreed.is_some()
    }

    /// The peer has us on hold.
    pub(crate) fn is_held(&self) -> bool {
        self.agreed.as_ref().is_some_and(holds)
    }

    /// An offer of ours that waits for its answer.
    pub(crate) fn is_offered(&self) -> bool {
        self.negotiation.is_offered()
    }

    /// Our offer: `prefer` first, so that the two legs of a call need no transcoding.
    pub(crate) fn offer(&mut self, prefer: Option<sdp::Codec>) -> Bytes {
        let audio = self.audio(prefer);
        self.negotiation.offer(&audio).to_string().into()
    }

    /// Our answer to the peer's offer.
    pub(crate) fn answer(
        &mut self,
        offer: &[u8],
        prefer: Option<sdp::Codec>,
    ) -> Result<(Bytes, Change), Unusable> {
        let offer = sdp::Session::parse(offer)?;
        let audio = self.audio(prefer.or(self.codec()).or_else(|| self.first_codec(&offer)));
        let (answer, agreed) = self.negotiation.answer(&offer, &audio)?;
        Ok((answer.to_string().into(), self.agree(agreed)))
    }

    /// The peer's answer to our offer.
    pub(crate) fn accept(&mut self, answer: &[u8]) -> Result<Change, Unusable> {
        let answer = sdp::Session::parse(answer)?;
        let agreed = self.negotiation.accept(&answer)?;
        Ok(self.agree(agreed))
    }

    /// The codec that this offer likes best among those that we speak.
    pub(crate) fn offered_codec(&self, offer: &[u8]) -> Option<sdp::Codec> {
        self.first_codec(&sdp::Session::parse(offer).ok()?)
    }

    /// The first format that we know.
    fn first_codec(&self, offer: &sdp::Session) -> Option<sdp::Codec> {
        let audio = sdp::RemoteAudio::from_session_with(offer, &self.encryption).ok()?;
        audio.codecs().find(|codec| self.codecs.contains(codec) && spoken(*codec).is_some())
    }

    /// Our offer was refused.
    pub(crate) fn withdraw(&mut self) {
        self.negotiation.withdraw();
    }

    /// From now on audio is encrypted or refused; false where it is so already, or never.
    pub(crate) fn insist_on_encryption(&mut self) -> bool {
        let Encryption::Allowed(keys) = &mut self.encryption else { return false };
        self.encryption = Encryption::Required(std::mem::take(keys));
        true
    }

    fn audio(&self, prefer: Option<sdp::Codec>) -> LocalAudio {
        let encryption = self.encryption.clone();
        let codecs = spoken_among(&self.codecs);
        let mut audio = LocalAudio { encryption, codecs, ..LocalAudio::new(self.local) };
        if let Some(prefer) = prefer {
            audio.codecs.sort_by_key(|codec| *codec != prefer);
        }
        audio
    }

    fn agree(&mut self, agreed: Agreed) -> Change {
        let hold = match (self.is_held(), holds(&agreed)) {
            (false, true) => Hold::Held,
            (true, false) => Hold::Resumed,
            _ => Hold::Unchanged,
        };
        let stream = self.stream(&agreed);
        self.agreed = Some(agreed);
        Change { stream, hold }
    }

    fn stream(&self, agreed: &Agreed) -> StreamConfig {
        let remote = agreed.remote.address;
        // One that is not vouched for is sent nothing.
        let vouched = self.trust.vouches(remote.ip());
        let signalling = if vouched { remote.ip() } else { self.trust.from() };
        StreamConfig {
            remote,
            remote_rtcp: Some(agreed.remote.rtcp),
            signalling: Some(signalling),
            codec: spoken(agreed.codec).unwrap_or(media::Codec::Pcma),
            payload_types: payload_types(agreed.send, agreed.receive),
            telephone_event: agreed.events.and_then(|events| {
                Some(media::TelephoneEventFormat {
                    payload_types: payload_types(events.send, events.receive),
                    clock: ClockRate::new(events.clock_rate)?,
                })
            }),
            // Whoever holds us plays nothing to the other party: the PBX does.
            direction: if holds(agreed) {
                media::Direction::Inactive
            } else {
                media::Direction::SendRecv
            },
            rtcp_mux: agreed.rtcp_mux,
            srtp: agreed.keys.as_ref().and_then(encryption::keys),
            ptime: Duration::from_millis(agreed.ptime.into()),
        }
    }
}

/// Whether an offer could be answered: before anybody is rung for it.
pub(crate) fn check_offer(
    offer: &[u8],
    encryption: Encryption,
    codecs: &[sdp::Codec],
) -> Result<(), Unusable> {
    let offer = sdp::Session::parse(offer)?;
    let address = SocketAddr::from(([192, 0, 2, 1], 4_000));
    let codecs = spoken_among(codecs);
    let local = LocalAudio { encryption, codecs, ..LocalAudio::new(address) };
    Negotiation::new(0, local.address).answer(&offer, &local)?;
    Ok(())
}

/// The peer does not want to hear us: `sendonly`, `inactive`, or the address `0.0.0.0`.
fn holds(agreed: &Agreed) -> bool {
    !agreed.direction.sends()
}

/// What the media plane calls a codec, if it was built with it.
const fn spoken(codec: sdp::Codec) -> Option<media::Codec> {
    match codec {
        sdp::Codec::Pcmu => Some(media::Codec::Pcmu),
        sdp::Codec::Pcma => Some(media::Codec::Pcma),
        sdp::Codec::G722 => Some(media::Codec::G722),
        _ => None,
    }
}

fn spoken_among(codecs: &[sdp::Codec]) -> Vec<sdp::Codec> {
    codecs.iter().copied().filter(|codec| spoken(*codec).is_some()).collect()
}

fn payload_types(send: u8, receive: u8) -> media::PayloadTypes {
    let number = |value| PayloadType::new(value).unwrap_or(PayloadType::PCMA);
    media::PayloadTypes { send: number(send), receive: number(receive) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    fn codecs() -> Arc<[sdp::Codec]> {
        Arc::new([sdp::Codec::Pcma, sdp::Codec::Pcmu, sdp::Codec::G722])
    }

    fn session() -> Session {
        let trust = Trust::Signalled(address("192.0.2.9:5060").ip());
        Session::new(7, LegId(3), address("192.0.2.1:4000"), trust, (Encryption::Off, codecs()))
    }

    fn offer(formats: &str, direction: &str) -> String {
        format!(
            "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n\
             m=audio 6000 RTP/AVP {formats}\r\na=rtpmap:110 telephone-event/8000\r\n\
             a={direction}\r\n"
        )
    }

    #[test]
    fn the_offerers_first_codec_is_taken_and_events_keep_their_type() {
        let mut session = session();
        let (answer, change) =
            session.answer(offer("0 8 110", "sendrecv").as_bytes(), None).unwrap();
        assert_eq!(change.stream.codec, media::Codec::Pcmu);
        assert_eq!(change.stream.remote, address("192.0.2.9:6000"));
        let events = change.stream.telephone_event.unwrap();
        assert_eq!(events.payload_types.send.get(), 110);
        assert!(std::str::from_utf8(&answer).unwrap().contains("m=audio 4000 RTP/AVP 0 110"));
    }

    /// A trunk, or whoever sends in its name, aims our audio at no service of this machine.
    #[test]
    fn h31_a_trunk_names_its_gateways_and_not_our_own_host() {
        let trunk = address("203.0.113.5:5060").ip();
        for (named, vouched) in
            [("203.0.113.9", true), ("127.0.0.1", false), ("169.254.169.254", false)]
        {
            let trust = Trust::Described(trunk);
            let local = address("192.0.2.1:4000");
            let mut session = Session::new(7, LegId(3), local, trust, (Encryption::Off, codecs()));
            let offer =
                offer("8", "sendrecv").replace("c=IN IP4 192.0.2.9", &format!("c=IN IP4 {named}"));
            let (_, change) = session.answer(offer.as_bytes(), None).unwrap();
            let signalling = change.stream.signalling.unwrap();
            assert_eq!(signalling == change.stream.remote.ip(), vouched, "{named}");
            let latch = switchboard_rtp::SourceLatch::new(change.stream.remote, Some(signalling));
            assert_eq!(latch.destination().is_some(), vouched, "{named}");
        }
    }

    #[test]
    fn the_other_legs_codec_is_preferred() {
        let mut session = session();
        let prefer = Some(sdp::Codec::Pcma);
        session.answer(offer("0 8", "sendrecv").as_bytes(), prefer).unwrap();
        assert_eq!(session.codec(), prefer);
    }

    /// The other side's order decides, and what is not set is not spoken.
    #[test]
    fn only_the_codecs_that_are_set_are_spoken() {
        let mut wide = session();
        let (answer, change) = wide.answer(offer("9 8 0", "sendrecv").as_bytes(), None).unwrap();
        assert_eq!(change.stream.codec, media::Codec::G722);
        assert!(std::str::from_utf8(&answer).unwrap().contains("a=rtpmap:9 G722/8000"));
        let mut narrow = Session { codecs: Arc::new([sdp::Codec::Pcmu]), ..session() };
        let (_, change) = narrow.answer(offer("9 8 0", "sendrecv").as_bytes(), None).unwrap();
        assert_eq!(change.stream.codec, media::Codec::Pcmu);
        let refused = narrow.answer(offer("9 8", "sendrecv").as_bytes(), None).unwrap_err();
        assert_eq!(refused.status(), 488);
    }

    #[test]
    fn hold_and_resume() {
        let mut session = session();
        let mut next = |direction| {
            let (answer, change) = session.answer(offer("8", direction).as_bytes(), None).unwrap();
            (String::from_utf8(answer.to_vec()).unwrap(), change.hold, change.stream.direction)
        };
        assert_eq!(next("sendrecv").1, Hold::Unchanged);
        let (answer, hold, direction) = next("sendonly");
        assert!(answer.contains("a=recvonly"), "{answer}");
        assert_eq!((hold, direction), (Hold::Held, media::Direction::Inactive));
        assert_eq!(next("inactive").1, Hold::Unchanged);
        assert_eq!(next("sendrecv").1, Hold::Resumed);
    }

    #[test]
    fn an_offer_without_a_common_codec_is_488_and_a_broken_one_400() {
        let mut session = session();
        let status = |offer: &str| session.answer(offer.as_bytes(), None).unwrap_err().status();
        let mut status = status;
        assert_eq!(status(&offer("18 3", "sendrecv")), 488);
        assert_eq!(status("v=1"), 400);
    }
}
