//! A last look at a digit that something sounded before: what sounds with it is noise, or was there already.
//!
//! A voice and a chord bring other tones along that begin with the two a key would have, as lines of the spectrum. Noise has
//! a floor and no lines; a dial tone, hum or ring-back tone has lines, and had them before.

use super::complex::Complex;
use super::spectrum::{LINE, POINTS, transform};

/// Points of the transform, and most samples that are looked at: 32 ms.
pub(super) const LONGEST: usize = 256;
const LINES: usize = LONGEST / 2;
/// So many lines around one of the digit's tones are its own.
const OWN: f32 = 4.0;
/// So many around another that was there before are that one's, and its power may be so many times what it was.
const AROUND: usize = 2;
const LOUDER: f32 = 4.0;
/// Beside the first and last of these nothing is looked at: direct current, and what a filter leaves.
const ENDS: usize = 4;

/// What sounds beside a digit's tones, in squared amplitudes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lines {
    /// The median of all lines: noise's floor.
    pub(super) floor: f32,
    /// The strongest line that was not there before.
    pub(super) strongest: f32,
}

impl Lines {
    /// Looks at a digit's samples, whose tones turn so far from one to the next, and at two stretches before it: tones that
    /// beat are weak in one of them.
    pub(super) fn new(during: &[i16], before: [&[i16]; 2], turns: [f32; 2]) -> Self {
        let (mut here, first) = spectra(during, before[0]);
        let (second, _) = spectra(before[1], &[]);
        let mut strongest = 0.0_f32;
        let mut count = 0;
        for line in ENDS..LINES - ENDS {
            let is_own = |turn: &f32| {
                (turn * (LONGEST as f32 / POINTS as f32 / LINE) - line as f32).abs() <= OWN
            };
            if turns.iter().any(is_own) {
                continue;
            }
            let around = line - AROUND..=line + AROUND;
            let old =
                first[around.clone()].iter().chain(&second[around]).copied().fold(0.0, f32::max);
            if here[line] > LOUDER * old {
                strongest = strongest.max(here[line]);
            }
            // What has been looked at is moved to the front.
            here[count] = here[line];
            count += 1;
        }
        let (_, floor, _) = here[..count].select_nth_unstable_by(count / 2, f32::total_cmp);
        Self { floor: *floor, strongest }
    }
}

/// The squared amplitudes of the lines of two stretches.
fn spectra(one: &[i16], other: &[i16]) -> ([f32; LINES], [f32; LINES]) {
    let mut points = [Complex::ZERO; LONGEST];
    hann(one, |at, value| points[at].re = value);
    hann(other, |at, value| points[at].im = value);
    transform(&mut points);
    // Two real spectra in one.
    let (mut ones, mut others) = ([0.0; LINES], [0.0; LINES]);
    for line in 1..LINES {
        let (a, b) = (points[line], points[LONGEST - line].conj());
        ones[line] = (a + b).power();
        others[line] = (a - b).power();
    }
    (ones, others)
}

/// Hann's window over a stretch, scaled so that a tone's line in [`spectra`] is its amplitude.
fn hann(samples: &[i16], mut set: impl FnMut(usize, f32)) {
    let turn = core::f32::consts::TAU / samples.len().max(1) as f32;
    let (mut now, step) = (Complex::unit(turn / 2.0), Complex::unit(turn));
    // The window's mean is a half, and a tone is half in each of two lines; the sum of two lines is taken.
    let scale = 2.0 / samples.len().max(1) as f32;
    for (at, sample) in samples.iter().take(LONGEST).enumerate() {
        set(at, scale * (0.5 - 0.5 * now.re) * f32::from(*sample));
        now = now * step;
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    fn tones(from: usize, count: usize, tones: &[(f64, f64)]) -> Vec<i16> {
        let tau = core::f64::consts::TAU;
        (from..from + count)
            .map(|at| {
                let turn = |hertz: f64| (tau * hertz * at as f64 / 8_000.0).sin();
                tones.iter().map(|(hertz, size)| size * turn(*hertz)).sum::<f64>() as i16
            })
            .collect()
    }

    #[test]
    fn only_what_was_not_there_before_is_new_and_it_is_measured() {
        let digit = [(770.0, 4_000.0), (1_336.0, 4_000.0)];
        // Two that beat, 40 Hz apart.
        let beat = [(440.0, 3_000.0), (480.0, 3_000.0)];
        let turns = digit.map(|(hertz, _)| core::f32::consts::TAU * hertz as f32 / 8_000.0);
        for at in (0..200).step_by(20) {
            let [first, second] = [at + 96, at].map(|from| tones(from, 216, &beat));
            let look = |new: &[(f64, f64)]| {
                let during = tones(at + 400, 216, &[&beat[..], &digit, new].concat());
                Lines::new(&during, [&first, &second], turns)
            };
            let alone = look(&[]);
            // A hundredth of the other's below.
            assert!(alone.strongest < 2_500.0 && alone.floor < 100.0, "{at}: {alone:?}");
            let chord = look(&[(2_000.0, 500.0)]);
            // Between two lines it is 1.4 dB less.
            let share = chord.strongest / (500.0 * 500.0);
            assert!((0.7..1.1).contains(&share) && chord.floor < 100.0, "{at}: {chord:?}");
        }
    }
}
