//! Sines by table, made at compile time: `core` has no `sin`.

use crate::detector::sine;

const BITS: u32 = 10;
const LEN: usize = 1 << BITS;

/// One period, and its first value again for the interpolation; full scale is 32,767.
static TABLE: [i16; LEN + 1] = table();

/// The amplitude of a sine of so many dBm0, for 0 to -60: full scale lies 3.14 dB above 0 dBm0
/// (ITU-T G.711, A-law).
static AMPLITUDES: [u16; 61] = amplitudes();

/// A sine that steps through the table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sine {
    phase: u32,
    step: u32,
    amplitude: i32,
}

impl Sine {
    /// A sine of this frequency at this rate, at a level of 0 to -60 dBm0.
    pub(super) fn new(hertz: u16, rate: u32, dbm0: i8) -> Self {
        let amplitude = AMPLITUDES[usize::from(dbm0.clamp(-60, 0).unsigned_abs())];
        let step = (u64::from(hertz) << 32) / u64::from(rate);
        Self { phase: 0, step: step as u32, amplitude: amplitude.into() }
    }

    /// The next sample.
    pub(super) fn sample(&mut self) -> i32 {
        let at = (self.phase >> (32 - BITS)) as usize;
        let between = (self.phase << BITS >> 17) as i32;
        let (here, next) = (i32::from(TABLE[at]), i32::from(TABLE[at + 1]));
        let value = here + (((next - here) * between) >> 15);
        self.phase = self.phase.wrapping_add(self.step);
        (value * self.amplitude) >> 15
    }
}

const fn table() -> [i16; LEN + 1] {
    let mut table = [0; LEN + 1];
    let mut at = 0;
    while at <= LEN {
        let value = sine(core::f64::consts::TAU * (at as f64) / (LEN as f64)) * 32_767.0;
        table[at] = (if value < 0.0 { value - 0.5 } else { value + 0.5 }) as i16;
        at += 1;
    }
    table
}

const fn amplitudes() -> [u16; 61] {
    // 10^(-3.14/20) and 10^(-1/20).
    let (mut amplitude, decibel) = (32_767.0 * 0.696_626_5, 0.891_250_938_133_745_6);
    let mut amplitudes = [0; 61];
    let mut at = 0;
    while at < amplitudes.len() {
        amplitudes[at] = (amplitude + 0.5) as u16;
        amplitude *= decibel;
        at += 1;
    }
    amplitudes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[allow(clippy::approx_constant, reason = "decibels from 0 dBm0 to full scale, not a circle")]
    #[test]
    fn the_tables_are_what_the_library_computes() {
        for (at, value) in TABLE.iter().enumerate() {
            let exact = (core::f64::consts::TAU * at as f64 / LEN as f64).sin() * 32_767.0;
            assert!((f64::from(*value) - exact).abs() <= 0.51, "{at}");
        }
        for (at, value) in AMPLITUDES.iter().enumerate() {
            let exact = 32_767.0 * 10_f64.powf((-3.14 - at as f64) / 20.0);
            assert!((f64::from(*value) - exact).abs() <= 0.51, "-{at} dBm0");
        }
    }
}
