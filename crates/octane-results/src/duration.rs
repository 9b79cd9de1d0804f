//! Parses durations, exact to the millisecond and without floating-point numbers.

use std::time::Duration;

mod mantissa;
mod written;

pub use mantissa::DurationError;
pub(crate) use mantissa::{CommaMeaning, comma_meaning, has_grouped_point};
use mantissa::{split, ungrouped};
pub(crate) use written::unsigned;
use written::written;

/// Parses a number of seconds, rounded half up to whole milliseconds.
///
/// Supported are `1.32`, `.5`, `1.2e-3`, `1,234.567` with commas between thousands, and a decimal comma if
/// it is unambiguous (`1,5`; `1.234,567`). `1,234` is rejected as ambiguous. Thousands may be separated by blanks or
/// apostrophes (`1 234,5`; `1'234.5`). Whitespace around the number is
/// ignored. A duration may also have units of its own (`1.5s`, `2 min 30 s`, `PT1M30S`) or be written as on a clock
/// (`0:01:30.5`, `1 day, 2:03:04`).
///
/// ```
/// use std::time::Duration;
///
/// assert_eq!(octane_results::seconds("0.0039778"), Ok(Duration::from_millis(4)));
/// assert_eq!(octane_results::seconds("1,234.567"), Ok(Duration::from_millis(1_234_567)));
/// ```
pub fn seconds(text: &str) -> Result<Duration, DurationError> {
    seconds_with(text, CommaMeaning::Unknown)
}

/// Like [`seconds`], where it is known what commas mean.
pub(crate) fn seconds_with(text: &str, comma: CommaMeaning) -> Result<Duration, DurationError> {
    read(text, 3, comma)
}

/// Parses a number of milliseconds, rounded half up to an integer; otherwise like [`seconds`].
pub fn milliseconds(text: &str) -> Result<Duration, DurationError> {
    milliseconds_with(text, CommaMeaning::Unknown)
}

/// Like [`milliseconds`], where it is known what commas mean.
pub(crate) fn milliseconds_with(
    text: &str,
    comma: CommaMeaning,
) -> Result<Duration, DurationError> {
    read(text, 0, comma)
}

fn read(text: &str, shift: i64, comma: CommaMeaning) -> Result<Duration, DurationError> {
    // With decimal commas, a point may separate thousands.
    if comma != CommaMeaning::Decimal
        && let Some(millis) = plain(text.as_bytes(), shift)
    {
        return Ok(Duration::from_millis(millis));
    }
    let ungrouped = ungrouped(text);
    let text = ungrouped.as_deref().unwrap_or(text);
    match number(text, shift, comma) {
        Err(DurationError::NotANumber) => written(text, comma),
        done => done,
    }
}

/// `text` × 10^`shift` in milliseconds.
fn number(text: &str, shift: i64, comma: CommaMeaning) -> Result<Duration, DurationError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(DurationError::Empty);
    }
    let (is_negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (mantissa, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (&unsigned[..at], exponent(&unsigned[at + 1..])?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = split(mantissa, comma)?;

    // The number of leading digits that are before the decimal point after it has been moved.
    let whole_digits = whole.bytes().filter(u8::is_ascii_digit).count();
    let kept = i64::try_from(whole_digits)
        .unwrap_or(i64::MAX)
        .saturating_add(exponent)
        .saturating_add(shift);
    let digits = (whole.bytes().chain(fraction.bytes()))
        .filter(u8::is_ascii_digit)
        .map(|digit| u64::from(digit - b'0'));
    let millis = whole_part(digits.clone(), kept)?;

    if is_negative && digits.clone().any(|digit| digit != 0) {
        return Err(DurationError::Negative);
    }
    Ok(Duration::from_millis(millis))
}

/// The first `kept` digits as a number, rounded half up by the digit after them.
fn whole_part(digits: impl Iterator<Item = u64>, kept: i64) -> Result<u64, DurationError> {
    let mut value = 0_u64;
    let mut seen = 0_i64;
    for digit in digits {
        if seen >= kept {
            // Only the first digit after the point decides. If the point is further left, zeros follow it.
            let rounds_up = seen == kept && digit >= 5;
            return bounded(value + u64::from(rounds_up));
        }
        let next = (value.checked_mul(10)).and_then(|tenfold| tenfold.checked_add(digit));
        value = bounded(next.ok_or(DurationError::TooLong)?)?;
        seen += 1;
    }
    while seen < kept && value != 0 {
        value = bounded(value.checked_mul(10).ok_or(DurationError::TooLong)?)?;
        seen += 1;
    }
    Ok(value)
}

fn bounded(value: u64) -> Result<u64, DurationError> {
    if i64::try_from(value).is_ok() {
        Ok(value)
    } else {
        Err(DurationError::TooLong)
    }
}

/// The milliseconds of a short number of digits with or without a point, which most are; `None` for all others.
fn plain(text: &[u8], shift: i64) -> Option<u64> {
    const DIGITS_MAX: usize = 14;
    if text.len() > DIGITS_MAX || !text.iter().any(u8::is_ascii_digit) {
        return None;
    }
    let mut value = 0;
    let mut decimals = None;
    let mut rounds_up = false;
    for byte in text {
        match (byte, &mut decimals) {
            (b'0'..=b'9', None) => value = value * 10 + u64::from(byte - b'0'),
            (b'0'..=b'9', Some(decimals)) => {
                if *decimals < shift {
                    value = value * 10 + u64::from(byte - b'0');
                } else if *decimals == shift {
                    rounds_up = *byte >= b'5';
                }
                *decimals += 1;
            }
            (b'.', None) => decimals = Some(0),
            _ => return None,
        }
    }
    for _ in decimals.unwrap_or(0)..shift {
        value *= 10;
    }
    Some(value + u64::from(rounds_up))
}

fn exponent(text: &str) -> Result<i64, DurationError> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(DurationError::NotANumber);
    }
    // An exponent beyond 64 bits moves the point out of any representable number.
    let size = digits
        .parse::<i64>()
        .unwrap_or(i64::MAX / 4)
        .min(i64::MAX / 4);
    Ok(if text.starts_with('-') { -size } else { size })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn millis(text: &str) -> Result<u128, DurationError> {
        seconds(text).map(|duration| duration.as_millis())
    }

    #[test]
    fn seconds_become_milliseconds_rounded_half_up() {
        for (text, expected) in [
            ("0", 0),
            ("7", 7000),
            ("1.321590", 1322),
            ("0.0039778", 4),
            ("0.0005", 1),
            ("0.00049999", 0),
            ("0.9995", 1000),
            (" 2.5\t", 2500),
            ("+1.", 1000),
            (".25", 250),
            ("-0.000", 0),
        ] {
            assert_eq!(millis(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn exponents_move_the_point() {
        for (text, expected) in [
            ("1.2e-3", 1),
            ("5E2", 500_000),
            ("5e+2", 500_000),
            ("9.99E-5", 0),
            ("5e-4", 1),
            ("0e99999999999999999999", 0),
            ("1e-99999999999999999999", 0),
        ] {
            assert_eq!(millis(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn unambiguous_commas_are_parsed() {
        for (text, expected) in [
            ("1,234.567", 1_234_567),
            ("1,234,567", 1_234_567_000),
            ("1.234,567", 1_234_567),
            ("1,5", 1500),
            ("0,123", 123),
            ("12,3456", 12_346),
        ] {
            assert_eq!(millis(text), Ok(expected), "{text}");
        }
        assert_eq!(millis("1,234"), Err(DurationError::Ambiguous));
        for text in [
            "1,23.4",
            "1,2,3",
            "1.234.567",
            "12,34,567.8",
            ",",
            "1,,000.5",
        ] {
            assert_eq!(millis(text), Err(DurationError::NotANumber), "{text}");
        }
    }

    #[test]
    fn thousands_may_be_separated_by_blanks_or_apostrophes() {
        for (text, expected) in [
            ("1 234.5", 1_234_500),
            ("1 234,5", 1_234_500),
            ("1\u{a0}234,567", 1_234_567),
            ("12\u{202f}345\u{202f}678", 12_345_678_000),
            ("1'234.5", 1_234_500),
            ("1\u{2019}234.5", 1_234_500),
            ("1 234 ms", 1234),
            (" 1 234 ", 1_234_000),
        ] {
            assert_eq!(millis(text), Ok(expected), "{text}");
        }
        for text in [
            "1 2",
            "1 23 456",
            "0 123",
            "1 234'567",
            "1234 567",
            "1 234 5",
            "1 .5",
        ] {
            assert_eq!(millis(text), Err(DurationError::NotANumber), "{text}");
        }
        assert_eq!(comma_meaning("1 234,5"), Some(CommaMeaning::Decimal));
    }

    #[test]
    fn an_invalid_duration_has_a_reason() {
        for (text, expected) in [
            ("", DurationError::Empty),
            ("  ", DurationError::Empty),
            ("NaN", DurationError::NotANumber),
            ("inf", DurationError::NotANumber),
            ("1.5x", DurationError::NotANumber),
            ("e5", DurationError::NotANumber),
            ("1e", DurationError::NotANumber),
            ("1e1.5", DurationError::NotANumber),
            ("--1", DurationError::NotANumber),
            (".", DurationError::NotANumber),
            ("-0.001", DurationError::Negative),
            ("-1e-30", DurationError::Negative),
            ("1e30", DurationError::TooLong),
            ("9223372036854775.808", DurationError::TooLong),
            ("18446744073709551.615", DurationError::TooLong),
            ("18446744073709551.616", DurationError::TooLong),
            ("18446744073709551.617", DurationError::TooLong),
        ] {
            assert_eq!(millis(text), Err(expected), "{text}");
        }
    }

    #[test]
    fn other_durations_show_what_a_comma_means() {
        for (text, expected) in [
            ("14,1674812", Some(CommaMeaning::Decimal)),
            ("0,5", Some(CommaMeaning::Decimal)),
            ("0,125", Some(CommaMeaning::Decimal)),
            ("1.234,5", Some(CommaMeaning::Decimal)),
            ("1,234.5", Some(CommaMeaning::Thousands)),
            ("1,234,567", Some(CommaMeaning::Thousands)),
            ("12.5", Some(CommaMeaning::Thousands)),
            ("1,234", None),
            ("1.234", None),
            ("12", None),
            ("fast", None),
            ("1,2,3", None),
        ] {
            assert_eq!(comma_meaning(text), expected, "{text}");
        }
        let millis = |comma| seconds_with("1,234", comma).map(|duration| duration.as_millis());
        assert_eq!(millis(CommaMeaning::Decimal), Ok(1234));
        assert_eq!(millis(CommaMeaning::Thousands), Ok(1_234_000));
    }

    #[test]
    fn a_point_separates_thousands_where_commas_are_decimal() {
        for (text, expected) in [
            ("1.234", 1_234_000),
            ("1.234.567", 1_234_567_000),
            ("-0.000", 0),
            ("0.125", 125),
            ("1.5", 1500),
            ("1.2345", 1235),
            ("1.234,5", 1_234_500),
            ("1.234 s", 1_234_000),
            ("1.234 ms", 1234),
        ] {
            let found = seconds_with(text, CommaMeaning::Decimal);
            assert_eq!(found, Ok(Duration::from_millis(expected)), "{text}");
        }
        assert_eq!(millis("1.234"), Ok(1234));
        assert_eq!(comma_meaning("1.234.567"), Some(CommaMeaning::Decimal));
    }

    #[test]
    fn a_unit_wins_over_the_unit_of_the_column() {
        assert_eq!(milliseconds("1.5s"), Ok(Duration::from_millis(1500)));
        assert_eq!(seconds("250 ms"), Ok(Duration::from_millis(250)));
    }

    #[test]
    fn milliseconds_are_not_scaled() {
        let read = |text| milliseconds(text).map(|duration| duration.as_millis());
        assert_eq!(read("12"), Ok(12));
        assert_eq!(read("12.0"), Ok(12));
        assert_eq!(read("12.5"), Ok(13));
        assert_eq!(read("9223372036854775807"), Ok(9_223_372_036_854_775_807));
    }

    proptest! {
        #[test]
        fn decimals_agree_with_integer_arithmetic(nanos in 0_u64..10_u64.pow(18), point in 0_u32..=12) {
            // `nanos` represents a number with `point` digits after the point.
            let scale = 10_u128.pow(point);
            let value = u128::from(nanos);
            let text = format!(
                "{}.{:0width$}",
                value / scale,
                value % scale,
                width = point as usize
            );
            let expected = (value * 1000 * 2 + scale) / (2 * scale);
            match millis(text.trim_end_matches('.')) {
                Ok(found) => prop_assert_eq!(found, expected, "{}", text),
                Err(DurationError::TooLong) => prop_assert!(expected > i64::MAX as u128),
                Err(other) => prop_assert!(false, "{text}: {other}"),
            }
        }

        #[test]
        fn an_exponent_gives_the_same_number(millis in 0_u64..10_u64.pow(15), exponent in -12_i32..=12) {
            let plain = seconds(&format!("{millis}e-3")).unwrap();
            prop_assert_eq!(plain, Duration::from_millis(millis));
            let zeros = "0".repeat(exponent.unsigned_abs() as usize);
            let digits = i32::try_from(millis.to_string().len()).unwrap();
            let shifted = if exponent < 0 {
                format!("{millis}{zeros}e{}", exponent - 3)
            } else {
                format!("0.{zeros}{millis}e{}", exponent + digits - 3)
            };
            prop_assert_eq!(seconds(&shifted).unwrap(), plain);
        }

        #[test]
        fn thousands_separators_do_not_change_the_value(millis in 1_000_000_u64..10_u64.pow(15)) {
            let (whole, part) = (millis / 1000, millis % 1000);
            let digits = whole.to_string();
            let mut grouped = String::new();
            for (at, digit) in digits.chars().enumerate() {
                if at > 0 && (digits.len() - at) % 3 == 0 {
                    grouped.push(',');
                }
                grouped.push(digit);
            }
            prop_assert_eq!(
                seconds(&format!("{grouped}.{part:03}")).unwrap(),
                Duration::from_millis(millis)
            );
        }

        #[test]
        fn no_text_makes_it_panic(text in ".{0,24}") {
            let _ = seconds(&text);
            let _ = milliseconds(&text);
        }
    }
}
