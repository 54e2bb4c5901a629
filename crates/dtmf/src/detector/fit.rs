//! What a stretch of outputs is, taken as one tone.

use wide::f32x4;

use super::bands::Output;
use super::complex::Complex;
use super::history::{KEPT, slot};

/// Most outputs in a stretch.
const LONGEST: usize = 64;
/// The longest distance at which outputs are compared.
const FAR: usize = 27;
/// So many sums at a time.
const LANES: usize = 4;

/// Outputs of one group, those left out being 0.
#[derive(Debug)]
pub(super) struct Stretch {
    re: [f32; LONGEST + FAR],
    im: [f32; LONGEST + FAR],
    whole: u64,
    /// Its length in lanes.
    rows: usize,
}

/// A tone: how far it turns from one output to the next in radians, its power, and that of what is left beside it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fit {
    pub(super) turn: f32,
    pub(super) power: f32,
    pub(super) residue: f32,
}

impl Stretch {
    /// Those of each `step`th output from `first` on whose bit is set.
    pub(super) fn new(
        all: &[Output; KEPT as usize],
        group: usize,
        (first, step): (u64, u64),
        whole: u64,
    ) -> Self {
        let len = (u64::BITS - whole.leading_zeros()) as usize;
        let mut stretch = Self {
            re: [0.0; LONGEST + FAR],
            im: [0.0; LONGEST + FAR],
            whole,
            rows: len.div_ceil(LANES),
        };
        for at in 0..len {
            let output = all[slot(first + step * at as u64)].of(group);
            let kept = (whole >> at & 1) as u8;
            stretch.re[at] = output.re * f32::from(kept);
            stretch.im[at] = output.im * f32::from(kept);
        }
        stretch
    }

    pub(super) fn energy(&self) -> f32 {
        let mut sum = f32x4::ZERO;
        for (a, b) in self.lanes(0) {
            sum += a * a + b * b;
        }
        sum.reduce_add()
    }

    /// Both parts of the outputs from the one of this number on, for as many as there are.
    fn lanes(&self, from: usize) -> impl Iterator<Item = (f32x4, f32x4)> {
        let re = self.re[from..].as_chunks::<LANES>().0.iter();
        let im = self.im[from..].as_chunks::<LANES>().0.iter();
        re.zip(im).take(self.rows).map(|(re, im)| (f32x4::from(*re), f32x4::from(*im)))
    }

    /// The sum of each output times the one `lag` before it, conjugated.
    fn correlate(&self, lag: usize) -> Complex {
        let (mut re, mut im) = (f32x4::ZERO, f32x4::ZERO);
        for ((a, b), (c, d)) in self.lanes(0).zip(self.lanes(lag)) {
            re += c * a + d * b;
            im += d * a - c * b;
        }
        Complex { re: re.reduce_add(), im: im.reduce_add() }
    }

    /// The power of a tone that turns so far.
    pub(super) fn level(&self, turn: f32) -> f32 {
        let back = Complex::unit(-turn);
        let (twice, mut backs) = (back * back, [Complex::ONE; LANES]);
        for lane in 1..LANES {
            backs[lane] = backs[lane - 1] * back;
        }
        let step = twice * twice;
        let (step_re, step_im) = (f32x4::splat(step.re), f32x4::splat(step.im));
        let mut x = f32x4::from(backs.map(|back| back.re));
        let mut y = f32x4::from(backs.map(|back| back.im));
        let (mut re, mut im) = (f32x4::ZERO, f32x4::ZERO);
        for (a, b) in self.lanes(0) {
            re += a * x - b * y;
            im += a * y + b * x;
            (x, y) = (x * step_re - y * step_im, x * step_im + y * step_re);
        }
        let sum = Complex { re: re.reduce_add(), im: im.reduce_add() };
        let count = self.whole.count_ones() as f32;
        sum.power() / (count * count)
    }

    pub(super) fn fit(&self) -> Fit {
        // The frequency, by ever longer lags for as long as enough outputs are so far apart.
        let mut turn = self.correlate(1).angle();
        let mut lag = 3;
        while lag <= FAR && (self.whole & self.whole >> lag).count_ones() >= 4 {
            turn = unwrap(self.correlate(lag).angle(), turn, lag);
            lag *= 3;
        }
        let power = self.level(turn);
        let all = self.energy() / self.whole.count_ones() as f32;
        Fit { turn, power, residue: (all - power).max(0.0) }
    }
}

/// A turn per output, from the angle over `lag` outputs and what it is about.
fn unwrap(angle: f32, about: f32, lag: usize) -> f32 {
    use core::f32::consts::TAU;
    let lag = lag as f32;
    let turns = (about * lag - angle) / TAU;
    let whole = (if turns < 0.0 { turns - 0.5 } else { turns + 0.5 }) as i32 as f32;
    (angle + whole * TAU) / lag
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_is_found_in_what_is_whole_of_it() {
        let mut all = [Output::ZERO; KEPT as usize];
        for (at, output) in all.iter_mut().enumerate() {
            output.set(1, Complex::unit(1.7 * (at % 64) as f32) * Complex { re: 3.0, im: 0.0 });
        }
        // Something else in the middle.
        all[20].set(1, Complex { re: 100.0, im: 0.0 });
        let fit = Stretch::new(&all, 1, (0, 1), (u64::MAX >> 10) & !(1 << 20)).fit();
        assert!((fit.turn - 1.7).abs() < 1e-4, "{fit:?}");
        assert!((fit.power - 9.0).abs() < 1e-3 && fit.residue < 1e-3, "{fit:?}");
    }
}
