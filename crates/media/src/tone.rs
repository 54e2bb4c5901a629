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

/// One piece of a tone: a frequency in Hz, or silence for `None`, and how long.
pub type Burst = (Option<u16>, Duration);

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
    (Some(frequency), Duration::from_millis(ms))
}

const fn off(ms: u64) -> Burst {
    (None, Duration::from_millis(ms))
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
            information: vec![on(950, 330), on(1_400, 330), on(1_800, 330), off(1_000)],
        }
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
        for (frequency, duration) in bursts {
            let count = (duration.as_micros() * u128::from(SAMPLE_RATE) / 1_000_000) as usize;
            match frequency {
                None => samples.resize(samples.len() + count, 0),
                Some(frequency) => {
                    // A tone of one burst goes on without a break: no ramp at its seam.
                    let ramped = bursts.len() > 1;
                    render_burst(&mut samples, *frequency, count, ramped);
                }
            }
        }
        Audio::from_samples(samples)
    }
}

fn render_burst(samples: &mut Vec<i16>, frequency: u16, count: usize, ramped: bool) {
    let amplitude = 32_767.0 * 10_f64.powf((LEVEL_DBM0 - FULL_SCALE_DBM0) / 20.0);
    let ramp = (RAMP.as_micros() * u128::from(SAMPLE_RATE) / 1_000_000) as usize;
    let turn = core::f64::consts::TAU * f64::from(frequency) / f64::from(SAMPLE_RATE);
    samples.extend((0..count).map(|n| {
        let edge = n.min(count - 1 - n);
        let gain = if ramped && edge < ramp { edge as f64 / ramp as f64 } else { 1.0 };
        (amplitude * gain * (turn * n as f64).sin()).round() as i16
    }));
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
}
