//! Which entries of a list are shown.

use clap::Args;
use jiff::civil;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

/// Which entries of a list are shown.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct SinceArgs {
    /// Only those created since then: a duration before now such as `2h` or `7d`, or a date or time (UTC) such as `2026-11-28` or
    /// `2026-11-28T08:00`.
    #[arg(long, value_name = "TIME", value_parser = since)]
    pub(crate) since: Option<Since>,
}

/// A point in time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Since {
    At(Timestamp),
    Before(Days),
}

/// A duration, with days of 24 hours.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Days(Span);

impl PartialEq for Days {
    fn eq(&self, other: &Self) -> bool {
        self.0.fieldwise() == other.0.fieldwise()
    }
}

impl SinceArgs {
    /// The time, if one is given. Nothing was created before 1970, and servers do not know years below 0.
    pub(crate) fn at(self, now: Timestamp) -> Option<Timestamp> {
        let time = match self.since? {
            Since::At(time) => time,
            Since::Before(Days(span)) => {
                let then = now.to_zoned_datetime(TimeZone::UTC).checked_sub(span);
                then.ok()?.timestamp()
            }
        };
        (time >= Timestamp::UNIX_EPOCH).then_some(time)
    }
}

fn since(text: &str) -> Result<Since, String> {
    let text = text.trim();
    let utc = |time: civil::DateTime| {
        time.to_zoned_datetime(TimeZone::UTC)
            .ok()
            .map(|time| time.timestamp())
    };
    let time = text.parse::<Timestamp>().ok();
    let time = time.or_else(|| utc(text.parse::<civil::DateTime>().ok()?));
    if let Some(time) = time {
        return Ok(Since::At(time));
    }
    let span = text.parse::<Span>().ok().filter(|span| !span.is_negative());
    let span = span.map(|span| Since::Before(Days(span)));
    span.ok_or_else(|| {
        "expected a duration such as `2h` or `7d`, or a date such as `2026-11-28`".to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_count_back_from_now_and_times_are_in_utc() {
        let now: Timestamp = "2026-11-28T12:00:00Z".parse().unwrap();
        for (text, expected) in [
            ("2h", "2026-11-28T10:00:00Z"),
            ("90m", "2026-11-28T10:30:00Z"),
            ("7d", "2026-11-21T12:00:00Z"),
            ("2 weeks", "2026-11-14T12:00:00Z"),
            ("1d 2h", "2026-11-27T10:00:00Z"),
            ("2026-11-28", "2026-11-28T00:00:00Z"),
            ("2026-11-28T08:00", "2026-11-28T08:00:00Z"),
            ("2026-11-28 08:00", "2026-11-28T08:00:00Z"),
            ("2026-11-28T08:00:00+02:00", "2026-11-28T06:00:00Z"),
        ] {
            let since = since(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            let args = SinceArgs { since: Some(since) };
            assert_eq!(args.at(now).unwrap().to_string(), expected, "{text}");
        }
    }

    #[test]
    fn a_time_before_1970_is_no_condition() {
        let now: Timestamp = "2026-11-28T12:00:00Z".parse().unwrap();
        for text in ["99999999h", "175307616h", "1969-12-31"] {
            let since = Some(since(text).unwrap());
            assert_eq!(SinceArgs { since }.at(now), None, "{text}");
        }
    }

    #[test]
    fn anything_else_is_an_error_with_examples() {
        for text in ["", "yesterday", "-2h", "7", "2026", "2026-13-01"] {
            assert!(since(text).unwrap_err().contains("`7d`"), "{text}");
        }
    }
}
