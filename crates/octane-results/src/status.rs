//! The status of a test run.

use std::fmt;

/// The status of a test run, one of the four that payloads support.
///
/// Octane calls this the *native status* of a run. Reports have more (`error`, `broken`, `xfail`, …), which
/// are mapped to these; an unknown status never counts as passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// The test ran and succeeded.
    Passed,
    /// The test ran and failed, or ended with an error.
    Failed,
    /// The test did not run.
    Skipped,
    /// The test is planned to run later.
    Planned,
}

impl Status {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Passed, Self::Failed, Self::Skipped, Self::Planned];

    /// The status as written in payloads, for example `Passed`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "Passed",
            Self::Failed => "Failed",
            Self::Skipped => "Skipped",
            Self::Planned => "Planned",
        }
    }

    /// Parses a status as written in payloads; case-sensitive, as in the official schema.
    pub fn from_payload(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
