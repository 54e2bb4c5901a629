use std::{collections::VecDeque, time::Instant};

use bytes::Bytes;

use super::machine::{AlreadyAnswered, Output, Repeat, ServerEvent, TransactionState, earlier};
use super::timers::{Reliability, TimerConfig};

/// What happens to a server INVITE transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// The INVITE came again.
    Retransmission,
    /// An ACK matched the transaction.
    Ack,
    /// The user's response: its status code and its octets.
    Respond(u16, Bytes),
    /// The transport could not deliver, or the connection is gone.
    TransportError,
}

/// The INVITE server transaction (RFC 3261 section 17.2.1 with the Accepted state of RFC 6026).
///
/// ```text
///                      INVITE from the wire
///                              |
///   INVITE / last 1xx          v       1xx from the user / send
///   no answer in 200 ms +-- Proceeding <--+
///   / ask for a 100     +-->  |  |  |  ---+
///                             |  |  |
///       300-699 / send        |  |  |        2xx / send
///            +----------------+  |  +--------------------+
///            v                   |                       v
///   +--- Completed               |            +------ Accepted
///   +-->  |    |                 |            +-->  INVITE / -
///   INVITE, |  | ACK             |            |     2xx / send
///   timer G |  v                 |            |     ACK / tell
///   / send  | Confirmed          |                       |
///           |  | timer I         |                       | timer L
///  timer H  |  v                 v                       v
///  / tell   +----------------> Terminated <--------------+
/// ```
///
/// The user repeats a 2xx itself until it is acknowledged: see [`super::Accepted2xx`].
#[derive(Debug)]
pub struct ServerInvite {
    state: State,
    timers: TimerConfig,
    reliability: Reliability,
    outputs: VecDeque<Output<ServerEvent>>,
}

#[derive(Debug)]
enum State {
    Proceeding { trying: Option<Instant>, last: Option<Bytes> },
    Completed { response: Bytes, g: Option<Repeat>, h: Instant },
    Confirmed { i: Instant },
    Accepted { l: Instant },
    Terminated,
}

impl ServerInvite {
    /// Starts the transaction of an INVITE that has just arrived.
    #[must_use]
    pub fn new(now: Instant, reliability: Reliability, timers: &TimerConfig) -> Self {
        let state = State::Proceeding { trying: Some(now + timers.trying), last: None };
        Self { state, timers: *timers, reliability, outputs: VecDeque::new() }
    }

    /// Whether the user still owes the final response.
    #[must_use]
    pub fn is_proceeding(&self) -> bool {
        matches!(self.state, State::Proceeding { .. })
    }

    /// Whether a 2xx was the answer and repetitions of the INVITE are absorbed.
    #[must_use]
    pub fn is_accepted(&self) -> bool {
        matches!(self.state, State::Accepted { .. })
    }

    /// The state of the diagram that it is in.
    #[must_use]
    pub fn state(&self) -> TransactionState {
        match self.state {
            State::Proceeding { .. } => TransactionState::Proceeding,
            State::Completed { .. } => TransactionState::Completed,
            State::Confirmed { .. } => TransactionState::Confirmed,
            State::Accepted { .. } => TransactionState::Accepted,
            State::Terminated => TransactionState::Terminated,
        }
    }

    /// Whether the transaction is over.
    #[must_use]
    pub fn is_terminated(&self) -> bool {
        matches!(self.state, State::Terminated)
    }

    /// Takes one input.
    ///
    /// # Errors
    /// [`AlreadyAnswered`] for a response after the final one; a further 2xx after a 2xx is the
    /// user's retransmission and is sent.
    pub fn handle(&mut self, now: Instant, input: Input) -> Result<(), AlreadyAnswered> {
        match input {
            Input::Retransmission => self.on_retransmission(),
            Input::Ack => self.on_ack(now),
            Input::Respond(status, response) => return self.on_respond(now, status, response),
            Input::TransportError => self.on_transport_error(),
        }
        Ok(())
    }

    /// Fires the timers that are due.
    pub fn handle_timeout(&mut self, now: Instant) {
        match &mut self.state {
            State::Proceeding { trying, .. } if trying.is_some_and(|at| at <= now) => {
                *trying = None;
                self.event(ServerEvent::Trying);
            }
            State::Completed { h, .. } if *h <= now => {
                self.event(ServerEvent::Timeout);
                self.terminate();
            }
            State::Completed { response, g: Some(g), .. } if g.at <= now => {
                g.again(now, self.timers.back_off(g.interval));
                self.outputs.push_back(Output::Transmit(response.clone()));
            }
            State::Confirmed { i: at } | State::Accepted { l: at } if *at <= now => {
                self.terminate();
            }
            _ => {}
        }
    }

    /// When [`ServerInvite::handle_timeout`] wants to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        match &self.state {
            State::Proceeding { trying, .. } => *trying,
            State::Completed { g, h, .. } => Some(earlier(*g, *h)),
            State::Confirmed { i } => Some(*i),
            State::Accepted { l } => Some(*l),
            State::Terminated => None,
        }
    }

    /// The next output.
    pub fn poll_output(&mut self) -> Option<Output<ServerEvent>> {
        self.outputs.pop_front()
    }

    fn on_retransmission(&mut self) {
        match &self.state {
            State::Proceeding { last: Some(response), .. } | State::Completed { response, .. } => {
                self.outputs.push_back(Output::Transmit(response.clone()));
            }
            _ => {}
        }
    }

    fn on_ack(&mut self, now: Instant) {
        match self.state {
            State::Completed { .. } => {
                let linger = self.reliability.linger(self.timers.t4);
                if linger.is_zero() {
                    self.terminate();
                } else {
                    self.state = State::Confirmed { i: now + linger };
                }
            }
            State::Accepted { .. } => self.event(ServerEvent::Ack),
            State::Proceeding { .. } | State::Confirmed { .. } | State::Terminated => {}
        }
    }

    fn on_respond(
        &mut self,
        now: Instant,
        status: u16,
        response: Bytes,
    ) -> Result<(), AlreadyAnswered> {
        match (&mut self.state, status) {
            (State::Proceeding { trying, last }, ..=199) => {
                *trying = None;
                *last = Some(response.clone());
            }
            (State::Proceeding { .. }, 200..=299) => {
                self.state = State::Accepted { l: now + self.timers.timeout() };
            }
            (State::Accepted { .. }, 200..=299) => {}
            (State::Proceeding { .. }, _) => {
                let g = match self.reliability {
                    Reliability::Unreliable => Some(Repeat::start(now, self.timers.t1)),
                    Reliability::Reliable => None,
                };
                let h = now + self.timers.timeout();
                self.state = State::Completed { response: response.clone(), g, h };
            }
            _ => return Err(AlreadyAnswered),
        }
        self.outputs.push_back(Output::Transmit(response));
        Ok(())
    }

    fn on_transport_error(&mut self) {
        match self.state {
            // RFC 6026: the user decides; an answer may still find another way.
            State::Proceeding { .. } | State::Accepted { .. } => {
                self.event(ServerEvent::TransportError);
            }
            State::Completed { .. } => {
                self.event(ServerEvent::TransportError);
                self.terminate();
            }
            State::Confirmed { .. } => self.terminate(),
            State::Terminated => {}
        }
    }

    fn terminate(&mut self) {
        self.state = State::Terminated;
        self.event(ServerEvent::Terminated);
    }

    fn event(&mut self, event: ServerEvent) {
        self.outputs.push_back(Output::Event(event));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const RINGING: Bytes = Bytes::from_static(b"180");
    const BUSY: Bytes = Bytes::from_static(b"486");
    const OK: Bytes = Bytes::from_static(b"200");

    fn start(reliability: Reliability) -> (Instant, ServerInvite) {
        #[allow(clippy::disallowed_methods)] // the epoch of a virtual clock
        let epoch = Instant::now();
        (epoch, ServerInvite::new(epoch, reliability, &TimerConfig::default()))
    }

    fn drain(machine: &mut ServerInvite) -> Vec<Output<ServerEvent>> {
        std::iter::from_fn(|| machine.poll_output()).collect()
    }

    #[test]
    fn a_silent_user_is_asked_for_a_100_once() {
        let (epoch, mut machine) = start(Reliability::Unreliable);
        assert_eq!(machine.poll_timeout(), Some(epoch + Duration::from_millis(200)));
        machine.handle_timeout(epoch + Duration::from_millis(200));
        assert_eq!(drain(&mut machine), [Output::Event(ServerEvent::Trying)]);
        assert_eq!(machine.poll_timeout(), None);
        // Before the first response there is nothing to repeat.
        machine.handle(epoch, Input::Retransmission).unwrap();
        assert_eq!(drain(&mut machine), []);
    }

    #[test]
    fn a_repeated_invite_gets_the_last_provisional_again() {
        let (epoch, mut machine) = start(Reliability::Unreliable);
        machine.handle(epoch, Input::Respond(180, RINGING)).unwrap();
        assert_eq!(machine.poll_timeout(), None);
        machine.handle(epoch, Input::Retransmission).unwrap();
        assert_eq!(drain(&mut machine), [Output::Transmit(RINGING), Output::Transmit(RINGING)]);
    }

    #[test]
    fn a_refusal_is_repeated_until_the_ack() {
        let (epoch, mut machine) = start(Reliability::Unreliable);
        machine.handle(epoch, Input::Respond(486, BUSY)).unwrap();
        let mut sent = Vec::new();
        for _ in 0..4 {
            let at = machine.poll_timeout().unwrap();
            machine.handle_timeout(at);
            sent.push((at - epoch).as_millis());
        }
        assert_eq!(sent, [500, 1_500, 3_500, 7_500]);
        machine.handle(epoch, Input::Retransmission).unwrap();
        assert_eq!(drain(&mut machine).len(), 6);
        let acked = epoch + Duration::from_secs(8);
        machine.handle(acked, Input::Ack).unwrap();
        machine.handle(acked, Input::Ack).unwrap();
        machine.handle(acked, Input::Retransmission).unwrap();
        assert_eq!(drain(&mut machine), []);
        assert_eq!(machine.poll_timeout(), Some(acked + Duration::from_secs(5)));
        machine.handle_timeout(acked + Duration::from_secs(5));
        assert_eq!(drain(&mut machine), [Output::Event(ServerEvent::Terminated)]);
    }

    #[test]
    fn a_refusal_never_acknowledged_ends_after_64_t1() {
        let (epoch, mut machine) = start(Reliability::Reliable);
        machine.handle(epoch, Input::Respond(486, BUSY)).unwrap();
        drain(&mut machine);
        let at = machine.poll_timeout().unwrap();
        assert_eq!(at, epoch + Duration::from_secs(32));
        machine.handle_timeout(at);
        let end = [ServerEvent::Timeout, ServerEvent::Terminated].map(Output::Event);
        assert_eq!(drain(&mut machine), end);
    }

    #[test]
    fn a_2xx_absorbs_invites_and_passes_acks_up() {
        let (epoch, mut machine) = start(Reliability::Unreliable);
        machine.handle(epoch, Input::Respond(200, OK)).unwrap();
        machine.handle(epoch, Input::Retransmission).unwrap();
        machine.handle(epoch, Input::Respond(200, OK)).unwrap();
        machine.handle(epoch, Input::Ack).unwrap();
        let expected =
            [Output::Transmit(OK), Output::Transmit(OK), Output::Event(ServerEvent::Ack)];
        assert_eq!(drain(&mut machine), expected);
        assert_eq!(machine.handle(epoch, Input::Respond(486, BUSY)), Err(AlreadyAnswered));
        machine.handle_timeout(epoch + Duration::from_secs(32));
        assert_eq!(drain(&mut machine), [Output::Event(ServerEvent::Terminated)]);
        assert_eq!(machine.handle(epoch, Input::Respond(200, OK)), Err(AlreadyAnswered));
    }

    #[test]
    fn one_final_answer_and_no_provisional_after_it() {
        let (epoch, mut machine) = start(Reliability::Unreliable);
        machine.handle(epoch, Input::Respond(486, BUSY)).unwrap();
        assert_eq!(machine.handle(epoch, Input::Respond(200, OK)), Err(AlreadyAnswered));
        assert_eq!(machine.handle(epoch, Input::Respond(180, RINGING)), Err(AlreadyAnswered));
    }

    #[test]
    fn a_transport_error_leaves_an_open_invite_to_the_user() {
        let (epoch, mut machine) = start(Reliability::Reliable);
        machine.handle(epoch, Input::TransportError).unwrap();
        assert_eq!(drain(&mut machine), [Output::Event(ServerEvent::TransportError)]);
        machine.handle(epoch, Input::Respond(486, BUSY)).unwrap();
        machine.handle(epoch, Input::TransportError).unwrap();
        let expected = [
            Output::Transmit(BUSY),
            Output::Event(ServerEvent::TransportError),
            Output::Event(ServerEvent::Terminated),
        ];
        assert_eq!(drain(&mut machine), expected);
    }
}
