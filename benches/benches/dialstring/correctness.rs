//! What ours and the peers say of the golden suites of `switchboard-dialstring`.
//!
//! The suites say what a text is by the rules of that crate; the peers answer other questions, so only what can be compared
//! is counted. A string that the suites accept is comparable for the ports of libphonenumber when it is an international
//! number, or becomes one in Germany (they are asked with that region), and when what stands behind it is nothing or digits.
//! Service codes, short numbers and extensions with tones or pauses are not. A string that the suites refuse is comparable
//! for all: what matters is whether something is dialled for it. `sipx-sip` is asked about `tel:` URIs alone.
//!
//! The ports of libphonenumber look for a number in running text by design: that they accept more is their purpose, and a
//! reason not to dial what they return.

use std::panic::catch_unwind;

use bytes::Bytes;
use phonenumber::country::Id;
use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat, Region};
use serde::Deserialize;
use switchboard_benches::Bench;
use switchboard_dialstring::{Country, DialString, Number};

/// What somebody says of a string.
#[derive(Clone, Debug, PartialEq)]
enum Said {
    Refused,
    /// A number, international where that is known, and the extension.
    Number(String, Option<String>),
    Panicked,
}

impl Said {
    fn shown(&self) -> String {
        match self {
            Self::Refused => "refused".to_owned(),
            Self::Number(number, None) => number.clone(),
            Self::Number(number, Some(extension)) => format!("{number} ext. {extension}"),
            Self::Panicked => "panicked".to_owned(),
        }
    }
}

#[derive(Deserialize)]
struct Suite {
    case: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    input: String,
    /// Of dial strings.
    prints: Option<String>,
    /// Of `tel:` URIs.
    dials: Option<String>,
    kind: Option<String>,
}

/// A string, what the suite says it is, and whether the ports of libphonenumber can be asked.
struct Golden {
    input: String,
    said: Said,
    comparable: bool,
}

fn golden() -> Vec<Golden> {
    let suites = [
        include_str!("../../../crates/dialstring/testdata/dial_strings.toml"),
        include_str!("../../../crates/dialstring/testdata/refused.toml"),
        include_str!("../../../crates/dialstring/testdata/tel_uris.toml"),
    ];
    let cases = suites.iter().flat_map(|text| toml::from_str::<Suite>(text).unwrap().case);
    cases
        .map(|Case { input, prints, dials, kind }| {
            let dialled = if input.to_lowercase().starts_with("tel:") { dials } else { prints };
            match (kind, dialled) {
                (Some(_), _) => Golden { input, said: Said::Refused, comparable: true },
                // A URI that names something nobody can dial.
                (None, None) => Golden { input, said: Said::Refused, comparable: false },
                (None, Some(dialled)) => {
                    let (said, comparable) = canonical(&dialled);
                    Golden { input, said, comparable }
                }
            }
        })
        .collect()
}

/// A dial string as the others would have to say it, and whether they can.
fn canonical(dialled: &str) -> (Said, bool) {
    let code = dialled.starts_with(['*', '#']);
    let end = dialled.find([';', '#']).filter(|_| !code).unwrap_or(dialled.len());
    let (number, rest) = dialled.split_at(end);
    let extension = rest.strip_prefix(";ext=").or(rest.get(1..)).unwrap_or_default();
    let decimal = extension.bytes().all(|octet| octet.is_ascii_digit());
    let extension = (!extension.is_empty()).then(|| extension.to_owned());
    match number.parse::<Number>().ok().and_then(|number| germany().international(&number)) {
        Some(abroad) => (Said::Number(abroad.to_string(), extension), decimal),
        None => (Said::Number(number.to_owned(), extension), false),
    }
}

fn germany() -> Country {
    "DE".parse().unwrap()
}

fn ours(text: &str) -> Said {
    let Ok(dialled) = DialString::parse(text) else { return Said::Refused };
    let Some(number) = dialled.number() else { return Said::Number(dialled.to_string(), None) };
    let number = germany().international(number).unwrap_or(*number);
    Said::Number(number.to_string(), dialled.plan().map(ToString::to_string))
}

fn rlibphonenumber(text: &str) -> Said {
    let read = catch_unwind(|| PHONE_NUMBER_UTIL.parse(text, Some(Region::DE)));
    let number = match read {
        Err(_) => return Said::Panicked,
        Ok(Err(_)) => return Said::Refused,
        Ok(Ok(number)) => number,
    };
    let e164 = PHONE_NUMBER_UTIL.format(&number, PhoneNumberFormat::E164).to_string();
    Said::Number(e164, number.extension.filter(|extension| !extension.is_empty()))
}

fn phonenumber(text: &str) -> Said {
    let number = match catch_unwind(|| phonenumber::parse(Some(Id::DE), text)) {
        Err(_) => return Said::Panicked,
        Ok(Err(_)) => return Said::Refused,
        Ok(Ok(number)) => number,
    };
    let e164 = number.format().mode(phonenumber::Mode::E164).to_string();
    Said::Number(e164, number.extension().map(ToString::to_string))
}

/// `None` for what is no `tel:` URI.
fn sipx(text: &str) -> Option<Said> {
    if !text.to_lowercase().starts_with("tel:") {
        return None;
    }
    let Ok(uri) = sipx_sip::uri::Uri::parse(Bytes::copy_from_slice(text.as_bytes())) else {
        return Some(Said::Refused);
    };
    let parts = uri.tel_parts()?;
    let plain = |octets: &[u8]| -> String {
        let text = String::from_utf8_lossy(octets);
        text.chars().filter(|c| !"-.()".contains(*c)).collect()
    };
    let mut extension = None;
    for parameter in parts.parsed_parameters() {
        let Ok(parameter) = parameter else { return Some(Said::Refused) };
        if parameter.name_eq(b"ext") {
            extension = parameter.value().map(plain);
        }
    }
    let (number, _) = canonical(&plain(parts.subscriber()));
    let Said::Number(number, _) = number else { return Some(number) };
    Some(Said::Number(number, extension))
}

/// How often somebody said what the suites say.
#[derive(Default)]
struct Count {
    agrees: u32,
    other: u32,
    refuses: u32,
    accepts: u32,
}

impl Count {
    fn add(&mut self, golden: &Said, said: &Said) {
        let slot = match (golden, said) {
            _ if golden == said => &mut self.agrees,
            (Said::Refused, _) => &mut self.accepts,
            (_, Said::Refused) => &mut self.refuses,
            _ => &mut self.other,
        };
        *slot += 1;
    }

    fn all(&self) -> u32 {
        self.agrees + self.other + self.refuses + self.accepts
    }
}

struct Row {
    golden: Golden,
    said: [Option<Said>; 4],
}

const NAMES: [&str; 4] = ["switchboard", "rlibphonenumber", "phonenumber", "sipx-sip"];

fn rows() -> Vec<Row> {
    let quiet = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let rows = golden()
        .into_iter()
        .map(|golden| {
            let text = golden.input.as_str();
            let said = [
                Some(ours(text)),
                Some(rlibphonenumber(text)),
                Some(phonenumber(text)),
                sipx(text),
            ];
            Row { golden, said }
        })
        .collect();
    std::panic::set_hook(quiet);
    rows
}

fn counts(rows: &[Row]) -> [Count; 4] {
    let mut counts: [Count; 4] = Default::default();
    for Row { golden, said } in rows {
        for (at, (count, said)) in counts.iter_mut().zip(said).enumerate() {
            let libphonenumber = at == 1 || at == 2;
            if let (Some(said), true) = (said, golden.comparable || !libphonenumber) {
                count.add(&golden.said, said);
            }
        }
    }
    counts
}

/// Prints every string of the suites with what each says of it, then the counts.
pub(crate) fn print_strings() {
    let rows = rows();
    println!("| string | suite | {} |\n|---|---|---|---|---|---|", NAMES.join(" | "));
    for Row { golden, said } in &rows {
        let mut line = format!("| `{}` | {}", shown(&golden.input), golden.said.shown());
        for (at, said) in said.iter().enumerate() {
            let asked = golden.comparable || at == 0 || at == 3;
            let text = match said {
                None => "-".to_owned(),
                Some(said) if *said == golden.said => "same".to_owned(),
                Some(said) if asked => said.shown(),
                Some(said) => format!("({})", said.shown()),
            };
            line += " | ";
            line += &text;
        }
        println!("{line} |");
    }
    println!("\nIn parentheses: not comparable, not counted. `-`: not asked.\n");
    println!(
        "| | comparable | as the suite | another number | refuses a dial string | accepts what is none |"
    );
    println!("|---|---|---|---|---|---|");
    for (name, count) in NAMES.iter().zip(counts(&rows)) {
        let Count { agrees, other, refuses, accepts } = count;
        println!("| {name} | {} | {agrees} | {other} | {refuses} | {accepts} |", count.all());
    }
}

/// A string with its invisible symbols as escapes, fit for a table.
fn shown(text: &str) -> String {
    let escape = |c: char| match c {
        '|' => "\\|".to_owned(),
        c if c.is_alphanumeric() || c.is_ascii_graphic() || c == ' ' => c.to_string(),
        c => c.escape_unicode().to_string(),
    };
    text.chars().map(escape).collect()
}

/// The counts, for the report. Ours says what its suites say, or this stops.
pub(crate) fn figures(bench: &Bench) {
    let counts = counts(&rows());
    assert_eq!(counts[0].agrees, counts[0].all(), "ours and the suites");
    for (name, count) in NAMES.iter().zip(counts) {
        let share = f64::from(count.agrees) * 100.0 / f64::from(count.all().max(1));
        let title = format!("golden suites, {name} says the same of {} strings", count.all());
        bench.figure(&title, share, "%");
    }
}
