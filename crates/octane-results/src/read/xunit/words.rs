//! The words for what became of a test.

use crate::status::Status;

/// Each word, and what it means.
pub(super) const WORDS: [(&str, Status); 4] = [
    ("Pass", Status::Passed),
    ("Fail", Status::Failed),
    ("Skip", Status::Skipped),
    ("NotRun", Status::Skipped),
];
