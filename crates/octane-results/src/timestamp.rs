//! Parses timestamps.

mod written;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::temporal::Pieces;
use jiff::tz::{Offset, TimeZone};
use thiserror::Error;

use crate::text::trimmed;
use written::{Unreadable, Written, written};

/// Why a text is not a valid timestamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TimestampError {
    /// The text is empty.
    #[error("is empty")]
    Empty,
    /// The text is neither ISO 8601, nor a number, nor a date in words that are known.
    #[error(
        "is not a valid timestamp; use e.g. `2025-04-30T08:00:00Z` or seconds or milliseconds since the epoch"
    )]
    Malformed,
    /// The clocks of the time zone were put back or forward then: the time occurred twice, or never.
    #[error("is ambiguous: the clocks changed at that time; add the offset, e.g. `+02:00`")]
    AmbiguousInZone,
    /// The date has two numbers of which each may be the day.
    #[error("is ambiguous: each of its numbers may be the day; write it as e.g. `2025-04-30`")]
    AmbiguousDate,
    /// The timestamp is outside the supported years.
    #[error("is out of range")]
    OutOfRange,
}

/// 1990-01-01T00:00:00Z, before any automated test. What is earlier is a placeholder, such as 0.
const FIRST_PLAUSIBLE_MILLIS: i64 = 631_152_000_000;

/// 2090-01-01T00:00:00Z. What is later is a placeholder too, such as 2099-12-31.
const LAST_PLAUSIBLE_MILLIS: i64 = 3_786_912_000_000;

/// Parses a timestamp.
///
/// A number is the time since 1970-01-01 UTC: in seconds below 10^11, in milliseconds below 10^14, in microseconds
/// below 10^17, else in nanoseconds, so that each of them is right for all times from 1974 to 5138. What would be
/// nanoseconds in 1990 are ticks of .NET, of 100 ns each since the year 1.
/// Everything else must be ISO 8601, with `T` or a space between date and time, or a date such as
/// `Wed, 30 Apr 2025 10:00:00 +0200`, `Apr 30, 2025 8:00:00 AM` or `30.04.2025 08:00`, with words in English and six other
/// languages. Without an offset it counts as UTC: `JUnit` reports have none, and the reading machine may be in a different time zone than the
/// writing one. [`ReadOptions::time_zone`](crate::ReadOptions::time_zone) sets another zone.
///
/// ```
/// use octane_results::timestamp;
///
/// assert_eq!(timestamp("2025-04-30T10:00:00+02:00"), timestamp("2025-04-30 08:00:00"));
/// assert_eq!(timestamp("2025-04-30T08:00:00Z"), timestamp("1746000000000"));
/// assert_eq!(timestamp("2025-04-30T08:00:00Z"), timestamp("1746000000"));
/// ```
pub fn timestamp(text: &str) -> Result<Timestamp, TimestampError> {
    match parsed(text)? {
        Parsed::At(time) => Ok(time),
        Parsed::WithoutZone(civil) => moment_in(civil, &TimeZone::UTC),
    }
}

/// What a text says of a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parsed {
    /// The moment.
    At(Timestamp),
    /// What the clocks of some time zone showed.
    WithoutZone(DateTime),
}

/// Parses a timestamp with or without a time zone.
pub(crate) fn parsed(text: &str) -> Result<Parsed, TimestampError> {
    let text = trimmed(text);
    if text.is_empty() {
        return Err(TimestampError::Empty);
    }
    if let Some(time) = iso(text.as_bytes()) {
        return Ok(time);
    }
    if let Some(timestamp) = epoch(text) {
        return timestamp.map(Parsed::At);
    }
    if let Ok(timestamp) = text.parse::<Timestamp>() {
        return Ok(Parsed::At(timestamp));
    }
    if text.ends_with(']') {
        return in_named_zone(text);
    }
    if let Ok(civil) = text.parse::<DateTime>() {
        return Ok(Parsed::WithoutZone(civil));
    }
    match written(text) {
        Ok(Written {
            civil,
            offset: None,
        }) => Ok(Parsed::WithoutZone(civil)),
        Ok(Written {
            civil,
            offset: Some(offset),
        }) => {
            let timestamp = offset.to_timestamp(civil).map(Parsed::At);
            timestamp.map_err(|_| TimestampError::OutOfRange)
        }
        Err(Unreadable::Malformed) => Err(TimestampError::Malformed),
        Err(Unreadable::Order) => Err(TimestampError::AmbiguousDate),
    }
}

/// A time without an offset and with the name of its zone, `2025-04-30T10:00:00[Europe/Berlin]`.
fn in_named_zone(text: &str) -> Result<Parsed, TimestampError> {
    let pieces = Pieces::parse(text).map_err(|_| TimestampError::Malformed)?;
    let civil = (pieces.date()).to_datetime(pieces.time().unwrap_or_default());
    match pieces.to_time_zone() {
        Ok(Some(zone)) => moment_in(civil, &zone).map(Parsed::At),
        Ok(None) => Ok(Parsed::WithoutZone(civil)),
        Err(_) => Err(TimestampError::Malformed),
    }
}

/// What most times look like, `2025-04-30T08:00:00.125+02:00` with or without the fraction and the offset, is read here, in a fraction
/// of the time; `None` for all others.
fn iso(text: &[u8]) -> Option<Parsed> {
    const FRACTION_DIGITS_MAX: usize = 9;
    const HOURS_MAX: i32 = 14;

    let (date_time, rest) = text.split_first_chunk()?;
    let [
        y1,
        y2,
        y3,
        y4,
        b'-',
        m1,
        m2,
        b'-',
        d1,
        d2,
        b'T' | b' ',
        rest_of_time @ ..,
    ]: [u8; 19] = *date_time
    else {
        return None;
    };
    let [h1, h2, b':', n1, n2, b':', s1, s2] = rest_of_time else {
        return None;
    };
    let (mut zone, mut nanosecond) = (rest, 0);
    if let Some(fraction) = rest.strip_prefix(b".") {
        let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit());
        let digits = digits.count();
        if digits == 0 || digits > FRACTION_DIGITS_MAX {
            return None;
        }
        let padded = fraction[..digits].iter().chain(std::iter::repeat(&b'0'));
        for digit in padded.take(FRACTION_DIGITS_MAX) {
            nanosecond = nanosecond * 10 + i32::from(digit - b'0');
        }
        zone = &fraction[digits..];
    }
    let year = i16::from(two(y1, y2)?) * 100 + i16::from(two(y3, y4)?);
    let (month, day) = (two(m1, m2)?, two(d1, d2)?);
    let (hour, minute, second) = (two(h1, h2)?, two(n1, n2)?, two(s1, s2)?);
    let civil = DateTime::new(year, month, day, hour, minute, second, nanosecond).ok()?;
    let offset = match *zone {
        [] => return Some(Parsed::WithoutZone(civil)),
        [b'Z'] => Offset::UTC,
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (hours, minutes) = (i32::from(two(h1, h2)?), i32::from(two(m1, m2)?));
            if hours > HOURS_MAX || minutes > 59 {
                return None;
            }
            let seconds = (hours * 60 + minutes) * 60;
            Offset::from_seconds(if sign == b'-' { -seconds } else { seconds }).ok()?
        }
        _ => return None,
    };
    offset.to_timestamp(civil).ok().map(Parsed::At)
}

/// The number that two digits make.
const fn two(one: u8, other: u8) -> Option<i8> {
    if one.is_ascii_digit() && other.is_ascii_digit() {
        Some(((one - b'0') * 10 + (other - b'0')).cast_signed())
    } else {
        None
    }
}

/// The moment at which the clocks of `zone` show this date and time.
pub(crate) fn moment_in(civil: DateTime, zone: &TimeZone) -> Result<Timestamp, TimestampError> {
    let ambiguous = zone.to_ambiguous_timestamp(civil);
    if ambiguous.is_ambiguous() {
        return Err(TimestampError::AmbiguousInZone);
    }
    let timestamp = ambiguous.compatible();
    timestamp.map_err(|_| TimestampError::OutOfRange)
}

/// A number, perhaps with a fraction, as the time since the epoch; nothing if the text is not a number.
fn epoch(text: &str) -> Option<Result<Timestamp, TimestampError>> {
    const SECONDS_BELOW: u128 = 10_u128.pow(11);
    const MILLIS_BELOW: u128 = 10_u128.pow(14);
    const MICROS_BELOW: u128 = 10_u128.pow(17);
    const FRACTION_DIGITS: usize = 9;
    // From 1990 to 2090.
    const TICKS: std::ops::Range<u128> = 627_667_488_000_000_000..659_225_088_000_000_000;
    const TICKS_BEFORE_EPOCH: u128 = 621_355_968_000_000_000;

    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let nanos = || {
        let whole: u128 = whole.parse().ok()?;
        let whole = if TICKS.contains(&whole) {
            (whole - TICKS_BEFORE_EPOCH) * 100
        } else {
            whole
        };
        let unit: u128 = if whole < SECONDS_BELOW {
            1_000_000_000
        } else if whole < MILLIS_BELOW {
            1_000_000
        } else if whole < MICROS_BELOW {
            1_000
        } else {
            1
        };
        let fraction = format!("{fraction:0<FRACTION_DIGITS$.FRACTION_DIGITS$}");
        let part: u128 = fraction.parse().ok()?;
        let nanos = whole.checked_mul(unit)? + part * unit / 1_000_000_000;
        let nanos = i128::try_from(nanos).ok()?;
        let signed = if unsigned == text { nanos } else { -nanos };
        Timestamp::from_nanosecond(signed).ok()
    };
    Some(nanos().ok_or(TimestampError::OutOfRange))
}

/// Whether a timestamp is before 1990 or after 2090.
pub(crate) fn is_implausible(timestamp: Timestamp) -> bool {
    !(FIRST_PLAUSIBLE_MILLIS..LAST_PLAUSIBLE_MILLIS).contains(&timestamp.as_millisecond())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn millis(text: &str) -> Result<i64, TimestampError> {
        timestamp(text).map(Timestamp::as_millisecond)
    }

    #[test]
    fn iso_8601_is_parsed_with_and_without_an_offset() {
        for text in [
            "2025-04-30T08:00:00Z",
            "2025-04-30T08:00:00",
            "2025-04-30 08:00:00",
            " 2025-04-30 08:00:00.000 ",
            "2025-04-30T08:00:00.000000",
            "2025-04-30T10:00:00+02:00",
            "2025-04-30T10:00:00+0200",
            "2025-04-30 03:00:00-05:00",
            "Wed, 30 Apr 2025 10:00:00 +0200",
            "30.04.2025 08:00",
            "Apr 30, 2025 8:00:00 AM",
            "2025-04-30T10:00:00[Europe/Berlin]",
            "2025-04-30T10:00:00+02:00[Europe/Berlin]",
            "2025-04-30T08:00:00[u-ca=iso8601]",
            "1746000000000",
            "638815968000000000",
        ] {
            assert_eq!(millis(text), Ok(1_746_000_000_000), "{text}");
        }
        for text in [
            "2025-04-30T10:00:00[Europe/Nowhere]",
            "30 Apr 2025 10:00 SAMT",
            "30 Apr 2025 10:00 MART",
            "2025-04-30]",
        ] {
            assert_eq!(millis(text), Err(TimestampError::Malformed), "{text}");
        }
        assert_eq!(millis("10:00 Sat 12 Apr 2025"), Ok(1_744_452_000_000));
        assert_eq!(
            millis("04/05/2025 08:00"),
            Err(TimestampError::AmbiguousDate)
        );
        assert_eq!(millis("2020-09-01T07:11:23.815873"), Ok(1_598_944_283_815));
        assert_eq!(millis("2025-04-30"), Ok(1_745_971_200_000));
    }

    #[test]
    fn an_invalid_timestamp_has_a_reason() {
        assert_eq!(millis(" "), Err(TimestampError::Empty));
        assert_eq!(
            millis("999999999999999999999999999"),
            Err(TimestampError::OutOfRange)
        );
        for text in [
            "yesterday",
            "2025-13-01T00:00:00",
            "30.04. 08:00",
            "-",
            "1.5e9",
        ] {
            assert!(millis(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_usual_form_is_read_without_the_library() {
        for text in [
            "2025-04-30T08:00:00Z",
            "2025-04-30 08:00:00",
            "2025-04-30T08:00:00.125",
            "2024-02-29T23:59:59.123456789-05:30",
        ] {
            assert!(iso(text.as_bytes()).is_some(), "{text}");
        }
        for text in [
            "2025-02-29T08:00:00Z",
            "2025-04-30T24:00:00Z",
            "2025-04-30T08:00:60Z",
            "2025-04-30T08:00:00.Z",
            "2025-04-30T08:00:00.1234567890Z",
            "2025-04-30T08:00:00z",
            "2025-04-30T08:00Z",
            "2025-04-30T08:00:00+15:00",
        ] {
            assert_eq!(iso(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn the_magnitude_of_a_number_shows_its_unit() {
        for (text, expected) in [
            ("1690019643", 1_690_019_643_000),
            ("1690019643.512", 1_690_019_643_512),
            ("1690019643.5129999999999", 1_690_019_643_512),
            ("1690019643512", 1_690_019_643_512),
            ("1690019643512.75", 1_690_019_643_512),
            ("1690019643512345", 1_690_019_643_512),
            ("1690019643512345678", 1_690_019_643_512),
            ("99999999999", 99_999_999_999_000),
            ("100000000000", 100_000_000_000),
            ("-1", -1000),
            ("0", 0),
        ] {
            assert_eq!(millis(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn placeholders_look_implausible() {
        for text in [
            "0",
            "1970-01-01T00:00:00Z",
            "0001-01-01T00:00:00",
            "45128.4",
            "2099-12-31T00:00:00Z",
            "9999-01-01T00:00:00Z",
        ] {
            assert!(is_implausible(timestamp(text).unwrap()), "{text}");
        }
        assert!(!is_implausible(timestamp("1746000000").unwrap()));
    }

    #[test]
    fn a_time_zone_is_used_where_there_is_no_offset() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let millis = |text| {
            let time = match parsed(text)? {
                Parsed::At(time) => time,
                Parsed::WithoutZone(civil) => moment_in(civil, &berlin)?,
            };
            Ok(time.as_millisecond())
        };
        for text in [
            "2025-04-30T10:00:00",
            "2025-04-30T08:00:00Z",
            "2025-04-30T03:00:00-05:00",
            "1746000000",
        ] {
            assert_eq!(millis(text), Ok(1_746_000_000_000), "{text}");
        }
        for text in ["2025-03-30T02:30:00", "2025-10-26T02:30:00"] {
            assert_eq!(millis(text), Err(TimestampError::AmbiguousInZone), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_printed_timestamp_parses_to_itself(millis in -60_000_000_000_000_i64..200_000_000_000_000) {
            let at = Timestamp::from_millisecond(millis).unwrap();
            prop_assert_eq!(timestamp(&at.to_string()), Ok(at));
            if (100_000_000_000..100_000_000_000_000).contains(&millis) {
                prop_assert_eq!(timestamp(&millis.to_string()), Ok(at));
            }
        }

        #[test]
        fn the_usual_form_is_read_as_by_the_library(
            date in "(19|20)[0-9]{2}-[01][0-9]-[0-3][0-9]",
            time in "[T ][0-2][0-9]:[0-6][0-9]:[0-6][0-9]",
            fraction in "(\\.[0-9]{0,10})?",
            zone in "(Z|[+-][01][0-9]:[0-6][0-9])?",
        ) {
            let text = format!("{date}{time}{fraction}{zone}");
            if let Some(found) = iso(text.as_bytes()) {
                let expected = match text.parse().map(Parsed::At) {
                    Ok(expected) => Ok(expected),
                    Err(_) => text.parse().map(Parsed::WithoutZone),
                };
                prop_assert_eq!(Ok(found), expected.map_err(|error| error.to_string()));
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in ".{0,24}") {
            let _ = timestamp(&text);
        }
    }
}
