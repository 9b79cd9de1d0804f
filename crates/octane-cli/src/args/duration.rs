//! Durations with their units: `30s`, `5m`, `1h 30m`. Without a unit, they are seconds.

use std::time::Duration;

use jiff::SignedDuration;

/// The longest time limit of a request.
const LIMIT_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// Parses a duration. A bare number is in seconds, as in `timeout 30` and most tools.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let text = text.trim();
    let is_number = text.starts_with(|c: char| c.is_ascii_digit())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'.');
    let duration = if is_number {
        let seconds = text.parse().ok();
        seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
    } else {
        let signed = text.parse::<SignedDuration>().ok();
        signed.and_then(|duration| Duration::try_from(duration).ok())
    };
    duration.ok_or_else(|| {
        "not a duration; for example: `30s`, `5m` or `1h 30m`; a number alone is in seconds"
            .to_owned()
    })
}

/// Parses the time limit of a request: from one second to a day.
pub(super) fn time_limit(text: &str) -> Result<Duration, String> {
    let limit = duration(text)?;
    if (Duration::from_secs(1)..=LIMIT_MAX).contains(&limit) {
        Ok(limit)
    } else {
        Err("must be between `1s` and `24h`".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_understood_and_can_be_combined() {
        let seconds = |text| duration(text).unwrap().as_secs();
        assert_eq!(seconds("30s"), 30);
        assert_eq!(seconds("15m"), 900);
        assert_eq!(seconds("1h 30m"), 5400);
        assert_eq!(seconds("0s"), 0);
        assert_eq!(duration("200ms"), Ok(Duration::from_millis(200)));
    }

    #[test]
    fn a_bare_number_is_in_seconds() {
        assert_eq!(duration("900"), Ok(Duration::from_secs(900)));
        assert_eq!(duration(" 0 "), Ok(Duration::ZERO));
        assert_eq!(duration("1.5"), Ok(Duration::from_millis(1500)));
    }

    #[test]
    fn anything_else_is_an_error_with_examples() {
        for text in [
            "",
            "soon",
            "-5s",
            "-5",
            "5 parsecs",
            "5.5.5",
            "1e3",
            "inf",
            &"9".repeat(400),
        ] {
            let error = duration(text).unwrap_err();
            assert!(error.contains("`30s`"), "{text}: {error}");
        }
    }

    #[test]
    fn a_time_limit_is_between_a_second_and_a_day() {
        assert!(time_limit("1s").is_ok() && time_limit("24h").is_ok());
        assert!(time_limit("999ms").is_err() && time_limit("24h 1s").is_err());
    }
}
