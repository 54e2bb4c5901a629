#![no_main]
//! A detector under any audio, in pieces of any size: the pieces change nothing, starts and ends
//! take turns, and places go forward.
use libfuzzer_sys::fuzz_target;
use switchboard_dtmf::detector::{Detector, Output};
use switchboard_dtmf::generator::SampleRate;

fn hear(rate: SampleRate, audio: &[i16], piece: usize) -> Vec<Output> {
    let mut detector = Detector::new(rate);
    let mut outputs = Vec::new();
    for mut rest in audio.chunks(piece) {
        while !rest.is_empty() {
            rest = &rest[detector.handle(rest)..];
            outputs.extend(std::iter::from_fn(|| detector.poll_output()));
        }
    }
    detector.finish();
    outputs.extend(std::iter::from_fn(|| detector.poll_output()));
    outputs
}

fuzz_target!(|input: (u8, u8, Vec<i16>)| {
    let (rate, piece, mut audio) = input;
    let rate =
        [SampleRate::Hz8000, SampleRate::Hz16000, SampleRate::Hz48000][usize::from(rate % 3)];
    // Short inputs in a loop make steady sounds.
    if !audio.is_empty() {
        audio = audio.iter().copied().cycle().take(audio.len().max(4_000)).collect();
    }
    let whole = hear(rate, &audio, usize::MAX);
    assert_eq!(hear(rate, &audio, 1 + usize::from(piece)), whole);
    let (mut down, mut last) = (None, 0);
    for output in whole {
        match output {
            Output::Start { digit, from } => {
                assert_eq!(down.replace((digit, from)), None);
                assert!(from >= last);
                last = from;
            }
            Output::End { digit, from, to } => {
                assert_eq!(down.take(), Some((digit, from)));
                assert!(to > from);
                last = to;
            }
        }
    }
    assert_eq!(down, None);
});
