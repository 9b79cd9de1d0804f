//! How many results a suite declares, and how many it contains.

use crate::status::Status;

/// What a suite declares of its cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Declared {
    pub(super) tests: Option<u64>,
    /// The failures, `errors` included.
    pub(super) failures: Option<u64>,
    /// How many of these are `errors`.
    pub(super) errors: u64,
    pub(super) skipped: Option<u64>,
    /// Whether `tests` are without those that were skipped.
    is_without_skipped: bool,
    /// Whether the suite around it was skipped.
    is_inside_skipped: bool,
}

impl Declared {
    /// What a suite inside of this one declares before it says anything itself.
    pub(super) fn of_inner(self) -> Self {
        Self {
            is_inside_skipped: self.is_skipped(),
            ..Self::default()
        }
    }

    /// Sets a counter; `false` if the attribute is not one.
    pub(super) fn set(&mut self, name: &str, value: &str) -> bool {
        let Ok(count) = value.parse() else {
            return false;
        };
        match name {
            "tests" => self.tests = Some(count),
            "failures" | "errors" => {
                self.failures = Some(self.failures.unwrap_or(0).saturating_add(count));
                if name == "errors" {
                    self.errors = count;
                }
            }
            "skipped" | "skip" => self.skipped = Some(count),
            // Of old versions of pytest.
            "skips" => {
                self.skipped = Some(count);
                self.is_without_skipped = true;
            }
            _ => return false,
        }
        true
    }

    /// Whether all of the tests were skipped, and none has failed. If the suite does not say, it is as the one around it.
    pub(super) fn is_skipped(&self) -> bool {
        let Some(skipped) = self.skipped else {
            return self.is_inside_skipped;
        };
        let are_all = skipped > 0 && self.tests == Some(skipped);
        are_all && !self.is_without_skipped && self.failures.unwrap_or(0) == 0
    }
}

/// The failures that a report may count for a case that has not failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Forgiven {
    Nothing,
    One,
    /// One for each row of data. How many these are is not known.
    EachRow,
}

/// How many results of each kind were found in a suite so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Found {
    pub(super) cases: u64,
    pub(super) failed: u64,
    /// How many of the failed ones have an `error`.
    pub(super) errors: u64,
    pub(super) skipped: u64,
    pub(super) invalid: u64,
    /// For how many cases that have not failed the report may count a failure.
    pub(super) forgiven: u64,
    /// Whether it may count more than one for some of them.
    pub(super) forgives_rows: bool,
    /// How many failures are in comments.
    pub(super) commented: u64,
}

impl Found {
    /// Counts a case; without a status it is invalid.
    pub(super) fn count(&mut self, status: Option<Status>, forgiven: Forgiven) {
        self.cases += 1;
        match status {
            Some(Status::Failed) => self.failed += 1,
            Some(status) => {
                self.skipped += u64::from(status == Status::Skipped);
                self.forgiven += u64::from(forgiven != Forgiven::Nothing);
                self.forgives_rows |= forgiven == Forgiven::EachRow;
            }
            None => self.invalid += 1,
        }
    }

    /// Whether a result is red.
    pub(super) const fn is_red(&self) -> bool {
        self.failed > 0 || self.invalid > 0
    }

    /// What the suite around sees of it: more failures than the suite declares are not forgiven.
    pub(super) fn seen_outside(self, declared: &Declared) -> Self {
        if !self.forgives_rows {
            return self;
        }
        Self {
            forgiven: self.forgiven.max(declared.failures.unwrap_or(0)),
            forgives_rows: false,
            ..self
        }
    }

    /// Adds what was found in a nested suite, or later in the same one.
    pub(super) fn add(&mut self, inner: &Self) {
        let Self {
            cases,
            failed,
            errors,
            skipped,
            invalid,
            forgiven,
            forgives_rows,
            commented,
        } = inner;
        self.cases += cases;
        self.failed += failed;
        self.errors += errors;
        self.skipped += skipped;
        self.invalid += invalid;
        self.forgiven = self.forgiven.saturating_add(*forgiven);
        self.forgives_rows |= forgives_rows;
        self.commented = self.commented.saturating_add(*commented);
    }
}
