//! A picture of what was heard: each file's audio over time, how strong each of the eight tones is in it, and the digits
//! where they sounded.

use std::fmt::Write;

use switchboard_dialstring::Digit;
use switchboard_dtmf::generator::frequencies;

use super::{Heard, Hearing};

/// Pixels.
const WIDTH: usize = 1_000;
const LEFT: usize = 64;
const RIGHT: usize = 16;
const ACROSS: usize = WIDTH - LEFT - RIGHT;
/// In a lane: where the audio's middle is, and how far full scale goes from it.
const MIDDLE: f64 = 92.0;
const REACH: f64 = 34.0;
/// Where the bands begin, and how high one is.
const BANDS: f64 = 136.0;
const BAND: f64 = 13.0;
/// Between the low group's bands and the high one's.
const APART: f64 = 3.0;
/// Where the bands end.
const BOTTOM: f64 = BANDS + 8.0 * BAND + APART;
/// The height of a lane with the labels of its axis.
const LANE: usize = BOTTOM as usize + 36;
/// Most cells in a band.
const CELLS: usize = 460;
/// Seconds of audio in a cell, at least: half the shortest digit.
const WINDOW: f64 = 0.02;
/// Decibels below full scale at which a band is dark, and at which it is empty.
const DARK: f64 = -8.0;
const EMPTY: f64 = -48.0;

/// One SVG of all files, a lane for each.
pub(super) fn svg(files: &[Hearing]) -> String {
    let height = LANE * files.len();
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" \
         font-family=\"sans-serif\" font-size=\"13\">\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
    );
    for (at, file) in files.iter().enumerate() {
        let _ = writeln!(out, "<g transform=\"translate({LEFT} {})\">", at * LANE);
        lane(&mut out, file);
        out.push_str("</g>\n");
    }
    out.push_str("</svg>");
    out
}

fn lane(out: &mut String, file: &Hearing) {
    let seconds = (file.audio.len() as f64 / f64::from(file.rate)).max(f64::MIN_POSITIVE);
    let x = |time: f64| time / seconds * ACROSS as f64;
    let _ = writeln!(
        out,
        "<text x=\"{:.0}\" y=\"18\" font-weight=\"bold\">{}</text>",
        10.0 - LEFT as f64,
        escaped(&file.name)
    );
    axis(out, seconds);
    bands(out, file, seconds);
    for Heard { digit, from, to } in &file.heard {
        let (left, width) = (x(*from), (x(*to) - x(*from)).max(1.0));
        let [top, middle] = [MIDDLE - REACH, left + width / 2.0];
        let _ = writeln!(
            out,
            "<rect x=\"{left:.1}\" y=\"{top:.0}\" width=\"{width:.1}\" height=\"{:.0}\" fill=\"#2f7ed8\" \
             fill-opacity=\"0.13\" stroke=\"#2f7ed8\" stroke-width=\"0.8\">\
             <title>{digit}: {from:.3} s to {to:.3} s</title></rect>\
             <text x=\"{middle:.1}\" y=\"{:.0}\" text-anchor=\"middle\" font-weight=\"bold\" font-size=\"16\">{digit}</text>",
            BOTTOM - top,
            top - 14.0,
        );
        // Where there is room: two times of five figures.
        if width > 26.0 {
            let _ = writeln!(
                out,
                "<text x=\"{middle:.1}\" y=\"{:.0}\" text-anchor=\"middle\" font-size=\"8\" fill=\"#555555\">\
                 {from:.2}\u{2013}{to:.2}</text>",
                top - 4.0
            );
        }
    }
    let _ = writeln!(out, "<path d=\"{}\" stroke=\"#334455\" fill=\"none\"/>", wave(&file.audio));
}

/// Lines and seconds.
fn axis(out: &mut String, seconds: f64) {
    let step = tick(seconds);
    for at in 0..=(seconds / step) as usize {
        let time = at as f64 * step;
        let x = time / seconds * ACROSS as f64;
        let _ = writeln!(
            out,
            "<path d=\"M{x:.1} {:.0}V{:.0}\" stroke=\"#cccccc\" stroke-width=\"0.6\"/>\
             <text x=\"{x:.1}\" y=\"{:.0}\" text-anchor=\"middle\" font-size=\"10\" fill=\"#555555\">{} s</text>",
            MIDDLE - REACH,
            BOTTOM + 4.0,
            BOTTOM + 16.0,
            // The least step is a thousandth.
            (time * 1_000.0).round() / 1_000.0
        );
    }
}

/// How strong each tone is over time: the darker, the louder. The low group is green, the high one red.
fn bands(out: &mut String, file: &Hearing, seconds: f64) {
    let rate = f64::from(file.rate);
    let cells = ((seconds / WINDOW * 4.0) as usize).clamp(1, CELLS);
    let width = ACROSS as f64 / cells as f64;
    let window = (WINDOW * rate) as usize;
    // The rows' tones and then the columns': 1, 4, 7, * and 1, 2, 3, A.
    let rows = [Digit::D1, Digit::D4, Digit::D7, Digit::Star].map(|digit| frequencies(digit)[0]);
    let columns = [Digit::D1, Digit::D2, Digit::D3, Digit::A].map(|digit| frequencies(digit)[1]);
    for (at, hertz) in rows.into_iter().chain(columns).enumerate() {
        let (top, color) = if at < 4 { (0.0, "#0a7d4f") } else { (APART, "#b3261e") };
        let y = BANDS + at as f64 * BAND + top;
        let _ = writeln!(
            out,
            "<rect y=\"{y:.0}\" width=\"{ACROSS}\" height=\"{:.0}\" fill=\"{color}\" fill-opacity=\"0.05\"/>\
             <text x=\"-6\" y=\"{:.0}\" text-anchor=\"end\" font-size=\"10\" fill=\"{color}\">{hertz} Hz</text>",
            BAND - 1.0,
            y + BAND - 3.0,
        );
        for cell in 0..cells {
            let middle = ((cell as f64 + 0.5) / cells as f64 * file.audio.len() as f64) as usize;
            let from = middle.saturating_sub(window / 2);
            let audio = &file.audio[from..file.audio.len().min(from + window)];
            let dark = (level(audio, f64::from(hertz) / rate) - EMPTY) / (DARK - EMPTY);
            if dark > 0.05 {
                let _ = write!(
                    out,
                    "<rect x=\"{:.1}\" y=\"{y:.0}\" width=\"{:.1}\" height=\"{:.0}\" fill=\"{color}\" \
                     fill-opacity=\"{:.2}\"/>",
                    cell as f64 * width,
                    width + 0.1,
                    BAND - 1.0,
                    dark.min(1.0).powi(2),
                );
            }
        }
        out.push('\n');
    }
}

/// The level of a tone of so many turns a sample, in decibels below a full-scale sine, seen through Hann's window.
fn level(audio: &[f32], turns: f64) -> f64 {
    use std::f64::consts::TAU;
    let (mut re, mut im) = (0.0, 0.0);
    for (at, sample) in audio.iter().enumerate().filter(|(_, sample)| sample.is_finite()) {
        let window = 1.0 - (TAU * (at as f64 + 0.5) / audio.len() as f64).cos();
        let angle = TAU * turns * at as f64;
        re += window * f64::from(*sample) * angle.cos();
        im += window * f64::from(*sample) * angle.sin();
    }
    20.0 * (2.0 * re.hypot(im) / (audio.len().max(1) as f64)).max(1e-9).log10()
}

/// From the least to the greatest sample in each column of pixels.
fn wave(audio: &[f32]) -> String {
    let mut path = String::new();
    for column in 0..ACROSS {
        let part = audio.len() * column / ACROSS..audio.len() * (column + 1) / ACROSS;
        let samples = audio[part].iter().filter(|sample| sample.is_finite());
        let (mut low, mut high) = (f32::INFINITY, f32::NEG_INFINITY);
        for &sample in samples {
            (low, high) = (low.min(sample), high.max(sample));
        }
        if low <= high {
            let y = |sample: f32| MIDDLE - REACH * f64::from(sample.clamp(-1.0, 1.0));
            let _ = write!(path, "M{column} {:.1}V{:.1}", y(low) + 0.3, y(high) - 0.3);
        }
    }
    path
}

/// Seconds between two labels: 1, 2 or 5 of some power of ten, at most ten labels.
fn tick(seconds: f64) -> f64 {
    let mut step = 0.001;
    for factor in [2.0, 2.5, 2.0].into_iter().cycle().take(30) {
        if seconds / step <= 10.0 {
            break;
        }
        step *= factor;
    }
    step
}

fn escaped(text: &str) -> String {
    text.chars().fold(String::new(), |mut out, c| {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // XML has no way to say these.
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use switchboard_dtmf::generator::{Config, Generator};

    use super::*;

    #[test]
    fn each_digit_is_named_and_so_is_each_tone() {
        let mut generator = Generator::new(Config::default(), Digit::ALL.into_iter().collect());
        let mut audio = vec![0_i16; 16 * 1_600];
        generator.fill(&mut audio);
        let audio: Vec<f32> = audio.iter().map(|sample| f32::from(*sample) / 32_768.0).collect();
        let heard = (0..16).map(|at| {
            let from = f64::from(at) * 0.2;
            Heard { digit: Digit::ALL[at as usize].as_char(), from, to: from + 0.1 }
        });
        let name = "a<b>.wav".to_owned();
        let picture = svg(&[Hearing { name, rate: 8_000, audio, heard: heard.collect() }]);
        for (at, digit) in Digit::ALL.into_iter().enumerate() {
            let from = at as f64 * 0.2;
            let title = format!("<title>{digit}: {from:.3} s to {:.3} s</title>", from + 0.1);
            assert!(picture.contains(&title), "{title}");
            assert!(picture.contains(&format!(">{digit}</text>")), "{digit}");
            for hertz in frequencies(digit) {
                assert!(picture.contains(&format!(">{hertz} Hz</text>")), "{hertz}");
            }
        }
        assert!(picture.contains(">3 s</text>") && picture.contains("a&lt;b&gt;.wav"));
        assert_eq!(picture.matches("<g ").count(), picture.matches("</g>").count());
    }

    #[test]
    fn a_tone_has_its_level_and_no_other() {
        let turns = 770.0 / 8_000.0;
        let audio: Vec<f32> = (0..160)
            .map(|at| 0.5 * (std::f64::consts::TAU * turns * f64::from(at)).sin() as f32)
            .collect();
        assert!((level(&audio, turns) + 6.02).abs() < 0.5);
        assert!(level(&audio, 1_209.0 / 8_000.0) < EMPTY);
        assert!(level(&[], turns) < EMPTY);
    }
}
