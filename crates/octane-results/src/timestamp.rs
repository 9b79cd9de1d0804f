//! Points in time from text.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use thiserror::Error;

/// Why a text is no point in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TimestampError {
    /// There is no text.
    #[error("is empty")]
    Empty,
    /// The text is neither ISO 8601 nor a whole number.
    #[error(
        "is no point in time; write it like `2025-04-30T08:00:00Z` or as milliseconds since 1970"
    )]
    Unreadable,
    /// Outside the years that can be held.
    #[error("is too far away")]
    OutOfRange,
}

/// 1990-01-01T00:00:00Z. Epoch seconds of our days, taken for milliseconds, lie weeks after 1970.
const FIRST_PLAUSIBLE_MILLIS: i64 = 631_152_000_000;

/// Reads a point in time.
///
/// A whole number is milliseconds since 1970-01-01 UTC, however many digits it has. Everything else is
/// ISO 8601, with `T` or a blank between date and time. Without an offset it counts as UTC: `JUnit`
/// reports carry none, and the zone of the machine that reads is not the zone of the one that wrote.
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
    let civil: DateTime = text.parse().map_err(|_| TimestampError::Unreadable)?;
    TimeZone::UTC
        .to_timestamp(civil)
        .map_err(|_| TimestampError::OutOfRange)
}

/// Whether a point in time lies before 1990, as seconds do that were given for milliseconds.
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
    fn iso_8601_is_read_with_and_without_an_offset() {
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
    fn what_is_no_point_in_time_says_why() {
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
        fn what_was_printed_is_read_back(millis in -60_000_000_000_000_i64..200_000_000_000_000) {
            let at = Timestamp::from_millisecond(millis).unwrap();
            prop_assert_eq!(timestamp(&at.to_string()), Ok(at));
            prop_assert_eq!(timestamp(&millis.to_string()), Ok(at));
        }

        #[test]
        fn no_text_breaks_it(text in ".{0,24}") {
            let _ = timestamp(&text);
        }
    }
}
