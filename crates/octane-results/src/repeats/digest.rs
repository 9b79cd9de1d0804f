//! Which results belong to the same run, in eight bytes.

use std::hash::BuildHasher;
use std::sync::OnceLock;

use foldhash::fast::RandomState;

use crate::run::TestRun;

/// A digest of what makes a run the same run, for this process alone, with or without its name. Different tests with the same digest are distinguished
/// later, which takes longer; so names cannot be chosen for it.
pub(super) fn digest(run: &TestRun, has_name: bool) -> u64 {
    static STATE: OnceLock<RandomState> = OnceLock::new();
    let state = STATE.get_or_init(RandomState::default);
    let name = run.run_name.as_ref().filter(|_| has_name);
    state.hash_one((&run.identity, name))
}
