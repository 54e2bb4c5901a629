//! One sub-band: its scale and its predictor, which encoder and decoder adapt alike (ITU-T G.722,
//! sections 3.5 and 3.6, block 3 and block 4 of the detailed description).

/// Steps of the scale's logarithm in the lower band, by the upper 4 bits of a code (tables 17 and 18).
const LOW_STEPS: [i32; 16] =
    [-60, 3_042, 1_198, 538, 334, 172, 58, -30, 3_042, 1_198, 538, 334, 172, 58, -30, -60];
/// The same in the upper band (table 20).
const HIGH_STEPS: [i32; 4] = [798, -214, 798, -214];
/// The most that the logarithms reach.
const MAX_LOW: i32 = 18_432;
const MAX_HIGH: i32 = 22_528;

/// The 32nd parts of an octave (table 15).
const OCTAVE: [i32; 32] = [
    2_048, 2_093, 2_139, 2_186, 2_233, 2_282, 2_332, 2_383, 2_435, 2_489, 2_543, 2_599, 2_656,
    2_714, 2_774, 2_834, 2_896, 2_960, 3_025, 3_091, 3_158, 3_228, 3_298, 3_371, 3_444, 3_520,
    3_597, 3_676, 3_756, 3_838, 3_922, 4_008,
];

#[derive(Clone, Debug)]
pub(super) struct Band {
    /// The logarithm of the scale, and the scale.
    log: i32,
    scale: i32,
    /// What both sections of the predictor expect next, and the share of the one without poles.
    predicted: i32,
    zeros: i32,
    /// Two poles, the two last reconstructed samples, and the signs of the two last sums that move
    /// the poles.
    poles: [i32; 2],
    reconstructed: [i32; 2],
    sums: [i32; 2],
    /// Six zeros, and the six last differences; the newest first.
    weights: [i32; 6],
    differences: [i32; 6],
}

impl Band {
    pub(super) const LOW: Self = Self::new(32);
    pub(super) const HIGH: Self = Self::new(8);

    const fn new(scale: i32) -> Self {
        Self {
            log: 0,
            scale,
            predicted: 0,
            zeros: 0,
            poles: [0; 2],
            reconstructed: [0; 2],
            sums: [0; 2],
            weights: [0; 6],
            differences: [0; 6],
        }
    }

    /// What the next sample should be.
    pub(super) const fn predicted(&self) -> i32 {
        self.predicted
    }

    pub(super) const fn scale(&self) -> i32 {
        self.scale
    }

    /// A quantizer's output in this scale.
    pub(super) const fn part(&self, output: i32) -> i32 {
        (self.scale * output) >> 15
    }

    /// Takes the upper 4 bits of a code of the lower band, and what they stand for.
    pub(super) fn adapt_low(&mut self, code: u8, output: i32) {
        let difference = self.part(output);
        self.rescale(LOW_STEPS[usize::from(code)], MAX_LOW, 8);
        self.predict(difference);
    }

    /// Takes a code of the upper band, and what it stands for.
    pub(super) fn adapt_high(&mut self, code: u8, output: i32) {
        let difference = self.part(output);
        self.rescale(HIGH_STEPS[usize::from(code)], MAX_HIGH, 10);
        self.predict(difference);
    }

    /// LOGSCL and SCALEL, LOGSCH and SCALEH.
    fn rescale(&mut self, step: i32, most: i32, octaves: i32) {
        self.log = (((self.log * 127) >> 7) + step).clamp(0, most);
        let part = OCTAVE[((self.log >> 6) & 31) as usize];
        let down = octaves - (self.log >> 11);
        self.scale = if down < 0 { part << -down } else { part >> down } << 2;
    }

    /// Block 4: adapts the predictor and predicts.
    fn predict(&mut self, difference: i32) {
        let reconstructed = saturate(self.predicted + difference);
        let sum = saturate(self.zeros + difference);
        self.move_poles(sum);
        self.move_zeros(difference);
        self.sums = [sum, self.sums[0]];
        self.reconstructed = [reconstructed, self.reconstructed[0]];
        self.differences.copy_within(..5, 1);
        self.differences[0] = difference;
        // FILTEP, FILTEZ, PREDIC.
        let by = |weight: i32, past: i32| (weight * saturate(past + past)) >> 15;
        let [first, second] = self.poles;
        let poles = saturate(by(first, self.reconstructed[0]) + by(second, self.reconstructed[1]));
        let zeros = self.weights.iter().zip(&self.differences);
        self.zeros = saturate(zeros.map(|(weight, past)| by(*weight, *past)).sum());
        self.predicted = saturate(poles + self.zeros);
    }

    /// UPPOL2, then UPPOL1 within the bound that keeps the filter stable.
    fn move_poles(&mut self, sum: i32) {
        let agrees = |past: i32| (sum < 0) == (past < 0);
        let [first, second] = self.poles;
        let pull = saturate(first << 2);
        let pull = if agrees(self.sums[0]) { (-pull).min(32_767) } else { pull };
        let towards = if agrees(self.sums[1]) { 128 } else { -128 };
        let second = ((pull >> 7) + towards + ((second * 32_512) >> 15)).clamp(-12_288, 12_288);
        let towards = if agrees(self.sums[0]) { 192 } else { -192 };
        let bound = saturate(15_360 - second);
        let first = saturate(towards + ((first * 32_640) >> 15)).clamp(-bound, bound);
        self.poles = [first, second];
    }

    /// UPZERO.
    fn move_zeros(&mut self, difference: i32) {
        let step = if difference == 0 { 0 } else { 128 };
        for (weight, past) in self.weights.iter_mut().zip(&self.differences) {
            let agrees = (difference < 0) == (*past < 0);
            let towards = if agrees { step } else { -step };
            *weight = saturate(towards + ((*weight * 32_640) >> 15));
        }
    }
}

/// To 16 bits.
pub(super) const fn saturate(value: i32) -> i32 {
    if value > i16::MAX as i32 {
        i16::MAX as i32
    } else if value < i16::MIN as i32 {
        i16::MIN as i32
    } else {
        value
    }
}
