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
    /// Days on which the line is closed all day: one day (`2026-12-24`) or every year's (`12-25`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holidays: Vec<Holiday>,
    /// What a caller hears outside the hours.
    #[serde(default = "crate::prompts::closed")]
    pub closed_prompt: Prompt,
    /// What happens then.
    #[serde(default)]
    pub closed: Overflow,
}

/// A span on some days of the week, from one minute to another; `22:00` to `06:00` goes on into the
/// next day, which needs not be among the days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenSpec {
    /// The days.
    pub days: Vec<Weekday>,
    /// The first open minute.
    pub from: TimeOfDay,
    /// The first closed minute; `24:00` is the end of the day. Before `from` it is the next day's.
    pub to: TimeOfDay,
}

impl OpenSpec {
    /// Whether the span holds `time` on a `day` that comes after `before`.
    fn holds(&self, day: Weekday, before: Weekday, time: TimeOfDay) -> bool {
        let (today, yesterday) = (self.days.contains(&day), self.days.contains(&before));
        if self.from <= self.to {
            return today && self.from <= time && time < self.to;
        }
        today && self.from <= time || yesterday && time < self.to
    }
}

impl HoursSpec {
    /// Whether the line is open at `at`.
    ///
    /// Local wall time is all that counts: where clocks go forward, the minutes that are skipped
    /// are never asked about; where they go back, the hour that comes twice is open twice. A
    /// holiday closes its day from midnight to midnight, also to a span of the evening before.
    pub fn is_open(&self, at: LocalTime) -> bool {
        let (day, before) = (at.date.weekday(), at.date.weekday().before());
        !self.holidays.iter().any(|holiday| holiday.is(at.date))
            && self.open.iter().any(|span| span.holds(day, before, at.time))
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

impl Weekday {
    /// The day before.
    fn before(self) -> Self {
        match self {
            Self::Mon => Self::Sun,
            Self::Tue => Self::Mon,
            Self::Wed => Self::Tue,
            Self::Thu => Self::Wed,
            Self::Fri => Self::Thu,
            Self::Sat => Self::Fri,
            Self::Sun => Self::Sat,
        }
    }
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

/// A day on which a line is closed: once, or every year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Holiday {
    /// One day.
    Once(Date),
    /// A day of every year; 29 February is one of leap years alone.
    Yearly {
        /// 1 to 12.
        month: u8,
        /// 1 to 31, a day that the month has.
        day: u8,
    },
}

impl Holiday {
    /// Whether `date` is this holiday.
    pub fn is(self, date: Date) -> bool {
        match self {
            Self::Once(once) => once == date,
            Self::Yearly { month, day } => (month, day) == (date.month, date.day),
        }
    }
}

impl fmt::Display for Holiday {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Once(date) => write!(f, "{date}"),
            Self::Yearly { month, day } => write!(f, "{month:02}-{day:02}"),
        }
    }
}

impl FromStr for Holiday {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        if text.len() > 5 {
            return text.parse().map(Self::Once);
        }
        let parse = || {
            let (month, day) = text.split_once('-')?;
            // A leap year has every day that a year can have.
            let date = Date::new(2000, two_digits(month)?, two_digits(day)?)?;
            Some(Self::Yearly { month: date.month, day: date.day })
        };
        parse().ok_or_else(|| TimeError {
            text: text.into(),
            expected: "a day like 2026-12-24, or 12-24 for every year",
        })
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
as_text!(Holiday);

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

    fn hours(text: &str) -> HoursSpec {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn several_spans_a_day_have_a_break_between_them() {
        let hours = hours(
            r#"open = [
                { days = ["mon", "tue"], from = "08:00", to = "12:00" },
                { days = ["tue", "wed"], from = "13:00", to = "17:30" },
            ]"#,
        );
        for (date, time, open) in [
            ("2026-11-23", "11:59", true),
            ("2026-11-23", "13:00", false),
            ("2026-11-24", "11:59", true),
            ("2026-11-24", "12:00", false),
            ("2026-11-24", "12:59", false),
            ("2026-11-24", "13:00", true),
            ("2026-11-24", "17:30", false),
            ("2026-11-25", "09:00", false),
            ("2026-11-25", "14:00", true),
        ] {
            assert_eq!(hours.is_open(at(date, time)), open, "{date} {time}");
        }
    }

    #[test]
    fn a_span_over_midnight_goes_on_into_the_next_day() {
        let hours = hours(r#"open = [{ days = ["fri", "sun"], from = "22:00", to = "06:00" }]"#);
        for (date, time, open) in [
            ("2026-11-27", "05:59", false), // Friday: Thursday is not among the days
            ("2026-11-27", "21:59", false),
            ("2026-11-27", "22:00", true),
            ("2026-11-27", "23:59", true),
            ("2026-11-28", "00:00", true), // Saturday, still Friday's
            ("2026-11-28", "05:59", true),
            ("2026-11-28", "06:00", false),
            ("2026-11-28", "22:00", false),
            ("2026-11-30", "03:00", true), // Monday, still Sunday's
        ] {
            assert_eq!(hours.is_open(at(date, time)), open, "{date} {time}");
        }
        let text = toml::to_string(&hours).unwrap();
        assert_eq!(toml::from_str::<HoursSpec>(&text).unwrap(), hours);
    }

    #[test]
    fn all_day_and_never() {
        let week = r#"days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]"#;
        let always = hours(&format!("open = [{{ {week}, from = '00:00', to = '24:00' }}]"));
        let never = hours("open = []");
        let empty = hours(&format!("open = [{{ {week}, from = '09:00', to = '09:00' }}]"));
        for minute in 0..1440_u16 {
            let time = TimeOfDay::new((minute / 60) as u8, (minute % 60) as u8).unwrap();
            let at = LocalTime { date: "2026-11-24".parse().unwrap(), time };
            assert!(always.is_open(at) && !never.is_open(at) && !empty.is_open(at), "{time}");
        }
    }

    #[test]
    fn holidays_of_one_year_and_of_every_year() {
        let hours = hours(
            r#"
            holidays = ["2026-04-03", "12-25", "02-29"]
            open = [{ days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], from = "20:00", to = "04:00" }]
            "#,
        );
        for (date, time, open) in [
            ("2026-04-03", "21:00", false),
            ("2027-04-03", "21:00", true),
            ("2025-12-25", "21:00", false),
            ("2099-12-25", "21:00", false),
            ("2026-12-25", "03:00", false), // of the evening before, but its day is closed
            ("2026-12-26", "03:00", true),  // the morning after belongs to an ordinary day
            ("2028-02-29", "21:00", false),
            ("2027-02-28", "21:00", true),
            ("2027-03-01", "21:00", true),
        ] {
            assert_eq!(hours.is_open(at(date, time)), open, "{date} {time}");
        }
        for bad in ["12-32", "13-01", "02-30", "1-1", "12/25", "", "2026-02-29", "12-5"] {
            assert!(bad.parse::<Holiday>().is_err(), "{bad}");
        }
        for good in ["02-29", "12-25", "2026-12-24"] {
            assert_eq!(good.parse::<Holiday>().unwrap().to_string(), good);
        }
    }

    /// Clocks that go forward or back: what is asked is the wall, and the wall answers. Central
    /// Europe, 2026: 29 March 02:00 becomes 03:00, 25 October 03:00 becomes 02:00.
    #[test]
    fn clocks_that_change_ask_about_the_wall() {
        let hours = hours(r#"open = [{ days = ["sun"], from = "02:30", to = "03:30" }]"#);
        let spring: Vec<&str> = ["01:59", "03:00", "03:29", "03:30"].to_vec();
        let open: Vec<bool> =
            spring.iter().map(|time| hours.is_open(at("2026-03-29", time))).collect();
        assert_eq!(
            open,
            [false, true, true, false],
            "the half hour that there is not is not missed"
        );
        let autumn = ["02:29", "02:30", "02:59", "02:00", "02:30", "03:29", "03:30"];
        let open: Vec<bool> =
            autumn.iter().map(|time| hours.is_open(at("2026-10-25", time))).collect();
        assert_eq!(open, [false, true, true, false, true, true, false], "twice 02:30, twice open");
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
