//! How runs are repaired.

/// What to do with texts that are longer than the server takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum LongNames {
    /// Keep the start and a digest; see [`shorten`](crate::shorten).
    #[default]
    Shorten,
    /// Give up on the run.
    Refuse,
}

/// How runs are repaired.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RepairPolicy {
    /// What to do with texts that are longer than the server takes.
    pub long_names: LongNames,
    /// How long errors and descriptions may be, in characters. The schema has no bound; the official
    /// client library cuts errors at 262 144, which is the default here. `None` keeps them whole.
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
    /// Sets what to do with texts that are longer than the server takes.
    #[must_use]
    pub fn long_names(mut self, long_names: LongNames) -> Self {
        self.long_names = long_names;
        self
    }

    /// Sets how long errors and descriptions may be, in characters.
    #[must_use]
    pub fn error_chars_max(mut self, error_chars_max: Option<usize>) -> Self {
        self.error_chars_max = error_chars_max;
        self
    }
}
