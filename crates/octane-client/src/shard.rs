//! Which part of a test run an upload holds.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// No test run has more parts; a larger number is a mistake.
const TOTAL_MAX: u32 = 10_000;

/// One of several parts of a test run, counted from 1.
///
/// ```
/// use octane_client::Shard;
///
/// let shard: Shard = "3/8".parse()?;
/// assert_eq!((shard.index(), shard.total()), (3, 8));
/// assert!("0/8".parse::<Shard>().is_err());
/// # Ok::<(), octane_client::InvalidShard>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "Parts")]
pub struct Shard {
    index: u32,
    total: u32,
}

/// A text or pair of numbers that is not a shard.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a shard; expected INDEX/TOTAL, for example `3/8` (of at most {TOTAL_MAX})")]
pub struct InvalidShard(String);

impl Shard {
    /// The part `index` of `total`, counted from 1.
    pub fn new(index: u32, total: u32) -> Result<Self, InvalidShard> {
        if (1..=total).contains(&index) && total <= TOTAL_MAX {
            Ok(Self { index, total })
        } else {
            Err(InvalidShard(format!("{index}/{total}")))
        }
    }

    /// Its number, from 1.
    pub fn index(self) -> u32 {
        self.index
    }

    /// How many there are.
    pub fn total(self) -> u32 {
        self.total
    }
}

impl FromStr for Shard {
    type Err = InvalidShard;

    fn from_str(text: &str) -> Result<Self, InvalidShard> {
        let number = |text: &str| text.trim().parse().ok();
        let parts = text.split_once('/');
        let parts = parts.and_then(|(index, total)| number(index).zip(number(total)));
        let shard = parts.and_then(|(index, total)| Self::new(index, total).ok());
        shard.ok_or_else(|| InvalidShard(text.to_owned()))
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.total)
    }
}

/// A shard as it is stored.
#[derive(Deserialize)]
struct Parts {
    index: u32,
    total: u32,
}

impl TryFrom<Parts> for Shard {
    type Error = InvalidShard;

    fn try_from(parts: Parts) -> Result<Self, InvalidShard> {
        Self::new(parts.index, parts.total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shard_is_counted_from_1_and_written_as_it_is_read() {
        for text in ["1/1", "3/8", "10000/10000"] {
            assert_eq!(text.parse::<Shard>().unwrap().to_string(), text);
        }
        assert_eq!(" 3 / 8 ".parse(), Shard::new(3, 8));
    }

    #[test]
    fn what_is_not_a_shard_is_quoted() {
        for text in [
            "", "3", "0/8", "9/8", "1/0", "-1/8", "a/b", "1/10001", "1/2/3",
        ] {
            let error = text.parse::<Shard>().unwrap_err().to_string();
            assert!(
                error.starts_with(&format!("`{text}` is not a shard")),
                "{error}"
            );
        }
    }

    #[test]
    fn a_shard_that_cannot_be_is_not_read_from_a_journal() {
        let json = serde_json::to_string(&Shard::new(3, 8).unwrap()).unwrap();
        assert_eq!(json, r#"{"index":3,"total":8}"#);
        assert!(serde_json::from_str::<Shard>(&json).is_ok());
        assert!(serde_json::from_str::<Shard>(r#"{"index":9,"total":8}"#).is_err());
    }
}
