use proptest::prelude::*;
use switchboard_testkit::audio;

use super::*;

/// A voice: pulses of the glottis at a pitch that wanders, through three formants, in syllables.
fn voice(pitch: f64, samples: usize) -> Vec<i16> {
    let mut phase = 0.0_f64;
    let mut formants = [(0.0_f64, 0.0_f64); 3];
    let mut out = Vec::with_capacity(samples);
    for n in 0..samples {
        let time = n as f64 / 8_000.0;
        phase += pitch * (1.0 + 0.04 * (time * 5.0).sin()) / 8_000.0;
        let pulse = if phase >= 1.0 { 1.0 } else { 0.0 };
        phase %= 1.0;
        let syllable = (0.6 + 0.4 * (time * core::f64::consts::TAU * 3.0).sin()).max(0.0);
        let mut sum = 0.0;
        for ((last, before), (frequency, width, gain)) in formants.iter_mut().zip([
            (600.0, 80.0, 1.0),
            (1_200.0, 90.0, 0.5),
            (2_500.0, 120.0, 0.3),
        ]) {
            let radius = (-core::f64::consts::PI * width / 8_000.0).exp();
            let turn = core::f64::consts::TAU * frequency / 8_000.0;
            let next = pulse + 2.0 * radius * turn.cos() * *last - radius * radius * *before;
            (*before, *last) = (*last, next);
            sum += gain * next;
        }
        out.push((sum * syllable * 3_500.0).clamp(-32_000.0, 32_000.0) as i16);
    }
    out
}

/// The same losses again: which of the packets are not there.
fn losses(seed: u64, percent: u64, packets: usize) -> Vec<bool> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    (0..packets)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state % 100 < percent
        })
        .collect()
}

fn concealed(audio: &[i16], lost: &[bool], block: usize) -> Vec<i16> {
    let mut concealer = Concealer::new();
    let mut out = audio.to_vec();
    for (block, lost) in out.chunks_mut(block).zip(lost) {
        if *lost {
            block.fill(i16::MAX);
            concealer.lost(block);
        } else {
            concealer.good(block);
        }
    }
    // Without the delay.
    out.drain(..Concealer::DELAY);
    out
}

/// What those do who do nothing: silence in place of what is lost.
fn silenced(audio: &[i16], lost: &[bool], block: usize) -> Vec<i16> {
    let mut out = audio.to_vec();
    for (block, _) in out.chunks_mut(block).zip(lost).filter(|(_, lost)| **lost) {
        block.fill(0);
    }
    out
}

/// What those do who do little: the last packet once more.
fn repeated(audio: &[i16], lost: &[bool], block: usize) -> Vec<i16> {
    let mut out = audio.to_vec();
    for (n, _) in lost.iter().enumerate().skip(1).filter(|(_, lost)| **lost) {
        out.copy_within((n - 1) * block..n * block, n * block);
    }
    out
}

/// Signal to error in dB.
fn fidelity(audio: &[i16], heard: &[i16]) -> f64 {
    let square = |x: f64| x * x;
    let power: f64 = audio.iter().map(|a| square(f64::from(*a))).sum();
    let error: f64 =
        audio.iter().zip(heard).map(|(a, b)| square(f64::from(*a) - f64::from(*b))).sum();
    10.0 * (power / error.max(1.0)).log10()
}

/// The greatest step of the curvature at the seams, where nothing should click: second differences
/// in the four samples around each edge of a lost packet, against the greatest of the original.
fn click(audio: &[i16], heard: &[i16], lost: &[bool], block: usize) -> f64 {
    let bend = |s: &[i16], n: usize| {
        (f64::from(s[n - 1]) - 2.0 * f64::from(s[n]) + f64::from(s[n + 1])).abs()
    };
    let natural = (1..audio.len() - 1).map(|n| bend(audio, n)).fold(1.0, f64::max);
    let mut worst = 0.0_f64;
    for edge in (1..lost.len()).filter(|n| lost[*n] != lost[n - 1]) {
        let edge = edge * block;
        for n in (edge - 2..edge + 2).filter(|n| *n + 1 < heard.len()) {
            worst = worst.max(bend(heard, n));
        }
    }
    worst / natural
}

#[test]
fn whole_audio_is_only_delayed() {
    let voice = voice(110.0, 8_000);
    let heard = concealed(&voice, &[false; 50], 160);
    assert_eq!(heard, voice[..8_000 - Concealer::DELAY]);
}

/// 5 and 10 % of the packets of a tone: it stays a tone, where silence and repetition break it.
#[test]
fn a_tone_goes_on_through_losses() {
    for (frequency, percent) in [(440.0, 5), (440.0, 10), (523.25, 10), (1_030.0, 5)] {
        let tone = audio::sine(frequency, -10.0, 80_000);
        let lost = losses(7, percent, 500);
        let ours = concealed(&tone, &lost, 160);
        let level = audio::level_dbm0(&ours, frequency);
        let rest = audio::loudness_dbm0(&ours) - level;
        assert!((level + 10.0).abs() < 0.5, "{frequency} Hz, {percent} %: {level} dBm0");
        assert!(rest < 0.2, "{frequency} Hz, {percent} %: {rest} dB of other sound");
        let (ours_to, silence, again) = (
            fidelity(&tone, &ours),
            fidelity(&tone, &silenced(&tone, &lost, 160)),
            fidelity(&tone, &repeated(&tone, &lost, 160)),
        );
        assert!(ours_to > silence + 5.0, "{frequency}: {ours_to} dB, silence {silence} dB");
        assert!(ours_to > again + 1.0, "{frequency}: {ours_to} dB, repetition {again} dB");
        let longest = audio::gaps(&ours, -40.0, core::time::Duration::from_millis(10));
        assert!(longest.is_empty(), "{frequency}: {longest:?}");
    }
}

/// Voices: nearer to what was said than silence and repetition, and nothing clicks.
#[test]
fn a_voice_goes_on_through_losses() {
    for pitch in [85.0, 120.0, 180.0, 230.0] {
        for percent in [5, 10] {
            let voice = voice(pitch, 80_000);
            let lost = losses(3, percent, 500);
            let ours = concealed(&voice, &lost, 160);
            let silence = silenced(&voice, &lost, 160);
            let again = repeated(&voice, &lost, 160);
            let (good, none, same) =
                (fidelity(&voice, &ours), fidelity(&voice, &silence), fidelity(&voice, &again));
            assert!(good > none + 1.0, "{pitch} Hz, {percent} %: {good} dB, silence {none} dB");
            assert!(good > same + 1.0, "{pitch} Hz, {percent} %: {good} dB, repetition {same} dB");
            let loudness = audio::loudness_dbm0(&ours) - audio::loudness_dbm0(&voice);
            assert!(loudness.abs() < 0.5, "{pitch} Hz, {percent} %: {loudness} dB");
            let (smooth, cut) =
                (click(&voice, &ours, &lost, 160), click(&voice, &again, &lost, 160));
            assert!(smooth < cut, "{pitch} Hz, {percent} %: {smooth} against {cut}");
            assert!(smooth < 1.0, "{pitch} Hz, {percent} %: {smooth}");
        }
    }
}

/// It fades by a fifth each 10 ms after the first, and after 60 ms nothing is heard.
#[test]
fn a_long_gap_fades_and_falls_silent() {
    let mut audio = audio::sine(400.0, -10.0, 8_000);
    let mut concealer = Concealer::new();
    for block in audio[..4_000].chunks_mut(80) {
        concealer.good(block);
    }
    for block in audio[4_000..].chunks_mut(80) {
        concealer.lost(block);
    }
    let start = 4_000 + Concealer::DELAY;
    let level = |n: usize| audio::loudness_dbm0(&audio[start + n * 80..start + (n + 1) * 80]);
    assert!((level(0) + 10.0).abs() < 0.3, "{}", level(0));
    for (frame, gain) in [(1, 0.9_f64), (2, 0.7), (3, 0.5), (4, 0.3)] {
        let expected = -10.0 + 20.0 * gain.log10();
        assert!((level(frame) - expected).abs() < 1.0, "frame {frame}: {} dBm0", level(frame));
    }
    assert!(audio[start + 480..].iter().all(|sample| *sample == 0));
}

/// After a long gap what is there again comes in over 10 ms, not with a click.
#[test]
fn the_end_of_a_gap_is_a_seam() {
    let voice = voice(120.0, 16_000);
    for length in [1, 2, 3, 8] {
        let mut lost = vec![false; 100];
        lost[40..40 + length].fill(true);
        let heard = concealed(&voice, &lost, 160);
        assert!(click(&voice, &heard, &lost, 160) < 1.0, "{length} packets");
        // And then it is what was said, to the sample.
        let after = (40 + length) * 160 + 80;
        assert_eq!(heard[after..], voice[after..16_000 - Concealer::DELAY]);
    }
}

proptest! {
    /// Any audio, any losses, any lengths of blocks: no panic, nothing louder than what there was.
    #[test]
    fn any_blocks(
        seed: u64,
        blocks in proptest::collection::vec((0_usize..500, any::<bool>()), 1..40),
        level in 0_i16..i16::MAX,
    ) {
        let mut concealer = Concealer::new();
        let mut state = seed | 1;
        for (length, lost) in blocks {
            let mut block: Vec<i16> = (0..length)
                .map(|_| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    ((state >> 33) as i32 % (i32::from(level) + 1)) as i16
                })
                .collect();
            if lost { concealer.lost(&mut block) } else { concealer.good(&mut block) }
            prop_assert!(block.iter().all(|sample| sample.abs() <= level.saturating_add(1)));
        }
    }
}
