//! Whole numbers.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// Parses an ID or a count.
pub(super) fn number<N: FromStr>(text: &str) -> Result<N, String> {
    text.trim()
        .parse()
        .map_err(|_| "not a whole number, or out of range".to_owned())
}

/// Parses a count of at least one.
pub(super) fn at_least_one<N: FromStr + PartialOrd + From<u8>>(text: &str) -> Result<N, String> {
    let text = text.trim();
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(number) if number >= N::from(1) => Ok(number),
        Err(_) if is_number => Err("the number is too large".to_owned()),
        _ => Err("expected a whole number of at least 1".to_owned()),
    }
}

/// Parses a TCP port; 0 picks a free one.
pub(super) fn port(text: &str) -> Result<u16, String> {
    text.trim()
        .parse()
        .map_err(|_| "not a port; use a number from 0 to 65535".to_owned())
}

/// Parses a number from a range.
pub(super) fn between<N: FromStr + PartialOrd + Display>(
    text: &str,
    range: &RangeInclusive<N>,
) -> Result<N, String> {
    let number = text.trim().parse().ok();
    number
        .filter(|number| range.contains(number))
        .ok_or_else(|| {
            let (least, most) = (range.start(), range.end());
            format!("expected a whole number from {least} to {most}")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_is_none_or_out_of_range_is_named_in_plain_words() {
        assert_eq!(number(" 17 "), Ok(17_u32));
        assert_eq!(at_least_one("1"), Ok(1_u16));
        assert_eq!(between("1024", &(1..=1024)), Ok(1024_u16));
        assert_eq!(
            at_least_one::<u16>("70000"),
            Err("the number is too large".to_owned())
        );
        for text in ["0", "-1", "abc", "", "1.5"] {
            let reason = "expected a whole number of at least 1";
            assert_eq!(at_least_one::<u16>(text), Err(reason.to_owned()), "{text}");
        }
        for text in ["0", "1025", "x"] {
            let reason = "expected a whole number from 1 to 1024";
            assert_eq!(between(text, &(1..=1024)), Err(reason.to_owned()), "{text}");
        }
    }
}
