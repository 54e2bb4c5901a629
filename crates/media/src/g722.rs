//! G.722 at 64 kbit/s (ITU-T G.722): two sub-bands of 4 kHz each, coded by ADPCM with 6 and 2 bits.
//!
//! Samples are 16 bits at [`SAMPLE_RATE`]; one octet carries two of them. In RTP its clock counts 8000
//! units a second all the same (RFC 3551, section 4.5.2), so that, as with G.711, an octet is one unit.
//! Samples are as loud as G.711's: full scale of both is the same.

mod band;

use self::band::{Band, saturate};

/// Samples per second.
pub const SAMPLE_RATE: u32 = 16_000;

/// How many samples later than it went into the encoder audio comes out of the decoder: 1.4 ms by the two filters.
pub const DELAY: usize = 22;

/// Half of the mirror filter's coefficients (table 11); the other half is the same, backwards.
const FILTER: [i32; 12] = [3, -11, 12, 32, -210, 951, 3_876, -805, 362, -156, 53, -11];

/// Of the lower band's quantizer, the decision levels (table 14).
const LOW_LEVELS: [i32; 29] = [
    35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714, 786, 858, 940, 1_023,
    1_121, 1_219, 1_339, 1_458, 1_612, 1_765, 1_980, 2_195, 2_557, 2_919,
];

/// What 4 of its bits stand for: what adapts the band (table 17).
const LOW_COARSE: [i32; 16] = [
    0, -20_456, -12_896, -8_968, -6_288, -4_240, -2_584, -1_200, 20_456, 12_896, 8_968, 6_288,
    4_240, 2_584, 1_200, 0,
];

/// What all 6 of its bits stand for: what is heard (table 19).
const LOW_FINE: [i32; 64] = [
    -136, -136, -136, -136, -24_808, -21_904, -19_008, -16_704, -14_984, -13_512, -12_280, -11_192,
    -10_232, -9_360, -8_576, -7_856, -7_192, -6_576, -6_000, -5_456, -4_944, -4_464, -4_008,
    -3_576, -3_168, -2_776, -2_400, -2_032, -1_688, -1_360, -1_040, -728, 24_808, 21_904, 19_008,
    16_704, 14_984, 13_512, 12_280, 11_192, 10_232, 9_360, 8_576, 7_856, 7_192, 6_576, 6_000,
    5_456, 4_944, 4_464, 4_008, 3_576, 3_168, 2_776, 2_400, 2_032, 1_688, 1_360, 1_040, 728, 432,
    136, -432, -136,
];

/// The upper band's decision level.
const HIGH_LEVEL: i32 = 564;

/// What its 2 bits stand for (table 21).
const HIGH: [i32; 4] = [-7_408, -1_616, 7_408, 1_616];

/// The last 24 samples of a mirror filter, twice over, so that they always lie in a row.
#[derive(Clone, Debug)]
struct Mirror {
    past: [i32; 48],
    at: usize,
}

impl Mirror {
    const fn new() -> Self {
        Self { past: [0; 48], at: 0 }
    }

    /// Takes two samples; the sums over the odd and over the even ones.
    fn take(&mut self, first: i32, second: i32) -> (i32, i32) {
        for (n, sample) in [first, second].into_iter().enumerate() {
            self.past[self.at + n] = sample;
            self.past[self.at + n + 24] = sample;
        }
        self.at = (self.at + 2) % 24;
        let row = &self.past[self.at..self.at + 24];
        let (mut forwards, mut backwards) = (0, 0);
        for (n, pair) in row.chunks_exact(2).enumerate() {
            forwards += pair[0] * FILTER[n];
            backwards += pair[1] * FILTER[11 - n];
        }
        (forwards, backwards)
    }
}

/// Encodes.
///
/// ```
/// use switchboard_media::g722::{Decoder, Encoder};
///
/// let said: Vec<i16> = (0..320).map(|n| (6_000.0 * (n as f32 * 0.6).sin()) as i16).collect();
/// let mut codes = [0; 160]; // 20 ms
/// Encoder::new().encode(&said, &mut codes);
/// let mut heard = [0; 320];
/// Decoder::new().decode(&codes, &mut heard);
/// let worst = (150..298).map(|n| heard[n + 22].abs_diff(said[n])).max();
/// assert!(worst < Some(400), "{worst:?}");
/// ```
#[derive(Clone, Debug)]
pub struct Encoder {
    mirror: Mirror,
    low: Band,
    high: Band,
}

impl Default for Encoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Encoder {
    /// One that has heard silence so far.
    #[must_use]
    pub const fn new() -> Self {
        Self { mirror: Mirror::new(), low: Band::LOW, high: Band::HIGH }
    }

    /// Encodes pairs of samples, as many as `codes` has room for.
    pub fn encode(&mut self, samples: &[i16], codes: &mut [u8]) {
        for (pair, code) in samples.chunks_exact(2).zip(codes) {
            let (odd, even) = self.mirror.take(pair[0].into(), pair[1].into());
            let low = self.low_code((even + odd) >> 14);
            let high = self.high_code((even - odd) >> 14);
            *code = (high << 6) | low;
        }
    }

    fn low_code(&mut self, sample: i32) -> u8 {
        let error = saturate(sample - self.low.predicted());
        let magnitude = if error < 0 { -(error + 1) } else { error };
        let scale = self.low.scale();
        // The levels ascend: the first that is above.
        let interval = LOW_LEVELS.partition_point(|level| (level * scale) >> 12 <= magnitude) as u8;
        // Table 16: from outside in, with the two lowest negative ones apart.
        let code = match (error < 0, interval) {
            (false, interval) => 61 - interval,
            (true, interval @ 0..=1) => 63 - interval,
            (true, interval) => 33 - interval,
        };
        self.low.adapt_low(code >> 2, LOW_COARSE[usize::from(code >> 2)]);
        code
    }

    fn high_code(&mut self, sample: i32) -> u8 {
        let error = saturate(sample - self.high.predicted());
        let magnitude = if error < 0 { -(error + 1) } else { error };
        let is_outer = magnitude >= (HIGH_LEVEL * self.high.scale()) >> 12;
        let code = match (error < 0, is_outer) {
            (true, true) => 0,
            (true, false) => 1,
            (false, true) => 2,
            (false, false) => 3,
        };
        self.high.adapt_high(code, HIGH[usize::from(code)]);
        code
    }
}

/// Decodes.
#[derive(Clone, Debug)]
pub struct Decoder {
    mirror: Mirror,
    low: Band,
    high: Band,
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

impl Decoder {
    /// One that has heard silence so far.
    #[must_use]
    pub const fn new() -> Self {
        Self { mirror: Mirror::new(), low: Band::LOW, high: Band::HIGH }
    }

    /// Decodes each code to a pair of samples, as many as `samples` has room for.
    pub fn decode(&mut self, codes: &[u8], samples: &mut [i16]) {
        for (code, pair) in codes.iter().zip(samples.chunks_exact_mut(2)) {
            let (low, high) = (code & 0x3f, code >> 6);
            let heard_low = limit(self.low.predicted() + self.low.part(LOW_FINE[usize::from(low)]));
            self.low.adapt_low(low >> 2, LOW_COARSE[usize::from(low >> 2)]);
            let part = HIGH[usize::from(high)];
            let heard_high = limit(self.high.predicted() + self.high.part(part));
            self.high.adapt_high(high, part);
            let (odd, even) = self.mirror.take(heard_low + heard_high, heard_low - heard_high);
            pair[0] = saturate(even >> 11) as i16;
            pair[1] = saturate(odd >> 11) as i16;
        }
    }
}

/// To 15 bits: what a band may have.
const fn limit(sample: i32) -> i32 {
    if sample > 16_383 {
        16_383
    } else if sample < -16_384 {
        -16_384
    } else {
        sample
    }
}

#[cfg(test)]
mod tests;
