//! From pairs of tones to digits: when one begins, whether it lasts, when it is over.

use super::bands::{HIGH, HOP, LAG, LOW, RATE, SEARCH};
use super::clipped;
use super::history::{History, Limits, Pair};
use super::lines::{LONGEST, Lines};

/// Outputs in 31.5 ms: a tone that lasts so long is a digit (40 ms must be, 23 ms must not).
const ENOUGH: u64 = 21;
/// Outputs in 54 ms: a digit is one by then, in white noise too.
const LATE: u64 = 36;
/// Outputs in 25.5 ms: a break that lasts so long ends a digit (40 ms must, 10 ms and a lost
/// packet of 20 ms must not).
const BREAK: u64 = 17;
/// Outputs in half a filter: so near to its edges a tone is not whole.
const EDGE: u64 = 4;

/// So many looks in a row at another pair are another digit, not a ragged edge.
const OTHERS: u32 = 2;
/// From so many outputs before a tone on, what sounds is listened to: 24 ms.
const BEFORE: u64 = 16;
/// Before a tone's edge, from so many outputs on, its groups are quiet.
const ONSET: u64 = 12;
/// Fewest outputs that are whole in a digit, breaks not counted; and a third of all.
const WHOLE: u32 = 6;
/// A look at each so many outputs: 4.5 ms.
const LOOK: u64 = LAG as u64;
/// How often the background is learnt: each 22.5 ms.
const LEARN: u64 = 5 * LOOK;
/// How far back a tone is looked for: 90 ms.
const LOOK_BACK: u64 = 60;

/// A second look at what is clipped: so many outputs of the tone's edges are not looked at, the look before it ends so much
/// before it, and is so long (60 ms).
const INSIDE: u64 = 2;
const AHEAD: u64 = 5;
const LONG: u64 = 40;
/// The loudness before a digit is so many times its own at most.
const OVERBEARING: f32 = 10.0;

/// A last look at the spectrum takes so many outputs, and as many twice before the tone, so far apart: half a beat of 40 Hz.
const SPECTRUM: u64 = (LONGEST / HOP) as u64;
const APART: u64 = 8;
/// The samples that it needs are kept for so many outputs of the tone.
const KNOWN: u64 = 64;
/// How far a tone of 1 Hz turns from one sample to the next, in radians.
const TURN: f32 = core::f32::consts::TAU / RATE as f32;

/// What the tracker says: output numbers, with the digit's row and column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Event {
    Start { row: usize, column: usize, start: u64 },
    End { row: usize, column: usize, start: u64, end: u64 },
}

/// ```text
///            a pair is found                 it lasts, and is a digit's
///   Silent ─────────────────▶ Candidate ─────────────────────────────▶ Digit
///     ▲                           │                                       │
///     └───── a break, or another pair (which is a Candidate at once) ─────┘
/// ```
#[derive(Clone, Debug)]
pub(super) struct Tracker {
    limits: Limits,
    state: Option<Tone>,
    /// Where the last tone was heard last: the next begins after it.
    over: u64,
    /// Where the last digit was.
    digit: u64,
}

#[derive(Clone, Copy, Debug)]
struct Tone {
    pair: Pair,
    start: u64,
    /// The last output that had both tones.
    present: u64,
    /// The last output that ended a window with this pair.
    found: u64,
    /// Looks in a row that had another pair.
    others: u32,
    is_digit: bool,
}

impl Tracker {
    pub(super) const fn new(limits: Limits) -> Self {
        Self { limits, state: None, over: 0, digit: 0 }
    }

    /// Looks at the newest output: one in three tells enough.
    pub(super) fn advance(&mut self, history: &mut History) -> [Option<Event>; 2] {
        let now = history.newest();
        if !now.is_multiple_of(LOOK) {
            return [None, None];
        }
        if self.state.is_none() {
            let may_be = history.scout(&self.limits);
            if now.is_multiple_of(LEARN) {
                history.learn_background();
            }
            if !may_be && !history.has_background() {
                return [None, None];
            }
        }
        history.prepare(now);
        let pair = history.pair(&self.limits);
        let mut events = [None, None];
        if let Some(end) = self.follow(history, pair) {
            events[0] = self.end(end);
        }
        if let (None, Some(pair)) = (&self.state, pair) {
            let start = self.onset(history, &pair);
            self.state =
                Some(Tone { pair, start, present: now, found: now, others: 0, is_digit: false });
        }
        events[1] = self.confirm(history);
        events
    }

    /// Follows the present tone; gives its last output if it is over.
    fn follow(&mut self, history: &History, pair: Option<Pair>) -> Option<u64> {
        let now = history.newest();
        let tone = self.state.as_mut()?;
        let present = history.present();
        for number in now + 1 - LOOK..=now {
            let is_there = |group| history.power(number, group) > present * tone.pair.power[group];
            if number - tone.present > BREAK {
                return Some(tone.present);
            }
            if (0..2).all(is_there) {
                tone.present = number;
            }
        }
        match pair {
            Some(pair) if pair.is_same(&tone.pair) => {
                // What clipping makes of a dial tone may look like the digit that comes then.
                let is_far_stronger =
                    (0..2).any(|group| pair.power[group] > 4.0 * tone.pair.power[group]);
                if is_far_stronger && !tone.is_digit && history.is_clipped() {
                    return Some(tone.start);
                }
                tone.found = now;
                tone.others = 0;
                // Follow a level that changes.
                for (mean, power) in tone.pair.power.iter_mut().zip(pair.power) {
                    *mean += (power - *mean) / 4.0;
                }
                None
            }
            Some(_) => {
                tone.others += 1;
                (tone.others >= OTHERS).then_some(tone.found)
            }
            None => (now - tone.found > 2 * BREAK).then_some(tone.found),
        }
    }

    fn end(&mut self, end: u64) -> Option<Event> {
        let tone = self.state.take()?;
        self.over = end;
        if tone.is_digit {
            self.digit = end;
        }
        let (row, column, start) = (tone.pair.row, tone.pair.column, tone.start);
        tone.is_digit.then_some(Event::End { row, column, start, end })
    }

    /// The first output of the newest pair: back from the window, over breaks, to where one of
    /// its tones was half of what it is.
    fn onset(&self, history: &mut History, pair: &Pair) -> u64 {
        let now = history.newest();
        let earliest = (self.over + 1).max(now - LOOK_BACK);
        let (mut start, mut number) = (now, now);
        let present = history.present();
        while number > earliest && start - number <= BREAK {
            if number.is_multiple_of(LOOK) {
                // What is looked at next, and `confirm` before it.
                history.prepare(number - LOOK - ONSET);
            }
            number -= 1;
            let tones = [pair.row, pair.column];
            let is_there = (0..2).all(|group| {
                history.power(number, group) > present * pair.power[group]
                    && (start - number < 2 || history.follows(number, group, tones[group]))
            });
            if is_there {
                start = number;
            }
        }
        start
    }

    fn confirm(&mut self, history: &History) -> Option<Event> {
        let tone = self.state.as_mut()?;
        // The newest output, or the tone's last if it has just ended.
        let now = tone.present;
        let length = now - tone.start + 1;
        if tone.is_digit || now + LOOK <= history.newest() || length < ENOUGH {
            return None;
        }
        if length <= LATE && is_digit_in_clipped(history, tone, &self.limits) {
            tone.is_digit = true;
            let (row, column, start) = (tone.pair.row, tone.pair.column, tone.start);
            return Some(Event::Start { row, column, start });
        }
        // Edges are not whole, and neither are outputs in a break.
        let first = (tone.start + EDGE).max(now - LOOK_BACK);
        let whole = (first..=now).fold(0_u64, |whole, number| {
            let is_whole =
                (0..2).all(|group| history.power(number, group) > tone.pair.power[group] / 2.0);
            whole | u64::from(is_whole) << (number - first)
        });
        let whole = whole & (whole << 1) & (whole >> 1);
        if whole.count_ones() < WHOLE.max((now - first) as u32 / 3) {
            return None;
        }
        let limits = &self.limits;
        let Pair { row, column, power: level } = tone.pair;
        // What sounds beside the tones, and sounded before them: dial tone, noise. A voice brings
        // its other harmonics along.
        let with = mean(
            (first..=now).filter(|n| whole >> (n - first) & 1 == 1).map(|n| history.loudness(n)),
        );
        let before = mean((tone.start - BEFORE..tone.start - 2).map(|n| history.loudness(n)));
        let earlier = [0, 1].map(|group| {
            mean((tone.start - ONSET..tone.start - EDGE).map(|n| history.power(n, group)))
        });
        // The end of a digit just before is still in the filters.
        let follows = self.digit + 2 * ONSET >= tone.start;
        // A key's tones begin at once; a voice glides into its own.
        let is_abrupt = |level: [f32; 2], limit: f32| {
            follows || (0..2).all(|group| earlier[group] <= limit * level[group])
        };
        let is_alone =
            |power: f32| with - power / 2.0 <= limits.beside * power / 2.0 + limits.steady * before;
        // Most of what is no digit fails by far, and is not looked at closely.
        let about = history.own_power(&tone.pair);
        if !is_abrupt(level, 1.5 * limits.earlier) || !is_alone(1.2 * about) {
            return None;
        }
        let (low, high) = (history.fit(0, first, whole), history.fit(1, first, whole));
        let power = low.power + high.power;
        let residue = (low.residue + high.residue) / power;
        let beside = with - power / 2.0;
        // After a sound that has stopped, with one that has come along, or with one taken out, tones must be clean.
        let has_stopped = before > limits.beside * power / 2.0 && beside < before / 2.0;
        let has_come =
            before < 0.4 * power / 2.0 && beside > limits.comes * power / 2.0 + 1.15 * before;
        let clean = if has_stopped || has_come || history.has_background() {
            limits.residue[0] / 2.0
        } else {
            limits.residue[0]
        };
        // White noise is told as such: it was there before, is there still, and there is more of it outside the groups
        // than inside. What is louder, or lets the tones come late, is no noise: a voice, or music.
        let noise = 2.0 * f32::min(before, beside.max(0.0)) / power;
        let noise = if length > LATE || has_come {
            0.0
        } else if noise > limits.noise || has_stopped {
            limits.other
        } else {
            0.5 * noise
        };
        let longer = (length - ENOUGH) as f32;
        tone.is_digit = LOW.deviation(row, low.hertz) <= limits.deviation
            && HIGH.deviation(column, high.hertz) <= limits.deviation
            && is_alone(power)
            && is_abrupt([low.level, high.level], limits.earlier)
            && residue <= clean + noise
            && residue <= (limits.residue[0] + limits.residue[1] * longer).min(limits.residue[2])
            && limits.allows_twist(low.power, high.power, 1.0)
            && (before <= limits.lines.silence * power / 2.0
                || has_noise_alone(history, tone, [low.hertz, high.hertz], residue, power, limits));
        tone.is_digit.then_some(Event::Start { row, column, start: tone.start })
    }
}

/// True if what sounds beside the digit is noise, or sounded before. What is left in its groups is a share of its power.
fn has_noise_alone(
    history: &History,
    tone: &Tone,
    hertz: [f32; 2],
    residue: f32,
    power: f32,
    limits: &Limits,
) -> bool {
    let stretch = |first: u64, end: u64| history.samples(first.max(end - SPECTRUM), end);
    let before = [0, APART].map(|apart| {
        let end = tone.start - AHEAD - apart;
        if tone.present - tone.start < KNOWN { stretch(0, end) } else { &[] }
    });
    let during = stretch(tone.start + INSIDE, tone.present - INSIDE);
    let Lines { floor, strongest } = Lines::new(during, before, hertz.map(|hertz| TURN * hertz));
    // The samples are halves.
    let share = |amplitude: f32| 4.0 * amplitude / power;
    let most = |times: f32| f32::max(limits.lines.clean, times * share(floor));
    share(strongest) <= most(limits.lines.strongest) && residue <= most(limits.lines.residue)
}

/// True if the samples that are not clipped hold the digit and what sounded before it, with noise at most.
fn is_digit_in_clipped(history: &History, tone: &Tone, limits: &Limits) -> bool {
    if !history.is_clipped() {
        return false;
    }
    let power = history.own_power(&tone.pair);
    let loudness = mean((tone.start - BEFORE..tone.start - 2).map(|n| history.loudness(n)));
    if loudness > OVERBEARING * power / 2.0 {
        return false;
    }
    let during = history.samples(tone.start + INSIDE, tone.present - INSIDE);
    if !clipped::is_clipped(during) {
        return false;
    }
    let before = history.samples(tone.start - AHEAD - LONG, tone.start - AHEAD);
    let Pair { row, column, .. } = tone.pair;
    let about = [LOW.tones[row], HIGH.tones[column]]
        .map(|hertz| TURN * (1.0 - SEARCH) * hertz..TURN * (1.0 + SEARCH) * hertz);
    clipped::look(before, during, about).is_some_and(|look| {
        let [low, high] = look.turns.map(|turn| turn / TURN);
        LOW.deviation(row, low) <= limits.deviation
            && HIGH.deviation(column, high) <= limits.deviation
            && limits.allows_twist(look.power[0], look.power[1], 1.0)
            && look
                .residue
                .iter()
                .all(|left| *left <= limits.clipped.left * (look.power[0] + look.power[1]))
    })
}

fn mean(values: impl Iterator<Item = f32>) -> f32 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    sum / f32::max(count, 1.0)
}
