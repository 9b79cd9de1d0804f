//! The start times of a file.

use std::fmt;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::invalid::shortened;
use crate::timestamp::{Parsed, TimestampError, is_implausible, moment_in, parsed};
use crate::warning::WarningKind;

/// Reads the start times of a file: implausible ones are excluded, and the first one without a time zone is
/// warned of if it is not given either.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct StartTimes {
    has_warned: bool,
}

impl StartTimes {
    /// Whether this is the first time without a time zone, which is warned of.
    pub(crate) fn warns_first(&mut self) -> bool {
        !std::mem::replace(&mut self.has_warned, true)
    }

    /// The start time in a text. Without an offset it is in `zone`, or else in UTC.
    pub(crate) fn parse(
        &mut self,
        text: &str,
        zone: Option<&TimeZone>,
        warn: &mut dyn FnMut(WarningKind),
    ) -> Result<Option<Timestamp>, TimestampError> {
        match parsed(text)? {
            Parsed::At(time) => Ok(plausible(time, text, warn)),
            Parsed::WithoutZone(civil) => self.in_zone(civil, text, zone, warn),
        }
    }

    /// Like [`Self::parse`], with a warning if the text is not a time.
    pub(crate) fn parse_or_warn(
        &mut self,
        text: &str,
        zone: Option<&TimeZone>,
        warn: &mut dyn FnMut(WarningKind),
    ) -> Option<Timestamp> {
        match self.parse(text, zone, warn) {
            Ok(started) => started,
            Err(TimestampError::Empty) => None,
            Err(reason) => {
                let value = shortened(text);
                warn(WarningKind::Started { value, reason });
                None
            }
        }
    }

    /// The start time that has no time zone: in `zone`, or else in UTC. `text` is how it is written.
    pub(crate) fn in_zone(
        &mut self,
        civil: DateTime,
        text: impl fmt::Display,
        zone: Option<&TimeZone>,
        warn: &mut dyn FnMut(WarningKind),
    ) -> Result<Option<Timestamp>, TimestampError> {
        let time = moment_in(civil, zone.unwrap_or(&TimeZone::UTC))?;
        let started = plausible(time, &text, warn);
        if zone.is_none() && started.is_some() && self.warns_first() {
            let value = shortened(&text.to_string());
            warn(WarningKind::NoTimeZone { value });
        }
        Ok(started)
    }
}

/// The start time, unless it is a placeholder from before 1990 or after 2090. `text` is how it is written.
pub(crate) fn plausible(
    started: Timestamp,
    text: impl fmt::Display,
    warn: &mut dyn FnMut(WarningKind),
) -> Option<Timestamp> {
    if is_implausible(started) {
        warn(WarningKind::ImplausibleStart {
            value: shortened(&text.to_string()),
            is_early: started < Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * 365 * 30),
        });
        return None;
    }
    Some(started)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_time_without_a_zone_is_warned_of_unless_the_zone_is_known() {
        let texts = [
            "2025-04-30T08:00:00Z",
            "1746000000",
            "2025-04-30T10:00:00+02:00",
            "Wed, 30 Apr 2025 08:00:00 GMT",
            "0001-01-01T00:00:00",
            "2025-04-30T08:00:00",
            "30.04.2025 08:00",
        ];
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        for (zone, expected) in [
            (None, &["2025-04-30T08:00:00"][..]),
            (Some(&TimeZone::UTC), &[]),
            (Some(&berlin), &[]),
        ] {
            let mut without_zone = Vec::new();
            let mut times = StartTimes::default();
            for text in texts {
                let mut warn = |kind| match kind {
                    WarningKind::NoTimeZone { value } => without_zone.push(value),
                    WarningKind::ImplausibleStart { .. } => assert!(text.starts_with("0001")),
                    other => panic!("{other}"),
                };
                times.parse(text, zone, &mut warn).unwrap();
            }
            assert_eq!(without_zone, expected, "{zone:?}");
        }
    }
}
