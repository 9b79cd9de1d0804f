//! The policy of repairs.

/// What to do with texts that exceed the limit of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum LongNames {
    /// Keep the beginning and append a digest; see [`shorten`](crate::shorten).
    #[default]
    Shorten,
    /// Reject the run.
    Refuse,
}

/// How runs are repaired.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub struct RepairPolicy {
    /// What to do with texts that exceed the limit of the server.
    pub long_names: LongNames,
    /// The maximum length of errors and descriptions, in characters. The schema has no limit; the official
    /// client library truncates errors at 262 144, which is the default. `None` means no limit.
    pub error_chars_max: Option<usize>,
}

impl Default for RepairPolicy {
    fn default() -> Self {
        Self {
            long_names: LongNames::default(),
            error_chars_max: Some(512 * 512),
        }
    }
}

impl RepairPolicy {
    /// Sets what to do with texts that exceed the limit of the server.
    pub fn long_names(mut self, long_names: LongNames) -> Self {
        self.long_names = long_names;
        self
    }

    /// Sets the maximum length of errors and descriptions, in characters.
    pub fn error_chars_max(mut self, error_chars_max: Option<usize>) -> Self {
        self.error_chars_max = error_chars_max;
        self
    }
}
