//! The two groups of tones, each filtered out as a complex signal.
//!
//! A linear-phase filter (Kaiser's window, 41 dB) is moved to the middle of each group; a tone
//! within the group comes out as a steadily turning number whose length is the tone's amplitude.
//! The other group, dial tone (350, 425, 440 Hz) and hum do not come through.

use wide::{f32x4, i16x8, i32x4};

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

/// Lanes of 16 bits.
const LANES: usize = 8;
/// Half a filter in lanes.
const HALF: usize = TAPS / 2 / LANES;

/// A group's filter from its middle outwards: the real part is even around it, the imaginary one odd.
struct Filter {
    even: [[i16; LANES]; HALF],
    odd: [[i16; LANES]; HALF],
}

/// The scale of the taps. The sum of any filter's taps without their signs stays below twice it, so that the output for
/// samples of 15 bits fits 32.
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
        let along = |turned: Complex, parts: &[[f32; 4]; 2]| {
            f32x4::splat(turned.re) * f32x4::from(parts[0])
                + f32x4::splat(turned.im) * f32x4::from(parts[1])
        };
        let (near_along, far_along) = (along(near, &self.near), along(far, &self.far));
        // A turn of the far ones more or less is a third of one here: 120 degrees.
        let is_near = near_along.simd_gt(f32x4::ZERO)
            & (near_along * near_along).simd_ge(f32x4::splat(0.25 * near.power()));
        let is_far = far_along.simd_gt(f32x4::ZERO)
            & (far_along * far_along)
                .simd_ge(f32x4::from(self.tolerance) * f32x4::splat(far.power()));
        let found = (is_near & is_far).to_bitmask();
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

    /// The filter, moved to the middle of the group.
    const fn filter(&self) -> Filter {
        let tau = core::f64::consts::TAU;
        let prototype = self.prototype();
        let mut filter = Filter { even: [[0; LANES]; HALF], odd: [[0; LANES]; HALF] };
        let (mut sum, mut at) = (0, 0);
        while at < TAPS / 2 {
            let angle = tau * self.middle * (at as f64 + 0.5) / RATE as f64;
            // A real tone is half of two complex ones.
            let tap = 2.0 * prototype[at] * UNIT;
            let (even, odd) = (rounded(tap * sine(angle + tau / 4.0)), rounded(tap * sine(angle)));
            filter.even[at / LANES][at % LANES] = even;
            filter.odd[at / LANES][at % LANES] = odd;
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

/// Both groups at the middle of these samples, which are of 15 bits: the sum of two fits 16.
pub(super) fn filter(samples: &[i16; TAPS]) -> Output {
    let Some(samples) = samples.as_chunks::<LANES>().0.first_chunk::<{ 2 * HALF }>() else {
        return Output::ZERO;
    };
    let mut sums = [i32x4::ZERO; 4];
    for at in 0..HALF {
        let [a, b, c, d, e, f, g, h] = samples[HALF - 1 - at];
        let before = i16x8::from([h, g, f, e, d, c, b, a]);
        let after = i16x8::from(samples[HALF + at]);
        let (even, odd) = (before + after, before - after);
        sums[0] += even.dot(i16x8::from(LOW_FILTER.even[at]));
        sums[1] += odd.dot(i16x8::from(LOW_FILTER.odd[at]));
        sums[2] += even.dot(i16x8::from(HIGH_FILTER.even[at]));
        sums[3] += odd.dot(i16x8::from(HIGH_FILTER.odd[at]));
    }
    let [a, b, c, d] = f32x4::transpose(sums.map(i32x4::round_float));
    Output((((a + b) + (c + d)) * f32x4::splat(2.0 / UNIT as f32)).to_array())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gain(hertz: f64) -> [f64; 2] {
        let mut samples = [0; TAPS];
        for (at, sample) in samples.iter_mut().enumerate() {
            let turns = hertz * at as f64 / 8_000.0;
            *sample = (32_767.0 / 2.0 * (core::f64::consts::TAU * turns).sin()).round() as i16;
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
