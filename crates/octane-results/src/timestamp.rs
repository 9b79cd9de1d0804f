//! Parses timestamps.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use thiserror::Error;

/// Why a text is not a valid timestamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TimestampError {
    /// The text is empty.
    #[error("is empty")]
    Empty,
    /// The text is neither ISO 8601 nor an integer.
    #[error(
        "is not a valid timestamp; use e.g. `2025-04-30T08:00:00Z` or milliseconds since the epoch"
    )]
    Malformed,
    /// The timestamp is outside the supported years.
    #[error("is out of range")]
    OutOfRange,
}

/// 1990-01-01T00:00:00Z. Current epoch seconds, misread as milliseconds, are only weeks after 1970-01-01.
const FIRST_PLAUSIBLE_MILLIS: i64 = 631_152_000_000;

/// Parses a timestamp.
///
/// An integer is the number of milliseconds since 1970-01-01 UTC, regardless of its number of digits.
/// Everything else must be ISO 8601, with `T` or a space between date and time. Without an offset it counts
/// as UTC: `JUnit` reports have none, and the reading machine may be in a different time zone than the
/// writing one.
///
/// ```
/// use octane_results::timestamp;
///
/// assert_eq!(timestamp("2025-04-30T10:00:00+02:00"), timestamp("2025-04-30 08:00:00"));
/// assert_eq!(timestamp("2025-04-30T08:00:00Z"), timestamp("1746000000000"));
/// ```
pub fn timestamp(text: &str) -> Result<Timestamp, TimestampError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(TimestampError::Empty);
    }
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return text
            .parse()
            .ok()
            .and_then(|millis| Timestamp::from_millisecond(millis).ok())
            .ok_or(TimestampError::OutOfRange);
    }
    if let Ok(timestamp) = text.parse::<Timestamp>() {
        return Ok(timestamp);
    }
    let civil: DateTime = text.parse().map_err(|_| TimestampError::Malformed)?;
    TimeZone::UTC
        .to_timestamp(civil)
        .map_err(|_| TimestampError::OutOfRange)
}

/// Whether a timestamp is before 1990, which suggests seconds instead of milliseconds.
pub(crate) fn is_implausible(timestamp: Timestamp) -> bool {
    timestamp.as_millisecond() < FIRST_PLAUSIBLE_MILLIS
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
            "1746000000000",
        ] {
            assert_eq!(millis(text), Ok(1_746_000_000_000), "{text}");
        }
        assert_eq!(millis("2020-09-01T07:11:23.815873"), Ok(1_598_944_283_815));
        assert_eq!(millis("2025-04-30"), Ok(1_745_971_200_000));
    }

    #[test]
    fn an_invalid_timestamp_has_a_reason() {
        assert_eq!(millis(" "), Err(TimestampError::Empty));
        assert_eq!(
            millis("99999999999999999999"),
            Err(TimestampError::OutOfRange)
        );
        for text in [
            "yesterday",
            "2025-13-01T00:00:00",
            "30.04.2025 08:00",
            "-",
            "1.5e9",
        ] {
            assert!(millis(text).is_err(), "{text}");
        }
    }

    #[test]
    fn epoch_seconds_look_implausible() {
        assert!(is_implausible(timestamp("1746000000").unwrap()));
        assert!(!is_implausible(timestamp("1746000000000").unwrap()));
    }

    proptest! {
        #[test]
        fn a_printed_timestamp_parses_to_itself(millis in -60_000_000_000_000_i64..200_000_000_000_000) {
            let at = Timestamp::from_millisecond(millis).unwrap();
            prop_assert_eq!(timestamp(&at.to_string()), Ok(at));
            prop_assert_eq!(timestamp(&millis.to_string()), Ok(at));
        }

        #[test]
        fn no_text_makes_it_panic(text in ".{0,24}") {
            let _ = timestamp(&text);
        }
    }
}
