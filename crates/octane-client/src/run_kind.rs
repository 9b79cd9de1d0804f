//! The kinds of runs that results become.

use octane_model::{AutomatedRun, Resource, Select};
use octane_results::Identity;

use crate::run_key::{RunKey, feature_key, run_key};

/// What kind of run a result becomes. Octane has a type and a collection of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RunKind {
    /// The automated run of a test.
    Test,
    /// The Gherkin automated run of a feature.
    Feature,
}

impl RunKind {
    pub(crate) const ALL: [Self; 2] = [Self::Test, Self::Feature];

    /// Where the runs are listed.
    pub(crate) fn collection(self) -> &'static str {
        match self {
            Self::Test => AutomatedRun::COLLECTION,
            Self::Feature => "gherkin_automated_runs",
        }
    }

    /// The fields that are read of a run.
    pub(crate) fn select(self) -> Select {
        match self {
            Self::Test => AutomatedRun::select(),
            Self::Feature => {
                Select::names(["name", "test_name", "test", "native_status", "started"])
            }
        }
    }

    /// The test of a run, as the server shows it.
    pub(crate) fn identity(run: &AutomatedRun) -> Identity {
        Identity {
            module: run.component.clone().unwrap_or_default(),
            package: run.package.clone().unwrap_or_default(),
            class: run.class_name.clone().unwrap_or_default(),
            name: run.test_name.clone().unwrap_or_else(|| run.name.clone()),
        }
    }

    /// The key of a run of the test `identity`, whose name is that of the test where it has none.
    pub(crate) fn key(self, identity: &Identity, run_name: Option<&str>) -> RunKey {
        match self {
            Self::Test => run_key(identity, run_name),
            Self::Feature => feature_key(run_name.unwrap_or(&identity.name)),
        }
    }
}
