//! Audio that passes on without its digits.

use super::{Detector, OUTPUTS_A_PART, Output, Sample};
use crate::generator::SampleRate;
use crate::queue::Queue;

/// How late the audio passes on: a digit is known before it would, in the noise that a detector bears too.
const DELAY_MILLIS: usize = 100;
/// So much more than a digit is silenced on each side: what a place may be off.
const MARGIN_MILLIS: u64 = 3;
/// Samples that are taken in one go: a digit is known early enough in pieces of any size.
const PIECE: usize = 80;

/// A detector that takes the digits out of the audio, so that nobody behind it hears them a second time. What passes on is
/// [`delay`](Self::delay) late; all but the digits is as it was.
///
/// ```
/// use switchboard_dtmf::Digit;
/// use switchboard_dtmf::detector::{Mute, Output};
/// use switchboard_dtmf::generator::{Config, Generator, SampleRate};
///
/// let mut generator = Generator::new(Config::default(), [Digit::D4].into_iter().collect());
/// let mut audio = [0_i16; 1_600];
/// generator.fill(&mut audio);
/// let mut mute = Mute::new(SampleRate::Hz8000);
/// assert_eq!(mute.handle(&mut audio), audio.len());
/// assert!(matches!(mute.poll_output(), Some(Output::Start { digit: Digit::D4, .. })));
/// assert!(audio.iter().all(|sample| *sample == 0));
/// ```
#[derive(Clone, Debug)]
pub struct Mute<S> {
    detector: Detector,
    /// What is to pass on, in a ring.
    line: [S; 48 * DELAY_MILLIS],
    delay: usize,
    per_milli: u64,
    /// Samples taken so far.
    taken: u64,
    /// Where the digit that sounds began.
    down: Option<u64>,
    outputs: Queue<Output, 16>,
}

impl<S: Sample + Default> Mute<S> {
    /// One that has heard nothing.
    #[must_use]
    pub fn new(sample_rate: SampleRate) -> Self {
        let per_milli = sample_rate.hertz() / 1_000;
        Self {
            detector: Detector::new(sample_rate),
            line: [S::default(); 48 * DELAY_MILLIS],
            delay: per_milli as usize * DELAY_MILLIS,
            per_milli: per_milli.into(),
            taken: 0,
            down: None,
            outputs: Queue::new(),
        }
    }

    /// How many samples the audio is late: 100 ms.
    #[must_use]
    pub fn delay(&self) -> usize {
        self.delay
    }

    /// Takes audio and puts in its place what passes on. Returns how many samples it took: all of them, unless so many
    /// outputs wait to be taken that more would be lost.
    pub fn handle(&mut self, audio: &mut [S]) -> usize {
        let mut done = 0;
        while done < audio.len() && self.outputs.room() >= OUTPUTS_A_PART {
            let most = PIECE - (self.taken % PIECE as u64) as usize;
            let end = audio.len().min(done + most);
            self.pass(&mut audio[done..end]);
            done = end;
        }
        done
    }

    /// What there is to say, in order.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop()
    }

    fn pass(&mut self, audio: &mut [S]) {
        // Its outputs are taken each time: it has room.
        self.detector.handle(audio);
        while let Some(output) = self.detector.poll_output() {
            let margin = MARGIN_MILLIS * self.per_milli;
            match output {
                Output::Start { from, .. } => self.down = Some(from.saturating_sub(margin)),
                Output::End { to, .. } => {
                    let oldest = self.taken.saturating_sub(self.delay as u64);
                    let from = self.down.take().unwrap_or(to).max(oldest);
                    for place in from..(to + margin).min(self.taken) {
                        self.line[(place % self.delay as u64) as usize] = S::default();
                    }
                }
            }
            // There is room: see `handle`.
            let _ = self.outputs.push(output);
        }
        for sample in audio {
            let slot = &mut self.line[(self.taken % self.delay as u64) as usize];
            let place = self.taken.checked_sub(self.delay as u64);
            let late = core::mem::replace(slot, *sample);
            let is_digit = self.down.is_some_and(|from| place.is_some_and(|place| place >= from));
            *sample = if is_digit { S::default() } else { late };
            self.taken += 1;
        }
    }
}
