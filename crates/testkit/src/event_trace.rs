//! Recorded telephone-events, and the digits that must be heard in them.

use serde::Deserialize;

/// A scenario of the golden suite `crates/dtmf/testdata/telephone_events.jsonl`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventTrace {
    /// What it shows.
    pub name: String,
    /// Timestamp units a second.
    pub clock: u32,
    /// In order of arrival.
    pub packets: Vec<TracePacket>,
    /// The digits that a receiver must report, as `telephone_events.tsv` has them.
    #[serde(skip)]
    pub digits: String,
}

/// A packet of an [`EventTrace`].
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TracePacket {
    /// When it comes, in milliseconds.
    #[serde(rename = "t")]
    pub millis: u64,
    /// The sequence number.
    #[serde(rename = "seq")]
    pub sequence: u16,
    /// The RTP timestamp.
    #[serde(rename = "ts")]
    pub timestamp: u32,
    /// The marker bit.
    #[serde(rename = "m")]
    pub marker: bool,
    /// The event code.
    #[serde(rename = "ev")]
    pub event: u8,
    /// The E bit.
    #[serde(rename = "e")]
    pub end: bool,
    /// The duration in timestamp units.
    #[serde(rename = "dur")]
    pub duration: u16,
    /// The stream.
    #[serde(default)]
    pub ssrc: u32,
}

impl EventTrace {
    /// The whole suite.
    ///
    /// # Panics
    /// When the two files of the suite do not go together.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let traces = include_str!("../../dtmf/testdata/telephone_events.jsonl").lines();
        let expected = include_str!("../../dtmf/testdata/telephone_events.tsv").lines();
        assert_eq!(traces.clone().count(), expected.clone().count(), "a scenario, its digits");
        let both = traces.zip(expected).map(|(line, expected)| {
            let trace: Self = serde_json::from_str(line).expect("a scenario");
            let (name, digits) = expected.split_once('\t').expect("a name, a tab, the digits");
            assert_eq!(trace.name, name);
            Self { digits: digits.to_owned(), ..trace }
        });
        both.collect()
    }
}
