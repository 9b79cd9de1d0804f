//! How many requests may start per second: a number, or `off`.

use std::str::FromStr;

/// The maximum number of requests per second; `None` for no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rate(pub(crate) Option<u32>);

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "off" {
            return Ok(Self(None));
        }
        let count = text.parse().ok().filter(|count| (1..=1000).contains(count));
        count
            .map(|count| Self(Some(count)))
            .ok_or_else(|| "expected a number from 1 to 1000, or `off`".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_number_or_off() {
        assert_eq!("20".parse(), Ok(Rate(Some(20))));
        assert_eq!("off".parse(), Ok(Rate(None)));
        for text in ["0", "1001", "-1", "fast", ""] {
            assert!(text.parse::<Rate>().is_err(), "{text}");
        }
    }
}
