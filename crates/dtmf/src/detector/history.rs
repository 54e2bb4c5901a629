//! The last filter outputs, and what a stretch of them says of a steady tone.

use super::background::Background;
use super::bands::{Group, HIGH, HOP, LOW, RATE, TAPS};
use super::complex::Complex;

/// How many outputs are kept: 192 ms.
pub(super) const KEPT: u64 = 128;
/// Outputs in the window that finds tones, and the distance of those that are compared.
const WINDOW: u64 = 6;
const LAG: u64 = 3;
/// A background is learnt from so many outputs: 60 ms. Most that may be left beside it.
const LEARNT: u64 = 40;
const STEADY: f32 = 0.008;
/// 0 dBm0 as a power: 3.14 dB below full scale (ITU-T G.711), in 16-bit units.
const ZERO_DBM0: f32 = 22_826.0 * 22_826.0;
/// -36 dBm0: weaker tones are not looked at; -30 must be heard.
const FLOOR: f32 = ZERO_DBM0 * 2.512e-4;

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
    /// As they come out of the filters, and without what sounds in the background.
    filtered: [[Complex; 2]; KEPT as usize],
    outputs: [[Complex; 2]; KEPT as usize],
    background: [Option<Background>; 2],
    /// The mean square of the samples since the output before.
    loudness: [f32; KEPT as usize],
    /// The number of the newest output.
    newest: u64,
}

impl History {
    pub(super) const fn new() -> Self {
        // Numbers begin where all that is kept is silence.
        Self {
            filtered: [[Complex::ZERO; 2]; KEPT as usize],
            outputs: [[Complex::ZERO; 2]; KEPT as usize],
            background: [None; 2],
            loudness: [0.0; KEPT as usize],
            newest: KEPT,
        }
    }

    pub(super) fn push(&mut self, output: [Complex; 2], loudness: f32) {
        self.newest += 1;
        self.loudness[(self.newest % KEPT) as usize] = loudness;
        self.filtered[(self.newest % KEPT) as usize] = output;
        for group in 0..2 {
            self.clear_of_background(self.newest, group);
        }
    }

    fn clear_of_background(&mut self, number: u64, group: usize) {
        let [here, before] =
            [number, number - 1].map(|number| self.filtered[(number % KEPT) as usize][group]);
        self.outputs[(number % KEPT) as usize][group] = match &self.background[group] {
            Some(background) => background.remove(here, before),
            None => here,
        };
    }

    /// Looks for a steady tone that is no key's. To be called now and then while no key is down.
    pub(super) fn learn_background(&mut self, limits: &Limits) {
        let first = self.newest - LEARNT + 1;
        for (group, tones) in [&LOW, &HIGH].into_iter().enumerate() {
            let filtered: Outputs<'_> = Outputs { all: &self.filtered, group };
            let power = filtered.energy(first, LEARNT) / LEARNT as f32;
            let steady = (power >= FLOOR)
                .then(|| filtered.fit(first, u64::MAX >> (64 - LEARNT)))
                .filter(|fit| fit.residue <= STEADY * fit.power)
                .filter(|fit| tones.nearest(fit.turn, limits.search).is_none());
            let stays = match &self.background[group] {
                None => steady.is_none(),
                // A key beside it does not end it.
                Some(known) => filtered.level(first, LEARNT, known.turn()) > known.power() / 4.0,
            };
            if stays {
                continue;
            }
            self.background[group] = steady.map(|fit| Background::new(fit.turn, fit.power));
            for number in self.newest - KEPT + 2..=self.newest {
                self.clear_of_background(number, group);
            }
        }
    }

    /// True if something is taken out of the outputs.
    pub(super) fn has_background(&self) -> bool {
        self.background.iter().any(Option::is_some)
    }

    /// What taking the background out does to a tone's power.
    fn gain(&self, group: usize, turn: f32) -> f32 {
        self.background[group].map_or(1.0, |background| background.gain(turn))
    }

    pub(super) fn newest(&self) -> u64 {
        self.newest
    }

    fn outputs(&self, group: usize) -> Outputs<'_> {
        Outputs { all: &self.outputs, group }
    }

    /// The power of one output.
    pub(super) fn power(&self, number: u64, group: usize) -> f32 {
        self.outputs(group).at(number).power()
    }

    /// The power of all the audio at an output: half a filter before the samples that made it.
    pub(super) fn loudness(&self, number: u64) -> f32 {
        self.loudness[((number - (TAPS / 2 / HOP) as u64) % KEPT) as usize]
    }

    /// The pair of steady tones that the newest outputs show, if they do.
    pub(super) fn pair(&self, limits: &Limits) -> Option<Pair> {
        let power = [0, 1].map(|group| self.power(self.newest, group));
        if power[0] < FLOOR || power[1] < FLOOR {
            return None;
        }
        let (row, low) = self.tone(0, &LOW, limits)?;
        let (column, high) = self.tone(1, &HIGH, limits)?;
        let [low_gain, high_gain] = [self.gain(0, LOW.turn(row)), self.gain(1, HIGH.turn(column))];
        limits.allows_twist(low / low_gain, high / high_gain).then_some(Pair {
            row,
            column,
            power: [low, high],
        })
    }

    /// Which tone of its group the newest outputs are, and their power.
    fn tone(&self, group: usize, tones: &Group, limits: &Limits) -> Option<(usize, f32)> {
        let first = self.newest - WINDOW + 1;
        let outputs = self.outputs(group);
        let far = outputs.correlate(first, WINDOW, LAG);
        let (now, then) = (outputs.energy(first, WINDOW), outputs.energy(first - LAG, WINDOW));
        if far.power() < limits.coherence * now * then {
            return None;
        }
        let near = outputs.correlate(first, WINDOW, 1);
        let tone = tones.nearest(unwrap(far.angle(), near.angle(), LAG), limits.search)?;
        Some((tone, now / WINDOW as f32))
    }

    /// Fits one tone to those outputs of a group from `first` on whose bit is set.
    pub(super) fn fit(&self, group: usize, first: u64, whole: u64) -> Tone {
        let Fit { turn, power, residue } = self.outputs(group).fit(first, whole);
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

    /// How far an output has turned since the one before, beyond what the tone turns.
    pub(super) fn strays(&self, number: u64, group: usize, tone: usize) -> f32 {
        let outputs = self.outputs(group);
        let step = outputs.at(number) * outputs.at(number - 1).conj();
        (step * Complex::unit(-[&LOW, &HIGH][group].turn(tone))).angle().abs()
    }
}

/// One group's outputs.
#[derive(Clone, Copy)]
struct Outputs<'a> {
    all: &'a [[Complex; 2]; KEPT as usize],
    group: usize,
}

/// What a stretch of outputs is, taken as one tone.
#[derive(Clone, Copy, Debug)]
struct Fit {
    /// How far it turns from one output to the next, in radians.
    turn: f32,
    power: f32,
    residue: f32,
}

impl Outputs<'_> {
    fn at(&self, number: u64) -> Complex {
        self.all[(number % KEPT) as usize][self.group]
    }

    /// The sum of each of `count` outputs from `first` on, times the one `lag` before it conjugated.
    fn correlate(&self, first: u64, count: u64, lag: u64) -> Complex {
        let mut sum = Complex::ZERO;
        for number in first..first + count {
            sum += self.at(number) * self.at(number - lag).conj();
        }
        sum
    }

    fn energy(&self, first: u64, count: u64) -> f32 {
        (first..first + count).map(|number| self.at(number).power()).sum()
    }

    /// As [`correlate`](Self::correlate), of the outputs whose bits are set.
    fn correlate_some(&self, first: u64, whole: u64, lag: u64) -> Complex {
        let mut sum = Complex::ZERO;
        let pairs = whole & whole >> lag;
        for at in 0..u64::from(u64::BITS - pairs.leading_zeros()) {
            if pairs >> at & 1 == 1 {
                sum += self.at(first + at + lag) * self.at(first + at).conj();
            }
        }
        sum
    }

    /// The power of a tone that turns so far, in `count` outputs from `first` on.
    fn level(&self, first: u64, count: u64, turn: f32) -> f32 {
        let (step, mut back, mut sum) = (Complex::unit(-turn), Complex::ONE, Complex::ZERO);
        for number in first..first + count {
            sum += self.at(number) * back;
            back = back * step;
        }
        sum.power() / (count * count) as f32
    }

    fn fit(&self, first: u64, whole: u64) -> Fit {
        // The frequency, by ever longer lags for as long as enough outputs are so far apart.
        let mut turn = self.correlate_some(first, whole, 1).angle();
        let mut lag = 3;
        while lag < 32 && (whole & whole >> lag).count_ones() >= 4 {
            turn = unwrap(self.correlate_some(first, whole, lag).angle(), turn, lag);
            lag *= 3;
        }
        let (step, mut back) = (Complex::unit(-turn), Complex::ONE);
        let (mut sum, mut energy) = (Complex::ZERO, 0.0);
        for at in 0..u64::from(u64::BITS - whole.leading_zeros()) {
            if whole >> at & 1 == 1 {
                let output = self.at(first + at);
                sum += output * back;
                energy += output.power();
            }
            back = back * step;
        }
        let count = whole.count_ones() as f32;
        let power = sum.power() / (count * count);
        Fit { turn, power, residue: (energy / count - power).max(0.0) }
    }
}

/// A turn per output, from the angle over `lag` outputs and what it is about.
fn unwrap(angle: f32, about: f32, lag: u64) -> f32 {
    use core::f32::consts::TAU;
    let lag = lag as f32;
    let turns = (about * lag - angle) / TAU;
    let whole = (if turns < 0.0 { turns - 0.5 } else { turns + 0.5 }) as i32 as f32;
    (angle + whole * TAU) / lag
}

impl Group {
    /// How far a tone turns from one output to the next, in radians.
    fn turn(&self, tone: usize) -> f32 {
        core::f32::consts::TAU * self.tones[tone] * HOP as f32 / RATE as f32
    }

    /// The frequency in or near the group that turns so far from one output to the next.
    fn frequency(&self, turn: f32) -> f32 {
        let per_turn = RATE as f32 / HOP as f32;
        let middle = (self.tones[1] + self.tones[2]) / 2.0;
        let raw = turn / core::f32::consts::TAU * per_turn;
        let turns = (middle - raw) / per_turn;
        raw + (turns + 0.5) as i32 as f32 * per_turn
    }

    /// The tone within the tolerance of what turns so far from one output to the next.
    fn nearest(&self, turn: f32, tolerance: f32) -> Option<usize> {
        let hertz = self.frequency(turn);
        self.tones.iter().position(|tone| (hertz - tone).abs() <= tolerance * tone)
    }

    /// How far the frequency is off the tone, as a share of it.
    pub(super) fn deviation(&self, tone: usize, hertz: f32) -> f32 {
        (hertz - self.tones[tone]).abs() / self.tones[tone]
    }
}

/// What counts as a digit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Least square of the coherence of outputs [`LAG`] apart.
    pub(super) coherence: f32,
    /// Tolerance of the frequency while searching, and of a whole tone.
    pub(super) search: f32,
    pub(super) deviation: f32,
    /// Most that the high tone can be below, and above, the low one: ratios of powers.
    pub(super) high_below: f32,
    pub(super) high_above: f32,
    /// Most that sounds beside the tones and did not before, as a share of their power.
    pub(super) beside: f32,
    /// How much louder than before that may be.
    pub(super) steady: f32,
    /// Most that is heard in a tone's group just before it, as a share of its power.
    pub(super) earlier: f32,
    /// Most that is left beside the tones in their groups, as a share of their power: of the
    /// shortest digit, how much more for each output that it is longer, and of any.
    pub(super) residue: [f32; 3],
}

impl Limits {
    pub(super) fn allows_twist(&self, low: f32, high: f32) -> bool {
        low <= high * self.high_below && high <= low * self.high_above
    }
}
