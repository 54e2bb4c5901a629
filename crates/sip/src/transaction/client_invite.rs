use std::{collections::VecDeque, time::Instant};

use bytes::Bytes;

use super::machine::{ClientEvent, Output, Repeat, TransactionState, earlier};
use super::timers::{Reliability, TimerConfig};

/// What happens to a client INVITE transaction.
pub enum Input<'a> {
    /// A response matched the transaction.
    Response {
        /// Its status code, 100 to 699.
        status: u16,
        /// Builds the ACK of a 300 to 699 response (RFC 3261 section 17.1.1.3). Called at most
        /// once in the transaction's life.
        ack: &'a dyn Fn() -> Bytes,
    },
    /// A CANCEL was sent for the transaction: wait `64 * T1` for the final response, not longer
    /// (RFC 3261 section 9.1).
    Cancelled,
    /// The transport could not deliver, or the connection is gone.
    TransportError,
}

/// The INVITE client transaction (RFC 3261 section 17.1.1 with the Accepted state of RFC 6026).
///
/// ```text
///                     INVITE from the user / send
///                               |
///      timer A / send again     v       timer B or transport error / tell
///                   +------- Calling ------------------------------+
///                   +------->   |  |                               |
///                        1xx    |  |  2xx / tell                   |
///           1xx / tell          v  +----------------+              |
///             +---------- Proceeding -------------+ |              |
///             +-------------->  |    2xx / tell   | |              |
///                               |                 v v              |
///    300-699 / send ACK, tell   |             Accepted --+         |
///    (also from Calling)        v                 |  ^   | 2xx     |
///    300-699 / ACK  +------ Completed             |  +---+ / tell  |
///                   +------->   |                 | timer M        |
///              timer D or error |                 |                |
///                               v                 v                v
///                               +------------ Terminated ----------+
/// ```
///
/// The user acknowledges a 2xx itself; every repetition of it reaches the user while the state is
/// Accepted, also those of other forks.
#[derive(Debug)]
pub struct ClientInvite {
    state: State,
    timers: TimerConfig,
    reliability: Reliability,
    outputs: VecDeque<Output<ClientEvent>>,
}

#[derive(Debug)]
enum State {
    Calling { request: Bytes, a: Option<Repeat>, b: Instant },
    Proceeding { give_up: Option<Instant> },
    Completed { ack: Bytes, d: Instant },
    Accepted { m: Instant },
    Terminated,
}

impl ClientInvite {
    /// Starts the transaction: the request is the first output.
    #[must_use]
    pub fn new(
        now: Instant,
        request: Bytes,
        reliability: Reliability,
        timers: &TimerConfig,
    ) -> Self {
        let a = match reliability {
            Reliability::Unreliable => Some(Repeat::start(now, timers.t1)),
            Reliability::Reliable => None,
        };
        let outputs = VecDeque::from([Output::Transmit(request.clone())]);
        let state = State::Calling { request, a, b: now + timers.timeout() };
        Self { state, timers: *timers, reliability, outputs }
    }

    /// Whether a CANCEL would make sense now: a provisional response has come and no final one
    /// (RFC 3261 section 9.1).
    #[must_use]
    pub fn is_proceeding(&self) -> bool {
        matches!(self.state, State::Proceeding { .. })
    }

    /// Whether no response has come yet.
    #[must_use]
    pub fn is_calling(&self) -> bool {
        matches!(self.state, State::Calling { .. })
    }

    /// Whether a 2xx was the answer.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        matches!(self.state, State::Accepted { .. })
    }

    /// The state of the diagram that it is in.
    #[must_use]
    pub fn state(&self) -> TransactionState {
        match self.state {
            State::Calling { .. } => TransactionState::Calling,
            State::Proceeding { .. } => TransactionState::Proceeding,
            State::Completed { .. } => TransactionState::Completed,
            State::Accepted { .. } => TransactionState::Accepted,
            State::Terminated => TransactionState::Terminated,
        }
    }

    /// Whether the transaction is over.
    #[must_use]
    pub fn is_terminated(&self) -> bool {
        matches!(self.state, State::Terminated)
    }

    /// Takes one input. Late and repeated ones are ordinary.
    pub fn handle(&mut self, now: Instant, input: Input<'_>) {
        match input {
            Input::Response { status, ack } => self.on_response(now, status, ack),
            Input::Cancelled => self.on_cancelled(now),
            Input::TransportError => self.on_transport_error(),
        }
    }

    /// Fires the timers that are due.
    pub fn handle_timeout(&mut self, now: Instant) {
        match &mut self.state {
            State::Calling { b, .. } if *b <= now => {
                self.event(ClientEvent::Timeout);
                self.terminate();
            }
            State::Calling { request, a: Some(a), .. } if a.at <= now => {
                // 17.1.1.2: timer A doubles without an upper bound.
                a.again(now, a.interval.saturating_mul(2));
                self.outputs.push_back(Output::Transmit(request.clone()));
            }
            State::Proceeding { give_up: Some(at) } if *at <= now => {
                self.event(ClientEvent::Timeout);
                self.terminate();
            }
            State::Completed { d: at, .. } | State::Accepted { m: at } if *at <= now => {
                self.terminate();
            }
            _ => {}
        }
    }

    /// When [`ClientInvite::handle_timeout`] wants to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        match &self.state {
            State::Calling { a, b, .. } => Some(earlier(*a, *b)),
            State::Proceeding { give_up } => *give_up,
            State::Completed { d, .. } => Some(*d),
            State::Accepted { m } => Some(*m),
            State::Terminated => None,
        }
    }

    /// The next output.
    pub fn poll_output(&mut self) -> Option<Output<ClientEvent>> {
        self.outputs.pop_front()
    }

    fn on_response(&mut self, now: Instant, status: u16, ack: &dyn Fn() -> Bytes) {
        match (&mut self.state, status) {
            (State::Calling { .. }, ..=199) => {
                self.state = State::Proceeding { give_up: None };
                self.event(ClientEvent::Response);
            }
            (State::Proceeding { .. }, ..=199) => self.event(ClientEvent::Response),
            (State::Calling { .. } | State::Proceeding { .. }, 200..=299) => {
                self.state = State::Accepted { m: now + self.timers.timeout() };
                self.event(ClientEvent::Response);
            }
            (State::Accepted { .. }, 200..=299) => self.event(ClientEvent::Response),
            (State::Calling { .. } | State::Proceeding { .. }, _) => {
                let ack = ack();
                self.outputs.push_back(Output::Transmit(ack.clone()));
                self.event(ClientEvent::Response);
                let linger = self.reliability.linger(self.timers.d);
                if linger.is_zero() {
                    self.terminate();
                } else {
                    self.state = State::Completed { ack, d: now + linger };
                }
            }
            (State::Completed { ack, .. }, 300..) => {
                self.outputs.push_back(Output::Transmit(ack.clone()));
            }
            (State::Completed { .. } | State::Accepted { .. } | State::Terminated, _) => {}
        }
    }

    fn on_cancelled(&mut self, now: Instant) {
        if let State::Proceeding { give_up: give_up @ None } = &mut self.state {
            *give_up = Some(now + self.timers.timeout());
        }
    }

    fn on_transport_error(&mut self) {
        match self.state {
            // Nothing is owed any more: what repetitions of a 2xx need is the user's to send.
            State::Accepted { .. } => self.event(ClientEvent::TransportError),
            State::Calling { .. } | State::Proceeding { .. } | State::Completed { .. } => {
                self.event(ClientEvent::TransportError);
                self.terminate();
            }
            State::Terminated => {}
        }
    }

    fn terminate(&mut self) {
        self.state = State::Terminated;
        self.event(ClientEvent::Terminated);
    }

    fn event(&mut self, event: ClientEvent) {
        self.outputs.push_back(Output::Event(event));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const INVITE: Bytes = Bytes::from_static(b"INVITE");
    const ACK: Bytes = Bytes::from_static(b"ACK");

    fn start(reliability: Reliability) -> (Instant, ClientInvite) {
        #[allow(clippy::disallowed_methods)] // the epoch of a virtual clock
        let epoch = Instant::now();
        (epoch, ClientInvite::new(epoch, INVITE, reliability, &TimerConfig::default()))
    }

    fn response(status: u16) -> Input<'static> {
        Input::Response { status, ack: &|| ACK }
    }

    fn drain(machine: &mut ClientInvite) -> Vec<Output<ClientEvent>> {
        std::iter::from_fn(|| machine.poll_output()).collect()
    }

    fn tell(event: ClientEvent) -> Output<ClientEvent> {
        Output::Event(event)
    }

    #[test]
    fn retransmits_doubling_and_gives_up_after_64_t1() {
        let (epoch, mut machine) = start(Reliability::Unreliable);
        assert_eq!(drain(&mut machine), [Output::Transmit(INVITE)]);
        let mut sent = Vec::new();
        let mut last = Vec::new();
        while let Some(at) = machine.poll_timeout() {
            machine.handle_timeout(at);
            let outputs = drain(&mut machine);
            if outputs == [Output::Transmit(INVITE)] {
                sent.push((at - epoch).as_millis());
            } else {
                last.push(((at - epoch).as_secs(), outputs));
            }
        }
        assert_eq!(sent, [500, 1_500, 3_500, 7_500, 15_500, 31_500]);
        let end = vec![tell(ClientEvent::Timeout), tell(ClientEvent::Terminated)];
        assert_eq!(last, [(32, end)]);
    }

    #[test]
    fn a_reliable_transport_is_not_retransmitted_on_and_still_times_out() {
        let (epoch, mut machine) = start(Reliability::Reliable);
        drain(&mut machine);
        assert_eq!(machine.poll_timeout(), Some(epoch + Duration::from_secs(32)));
    }

    #[test]
    fn a_provisional_stops_all_timers() {
        let (epoch, mut machine) = start(Reliability::Unreliable);
        drain(&mut machine);
        machine.handle(epoch, response(180));
        machine.handle(epoch, response(180));
        let told = tell(ClientEvent::Response);
        assert_eq!(drain(&mut machine), [told.clone(), told]);
        assert_eq!(machine.poll_timeout(), None);
        assert!(machine.is_proceeding());
    }

    #[test]
    fn a_refusal_is_acknowledged_each_time_and_told_once() {
        let (epoch, mut machine) = start(Reliability::Unreliable);
        drain(&mut machine);
        machine.handle(epoch, response(486));
        assert_eq!(drain(&mut machine), [Output::Transmit(ACK), tell(ClientEvent::Response)]);
        machine.handle(epoch, response(486));
        // A late provisional and a late 2xx change nothing any more.
        machine.handle(epoch, response(180));
        machine.handle(epoch, response(200));
        assert_eq!(drain(&mut machine), [Output::Transmit(ACK)]);
        assert_eq!(machine.poll_timeout(), Some(epoch + Duration::from_secs(32)));
        machine.handle_timeout(epoch + Duration::from_secs(32));
        assert_eq!(drain(&mut machine), [tell(ClientEvent::Terminated)]);
    }

    #[test]
    fn a_refusal_over_a_reliable_transport_ends_at_once() {
        let (epoch, mut machine) = start(Reliability::Reliable);
        drain(&mut machine);
        machine.handle(epoch, response(603));
        let expected =
            [Output::Transmit(ACK), tell(ClientEvent::Response), tell(ClientEvent::Terminated)];
        assert_eq!(drain(&mut machine), expected);
        assert_eq!(machine.poll_timeout(), None);
    }

    #[test]
    fn every_2xx_reaches_the_user_until_timer_m() {
        let (epoch, mut machine) = start(Reliability::Unreliable);
        drain(&mut machine);
        machine.handle(epoch, response(200));
        machine.handle(epoch + Duration::from_secs(1), response(200));
        machine.handle(epoch + Duration::from_secs(2), response(486));
        let told = tell(ClientEvent::Response);
        assert_eq!(drain(&mut machine), [told.clone(), told]);
        machine.handle_timeout(epoch + Duration::from_secs(32));
        assert_eq!(drain(&mut machine), [tell(ClientEvent::Terminated)]);
    }

    #[test]
    fn a_cancelled_invite_without_an_answer_is_given_up() {
        let (epoch, mut machine) = start(Reliability::Unreliable);
        machine.handle(epoch, response(180));
        machine.handle(epoch + Duration::from_secs(5), Input::Cancelled);
        machine.handle(epoch + Duration::from_secs(9), Input::Cancelled);
        drain(&mut machine);
        let at = machine.poll_timeout();
        assert_eq!(at, Some(epoch + Duration::from_secs(37)));
        machine.handle_timeout(epoch + Duration::from_secs(37));
        let end = [tell(ClientEvent::Timeout), tell(ClientEvent::Terminated)];
        assert_eq!(drain(&mut machine), end);
    }

    #[test]
    fn a_transport_error_ends_what_is_open() {
        let (_, mut machine) = start(Reliability::Reliable);
        drain(&mut machine);
        machine.handle(Instant::clone(&start(Reliability::Reliable).0), Input::TransportError);
        let end = [tell(ClientEvent::TransportError), tell(ClientEvent::Terminated)];
        assert_eq!(drain(&mut machine), end);
        assert!(machine.is_terminated());
    }
}
