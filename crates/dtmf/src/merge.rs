//! One stream of presses from several ways of hearing them.
//!
//! A phone may send the same press as a telephone-event, in an INFO and as a tone in the audio,
//! and each way has a delay of its own. A press that a second way reports within the window is the
//! press that is known already; what one way reports twice are two presses, however close.
//!
//! ```text
//!              key, not known on another way within the window
//!   (nothing) ────────────────────────────────────────────────▶ Known ──▶ Output::Press
//!                                                                 │ ▲
//!                          window over: forgotten ◀───────────────┘ └── same key on a way that
//!                                                                       has not told it yet
//! ```

use core::time::Duration;

use switchboard_dialstring::Digit;

use crate::Instant;
use crate::queue::Queue;

/// How presses are merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// How far apart two ways may report one press (700 ms: a tone needs some 50 ms to be
    /// recognised, an INFO that is lost is repeated after 500 ms, RFC 3261 timer T1).
    pub window: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self { window: Duration::from_millis(700) }
    }
}

/// A way on which a press can be heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Way {
    /// RFC 4733 packets.
    TelephoneEvent,
    /// SIP INFO.
    Info,
    /// Tones in the audio.
    InBand,
    /// An application's request.
    Api,
}

impl Way {
    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// A press as one way reports it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Input {
    /// The way.
    pub way: Way,
    /// The key.
    pub digit: Digit,
    /// When it went down, if the way can tell: an INFO that is sent on release says how long the
    /// key was held, and came so much later. Otherwise the instant of the report.
    pub began: Instant,
}

/// A press that nothing had reported before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Output {
    /// The way that was first.
    pub way: Way,
    /// The key.
    pub digit: Digit,
}

/// There are more presses than can be told apart, or than have been taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many presses within the window, or waiting to be taken")]
pub struct Overrun;

/// How many presses can be within the window.
const MEMORY: usize = 16;

/// The machine. See the [module](self).
#[derive(Clone, Debug)]
pub struct Merge {
    window: Duration,
    known: [Option<Known>; MEMORY],
    outputs: Queue<Output, MEMORY>,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    digit: Digit,
    began: Instant,
    /// The ways that have told it.
    ways: u8,
    /// Until when another way may tell it.
    until: Instant,
}

impl Merge {
    /// A merge that has heard nothing.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self { window: config.window, known: [None; MEMORY], outputs: Queue::new() }
    }

    /// Takes a press from one way.
    ///
    /// # Errors
    /// [`Overrun`] in a flood: the press is not counted.
    pub fn handle(&mut self, now: Instant, input: Input) -> Result<(), Overrun> {
        self.handle_timeout(now);
        let began = input.began.min(now);
        let window = self.window;
        let same = self
            .known
            .iter_mut()
            .flatten()
            .filter(|known| {
                known.digit == input.digit
                    && known.ways & input.way.bit() == 0
                    && known.began.max(began) - known.began.min(began) <= window
            })
            .min_by_key(|known| known.began);
        if let Some(known) = same {
            known.ways |= input.way.bit();
            return Ok(());
        }
        let slot = self.known.iter_mut().find(|known| known.is_none()).ok_or(Overrun)?;
        let output = Output { way: input.way, digit: input.digit };
        self.outputs.push(output).map_err(|_| Overrun)?;
        let until = now + window;
        *slot = Some(Known { digit: input.digit, began, ways: input.way.bit(), until });
        Ok(())
    }

    /// Forgets presses that no other way can tell any more.
    pub fn handle_timeout(&mut self, now: Instant) {
        for known in &mut self.known {
            known.take_if(|known| known.until < now);
        }
    }

    /// When [`handle_timeout`](Self::handle_timeout) has something to do: never, since
    /// [`handle`](Self::handle) forgets by itself.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    /// The presses, each once, in the order in which they were first heard.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop()
    }
}

impl Default for Merge {
    fn default() -> Self {
        Self::new(Config::default())
    }
}

#[cfg(test)]
mod tests {
    use std::string::String;
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::*;

    const WAYS: [Way; 4] = [Way::TelephoneEvent, Way::Info, Way::InBand, Way::Api];

    /// What is counted of reports `(ms, way, key)`.
    fn merge(reports: &[(u64, Way, char)]) -> String {
        let mut merge = Merge::default();
        let mut out = String::new();
        for (millis, way, digit) in reports {
            let now = Instant::from_millis(*millis);
            let digit = Digit::from_char(*digit).expect("a digit");
            merge.handle(now, Input { way: *way, digit, began: now }).expect("room");
            while let Some(output) = merge.poll_output() {
                out.push(output.digit.as_char());
            }
        }
        out
    }

    /// One press as RTP, INFO and tone together counts once.
    #[test]
    fn h35_the_same_press_on_several_ways_counts_once() {
        let reports =
            [(0, Way::TelephoneEvent, '1'), (60, Way::InBand, '1'), (550, Way::Info, '1')];
        assert_eq!(merge(&reports), "1");
    }

    /// rtpengine 1123: a gateway that turns tones into events leaves the first packets of the tone in
    /// the audio, and the far side heard two digits.
    #[test]
    fn the_rest_of_a_tone_that_a_gateway_turned_into_an_event_is_no_second_digit() {
        use Way::{InBand, TelephoneEvent};
        let reports = [
            (40, InBand, '1'),
            (60, TelephoneEvent, '1'),
            (240, InBand, '1'),
            (260, TelephoneEvent, '1'),
            (440, InBand, '7'),
            (460, TelephoneEvent, '7'),
        ];
        assert_eq!(merge(&reports), "117");
    }

    #[test]
    fn a_repeat_on_one_way_is_another_press() {
        let way = Way::Info;
        assert_eq!(merge(&[(0, way, '1'), (0, way, '1'), (1, way, '1')]), "111");
    }

    #[test]
    fn two_presses_on_two_ways_are_two() {
        use Way::{Info, TelephoneEvent};
        let reports = [
            (0, TelephoneEvent, '1'),
            (90, Info, '1'),
            (200, TelephoneEvent, '1'),
            (290, Info, '1'),
        ];
        assert_eq!(merge(&reports), "11");
        let reports = [
            (0, TelephoneEvent, '1'),
            (200, TelephoneEvent, '1'),
            (400, Info, '1'),
            (500, Info, '1'),
        ];
        assert_eq!(merge(&reports), "11");
    }

    #[test]
    fn the_window_ends() {
        let reports = [(0, Way::TelephoneEvent, '1'), (701, Way::Info, '1')];
        assert_eq!(merge(&reports), "11");
        let reports = [(0, Way::TelephoneEvent, '1'), (700, Way::Info, '1')];
        assert_eq!(merge(&reports), "1");
    }

    #[test]
    fn a_report_on_release_counts_from_the_press() {
        let mut merge = Merge::new(Config { window: Duration::from_millis(2_000) });
        let digit = Digit::D4;
        let start = Instant::from_millis(5_000);
        let first = Input { way: Way::TelephoneEvent, digit, began: start };
        merge.handle(start, first).expect("room");
        let now = start + Duration::from_millis(1_900);
        merge.handle(now, Input { way: Way::Info, digit, began: start }).expect("room");
        assert!(merge.poll_output().is_some());
        assert_eq!(merge.poll_output(), None);
    }

    #[test]
    fn a_flood_is_bounded() {
        let mut merge = Merge::default();
        let input = Input { way: Way::Api, digit: Digit::D1, began: Instant::EPOCH };
        let refused = (0..1_000).filter(|_| merge.handle(Instant::EPOCH, input).is_err()).count();
        assert_eq!(refused, 1_000 - MEMORY);
    }

    proptest! {
        /// Presses a second apart, each told by some ways with delays inside the window: each
        /// counts once, in order.
        #[test]
        fn each_press_counts_once(
            presses in proptest::collection::vec(
                (0_u8..10, proptest::collection::vec((0_usize..4, 0_u64..300), 1..5)), 0..20),
        ) {
            let mut reports = Vec::new();
            let mut expected = String::new();
            for (at, (key, told)) in (0..).zip(presses) {
                let digit = char::from(b'0' + key);
                expected.push(digit);
                let mut ways = [None; 4];
                told.iter().for_each(|(way, delay)| ways[*way] = Some(at * 1_001 + delay));
                for (way, time) in WAYS.into_iter().zip(ways) {
                    reports.extend(time.map(|time| (time, way, digit)));
                }
            }
            reports.sort_by_key(|(time, ..)| *time);
            prop_assert_eq!(merge(&reports), expected);
        }

        /// Keys in quick succession, told on every way, each with a delay of its own.
        #[test]
        fn quick_presses_that_all_ways_tell_count_once_each(
            presses in proptest::collection::vec((0_u8..3, 80_u64..400), 0..30),
            delays in proptest::array::uniform4(0_u64..300),
        ) {
            let (mut reports, mut now) = (Vec::new(), 0);
            let mut expected = String::new();
            for (key, gap) in presses {
                now += gap;
                let digit = char::from(b'1' + key);
                expected.push(digit);
                let told = WAYS.into_iter().zip(delays);
                reports.extend(told.map(|(way, delay)| (now + delay, way, digit)));
            }
            reports.sort_by_key(|(time, ..)| *time);
            prop_assert_eq!(merge(&reports), expected);
        }

        /// Whatever is reported: no way's repeats are merged, and nothing is made up.
        #[test]
        fn repeats_on_one_way_are_never_merged(
            reports in proptest::collection::vec((50_u64..400, 0_usize..4, 0_u8..3), 0..60),
        ) {
            let mut now = 0;
            let reports: Vec<_> = reports
                .into_iter()
                .map(|(gap, way, key)| {
                    now += gap;
                    (now, WAYS[way], char::from(b'1' + key))
                })
                .collect();
            let counted = merge(&reports);
            for digit in ['1', '2', '3'] {
                let on = |way| reports.iter().filter(|told| told.1 == way && told.2 == digit).count();
                let told = WAYS.map(on);
                let counted = counted.matches(digit).count();
                prop_assert!(counted >= *told.iter().max().expect("four ways"));
                prop_assert!(counted <= told.iter().sum());
            }
        }
    }
}
