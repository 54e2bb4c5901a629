//! The two groups of tones, each filtered out as a complex signal.
//!
//! A linear-phase filter (Kaiser's window, 41 dB) is moved to the middle of each group; a tone
//! within the group comes out as a steadily turning number whose length is the tone's amplitude.
//! The other group, dial tone (350, 425, 440 Hz) and hum do not come through.

use super::complex::{Complex, sine};

/// Samples a second inside the detector.
pub(super) const RATE: u32 = 8_000;
/// Samples between two outputs: 1.5 ms.
pub(super) const HOP: usize = 12;
/// Length of the filters: 12 ms.
pub(super) const TAPS: usize = 96;

/// A group of four tones.
#[derive(Clone, Copy, Debug)]
pub(super) struct Group {
    pub(super) tones: [f32; 4],
    middle: f64,
    cutoff: f64,
}

/// 697 to 941 Hz, with their tolerance 672 to 974; 476 and 1,166 are out.
pub(super) const LOW: Group =
    Group { tones: [697.0, 770.0, 852.0, 941.0], middle: 821.0, cutoff: 248.0 };
/// 1,209 to 1,633 Hz, with their tolerance 1,167 to 1,690; 974 and 1,878 are out.
pub(super) const HIGH: Group =
    Group { tones: [1_209.0, 1_336.0, 1_477.0, 1_633.0], middle: 1_426.0, cutoff: 357.0 };

/// Half of each filter: the cosine part is even, the sine part odd around the middle.
struct Half {
    cosine: [f32; TAPS / 2],
    sine: [f32; TAPS / 2],
}

static LOW_HALF: Half = LOW.half();
static HIGH_HALF: Half = HIGH.half();

const GAINS: usize = 20;
const GAIN_STEP: f32 = 20.0;
static LOW_GAIN: [f32; GAINS] = LOW.gains();
static HIGH_GAIN: [f32; GAINS] = HIGH.gains();

impl Group {
    /// The filter's gain for a tone, as a ratio of powers.
    pub(super) fn gain(&self, hertz: f32) -> f32 {
        let [low, high] = [&LOW_GAIN, &HIGH_GAIN];
        let gains = if self.middle < HIGH.middle { low } else { high };
        let step = (hertz - self.middle as f32).abs() / GAIN_STEP;
        let at = (step as usize).min(gains.len() - 2);
        gains[at] + (gains[at + 1] - gains[at]) * (step - at as f32)
    }

    /// The gain at every [`GAIN_STEP`] from the middle outwards.
    const fn gains(&self) -> [f32; GAINS] {
        let prototype = self.prototype();
        let mut gains = [0.0; GAINS];
        let mut step = 0;
        while step < GAINS {
            let hertz = GAIN_STEP as f64 * step as f64;
            let (mut sum, mut at) = (0.0, 0);
            while at < TAPS / 2 {
                let angle = core::f64::consts::TAU * hertz * (at as f64 + 0.5) / RATE as f64;
                sum += 2.0 * prototype[at] * sine(angle + core::f64::consts::FRAC_PI_2);
                at += 1;
            }
            gains[step] = (sum * sum) as f32;
            step += 1;
        }
        gains
    }

    /// The low-pass filter's second half, from the middle outwards; both halves sum to 1.
    const fn prototype(&self) -> [f64; TAPS / 2] {
        let tau = core::f64::consts::TAU;
        let mut prototype = [0.0; TAPS / 2];
        let (mut sum, mut at) = (0.0, 0);
        while at < TAPS / 2 {
            let n = at as f64 + 0.5;
            let x = tau * self.cutoff * n / RATE as f64;
            prototype[at] = sine(x) / x * kaiser(n / (TAPS as f64 / 2.0));
            sum += 2.0 * prototype[at];
            at += 1;
        }
        let mut at = 0;
        while at < TAPS / 2 {
            prototype[at] /= sum;
            at += 1;
        }
        prototype
    }

    /// The filter's second half, from the middle outwards.
    const fn half(&self) -> Half {
        let tau = core::f64::consts::TAU;
        let prototype = self.prototype();
        let mut half = Half { cosine: [0.0; TAPS / 2], sine: [0.0; TAPS / 2] };
        let mut at = 0;
        while at < TAPS / 2 {
            let angle = tau * self.middle * (at as f64 + 0.5) / RATE as f64;
            // A real tone is half of two complex ones.
            let tap = 2.0 * prototype[at];
            half.cosine[at] = (tap * sine(angle + tau / 4.0)) as f32;
            half.sine[at] = (tap * sine(angle)) as f32;
            at += 1;
        }
        half
    }
}

/// Kaiser's window at -1 to 1 for 41 dB.
pub(super) const fn kaiser(x: f64) -> f64 {
    const BETA: f64 = 3.46;
    bessel(BETA * BETA * (1.0 - x * x)) / bessel(BETA * BETA)
}

/// The modified Bessel function of order 0 of the root of the argument.
const fn bessel(square: f64) -> f64 {
    let (mut term, mut sum, mut at) = (1.0, 1.0, 1.0);
    while at < 20.0 {
        term *= square / (4.0 * at * at);
        sum += term;
        at += 1.0;
    }
    sum
}

/// Both groups at the middle of these samples: low, high. Eight partial sums each, so that the
/// compiler can use vectors.
#[allow(clippy::needless_range_loop, reason = "one index into many arrays")]
pub(super) fn filter(samples: &[f32; TAPS]) -> [Complex; 2] {
    const LANES: usize = 8;
    let (before, after) = samples.split_at(TAPS / 2);
    let mut sums = [[0.0_f32; LANES]; 4];
    let mut at = 0;
    while at < TAPS / 2 {
        for lane in 0..LANES {
            let (right, left) = (after[at + lane], before[TAPS / 2 - 1 - at - lane]);
            let (even, odd) = (right + left, right - left);
            sums[0][lane] += LOW_HALF.cosine[at + lane] * even;
            sums[1][lane] -= LOW_HALF.sine[at + lane] * odd;
            sums[2][lane] += HIGH_HALF.cosine[at + lane] * even;
            sums[3][lane] -= HIGH_HALF.sine[at + lane] * odd;
        }
        at += LANES;
    }
    let [a, b, c, d] = sums.map(|lanes| lanes.iter().sum::<f32>());
    [Complex { re: a, im: b }, Complex { re: c, im: d }]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gain(hertz: f64) -> [f64; 2] {
        let mut samples = [0.0; TAPS];
        for (at, sample) in samples.iter_mut().enumerate() {
            *sample = (core::f64::consts::TAU * hertz * at as f64 / 8_000.0).sin() as f32;
        }
        filter(&samples).map(|z| 10.0 * f64::from(z.power()).log10())
    }

    #[test]
    fn each_group_passes_its_own_band_and_nothing_else() {
        for hertz in 672..=974 {
            let [low, high] = gain(hertz.into());
            assert!(low.abs() < 0.8 && high < -34.0, "{hertz}: {low} {high}");
        }
        for hertz in 1_167..=1_690 {
            let [low, high] = gain(hertz.into());
            assert!(high.abs() < 0.8 && low < -34.0, "{hertz}: {low} {high}");
        }
        for hertz in (0..=476).chain(1_880..=4_000) {
            let [low, high] = gain(hertz.into());
            assert!(low < -34.0 && high < -34.0, "{hertz}: {low} {high}");
        }
    }
}
