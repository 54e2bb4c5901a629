//! A second look at a candidate in audio that is clipped: a digit and a dial tone, each near full scale.
//!
//! What clipping adds lies in the digits' own bands and is no noise. But the samples between the clipped ones are whole:
//! through them alone go the tones that sounded before the digit, whose frequencies are known, and the digit's two; what
//! is left beside them tells whether that is all there is.

use core::ops::Range;

use super::complex::Complex;
use super::spectrum::{LINE, POINTS, transform};

/// Halves of samples that are clipped: the last step of either law of G.711 is 16,062 or 16,128, the one before 15,616.
pub(super) const CLIPPED: i16 = 16_000;
/// The share of the samples that must be.
const FEWEST: usize = 32;

/// Most tones that sound before a digit, and with it.
const BEFORE: usize = 3;
const TONES: usize = BEFORE + 2;
/// What is fitted: for each tone its two parts and its frequency.
const COLUMNS: usize = 3 * TONES;
/// A tone before the digit is as strong as this share of the strongest at least.
const WEAKEST: f32 = 0.05;

/// -30 dBm0 as a power of halves: a weaker tone does no harm.
const LEAST: f32 = 360.0 * 360.0;

/// A tone: radians from one sample to the next, and the parts of its amplitude at the stretch's middle.
#[derive(Clone, Copy, Debug)]
struct Tone {
    turn: f32,
    parts: [f32; 2],
    /// Its frequency is looked for.
    is_free: bool,
}

impl Tone {
    fn new(turn: f32, is_free: bool) -> Self {
        Self { turn, parts: [0.0; 2], is_free }
    }

    /// The squared amplitude.
    fn power(&self) -> f32 {
        self.parts[0] * self.parts[0] + self.parts[1] * self.parts[1]
    }
}

/// What a second look finds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    /// The digit's tones, the low one first: radians from one sample to the next, and squared amplitudes.
    pub(super) turns: [f32; 2],
    pub(super) power: [f32; 2],
    /// Twice the mean square of what is left, before the digit and with it.
    pub(super) residue: [f32; 2],
}

/// True if so many samples are clipped that a second look is worth while.
pub(super) fn is_clipped(samples: &[i16]) -> bool {
    samples.iter().filter(|sample| is_over(**sample)).count() * FEWEST > samples.len()
}

fn is_over(sample: i16) -> bool {
    !(-CLIPPED..=CLIPPED).contains(&sample)
}

/// Looks at the samples before a digit and during it, [`POINTS`] each at most. How far its tones may turn from one sample to
/// the next is given.
pub(super) fn look(before: &[i16], during: &[i16], about: [Range<f32>; 2]) -> Option<Look> {
    const ALL: Range<f32> = 2.0 * LINE..POINTS as f32 / 4.0 * LINE;
    let mut fit = Fit::default();
    let mut residue = [0.0; 2];
    while fit.count < BEFORE {
        let (turn, power) = fit.remainder(before).strongest(&ALL)?;
        let loudest = fit.tones[..fit.count].iter().map(Tone::power).fold(0.0, f32::max);
        if power < (WEAKEST * loudest).max(LEAST) {
            break;
        }
        fit.add(Tone::new(turn, true));
        residue[0] = fit.solve(before)?;
    }
    for tone in &mut fit.tones[..fit.count] {
        tone.is_free = false;
    }
    fit.round(during, false)?;
    // The stronger of the two first.
    let remainder = fit.remainder(during);
    let [low, high] = [remainder.strongest(&about[0])?, remainder.strongest(&about[1])?];
    let is_turned = high.1 > low.1;
    let (first, other) = if is_turned { (high.0, &about[0]) } else { (low.0, &about[1]) };
    fit.add(Tone::new(first, true));
    fit.solve(during)?;
    let (second, _) = fit.remainder(during).strongest(other)?;
    fit.add(Tone::new(second, true));
    residue[1] = fit.solve(during)?;
    let [.., first, second] = fit.tones[..fit.count] else { return None };
    let [low, high] = if is_turned { [second, first] } else { [first, second] };
    Some(Look {
        turns: [low.turn, high.turn],
        power: [low.power(), high.power()],
        residue: residue.map(|square| 2.0 * square),
    })
}

/// The spectrum of what is left, and of how many samples.
struct Remainder {
    points: [Complex; POINTS],
    count: usize,
}

impl Remainder {
    /// The strongest line that turns so far, and its squared amplitude.
    fn strongest(&self, turns: &Range<f32>) -> Option<(f32, f32)> {
        let first = (turns.start / LINE) as usize;
        let last = ((turns.end / LINE) as usize + 1).min(POINTS / 2);
        let (line, power) = (first..=last)
            .map(|line| (line, self.points[line].power()))
            .max_by(|a, b| a.1.total_cmp(&b.1))?;
        // A tone's line is half its amplitude times the samples that are there.
        let count = self.count as f32;
        Some((LINE * line as f32, 4.0 * power / (count * count)))
    }
}

/// Tones that are fitted to what is not clipped of a stretch.
#[derive(Debug)]
struct Fit {
    tones: [Tone; TONES],
    count: usize,
}

impl Default for Fit {
    fn default() -> Self {
        Self { tones: [Tone::new(0.0, false); TONES], count: 0 }
    }
}

impl Fit {
    fn add(&mut self, tone: Tone) {
        if let Some(free) = self.tones.get_mut(self.count) {
            *free = tone;
            self.count += 1;
        }
    }

    /// What is left of the samples that are whole.
    fn remainder(&self, samples: &[i16]) -> Remainder {
        let mut remainder = Remainder { points: [Complex::ZERO; POINTS], count: 0 };
        let mut steps = self.steps(samples.len());
        for (point, sample) in remainder.points.iter_mut().zip(samples) {
            let tones = steps.next().iter().zip(&self.tones[..self.count]);
            let known = tones.fold(0.0, |sum, (turned, tone)| {
                sum + turned.re * tone.parts[0] + turned.im * tone.parts[1]
            });
            if !is_over(*sample) {
                point.re = f32::from(*sample) - known;
                remainder.count += 1;
            }
        }
        transform(&mut remainder.points);
        remainder
    }

    fn steps(&self, len: usize) -> Steps {
        let mut steps =
            Steps { now: [Complex::ONE; TONES], step: [Complex::ONE; TONES], count: self.count };
        for (at, tone) in self.tones[..self.count].iter().enumerate() {
            steps.step[at] = Complex::unit(tone.turn);
            steps.now[at] = Complex::unit(-tone.turn * (len as f32 / 2.0 + 1.0));
        }
        steps
    }

    /// Least squares, and Gauss's and Newton's way to the frequencies. Returns the mean square of what is left.
    fn solve(&mut self, samples: &[i16]) -> Option<f32> {
        const ROUNDS: usize = 5;
        let mut left = 0.0;
        for round in 0..ROUNDS {
            // The amplitudes come first, and last.
            left = self.round(samples, round > 0 && round + 1 < ROUNDS)?;
        }
        Some(left)
    }

    fn round(&mut self, samples: &[i16], frequencies: bool) -> Option<f32> {
        let mut system = System::new(2 * self.count);
        let mut free = [0; TONES];
        for (at, tone) in self.tones[..self.count].iter().enumerate() {
            if frequencies && tone.is_free {
                free[system.count - 2 * self.count] = at;
                system.count += 1;
            }
        }
        let middle = samples.len() as f32 / 2.0;
        let mut steps = self.steps(samples.len());
        let (mut energy, mut count) = (0.0, 0.0_f32);
        for (at, sample) in samples.iter().enumerate() {
            let turned = *steps.next();
            if is_over(*sample) {
                continue;
            }
            let mut row = [0.0; COLUMNS];
            for (tone, turned) in turned[..self.count].iter().enumerate() {
                row[2 * tone] = turned.re;
                row[2 * tone + 1] = turned.im;
            }
            let place = (at as f32 - middle) / middle;
            for column in 2 * self.count..system.count {
                let tone = free[column - 2 * self.count];
                let (turned, [a, b]) = (turned[tone], self.tones[tone].parts);
                row[column] = place * (b * turned.re - a * turned.im);
            }
            let sample = f32::from(*sample);
            energy += sample * sample;
            count += 1.0;
            system.add(&row, sample);
        }
        let (explained, solution) = system.solve()?;
        for (at, tone) in self.tones[..self.count].iter_mut().enumerate() {
            tone.parts = [solution[2 * at], solution[2 * at + 1]];
        }
        for column in 2 * self.count..system.count {
            self.tones[free[column - 2 * self.count]].turn += solution[column] / middle;
        }
        Some((energy - explained).max(0.0) / count.max(1.0))
    }
}

/// Tones as they turn from sample to sample.
struct Steps {
    now: [Complex; TONES],
    step: [Complex; TONES],
    count: usize,
}

impl Steps {
    fn next(&mut self) -> &[Complex; TONES] {
        for (now, step) in self.now[..self.count].iter_mut().zip(&self.step) {
            *now = *now * *step;
        }
        &self.now
    }
}

/// Normal equations.
struct System {
    matrix: [[f32; COLUMNS]; COLUMNS],
    right: [f32; COLUMNS],
    count: usize,
}

impl System {
    fn new(count: usize) -> Self {
        Self { matrix: [[0.0; COLUMNS]; COLUMNS], right: [0.0; COLUMNS], count }
    }

    fn add(&mut self, row: &[f32; COLUMNS], value: f32) {
        for at in 0..self.count {
            self.right[at] += row[at] * value;
            for (sum, other) in self.matrix[at].iter_mut().zip(&row[..=at]) {
                *sum += row[at] * other;
            }
        }
    }

    /// By Cholesky's way. Returns how much of the energy is explained, with the solution; none if the columns do not differ.
    fn solve(&mut self) -> Option<(f32, [f32; COLUMNS])> {
        let mut solution = self.right;
        let mut explained = 0.0;
        for at in 0..self.count {
            for below in at..self.count {
                let (rows, lower) = (self.matrix[at], self.matrix[below]);
                let sum: f32 = rows[..at].iter().zip(&lower[..at]).map(|(a, b)| a * b).sum();
                let value = lower[at] - sum;
                if below == at {
                    if value <= 1e-4 * lower[at] {
                        return None;
                    }
                    self.matrix[at][at] = root(value);
                } else {
                    self.matrix[below][at] = value / self.matrix[at][at];
                }
            }
            let sum: f32 = (0..at).map(|column| self.matrix[at][column] * solution[column]).sum();
            solution[at] = (solution[at] - sum) / self.matrix[at][at];
            explained += solution[at] * solution[at];
        }
        for at in (0..self.count).rev() {
            let sum: f32 =
                (at + 1..self.count).map(|row| self.matrix[row][at] * solution[row]).sum();
            solution[at] = (solution[at] - sum) / self.matrix[at][at];
        }
        Some((explained, solution))
    }
}

/// The square root of a positive number, by Newton's way.
fn root(square: f32) -> f32 {
    let mut root = f32::from_bits((square.to_bits() >> 1) + 0x1fbd_1df5);
    for _ in 0..3 {
        root = 0.5 * (root + square / root);
    }
    root
}
#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;

    /// Samples of tones `(turn, amplitude)` from a place on, clipped.
    fn tones(from: usize, count: usize, tones: &[(f64, f64)]) -> Vec<i16> {
        (from..from + count)
            .map(|at| {
                let sum: f64 =
                    tones.iter().map(|(turn, size)| size * (turn * at as f64).sin()).sum();
                sum.clamp(-16_384.0, 16_383.0) as i16
            })
            .collect()
    }

    #[test]
    fn tones_are_found_exactly_through_clipping() {
        let turn = |hertz: f64| core::f64::consts::TAU * hertz / 8_000.0;
        let dial = [(turn(350.0), 11_000.0), (turn(440.0), 11_000.0)];
        let digit = [(turn(697.0 * 0.985), 11_000.0), (turn(1_209.0 * 1.015), 4_400.0)];
        let before = tones(0, 480, &dial);
        let during = tones(540, 216, &[dial, digit].concat());
        assert!(is_clipped(&during));
        let about = [697.0, 1_209.0].map(|hertz| {
            let turn = turn(hertz) as f32;
            0.97 * turn..1.03 * turn
        });
        let look = look(&before, &during, about).expect("tones that differ");
        for (group, (turn, size)) in digit.into_iter().enumerate() {
            assert!((look.turns[group] - turn as f32).abs() < 1e-4, "{look:?}");
            let power = (size * size) as f32;
            assert!((look.power[group] / power - 1.0).abs() < 0.01, "{look:?}");
            assert!(look.residue[group] < 1e-3 * power, "{look:?}");
        }
    }

    #[test]
    fn roots_are_roots() {
        for square in [1e-6_f32, 0.3, 1.0, 2.0, 7e4, 3e12] {
            assert!((root(square) / square.sqrt() - 1.0).abs() < 1e-6, "{square}");
        }
    }
}
