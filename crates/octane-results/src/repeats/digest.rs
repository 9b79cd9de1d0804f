//! Which results belong to the same run, in eight bytes.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::run::TestRun;

/// A digest of what makes a run the same run. Different tests with the same digest are distinguished later.
pub(super) fn digest(run: &TestRun) -> u64 {
    let mut hasher = DefaultHasher::new();
    (&run.identity, &run.run_name).hash(&mut hasher);
    hasher.finish()
}
