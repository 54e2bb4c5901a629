//! The drive loop: the one place where clock, sockets, PBX and media meet.

use std::collections::HashMap;
use std::future::poll_fn;
use std::net::IpAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use switchboard_media::{Channel, EventKind, LegId, Plane};
use switchboard_pbx::{Command, Input, Output, Pbx};
use switchboard_sip::{Flow, Transport};
use tokio::sync::mpsc;
use tokio::time::Sleep;

use crate::access::AccessList;
use crate::clock;
use crate::host::Host;
use crate::limits::StreamLimits;
use crate::pace::Pace;
use crate::ready::{ReadyList, Token};
use crate::rtp_ports::{PortRange, RtpPorts};
use crate::sockets::{SipSockets, Watched};
use crate::stream::StreamEvent;
use crate::streams::Streams;
use crate::tls::TlsClient;

/// Settings of a [`Driver`].
#[derive(Clone, Debug)]
pub struct DriverConfig {
    /// The ports for RTP and RTCP: bound at the address that a call's signalling came to.
    pub rtp: PortRange,
    /// Bounds of the stream transports.
    pub streams: StreamLimits,
    /// How trunks are reached over TLS; without it they are not.
    pub tls: Option<TlsClient>,
    /// How long a shutdown may take: calls that are not over by then are left to their peers' timers.
    pub shutdown: Duration,
}

/// How the drive loop ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// Every call was ended and acknowledged.
    Clean,
    /// Some peer did not answer in time.
    TimedOut,
}

/// Gives inputs to a running [`Driver`]. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Handle {
    inputs: mpsc::UnboundedSender<Input>,
}

impl Handle {
    /// Queues an input; says whether the loop still runs.
    pub fn send(&self, input: Input) -> bool {
        self.inputs.send(input).is_ok()
    }

    /// Asks the loop to end all calls and stop.
    pub fn shut_down(&self) -> bool {
        self.send(Input::Command(Command::Shutdown))
    }
}

/// Clock, sockets, PBX and media plane in one loop on one thread.
pub struct Driver {
    config: DriverConfig,
    pbx: Pbx,
    plane: Plane,
    sip: Vec<Sip>,
    streams: Streams,
    ports: RtpPorts,
    legs: HashMap<LegId, Leg>,
    ready: ReadyList,
    pace: Pace,
    inputs: mpsc::UnboundedReceiver<Input>,
    stop_by: Option<Instant>,
    buffer: Box<[u8]>,
}

/// A UDP socket for SIP, and whom it hears.
struct Sip {
    socket: Watched,
    access: AccessList,
}

struct Leg {
    rtp: Watched,
    rtcp: Watched,
}

/// What woke the loop.
#[derive(Default)]
struct Woken {
    tokens: Vec<Token>,
    streams: Vec<StreamEvent>,
    inputs: Vec<Input>,
}

/// Datagrams read from one socket before the others have their turn.
const BATCH: usize = 64;
/// The largest UDP datagram.
const DATAGRAM: usize = 65_535;
/// How long connections may take to write their last messages.
const LAST_WORDS: Duration = Duration::from_millis(300);

impl Driver {
    /// Joins the parts. Nothing is read before [`Driver::run`].
    #[must_use]
    pub fn new(
        config: DriverConfig,
        sockets: SipSockets,
        pbx: Pbx,
        plane: Plane,
    ) -> (Self, Handle) {
        let ready = ReadyList::default();
        let (sender, inputs) = mpsc::unbounded_channel();
        let watch = |(n, (socket, access))| Sip {
            socket: Watched::new(socket, Token::Sip(n), &ready),
            access,
        };
        let sip = sockets.udp.into_iter().enumerate().map(watch).collect();
        let mut streams = Streams::new(config.streams, config.tls.clone());
        for (listener, door) in sockets.streams {
            streams.listen(listener, door);
        }
        let driver = Self {
            pbx,
            plane,
            sip,
            streams,
            ports: RtpPorts::new(config.rtp),
            config,
            legs: HashMap::new(),
            ready,
            pace: Pace::new(clock::now()),
            inputs,
            stop_by: None,
            buffer: vec![0; DATAGRAM].into_boxed_slice(),
        };
        (driver, Handle { inputs: sender })
    }

    /// Runs until [`Handle::shut_down`] and the end of all calls.
    pub async fn run(&mut self, host: &mut impl Host) -> Stopped {
        let mut sleep = Box::pin(tokio::time::sleep(Duration::ZERO));
        loop {
            self.gather();
            let woken = self.wait(sleep.as_mut()).await;
            let now = clock::now();
            self.pace.begin(now, woken.tokens.len() + woken.streams.len() + woken.inputs.len());
            self.take_inputs(now, woken.inputs);
            self.take_streams(now, woken.streams);
            self.read_sockets(now, &woken.tokens, host);
            self.fire_timers(now);
            self.settle(now, host);
            if let Some(stopped) = self.stopped(now) {
                self.streams.close_all();
                self.say_last_words().await;
                return stopped;
            }
        }
    }

    /// While much comes, leaves it alone for a moment.
    #[allow(
        clippy::disallowed_methods,
        reason = "the runtime would wake up for each of what is to be gathered; the thread must not"
    )]
    fn gather(&self) {
        if let Some(pause) = self.pace.pause(clock::now())
            && self.ready.is_empty()
        {
            std::thread::sleep(pause);
        }
    }

    /// Until something can be read, something is asked, or a timer is due.
    async fn wait(&mut self, mut sleep: Pin<&mut Sleep>) -> Woken {
        let timers = [self.pbx.poll_timeout(), self.plane.poll_timeout(), self.stop_by];
        let due = timers.into_iter().flatten().min();
        if let Some(due) = due {
            sleep.as_mut().reset(due.into());
        }
        let mut woken = Woken::default();
        poll_fn(|cx| {
            let timer = due.is_some() && sleep.as_mut().poll_due(cx);
            let sockets = self.ready.poll_take(cx, &mut woken.tokens).is_ready();
            let streams = self.poll_streams(cx, &mut woken.streams);
            let inputs = self.poll_inputs(cx, &mut woken.inputs);
            if timer || sockets || streams || inputs { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        woken
    }

    fn poll_streams(&mut self, cx: &mut Context<'_>, events: &mut Vec<StreamEvent>) -> bool {
        while events.len() < BATCH
            && let Poll::Ready(event) = self.streams.poll_event(cx)
        {
            events.push(event);
        }
        !events.is_empty()
    }

    fn poll_inputs(&mut self, cx: &mut Context<'_>, inputs: &mut Vec<Input>) -> bool {
        while inputs.len() < BATCH
            && let Poll::Ready(Some(input)) = self.inputs.poll_recv(cx)
        {
            inputs.push(input);
        }
        !inputs.is_empty()
    }

    fn take_inputs(&mut self, now: Instant, inputs: Vec<Input>) {
        for input in inputs {
            if let Input::Command(Command::Shutdown) = input {
                self.stop_by.get_or_insert(now + self.config.shutdown);
            }
            self.tell(now, input);
        }
    }

    fn take_streams(&mut self, now: Instant, events: Vec<StreamEvent>) {
        for event in events {
            match event {
                StreamEvent::Opened(flow, _) => tracing::debug!(%flow, "connection accepted"),
                StreamEvent::Message(flow, payload) => self.tell(now, Input::Sip { flow, payload }),
                StreamEvent::Closed(flow, reason) => {
                    tracing::debug!(%flow, %reason, "connection closed");
                    self.tell(now, Input::FlowClosed(flow));
                }
            }
        }
    }

    fn read_sockets(&mut self, now: Instant, tokens: &[Token], host: &mut impl Host) {
        for &token in tokens {
            match token {
                Token::Sip(n) => self.read_sip(now, n),
                Token::Rtp(leg) => self.read_media(now, LegId(leg), Channel::Rtp),
                Token::Rtcp(leg) => self.read_media(now, LegId(leg), Channel::Rtcp),
            }
            self.settle(now, host);
        }
    }

    fn read_sip(&mut self, now: Instant, n: usize) {
        let Self { sip, pbx, buffer, .. } = self;
        let Some(Sip { socket, access }) = sip.get(n) else { return };
        let Some(local) = socket.local() else { return };
        socket.read(BATCH, buffer, |remote, datagram| {
            if !access.allows(remote.ip()) {
                tracing::debug!(%remote, "message dropped: not on the access list");
                return;
            }
            // Keep-alives of phones behind NAT (RFC 5626, section 4.4, and what vendors send) are no messages.
            if datagram.iter().all(|octet| matches!(octet, b'\r' | b'\n' | b' ' | 0)) {
                return;
            }
            let payload = Bytes::copy_from_slice(datagram);
            let input = Input::Sip { flow: Flow::udp(local, remote), payload };
            if let Err(error) = pbx.handle(now, input) {
                tracing::debug!(%remote, %error, "message dropped");
            }
        });
    }

    fn read_media(&mut self, now: Instant, leg: LegId, channel: Channel) {
        let Self { legs, plane, buffer, .. } = self;
        // A token may outlive its leg by one round.
        let Some(sockets) = legs.get(&leg) else { return };
        let socket = match channel {
            Channel::Rtp => &sockets.rtp,
            Channel::Rtcp => &sockets.rtcp,
        };
        socket.read(BATCH, buffer, |source, payload| {
            let input = switchboard_media::Input::Packet { leg, channel, source, payload };
            if let Err(error) = plane.handle(now, input) {
                tracing::trace!(%leg, %error, "packet dropped");
            }
        });
    }

    fn fire_timers(&mut self, now: Instant) {
        if self.pbx.poll_timeout().is_some_and(|due| due <= now) {
            self.pbx.handle_timeout(now);
        }
        if self.plane.poll_timeout().is_some_and(|due| due <= now) {
            self.plane.handle_timeout(now);
        }
    }

    /// Carries outputs to where they belong until neither machine has any.
    fn settle(&mut self, now: Instant, host: &mut impl Host) {
        loop {
            if let Some(output) = self.plane.poll_output() {
                self.obey_plane(now, output, host);
            } else if let Some(output) = self.pbx.poll_output() {
                self.obey_pbx(now, output, host);
            } else {
                return;
            }
        }
    }

    fn obey_plane(
        &mut self,
        now: Instant,
        output: switchboard_media::Output,
        host: &mut impl Host,
    ) {
        match output {
            switchboard_media::Output::Transmit(packet) => {
                let Some(leg) = self.legs.get(&packet.leg) else { return };
                let socket = match packet.channel {
                    Channel::Rtp => &leg.rtp,
                    Channel::Rtcp => &leg.rtcp,
                };
                if let Err(error) = socket.send(packet.destination, &packet.payload) {
                    tracing::trace!(leg = %packet.leg, %error, "packet not sent");
                }
            }
            switchboard_media::Output::Event(event) => {
                if let EventKind::Closed { .. } = event.kind {
                    self.legs.remove(&event.leg);
                }
                self.tell(now, Input::Media(event));
            }
            switchboard_media::Output::Recorded(block) => host.recorded(block),
            switchboard_media::Output::RecordingOver(recording) => host.recording_over(recording),
        }
    }

    fn obey_pbx(&mut self, now: Instant, output: Output, host: &mut impl Host) {
        match output {
            Output::Transmit { flow, payload } => self.transmit(now, flow, payload),
            Output::OpenMedia { leg, at } => self.open_media(now, leg, at),
            Output::Media(command) => {
                if let Err(error) =
                    self.plane.handle(now, switchboard_media::Input::Command(command))
                {
                    tracing::debug!(%error, "media command refused");
                }
            }
            Output::SaveBinding(binding) => host.save_binding(*binding),
            Output::RemoveBinding { user, contact } => host.remove_binding(&user, &contact),
            Output::RecordOpened(head) => host.record_opened(*head),
            Output::RecordClosed(record) => host.record_closed(*record),
            Output::Originated { token, result } => host.originated(token, result),
            Output::Event(event) => host.event(&event),
        }
    }

    fn transmit(&mut self, now: Instant, flow: Flow, payload: Bytes) {
        if flow.transport == Transport::Udp {
            let family = flow.remote.is_ipv4();
            let mut sockets = self.sip.iter().map(|sip| &sip.socket);
            let exact = sockets.clone().find(|socket| socket.local() == Some(flow.local));
            let socket = exact
                .or_else(|| sockets.find(|s| s.local().is_some_and(|l| l.is_ipv4() == family)));
            match socket.map(|socket| socket.send(flow.remote, &payload)) {
                Some(Ok(())) => {}
                Some(Err(error)) => tracing::debug!(%flow, %error, "message not sent"),
                None => tracing::debug!(%flow, "no socket for this address family"),
            }
        } else {
            let host = || self.pbx.host_at(&flow).map(Into::into);
            if self.streams.send(flow, payload, host).is_err() {
                self.tell(now, Input::FlowClosed(flow));
            }
        }
    }

    fn open_media(&mut self, now: Instant, leg: LegId, at: IpAddr) {
        let pair = match self.ports.open(at) {
            Ok(pair) => pair,
            Err(error) => {
                tracing::warn!(%error, "a call gets no audio");
                return self.tell(now, Input::MediaOpenFailed { leg });
            }
        };
        let rtp = Watched::new(pair.rtp, Token::Rtp(leg.0), &self.ready);
        let rtcp = Watched::new(pair.rtcp, Token::Rtcp(leg.0), &self.ready);
        self.legs.insert(leg, Leg { rtp, rtcp });
        self.tell(now, Input::MediaOpened { leg, local: pair.address });
    }

    fn tell(&mut self, now: Instant, input: Input) {
        if let Err(error) = self.pbx.handle(now, input) {
            tracing::debug!(%error, "input not taken");
        }
    }

    fn stopped(&self, now: Instant) -> Option<Stopped> {
        let stop_by = self.stop_by?;
        if self.pbx.has_stopped() {
            return Some(Stopped::Clean);
        }
        (stop_by <= now).then_some(Stopped::TimedOut)
    }

    /// Waits, within a bound, until the connections have written what they had.
    async fn say_last_words(&mut self) {
        let streams = &mut self.streams;
        let drained = poll_fn(|cx| {
            while streams.poll_event(cx).is_ready() {}
            if streams.is_drained() { Poll::Ready(()) } else { Poll::Pending }
        });
        _ = tokio::time::timeout(LAST_WORDS, drained).await;
    }
}

/// Reads a sleep as a condition.
trait PollDue {
    fn poll_due(self, cx: &mut Context<'_>) -> bool;
}

impl PollDue for Pin<&mut Sleep> {
    fn poll_due(self, cx: &mut Context<'_>) -> bool {
        self.poll(cx).is_ready()
    }
}
