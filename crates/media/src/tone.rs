//! Call-progress tones: what a caller hears while the network works.

use core::time::Duration;
use std::sync::Arc;

use crate::{Audio, SAMPLE_RATE};

/// Level of a tone in dBm0 (ITU-T E.180 recommends -10 with 5 dB either way).
const LEVEL_DBM0: f64 = -12.0;
/// A full-scale sine lies this much above 0 dBm0 (ITU-T G.711, A-law).
#[allow(clippy::approx_constant, reason = "decibels, not the circle's ratio")]
const FULL_SCALE_DBM0: f64 = 3.14;
/// Rise and fall at each end of a burst: no clicks.
const RAMP: Duration = Duration::from_millis(5);

/// A call-progress tone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Tone {
    /// Dial now.
    Dial,
    /// The callee's phone rings.
    RingBack,
    /// The callee is in another call.
    Busy,
    /// The network cannot.
    Congestion,
    /// Special information: the number is not in use.
    Information,
}

/// What sounds during a piece of a tone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sound {
    /// Nothing.
    Silence,
    /// One frequency, in Hz.
    One(u16),
    /// Two at once, in Hz.
    Two(u16, u16),
}

/// One piece of a tone: what sounds, and how long.
pub type Burst = (Sound, Duration);

/// The cadences of one country: each tone repeats its bursts until it is stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToneSet {
    /// [`Tone::Dial`].
    pub dial: Vec<Burst>,
    /// [`Tone::RingBack`].
    pub ring_back: Vec<Burst>,
    /// [`Tone::Busy`].
    pub busy: Vec<Burst>,
    /// [`Tone::Congestion`].
    pub congestion: Vec<Burst>,
    /// [`Tone::Information`].
    pub information: Vec<Burst>,
}

const fn on(frequency: u16, ms: u64) -> Burst {
    (Sound::One(frequency), Duration::from_millis(ms))
}

const fn two(low: u16, high: u16, ms: u64) -> Burst {
    (Sound::Two(low, high), Duration::from_millis(ms))
}

const fn off(ms: u64) -> Burst {
    (Sound::Silence, Duration::from_millis(ms))
}

/// The three rising frequencies that nearly all countries share (ITU-T E.180, clause 8).
fn information() -> Vec<Burst> {
    vec![on(950, 330), on(1_400, 330), on(1_800, 330), off(1_000)]
}

impl ToneSet {
    /// The tones of Germany (ITU-T, Various tones used in national networks, annex to Operational
    /// Bulletin 781; E.180 supplement 2).
    #[must_use]
    pub fn germany() -> Self {
        Self {
            dial: vec![on(425, 1_000)],
            ring_back: vec![on(425, 1_000), off(4_000)],
            busy: vec![on(425, 480), off(480)],
            congestion: vec![on(425, 240), off(240)],
            information: information(),
        }
    }

    /// The tones of a country by its code (ISO 3166-1, two letters), from the same list; `None` for
    /// one that is not known here.
    ///
    /// ```
    /// use switchboard_media::{Sound, Tone, ToneSet};
    ///
    /// let britain = ToneSet::of_country("GB").expect("known");
    /// assert_eq!(britain.bursts(Tone::RingBack)[0].0, Sound::Two(400, 450));
    /// assert!(ToneSet::of_country("XX").is_none());
    /// ```
    #[must_use]
    pub fn of_country(code: &str) -> Option<Self> {
        // One frequency for all; each of the others on and off for the same time.
        let simple = |hertz, ring: (u64, u64), busy, congestion| Self {
            dial: vec![on(hertz, 1_000)],
            ring_back: vec![on(hertz, ring.0), off(ring.1)],
            busy: vec![on(hertz, busy), off(busy)],
            congestion: vec![on(hertz, congestion), off(congestion)],
            information: information(),
        };
        Some(match code {
            "DE" => Self::germany(),
            "AT" => simple(420, (1_000, 5_000), 400, 200),
            "BE" => simple(425, (1_000, 3_000), 500, 167),
            "CH" | "LI" => simple(425, (1_000, 4_000), 500, 200),
            "FR" => simple(440, (1_500, 3_500), 500, 250),
            "NL" => simple(425, (1_000, 4_000), 500, 250),
            "PL" => simple(425, (1_000, 4_000), 500, 500),
            "IT" => Self {
                dial: vec![on(425, 200), off(200), on(425, 600), off(1_000)],
                ..simple(425, (1_000, 4_000), 500, 200)
            },
            "ES" => Self {
                congestion: vec![
                    on(425, 200),
                    off(200),
                    on(425, 200),
                    off(200),
                    on(425, 200),
                    off(600),
                ],
                ..simple(425, (1_500, 3_000), 200, 200)
            },
            "GB" => Self {
                dial: vec![two(350, 440, 1_000)],
                ring_back: vec![two(400, 450, 400), off(200), two(400, 450, 400), off(2_000)],
                busy: vec![on(400, 375), off(375)],
                congestion: vec![on(400, 400), off(350), on(400, 225), off(525)],
                information: information(),
            },
            "US" | "CA" => Self {
                dial: vec![two(350, 440, 1_000)],
                ring_back: vec![two(440, 480, 2_000), off(4_000)],
                busy: vec![two(480, 620, 500), off(500)],
                congestion: vec![two(480, 620, 250), off(250)],
                information: information(),
            },
            _ => return None,
        })
    }

    /// The bursts of a tone.
    #[must_use]
    pub fn bursts(&self, tone: Tone) -> &[Burst] {
        match tone {
            Tone::Dial => &self.dial,
            Tone::RingBack => &self.ring_back,
            Tone::Busy => &self.busy,
            Tone::Congestion => &self.congestion,
            Tone::Information => &self.information,
        }
    }

    /// One repetition of a tone as audio, to be played in a loop.
    ///
    /// ```
    /// use std::time::Duration;
    /// use switchboard_media::{Tone, ToneSet};
    ///
    /// let ring_back = ToneSet::germany().render(Tone::RingBack);
    /// assert_eq!(ring_back.duration(), Duration::from_secs(5));
    /// assert!(ring_back.samples()[8_000..].iter().all(|sample| *sample == 0));
    /// ```
    #[must_use]
    pub fn render(&self, tone: Tone) -> Audio {
        let bursts = self.bursts(tone);
        let mut samples = Vec::new();
        // A tone of one burst goes on without a break: no ramp at its seam.
        let ramped = bursts.len() > 1;
        for (sound, duration) in bursts {
            let count = (duration.as_micros() * u128::from(SAMPLE_RATE) / 1_000_000) as usize;
            let start = samples.len();
            samples.resize(start + count, 0);
            let burst = &mut samples[start..];
            match *sound {
                Sound::Silence => {}
                Sound::One(frequency) => add(burst, frequency, LEVEL_DBM0, ramped),
                Sound::Two(low, high) => {
                    // Half the power each.
                    add(burst, low, LEVEL_DBM0 - 3.01, ramped);
                    add(burst, high, LEVEL_DBM0 - 3.01, ramped);
                }
            }
        }
        Audio::from_samples(samples)
    }
}

fn add(burst: &mut [i16], frequency: u16, level: f64, ramped: bool) {
    let amplitude = 32_767.0 * 10_f64.powf((level - FULL_SCALE_DBM0) / 20.0);
    let ramp = (RAMP.as_micros() * u128::from(SAMPLE_RATE) / 1_000_000) as usize;
    let turn = core::f64::consts::TAU * f64::from(frequency) / f64::from(SAMPLE_RATE);
    let count = burst.len();
    for (n, sample) in burst.iter_mut().enumerate() {
        let edge = n.min(count - 1 - n);
        let gain = if ramped && edge < ramp { edge as f64 / ramp as f64 } else { 1.0 };
        *sample += (amplitude * gain * (turn * n as f64).sin()).round() as i16;
    }
}

/// All tones of a set, rendered once and shared.
#[derive(Clone, Debug)]
pub(crate) struct Tones([Arc<Audio>; 5]);

impl Tones {
    pub(crate) fn new(set: &ToneSet) -> Self {
        let all = [Tone::Dial, Tone::RingBack, Tone::Busy, Tone::Congestion, Tone::Information];
        Self(all.map(|tone| Arc::new(set.render(tone))))
    }

    pub(crate) fn get(&self, tone: Tone) -> Arc<Audio> {
        Arc::clone(&self.0[tone as usize])
    }
}

#[cfg(test)]
mod tests {
    use switchboard_testkit::audio;

    use super::*;

    #[test]
    fn tones_have_their_frequency_level_and_cadence() {
        let set = ToneSet::germany();
        let busy = set.render(Tone::Busy);
        let level = audio::level_dbm0(&busy.samples()[400..3_400], 425.0);
        assert!((level - LEVEL_DBM0).abs() < 0.2, "{level}");
        assert!(audio::level_dbm0(&busy.samples()[400..3_400], 900.0) < -50.0);
        let gaps = audio::gaps(busy.samples(), -50.0, Duration::from_millis(100));
        assert_eq!(gaps.len(), 1);
        assert!(gaps[0].start.abs_diff(Duration::from_millis(480)) < Duration::from_millis(12));
        assert!(gaps[0].end.abs_diff(Duration::from_millis(960)) < Duration::from_millis(12));
    }

    #[test]
    fn a_continuous_tone_has_no_seam() {
        let dial = ToneSet::germany().render(Tone::Dial);
        let twice = [dial.samples(), dial.samples()].concat();
        assert!(audio::gaps(&twice, -20.0, Duration::from_millis(1)).is_empty());
        let seam = audio::level_dbm0(&twice[7_600..8_400], 425.0);
        assert!((seam - LEVEL_DBM0).abs() < 0.2, "{seam}");
    }

    /// Every burst of every country has its frequencies at their level, and no others.
    #[test]
    fn countries_sound_as_they_are_listed() {
        let countries =
            ["DE", "AT", "BE", "CH", "ES", "FR", "GB", "IT", "LI", "NL", "PL", "US", "CA"];
        for country in countries {
            let set = ToneSet::of_country(country).expect(country);
            for tone in [Tone::Dial, Tone::RingBack, Tone::Busy, Tone::Congestion] {
                let rendered = set.render(tone);
                let mut at = 0;
                for (sound, duration) in set.bursts(tone) {
                    let count = duration.as_millis() as usize * 8;
                    let burst = &rendered.samples()[at..at + count];
                    at += count;
                    let middle = &burst[count / 10..count - count / 10];
                    let loudness = audio::loudness_dbm0(middle);
                    let expected: &[u16] = match sound {
                        Sound::Silence => &[],
                        Sound::One(frequency) => &[*frequency],
                        Sound::Two(low, high) => &[*low, *high],
                    };
                    if expected.is_empty() {
                        assert!(loudness < -90.0, "{country} {tone:?}: {loudness}");
                        continue;
                    }
                    assert!((loudness - LEVEL_DBM0).abs() < 0.6, "{country} {tone:?}: {loudness}");
                    for frequency in expected {
                        let level = audio::level_dbm0(middle, f64::from(*frequency));
                        assert!(level > -17.0, "{country} {tone:?} {frequency} Hz: {level}");
                    }
                }
                assert_eq!(at, rendered.samples().len());
            }
        }
    }
}
