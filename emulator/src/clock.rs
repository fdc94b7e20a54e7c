//! The emulator's clock: the machine's time plus an offset, so that a test can let sixty days pass.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Seconds since 1970, as Meta counts them.
pub type Unix = i64;

/// The time that tokens, codes and picture URLs are measured against.
#[derive(Debug, Default)]
pub struct Clock {
    ahead: AtomicI64,
}

impl Clock {
    /// Now, in seconds since 1970.
    pub fn now(&self) -> Unix {
        let machine = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as Unix);
        machine + self.ahead.load(Ordering::Relaxed)
    }

    /// Puts the clock forward.
    pub fn advance(&self, by: Duration) {
        self.ahead.fetch_add(by.as_secs() as Unix, Ordering::Relaxed);
    }
}

/// A moment split into the calendar's parts, in UTC.
struct Civil {
    year: i64,
    month: usize,
    day: i64,
    weekday: usize,
    hour: i64,
    minute: i64,
    second: i64,
}

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const WEEKDAYS: [&str; 7] = ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"];

fn is_leap(year: i64) -> bool {
    (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
}

fn civil(unix: Unix) -> Civil {
    let days = unix.div_euclid(86_400);
    let seconds = unix.rem_euclid(86_400);
    let mut year = 1970;
    let mut left = days;
    loop {
        let length = if is_leap(year) { 366 } else { 365 };
        if left < 0 {
            year -= 1;
            left += if is_leap(year) { 366 } else { 365 };
        } else if left >= length {
            left -= length;
            year += 1;
        } else {
            break;
        }
    }
    let february = if is_leap(year) { 29 } else { 28 };
    let lengths = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 0;
    while left >= lengths[month] {
        left -= lengths[month];
        month += 1;
    }
    Civil {
        year,
        month,
        day: left + 1,
        weekday: days.rem_euclid(7) as usize,
        hour: seconds / 3600,
        minute: seconds / 60 % 60,
        second: seconds % 60,
    }
}

/// A date as Graph writes it: ISO 8601, but without a colon in the zone (`2018-02-22T10:40:45+0000`).
/// <https://developers.facebook.com/docs/graph-api/guides/field-expansion>
pub fn graph_date(unix: Unix) -> String {
    let c = civil(unix);
    format!("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}+0000", c.year, c.month + 1, c.day, c.hour, c.minute, c.second)
}

/// A date as the error about an expired token writes it (`Saturday, 26-Mar-16 06:31:46 UTC`).
/// Meta writes it in the zone of California; the emulator stays in UTC.
pub fn error_date(unix: Unix) -> String {
    let c = civil(unix);
    format!(
        "{}, {:02}-{}-{:02} {:02}:{:02}:{:02} UTC",
        WEEKDAYS[c.weekday],
        c.day,
        MONTHS[c.month],
        c.year % 100,
        c.hour,
        c.minute,
        c.second
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_as_graph_writes_them() {
        assert_eq!(graph_date(1_519_296_045), "2018-02-22T10:40:45+0000");
        assert_eq!(graph_date(0), "1970-01-01T00:00:00+0000");
        assert_eq!(graph_date(951_782_400), "2000-02-29T00:00:00+0000");
        assert_eq!(graph_date(-1), "1969-12-31T23:59:59+0000");
    }

    #[test]
    fn an_error_names_the_weekday() {
        assert_eq!(error_date(1_458_999_106), "Saturday, 26-Mar-16 13:31:46 UTC");
    }

    #[test]
    fn the_clock_can_be_put_forward() {
        let clock = Clock::default();
        let before = clock.now();
        clock.advance(Duration::from_secs(3600));
        assert!(clock.now() >= before + 3600);
    }
}
