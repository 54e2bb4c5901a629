//! Digits that a leg sends: as telephone-events when the peer takes them, else as tones.

use core::time::Duration;
use std::collections::VecDeque;
use std::time::Instant;

use switchboard_dtmf as dtmf;
use switchboard_dtmf::sender::{Input, Output, Packet, Plan};
use switchboard_rtp::{ClockRate, RtpTimestamp};

/// Plans that may wait.
const MAX_WAITING: usize = 8;
/// A press passed on as a tone lasts at least this long (ITU-T Q.24 asks for 40 ms), and at most
/// this long.
const MIN_TONE: Duration = Duration::from_millis(80);
const MAX_TONE: Duration = Duration::from_secs(2);

/// Something to send.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub(crate) plan: Plan,
    /// How long each tone is.
    pub(crate) tone: Duration,
    /// Whether somebody waits for [`DigitsSent`](crate::EventKind::DigitsSent).
    pub(crate) report: bool,
}

impl Job {
    /// A plan that somebody asked for.
    pub(crate) fn plan(plan: Plan) -> Self {
        Self { plan, tone: dtmf::sender::Config::default().tone, report: true }
    }

    /// One press that was heard on the other side of the bridge.
    pub(crate) fn press(digit: switchboard_dialstring::Digit, duration: Duration) -> Self {
        let tone = duration.clamp(MIN_TONE, MAX_TONE);
        Self { plan: [digit].into_iter().collect(), tone, report: false }
    }
}

/// Too many plans wait already.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Full;

/// What digits want to have done.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Said {
    /// A telephone-event to send now.
    Packet(Packet),
    /// A plan is done and somebody waits for that.
    Finished,
}

#[derive(Debug, Default)]
pub(crate) struct Digits {
    epoch: Option<Instant>,
    waiting: VecDeque<Job>,
    way: Way,
    /// A plan in the audio is done and that was not told yet.
    finished: bool,
}

#[derive(Debug, Default)]
enum Way {
    #[default]
    Idle,
    Events {
        sender: Box<dtmf::Sender>,
        report: bool,
        /// Final packets still to come of the tone that sounds; 0: none sounds.
        ends: u8,
    },
    Audio {
        generator: Box<dtmf::Generator>,
        report: bool,
    },
}

impl Digits {
    pub(crate) fn push(&mut self, job: Job) -> Result<(), Full> {
        if self.waiting.len() >= MAX_WAITING {
            return Err(Full);
        }
        self.waiting.push_back(job);
        Ok(())
    }

    /// Whether nothing is being sent and something waits.
    pub(crate) fn can_start(&self) -> bool {
        matches!(self.way, Way::Idle) && !self.waiting.is_empty()
    }

    /// Begins the next plan: as telephone-events of this clock, or as tones. `timestamp` is that of
    /// `now` in the stream.
    pub(crate) fn start(
        &mut self,
        now: Instant,
        timestamp: RtpTimestamp,
        events: Option<ClockRate>,
        ptime: Duration,
    ) {
        let Some(job) = self.waiting.pop_front() else { return };
        let Some(clock) = events else {
            let config =
                dtmf::generator::Config { tone: job.tone, ..dtmf::generator::Config::default() };
            let generator = Box::new(dtmf::Generator::new(config, job.plan));
            self.way = Way::Audio { generator, report: job.report };
            return;
        };
        let mut sender = Box::new(dtmf::Sender::new(dtmf::sender::Config {
            clock_rate: clock.get(),
            interval: ptime,
            tone: job.tone,
            ..dtmf::sender::Config::default()
        }));
        let epoch = *self.epoch.get_or_insert(now);
        // A new sender is never busy.
        let input = Input::Send { plan: &job.plan, timestamp: timestamp.0 };
        let _ = sender.handle(dtmf::Instant::from_std(epoch, now), input);
        self.way = Way::Events { sender, report: job.report, ends: 0 };
    }

    /// Whether a tone sounds in telephone-events: no audio is sent meanwhile.
    pub(crate) fn is_sounding(&self) -> bool {
        matches!(self.way, Way::Events { ends: 1.., .. })
    }

    /// Whether digits are made as audio now.
    pub(crate) fn is_audible(&self) -> bool {
        matches!(self.way, Way::Audio { .. })
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        match &self.way {
            Way::Events { sender, .. } => sender.poll_timeout()?.to_std(self.epoch?),
            Way::Idle | Way::Audio { .. } => None,
        }
    }

    /// Does what is due.
    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        if let (Way::Events { sender, .. }, Some(epoch)) = (&mut self.way, self.epoch) {
            sender.handle_timeout(dtmf::Instant::from_std(epoch, now));
        }
    }

    /// What is to be done, in order.
    pub(crate) fn poll_output(&mut self) -> Option<Said> {
        if core::mem::take(&mut self.finished) {
            return Some(Said::Finished);
        }
        let Way::Events { sender, report, ends } = &mut self.way else { return None };
        match sender.poll_output()? {
            Output::Packet(packet) => {
                // Three final packets (RFC 4733, section 2.5.1.4).
                *ends = match (packet.end, *ends) {
                    (false, _) | (true, 0) => {
                        if packet.end {
                            2
                        } else {
                            3
                        }
                    }
                    (true, left) => left - 1,
                };
                Some(Said::Packet(packet))
            }
            Output::Finished => {
                let report = *report;
                self.way = Way::Idle;
                report.then_some(Said::Finished)
            }
        }
    }

    /// Fills a packet with the tones that are being sent; false when there are none.
    pub(crate) fn fill(&mut self, packet: &mut [i16]) -> bool {
        let Way::Audio { generator, report } = &mut self.way else { return false };
        generator.fill(packet);
        if generator.is_done() {
            self.finished = *report;
            self.way = Way::Idle;
        }
        true
    }
}
