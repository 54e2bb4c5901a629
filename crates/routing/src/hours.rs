//! Working hours: data, and a question that is asked with the local time as an argument.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::id::Prompt;
use crate::spec::Overflow;

/// When a line is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoursSpec {
    /// The weekly opening times.
    pub open: Vec<OpenSpec>,
    /// Days on which the line is closed all day.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holidays: Vec<Date>,
    /// What a caller hears outside the hours.
    #[serde(default = "crate::prompts::closed")]
    pub closed_prompt: Prompt,
    /// What happens then.
    #[serde(default)]
    pub closed: Overflow,
}

/// A span of the day on some days of the week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenSpec {
    /// The days.
    pub days: Vec<Weekday>,
    /// The first open minute.
    pub from: TimeOfDay,
    /// The first closed minute; `24:00` is the end of the day. Never before `from`.
    pub to: TimeOfDay,
}

impl HoursSpec {
    /// Whether the line is open at `at`.
    pub fn is_open(&self, at: LocalTime) -> bool {
        !self.holidays.contains(&at.date)
            && self.open.iter().any(|span| {
                span.days.contains(&at.date.weekday()) && span.from <= at.time && at.time < span.to
            })
    }
}

/// Local wall time, as the caller of the library read it off its clock and time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LocalTime {
    /// The day.
    pub date: Date,
    /// The time of day.
    pub time: TimeOfDay,
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Weekday {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

/// Why a text is neither a date nor a time of day.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not {expected}")]
pub struct TimeError {
    text: String,
    expected: &'static str,
}

/// A minute of the day, `00:00` to `24:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeOfDay(u16);

impl TimeOfDay {
    /// `hour` 0 to 24, `minute` 0 to 59, together at most `24:00`.
    pub fn new(hour: u8, minute: u8) -> Option<Self> {
        let total = u16::from(hour) * 60 + u16::from(minute);
        (minute < 60 && total <= 1440).then_some(Self(total))
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl FromStr for TimeOfDay {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        let parse = || {
            let (hour, minute) = text.split_once(':')?;
            Self::new(two_digits(hour)?, two_digits(minute)?)
        };
        parse().ok_or_else(|| TimeError { text: text.into(), expected: "a time like 09:30" })
    }
}

/// A day of the Gregorian calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// `None` unless the calendar has the day (years 1583 to 9999).
    pub fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let leap =
            year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => return None,
        };
        ((1583..=9999).contains(&year) && (1..=days).contains(&day)).then_some(Self {
            year,
            month,
            day,
        })
    }

    /// The day of the week, by Sakamoto's congruence.
    pub fn weekday(self) -> Weekday {
        const SHIFT: [u32; 12] = [0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4];
        let month = u32::from(self.month);
        let year = u32::from(self.year) - u32::from(month < 3);
        let shift = SHIFT[(month - 1) as usize % 12];
        match (year + year / 4 - year / 100 + year / 400 + shift + u32::from(self.day)) % 7 {
            0 => Weekday::Sun,
            1 => Weekday::Mon,
            2 => Weekday::Tue,
            3 => Weekday::Wed,
            4 => Weekday::Thu,
            5 => Weekday::Fri,
            _ => Weekday::Sat,
        }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl FromStr for Date {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        let parse = || {
            let (year, rest) = text.split_once('-')?;
            let (month, day) = rest.split_once('-')?;
            if year.len() != 4 || !year.bytes().all(|octet| octet.is_ascii_digit()) {
                return None;
            }
            Self::new(year.parse().ok()?, two_digits(month)?, two_digits(day)?)
        };
        parse().ok_or_else(|| TimeError { text: text.into(), expected: "a day like 2026-12-24" })
    }
}

fn two_digits(text: &str) -> Option<u8> {
    let digits = text.len() == 2 && text.bytes().all(|octet| octet.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

macro_rules! as_text {
    ($name:ident) => {
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

as_text!(TimeOfDay);
as_text!(Date);

#[cfg(test)]
mod tests {
    use super::*;

    fn at(date: &str, time: &str) -> LocalTime {
        LocalTime { date: date.parse().unwrap(), time: time.parse().unwrap() }
    }

    #[test]
    fn weekdays_are_the_calendars() {
        for (date, day) in [
            ("2000-01-01", Weekday::Sat),
            ("2024-02-29", Weekday::Thu),
            ("2026-11-24", Weekday::Tue),
            ("1999-12-31", Weekday::Fri),
            ("2100-03-01", Weekday::Mon),
        ] {
            assert_eq!(date.parse::<Date>().unwrap().weekday(), day, "{date}");
        }
    }

    #[test]
    fn what_is_no_day_or_time_is_refused() {
        for bad in
            ["2023-02-29", "2100-02-29", "2026-13-01", "2026-00-10", "26-01-01", "2026-1-1", ""]
        {
            assert!(bad.parse::<Date>().is_err(), "{bad}");
        }
        for bad in ["24:01", "9:00", "09:60", "0900", "", "-1:00", "+9:00"] {
            assert!(bad.parse::<TimeOfDay>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_span_is_open_from_its_first_minute_to_before_its_last() {
        let hours: HoursSpec = toml::from_str(
            r#"
            holidays = ["2026-12-25"]
            [[open]]
            days = ["mon", "tue", "wed", "thu", "fri"]
            from = "09:00"
            to = "17:00"
            "#,
        )
        .unwrap();
        assert!(!hours.is_open(at("2026-11-24", "08:59")));
        assert!(hours.is_open(at("2026-11-24", "09:00")));
        assert!(hours.is_open(at("2026-11-24", "16:59")));
        assert!(!hours.is_open(at("2026-11-24", "17:00")));
        assert!(!hours.is_open(at("2026-11-22", "10:00")), "a Sunday");
        assert!(!hours.is_open(at("2026-12-25", "10:00")), "a holiday");
        let text = toml::to_string(&hours).unwrap();
        assert_eq!(toml::from_str::<HoursSpec>(&text).unwrap(), hours);
    }
}
