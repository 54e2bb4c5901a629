use std::{collections::VecDeque, time::Instant};

use bytes::Bytes;

use super::machine::{ClientEvent, Output, Repeat, TransactionState, earlier};
use super::timers::{Reliability, TimerConfig};

/// What happens to a client non-INVITE transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// A response with this status code matched the transaction.
    Response(u16),
    /// The transport could not deliver, or the connection is gone.
    TransportError,
}

/// The non-INVITE client transaction (RFC 3261 section 17.1.2).
///
/// ```text
///                    request from the user / send
///                               |
///      timer E / send again     v       timer F or transport error / tell
///                   +------- Trying ---------------------------+
///                   +------->   |  |                           |
///                    1xx / tell |  | 200-699 / tell            |
///    timer E / send again       v  |                           |
///    1xx / tell     +---- Proceeding ---------------------------+
///                   +------->   |  |    timer F or error / tell |
///                200-699 / tell |  |                           |
///                               v  v                           |
///                           Completed  (absorbs repetitions)   |
///                               | timer K                      |
///                               v                              v
///                           Terminated <-----------------------+
/// ```
#[derive(Debug)]
pub struct ClientNonInvite {
    state: State,
    timers: TimerConfig,
    reliability: Reliability,
    outputs: VecDeque<Output<ClientEvent>>,
}

#[derive(Debug)]
enum State {
    Trying { request: Bytes, e: Option<Repeat>, f: Instant },
    Proceeding { request: Bytes, e: Option<Repeat>, f: Instant },
    Completed { k: Instant },
    Terminated,
}

impl ClientNonInvite {
    /// Starts the transaction: the request is the first output.
    #[must_use]
    pub fn new(
        now: Instant,
        request: Bytes,
        reliability: Reliability,
        timers: &TimerConfig,
    ) -> Self {
        let e = match reliability {
            Reliability::Unreliable => Some(Repeat::start(now, timers.t1)),
            Reliability::Reliable => None,
        };
        let outputs = VecDeque::from([Output::Transmit(request.clone())]);
        let state = State::Trying { request, e, f: now + timers.timeout() };
        Self { state, timers: *timers, reliability, outputs }
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

    /// Takes one input. Late and repeated ones are ordinary.
    pub fn handle(&mut self, now: Instant, input: Input) {
        match input {
            Input::Response(..=199) => self.on_provisional(),
            Input::Response(_) => self.on_final(now),
            Input::TransportError => self.on_transport_error(),
        }
    }

    /// Fires the timers that are due.
    pub fn handle_timeout(&mut self, now: Instant) {
        let (request, e, back_off) = match &mut self.state {
            State::Trying { f, .. } | State::Proceeding { f, .. } if *f <= now => {
                self.event(ClientEvent::Timeout);
                self.terminate();
                return;
            }
            State::Completed { k } if *k <= now => {
                self.terminate();
                return;
            }
            State::Trying { request, e: Some(e), .. } => {
                let next = self.timers.back_off(e.interval);
                (request, e, next)
            }
            // 17.1.2.2: in Proceeding timer E is always T2.
            State::Proceeding { request, e: Some(e), .. } => (request, e, self.timers.t2),
            _ => return,
        };
        if e.at <= now {
            e.again(now, back_off);
            self.outputs.push_back(Output::Transmit(request.clone()));
        }
    }

    /// When [`ClientNonInvite::handle_timeout`] wants to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        match &self.state {
            State::Trying { e, f, .. } | State::Proceeding { e, f, .. } => Some(earlier(*e, *f)),
            State::Completed { k } => Some(*k),
            State::Terminated => None,
        }
    }

    /// The next output.
    pub fn poll_output(&mut self) -> Option<Output<ClientEvent>> {
        self.outputs.pop_front()
    }

    fn on_provisional(&mut self) {
        match std::mem::replace(&mut self.state, State::Terminated) {
            State::Trying { request, e, f } | State::Proceeding { request, e, f } => {
                self.state = State::Proceeding { request, e, f };
                self.event(ClientEvent::Response);
            }
            other => self.state = other,
        }
    }

    fn on_final(&mut self, now: Instant) {
        if let State::Trying { .. } | State::Proceeding { .. } = self.state {
            self.event(ClientEvent::Response);
            let linger = self.reliability.linger(self.timers.t4);
            if linger.is_zero() {
                self.terminate();
            } else {
                self.state = State::Completed { k: now + linger };
            }
        }
    }

    fn on_transport_error(&mut self) {
        match self.state {
            State::Trying { .. } | State::Proceeding { .. } => {
                self.event(ClientEvent::TransportError);
                self.terminate();
            }
            State::Completed { .. } => self.terminate(),
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

    const REQUEST: Bytes = Bytes::from_static(b"OPTIONS");

    fn start(reliability: Reliability) -> (Instant, ClientNonInvite) {
        #[allow(clippy::disallowed_methods)] // the epoch of a virtual clock
        let epoch = Instant::now();
        (epoch, ClientNonInvite::new(epoch, REQUEST, reliability, &TimerConfig::default()))
    }

    fn drain(machine: &mut ClientNonInvite) -> Vec<Output<ClientEvent>> {
        std::iter::from_fn(|| machine.poll_output()).collect()
    }

    /// Runs to the end; gives the times of retransmission in ms and the last outputs.
    fn run(epoch: Instant, machine: &mut ClientNonInvite) -> (Vec<u128>, Vec<Output<ClientEvent>>) {
        let (mut sent, mut rest) = (Vec::new(), Vec::new());
        while let Some(at) = machine.poll_timeout() {
            machine.handle_timeout(at);
            for output in drain(machine) {
                match output {
                    Output::Transmit(_) => sent.push((at - epoch).as_millis()),
                    event => rest.push(event),
                }
            }
        }
        (sent, rest)
    }

    #[test]
    fn retransmits_up_to_t2_and_gives_up_after_64_t1() {
        let (epoch, mut machine) = start(Reliability::Unreliable);
        drain(&mut machine);
        let (sent, rest) = run(epoch, &mut machine);
        let expected = [500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500];
        assert_eq!(sent, expected);
        let end = [ClientEvent::Timeout, ClientEvent::Terminated].map(Output::Event);
        assert_eq!(rest, end);
    }

    #[test]
    fn a_provisional_slows_the_retransmissions_and_does_not_stop_the_clock() {
        let (epoch, mut machine) = start(Reliability::Unreliable);
        drain(&mut machine);
        machine.handle(epoch + Duration::from_millis(100), Input::Response(100));
        assert_eq!(drain(&mut machine), [Output::Event(ClientEvent::Response)]);
        let (sent, rest) = run(epoch, &mut machine);
        assert_eq!(sent, [500, 4_500, 8_500, 12_500, 16_500, 20_500, 24_500, 28_500]);
        let end = [ClientEvent::Timeout, ClientEvent::Terminated].map(Output::Event);
        assert_eq!(rest, end);
    }

    #[test]
    fn a_final_response_is_told_once_and_repetitions_absorbed_for_t4() {
        let (epoch, mut machine) = start(Reliability::Unreliable);
        drain(&mut machine);
        machine.handle(epoch, Input::Response(404));
        machine.handle(epoch, Input::Response(404));
        machine.handle(epoch, Input::Response(100));
        assert_eq!(drain(&mut machine), [Output::Event(ClientEvent::Response)]);
        assert_eq!(machine.poll_timeout(), Some(epoch + Duration::from_secs(5)));
        machine.handle_timeout(epoch + Duration::from_secs(5));
        assert_eq!(drain(&mut machine), [Output::Event(ClientEvent::Terminated)]);
    }

    #[test]
    fn over_a_reliable_transport_the_answer_ends_it() {
        let (epoch, mut machine) = start(Reliability::Reliable);
        drain(&mut machine);
        machine.handle(epoch, Input::Response(200));
        let end = [ClientEvent::Response, ClientEvent::Terminated].map(Output::Event);
        assert_eq!(drain(&mut machine), end);
        assert!(machine.is_terminated());
    }

    #[test]
    fn a_transport_error_is_told_while_an_answer_is_awaited() {
        let (epoch, mut machine) = start(Reliability::Unreliable);
        drain(&mut machine);
        machine.handle(epoch, Input::TransportError);
        machine.handle(epoch, Input::TransportError);
        let end = [ClientEvent::TransportError, ClientEvent::Terminated].map(Output::Event);
        assert_eq!(drain(&mut machine), end);
        assert_eq!(machine.poll_timeout(), None);
    }
}
