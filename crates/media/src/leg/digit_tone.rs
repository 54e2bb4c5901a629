//! The two tones of a digit (ITU-T Q.23), sample by sample.

use core::f64::consts::TAU;

use switchboard_dialstring::Digit;

use crate::SAMPLE_RATE;

const LOW: [f64; 4] = [697.0, 770.0, 852.0, 941.0];
const HIGH: [f64; 4] = [1_209.0, 1_336.0, 1_477.0, 1_633.0];
/// Amplitudes of -9 and -7 dBm0: the higher tone 2 dB above the lower (ETSI ES 201 235-2).
const LOW_AMPLITUDE: f64 = 8_100.0;
const HIGH_AMPLITUDE: f64 = 10_200.0;

/// A running digit tone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DigitTone {
    low: f64,
    high: f64,
    n: u32,
}

impl DigitTone {
    pub(crate) fn new(digit: Digit) -> Self {
        let (row, column) = match digit.as_char() {
            '1' => (0, 0),
            '2' => (0, 1),
            '3' => (0, 2),
            'A' => (0, 3),
            '4' => (1, 0),
            '5' => (1, 1),
            '6' => (1, 2),
            'B' => (1, 3),
            '7' => (2, 0),
            '8' => (2, 1),
            '9' => (2, 2),
            'C' => (2, 3),
            '*' => (3, 0),
            '0' => (3, 1),
            '#' => (3, 2),
            _ => (3, 3),
        };
        let turn = |frequency: f64| TAU * frequency / f64::from(SAMPLE_RATE);
        Self { low: turn(LOW[row]), high: turn(HIGH[column]), n: 0 }
    }

    pub(crate) fn next_sample(&mut self) -> i16 {
        let n = f64::from(self.n);
        self.n += 1;
        (LOW_AMPLITUDE * (self.low * n).sin() + HIGH_AMPLITUDE * (self.high * n).sin()) as i16
    }
}
