//! Several voices at once.

use crate::ear::BLOCK;

/// From here on the sum of several voices is bent towards full scale, not cut.
const KNEE: i32 = 24_576;
/// What lies between the knee and full scale.
const ROOM: i32 = 32_767 - KNEE;

/// Mixes blocks of 20 ms: each listener hears all but itself.
///
/// Up to three quarters of full scale the sum is exact; above, it is bent so that it never reaches
/// full scale: three who shout at once are loud, not torn.
///
/// ```
/// use switchboard_media::Mixer;
///
/// let mut mixer = Mixer::new();
/// let voices = [[100; 160], [2_000; 160], [-500; 160]];
/// for voice in &voices {
///     mixer.add(voice);
/// }
/// let mut heard = [0; 160];
/// mixer.all_but(&voices[1], &mut heard);
/// assert_eq!(heard, [-400; 160]);
/// mixer.all(&mut heard);
/// assert_eq!(heard, [1_600; 160]);
/// ```
#[derive(Clone, Debug)]
pub struct Mixer {
    sum: [i32; BLOCK],
}

impl Default for Mixer {
    fn default() -> Self {
        Self::new()
    }
}

impl Mixer {
    /// Samples of a block: 20 ms.
    pub const BLOCK: usize = BLOCK;

    /// Nobody talks.
    #[must_use]
    pub const fn new() -> Self {
        Self { sum: [0; BLOCK] }
    }

    /// Adds a voice. 65,536 of them fit.
    pub fn add(&mut self, voice: &[i16; BLOCK]) {
        for (sum, sample) in self.sum.iter_mut().zip(voice) {
            *sum += i32::from(*sample);
        }
    }

    /// Everything that was added.
    pub fn all(&self, heard: &mut [i16; BLOCK]) {
        for (heard, sum) in heard.iter_mut().zip(&self.sum) {
            *heard = limit(*sum);
        }
    }

    /// Everything but one voice that was added: what its owner hears.
    pub fn all_but(&self, own: &[i16; BLOCK], heard: &mut [i16; BLOCK]) {
        for ((heard, sum), own) in heard.iter_mut().zip(&self.sum).zip(own) {
            *heard = limit(*sum - i32::from(*own));
        }
    }
}

/// The sum as a sample: with the slope 1 at the knee, and full scale as its limit.
const fn limit(sum: i32) -> i16 {
    let magnitude = sum.unsigned_abs();
    if magnitude <= KNEE as u32 {
        return sum as i16;
    }
    let over = magnitude as i64 - KNEE as i64;
    let bent = KNEE as i64 + over * ROOM as i64 / (over + ROOM as i64);
    if sum < 0 { -bent as i16 } else { bent as i16 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use switchboard_testkit::audio;

    use super::*;

    fn block(samples: &[i16], n: usize) -> &[i16; BLOCK] {
        samples[n * BLOCK..].first_chunk().expect("a block")
    }

    #[test]
    fn each_hears_the_others_and_not_itself() {
        let tones = [(440.0, -12.0), (700.0, -15.0), (1_100.0, -18.0), (1_800.0, -14.0)];
        let voices: Vec<_> = tones.iter().map(|(f, l)| audio::sine(*f, *l, 8_000)).collect();
        for listener in 0..voices.len() {
            let mut all = Vec::new();
            for n in 0..50 {
                let mut mixer = Mixer::new();
                voices.iter().for_each(|voice| mixer.add(block(voice, n)));
                let mut heard = [0; BLOCK];
                mixer.all_but(block(&voices[listener], n), &mut heard);
                all.extend(heard);
            }
            for (n, (frequency, level)) in tones.iter().enumerate() {
                let heard = audio::level_dbm0(&all, *frequency);
                if n == listener {
                    assert!(heard < -50.0, "{listener} hears itself: {heard} dBm0");
                } else {
                    assert!((heard - level).abs() < 0.1, "{frequency}: {heard} dBm0");
                }
            }
        }
    }

    /// Ten at full level: loud, without wrap-around, and mostly still what they say.
    #[test]
    fn shouting_is_bent_not_torn() {
        let voices: Vec<_> = (0..10).map(|_| audio::sine(500.0, 0.0, 160)).collect();
        let mut mixer = Mixer::new();
        voices.iter().for_each(|voice| mixer.add(block(voice, 0)));
        let mut heard = [0; BLOCK];
        mixer.all(&mut heard);
        for (heard, said) in heard.iter().zip(&voices[0]) {
            assert!(i32::from(*heard) * i32::from(*said) >= 0, "{heard} {said}");
        }
        assert!(heard.iter().all(|sample| sample.unsigned_abs() < 32_767));
    }

    proptest! {
        #[test]
        fn the_limit_ascends_and_is_odd(a in -2_000_000_i32..2_000_000, b in -2_000_000_i32..2_000_000) {
            prop_assert!((a < b) <= (limit(a) <= limit(b)));
            prop_assert_eq!(limit(a), -limit(-a));
            prop_assert!(a.abs() > KNEE || i32::from(limit(a)) == a);
        }
    }
}
