//! How a test ended.

use std::fmt;

/// How a test ended, in the four words that a payload knows.
///
/// Octane calls this the *native status* of a run. Reports say more (`error`, `broken`, `xfail`, …);
/// their readers translate, and a word that nobody knows is an error, never "passed".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// The test ran and held.
    Passed,
    /// The test ran and did not hold, or broke.
    Failed,
    /// The test did not run.
    Skipped,
    /// The test is meant to run later.
    Planned,
}

impl Status {
    /// The word that the payload writes, for example `Passed`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "Passed",
            Self::Failed => "Failed",
            Self::Skipped => "Skipped",
            Self::Planned => "Planned",
        }
    }

    /// Reads the payload's own word, exact in case, as the official schema has it.
    pub fn from_payload(word: &str) -> Option<Self> {
        [Self::Passed, Self::Failed, Self::Skipped, Self::Planned]
            .into_iter()
            .find(|status| status.as_str() == word)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
