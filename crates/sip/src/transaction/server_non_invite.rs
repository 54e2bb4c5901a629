use std::{collections::VecDeque, time::Instant};

use bytes::Bytes;

use super::machine::{AlreadyAnswered, Output, ServerEvent, TransactionState};
use super::timers::{Reliability, TimerConfig};

/// What happens to a server non-INVITE transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// The request came again.
    Retransmission,
    /// The user's response: its status code and its octets.
    Respond(u16, Bytes),
    /// The transport could not deliver, or the connection is gone.
    TransportError,
}

/// The non-INVITE server transaction (RFC 3261 section 17.2.2).
///
/// ```text
///                     request from the wire
///                              |
///                              v    64*T1 without a final answer / tell
///                           Trying ------------------------------------+
///       (absorbs             |  |                                      |
///        repetitions)  1xx   |  | 200-699 / send                       |
///                     / send v  |                                      |
///    request, 1xx / send +-- Proceeding -------------------------------+
///                        +-->   |                                      |
///                200-699 / send v                                      |
///         request / send +-- Completed                                 |
///                        +-->   | timer J, or a transport error / tell |
///                               v                                      v
///                           Terminated <-------------------------------+
/// ```
///
/// A user that has not answered after `64 * T1` never will to any effect: the other side has given
/// up (RFC 4320 section 4.2). The transaction then ends by itself, so that nothing stays behind.
#[derive(Debug)]
pub struct ServerNonInvite {
    state: State,
    timers: TimerConfig,
    reliability: Reliability,
    outputs: VecDeque<Output<ServerEvent>>,
}

#[derive(Debug)]
enum State {
    Trying { give_up: Instant },
    Proceeding { last: Bytes, give_up: Instant },
    Completed { response: Bytes, j: Instant },
    Terminated,
}

impl ServerNonInvite {
    /// Starts the transaction of a request that has just arrived.
    #[must_use]
    pub fn new(now: Instant, reliability: Reliability, timers: &TimerConfig) -> Self {
        let state = State::Trying { give_up: now + timers.timeout() };
        Self { state, timers: *timers, reliability, outputs: VecDeque::new() }
    }

    /// The state of the diagram that it is in.
    #[must_use]
    pub fn state(&self) -> TransactionState {
        match self.state {
            State::Trying { .. } => TransactionState::Trying,
            State::Proceeding { .. } => TransactionState::Proceeding,
            State::Completed { .. } => TransactionState::Completed,
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
    /// [`AlreadyAnswered`] for a response after the final one.
    pub fn handle(&mut self, now: Instant, input: Input) -> Result<(), AlreadyAnswered> {
        match input {
            Input::Retransmission => self.on_retransmission(),
            Input::Respond(status, response) => return self.on_respond(now, status, response),
            Input::TransportError => self.on_transport_error(),
        }
        Ok(())
    }

    /// Fires the timers that are due.
    pub fn handle_timeout(&mut self, now: Instant) {
        match self.state {
            State::Trying { give_up } | State::Proceeding { give_up, .. } if give_up <= now => {
                self.event(ServerEvent::Timeout);
                self.terminate();
            }
            State::Completed { j, .. } if j <= now => self.terminate(),
            _ => {}
        }
    }

    /// When [`ServerNonInvite::handle_timeout`] wants to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Trying { give_up: at }
            | State::Proceeding { give_up: at, .. }
            | State::Completed { j: at, .. } => Some(at),
            State::Terminated => None,
        }
    }

    /// The next output.
    pub fn poll_output(&mut self) -> Option<Output<ServerEvent>> {
        self.outputs.pop_front()
    }

    fn on_retransmission(&mut self) {
        match &self.state {
            State::Proceeding { last: response, .. } | State::Completed { response, .. } => {
                self.outputs.push_back(Output::Transmit(response.clone()));
            }
            State::Trying { .. } | State::Terminated => {}
        }
    }

    fn on_respond(
        &mut self,
        now: Instant,
        status: u16,
        response: Bytes,
    ) -> Result<(), AlreadyAnswered> {
        let give_up = match self.state {
            State::Trying { give_up } | State::Proceeding { give_up, .. } => give_up,
            State::Completed { .. } | State::Terminated => return Err(AlreadyAnswered),
        };
        self.outputs.push_back(Output::Transmit(response.clone()));
        if status < 200 {
            self.state = State::Proceeding { last: response, give_up };
            return Ok(());
        }
        let linger = self.reliability.linger(self.timers.timeout());
        if linger.is_zero() {
            self.terminate();
        } else {
            self.state = State::Completed { response, j: now + linger };
        }
        Ok(())
    }

    fn on_transport_error(&mut self) {
        if !self.is_terminated() {
            self.event(ServerEvent::TransportError);
            self.terminate();
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

    const TRYING: Bytes = Bytes::from_static(b"100");
    const OK: Bytes = Bytes::from_static(b"200");

    fn start(reliability: Reliability) -> (Instant, ServerNonInvite) {
        #[allow(clippy::disallowed_methods)] // the epoch of a virtual clock
        let epoch = Instant::now();
        (epoch, ServerNonInvite::new(epoch, reliability, &TimerConfig::default()))
    }

    fn drain(machine: &mut ServerNonInvite) -> Vec<Output<ServerEvent>> {
        std::iter::from_fn(|| machine.poll_output()).collect()
    }

    #[test]
    fn a_repeated_request_gets_what_was_last_said() {
        let (epoch, mut machine) = start(Reliability::Unreliable);
        machine.handle(epoch, Input::Retransmission).unwrap();
        assert_eq!(drain(&mut machine), []);
        machine.handle(epoch, Input::Respond(100, TRYING)).unwrap();
        machine.handle(epoch, Input::Retransmission).unwrap();
        assert_eq!(drain(&mut machine), [Output::Transmit(TRYING), Output::Transmit(TRYING)]);
        machine.handle(epoch, Input::Respond(200, OK)).unwrap();
        machine.handle(epoch, Input::Retransmission).unwrap();
        assert_eq!(drain(&mut machine), [Output::Transmit(OK), Output::Transmit(OK)]);
        assert_eq!(machine.handle(epoch, Input::Respond(200, OK)), Err(AlreadyAnswered));
        machine.handle_timeout(epoch + Duration::from_secs(32));
        assert_eq!(drain(&mut machine), [Output::Event(ServerEvent::Terminated)]);
    }

    #[test]
    fn over_a_reliable_transport_the_answer_ends_it() {
        let (epoch, mut machine) = start(Reliability::Reliable);
        machine.handle(epoch, Input::Respond(200, OK)).unwrap();
        let end = [Output::Transmit(OK), Output::Event(ServerEvent::Terminated)];
        assert_eq!(drain(&mut machine), end);
        assert_eq!(machine.poll_timeout(), None);
    }

    #[test]
    fn a_user_that_never_answers_leaves_nothing_behind() {
        for first in [None, Some(Input::Respond(100, TRYING))] {
            let (epoch, mut machine) = start(Reliability::Unreliable);
            if let Some(first) = first {
                machine.handle(epoch, first).unwrap();
                drain(&mut machine);
            }
            machine.handle_timeout(epoch + Duration::from_secs(32));
            let end = [ServerEvent::Timeout, ServerEvent::Terminated].map(Output::Event);
            assert_eq!(drain(&mut machine), end);
            assert_eq!(machine.handle(epoch, Input::Respond(200, OK)), Err(AlreadyAnswered));
        }
    }

    #[test]
    fn a_transport_error_is_told_once() {
        let (epoch, mut machine) = start(Reliability::Unreliable);
        machine.handle(epoch, Input::TransportError).unwrap();
        machine.handle(epoch, Input::TransportError).unwrap();
        let end = [ServerEvent::TransportError, ServerEvent::Terminated].map(Output::Event);
        assert_eq!(drain(&mut machine), end);
    }
}
