//! Time zones as people write them.

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use thiserror::Error;

/// A text that is neither the name of a time zone nor an offset.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("not a known time zone; use e.g. `Europe/Berlin`, `UTC` or `+02:00`")]
pub struct UnknownTimeZone;

/// Parses a name such as `Europe/Berlin`, or an offset such as `+02:00`.
///
/// # Errors
///
/// If it is neither.
pub fn time_zone(text: &str) -> Result<TimeZone, UnknownTimeZone> {
    let text = text.trim();
    if text.starts_with(['+', '-']) {
        // 1970 began as many seconds earlier as the zone is ahead.
        let epoch = format!("1970-01-01T00:00:00{text}").parse::<Timestamp>();
        let seconds = epoch
            .ok()
            .and_then(|epoch| i32::try_from(-epoch.as_second()).ok());
        let offset = seconds.and_then(|seconds| Offset::from_seconds(seconds).ok());
        if let Some(offset) = offset {
            return Ok(TimeZone::fixed(offset));
        }
    } else if let Ok(zone) = TimeZone::get(text) {
        return Ok(zone);
    }
    Err(UnknownTimeZone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_zone_is_a_name_or_an_offset() {
        let new_year = jiff::civil::date(2026, 1, 1).at(0, 0, 0, 0);
        for (text, expected) in [
            ("UTC", "2026-01-01T00:00:00Z"),
            ("Europe/Berlin", "2025-12-31T23:00:00Z"),
            ("asia/tokyo", "2025-12-31T15:00:00Z"),
            ("+05:30", "2025-12-31T18:30:00Z"),
            ("-0500", "2026-01-01T05:00:00Z"),
        ] {
            let zone = time_zone(text).unwrap();
            assert_eq!(
                zone.to_timestamp(new_year).unwrap().to_string(),
                expected,
                "{text}"
            );
        }
        for text in ["", "CET/Berlin", "+30:00", "local", "+"] {
            assert!(time_zone(text).is_err(), "{text}");
        }
    }
}
