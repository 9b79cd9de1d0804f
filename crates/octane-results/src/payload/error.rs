//! Errors of writing payloads.

use octane_model::ReleaseId;

use crate::payload::problem::CheckError;

/// Why a payload, or a run in it, cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PayloadError {
    /// The context violates the schema, for example with a text that is too long.
    #[error("the context of the payload violates the schema")]
    Context(#[source] CheckError),
    /// The evidence dialect without a suite.
    #[error("the evidence dialect requires a test suite")]
    SuiteMissing,
    /// The evidence dialect with no product area, or with several.
    #[error("the evidence dialect requires exactly one product area, got {found}")]
    ProductAreas {
        /// The number of product areas.
        found: usize,
    },
    /// The evidence dialect with a release by id.
    #[error("the evidence dialect requires a release name, not an ID (`{0}`)")]
    ReleaseById(ReleaseId),
    /// The evidence dialect with a context that it cannot represent.
    #[error("the evidence dialect cannot represent {what}")]
    Unsupported {
        /// The unsupported part, for example `an environment`.
        what: &'static str,
    },
    /// A feature without a start time.
    #[error("feature `{feature}` has no start time, which the run of a feature requires")]
    FeatureStartMissing {
        /// The feature's name.
        feature: String,
    },
    /// A run without a start time in the evidence dialect.
    #[error("run `{run}` has no start time, which the evidence dialect requires")]
    StartMissing {
        /// The run's identity.
        run: String,
    },
}

impl PayloadError {
    /// How to resolve it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Context(_) => None,
            Self::SuiteMissing => Some("specify the test suite that collects the runs"),
            Self::ProductAreas { .. } => Some("specify one application module"),
            Self::ReleaseById(_) => {
                Some("specify the release by name, or use the standard dialect, which accepts IDs")
            }
            Self::Unsupported { .. } => Some("remove it, or use the standard dialect"),
            Self::FeatureStartMissing { .. } => Some(
                "use a report with start times, such as Cucumber messages, or make each scenario a test of its own",
            ),
            Self::StartMissing { .. } => Some(
                "add a start time to the runs, or use the standard dialect, which does not need it",
            ),
        }
    }
}
