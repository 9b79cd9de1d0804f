//! The dates of HTTP, `Sun, 06 Nov 1994 08:49:37 GMT`, as seconds since 1970.
//!
//! The local clock is never used: a date is compared with the response's own `Date`, so that a wrong
//! local clock does no harm.

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// Parses a date; in cookies there may be a `-` between day, month and year.
pub(crate) fn parse(text: &str) -> Option<i64> {
    let (_, text) = text.split_once(',')?;
    let mut words = text.split([' ', '-', ':']).filter(|word| !word.is_empty());
    let day: i64 = words.next()?.parse().ok()?;
    let name = words.next()?;
    let month = MONTHS.iter().position(|month| *month == name)?;
    let month = i64::try_from(month).ok()? + 1;
    let year: i64 = words.next()?.parse().ok()?;
    let hour: i64 = words.next()?.parse().ok()?;
    let minute: i64 = words.next()?.parse().ok()?;
    let second: i64 = words.next()?.parse().ok()?;
    let is_in_range = (1..=31).contains(&day)
        && (1600..=9999).contains(&year)
        && (0..24).contains(&hour)
        && (0..60).contains(&minute)
        && (0..=60).contains(&second);
    is_in_range.then(|| seconds(year, month, day) + (hour * 60 + minute) * 60 + second)
}

/// The beginning of a day, in seconds since 1970.
pub(crate) fn seconds(year: i64, month: i64, day: i64) -> i64 {
    days(year, month, day) * 24 * 3600
}

/// The day of a time in seconds since 1970, in UTC: `2026-11-28`.
pub(crate) fn day(seconds: i64) -> String {
    let days = seconds.div_euclid(24 * 3600);
    // The first year that can be meant.
    let mut year = 1970 + days.div_euclid(if days < 0 { 365 } else { 366 });
    while self::days(year + 1, 1, 1) <= days {
        year += 1;
    }
    let month = (1..=12)
        .rev()
        .find(|month| self::days(year, *month, 1) <= days);
    let month = month.unwrap_or(1);
    let day = days - self::days(year, month, 1) + 1;
    format!("{year}-{month:02}-{day:02}")
}

/// Days since 1970-01-01. Years start in March, so that the leap day is the last of its year.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let of_year = (153 * month + 2) / 5 + day - 1;
    year * 365 + year / 4 - year / 100 + year / 400 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_headers_and_cookies_are_parsed() {
        assert_eq!(parse("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777));
        assert_eq!(parse("Thu, 01-Jan-1970 00:00:10 GMT"), Some(10));
        assert_eq!(parse("Thu, 29 Feb 2024 00:00:00 GMT"), Some(1_709_164_800));
        assert_eq!(parse("Fri, 01 Mar 2024 00:00:00 GMT"), Some(1_709_251_200));
    }

    #[test]
    fn a_day_is_written_as_it_is_read() {
        for (year, month, day_of_month, expected) in [
            (1949, 6, 30, "1949-06-30"),
            (1969, 12, 31, "1969-12-31"),
            (1970, 1, 1, "1970-01-01"),
            (2000, 2, 29, "2000-02-29"),
            (2026, 12, 31, "2026-12-31"),
            (2051, 3, 1, "2051-03-01"),
        ] {
            let start = seconds(year, month, day_of_month);
            assert_eq!(day(start), expected);
            assert_eq!(day(start + 24 * 3600 - 1), expected);
        }
    }

    #[test]
    fn anything_else_is_not_a_date() {
        for text in [
            "",
            "120",
            "Sun, 06 Foo 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994",
            "a, 99 Jan 2000 0:0:0",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
