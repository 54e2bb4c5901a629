//! Hears the digits in WAV files of 8, 16 or 48 kHz.
//!
//! `cargo run --release --example detect_tones -- [--times] [--svg [OUT.svg]] FILE.wav...` prints
//! for each file its name, a tab, and the digits; with `--times` a line for each digit with its
//! start and end in seconds; with `--svg OUT.svg` it also draws one picture of all files, their
//! audio, its eight tones and where the digits are; with `--svg` alone it prints the picture
//! instead of the digits. Of several channels the first is heard.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "printing is what it is for")]

#[path = "detect_tones/picture.rs"]
mod picture;

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::ExitCode;

use switchboard_dtmf::detector::{Detector, Output};
use switchboard_dtmf::generator::SampleRate;

/// Why a file cannot be heard.
#[derive(Debug)]
enum Fault {
    Wav(hound::Error),
    Rate(u32),
}

impl From<hound::Error> for Fault {
    fn from(error: hound::Error) -> Self {
        Self::Wav(error)
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Wav(hound::Error::Unsupported) => f.write_str(
                "coded; whole numbers and floats can be read (`sox IN.wav -e signed OUT.wav`)",
            ),
            Self::Wav(error) => error.fmt(f),
            Self::Rate(rate) => write!(f, "{rate} samples a second; 8000, 16000 and 48000 can be"),
        }
    }
}

/// A digit, and where it began and ended, in seconds.
struct Heard {
    digit: char,
    from: f64,
    to: f64,
}

/// A file, and what was heard in it.
struct Hearing {
    name: String,
    /// Samples a second.
    rate: u32,
    audio: Vec<f32>,
    heard: Vec<Heard>,
}

fn hear(path: &OsStr) -> Result<Hearing, Fault> {
    let mut wav = hound::WavReader::open(path)?;
    let spec = wav.spec();
    let rate = match spec.sample_rate {
        8_000 => SampleRate::Hz8000,
        16_000 => SampleRate::Hz16000,
        48_000 => SampleRate::Hz48000,
        other => return Err(Fault::Rate(other)),
    };
    let channels = usize::from(spec.channels.max(1));
    let audio = match spec.sample_format {
        hound::SampleFormat::Float => {
            wav.samples::<f32>().step_by(channels).collect::<Result<Vec<f32>, _>>()?
        }
        hound::SampleFormat::Int => {
            let full = 2_f32.powi(i32::from(spec.bits_per_sample) - 1);
            let samples = wav.samples::<i32>().step_by(channels);
            samples.map(|sample| Ok(sample? as f32 / full)).collect::<Result<_, hound::Error>>()?
        }
    };
    let mut detector = Detector::new(rate);
    let (mut heard, mut rest) = (Vec::new(), &audio[..]);
    let seconds = |place: u64| place as f64 / f64::from(spec.sample_rate);
    let mut drain = |detector: &mut Detector| {
        while let Some(output) = detector.poll_output() {
            if let Output::End { digit, from, to } = output {
                heard.push(Heard { digit: digit.as_char(), from: seconds(from), to: seconds(to) });
            }
        }
    };
    while !rest.is_empty() {
        rest = &rest[detector.handle(rest)..];
        drain(&mut detector);
    }
    detector.finish();
    drain(&mut detector);
    let name = path.to_string_lossy().into_owned();
    Ok(Hearing { name, rate: spec.sample_rate, audio, heard })
}

/// What is asked for.
#[derive(Default)]
struct Options {
    times: bool,
    svg: bool,
    /// Where the picture goes if not to the standard output.
    out: Option<OsString>,
    files: Vec<OsString>,
}

/// None if it is not understood.
fn options() -> Option<Options> {
    let mut options = Options::default();
    let mut arguments = std::env::args_os().skip(1).peekable();
    while let Some(argument) = arguments.next() {
        match argument.to_str() {
            Some("--times") => options.times = true,
            Some("--svg") => {
                options.svg = true;
                options.out = arguments.next_if(|next| {
                    Path::new(next).extension().is_some_and(|extension| extension == "svg")
                });
            }
            Some(option) if option.starts_with("--") => return None,
            _ => options.files.push(argument),
        }
    }
    (!options.files.is_empty()).then_some(options)
}

fn main() -> ExitCode {
    let Some(Options { times, svg, out, files }) = options() else {
        eprintln!("usage: detect_tones [--times] [--svg [OUT.svg]] FILE.wav...");
        return ExitCode::FAILURE;
    };
    let (mut result, mut hearings) = (ExitCode::SUCCESS, Vec::new());
    for file in files {
        match hear(&file) {
            Ok(hearing) => {
                if !svg || out.is_some() {
                    print(&hearing, times);
                }
                if svg {
                    hearings.push(hearing);
                }
            }
            Err(fault) => {
                eprintln!("{}: {fault}", file.to_string_lossy());
                result = ExitCode::FAILURE;
            }
        }
    }
    match out {
        Some(out) => {
            if let Err(error) = std::fs::write(&out, picture::svg(&hearings)) {
                eprintln!("{}: {error}", out.to_string_lossy());
                result = ExitCode::FAILURE;
            }
        }
        None if svg => println!("{}", picture::svg(&hearings)),
        None => {}
    }
    result
}

fn print(Hearing { name, heard, .. }: &Hearing, times: bool) {
    if times {
        for Heard { digit, from, to } in heard {
            println!("{name}\t{digit}\t{from:.3}\t{to:.3}");
        }
    } else {
        let digits: String = heard.iter().map(|heard| heard.digit).collect();
        println!("{name}\t{digits}");
    }
}
