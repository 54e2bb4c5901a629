//! The playout clock, and the audio that it plays.

use core::time::Duration;
use std::sync::Arc;
use std::time::Instant;

use crate::g711::Law;
use crate::{Audio, Repeat, Token};

/// Ticks once a packet time, for ever, without drift: tick n is due at `start + n * period`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Playout {
    start: Instant,
    ticks: u32,
    period: Duration,
}

impl Playout {
    pub(crate) const fn new(start: Instant, period: Duration) -> Self {
        Self { start, ticks: 0, period }
    }

    pub(crate) const fn period(&self) -> Duration {
        self.period
    }

    /// When the next tick is due.
    pub(crate) fn due(&self) -> Instant {
        self.start + self.period * self.ticks
    }

    /// The first tick that is not before `instant`, nor before the next one.
    pub(crate) fn due_after(&self, instant: Instant) -> Instant {
        let behind = instant.saturating_duration_since(self.due());
        let ticks = behind.as_nanos().div_ceil(self.period.as_nanos()) as u32;
        self.start + self.period * (self.ticks + ticks)
    }

    /// The tick is done.
    pub(crate) fn advance(&mut self) {
        self.ticks += 1;
    }

    /// Leaves out all ticks before `instant`; true when there were any.
    pub(crate) fn skip_to(&mut self, instant: Instant) -> bool {
        let behind = instant.saturating_duration_since(self.due());
        let ticks = (behind.as_nanos() / self.period.as_nanos()) as u32;
        self.ticks += ticks;
        ticks > 0
    }
}

/// What a leg hears when nothing is relayed to it.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// Silence, or its bridge.
    Nothing,
    /// A prompt or a tone.
    Audio(Playing),
    /// Itself.
    Echo,
}

/// Audio that is being played.
#[derive(Clone, Debug)]
pub(crate) struct Playing {
    pub(crate) audio: Arc<Audio>,
    pub(crate) repeat: Repeat,
    /// `None` for tones: nobody asks when they are over.
    pub(crate) token: Option<Token>,
    /// When it was asked for.
    pub(crate) since: Instant,
    /// The next sample.
    at: usize,
}

impl Playing {
    pub(crate) const fn new(
        audio: Arc<Audio>,
        repeat: Repeat,
        token: Option<Token>,
        since: Instant,
    ) -> Self {
        Self { audio, repeat, token, since, at: 0 }
    }

    /// Nothing of it was played yet.
    pub(crate) const fn is_fresh(&self) -> bool {
        self.at == 0
    }

    /// Fills a packet with codes, the end with silence when the audio is over; true when that was the
    /// last.
    pub(crate) fn fill_codes(&mut self, law: Law, packet: &mut [u8]) -> bool {
        fill(&mut self.at, self.repeat, (self.audio.encoded(law), law.silence()), packet)
    }

    /// The same with samples.
    pub(crate) fn fill_samples(&mut self, packet: &mut [i16]) -> bool {
        fill(&mut self.at, self.repeat, (self.audio.samples(), 0), packet)
    }
}

/// Goes on in the audio at `at`.
fn fill<T: Copy>(
    at: &mut usize,
    repeat: Repeat,
    (audio, silence): (&[T], T),
    packet: &mut [T],
) -> bool {
    let mut filled = 0;
    while filled < packet.len() {
        let count = (packet.len() - filled).min(audio.len() - *at);
        packet[filled..filled + count].copy_from_slice(&audio[*at..*at + count]);
        filled += count;
        *at += count;
        if *at == audio.len() {
            if repeat == Repeat::Once || audio.is_empty() {
                packet[filled..].fill(silence);
                return repeat == Repeat::Once;
            }
            *at = 0;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use switchboard_testkit::Clock;

    use super::*;

    #[test]
    fn ticks_do_not_drift() {
        let start = Clock::new().now();
        let mut playout = Playout::new(start, Duration::from_millis(20));
        for _ in 0..180_000 {
            playout.advance();
        }
        assert_eq!(playout.due() - start, Duration::from_secs(3_600));
        assert_eq!(playout.due_after(playout.due()), playout.due());
        let later = playout.due() + Duration::from_millis(41);
        assert_eq!(playout.due_after(later), playout.due() + Duration::from_millis(60));
        assert!(playout.skip_to(later));
        assert_eq!(playout.due(), later - Duration::from_millis(1));
        assert!(!playout.skip_to(later));
    }

    #[test]
    fn audio_plays_once_or_for_ever() {
        let audio = Arc::new(Audio::from_samples((0..10).map(|n| n * 1_000).collect()));
        let codes = audio.encoded(Law::A).to_vec();
        let start = Clock::new().now();
        let mut packet = [0; 8];

        let mut once = Playing::new(Arc::clone(&audio), Repeat::Once, None, start);
        assert!(!once.fill_codes(Law::A, &mut packet));
        assert_eq!(packet, codes[..8]);
        assert!(once.fill_codes(Law::A, &mut packet));
        assert_eq!(packet[..2], codes[8..]);
        assert_eq!(packet[2..], [0xd5; 6]);

        let mut forever = Playing::new(audio, Repeat::Forever, None, start);
        assert!(!forever.fill_codes(Law::A, &mut packet));
        assert!(!forever.fill_codes(Law::A, &mut packet));
        assert_eq!(packet, [&codes[8..], &codes[..6]].concat()[..]);
    }

    #[test]
    fn empty_audio_is_over_at_once_or_silent_for_ever() {
        let empty = Arc::new(Audio::default());
        let start = Clock::new().now();
        let mut packet = [0; 4];
        let mut once = Playing::new(Arc::clone(&empty), Repeat::Once, None, start);
        assert!(once.fill_codes(Law::Mu, &mut packet));
        let mut forever = Playing::new(empty, Repeat::Forever, None, start);
        assert!(!forever.fill_codes(Law::Mu, &mut packet));
        assert_eq!(packet, [0xff; 4]);
    }
}
