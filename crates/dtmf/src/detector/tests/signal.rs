//! What a detector makes of audio.

use std::string::String;
use std::vec::Vec;

use super::super::*;

/// Everything a detector says of audio that comes in pieces of this size.
pub(super) fn outputs<S: Sample>(rate: SampleRate, audio: &[S], piece: usize) -> Vec<Output> {
    let mut detector = Detector::new(rate);
    let mut outputs = Vec::new();
    for piece in audio.chunks(piece) {
        let mut rest = piece;
        while !rest.is_empty() {
            rest = &rest[detector.handle(rest)..];
            outputs.extend(core::iter::from_fn(|| detector.poll_output()));
        }
    }
    detector.finish();
    outputs.extend(core::iter::from_fn(|| detector.poll_output()));
    outputs
}

/// The digits of the starts; each has its end.
pub(super) fn heard(pcm: &[i16]) -> String {
    let outputs = outputs(SampleRate::Hz8000, pcm, 160);
    let mut digits = String::new();
    for pair in outputs.chunks(2) {
        match *pair {
            [Output::Start { digit, from }, Output::End { digit: ended, from: began, to }] => {
                assert_eq!((digit, from), (ended, began));
                assert!(from < to);
                digits.push(digit.as_char());
            }
            _ => panic!("a start and its end take turns: {outputs:?}"),
        }
    }
    digits
}
