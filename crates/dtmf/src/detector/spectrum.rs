//! The spectrum of a stretch of samples, for the few looks that need one.

use super::complex::{Complex, sine};

/// Points of a transform at most: 64 ms.
pub(super) const POINTS: usize = 512;
/// How far a tone turns from one sample to the next if it is the longest transform's next line, in radians.
pub(super) const LINE: f32 = core::f32::consts::TAU / POINTS as f32;

/// Half a turn in steps of a line.
static TURNS: [[f32; 2]; POINTS / 2] = turns();

const fn turns() -> [[f32; 2]; POINTS / 2] {
    let mut turns = [[0.0; 2]; POINTS / 2];
    let mut at = 0;
    while at < POINTS / 2 {
        let angle = core::f64::consts::TAU * at as f64 / POINTS as f64;
        let (re, im) = (sine(angle + core::f64::consts::FRAC_PI_2), -sine(angle));
        turns[at] = [re as f32, im as f32];
        at += 1;
    }
    turns
}

/// The discrete Fourier transform in place, by radix 2; its number of points is a power of 2.
pub(super) fn transform<const COUNT: usize>(points: &mut [Complex; COUNT]) {
    const { assert!(COUNT.is_power_of_two() && COUNT <= POINTS, "there are no turns for it") };
    let shift = usize::BITS - COUNT.trailing_zeros();
    for at in 0..COUNT {
        let other = at.reverse_bits() >> shift;
        if at < other {
            points.swap(at, other);
        }
    }
    let mut half = 1;
    while half < COUNT {
        for block in points.chunks_exact_mut(2 * half) {
            let (first, second) = block.split_at_mut(half);
            let turns = TURNS.iter().step_by(POINTS / 2 / half);
            for ((a, b), [re, im]) in first.iter_mut().zip(second).zip(turns) {
                let turned = *b * Complex { re: *re, im: *im };
                (*a, *b) = (*a + turned, *a - turned);
            }
        }
        half *= 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tone_is_its_line() {
        for line in [0, 1, 37, 255, 400] {
            let mut points = [Complex::ZERO; POINTS];
            for (at, point) in points.iter_mut().enumerate() {
                *point = Complex::unit(LINE * ((at * line) % POINTS) as f32);
            }
            transform(&mut points);
            for (at, point) in points.iter().enumerate() {
                let right = if at == line { POINTS as f32 } else { 0.0 };
                assert!((point.re - right).abs() < 0.01 && point.im.abs() < 0.01, "{line} {at}");
            }
        }
    }
}
