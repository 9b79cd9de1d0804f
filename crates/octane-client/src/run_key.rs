//! What makes two results results of the same run.

use octane_results::Identity;
use sha2::{Digest, Sha256};

/// A digest of what makes a run the same run: module, package, class and name of the test, and the name of
/// the run (ALM test result collection tool, readme).
pub(crate) type RunKey = [u8; 16];

/// The key of a run of the test `identity`, whose name is that of the test where it has none.
pub(crate) fn run_key(identity: &Identity, run_name: Option<&str>) -> RunKey {
    let Identity {
        module,
        package,
        class,
        name,
    } = identity;
    let mut digest = Sha256::new();
    for text in [module, package, class, name, run_name.unwrap_or(name)] {
        // The length keeps neighbours apart.
        digest.update((text.len() as u64).to_le_bytes());
        digest.update(text);
    }
    truncated(digest)
}

/// The key of a run of a feature, which is known by its name alone: a tag may name a test in Octane that is called differently,
/// and Octane does not show the feature's file.
pub(crate) fn feature_key(run_name: &str) -> RunKey {
    truncated(Sha256::new_with_prefix("feature").chain_update(run_name))
}

fn truncated(digest: Sha256) -> RunKey {
    let digest = digest.finalize();
    std::array::from_fn(|index| digest[index])
}
