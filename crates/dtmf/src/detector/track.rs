//! From pairs of tones to digits: when one begins, whether it lasts, when it is over.

use super::bands::{HIGH, LOW};
use super::history::{History, Limits, Pair};

/// Outputs in 31.5 ms: a tone that lasts so long is a digit (40 ms must be, 23 ms must not).
const ENOUGH: u64 = 21;
/// Outputs in 25.5 ms: a break that lasts so long ends a digit (40 ms must, 10 ms and a lost
/// packet of 20 ms must not).
const BREAK: u64 = 17;
/// Outputs in half a filter: so near to its edges a tone is not whole.
const EDGE: u64 = 4;

/// So many windows in a row with another pair are another digit, not a ragged edge.
const OTHERS: u32 = 4;
/// From so many outputs before a tone on, what sounds is listened to: 24 ms.
const BEFORE: u64 = 16;
/// Before a tone's edge, from so many outputs on, its groups are quiet.
const ONSET: u64 = 12;
/// Fewest outputs that are whole in a digit, breaks not counted; and a third of all.
const WHOLE: u32 = 6;
/// How often the background is learnt: each 24 ms.
const LEARN: u64 = 16;
/// How far back a tone is looked for: 90 ms.
const LOOK_BACK: u64 = 60;
/// Most that a single output of the tone turns off its course, in radians: 40 Hz.
const STRAY: f32 = 0.4;

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
    /// Windows in a row that had another pair.
    others: u32,
    is_digit: bool,
}

impl Tracker {
    pub(super) const fn new(limits: Limits) -> Self {
        Self { limits, state: None, over: 0, digit: 0 }
    }

    /// Looks at the newest output.
    pub(super) fn advance(&mut self, history: &mut History) -> [Option<Event>; 2] {
        let now = history.newest();
        if self.state.is_none() && now.is_multiple_of(LEARN) {
            history.learn_background(&self.limits);
        }
        let pair = history.pair(&self.limits);
        let mut ended = None;
        if let Some(tone) = &mut self.state {
            if (0..2).all(|group| history.power(now, group) > tone.pair.power[group] / 4.0) {
                tone.present = now;
            }
            match pair {
                Some(pair) if pair.is_same(&tone.pair) => {
                    tone.found = now;
                    tone.others = 0;
                    // Follow a level that changes.
                    for (mean, power) in tone.pair.power.iter_mut().zip(pair.power) {
                        *mean += (power - *mean) / 8.0;
                    }
                }
                Some(_) => {
                    tone.others += 1;
                    if tone.others >= OTHERS {
                        ended = Some(tone.found);
                    }
                }
                None if now - tone.present > BREAK => ended = Some(tone.present),
                None if now - tone.found > 2 * BREAK => ended = Some(tone.found),
                None => {}
            }
        }
        let mut events = [None, None];
        if let Some(end) = ended {
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
    fn onset(&self, history: &History, pair: &Pair) -> u64 {
        let now = history.newest();
        let earliest = (self.over + 1).max(now - LOOK_BACK);
        let (mut start, mut number) = (now, now);
        while number > earliest && start - number <= BREAK {
            number -= 1;
            let tones = [pair.row, pair.column];
            let is_there = (0..2).all(|group| {
                history.power(number, group) > pair.power[group] / 4.0
                    && (start - number < 2 || history.strays(number, group, tones[group]) < STRAY)
            });
            if is_there {
                start = number;
            }
        }
        start
    }

    fn confirm(&mut self, history: &History) -> Option<Event> {
        let tone = self.state.as_mut()?;
        let now = history.newest();
        let length = now - tone.start + 1;
        if tone.is_digit || tone.present != now || length < ENOUGH {
            return None;
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
        let (low, high) = (history.fit(0, first, whole), history.fit(1, first, whole));
        let limits = &self.limits;
        let Pair { row, column, .. } = tone.pair;
        let power = low.power + high.power;
        let residue = (low.residue + high.residue) / power;
        // What sounds beside the tones, and sounded before them: dial tone, noise. A voice brings
        // its other harmonics along.
        let with = mean(
            (first..=now).filter(|n| whole >> (n - first) & 1 == 1).map(|n| history.loudness(n)),
        );
        let before = mean((tone.start - BEFORE..tone.start - 2).map(|n| history.loudness(n)));
        let beside = with - power / 2.0;
        // White noise is told as such: it was there before, is there still, and there is more of
        // it outside the groups than inside. After a sound that has stopped, or with one taken
        // out, tones must be clean.
        let noise = 2.0 * f32::min(before, beside.max(0.0)) / power;
        let has_stopped = before > limits.beside * power / 2.0 && beside < before / 2.0;
        let clean = if has_stopped || history.has_background() {
            limits.residue[0] / 2.0
        } else {
            limits.residue[0]
        };
        // A key's tones begin at once; a voice glides into its own.
        let is_abrupt = [low, high].iter().enumerate().all(|(group, fit)| {
            let earlier = (tone.start - ONSET..tone.start - EDGE).map(|n| history.power(n, group));
            mean(earlier) <= limits.earlier * fit.level
        });
        let longer = (length - ENOUGH) as f32;
        // The end of a digit just before is still in the filters.
        let follows = self.digit + 2 * ONSET >= tone.start;
        tone.is_digit = LOW.deviation(row, low.hertz) <= limits.deviation
            && HIGH.deviation(column, high.hertz) <= limits.deviation
            && beside <= limits.beside * power / 2.0 + limits.steady * before
            && (follows || is_abrupt)
            && residue <= clean + 0.5 * noise
            && residue <= (limits.residue[0] + limits.residue[1] * longer).min(limits.residue[2])
            && limits.allows_twist(low.power, high.power);
        tone.is_digit.then_some(Event::Start { row, column, start: tone.start })
    }
}

fn mean(values: impl Iterator<Item = f32>) -> f32 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    sum / f32::max(count, 1.0)
}
