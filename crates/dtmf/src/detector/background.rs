//! A steady tone that sounds in a group before any key does, and is taken out.
//!
//! A busy tone's 620 Hz or a special information tone comes through the filters beside the keys'
//! own tones. It has been there for long when a key is pressed, so that its frequency is known
//! exactly, and the difference of an output and the turned one before it is free of it.

use super::bands::Group;
use super::complex::Complex;

/// What is taken out of a group's outputs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Background {
    /// How far the tone turns from one output to the next, in radians.
    turn: f32,
    step: Complex,
    power: f32,
    /// What is left of each of the group's tones.
    gains: [f32; 4],
}

impl Background {
    pub(super) fn new(turn: f32, power: f32, group: &Group) -> Self {
        let mut background = Self { turn, step: Complex::unit(turn), power, gains: [0.0; 4] };
        background.gains = [0, 1, 2, 3].map(|tone| background.gain(group.turn(tone)));
        background
    }

    /// [`gain`](Self::gain) of one of the group's tones.
    pub(super) fn tone_gain(&self, tone: usize) -> f32 {
        self.gains[tone]
    }

    /// How strong it was when it was learnt.
    pub(super) fn power(&self) -> f32 {
        self.power
    }

    pub(super) fn turn(&self) -> f32 {
        self.turn
    }

    /// An output without the tone.
    pub(super) fn remove(&self, output: Complex, before: Complex) -> Complex {
        output - self.step * before
    }

    /// What is left of another tone that turns so far: a ratio of powers, 0 to 4.
    pub(super) fn gain(&self, turn: f32) -> f32 {
        (Complex::ONE - Complex::unit(turn - self.turn)).power()
    }
}

#[cfg(test)]
mod tests {
    use super::super::bands::LOW;
    use super::*;

    #[test]
    fn the_tone_is_gone_and_another_is_changed_as_told() {
        let background = Background::new(1.1, 1.0, &LOW);
        let after = background.remove(Complex::unit(1.1 * 8.0), Complex::unit(1.1 * 7.0));
        assert!(after.power() < 1e-9);
        for turn in [-3.0_f32, 0.2, 1.5, 2.9] {
            let after = background.remove(Complex::unit(turn * 8.0), Complex::unit(turn * 7.0));
            assert!((after.power() - background.gain(turn)).abs() < 1e-4, "{turn}");
        }
    }
}
