//! What passes on behind a detector that takes digits out; and any pieces.

use std::vec::Vec;

use proptest::prelude::*;
use switchboard_dialstring::Digit;

use super::super::*;
use super::audio::{Audio, BURST, Burst, Law, Random};
use super::signal::{heard, outputs};

fn passed_on(audio: &[i16], piece: usize) -> Vec<i16> {
    let mut mute = Mute::new(SampleRate::Hz8000);
    let mut audio = audio.to_vec();
    for piece in audio.chunks_mut(piece) {
        let mut done = 0;
        while done < piece.len() {
            done += mute.handle(&mut piece[done..]);
            while mute.poll_output().is_some() {}
        }
    }
    audio
}

#[test]
fn nobody_behind_hears_a_digit_again() {
    let mut random = Random(21);
    for digit in Digit::ALL.into_iter().cycle().take(64) {
        let off = [0.015 * random.sign(), 0.015 * random.sign()];
        let burst = Burst { off, length: 40.0 + 60.0 * random.unit(), ..BURST };
        let audio = Audio::silence(500.0).burst(&mut random, 200.0, digit, burst);
        let audio = audio.noise(&mut random, burst, 20.0).companded(Law::Mu);
        assert_eq!(heard(&audio).len(), 1);
        assert_eq!(heard(&passed_on(&audio, 160)), "");
    }
}

#[test]
fn what_is_no_digit_passes_as_it_was() {
    let mut random = Random(22);
    let audio: Vec<i16> = (0..20).flat_map(|_| random.vowel()).collect();
    let passed = passed_on(&audio, 160);
    assert_eq!(heard(&audio), "");
    assert_eq!(passed[800..], audio[..audio.len() - 800]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_pieces_say_and_pass_on_the_same(
        seed in any::<u64>(),
        pieces in proptest::collection::vec(1_usize..700, 1..6),
    ) {
        let mut random = Random(seed);
        let digit = Digit::ALL[(random.next() % 16) as usize];
        let audio = Audio::silence(400.0).burst(&mut random, 120.0, digit, BURST);
        let audio = audio.noise(&mut random, BURST, 14.0).pcm();
        let whole = outputs(SampleRate::Hz8000, &audio, usize::MAX);
        for piece in pieces {
            prop_assert_eq!(&outputs(SampleRate::Hz8000, &audio, piece), &whole);
        }
    }
}
