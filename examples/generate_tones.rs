//! Writes a call-progress tone or the tones of digits as a WAV file.
//!
//! `generate_tones` lists the tones; `generate_tones busy FILE.wav` writes ten seconds of one;
//! `generate_tones 0123 FILE.wav` writes digits.
#![allow(clippy::print_stdout, reason = "the list is what it is run for")]

use std::error::Error;
use std::fs::File;
use std::io::BufWriter;

use switchboard_dialstring::{DialPlan, PauseLengths};
use switchboard_dtmf::generator::{Config, Generator};
use switchboard_dtmf::sender::Plan;
use switchboard_media::{Audio, Sound, Tone, ToneSet};

const TONES: [(&str, Tone); 5] = [
    ("dial", Tone::Dial),
    ("ring-back", Tone::RingBack),
    ("busy", Tone::Busy),
    ("congestion", Tone::Congestion),
    ("information", Tone::Information),
];
const TEN_SECONDS: usize = 80_000;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [] => {
            list();
            Ok(())
        }
        [what, file] => {
            let audio = match TONES.iter().find(|(name, _)| name == what) {
                Some((_, tone)) => ten_seconds(*tone),
                None => digits(what)?,
            };
            audio.write_wav(BufWriter::new(File::create(file)?))?;
            println!("{file}: {:.1} s", audio.duration().as_secs_f64());
            Ok(())
        }
        _ => Err("give a tone or digits, and a file: generate_tones busy FILE.wav".into()),
    }
}

fn list() {
    let set = ToneSet::germany();
    for (name, tone) in TONES {
        let bursts = set.bursts(tone).iter().map(|(sound, duration)| {
            let what = match sound {
                Sound::Silence => "silence".to_owned(),
                Sound::One(hertz) => format!("{hertz} Hz"),
                Sound::Two(low, high) => format!("{low} and {high} Hz"),
            };
            format!("{what} {} ms", duration.as_millis())
        });
        println!("{name}\t{}", bursts.collect::<Vec<_>>().join(", "));
    }
}

fn ten_seconds(tone: Tone) -> Audio {
    let once = ToneSet::germany().render(tone);
    Audio::from_samples(once.samples().iter().copied().cycle().take(TEN_SECONDS).collect())
}

fn digits(plan: &str) -> Result<Audio, Box<dyn Error>> {
    let plan: DialPlan = plan.parse()?;
    let mut generator =
        Generator::new(Config::default(), Plan::of(&plan, &PauseLengths::default()));
    let mut samples = Vec::new();
    let mut packet = [0; 160];
    while !generator.is_done() {
        let made = generator.fill(&mut packet);
        samples.extend_from_slice(&packet[..made]);
    }
    Ok(Audio::from_samples(samples))
}
