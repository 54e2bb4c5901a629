//! The detectors, each behind the same question: what digits are in these pieces of a file?

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use switchboard_dtmf::detector::{Detector, Mute, Output};
use switchboard_dtmf::generator::SampleRate;

use crate::{Fault, load};

/// How much a detector is given at a time: 20 ms.
const PIECE: usize = 160;

/// All of them, ours first.
pub(crate) struct Hearers {
    pub(crate) spandsp: Spandsp,
}

impl Hearers {
    pub(crate) fn start(spandsp: &Path) -> Result<Self, Fault> {
        Ok(Self { spandsp: Spandsp::start(spandsp)? })
    }

    pub(crate) fn names(&self) -> [&'static str; 5] {
        ["switchboard", "spandsp", "spandsp, dial tone filter", "multimon-ng", "crate dtmf"]
    }

    /// What each hears in each piece of so many samples.
    pub(crate) fn hear(&mut self, path: &Path, samples: usize) -> Result<[Vec<String>; 5], Fault> {
        let audio = load(path)?;
        let pieces = || audio.chunks(samples);
        let multimon: Result<Vec<_>, _> = pieces().map(|piece| multimon(piece)).collect();
        Ok([
            pieces().map(ours).collect(),
            self.spandsp.hear(path, samples, false)?,
            self.spandsp.hear(path, samples, true)?,
            multimon?,
            pieces().map(dtmf_crate).collect(),
        ])
    }
}

/// Ours.
pub(crate) fn ours(audio: &[i16]) -> String {
    let mut detector = Detector::new(SampleRate::Hz8000);
    let mut digits = String::new();
    let mut drain = |detector: &mut Detector| {
        while let Some(output) = detector.poll_output() {
            if let Output::Start { digit, .. } = output {
                digits.push(digit.as_char());
            }
        }
    };
    for piece in audio.chunks(PIECE) {
        detector.handle(piece);
        drain(&mut detector);
    }
    detector.finish();
    drain(&mut detector);
    digits
}

/// The audio that passes on behind ours: with the digits taken out, and as late as it is.
pub(crate) fn passed_on(audio: &[i16]) -> Vec<i16> {
    let mut mute = Mute::new(SampleRate::Hz8000);
    let mut audio = audio.to_vec();
    audio.resize(audio.len() + mute.delay(), 0);
    for piece in audio.chunks_mut(PIECE) {
        mute.handle(piece);
        while mute.poll_output().is_some() {}
    }
    audio
}

/// The crate `dtmf`. Its states last 50 ms: silence after the audio lets it come to its end.
pub(crate) fn dtmf_crate(audio: &[i16]) -> String {
    let mut digits = String::new();
    let mut decoder = dtmf::decoder::Decoder::new(8_000, |tone: dtmf::enums::Tone, state| {
        if state == dtmf::enums::State::On {
            digits.push(tone.as_char());
        }
    });
    let mut floats = [0.0; PIECE];
    for piece in audio.chunks(PIECE) {
        for (float, sample) in floats.iter_mut().zip(piece) {
            *float = f32::from(*sample) / 32_768.0;
        }
        decoder.process(&floats[..piece.len()]);
    }
    decoder.process(&[0.0; 800]);
    digits
}

/// `multimon-ng` as a program: it wants 22,050 samples a second on its standard input.
fn multimon(audio: &[i16]) -> Result<String, Fault> {
    let mut child = Command::new("multimon-ng")
        .args(["-q", "-c", "-a", "DTMF", "-t", "raw", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("multimon-ng: {error}"))?;
    let input = child.stdin.take().ok_or("multimon-ng has no input")?;
    let octets: Vec<u8> = at_22050(audio).into_iter().flat_map(i16::to_ne_bytes).collect();
    let writer = std::thread::spawn(move || {
        let mut input = input;
        // It may end before it has read everything.
        let _ = input.write_all(&octets);
    });
    let output = child.wait_with_output()?;
    let _ = writer.join();
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.lines().filter_map(|line| line.strip_prefix("DTMF: ")?.chars().next()).collect())
}

/// From 8,000 to 22,050 samples a second, by a windowed sinc of 32 samples; and 50 ms of silence.
fn at_22050(audio: &[i16]) -> Vec<i16> {
    const HALF: isize = 16;
    const PHASES: usize = 441;
    let taps: Vec<Vec<f64>> = (0..PHASES)
        .map(|phase| {
            let between = phase as f64 / PHASES as f64;
            (1 - HALF..=HALF)
                .map(|at| {
                    let x = at as f64 - between;
                    let angle = std::f64::consts::PI * x;
                    let sinc = if x == 0.0 { 1.0 } else { angle.sin() / angle };
                    sinc * (0.5 + 0.5 * (angle / HALF as f64).cos())
                })
                .collect()
        })
        .collect();
    let count = audio.len() * 441 / 160;
    let mut out: Vec<i16> = (0..count)
        .map(|at| {
            let (whole, phase) = (at * 160 / 441, at * 160 % 441);
            let sum: f64 = taps[phase]
                .iter()
                .zip(whole as isize + 1 - HALF..)
                .map(|(tap, at)| {
                    let sample = usize::try_from(at).ok().and_then(|at| audio.get(at));
                    sample.map_or(0.0, |sample| tap * f64::from(*sample))
                })
                .sum();
            sum.round().clamp(-32_768.0, 32_767.0) as i16
        })
        .collect();
    out.extend([0; 1_102]);
    out
}

/// The program around spandsp.
pub(crate) struct Spandsp {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Spandsp {
    fn start(program: &Path) -> Result<Self, Fault> {
        let mut child = Command::new(program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{}: {error}", program.display()))?;
        let input = child.stdin.take().ok_or("spandsp has no input")?;
        let output = child.stdout.take().ok_or("spandsp has no output")?;
        Ok(Self { child, input, output: BufReader::new(output) })
    }

    fn ask(&mut self, command: &str) -> Result<String, Fault> {
        writeln!(self.input, "{command}")?;
        self.line()
    }

    fn line(&mut self) -> Result<String, Fault> {
        let mut line = String::new();
        if self.output.read_line(&mut line)? == 0 {
            return Err("the program around spandsp has ended".into());
        }
        Ok(line.trim_end().to_owned())
    }

    pub(crate) fn load(&mut self, path: &Path, filter: bool) -> Result<(), Fault> {
        self.ask(&format!("filter {}", u8::from(filter)))?;
        self.ask(&format!("load {}", path.display()))?;
        Ok(())
    }

    fn hear(&mut self, path: &Path, samples: usize, filter: bool) -> Result<Vec<String>, Fault> {
        self.load(path, filter)?;
        let mut line = self.ask(&format!("hear {samples}"))?;
        let mut all = Vec::new();
        while line != "." {
            all.push(line);
            line = self.line()?;
        }
        Ok(all)
    }

    /// Nanoseconds for all that is loaded.
    pub(crate) fn time(&mut self) -> Result<f64, Fault> {
        Ok(self.ask("time")?.parse()?)
    }
}

impl Drop for Spandsp {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
