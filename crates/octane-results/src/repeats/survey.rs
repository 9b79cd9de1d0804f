//! Finding the tests that have several results.

use super::arrangement::Repeats;
use super::digest::digest;
use super::digests::Digests;
use crate::run::TestRun;

/// Finds the tests that have several results. Up to some 100,000 results are remembered in memory, in eight bytes each, and more in a
/// temporary file, so that memory hardly grows with their number. Where no file can be written, it does.
///
/// See [`Repeats`] for an example.
#[derive(Debug, Default)]
pub struct Survey {
    tests: Digests,
}

impl Survey {
    /// Adds a result.
    pub fn add(&mut self, run: &TestRun) {
        self.tests.push(digest(run));
    }

    /// Adds what `later` has seen.
    pub fn append(&mut self, later: Self) {
        self.tests.append(later.tests);
    }

    /// What has to be looked at more closely, if there is anything.
    pub fn finish(self) -> Option<Repeats> {
        match self.tests.repeated() {
            Ok(repeated) if repeated.is_empty() => None,
            Ok(repeated) => Some(Repeats::of(repeated)),
            // Which ones those are is not known any more.
            Err(_) => Some(Repeats::of_any()),
        }
    }
}
