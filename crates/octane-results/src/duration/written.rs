//! Durations with units, or as on a clock.

use std::time::Duration;

use jiff::{SignedDuration, Span, SpanRelativeTo};

use super::mantissa::{CommaMeaning, DurationError, has_grouped_point, split};

/// Parses `1.5s`, `2 min 30 s`, `0:00:01.693`, `1 day, 2:03:04`, `1.02:03:04` (.NET) or `PT1M30S`, rounded half up to
/// whole milliseconds; days have 24 hours.
///
/// `01:30` is ambiguous: minutes and seconds, or hours and minutes; with a fraction, `01:30.5`, it is not.
pub(super) fn written(text: &str, comma: CommaMeaning) -> Result<Duration, DurationError> {
    let text = text.trim().to_lowercase();
    let is_written = text.contains(':') || text.chars().any(char::is_alphabetic);
    if !is_written || !text.contains(|char: char| char.is_ascii_digit()) {
        return Err(DurationError::NotANumber);
    }
    let text = on_clock(&with_point(&text, comma)?)?;
    let parsed = text
        .parse::<Span>()
        .ok()
        .and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()).ok());
    let parsed = parsed.ok_or(DurationError::NotANumber)?;
    unsigned(parsed)
}

/// A duration that is not negative, rounded half up to whole milliseconds.
pub(crate) fn unsigned(duration: SignedDuration) -> Result<Duration, DurationError> {
    if duration.is_negative() {
        return Err(DurationError::Negative);
    }
    let half = SignedDuration::from_micros(500);
    let rounded = duration.checked_add(half).ok_or(DurationError::TooLong)?;
    let millis = i64::try_from(rounded.as_millis()).map_err(|_| DurationError::TooLong)?;
    Ok(Duration::from_millis(millis.unsigned_abs()))
}

/// A number before a single unit, with a decimal point and without separators of thousands.
fn with_point(text: &str, comma: CommaMeaning) -> Result<String, DurationError> {
    let end = text
        .find(|char: char| !char.is_ascii_digit() && !matches!(char, '.' | ','))
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let is_single = !unit.contains(|char: char| char.is_ascii_digit() || char == ':');
    let is_thousands = comma == CommaMeaning::Decimal && has_grouped_point(number);
    if !is_single || !(number.contains(',') || is_thousands) {
        return Ok(text.to_owned());
    }
    let (whole, fraction) = split(number, comma)?;
    let digits = |part: &str| -> String { part.chars().filter(char::is_ascii_digit).collect() };
    let point = if fraction.is_empty() { "" } else { "." };
    Ok(format!(
        "{}{point}{}{unit}",
        digits(whole),
        digits(fraction)
    ))
}

/// Clock times with hours, minutes and seconds; the days of .NET (`1.02:03:04`) as `1d 02:03:04`.
fn on_clock(text: &str) -> Result<String, DurationError> {
    let parts: Vec<&str> = text.split(':').collect();
    let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    match parts[..] {
        [minutes, seconds] if is_number(minutes) => match seconds.split_once(['.', ',']) {
            Some((whole, fraction)) if is_number(whole) && is_number(fraction) => {
                Ok(format!("0:{text}"))
            }
            None if is_number(seconds) => Err(DurationError::AmbiguousClock),
            _ => Err(DurationError::NotANumber),
        },
        [_, minutes, seconds] if !is_below_60(minutes) || !is_below_60(seconds) => {
            Err(DurationError::NotANumber)
        }
        [days_and_hours, minutes, seconds] => match days_and_hours.split_once('.') {
            Some((days, hours)) if is_number(days) && is_number(hours) => {
                Ok(format!("{days}d {hours}:{minutes}:{seconds}"))
            }
            _ => Ok(text.to_owned()),
        },
        _ => Ok(text.to_owned()),
    }
}

/// Whether the whole part of a number is below 60.
fn is_below_60(text: &str) -> bool {
    let whole = text.split(['.', ',']).next().unwrap_or_default();
    whole.parse::<u8>().is_ok_and(|whole| whole < 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(text: &str) -> Result<u128, DurationError> {
        written(text, CommaMeaning::Unknown).map(|duration| duration.as_millis())
    }

    #[test]
    fn units_are_understood() {
        for (text, expected) in [
            ("5s", 5000),
            ("1.5s", 1500),
            ("1,5 s", 1500),
            ("1,234.5 ms", 1235),
            ("2 min", 120_000),
            ("2 Minutes", 120_000),
            ("250ms", 250),
            ("250 msec", 250),
            ("1500 µs", 2),
            ("1500us", 2),
            ("1m30s", 90_000),
            ("1h 2m 3s", 3_723_000),
            ("1.5 hours", 5_400_000),
            ("3 sec", 3000),
            ("0.0005s", 1),
            ("PT1M30.5S", 90_500),
        ] {
            assert_eq!(millis(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn clock_times_are_understood() {
        for (text, expected) in [
            ("0:00:01.693097", 1693),
            ("0:12:00", 720_000),
            ("00:01:30", 90_000),
            ("00:00:01,5", 1500),
            ("01:30.5", 90_500),
            ("1 day, 0:00:00.5", 86_400_500),
            ("2 days, 1:00:00", 176_400_000),
            ("0 days 00:00:01.693000", 1693),
            ("1.02:03:04", 93_784_000),
            ("100:00:00", 360_000_000),
        ] {
            assert_eq!(millis(text), Ok(expected), "{text}");
        }
        assert_eq!(millis("01:30"), Err(DurationError::AmbiguousClock));
    }

    #[test]
    fn other_words_are_no_durations() {
        for text in [
            "fast",
            "s",
            "5x",
            "1:2:3:4",
            "1 month",
            "12:30pm",
            "inf",
            "5 s later",
            "0:61:00",
            "1,2,3s",
        ] {
            assert_eq!(millis(text), Err(DurationError::NotANumber), "{text}");
        }
        assert_eq!(millis("-5s"), Err(DurationError::Negative));
        assert_eq!(millis("1,125s"), Err(DurationError::Ambiguous));
        assert_eq!(
            written("1,125s", CommaMeaning::Decimal),
            Ok(Duration::from_millis(1125))
        );
    }
}
