//! The drive loop: the one place where clock, sockets, PBX and media threads meet.

use std::future::poll_fn;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use switchboard_media::{LegId, Plane};
use switchboard_pbx::{CallId, Command, Input, Output, Pbx};
use switchboard_sip::{Flow, Transport};
use tokio::sync::mpsc;
use tokio::time::Sleep;

use crate::clock;
use crate::host::Host;
use crate::limits::StreamLimits;
use crate::media::{MediaThreads, News};
use crate::pace::Pace;
use crate::rtp_ports::{PortRange, RtpPorts};
use crate::sockets::{Datagrams, SipSockets};
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

/// Clock, sockets and PBX in one loop on one thread; beside it a thread for each media plane.
pub struct Driver {
    config: DriverConfig,
    pbx: Pbx,
    sip: Vec<Datagrams>,
    streams: Streams,
    ports: RtpPorts,
    media: MediaThreads,
    pace: Pace,
    /// A socket was not read to its end.
    has_rest: bool,
    inputs: mpsc::UnboundedReceiver<Input>,
    stop_by: Option<Instant>,
    buffer: Box<[u8]>,
}

/// What woke the loop.
#[derive(Default)]
struct Woken {
    /// Places of UDP sockets.
    sockets: Vec<usize>,
    news: Vec<News>,
    streams: Vec<StreamEvent>,
    inputs: Vec<Input>,
}

/// Datagrams read from one socket before the others have their turn.
const BATCH: usize = 64;
/// The largest UDP datagram.
const DATAGRAM: usize = 65_535;
/// How long connections may take to write their last messages.
const LAST_WORDS: Duration = Duration::from_millis(300);

impl Woken {
    /// How much there is to do.
    fn things(&self) -> usize {
        self.sockets.len() + self.news.len() + self.streams.len() + self.inputs.len()
    }
}

impl Driver {
    /// Joins the parts, and starts a thread for each plane: calls are spread over them. Without any no call gets audio. No socket
    /// is read before [`Driver::run`].
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn new(
        config: DriverConfig,
        sockets: SipSockets,
        pbx: Pbx,
        planes: Vec<Plane>,
    ) -> io::Result<(Self, Handle)> {
        let (sender, inputs) = mpsc::unbounded_channel();
        let mut streams = Streams::new(config.streams, config.tls.clone());
        for (listener, door) in sockets.streams {
            streams.listen(listener, door);
        }
        let driver = Self {
            pbx,
            sip: sockets.udp,
            streams,
            ports: RtpPorts::new(config.rtp),
            media: MediaThreads::start(planes)?,
            config,
            pace: Pace::new(clock::now()),
            has_rest: false,
            inputs,
            stop_by: None,
            buffer: vec![0; DATAGRAM].into_boxed_slice(),
        };
        Ok((driver, Handle { inputs: sender }))
    }

    /// Runs until [`Handle::shut_down`] and the end of all calls.
    pub async fn run(&mut self, host: &mut impl Host) -> Stopped {
        let mut sleep = Box::pin(tokio::time::sleep(Duration::ZERO));
        loop {
            self.gather();
            let woken = self.wait(sleep.as_mut()).await;
            let now = clock::now();
            self.pace.begin(now, woken.things());
            self.take_news(now, woken.news, host);
            self.take_inputs(now, woken.inputs);
            self.take_streams(now, woken.streams);
            self.read_sockets(now, &woken.sockets, host);
            self.fire_timers(now);
            self.settle(now, host);
            self.media.ring();
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
            && !self.has_rest
        {
            std::thread::sleep(pause);
        }
    }

    /// Until something can be read, something is asked, or a timer is due.
    async fn wait(&mut self, mut sleep: Pin<&mut Sleep>) -> Woken {
        let timers = [self.pbx.poll_timeout(), self.stop_by];
        let due = timers.into_iter().flatten().min();
        if let Some(due) = due {
            sleep.as_mut().reset(due.into());
        }
        let mut woken = Woken::default();
        poll_fn(|cx| {
            let timer = due.is_some() && sleep.as_mut().poll_due(cx);
            let sockets = self.poll_sockets(cx, &mut woken.sockets);
            let news = self.poll_news(cx, &mut woken.news);
            let streams = self.poll_streams(cx, &mut woken.streams);
            let inputs = self.poll_inputs(cx, &mut woken.inputs);
            if timer || sockets || news || streams || inputs {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
        woken
    }

    fn poll_sockets(&self, cx: &mut Context<'_>, ready: &mut Vec<usize>) -> bool {
        ready.extend((0..self.sip.len()).filter(|n| self.sip[*n].poll_ready(cx)));
        !ready.is_empty()
    }

    fn poll_news(&mut self, cx: &mut Context<'_>, all: &mut Vec<News>) -> bool {
        while all.len() < BATCH
            && let Poll::Ready(news) = self.media.poll_news(cx)
        {
            all.push(news);
        }
        !all.is_empty()
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

    fn take_news(&mut self, now: Instant, all: Vec<News>, host: &mut impl Host) {
        for output in all.into_iter().flatten() {
            match output {
                switchboard_media::Output::Event(event) => self.tell(now, Input::Media(event)),
                switchboard_media::Output::Recorded(block) => host.recorded(block),
                switchboard_media::Output::RecordingOver(recording) => {
                    host.recording_over(recording);
                }
                // A thread sends its packets itself.
                switchboard_media::Output::Transmit(_) => {}
            }
            self.settle(now, host);
        }
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

    fn read_sockets(&mut self, now: Instant, ready: &[usize], host: &mut impl Host) {
        self.has_rest = false;
        for &n in ready {
            self.has_rest |= self.read_sip(now, n);
            self.settle(now, host);
        }
    }

    fn read_sip(&mut self, now: Instant, n: usize) -> bool {
        let Self { sip, pbx, buffer, .. } = self;
        let Some(socket) = sip.get(n) else { return false };
        let Some(local) = socket.local() else { return false };
        socket.read(BATCH, buffer, |remote, datagram| {
            if !socket.access.allows(remote.ip()) {
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
        })
    }

    fn fire_timers(&mut self, now: Instant) {
        if self.pbx.poll_timeout().is_some_and(|due| due <= now) {
            self.pbx.handle_timeout(now);
        }
    }

    /// Carries outputs to where they belong until there are none.
    fn settle(&mut self, now: Instant, host: &mut impl Host) {
        while let Some(output) = self.pbx.poll_output() {
            self.obey_pbx(now, output, host);
        }
    }

    fn obey_pbx(&mut self, now: Instant, output: Output, host: &mut impl Host) {
        match output {
            Output::Transmit { flow, payload } => self.transmit(now, flow, payload),
            Output::FlowProven(flow) => self.streams.keep(flow),
            Output::OpenMedia { leg, call, at } => self.open_media(now, leg, call, at),
            Output::Media(command) => self.media.command(command),
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
            let mut sockets = self.sip.iter();
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

    fn open_media(&mut self, now: Instant, leg: LegId, call: CallId, at: IpAddr) {
        let input = match self.ports.open(at) {
            Ok((pair, local)) => {
                if self.media.open(leg, call, pair) {
                    Input::MediaOpened { leg, local }
                } else {
                    Input::MediaOpenFailed { leg }
                }
            }
            Err(error) => {
                tracing::warn!(%error, "a call gets no audio");
                Input::MediaOpenFailed { leg }
            }
        };
        self.tell(now, input);
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
