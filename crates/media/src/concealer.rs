//! Packet loss concealment for 8000 Hz, after the description in ITU-T G.711, Appendix I.
//!
//! What is kept of the past is repeated by its pitch: one period of it for the first 10 ms, two for
//! the second, three from then on, so that a long gap does not buzz. It is faded by a fifth each
//! 10 ms from the second on, and is silent after 60 ms. Every seam is an overlap of a quarter of a
//! period; the one at a gap's beginning lies in audio that is already there, which is why the whole
//! is delayed by [`DELAY`](Concealer::DELAY).

use crate::pitch::{self, MAX_PITCH};

/// Samples in 10 ms: the unit in which the synthesis changes.
const FRAME: usize = 80;
/// A quarter of the longest period: the longest seam, and the delay.
const MAX_SEAM: usize = MAX_PITCH / 4;
/// Three of the longest periods and the seam before them.
const HISTORY: usize = 3 * MAX_PITCH + MAX_SEAM;
/// Frames after which there is silence.
const MAX_FRAMES: usize = 6;
/// Of the amplitude, a frame, from the second on.
const FADE: f32 = 0.2;
/// The seam at a gap's end grows by this much a frame that was lost (4 ms).
const SEAM_GROWTH: usize = 32;

/// Fills gaps in decoded audio. Give it every block in the order of time: [`good`](Self::good) for
/// one that is there, [`lost`](Self::lost) for one that is not.
///
/// ```
/// use switchboard_media::Concealer;
///
/// let mut concealer = Concealer::new();
/// let tone = |n: usize| (8_000.0 * (n as f32 * 0.314).sin()) as i16;
/// let mut audio: Vec<i16> = (0..1_600).map(tone).collect();
/// for (n, block) in audio.chunks_mut(80).enumerate() {
///     if n == 10 { concealer.lost(block) } else { concealer.good(block) }
/// }
/// // Nobody hears which one was lost: the 3.75 ms later copy of the tone has no gap.
/// let worst = (230..1_600).map(|n| audio[n].abs_diff(tone(n - 30))).max();
/// assert!(worst < Some(400), "{worst:?}");
/// ```
#[derive(Clone, Debug)]
pub struct Concealer {
    /// What was given out or will be; the newest sample last.
    history: [f32; HISTORY],
    gap: Option<Gap>,
}

/// What stands for what is lost.
#[derive(Clone, Debug)]
struct Gap {
    /// The history when the gap began: periods are taken from its end.
    past: [f32; HISTORY],
    /// The last quarter of a period as it was, before seams.
    tail: [f32; MAX_SEAM],
    pitch: usize,
    /// How many periods are repeated, 1 to 3.
    periods: usize,
    /// The next sample, counted from the first of those periods.
    at: usize,
    /// Samples made.
    made: usize,
}

impl Default for Concealer {
    fn default() -> Self {
        Self::new()
    }
}

impl Concealer {
    /// How many samples later than it came in audio goes out: 3.75 ms.
    pub const DELAY: usize = MAX_SEAM;

    /// One that has heard silence so far.
    #[must_use]
    pub const fn new() -> Self {
        Self { history: [0.0; HISTORY], gap: None }
    }

    /// Whether the block before was lost.
    #[must_use]
    pub const fn is_concealing(&self) -> bool {
        self.gap.is_some()
    }

    /// Takes a block that is there, of any length, and gives what is to be heard in its place.
    pub fn good(&mut self, block: &mut [i16]) {
        let mut start = 0;
        if let Some(mut gap) = self.gap.take() {
            // The synthesis goes on for a while under what is real.
            let seam = gap.seam() + gap.frame().saturating_sub(1) * SEAM_GROWTH;
            let seam = seam.min(FRAME).min(block.len());
            for (n, sample) in block[..seam].iter_mut().enumerate() {
                let real = (n + 1) as f32 / (seam + 1) as f32;
                let made = gap.next() * gap.gain();
                *sample = round(f32::from(*sample) * real + made * (1.0 - real));
            }
            self.delay(&mut block[..seam]);
            start = seam;
        }
        self.delay(&mut block[start..]);
    }

    /// Fills a block that is not there.
    pub fn lost(&mut self, block: &mut [i16]) {
        let mut filled = 0;
        while filled < block.len() {
            let mut gap = match self.gap.take() {
                Some(gap) => gap,
                None => Gap::begin(&mut self.history),
            };
            // Up to where the synthesis changes.
            let count = (FRAME - gap.made % FRAME).min(block.len() - filled);
            let part = &mut block[filled..filled + count];
            gap.fill(part);
            self.gap = Some(gap);
            self.delay(part);
            filled += count;
        }
    }

    /// Puts a block at the end of the history, and gives what was there `DELAY` before.
    fn delay(&mut self, block: &mut [i16]) {
        for chunk in block.chunks_mut(FRAME) {
            let count = chunk.len();
            self.history.copy_within(count.., 0);
            for (slot, sample) in self.history[HISTORY - count..].iter_mut().zip(chunk.iter()) {
                *slot = f32::from(*sample);
            }
            let end = HISTORY - MAX_SEAM;
            for (sample, slot) in chunk.iter_mut().zip(&self.history[end - count..end]) {
                *sample = round(*slot);
            }
        }
    }
}

impl Gap {
    /// Finds the pitch, and mends the end of the history so that what follows joins it.
    fn begin(history: &mut [f32; HISTORY]) -> Self {
        let pitch = pitch::find(&history[HISTORY - pitch::NEEDED..]);
        let mut gap =
            Self { past: *history, tail: [0.0; MAX_SEAM], pitch, periods: 1, at: 0, made: 0 };
        let seam = gap.seam();
        gap.tail[..seam].copy_from_slice(&history[HISTORY - seam..]);
        gap.join();
        history[HISTORY - seam..].copy_from_slice(&gap.past[HISTORY - seam..]);
        gap
    }

    const fn seam(&self) -> usize {
        self.pitch / 4
    }

    /// The number of the frame being made; the first is 0.
    const fn frame(&self) -> usize {
        self.made / FRAME
    }

    /// Lets the last quarter of the repeated periods run over into what lies before their first, so
    /// that the end joins the beginning.
    fn join(&mut self) {
        let seam = self.seam();
        let before = HISTORY - self.periods * self.pitch - seam;
        for n in 0..seam {
            let next = (n + 1) as f32 / (seam + 1) as f32;
            self.past[HISTORY - seam + n] =
                self.tail[n] * (1.0 - next) + self.past[before + n] * next;
        }
    }

    /// The next sample of the repetition, not faded.
    fn next(&mut self) -> f32 {
        let length = self.periods * self.pitch;
        let sample = self.past[HISTORY - length + self.at];
        self.at = (self.at + 1) % length;
        sample
    }

    /// How loud the next sample is.
    fn gain(&self) -> f32 {
        if self.frame() >= MAX_FRAMES {
            return 0.0;
        }
        let faded = self.made.saturating_sub(FRAME) as f32 * FADE / FRAME as f32;
        (1.0 - faded).max(0.0)
    }

    /// Fills at most the rest of a frame.
    fn fill(&mut self, part: &mut [i16]) {
        let mut old = [0.0; MAX_SEAM];
        let mut seam = 0;
        if self.made.is_multiple_of(FRAME) && matches!(self.frame(), 1 | 2) {
            // One period more, and a seam between the two repetitions.
            seam = self.seam().min(part.len());
            let at = self.at;
            for sample in &mut old[..seam] {
                *sample = self.next();
            }
            self.at = at % self.pitch;
            self.periods += 1;
            self.join();
        }
        for (n, sample) in part.iter_mut().enumerate() {
            let mut made = self.next();
            if n < seam {
                let new = (n + 1) as f32 / (seam + 1) as f32;
                made = old[n] * (1.0 - new) + made * new;
            }
            *sample = round(made * self.gain());
            self.made += 1;
        }
    }
}

fn round(sample: f32) -> i16 {
    sample.round() as i16
}

#[cfg(test)]
mod tests;
