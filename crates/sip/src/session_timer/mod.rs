//! Session timers (RFC 4028): a session that nobody refreshes ends by itself.
//!
//! ```
//! use std::time::{Duration, Instant};
//! use switchboard_sip::session_timer::{Output, SessionTimer, SessionTimerConfig};
//! use switchboard_sip::{Builder, Message, StatusCode};
//!
//! let invite = Message::parse(
//!     &b"INVITE sip:102@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bK1\r\n\
//!        From: <sip:anna@192.0.2.1>;tag=hers\r\nTo: <sip:102@192.0.2.1>\r\nCall-ID: 1\r\n\
//!        CSeq: 1 INVITE\r\nSession-Expires: 600;refresher=uac\r\nSupported: timer\r\n\r\n"[..],
//! )?;
//! let now = Instant::now();
//! let mut timer = SessionTimer::new(SessionTimerConfig::default());
//! let granted = timer.receive_request(&invite)?;
//! let ok = granted.write(Builder::reply(&invite, StatusCode::OK, Some("ours"))).build()?;
//! assert_eq!(ok.text("Session-Expires"), Some("600;refresher=uac"));
//! timer.answered(now, granted);
//!
//! // She is to refresh it. She does not, and shortly before the end it is to be hung up.
//! assert_eq!(timer.poll_timeout(), Some(now + Duration::from_secs(600 - 32)));
//! timer.handle_timeout(now + Duration::from_secs(568));
//! assert_eq!(timer.poll_output(), Some(Output::Expired));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod terms;

#[cfg(test)]
mod tests;

pub use terms::{Granted, Refresher, SessionExpires, TooSmall};

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::message::{Builder, HeaderName, Message, StatusCode};

/// The option tag in Supported and Require (RFC 4028 section 3).
pub const OPTION_TAG: &str = "timer";

/// No session interval is shorter (RFC 4028 section 5).
pub const MIN_SE: Duration = Duration::from_secs(90);

/// A peer that wants sessions to last longer than this is not followed.
const MAX_MIN_SE: Duration = Duration::from_secs(86_400);

/// So many 422s of one dialog are followed: each proxy on the way may have a minimum of its own, and
/// none has two. Each costs a transaction.
const MAX_RAISED: u8 = 5;

/// Settings of a [`SessionTimer`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionTimerConfig {
    /// The interval asked for. Default 1800 s, which RFC 4028 section 4 recommends.
    pub interval: Duration,
    /// The shortest interval taken; a shorter one is answered with 422. At least [`MIN_SE`], the default.
    pub min: Duration,
}

impl Default for SessionTimerConfig {
    fn default() -> Self {
        Self { interval: Duration::from_secs(1800), min: MIN_SE }
    }
}

/// What is to be done, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// Refresh the session: an UPDATE without an offer if the far end allows UPDATE, else a
    /// re-INVITE with the description as it is (RFC 4028 section 7.4).
    Refresh,
    /// Nobody refreshed it in time: send a BYE (RFC 4028 section 10).
    Expired,
}

/// The session timer of one dialog, on either side.
///
/// ```text
///            answered, or a 2xx with Session-Expires
///   Off ---------------------------------------------> Running <--+ refreshed by either side
///    ^                                                  |   |     |
///    | 2xx without Session-Expires, stopped             |   +-----+ half the interval, and ours
///    +--------------------------------------------------+   |        to refresh / refresh
///                                                           v
///                 the interval less a third, at most 32 s: Expired / BYE
/// ```
///
/// It makes header fields and tells times; its owner sends the requests. Each INVITE and UPDATE of
/// the dialog passes through it, whoever sends it: [`SessionTimer::write_request`] and
/// [`SessionTimer::receive_response`] for ours, [`SessionTimer::receive_request`],
/// [`Granted::write`] and [`SessionTimer::answered`] for theirs.
#[derive(Debug)]
pub struct SessionTimer {
    config: SessionTimerConfig,
    /// The interval that our next request asks for.
    asked: Duration,
    /// The largest Min-SE that a 422 told us.
    min: Duration,
    /// How many 422s were followed.
    raised: u8,
    state: State,
    outputs: VecDeque<Output>,
}

#[derive(Debug, Clone, Copy)]
enum State {
    Off,
    Running {
        interval: Duration,
        ours: bool,
        /// When it is refreshed, by us; again after a failure.
        refresh: Option<Instant>,
        end: Instant,
    },
}

impl SessionTimer {
    /// A timer that does not run.
    #[must_use]
    pub fn new(config: SessionTimerConfig) -> Self {
        let min = config.min.max(MIN_SE);
        let asked = config.interval.max(min);
        let outputs = VecDeque::new();
        Self {
            config: SessionTimerConfig { min, ..config },
            asked,
            min,
            raised: 0,
            state: State::Off,
            outputs,
        }
    }

    /// Whether the session ends by itself unless it is refreshed.
    #[must_use]
    pub fn is_running(&self) -> bool {
        matches!(self.state, State::Running { .. })
    }

    /// Whether refreshing it is ours.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        matches!(self.state, State::Running { ours: true, .. })
    }

    /// The header fields of our INVITE or UPDATE (RFC 4028 sections 7.1 and 7.4): Supported,
    /// Session-Expires, and Min-SE where it says something. A refresh leaves the roles as they are.
    pub fn write_request(&self, request: Builder) -> Builder {
        let (interval, refresher) = match self.state {
            State::Off => (self.asked, None),
            State::Running { interval, ours, .. } => {
                let refresher = if ours { Refresher::Uac } else { Refresher::Uas };
                (interval.max(self.min), Some(refresher))
            }
        };
        let request = request
            .header(HeaderName::Supported, OPTION_TAG)
            .header(HeaderName::SessionExpires, SessionExpires { interval, refresher });
        let min = Some(self.min.as_secs()).filter(|_| self.min > MIN_SE);
        request.maybe(HeaderName::MinSe, min)
    }

    /// Takes the final response to our INVITE or UPDATE. `true`: it was a 422 that a request with a
    /// longer interval may overcome, which [`SessionTimer::write_request`] now writes.
    pub fn receive_response(&mut self, now: Instant, response: &Message) -> bool {
        let Some(status) = response.status() else { return false };
        if status == StatusCode::SESSION_INTERVAL_TOO_SMALL {
            let min = Duration::from_secs(response.number(HeaderName::MinSe).unwrap_or(0).into());
            // Section 7.3. A peer that asks for more each time, or for more than a day, is not followed.
            let more = min > self.min && min <= MAX_MIN_SE && self.raised < MAX_RAISED;
            if more {
                self.raised += 1;
                self.min = min;
                self.asked = self.asked.max(min);
            }
            return more;
        }
        if status.is_success() {
            match SessionExpires::of(response) {
                // Section 7.2: a 2xx always says who; one that does not leaves it to us.
                Some(SessionExpires { interval, refresher }) => {
                    self.run(now, interval, refresher != Some(Refresher::Uas));
                }
                None => self.stop(),
            }
        }
        false
    }

    /// Reads an INVITE or UPDATE of the far end (RFC 4028 section 9): what our 2xx is to say.
    ///
    /// # Errors
    /// [`TooSmall`]: answer with 422 and Min-SE.
    pub fn receive_request(&self, request: &Message) -> Result<Granted, TooSmall> {
        let supported = request.lists(HeaderName::Supported, OPTION_TAG)
            || request.lists(HeaderName::Require, OPTION_TAG);
        let asked = SessionExpires::of(request);
        let least = request.number(HeaderName::MinSe).map(|seconds| seconds.into());
        let least = least.map_or(MIN_SE, Duration::from_secs).max(MIN_SE);
        let interval = match asked {
            // Whoever does not know the extension would not understand a 422 either.
            Some(asked) if asked.interval < self.config.min && supported => {
                return Err(TooSmall { min: self.config.min });
            }
            Some(asked) => asked.interval.max(least),
            // Nobody asked: a timer of ours, if the far end can refresh or we do.
            None => self.config.interval.max(self.config.min).max(least),
        };
        // Table 2 of section 9.
        let refresher = match asked.and_then(|asked| asked.refresher) {
            Some(refresher) if supported => refresher,
            _ if supported => Refresher::Uac,
            _ => Refresher::Uas,
        };
        Ok(Granted { interval, refresher, supported })
    }

    /// Our 2xx to a request of the far end went out with this.
    pub fn answered(&mut self, now: Instant, granted: Granted) {
        self.run(now, granted.interval, granted.refresher == Refresher::Uas);
    }

    /// Our refresh got no 2xx, and the dialog stands: it is tried again after `retry`, if the
    /// session lasts that long.
    pub fn refresh_failed(&mut self, now: Instant, retry: Duration) {
        if let State::Running { ours: true, refresh, .. } = &mut self.state {
            *refresh = Some(now + retry);
        }
    }

    /// The session is over, or has no timer any more.
    pub fn stop(&mut self) {
        self.state = State::Off;
    }

    /// Fires the timers that are due.
    pub fn handle_timeout(&mut self, now: Instant) {
        let State::Running { refresh, end, .. } = &mut self.state else { return };
        if *end <= now {
            self.state = State::Off;
            self.outputs.push_back(Output::Expired);
        } else if refresh.is_some_and(|at| at <= now) {
            *refresh = None;
            self.outputs.push_back(Output::Refresh);
        }
    }

    /// When [`SessionTimer::handle_timeout`] wants to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Off => None,
            State::Running { refresh, end, .. } => Some(refresh.map_or(end, |at| at.min(end))),
        }
    }

    /// The next output.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    fn run(&mut self, now: Instant, interval: Duration, ours: bool) {
        // A peer that grants less than the standard allows gets what the standard allows.
        let interval = interval.max(MIN_SE);
        // Section 10: a third of it before the end, at most 32 s.
        let margin = (interval / 3).min(Duration::from_secs(32));
        self.state = State::Running {
            interval,
            ours,
            refresh: ours.then_some(now + interval / 2),
            end: now + (interval - margin),
        };
    }
}
