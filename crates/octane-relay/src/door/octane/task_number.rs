//! IDs of tasks: numbers, as Octane's are.

use std::hash::{BuildHasher, RandomState};

use jiff::Timestamp;
use octane_client::UploadId;
use octane_model::TaskId;

/// The ID of a task of the relay. It is its upload's ID in another form: nothing has to be stored to find one by the other.
///
/// It is smaller than 2^53, so that programs that know no integers read it as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TaskNumber(u64);

/// Milliseconds until 2025-01-01, before which there were no relays.
const BEGINNING: i64 = 1_735_689_600_000;
/// How many bits are random; the others are the time in milliseconds.
const RANDOM_BITS: u32 = 12;
const BITS: u32 = 53;

impl TaskNumber {
    /// A new number. Of two of the same millisecond, one in 4096 is the other one, too.
    pub(super) fn new() -> Self {
        let now = Timestamp::now().as_millisecond();
        Self::from_parts(now, RandomState::new().hash_one(()))
    }

    fn from_parts(milliseconds: i64, chance: u64) -> Self {
        let time = u64::try_from(milliseconds - BEGINNING).unwrap_or(0);
        let chance = chance & ((1 << RANDOM_BITS) - 1);
        Self(((time << RANDOM_BITS) | chance) & ((1 << BITS) - 1))
    }

    /// Reads a number; none if it cannot be one.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let number = text.parse().ok();
        number.filter(|number| *number < 1 << BITS).map(Self)
    }

    /// The ID of the upload.
    pub(super) fn upload(self) -> UploadId {
        let time = i64::try_from(self.0 >> RANDOM_BITS).unwrap_or(0);
        UploadId::from_parts(BEGINNING + time, self.0 & ((1 << RANDOM_BITS) - 1))
    }
}

impl From<TaskNumber> for TaskId {
    fn from(number: TaskNumber) -> Self {
        Self::new(i64::try_from(number.0).unwrap_or(i64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_and_its_upload_are_found_by_each_other() {
        let at = 1_795_000_000_123;
        let number = TaskNumber::from_parts(at, 0xfff_ffff);
        assert_eq!(number.upload(), UploadId::from_parts(at, 0xfff));
        assert_eq!(TaskNumber::parse(&number.0.to_string()), Some(number));
        assert_ne!(number.upload(), TaskNumber(number.0 - 1).upload());
    }

    #[test]
    fn every_number_is_one_that_a_double_holds_exactly() {
        let last = TaskNumber::from_parts(i64::MAX, u64::MAX);
        assert!(last.0 < 1 << 53);
        assert_eq!(TaskNumber::from_parts(0, 0), TaskNumber(0));
        let largest = (1_u64 << 53) - 1;
        assert_eq!(
            TaskNumber::parse(&largest.to_string()),
            Some(TaskNumber(largest))
        );
        for wrong in [
            "9007199254740992",
            "18446744073709551615",
            "-1",
            "1.5",
            "",
            "x",
        ] {
            assert_eq!(TaskNumber::parse(wrong), None, "{wrong}");
        }
    }
}
