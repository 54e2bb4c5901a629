//! Tones as audio: each digit a pair of sines (ITU-T Q.23), with soft edges.

mod sine;
#[cfg(test)]
mod tests;

use core::time::Duration;

use switchboard_dialstring::Digit;

use self::sine::Sine;
use crate::sender::{Plan, Step};

/// The two frequencies of a digit in hertz, the low group's first (ITU-T Q.23).
///
/// ```
/// use switchboard_dtmf::Digit;
///
/// assert_eq!(switchboard_dtmf::generator::frequencies(Digit::D5), [770, 1336]);
/// ```
#[must_use]
pub const fn frequencies(digit: Digit) -> [u16; 2] {
    let (row, column) = match digit {
        Digit::D1 => (0, 0),
        Digit::D2 => (0, 1),
        Digit::D3 => (0, 2),
        Digit::A => (0, 3),
        Digit::D4 => (1, 0),
        Digit::D5 => (1, 1),
        Digit::D6 => (1, 2),
        Digit::B => (1, 3),
        Digit::D7 => (2, 0),
        Digit::D8 => (2, 1),
        Digit::D9 => (2, 2),
        Digit::C => (2, 3),
        Digit::Star => (3, 0),
        Digit::D0 => (3, 1),
        Digit::Pound => (3, 2),
        Digit::D => (3, 3),
    };
    [[697, 770, 852, 941][row], [1_209, 1_336, 1_477, 1_633][column]]
}

/// How many samples a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SampleRate {
    /// 8 kHz, the telephone's.
    Hz8000,
    /// 16 kHz.
    Hz16000,
    /// 48 kHz.
    Hz48000,
}

impl SampleRate {
    /// In hertz.
    #[must_use]
    pub const fn hertz(self) -> u32 {
        match self {
            Self::Hz8000 => 8_000,
            Self::Hz16000 => 16_000,
            Self::Hz48000 => 48_000,
        }
    }

    /// How many whole samples the time holds.
    #[must_use]
    pub const fn samples(self, time: Duration) -> u64 {
        (time.as_micros() * self.hertz() as u128 / 1_000_000) as u64
    }
}

/// How tones sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Samples a second (8 kHz).
    pub sample_rate: SampleRate,
    /// Level of the low tone in dBm0, 0 to -60 (-8: with the high tone 2 dB above, as
    /// ETSI ES 201 235-2 sends them).
    pub low_dbm0: i8,
    /// Level of the high tone in dBm0, 0 to -60 (-6). Above -3 in both, the sum is clipped.
    pub high_dbm0: i8,
    /// Length of a tone, its ramps included (100 ms).
    pub tone: Duration,
    /// Silence after a tone (100 ms).
    pub gap: Duration,
    /// How long a tone rises, and falls (2 ms): no click.
    pub ramp: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            sample_rate: SampleRate::Hz8000,
            low_dbm0: -8,
            high_dbm0: -6,
            tone: Duration::from_millis(100),
            gap: Duration::from_millis(100),
            ramp: Duration::from_millis(2),
        }
    }
}

/// Makes the audio of a plan, in pieces of any size.
///
/// ```
/// use switchboard_dtmf::Digit;
/// use switchboard_dtmf::generator::{Config, Generator};
///
/// let mut generator = Generator::new(Config::default(), [Digit::D1, Digit::D2].into_iter().collect());
/// let mut audio = Vec::new();
/// let mut frame = [0; 160];
/// while !generator.is_done() {
///     let samples = generator.fill(&mut frame);
///     audio.extend_from_slice(&frame[..samples]);
/// }
/// assert_eq!(audio.len(), 2 * (800 + 800));
/// ```
#[derive(Clone, Debug)]
pub struct Generator {
    config: Config,
    plan: Plan,
    next: usize,
    sound: Sound,
}

#[derive(Clone, Copy, Debug)]
enum Sound {
    Tone { low: Sine, high: Sine, at: u64, samples: u64, ramp: u64 },
    Silence { left: u64 },
}

impl Generator {
    /// A generator at the beginning of its plan.
    #[must_use]
    pub fn new(config: Config, plan: Plan) -> Self {
        Self { config, plan, next: 0, sound: Sound::Silence { left: 0 } }
    }

    /// True when the plan, with the gap after its last tone, is over.
    #[must_use]
    pub fn is_done(&self) -> bool {
        matches!(self.sound, Sound::Silence { left: 0 }) && self.next >= self.plan.steps().len()
    }

    /// Fills the buffer; what is left of it after the plan's end becomes silence. Returns how many
    /// samples belong to the plan.
    pub fn fill(&mut self, out: &mut [i16]) -> usize {
        let mut at = 0;
        while at < out.len() && !self.is_done() {
            at += self.advance(&mut out[at..]);
        }
        out[at..].fill(0);
        at
    }

    /// Goes on with the present sound, or to the next step. Returns how many samples it wrote.
    fn advance(&mut self, out: &mut [i16]) -> usize {
        match &mut self.sound {
            Sound::Tone { low, high, at, samples, ramp } => {
                let len = out.len().min(usize::try_from(*samples - *at).unwrap_or(usize::MAX));
                for slot in &mut out[..len] {
                    let edge = (*at + 1).min(*samples - *at).min(*ramp);
                    let sum = low.sample() + high.sample();
                    let faded = if edge < *ramp {
                        (i64::from(sum) * edge as i64 / *ramp as i64) as i32
                    } else {
                        sum
                    };
                    *slot = faded.clamp(i16::MIN.into(), i16::MAX.into()) as i16;
                    *at += 1;
                }
                if *at == *samples {
                    let left = self.config.sample_rate.samples(self.config.gap);
                    self.sound = Sound::Silence { left };
                }
                len
            }
            Sound::Silence { left: 0 } => {
                self.step();
                0
            }
            Sound::Silence { left } => {
                let len = out.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                out[..len].fill(0);
                *left -= len as u64;
                len
            }
        }
    }

    fn step(&mut self) {
        let Some(step) = self.plan.steps().get(self.next).copied() else { return };
        self.next += 1;
        let rate = self.config.sample_rate;
        self.sound = match step {
            Step::Pause(pause) => Sound::Silence { left: rate.samples(pause) },
            Step::Digit(digit) => {
                let [low, high] = frequencies(digit);
                let samples = rate.samples(self.config.tone).max(1);
                Sound::Tone {
                    low: Sine::new(low, rate.hertz(), self.config.low_dbm0),
                    high: Sine::new(high, rate.hertz(), self.config.high_dbm0),
                    at: 0,
                    samples,
                    ramp: rate.samples(self.config.ramp).min(samples / 2),
                }
            }
        };
    }
}
