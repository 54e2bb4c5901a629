use std::collections::VecDeque;
use std::time::Instant;

use crate::message::{BuildError, HeaderName, Message, RAck, StatusCode};
use crate::transaction::TimerConfig;

/// The most responses that wait for the PRACK of one before them.
pub const MAX_WAITING: usize = 8;

/// What is to be done, in order.
#[derive(Debug, Clone)]
pub enum Output {
    /// Hand this response to the INVITE's transaction: for the first time, or again.
    Respond(Box<Message>),
    /// Tell the owner.
    Event(Event),
}

/// What the machine tells its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The response with this RSeq has its PRACK.
    Acknowledged(u32),
    /// `64 * T1` have passed without a PRACK: refuse the INVITE with a 5xx (RFC 3262 section 3).
    Unacknowledged,
}

/// The response cannot be sent here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RefusedResponse {
    /// Neither a response nor one from 101 on: a 100 is never reliable (RFC 3262 section 3).
    #[error("only responses from 101 on go this way")]
    NotHere,
    /// The final response has been given.
    #[error("the final response has been given")]
    Answered,
    /// [`MAX_WAITING`] responses wait already.
    #[error("{MAX_WAITING} responses wait for a PRACK already")]
    Full,
    /// The header fields do not go in.
    #[error(transparent)]
    Build(#[from] BuildError),
}

/// A PRACK that acknowledges nothing that waits for one: answer it with 481, or with 400 if it has
/// no RAck.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoMatch {
    /// It acknowledges nothing that waits.
    #[error("481: no provisional response waits for this PRACK")]
    Unknown,
    /// It has no RAck that can be read.
    #[error("400: a PRACK without a RAck")]
    Malformed,
}

impl NoMatch {
    /// The status code of the answer.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::Unknown => StatusCode::CALL_DOES_NOT_EXIST,
            Self::Malformed => StatusCode::BAD_REQUEST,
        }
    }
}

/// The called side (RFC 3262 section 3) of one INVITE: its responses from 101 on, one at a time.
///
/// ```text
///                 response / send            PRACK / tell
///        +------ Idle ------------> Waiting --------------> Idle, or the next that waits
///  final |        ^                 |  |  ^ |
///  /send |        |      final that |  |  +-+ timer, doubling from T1 / send again
///        |        |     need not    |  |
///        v        |     wait / send |  | 64*T1 / tell
///     Answered <--|-----------------+  v
///                 +--------------- Abandoned: refuse the INVITE
/// ```
///
/// A provisional response that comes while another waits is sent after its PRACK, and so is a 2xx
/// if a description waits to be acknowledged. A refusal never waits. Over every kind of transport
/// the response is repeated until the PRACK comes: a proxy may have lost it.
#[derive(Debug)]
pub struct Provisionals {
    timers: TimerConfig,
    rseq: u32,
    state: State,
    /// What comes after the PRACK that is awaited.
    queue: VecDeque<Message>,
    /// RSeq and CSeq of responses that were still open at the final one: their PRACK may come.
    late: Option<(u32, u32)>,
    outputs: VecDeque<Output>,
}

#[derive(Debug)]
enum State {
    Idle,
    Waiting {
        response: Box<Message>,
        again: Instant,
        interval: std::time::Duration,
        give_up: Instant,
    },
    Abandoned,
    Answered,
}

impl Provisionals {
    /// For an INVITE that allows it ([`Demand`](super::Demand)). `entropy` is any number from the
    /// owner's random source: the first RSeq is a random one (RFC 3262 section 3).
    #[must_use]
    pub fn new(timers: TimerConfig, entropy: u32) -> Self {
        Self {
            timers,
            // 1 to 2^31 - 1, so that none of a call's numbers wraps around.
            rseq: entropy % 0x7fff_ffff,
            state: State::Idle,
            queue: VecDeque::new(),
            late: None,
            outputs: VecDeque::new(),
        }
    }

    /// Whether a response waits for its PRACK.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        matches!(self.state, State::Waiting { .. })
    }

    /// Takes a response of the owner from 101 on, complete but for RSeq and Require.
    ///
    /// # Errors
    /// See [`RefusedResponse`]; nothing changes then.
    pub fn respond(&mut self, now: Instant, response: Message) -> Result<(), RefusedResponse> {
        let status = response.status().filter(|status| *status > StatusCode::TRYING);
        let status = status.ok_or(RefusedResponse::NotHere)?;
        let answered = matches!(self.state, State::Answered)
            || self.queue.iter().any(|queued| queued.status().is_some_and(StatusCode::is_final));
        if answered && (status.is_provisional() || matches!(self.state, State::Answered)) {
            return Err(RefusedResponse::Answered);
        }
        match &self.state {
            State::Waiting { .. } if status.is_provisional() || self.must_wait(status) => {
                if self.queue.len() >= MAX_WAITING {
                    return Err(RefusedResponse::Full);
                }
                if status.is_final() {
                    // What would have come before it says nothing any more.
                    self.queue.clear();
                }
                self.queue.push_back(response);
                Ok(())
            }
            State::Waiting { .. } => {
                self.finish(response);
                Ok(())
            }
            _ => self.send(now, response),
        }
    }

    /// Takes a PRACK of the dialog. `Ok` is a 2xx to it, with the answer if it has an offer.
    ///
    /// # Errors
    /// See [`NoMatch`], which is its answer.
    pub fn acknowledge(&mut self, now: Instant, prack: &Message) -> Result<(), NoMatch> {
        let rack = prack.rack().ok().flatten().ok_or(NoMatch::Malformed)?;
        let cseq = match &self.state {
            State::Waiting { response, .. } => response.cseq().number,
            _ => {
                // A PRACK that crossed our final response (section 3).
                let crossed = self.late.take_if(|late| *late == (rack.rseq, rack.cseq));
                return crossed.map(|_| ()).ok_or(NoMatch::Unknown);
            }
        };
        let own = RAck { rseq: self.rseq, cseq, method: crate::Method::Invite };
        if rack != own {
            return Err(NoMatch::Unknown);
        }
        self.state = State::Idle;
        self.outputs.push_back(Output::Event(Event::Acknowledged(self.rseq)));
        while let Some(next) = self.queue.pop_front() {
            // It was checked when it came, and only its number is longer.
            if self.send(now, next).is_ok() && self.is_waiting() {
                break;
            }
        }
        Ok(())
    }

    /// Fires the timers that are due.
    pub fn handle_timeout(&mut self, now: Instant) {
        let State::Waiting { response, again, interval, give_up } = &mut self.state else {
            return;
        };
        if *give_up <= now {
            self.state = State::Abandoned;
            self.queue.clear();
            self.outputs.push_back(Output::Event(Event::Unacknowledged));
        } else if *again <= now {
            // Section 3: it doubles, and T2 is no bound.
            *interval = interval.saturating_mul(2);
            *again = now + *interval;
            self.outputs.push_back(Output::Respond(response.clone()));
        }
    }

    /// When [`Provisionals::handle_timeout`] wants to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        match &self.state {
            State::Waiting { again, give_up, .. } => Some((*again).min(*give_up)),
            State::Idle | State::Abandoned | State::Answered => None,
        }
    }

    /// The next output.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Section 3: a 2xx waits if a description is not acknowledged yet.
    fn must_wait(&self, status: StatusCode) -> bool {
        match &self.state {
            State::Waiting { response, .. } => status.is_success() && !response.body().is_empty(),
            _ => false,
        }
    }

    fn send(&mut self, now: Instant, response: Message) -> Result<(), RefusedResponse> {
        if response.status().is_some_and(StatusCode::is_final) {
            self.finish(response);
            return Ok(());
        }
        let rseq = self.rseq + 1;
        let response = response
            .edit()
            .append(HeaderName::Require, super::OPTION_TAG)
            .append(HeaderName::RSeq, rseq)
            .finish()?;
        let response = Box::new(response);
        self.rseq = rseq;
        self.outputs.push_back(Output::Respond(response.clone()));
        let interval = self.timers.t1;
        let (again, give_up) = (now + interval, now + self.timers.timeout());
        self.state = State::Waiting { response, again, interval, give_up };
        Ok(())
    }

    fn finish(&mut self, response: Message) {
        if let State::Waiting { response, .. } = &self.state {
            self.late = Some((self.rseq, response.cseq().number));
        }
        self.state = State::Answered;
        self.queue.clear();
        self.outputs.push_back(Output::Respond(Box::new(response)));
    }
}
