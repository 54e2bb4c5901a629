//! Local time, for working hours.

use std::time::Instant;

use switchboard_routing::{Date, LocalTime, TimeOfDay};

use crate::clock::WallClock;

/// Local time at `now`; `None` before 1970 and after 9999.
pub(crate) fn local_time(clock: &WallClock, now: Instant) -> Option<LocalTime> {
    let seconds = i64::try_from(clock.unix(now).as_secs()).ok()? + i64::from(clock.utc_offset);
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = civil(days);
    let time = TimeOfDay::new(
        u8::try_from(second / 3_600).ok()?,
        u8::try_from(second % 3_600 / 60).ok()?,
    )?;
    let date = Date::new(u16::try_from(year).ok()?, month, day)?;
    Some(LocalTime { date, time })
}

/// Year, month and day of a day counted from 1970-01-01 in the Gregorian calendar. Years are
/// counted from March, so that the day that some have more is their last.
fn civil(days: i64) -> (i64, u8, u8) {
    const ERA: i64 = 146_097;
    let shifted = days + 719_468;
    let (era, of_era) = (shifted.div_euclid(ERA), shifted.rem_euclid(ERA));
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, u8::try_from(month).unwrap_or(1), u8::try_from(day).unwrap_or(1))
}

#[cfg(test)]
mod tests {
    use super::civil;

    #[test]
    fn days_are_dates() {
        for (days, date) in [
            (0, (1970, 1, 1)),
            (58, (1970, 2, 28)),
            (59, (1970, 3, 1)),
            (789, (1972, 2, 29)),
            (11_016, (2000, 2, 29)),
            (20_454, (2026, 1, 1)),
            (47_540, (2100, 2, 28)),
            (47_541, (2100, 3, 1)),
        ] {
            assert_eq!(civil(days), date, "{days}");
        }
    }
}
