//! What a stretch of outputs is, taken as one tone.

use super::bands::Output;
use super::complex::Complex;
use super::history::{KEPT, slot};

/// Most outputs in a stretch.
const LONGEST: usize = 64;
/// The longest distance at which outputs are compared.
const FAR: usize = 27;
/// So many sums at a time, which is what the compiler makes vectors of.
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
    /// Those outputs from `first` on whose bit is set.
    pub(super) fn new(all: &[Output; KEPT as usize], group: usize, first: u64, whole: u64) -> Self {
        let len = (u64::BITS - whole.leading_zeros()) as usize;
        let mut stretch = Self {
            re: [0.0; LONGEST + FAR],
            im: [0.0; LONGEST + FAR],
            whole,
            rows: len.div_ceil(LANES),
        };
        for at in 0..len {
            let output = all[slot(first + at as u64)].of(group);
            let kept = (whole >> at & 1) as u8;
            stretch.re[at] = output.re * f32::from(kept);
            stretch.im[at] = output.im * f32::from(kept);
        }
        stretch
    }

    pub(super) fn energy(&self) -> f32 {
        self.correlate(0).re
    }

    /// The sum of each output times the one `lag` before it, conjugated.
    pub(super) fn correlate(&self, lag: usize) -> Complex {
        let (mut re, mut im) = ([0.0; LANES], [0.0; LANES]);
        let here = self.re.as_chunks::<LANES>().0.iter().zip(self.im.as_chunks::<LANES>().0);
        let later =
            self.re[lag..].as_chunks::<LANES>().0.iter().zip(self.im[lag..].as_chunks::<LANES>().0);
        for ((a, b), (c, d)) in here.zip(later).take(self.rows) {
            for lane in 0..LANES {
                re[lane] += c[lane] * a[lane] + d[lane] * b[lane];
                im[lane] += d[lane] * a[lane] - c[lane] * b[lane];
            }
        }
        Complex { re: re.iter().sum(), im: im.iter().sum() }
    }

    /// The power of a tone that turns so far.
    pub(super) fn level(&self, turn: f32) -> f32 {
        let back = Complex::unit(-turn);
        let (twice, mut backs) = (back * back, [Complex::ONE; LANES]);
        for lane in 1..LANES {
            backs[lane] = backs[lane - 1] * back;
        }
        let step = twice * twice;
        let (mut x, mut y) = (backs.map(|back| back.re), backs.map(|back| back.im));
        let (mut re, mut im) = ([0.0; LANES], [0.0; LANES]);
        let outputs = self.re.as_chunks::<LANES>().0.iter().zip(self.im.as_chunks::<LANES>().0);
        for (a, b) in outputs.take(self.rows) {
            for lane in 0..LANES {
                re[lane] += a[lane] * x[lane] - b[lane] * y[lane];
                im[lane] += a[lane] * y[lane] + b[lane] * x[lane];
                let next = x[lane] * step.re - y[lane] * step.im;
                y[lane] = x[lane] * step.im + y[lane] * step.re;
                x[lane] = next;
            }
        }
        let sum = Complex { re: re.iter().sum(), im: im.iter().sum() };
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
        let fit = Stretch::new(&all, 1, 0, (u64::MAX >> 10) & !(1 << 20)).fit();
        assert!((fit.turn - 1.7).abs() < 1e-4, "{fit:?}");
        assert!((fit.power - 9.0).abs() < 1e-3 && fit.residue < 1e-3, "{fit:?}");
    }
}
