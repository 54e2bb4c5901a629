//! Comfort noise (RFC 3389): what fills a pause in which the talker sends nothing.

/// The least level that the payload can say: silence for all practical purposes.
const QUIETEST: u8 = 127;

/// White noise of the level that a comfort noise payload names. Its spectrum, if the payload
/// describes one, is read over: RFC 3389, section 4.2, leaves that to the receiver.
///
/// ```
/// use switchboard_media::ComfortNoise;
///
/// let mut noise = ComfortNoise::from_payload(&[60]).expect("a level");
/// let mut block = [0; 160];
/// noise.fill(&mut block);
/// assert!(block.iter().any(|sample| *sample != 0));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ComfortNoise {
    level: u8,
    state: u32,
}

impl ComfortNoise {
    /// Noise of this level in -dBov, `0..=127` (RFC 3389, section 3.1): 0 is the loudest square
    /// wave, 127 is next to nothing.
    #[must_use]
    pub const fn new(level: u8) -> Self {
        let level = if level > QUIETEST { QUIETEST } else { level };
        Self { level, state: 0x2545_f491 }
    }

    /// Noise as a payload describes it; `None` when it is empty.
    #[must_use]
    pub fn from_payload(payload: &[u8]) -> Option<Self> {
        payload.first().map(|level| Self::new(level & 0x7f))
    }

    /// The level in -dBov.
    #[must_use]
    pub const fn level(&self) -> u8 {
        self.level
    }

    /// The next samples.
    pub fn fill(&mut self, samples: &mut [i16]) {
        // Uniform noise: its peak is the root of three times its effective value.
        let peak = 32_768.0 * 3_f32.sqrt() * 10_f32.powf(-f32::from(self.level) / 20.0);
        for sample in samples {
            // xorshift32 (Marsaglia): noise to the ear is enough here.
            self.state ^= self.state << 13;
            self.state ^= self.state >> 17;
            self.state ^= self.state << 5;
            *sample = (self.state as i32 as f32 / 2_147_483_648.0 * peak).round() as i16;
        }
    }
}

#[cfg(test)]
mod tests {
    use switchboard_testkit::audio;

    use super::*;

    #[test]
    fn the_level_is_the_one_named() {
        for level in [30, 45, 60, 70] {
            let mut noise = ComfortNoise::new(level);
            let mut samples = [0; 16_000];
            noise.fill(&mut samples);
            // 0 dBov lies 6.15 dB over 0 dBm0: 3.14 for the overload sine, 3.01 for the square.
            let heard = audio::loudness_dbm0(&samples) - 6.15;
            assert!((heard + f64::from(level)).abs() < 0.5, "{level}: {heard} dBov");
            // No tone among it.
            for frequency in [200.0, 440.0, 1_000.0, 3_000.0] {
                let tone = audio::level_dbm0(&samples, frequency) - 6.15;
                assert!(tone < heard - 20.0, "{frequency} Hz: {tone}");
            }
        }
    }

    #[test]
    fn a_payload_without_a_level_is_none() {
        assert_eq!(ComfortNoise::from_payload(&[]), None);
        assert_eq!(ComfortNoise::from_payload(&[0xff, 3]).map(|n| n.level()), Some(127));
    }
}
