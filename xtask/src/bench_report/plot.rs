//! Bars, a panel a comparison, all of a bench's on one logarithmic scale.

use std::fmt::Write as _;

use switchboard_benches::{Entry, Record};

use super::{Results, page};

const WIDTH: f64 = 900.0;
/// Room for the names.
const LEFT: f64 = 300.0;
/// Room for the figures behind the bars.
const RIGHT: f64 = 150.0;
const BAR: f64 = 20.0;
const TITLE: f64 = 34.0;
const AXIS: f64 = 34.0;

/// The picture of a bench's comparisons, if it has any.
pub(super) fn bars(result: &Results) -> Option<String> {
    let panels: Vec<(&str, &str, &[Entry])> = result
        .records
        .iter()
        .filter_map(|record| match record {
            Record::Comparison { title, each, entries, .. } => {
                Some((title.as_str(), each.as_str(), entries.as_slice()))
            }
            _ => None,
        })
        .collect();
    let times = || panels.iter().flat_map(|(_, _, entries)| entries.iter().map(|e| e.nanoseconds));
    let (least, most) = times().fold((f64::MAX, f64::MIN), |(a, b), t| (a.min(t), b.max(t)));
    if most <= 0.0 {
        return None;
    }
    // Whole decades, so that a bar's length can be read off.
    let (from, to) = (least.max(0.1).log10().floor(), most.log10().ceil().max(1.0));
    let decades = (to - from).max(1.0);
    let x = |nanoseconds: f64| {
        LEFT + (nanoseconds.max(0.1).log10() - from) / decades * (WIDTH - LEFT - RIGHT)
    };
    let height =
        panels.iter().map(|(_, _, e)| TITLE + BAR * e.len() as f64).sum::<f64>() + AXIS + 10.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" \
         font-family=\"sans-serif\" font-size=\"13\">\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
    );
    for decade in 0..=decades as i32 {
        let value = 10f64.powf(from + f64::from(decade));
        let at = x(value);
        let _ = writeln!(
            svg,
            "<line x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"8\" y2=\"{:.0}\" stroke=\"#d8dde3\"/>\
             <text x=\"{at:.1}\" y=\"{:.0}\" text-anchor=\"middle\" fill=\"#57606a\">{}</text>",
            height - AXIS,
            height - AXIS + 18.0,
            duration(value)
        );
    }
    let mut y = 0.0;
    for (title, each, entries) in panels {
        y += TITLE;
        let _ = writeln!(
            svg,
            "<text x=\"10\" y=\"{:.0}\" font-weight=\"bold\" fill=\"#1f2328\">{}, {}</text>",
            y - 8.0,
            escape(title),
            escape(each)
        );
        for entry in entries {
            let end = x(entry.nanoseconds);
            let colour = if entry.ours { "#1a7f5a" } else { "#9aa5b1" };
            let _ = writeln!(
                svg,
                "<text x=\"{:.0}\" y=\"{:.0}\" text-anchor=\"end\" fill=\"#1f2328\">{}</text>\
                 <rect x=\"{LEFT}\" y=\"{:.0}\" width=\"{:.1}\" height=\"14\" fill=\"{colour}\"/>\
                 <text x=\"{:.1}\" y=\"{:.0}\" fill=\"#57606a\">{} (×{})</text>",
                LEFT - 8.0,
                y + 13.0,
                escape(&entry.name),
                y + 2.0,
                (end - LEFT).max(1.0),
                end.max(LEFT + 1.0) + 6.0,
                y + 13.0,
                duration(entry.nanoseconds),
                page::number(entry.ratio)
            );
            y += BAR;
        }
    }
    svg.push_str("</svg>\n");
    Some(svg)
}

fn duration(nanoseconds: f64) -> String {
    match nanoseconds {
        n if n >= 1e9 => format!("{} s", page::number(n / 1e9)),
        n if n >= 1e6 => format!("{} ms", page::number(n / 1e6)),
        n if n >= 1e3 => format!("{} µs", page::number(n / 1e3)),
        n => format!("{} ns", page::number(n)),
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_shows_each_entry_and_escapes_names() {
        let entry = |name: &str, nanoseconds| Entry {
            name: name.to_owned(),
            ours: true,
            nanoseconds,
            ratio: 1.0,
            allocations: 0.0,
        };
        let records = vec![Record::Comparison {
            title: "a < b".to_owned(),
            each: "each".to_owned(),
            entries: vec![entry("fast", 12.0), entry("slow & sure", 4_000.0)],
            notes: vec![],
        }];
        let svg = bars(&Results { name: "x".to_owned(), records }).expect("a picture");
        assert!(svg.contains("a &lt; b, each") && svg.contains("slow &amp; sure"));
        assert!(svg.contains("12 ns") && svg.contains("4 µs"));
        assert!(bars(&Results { name: "x".to_owned(), records: vec![] }).is_none());
    }
}
