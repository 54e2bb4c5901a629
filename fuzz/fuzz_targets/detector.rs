#![no_main]
//! A detector under any audio, in pieces of any size: neither the pieces nor the samples' type change
//! anything, starts and ends take turns, places go forward, no digit is shorter than what must be
//! refused, and none is where the audio is too quiet for one.
use libfuzzer_sys::fuzz_target;
use switchboard_dtmf::detector::{Detector, Output, Sample};
use switchboard_dtmf::generator::SampleRate;

fn hear<S: Sample>(rate: SampleRate, audio: &[S], piece: usize) -> Vec<Output> {
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

/// Louder than this is some sample of each digit: a tone is at least -36 dBm0, an amplitude of 361, of
/// which half may go with what is taken out of the background.
const QUIET: u16 = 100;

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
    let floats: Vec<f32> = audio.iter().map(|sample| f32::from(*sample) / 32_768.0).collect();
    assert_eq!(hear(rate, &floats, 160), whole);
    let per_milli = u64::from(rate.hertz() / 1_000);
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
                assert!(to - from > 23 * per_milli);
                // Places are exact to 3 ms, and the end may lie behind the audio.
                let early = audio.len().min(from.saturating_sub(3 * per_milli) as usize);
                let late = audio.len().min((to + 3 * per_milli) as usize);
                assert!(audio[early..late].iter().any(|sample| sample.unsigned_abs() > QUIET));
                last = to;
            }
        }
    }
    assert_eq!(down, None);
});
