//! Durations as seconds in data: `20`, or with a fraction `2.5`.

use std::fmt;
use std::time::Duration;

use serde::de::{Error, Visitor};
use serde::{Deserializer, Serializer};

/// A day: nothing in a directory lasts longer.
const MAX_SECONDS: u64 = 86_400;

pub(crate) fn serialize<S: Serializer>(value: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    if value.subsec_nanos() == 0 {
        serializer.serialize_u64(value.as_secs())
    } else {
        serializer.serialize_f64(value.as_millis() as f64 / 1000.0)
    }
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Duration, D::Error> {
    deserializer.deserialize_any(Seconds)
}

struct Seconds;

impl Visitor<'_> for Seconds {
    type Value = Duration;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a number of seconds from 0 to {MAX_SECONDS}")
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Duration, E> {
        if value > MAX_SECONDS {
            return Err(E::invalid_value(serde::de::Unexpected::Unsigned(value), &self));
        }
        Ok(Duration::from_secs(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Duration, E> {
        match u64::try_from(value) {
            Ok(value) => self.visit_u64(value),
            Err(_) => Err(E::invalid_value(serde::de::Unexpected::Signed(value), &self)),
        }
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Duration, E> {
        if !(0.0..=MAX_SECONDS as f64).contains(&value) {
            return Err(E::invalid_value(serde::de::Unexpected::Float(value), &self));
        }
        // Milliseconds are as fine as a setting gets, and survive a round trip exactly.
        Ok(Duration::from_millis((value * 1000.0).round() as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::{Deserialize, Serialize};

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Row {
        #[serde(with = "super")]
        wait: Duration,
    }

    fn read(text: &str) -> Result<Row, toml::de::Error> {
        toml::from_str(text)
    }

    #[test]
    fn whole_and_broken_seconds_round_trip() {
        for (text, millis) in
            [("wait = 20", 20_000), ("wait = 2.5", 2_500), ("wait = 0", 0), ("wait = 0.1", 100)]
        {
            let row = read(text).unwrap();
            assert_eq!(row.wait, Duration::from_millis(millis));
            assert_eq!(toml::to_string(&row).unwrap().trim(), text);
        }
    }

    #[test]
    fn out_of_range_is_refused() {
        for text in
            ["wait = -1", "wait = 86401", "wait = nan", "wait = inf", "wait = -0.5", "wait = \"5\""]
        {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
