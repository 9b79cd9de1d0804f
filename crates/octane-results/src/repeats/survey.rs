//! Finding the tests that have several results.

use super::arrangement::Repeats;
use super::digest::digest;
use super::digests::Digests;
use crate::payload::dialect::Dialect;
use crate::run::TestRun;

/// Finds the tests that have several results. Up to some 100,000 results are remembered in memory, in eight bytes each, and more in a
/// temporary file, so that memory hardly grows with their number. Where no file can be written, it does.
///
/// See [`Repeats`] for an example.
#[derive(Debug, Default)]
pub struct Survey {
    tests: Digests,
    /// Whether runs have no names of their own in the payload.
    is_without_run_names: bool,
}

impl Survey {
    /// For payloads of this dialect. Runs have no names of their own in [`Dialect::Evidence`], so all results of a test are
    /// results of one run.
    pub fn of_dialect(dialect: Dialect) -> Self {
        Self {
            tests: Digests::default(),
            is_without_run_names: dialect == Dialect::Evidence,
        }
    }

    /// Adds a result.
    pub fn add(&mut self, run: &TestRun) {
        self.tests.push(digest(run, !self.is_without_run_names));
    }

    /// Adds what `later` has seen.
    pub fn append(&mut self, later: Self) {
        self.tests.append(later.tests);
    }

    /// What has to be looked at more closely, if there is anything.
    pub fn finish(self) -> Option<Repeats> {
        let is_without_run_names = self.is_without_run_names;
        let repeats = match self.tests.repeated() {
            Ok(repeated) if repeated.is_empty() => return None,
            Ok(repeated) => Repeats::of(repeated),
            // Which ones those are is not known any more.
            Err(_) => Repeats::of_any(),
        };
        Some(repeats.without_run_names(is_without_run_names))
    }
}
