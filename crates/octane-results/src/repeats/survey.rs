//! Finding the tests that have several results.

use super::arrangement::Repeats;
use super::digest::digest;
use crate::run::TestRun;

/// Finds the tests that have several results.
///
/// See [`Repeats`] for an example.
#[derive(Debug, Clone, Default)]
pub struct Survey {
    tests: Vec<u64>,
}

impl Survey {
    /// Adds a result.
    pub fn add(&mut self, run: &TestRun) {
        self.tests.push(digest(run));
    }

    /// Adds what `later` has seen.
    pub fn append(&mut self, later: Self) {
        self.tests.extend(later.tests);
    }

    /// What has to be looked at more closely, if there is anything.
    pub fn finish(self) -> Option<Repeats> {
        let mut tests = self.tests;
        tests.sort_unstable();
        let groups = tests.chunk_by(|one, other| one == other);
        let repeated: Vec<u64> = groups
            .filter(|group| group.len() > 1)
            .map(|group| group[0])
            .collect();
        (!repeated.is_empty()).then(|| Repeats::new(repeated))
    }
}
