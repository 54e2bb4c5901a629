use std::{collections::VecDeque, time::Instant};

use bytes::Bytes;

use super::machine::Repeat;
use super::timers::TimerConfig;

/// What happens to a 2xx that waits for its ACK.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// The ACK of the dialog has come.
    Ack,
    /// The user no longer cares: the dialog is over.
    Stop,
}

/// What the machine wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Send the 2xx again.
    Transmit(Bytes),
    /// `64 * T1` passed without an ACK: the session is to be ended with a BYE.
    Unacknowledged,
}

/// The UAS core's side of a 2xx to an INVITE (RFC 3261 section 13.3.1.4): the response is repeated
/// from T1 on, doubling up to T2, over every kind of transport, until its ACK comes or `64 * T1`
/// have passed.
///
/// ```text
///    2xx sent ---> Waiting --+ timer, doubling from T1 to T2 / send again
///                   |   |  <-+
///       ACK or stop |   | 64*T1 / tell: unacknowledged
///                   v   v
///                   Done
/// ```
///
/// The first transmission is the transaction's.
#[derive(Debug)]
pub struct Accepted2xx {
    state: State,
    timers: TimerConfig,
    outputs: VecDeque<Output>,
}

#[derive(Debug)]
enum State {
    Waiting { response: Bytes, repeat: Repeat, give_up: Instant },
    Done,
}

impl Accepted2xx {
    /// Starts with a 2xx that has just been sent.
    #[must_use]
    pub fn new(now: Instant, response: Bytes, timers: &TimerConfig) -> Self {
        let repeat = Repeat::start(now, timers.t1);
        let state = State::Waiting { response, repeat, give_up: now + timers.timeout() };
        Self { state, timers: *timers, outputs: VecDeque::new() }
    }

    /// Whether the ACK is still awaited.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        matches!(self.state, State::Waiting { .. })
    }

    /// Takes one input.
    pub fn handle(&mut self, _now: Instant, input: Input) {
        match input {
            Input::Ack | Input::Stop => self.state = State::Done,
        }
    }

    /// Fires the timers that are due.
    pub fn handle_timeout(&mut self, now: Instant) {
        let State::Waiting { response, repeat, give_up } = &mut self.state else { return };
        if *give_up <= now {
            self.state = State::Done;
            self.outputs.push_back(Output::Unacknowledged);
        } else if repeat.at <= now {
            repeat.again(now, self.timers.back_off(repeat.interval));
            self.outputs.push_back(Output::Transmit(response.clone()));
        }
    }

    /// When [`Accepted2xx::handle_timeout`] wants to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        match &self.state {
            State::Waiting { repeat, give_up, .. } => Some(repeat.at.min(*give_up)),
            State::Done => None,
        }
    }

    /// The next output.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const OK: Bytes = Bytes::from_static(b"200");

    fn start() -> (Instant, Accepted2xx) {
        #[allow(clippy::disallowed_methods)] // the epoch of a virtual clock
        let epoch = Instant::now();
        (epoch, Accepted2xx::new(epoch, OK, &TimerConfig::default()))
    }

    #[test]
    fn repeats_until_64_t1_then_asks_for_a_bye() {
        let (epoch, mut machine) = start();
        let mut sent = Vec::new();
        let mut end = None;
        while let Some(at) = machine.poll_timeout() {
            machine.handle_timeout(at);
            match machine.poll_output() {
                Some(Output::Transmit(_)) => sent.push((at - epoch).as_millis()),
                other => end = other.map(|output| (output, at - epoch)),
            }
        }
        let expected = [500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500];
        assert_eq!(sent, expected);
        assert_eq!(end, Some((Output::Unacknowledged, Duration::from_secs(32))));
    }

    #[test]
    fn the_ack_ends_it() {
        let (epoch, mut machine) = start();
        machine.handle(epoch, Input::Ack);
        machine.handle(epoch, Input::Ack);
        assert!(!machine.is_waiting());
        assert_eq!(machine.poll_timeout(), None);
        machine.handle_timeout(epoch + Duration::from_secs(99));
        assert_eq!(machine.poll_output(), None);
    }
}
