//! Tones: the in-band detector beside the crate `dtmf` on the same audio, and the generator's tables beside sines that are
//! computed.
//!
//! What detectors hear, and how fast spandsp's is, is in `benches/TONES.md`: it is no Rust library.
#![allow(missing_docs, clippy::disallowed_methods, reason = "a bench reads the clock")]

use std::f64::consts::TAU;

use switchboard_benches::Bench;
use switchboard_dialstring::Digit;
use switchboard_dtmf::detector::{Detector, Mute};
use switchboard_dtmf::generator::{Config, Generator, SampleRate, frequencies};

/// How much comes at a time: 20 ms.
const PIECE: usize = 160;
/// Samples of each kind of audio: four seconds.
const SAMPLES: usize = 32_000;

fn main() {
    let bench = Bench::new(
        "tones",
        "The in-band detector beside the crate `dtmf`, at 8 kHz in pieces of 20 ms, a new detector for each call; the generator \
         beside sines that are computed. Beside spandsp and multimon-ng: `TONES.md`.",
    );
    for (name, audio) in [
        ("digits, 50 ms on and 50 ms off", digits()),
        ("white noise", noise()),
        ("silence", vec![0; SAMPLES]),
    ] {
        let floats: Vec<f32> = audio.iter().map(|sample| f32::from(*sample) / 32_768.0).collect();
        bench
            .compare(&format!("hearing {name}"), "a sample", SAMPLES as u32)
            .ours("Detector", || {
                let mut detector = Detector::new(SampleRate::Hz8000);
                let mut heard = 0;
                for piece in audio.chunks(PIECE) {
                    detector.handle(piece);
                    while detector.poll_output().is_some() {
                        heard += 1;
                    }
                }
                heard
            })
            .ours("Detector, f32", || {
                let mut detector = Detector::new(SampleRate::Hz8000);
                let mut heard = 0;
                for piece in floats.chunks(PIECE) {
                    detector.handle(piece);
                    while detector.poll_output().is_some() {
                        heard += 1;
                    }
                }
                heard
            })
            .ours("Mute", || {
                let mut mute = Mute::new(SampleRate::Hz8000);
                let (mut heard, mut passed) = (0, [0; PIECE]);
                for piece in audio.chunks(PIECE) {
                    passed[..piece.len()].copy_from_slice(piece);
                    mute.handle(&mut passed[..piece.len()]);
                    while mute.poll_output().is_some() {
                        heard += 1;
                    }
                }
                (heard, passed[0])
            })
            .peer("crate dtmf", || {
                let mut heard = 0;
                let mut decoder = dtmf::decoder::Decoder::new(8_000, |_, _| heard += 1);
                floats.chunks(PIECE).for_each(|piece| decoder.process(piece));
                heard
            })
            .run();
    }
    for rate in [SampleRate::Hz8000, SampleRate::Hz48000] {
        let config = Config { sample_rate: rate, ..Config::default() };
        let samples = 16 * 2 * rate.samples(config.tone) as usize;
        let mut out = vec![0; samples];
        let mut sines = vec![0; samples];
        bench
            .compare(
                &format!("making sixteen digits at {} Hz", rate.hertz()),
                "a sample",
                samples as u32,
            )
            .ours("Generator", || {
                let mut generator = Generator::new(config, Digit::ALL.into_iter().collect());
                generator.fill(&mut out)
            })
            .peer("f64::sin for each tone", || computed(config, &mut sines))
            .note("The second has no ramps.")
            .run();
    }
    bench.figure("memory of a detector", size_of::<Detector>() as f64, "octets");
    bench.figure("memory of a Mute of i16", size_of::<Mute<i16>>() as f64, "octets");
}

fn digits() -> Vec<i16> {
    let half = std::time::Duration::from_millis(50);
    let config = Config { tone: half, gap: half, ..Config::default() };
    let plan = || Digit::ALL.into_iter().chain(Digit::ALL).collect();
    let mut audio = vec![0; SAMPLES];
    let mut at = 0;
    while at < SAMPLES {
        at += Generator::new(config, plan()).fill(&mut audio[at..]);
    }
    audio
}

fn noise() -> Vec<i16> {
    let mut state = 1_u64;
    (0..SAMPLES)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            ((state >> 33) as i16) / 8
        })
        .collect()
}

/// What a first attempt looks like.
fn computed(config: Config, out: &mut [i16]) -> usize {
    let rate = f64::from(config.sample_rate.hertz());
    let length = config.sample_rate.samples(config.tone) as usize;
    // Full scale lies 3.14 dB above 0 dBm0.
    #[allow(clippy::approx_constant, reason = "decibels, not a circle")]
    let amplitude = |dbm0: i8| 32_767.0 * 10_f64.powf((f64::from(dbm0) - 3.14) / 20.0);
    let amplitudes = [amplitude(config.low_dbm0), amplitude(config.high_dbm0)];
    for (digit, out) in Digit::ALL.into_iter().zip(out.chunks_mut(2 * length)) {
        let steps = frequencies(digit).map(|hertz| TAU * f64::from(hertz) / rate);
        let (tone, gap) = out.split_at_mut(length);
        for (at, sample) in tone.iter_mut().enumerate() {
            let at = at as f64;
            let sum = amplitudes[0] * (steps[0] * at).sin() + amplitudes[1] * (steps[1] * at).sin();
            *sample = sum.clamp(-32_768.0, 32_767.0) as i16;
        }
        gap.fill(0);
    }
    out.len()
}
