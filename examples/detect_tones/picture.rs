//! A picture of what was heard: each file's audio over time, with its digits where they sounded.

use std::fmt::Write;

use super::{Heard, Hearing};

/// Pixels.
const WIDTH: usize = 1_000;
const LEFT: usize = 10;
const ACROSS: usize = WIDTH - 2 * LEFT;
const LANE: usize = 150;
/// In a lane: where the audio's middle is, and how far full scale goes from it.
const MIDDLE: f64 = 85.0;
const REACH: f64 = 40.0;

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
    let _ = writeln!(out, "<text y=\"18\">{}</text>", escaped(&file.name));
    for Heard { digit, from, to } in &file.heard {
        let (left, width) = (x(*from), (x(*to) - x(*from)).max(1.0));
        let _ = writeln!(
            out,
            "<rect x=\"{left:.1}\" y=\"{:.0}\" width=\"{width:.1}\" height=\"{:.0}\" fill=\"#cfe3f7\">\
             <title>{digit}: {from:.3} s to {to:.3} s</title></rect>\
             <text x=\"{:.1}\" y=\"{:.0}\" text-anchor=\"middle\" font-weight=\"bold\">{digit}</text>",
            MIDDLE - REACH,
            2.0 * REACH,
            left + width / 2.0,
            MIDDLE - REACH - 5.0,
        );
    }
    let _ = writeln!(out, "<path d=\"{}\" stroke=\"#345\" fill=\"none\"/>", wave(&file.audio));
    let step = tick(seconds);
    for at in 0..=(seconds / step) as usize {
        let time = at as f64 * step;
        let _ = writeln!(
            out,
            "<text x=\"{:.1}\" y=\"{:.0}\" font-size=\"10\" fill=\"#666\">{} s</text>",
            x(time),
            MIDDLE + REACH + 14.0,
            // The least step is a thousandth.
            (time * 1_000.0).round() / 1_000.0
        );
    }
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
