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

/// How far from a key's tone its frequency is looked for, as a share of it.
pub(super) const SEARCH: f32 = 0.03;
/// The distance of the outputs that are compared to find a tone, beside neighbours.
pub(super) const LAG: usize = 3;

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

/// A group's filter: the parts that give the output's real and imaginary part, [`UNIT`] being 1.
struct Filter {
    real: [i16; TAPS],
    imaginary: [i16; TAPS],
}

/// The scale of the taps. The sum of any filter's taps without their signs stays below twice it, so that the output for
/// samples of 16 bits fits 32.
const UNIT: f64 = 32_768.0;

static LOW_FILTER: Filter = LOW.filter();
static HIGH_FILTER: Filter = HIGH.filter();

/// How a group's tones turn, a lane for each tone.
pub(super) struct Turns {
    /// From one output to the next, as numbers of length 1: real and imaginary parts.
    near: [[f32; 4]; 2],
    /// From one output to that [`LAG`] later.
    far: [[f32; 4]; 2],
    /// The square of the cosine of how far the latter may be off: [`SEARCH`].
    tolerance: [f32; 4],
}

pub(super) static LOW_TURNS: Turns = LOW.turns();
pub(super) static HIGH_TURNS: Turns = HIGH.turns();

impl Turns {
    /// Which tone turns so, `near` and `far` being any length.
    pub(super) fn find(&self, near: Complex, far: Complex) -> Option<usize> {
        let (near_power, far_power) = (near.power(), far.power());
        // A bit a tone, without a branch.
        let mut found = 0_u32;
        for tone in 0..4 {
            let along = near.re * self.near[0][tone] + near.im * self.near[1][tone];
            // A turn of the far ones more or less is a third of one here: 120 degrees.
            let is_near = along > 0.0 && along * along >= 0.25 * near_power;
            let along = far.re * self.far[0][tone] + far.im * self.far[1][tone];
            let is_far = along > 0.0 && along * along >= self.tolerance[tone] * far_power;
            found |= u32::from(is_near && is_far) << tone;
        }
        (found != 0).then_some(found.trailing_zeros() as usize)
    }

    /// A step from one output to the next, turned back as far as the tone turns.
    pub(super) fn back(&self, step: Complex, tone: usize) -> Complex {
        step * Complex { re: self.near[0][tone], im: -self.near[1][tone] }
    }
}

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

    const fn turns(&self) -> Turns {
        let quarter = core::f64::consts::FRAC_PI_2;
        let zeros = [[0.0; 4]; 2];
        let mut turns = Turns { near: zeros, far: zeros, tolerance: [0.0; 4] };
        let mut tone = 0;
        while tone < 4 {
            let turn = self.turn(tone) as f64;
            let far = turn * LAG as f64;
            turns.near[0][tone] = sine(turn + quarter) as f32;
            turns.near[1][tone] = sine(turn) as f32;
            turns.far[0][tone] = sine(far + quarter) as f32;
            turns.far[1][tone] = sine(far) as f32;
            let off = far * SEARCH as f64;
            assert!(off < quarter, "the square would hide the sign");
            let cosine = sine(off + quarter);
            turns.tolerance[tone] = (cosine * cosine) as f32;
            tone += 1;
        }
        turns
    }

    /// How far a tone turns from one output to the next, in radians.
    pub(super) const fn turn(&self, tone: usize) -> f32 {
        core::f32::consts::TAU * self.tones[tone] * HOP as f32 / RATE as f32
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

    /// The filter, moved to the middle of the group: the cosine part is even, the sine part odd around its middle.
    const fn filter(&self) -> Filter {
        let tau = core::f64::consts::TAU;
        let prototype = self.prototype();
        let mut filter = Filter { real: [0; TAPS], imaginary: [0; TAPS] };
        let (mut sum, mut at) = (0, 0);
        while at < TAPS / 2 {
            let angle = tau * self.middle * (at as f64 + 0.5) / RATE as f64;
            // A real tone is half of two complex ones.
            let tap = 2.0 * prototype[at] * UNIT;
            let (even, odd) = (rounded(tap * sine(angle + tau / 4.0)), rounded(tap * sine(angle)));
            filter.real[TAPS / 2 + at] = even;
            filter.real[TAPS / 2 - 1 - at] = even;
            filter.imaginary[TAPS / 2 + at] = -odd;
            filter.imaginary[TAPS / 2 - 1 - at] = odd;
            sum += 2 * (even.unsigned_abs() as u32 + odd.unsigned_abs() as u32);
            at += 1;
        }
        assert!(sum < 2 * 65_536, "the output would not fit");
        filter
    }
}

const fn rounded(value: f64) -> i16 {
    (if value < 0.0 { value - 0.5 } else { value + 0.5 }) as i16
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

/// What both groups' filters give: real and imaginary part of the low group, and of the high one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Output(pub(super) [f32; 4]);

impl Output {
    pub(super) const ZERO: Self = Self([0.0; 4]);

    pub(super) fn of(&self, group: usize) -> Complex {
        Complex { re: self.0[2 * group], im: self.0[2 * group + 1] }
    }

    pub(super) fn set(&mut self, group: usize, value: Complex) {
        self.0[2 * group] = value.re;
        self.0[2 * group + 1] = value.im;
    }
}

/// Both groups at the middle of these samples.
pub(super) fn filter(samples: &[i16; TAPS]) -> Output {
    let filters =
        [&LOW_FILTER.real, &LOW_FILTER.imaginary, &HIGH_FILTER.real, &HIGH_FILTER.imaginary];
    Output(filters.map(|taps| product(samples, taps) as f32 / UNIT as f32))
}

/// The scalar product. The compiler makes it multiply and add eight at a time if it is written like this, and alone.
#[inline(never)]
fn product(samples: &[i16; TAPS], taps: &[i16; TAPS]) -> i32 {
    let mut sums = [0; 8];
    let pairs = samples.as_chunks::<8>().0.iter().zip(taps.as_chunks::<8>().0);
    for (samples, taps) in pairs {
        for lane in 0..8 {
            sums[lane] += i32::from(samples[lane]) * i32::from(taps[lane]);
        }
    }
    sums.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gain(hertz: f64) -> [f64; 2] {
        let mut samples = [0; TAPS];
        for (at, sample) in samples.iter_mut().enumerate() {
            let turns = hertz * at as f64 / 8_000.0;
            *sample = (32_767.0 * (core::f64::consts::TAU * turns).sin()).round() as i16;
        }
        let output = filter(&samples);
        [0, 1]
            .map(|group| 10.0 * f64::from(output.of(group).power() / 32_767.0_f32.powi(2)).log10())
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
