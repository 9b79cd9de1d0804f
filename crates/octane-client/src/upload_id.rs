//! IDs of uploads.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::str::FromStr;

use jiff::Timestamp;

/// The ID of an upload: `u-` and fourteen digits and letters. Later IDs sort after earlier ones.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UploadId(String);

/// A text that is not a valid upload ID.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a valid upload ID (example: `u-01jd8x2m5k3q7r`)")]
pub struct InvalidUploadId(String);

/// Crockford's digits: no letter that looks like a digit.
const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

impl UploadId {
    /// A new ID: nine digits of the time in milliseconds, five random ones.
    pub fn new() -> Self {
        let chance = RandomState::new().hash_one(());
        Self::from_parts(Timestamp::now().as_millisecond(), chance)
    }

    /// The ID made from a time (milliseconds since 1970-01-01 UTC) and a number.
    pub fn from_parts(milliseconds: i64, number: u64) -> Self {
        let time = u64::try_from(milliseconds).unwrap_or(0);
        let digits = |value: u64, count: u32| {
            (0..count).rev().map(move |place| {
                let digit = usize::try_from((value >> (5 * place)) & 31).unwrap_or(0);
                char::from(DIGITS[digit])
            })
        };
        Self(
            "u-".chars()
                .chain(digits(time, 9))
                .chain(digits(number, 5))
                .collect(),
        )
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for UploadId {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for UploadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl FromStr for UploadId {
    type Err = InvalidUploadId;

    fn from_str(text: &str) -> Result<Self, InvalidUploadId> {
        let text = text.trim().to_ascii_lowercase();
        let is_id = text.strip_prefix("u-").is_some_and(|digits| {
            digits.len() == 14 && digits.bytes().all(|digit| DIGITS.contains(&digit))
        });
        if is_id {
            Ok(Self(text))
        } else {
            Err(InvalidUploadId(text))
        }
    }
}

impl serde::Serialize for UploadId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> serde::Deserialize<'de> for UploadId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_ids_sort_after_earlier_ones_and_can_be_typed_in_capitals() {
        let early = UploadId::from_parts(1_795_000_000_000, 7);
        let late = UploadId::from_parts(1_795_000_000_001, 0);
        assert!(early < late);
        assert_eq!(early.as_str().len(), 16);
        assert_eq!(early.to_string().to_uppercase().parse(), Ok(early));
        for wrong in ["", "u-", "u-1", "../../etc/passwd", "u-0000000000000i"] {
            assert!(wrong.parse::<UploadId>().is_err(), "{wrong}");
        }
        assert_ne!(UploadId::new(), UploadId::new());
    }
}
