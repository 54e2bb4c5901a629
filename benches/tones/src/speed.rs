//! How fast: all in turns over the same audio, each timed inside its own process.

use std::fmt::Write as _;
use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use crate::audio::{Audio, BURST, Burst, Random};
use crate::hearers::{Hearers, dtmf_crate, ours};
use crate::{Fault, file_name, rows, save, speech, speech_dir, strange};

/// Rounds of each.
const ROUNDS: usize = 25;
/// Of each kind of audio, so many samples: 100 seconds.
const SAMPLES: usize = 800_000;

/// Adds the section to the page.
pub(crate) fn compare(page: &mut String, hearers: &mut Hearers, work: &Path) -> Result<(), Fault> {
    let _ = write!(
        page,
        "\n## How fast\n\nTimes real time on one core, at 8 kHz in pieces of 20 ms: the fastest of {ROUNDS} rounds in turns, which other \
         work on the machine disturbs least; the ratio is above 1 where ours is the faster.\n\n\
         | audio | switchboard | spandsp | ratio | spandsp, dial tone filter | ratio | crate dtmf | ratio |\n\
         |---|---:|---:|---:|---:|---:|---:|---:|\n"
    );
    for (name, audio) in audios(work)? {
        let path = work.join(format!("speed_{}.raw", file_name(name)));
        save(&path, audio.iter().copied())?;
        let mut rounds: [Vec<f64>; 4] = Default::default();
        for _ in 0..ROUNDS {
            rounds[0].push(nanoseconds(|| ours(&audio)));
            for filter in [false, true] {
                hearers.spandsp.load(&path, filter)?;
                rounds[1 + usize::from(filter)].push(hearers.spandsp.time()?);
            }
            rounds[3].push(nanoseconds(|| dtmf_crate(&audio)));
        }
        let real_time = |times: &[f64]| {
            let seconds = audio.len() as f64 / 8_000.0;
            format!("{:.0}", seconds / (fastest(times) / 1e9))
        };
        let _ = write!(page, "| {name} | **{}** |", real_time(&rounds[0]));
        for times in &rounds[1..] {
            let ratio = fastest(times) / fastest(&rounds[0]);
            let _ = write!(page, " {} | {ratio:.2} |", real_time(times));
        }
        page.push('\n');
    }
    Ok(())
}

fn nanoseconds<T>(work: impl FnOnce() -> T) -> f64 {
    let start = Instant::now();
    black_box(work());
    start.elapsed().as_nanos() as f64
}

fn fastest(times: &[f64]) -> f64 {
    times.iter().copied().fold(f64::INFINITY, f64::min)
}

fn audios(work: &Path) -> Result<Vec<(&'static str, Vec<i16>)>, Fault> {
    let mut random = Random(1);
    let mut digits = Vec::new();
    while digits.len() < SAMPLES {
        for digit in switchboard_dialstring::Digit::ALL {
            let burst = Burst { length: 50.0, ..BURST };
            digits.extend(Audio::silence(100.0).burst(&mut random, 10.0, digit, burst).pcm());
        }
    }
    let mut rows: Vec<i16> =
        rows::ROWS.iter().flat_map(|row| row.make(0)).flat_map(|trial| trial.audio).collect();
    rows.truncate(4 * SAMPLES);
    let mut all = vec![("digits, 50 ms on, 50 ms off", digits), ("the rows above", rows)];
    if let Some((_, mut speech)) = speech(&speech_dir(work, 0))? {
        speech.truncate(4 * SAMPLES);
        all.push(("speech", speech));
    }
    all.push(("vowels without a pause", strange::vowels(400, 0)));
    all.push(("music", strange::music(100, 0)));
    all.push(("white noise", Audio::silence(100_000.0).noise(&mut random, BURST, 3.0).pcm()));
    all.push(("silence", vec![0; SAMPLES]));
    Ok(all)
}
