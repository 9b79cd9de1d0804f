//! What the steps of a scenario say about its status.

use crate::read::report::Outcome;
use crate::read::status_aliases::StatusAliases;
use crate::status::Status;

/// The words that mean failed, besides those of [`StatusAliases`].
const FAILED: [&str; 12] = [
    "failed",
    "undefined",
    "pending",
    "ambiguous",
    "unknown",
    "error",
    "hook_error",
    "cleanup_error",
    "untested_pending",
    "untested_undefined",
    "pending_warn",
    "executing",
];

/// What one step, hook or scenario says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Said {
    Nothing,
    Is(Status),
    Unknown(String),
}

impl Said {
    pub(super) fn new(word: Option<&str>, aliases: &StatusAliases) -> Self {
        let Some(word) = word.map(str::trim).filter(|word| !word.is_empty()) else {
            return Self::Nothing;
        };
        if word.eq_ignore_ascii_case("untested") {
            return Self::Nothing;
        }
        if FAILED
            .iter()
            .any(|failed| failed.eq_ignore_ascii_case(word))
        {
            return Self::Is(Status::Failed);
        }
        aliases
            .status(word)
            .map_or_else(|| Self::Unknown(word.to_owned()), Self::Is)
    }
}

/// What all of them say.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    has_failed: bool,
    has_skipped_step: bool,
    has_skipped_hook: bool,
    /// Whether a step or a hook passed.
    has_passed: bool,
    has_passed_step: bool,
    /// Whether a step has no result.
    has_untested: bool,
    unknown: Option<String>,
}

impl Verdict {
    pub(super) fn add(&mut self, said: Said) {
        match said {
            Said::Nothing => self.has_untested = true,
            Said::Is(Status::Failed) => self.has_failed = true,
            Said::Is(Status::Skipped | Status::Planned) => self.has_skipped_step = true,
            Said::Is(Status::Passed) => {
                self.has_passed = true;
                self.has_passed_step = true;
            }
            Said::Unknown(word) => self.unknown = Some(word),
        }
    }

    /// Adds what a hook says.
    pub(super) fn add_hook(&mut self, said: Said) {
        match said {
            Said::Is(Status::Skipped | Status::Planned) => self.has_skipped_hook = true,
            Said::Is(Status::Passed) => self.has_passed = true,
            said => self.add(said),
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.has_failed |= other.has_failed;
        self.has_skipped_step |= other.has_skipped_step;
        self.has_skipped_hook |= other.has_skipped_hook;
        self.has_passed |= other.has_passed;
        self.has_passed_step |= other.has_passed_step;
        self.has_untested |= other.has_untested;
        self.unknown = self.unknown.take().or(other.unknown);
    }

    pub(super) fn is_failed(&self) -> bool {
        self.has_failed
    }

    /// Whether everything passed, and something did.
    pub(super) fn is_passed(&self) -> bool {
        let has_other = self.has_failed || self.has_skipped() || self.has_untested;
        self.has_passed && !has_other && self.unknown.is_none()
    }

    /// Whether something was skipped, and nothing is worse.
    pub(super) fn is_skipped(&self) -> bool {
        let has_worse = self.has_failed || self.has_untested || self.unknown.is_some();
        self.has_skipped() && !has_worse
    }

    /// Whether something was skipped. A hook does not count if steps have passed: where it skips a scenario, none does.
    pub(super) fn has_skipped(&self) -> bool {
        self.has_skipped_step || self.has_skipped_hook && !self.has_passed_step
    }

    /// Whether it began and did not end.
    pub(super) fn is_cut_off(&self) -> bool {
        let has_worse = self.has_failed || self.unknown.is_some() || self.has_skipped();
        self.has_untested && self.has_passed && !has_worse
    }

    pub(super) fn outcome(&self) -> Outcome {
        let status = if self.has_failed {
            Status::Failed
        } else if let Some(word) = &self.unknown {
            return Outcome::Word(word.clone());
        } else if self.has_skipped() {
            Status::Skipped
        } else if self.has_untested && self.has_passed {
            Status::Failed
        } else if self.has_untested {
            Status::Skipped
        } else {
            Status::Passed
        };
        Outcome::Known(status)
    }
}
