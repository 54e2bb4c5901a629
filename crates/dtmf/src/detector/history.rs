//! The last filter outputs, and what a stretch of them says of a steady tone.

use wide::{f32x4, i16x8};

use super::background::Background;
use super::bands::{
    self, Group, HIGH, HIGH_TURNS, HOP, LAG, LOW, LOW_TURNS, Output, RATE, SEARCH, TAPS,
};
use super::clipped::CLIPPED;
use super::complex::Complex;
use super::fit::{Fit, Stretch};

/// How many outputs are kept: 192 ms.
pub(super) const KEPT: u64 = 128;
/// How many samples are kept: those of 100 outputs.
const KEEP: usize = 100 * HOP + TAPS;
/// Room for samples: what is kept is moved to the front so seldom.
const LINE: usize = KEEP + 120 * HOP;
/// Outputs in the window that finds tones.
const WINDOW: u64 = 6;
/// A background is learnt from so many outputs: 60 ms. Most that may be left beside it.
const LEARNT: u64 = 40;
const STEADY: f32 = 0.008;
/// Most that a single output of a tone turns off its course: the tangent of 0.4, 40 Hz.
const STRAY: f32 = 0.423;
/// 0 dBm0 as a power: 3.14 dB below full scale (ITU-T G.711), in 16-bit units.
const ZERO_DBM0: f32 = 22_826.0 * 22_826.0;
/// -36 dBm0: weaker tones are not looked at; -30 must be heard.
const FLOOR: f32 = ZERO_DBM0 * 2.512e-4;
/// Where all samples' mean square is below this, an output is below a tenth of [`FLOOR`] and is taken as 0.
const QUIET: f32 = 400.0;
/// The mean square of samples one of which is clipped, at least.
const OVER: f32 = CLIPPED as f32 * CLIPPED as f32 * (4.0 / HOP as f32);

/// A pair of tones: which of each group, how strong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Pair {
    pub(super) row: usize,
    pub(super) column: usize,
    /// The power of the outputs, low and high.
    pub(super) power: [f32; 2],
}

impl Pair {
    pub(super) fn is_same(&self, other: &Self) -> bool {
        (self.row, self.column) == (other.row, other.column)
    }
}

/// One group's tone over a stretch of outputs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tone {
    pub(super) hertz: f32,
    /// The power of the outputs, and the tone's own: its squared amplitude.
    pub(super) level: f32,
    pub(super) power: f32,
    /// The power of what is left beside it.
    pub(super) residue: f32,
}

#[derive(Clone, Debug)]
pub(super) struct History {
    /// The samples' halves, the newest [`KEEP`] of them at least.
    samples: [i16; LINE],
    /// How many are there, and how many of them belong to outputs.
    len: usize,
    end: usize,
    /// The mean square of the samples since the output before.
    loudness: [f32; KEPT as usize],
    /// The number of the newest output.
    newest: u64,
    /// As they come out of the filters, and without what sounds in the background.
    filtered: [Output; KEPT as usize],
    outputs: [Output; KEPT as usize],
    /// Which of them were computed, and at which the audio was not quiet: a bit each, the newest the lowest.
    is_filtered: u128,
    is_known: u128,
    is_loud: u128,
    /// And at which a sample was clipped.
    is_over: u128,
    background: [Option<Background>; 2],
}

/// The sums over a window that show a tone.
#[derive(Clone, Copy, Debug)]
struct Sums {
    /// Of each group's outputs times those before, conjugated, and those [`LAG`] before.
    near: [Complex; 2],
    far: [Complex; 2],
    /// The energy of the window, and of that [`LAG`] before.
    now: [f32; 2],
    then: [f32; 2],
}

impl History {
    pub(super) const fn new() -> Self {
        // Numbers begin where all that is kept is silence.
        Self {
            samples: [0; LINE],
            len: KEEP,
            end: KEEP,
            loudness: [0.0; KEPT as usize],
            newest: KEPT,
            filtered: [Output::ZERO; KEPT as usize],
            outputs: [Output::ZERO; KEPT as usize],
            is_filtered: u128::MAX,
            is_known: u128::MAX,
            is_loud: 0,
            is_over: 0,
            background: [None; 2],
        }
    }

    /// Where the next samples belong.
    pub(super) fn free(&mut self) -> &mut [i16] {
        if self.len == LINE {
            self.samples.copy_within(self.end - KEEP.., 0);
            self.len = KEEP + self.len - self.end;
            self.end = KEEP;
        }
        &mut self.samples[self.len..]
    }

    /// So many samples are there.
    pub(super) fn add(&mut self, count: usize) {
        self.len += count;
    }

    /// Goes on to the next output, if its samples are there.
    pub(super) fn advance(&mut self) -> bool {
        if self.len - self.end < HOP {
            return false;
        }
        let squares = |samples: i16x8| samples.dot(samples).round_float();
        let [a, b, c, d, e, f, g, h, i, j, k, l] =
            self.samples[self.end..].first_chunk::<HOP>().copied().unwrap_or_default();
        let (front, rest) =
            (i16x8::from([a, b, c, d, e, f, g, h]), i16x8::from([i, j, k, l, 0, 0, 0, 0]));
        let sum = squares(front) + squares(rest);
        // The samples are halves.
        let loudness = sum.reduce_add() * (4.0 / HOP as f32);
        self.end += HOP;
        self.newest += 1;
        self.loudness[slot(self.newest)] = loudness;
        self.is_filtered <<= 1;
        self.is_known <<= 1;
        self.is_loud = self.is_loud << 1 | u128::from(loudness >= QUIET);
        let is_over = loudness >= OVER && {
            let peaks = front.abs().max(rest.abs());
            peaks.simd_gt(i16x8::splat(CLIPPED)).any()
        };
        self.is_over = self.is_over << 1 | u128::from(is_over);
        true
    }

    /// Puts the samples through the filters where that has not been done, the outputs' bits being given.
    fn filter(&mut self, asked: u128) {
        let mut missing = asked & !self.is_filtered;
        self.is_filtered |= asked;
        while missing != 0 {
            let back = missing.trailing_zeros();
            missing &= missing - 1;
            const OVER: u128 = (1 << (TAPS / HOP)) - 1;
            self.filtered[slot(self.newest - u64::from(back))] = if self.is_loud >> back & OVER == 0
            {
                Output::ZERO
            } else {
                let end = self.end - back as usize * HOP;
                self.samples[..end].last_chunk::<TAPS>().map_or(Output::ZERO, bands::filter)
            };
        }
    }

    /// The bits of the outputs from this one on.
    fn since(&self, first: u64) -> u128 {
        u128::MAX >> (KEPT - 1 - (self.newest - first))
    }

    /// Computes the outputs from `first` on; at least those that [`pair`](Self::pair) looks at.
    pub(super) fn prepare(&mut self, first: u64) {
        let first = first.min(self.newest + 1 - WINDOW - LAG as u64);
        let asked = self.since(first);
        let mut missing = asked & !self.is_known;
        self.is_known |= asked;
        self.filter(missing);
        if self.has_background() {
            self.filter(missing << 1);
        }
        while missing != 0 {
            let number = self.newest - u64::from(missing.trailing_zeros());
            missing &= missing - 1;
            self.outputs[slot(number)] = self.filtered[slot(number)];
            for (group, background) in self.background.iter().enumerate() {
                if let Some(tone) = background {
                    let [here, before] =
                        [number, number - 1].map(|number| self.filtered[slot(number)].of(group));
                    self.outputs[slot(number)].set(group, tone.remove(here, before));
                }
            }
        }
    }

    /// A look at every third output only: false if there is certainly no pair of tones.
    pub(super) fn scout(&mut self, limits: &Limits) -> bool {
        self.filter(1);
        let all = [0, 1, 2].map(|back| self.newest - LAG as u64 * back);
        const ALL: u128 = 1 | 1 << LAG | 1 << (2 * LAG);
        if self.is_filtered & ALL != ALL {
            return false;
        }
        let [a, b, c] = all.map(|number| self.filtered[slot(number)]);
        (0..2).all(|group| {
            let (a, b, c) = (a.of(group), b.of(group), c.of(group));
            let power = [a.power(), b.power(), c.power()];
            power[0] >= FLOOR && {
                let turns = a * b.conj() + b * c.conj();
                let scout = if self.is_clipped() { limits.clipped.scout } else { limits.scout };
                turns.power() >= scout * (power[0] + power[1]) * (power[1] + power[2])
            }
        })
    }

    /// Looks for a steady tone that is no key's. To be called now and then while no key is down.
    pub(super) fn learn_background(&mut self) {
        let first = self.newest - LEARNT + 1;
        let all = |history: &Self, group| {
            Stretch::new(&history.filtered, group, (first, 1), u64::MAX >> (64 - LEARNT))
        };
        for (group, tones) in [&LOW, &HIGH].into_iter().enumerate() {
            if self.background[group].is_none() && !self.may_be_steady(group) {
                continue;
            }
            self.filter(self.since(first));
            let stretch = all(self, group);
            // A key beside it does not end it.
            if self.background[group]
                .is_some_and(|known| stretch.level(known.turn()) > known.power() / 4.0)
            {
                continue;
            }
            let steady = (stretch.energy() >= FLOOR * LEARNT as f32)
                .then(|| stretch.fit())
                .filter(|fit| fit.residue <= STEADY * fit.power)
                .filter(|fit| !tones.has_near(fit.turn));
            if self.background[group].is_some() || steady.is_some() {
                self.background[group] =
                    steady.map(|fit| Background::new(fit.turn, fit.power, tones));
                self.is_known = 0;
            }
        }
    }

    /// By every third output only: false if a group certainly has no steady tone.
    fn may_be_steady(&self, group: usize) -> bool {
        const COUNT: u64 = LEARNT.div_ceil(LAG as u64);
        const SPAN: u64 = LAG as u64 * (COUNT - 1);
        const EACH: u128 = {
            let (mut each, mut back) = (0, 0);
            while back <= SPAN {
                each |= 1 << back;
                back += LAG as u64;
            }
            each
        };
        if self.is_filtered & EACH != EACH {
            return false;
        }
        let (mut turns, mut energy, mut number) = (Complex::ZERO, 0.0, self.newest);
        let mut here = self.filtered[slot(number)].of(group);
        while number > self.newest - SPAN {
            if here.power() < FLOOR / 2.0 {
                return false;
            }
            number -= LAG as u64;
            let before = self.filtered[slot(number)].of(group);
            turns += here * before.conj();
            energy += before.power();
            here = before;
        }
        if turns.power() < 0.96 * energy * energy {
            return false;
        }
        // What is left beside a tone in a third of the outputs is at most three times as much, on the average.
        let stretch =
            Stretch::new(&self.filtered, group, (number, LAG as u64), u64::MAX >> (64 - COUNT));
        let fit = stretch.fit();
        fit.residue <= LAG as f32 * STEADY * fit.power
    }

    /// True if something is taken out of the outputs.
    pub(super) fn has_background(&self) -> bool {
        self.background.iter().any(Option::is_some)
    }

    /// What taking the background out does to a tone's power.
    fn gain(&self, group: usize, turn: f32) -> f32 {
        self.background[group].map_or(1.0, |background| background.gain(turn))
    }

    /// As [`gain`](Self::gain), of one of the keys' tones.
    fn tone_gain(&self, group: usize, tone: usize) -> f32 {
        self.background[group].map_or(1.0, |background| background.tone_gain(tone))
    }

    /// True if some of the newest audio is clipped: three pieces of 1.5 ms in 24.
    pub(super) fn is_clipped(&self) -> bool {
        (self.is_over as u16).count_ones() >= 3
    }

    /// A tone is there where its output has this share of its power: half the amplitude, or less if what clipping adds may
    /// be against it.
    pub(super) fn present(&self) -> f32 {
        if self.is_clipped() { 0.125 } else { 0.25 }
    }

    pub(super) fn newest(&self) -> u64 {
        self.newest
    }

    /// The power of one output.
    pub(super) fn power(&self, number: u64, group: usize) -> f32 {
        self.outputs[slot(number)].of(group).power()
    }

    /// The power of all the audio at an output: half a filter before the samples that made it.
    pub(super) fn loudness(&self, number: u64) -> f32 {
        self.loudness[slot(number - (TAPS / 2 / HOP) as u64)]
    }

    /// The pair of steady tones that the newest outputs show, if they do.
    pub(super) fn pair(&self, limits: &Limits) -> Option<Pair> {
        if (0..2).any(|group| self.power(self.newest, group) < FLOOR) {
            return None;
        }
        let (coherence, twist) = if self.is_clipped() {
            (limits.clipped.coherence, limits.clipped.twist)
        } else {
            (limits.coherence, 1.0)
        };
        let Sums { near, far, now, then } = self.sums();
        for group in 0..2 {
            if far[group].power() < coherence * now[group] * then[group] {
                return None;
            }
        }
        let row = LOW_TURNS.find(near[0], far[0])?;
        let column = HIGH_TURNS.find(near[1], far[1])?;
        let power = now.map(|energy| energy / WINDOW as f32);
        let [low, high] = [power[0] / self.tone_gain(0, row), power[1] / self.tone_gain(1, column)];
        limits.allows_twist(low, high, twist).then_some(Pair { row, column, power })
    }

    fn sums(&self) -> Sums {
        const LEN: usize = WINDOW as usize + LAG;
        let first = self.newest + 1 - LEN as u64;
        let mut all = [f32x4::ZERO; LEN];
        for (at, output) in all.iter_mut().enumerate() {
            *output = f32x4::from(self.outputs[slot(first + at as u64)].0);
        }
        // Lanes: both parts of both groups. A product's real part is the sum of two lanes of what is multiplied
        // straight, its imaginary part the difference of two of what is multiplied crosswise.
        let energy = |outputs: &[f32x4]| {
            outputs.iter().fold(f32x4::ZERO, |sum, output| sum + *output * *output)
        };
        let thirds = [energy(&all[..LAG]), energy(&all[LAG..2 * LAG]), energy(&all[2 * LAG..])];
        let groups = |lanes: f32x4| {
            let [a, b, c, d] = lanes.to_array();
            [a + b, c + d]
        };
        let products = |lag: usize| {
            let (mut straight, mut crosswise) = (f32x4::ZERO, f32x4::ZERO);
            for (output, before) in all[LAG..].iter().zip(&all[LAG - lag..]) {
                let [a, b, c, d] = before.to_array();
                straight += *output * *before;
                crosswise += *output * f32x4::from([b, a, d, c]);
            }
            let (straight, [a, b, c, d]) = (groups(straight), crosswise.to_array());
            [Complex { re: straight[0], im: b - a }, Complex { re: straight[1], im: d - c }]
        };
        Sums {
            near: products(1),
            far: products(LAG),
            now: groups(thirds[1] + thirds[2]),
            then: groups(thirds[0] + thirds[1]),
        }
    }

    /// About the power of the pair's tones: their squared amplitudes.
    pub(super) fn own_power(&self, pair: &Pair) -> f32 {
        let own = |group: usize, tones: &Group, tone: usize| {
            pair.power[group] / (tones.gain(tones.tones[tone]) * self.tone_gain(group, tone))
        };
        own(0, &LOW, pair.row) + own(1, &HIGH, pair.column)
    }

    /// Fits one tone to those outputs of a group from `first` on whose bit is set.
    pub(super) fn fit(&self, group: usize, first: u64, whole: u64) -> Tone {
        let Fit { turn, power, residue } =
            Stretch::new(&self.outputs, group, (first, 1), whole).fit();
        let tones = [&LOW, &HIGH][group];
        let hertz = tones.frequency(turn);
        let gain = self.gain(group, turn);
        Tone {
            hertz,
            level: power,
            power: power / (tones.gain(hertz) * gain),
            residue: residue / gain,
        }
    }

    /// The samples from the middle of one output to that of another.
    pub(super) fn samples(&self, from: u64, to: u64) -> &[i16] {
        let place = |number: u64| {
            (self.end - TAPS / 2).saturating_sub((self.newest - number) as usize * HOP)
        };
        &self.samples[place(from)..place(to)]
    }

    /// True if an output turned as the tone does since the one before, within 40 Hz.
    pub(super) fn follows(&self, number: u64, group: usize, tone: usize) -> bool {
        let output = |number| self.outputs[slot(number)].of(group);
        let step = output(number) * output(number - 1).conj();
        let back = [&LOW_TURNS, &HIGH_TURNS][group].back(step, tone);
        back.re > 0.0 && back.im.abs() <= STRAY * back.re
    }
}

/// Where an output is kept.
pub(super) const fn slot(number: u64) -> usize {
    (number % KEPT) as usize
}

impl Group {
    /// The frequency in or near the group that turns so far from one output to the next.
    fn frequency(&self, turn: f32) -> f32 {
        let per_turn = RATE as f32 / HOP as f32;
        let middle = (self.tones[1] + self.tones[2]) / 2.0;
        let raw = turn / core::f32::consts::TAU * per_turn;
        let turns = (middle - raw) / per_turn;
        raw + (turns + 0.5) as i32 as f32 * per_turn
    }

    /// True if what turns so far from one output to the next is near one of the tones.
    fn has_near(&self, turn: f32) -> bool {
        let hertz = self.frequency(turn);
        self.tones.iter().any(|tone| (hertz - tone).abs() <= SEARCH * tone)
    }

    /// How far the frequency is off the tone, as a share of it.
    pub(super) fn deviation(&self, tone: usize, hertz: f32) -> f32 {
        (hertz - self.tones[tone]).abs() / self.tones[tone]
    }
}

/// What counts as a digit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Least square of the coherence of outputs [`LAG`] apart; and of only three such outputs.
    pub(super) coherence: f32,
    pub(super) scout: f32,
    /// Tolerance of a whole tone's frequency.
    pub(super) deviation: f32,
    /// Most that the high tone can be below, and above, the low one: ratios of powers.
    pub(super) high_below: f32,
    pub(super) high_above: f32,
    /// Most that sounds beside the tones and did not before, as a share of their power.
    pub(super) beside: f32,
    /// As much is new.
    pub(super) comes: f32,
    /// Most noise, as a share of the tones' power; and what may be left beside them in their groups under anything else.
    pub(super) noise: f32,
    pub(super) other: f32,
    /// How much louder than before what sounds beside the tones may be.
    pub(super) steady: f32,
    /// Most that is heard in a tone's group just before it, as a share of its power.
    pub(super) earlier: f32,
    /// Most that is left beside the tones in their groups, as a share of their power: of the
    /// shortest digit, how much more for each output that it is longer, and of any.
    pub(super) residue: [f32; 3],
    pub(super) clipped: Clipped,
    pub(super) lines: Share,
}

/// Limits of a last look at the spectrum, as shares of the tones' power.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share {
    /// What sounds before the tone is so weak that there is no such look.
    pub(super) silence: f32,
    /// What is weaker is clean: ITU-T Q.23 allows a key unwanted tones of a hundredth of its own.
    pub(super) clean: f32,
    /// What noise can be as a multiple of its spectrum's median: the strongest line, and what is left in the groups.
    pub(super) strongest: f32,
    pub(super) residue: f32,
}

/// Limits that are set apart while the audio is clipped: a second look decides then.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clipped {
    pub(super) coherence: f32,
    pub(super) scout: f32,
    /// Factor by which the tones' ratio may be off.
    pub(super) twist: f32,
    /// Most that is left beside the tones, and before them, as a share of their power.
    pub(super) left: f32,
}

impl Limits {
    /// With a factor by which what was measured may be off.
    pub(super) fn allows_twist(&self, low: f32, high: f32, off: f32) -> bool {
        low <= off * high * self.high_below && high <= off * low * self.high_above
    }
}
