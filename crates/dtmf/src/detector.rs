//! Hears digits in audio, within the limits of ITU-T Q.24 and with the rest of the world beside
//! them.
//!
//! The audio comes in pieces of any size, at 8, 16 or 48 kHz; the pieces' sizes change nothing.
//! Two filters take the groups of tones apart; in each a key's tone is a number that turns
//! steadily. Where both turn as a key's tones do, for long enough, with nothing new beside them,
//! that is a digit:
//!
//! | | heard | refused |
//! |---|---|---|
//! | off frequency, either tone | to 1.5 % | from 3.5 % |
//! | high tone against the low one | 8 dB below to 4 dB above | |
//! | level of each tone | 0 to -30 dBm0 | |
//! | tone | from 40 ms | to 23 ms |
//! | break | to 10 ms, and a lost packet of 20 ms, it goes on | from 40 ms two digits |
//! | noise | to 15 dB below the tones at any length, to 10 dB from 70 ms on | |
//!
//! all of these together, after G.711 of either law, and over dial tone, ring-back, busy and
//! special information tones or mains hum that are as loud as the digit; where their sum is clipped, what lies between the
//! clipped samples is enough. A voice is told apart by
//! what it brings along, its other harmonics, and by its gliding into the tones; so is a chord. Where a digit does not come
//! out of silence, the spectrum is looked at once more: what is new beside the tones must be noise.
//!
//! ```text
//!   audio ─▶ 8 kHz ─▶ two filters, an output each 1.5 ms, computed where it is looked at
//!                       │
//!                       ▼ each 4.5 ms: could this be a pair of steady tones?
//!                     less what sounds steadily, over a window of 9 ms ─▶ a pair
//!                                                                          │
//!                       Output::End ◀─── Digit ◀─── Candidate ◀────────────┘
//!                                          │ 31.5 ms, exact, clean, abrupt, alone
//!                                          └▶ Output::Start
//! ```
//!
//! Silence costs next to nothing, and speech half of what tones cost: an output that nobody looks at is not computed. A
//! filter is folded around its middle and works on eight samples at a time (`wide`, which holds what `unsafe` that takes).
//! A detector is 12 kilobytes and allocates nothing; a `Mute<i16>` is 22.

mod background;
mod bands;
mod clipped;
mod complex;
mod decimate;
mod fit;
mod history;
mod lines;
mod mute;
mod spectrum;
#[cfg(test)]
mod tests;
mod track;

use switchboard_dialstring::Digit;

use self::bands::{HOP, TAPS};
use self::decimate::Decimator;
use self::history::{Clipped, History, Limits, Share};
use self::track::{Event, Tracker};
use crate::generator::SampleRate;
use crate::queue::Queue;

pub use self::mute::Mute;

pub(crate) use self::complex::sine;

/// What a detector says. Places are numbers of samples since the first, at the input's rate, and
/// exact to 3 ms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// A digit has lasted long enough to be one.
    Start {
        /// Which.
        digit: Digit,
        /// Where it began.
        from: u64,
    },
    /// It is over.
    End {
        /// Which.
        digit: Digit,
        /// Where it began.
        from: u64,
        /// Where it ended.
        to: u64,
    },
}

/// A sample of audio.
pub trait Sample: Copy + sealed::Sealed {
    /// Its value in 16 bits.
    #[doc(hidden)]
    fn pcm(self) -> i16;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for i16 {}
    impl Sealed for f32 {}
}

impl Sample for i16 {
    fn pcm(self) -> i16 {
        self
    }
}

/// Full scale is 1, and what is beyond it is clipped; what is no number is silence.
impl Sample for f32 {
    fn pcm(self) -> i16 {
        let scaled = self * 32_768.0;
        // The cast ends at the type's limits and makes 0 of what is no number.
        if self.is_finite() { (scaled + 0.5_f32.copysign(scaled)) as i16 } else { 0 }
    }
}

/// The machine. Its clock is the audio: there is no timeout to poll. See the [module](self).
///
/// ```
/// use switchboard_dtmf::Digit;
/// use switchboard_dtmf::detector::{Detector, Output};
/// use switchboard_dtmf::generator::{Config, Generator, SampleRate};
///
/// let mut generator = Generator::new(Config::default(), [Digit::D4, Digit::D2].into_iter().collect());
/// let mut detector = Detector::new(SampleRate::Hz8000);
/// let mut heard = String::new();
/// let mut frame = [0_i16; 160];
/// while !generator.is_done() {
///     generator.fill(&mut frame);
///     detector.handle(&frame);
///     while let Some(output) = detector.poll_output() {
///         if let Output::Start { digit, .. } = output {
///             heard.push(digit.as_char());
///         }
///     }
/// }
/// assert_eq!(heard, "42");
/// ```
#[derive(Clone, Debug)]
pub struct Detector {
    decimator: Decimator,
    history: History,
    tracker: Tracker,
    outputs: Queue<Output, 16>,
}

/// The most audio that is taken in one go, at 8 kHz, and the most outputs that it can make.
const PART: usize = 20 * HOP;
const OUTPUTS_A_PART: usize = 4;

const LIMITS: Limits = Limits {
    coherence: 0.72,
    scout: 0.5,
    deviation: 0.02,
    high_below: 9.0,
    high_above: 3.6,
    beside: 0.12,
    comes: 0.06,
    noise: 0.13,
    other: 0.02,
    steady: 1.4,
    earlier: 0.25,
    residue: [0.018, 0.0035, 0.05],
    clipped: Clipped { coherence: 0.2, scout: 0.1, twist: 1.6, left: 0.08 },
    lines: Share { silence: 0.02, clean: 0.01, strongest: 25.0, residue: 200.0 },
};

impl Detector {
    /// A detector that has heard nothing.
    #[must_use]
    pub fn new(sample_rate: SampleRate) -> Self {
        Self {
            decimator: Decimator::new(sample_rate),
            history: History::new(),
            tracker: Tracker::new(LIMITS),
            outputs: Queue::new(),
        }
    }

    /// Takes audio, `i16` or `f32`. Returns how many samples it took: all of them, unless so many
    /// outputs wait to be taken that more would be lost (a second's audio never makes so many).
    pub fn handle<S: Sample>(&mut self, audio: &[S]) -> usize {
        let mut taken = 0;
        while taken < audio.len() && self.outputs.room() >= OUTPUTS_A_PART {
            let free = self.history.free();
            let part = free.len().min(PART);
            let (used, filled) = self.decimator.fill(&audio[taken..], &mut free[..part]);
            taken += used;
            self.history.add(filled);
            while self.history.advance() {
                for event in self.tracker.advance(&mut self.history).into_iter().flatten() {
                    self.say(event);
                }
            }
        }
        taken
    }

    /// The audio is over: so is the digit that sounds. More audio is as if after silence.
    pub fn finish(&mut self) {
        // Half a filter, and as much as the tracker waits.
        const SILENCE: [i16; 64] = [0; 64];
        for _ in 0..8 * self.decimator.factor() {
            self.handle(&SILENCE);
        }
    }

    /// What there is to say, in order.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop()
    }

    fn say(&mut self, event: Event) {
        // A tone's edges are where it has half its power, which is in its ramps' middle or a little later.
        const RAMP: u64 = HOP as u64 / 2;
        let output = match event {
            Event::Start { row, column, start } => {
                Output::Start { digit: digit(row, column), from: self.place(start, RAMP) }
            }
            Event::End { row, column, start, end } => {
                let (from, to) = (self.place(start, RAMP), self.place(end + 1, 0));
                // Edges are found to 3 ms, in clipped audio worse: what was taken for a digit lasted longer than what
                // must be refused.
                let to = to.max(from + 23 * 8 * self.decimator.factor() as u64 + 1);
                Output::End { digit: digit(row, column), from, to }
            }
        };
        // `handle` keeps room.
        let _ = self.outputs.push(output);
    }

    /// The sample of the input halfway between an output and the one before, or so many samples of 8 kHz earlier.
    fn place(&self, number: u64, earlier: u64) -> u64 {
        let samples = (number - history::KEPT) * HOP as u64;
        let here = samples.saturating_sub((TAPS + HOP) as u64 / 2 + earlier);
        (here * self.decimator.factor() as u64).saturating_sub(self.decimator.delay())
    }
}

fn digit(row: usize, column: usize) -> Digit {
    use Digit::{A, B, C, D, D0, D1, D2, D3, D4, D5, D6, D7, D8, D9, Pound, Star};
    [[D1, D2, D3, A], [D4, D5, D6, B], [D7, D8, D9, C], [Star, D0, Pound, D]][row][column]
}
