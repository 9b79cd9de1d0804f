//! What is remembered of a result, and what makes it one of the same run as another.

use std::time::Duration;

use jiff::Timestamp;
use octane_results::{Identity, Position, Status, TestRun};
use sha2::{Digest, Sha256};

/// What is remembered of a result after it has been written.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) identity: Identity,
    pub(crate) run_name: Option<String>,
    pub(crate) status: Status,
    pub(crate) started: Option<Timestamp>,
    pub(crate) duration: Duration,
    pub(crate) jira: Vec<String>,
    pub(crate) position: Option<Position>,
}

/// A digest of what makes a run the same run: module, package, class and name of the test, and the name of
/// the run (ALM test result collection tool, readme).
pub(crate) type RunKey = [u8; 16];

impl Row {
    /// See [`RunKey`].
    pub(crate) fn key(&self) -> RunKey {
        run_key(&self.identity, self.run_name.as_deref())
    }
}

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
    let digest = digest.finalize();
    std::array::from_fn(|index| digest[index])
}

impl From<TestRun> for Row {
    fn from(run: TestRun) -> Self {
        let TestRun {
            identity,
            run_name,
            status,
            started,
            duration,
            jira,
            position,
            ..
        } = run;
        Self {
            identity,
            run_name,
            status,
            started,
            duration,
            jira,
            position,
        }
    }
}
