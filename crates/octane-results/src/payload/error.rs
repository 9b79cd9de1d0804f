//! Why a payload cannot be written.

use octane_model::ReleaseId;

use super::CheckError;

/// Why a payload, or a run in it, cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PayloadError {
    /// The context breaks a rule of the schema, for example with a text that is too long.
    #[error("the context of the payload does not fit the schema")]
    Context(#[source] CheckError),
    /// The evidence dialect without a suite.
    #[error("the evidence dialect needs a test suite")]
    SuiteMissing,
    /// The evidence dialect with no product area, or with several.
    #[error("the evidence dialect takes exactly one product area, not {found}")]
    ProductAreas {
        /// How many there are.
        found: usize,
    },
    /// The evidence dialect with a release by id.
    #[error("the evidence dialect names its release and cannot take the id `{0}`")]
    ReleaseById(ReleaseId),
    /// The evidence dialect with a piece of context that it has no word for.
    #[error("the evidence dialect has no place for {what}")]
    NoPlace {
        /// What was set, for example `an environment`.
        what: &'static str,
    },
    /// A run without a start time in the evidence dialect.
    #[error("run `{run}` has no start time, which the evidence dialect requires")]
    StartMissing {
        /// The run's identity.
        run: String,
    },
}

impl PayloadError {
    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Context(_) => None,
            Self::SuiteMissing => Some("name the test suite that collects the runs"),
            Self::ProductAreas { .. } => Some("name one application module"),
            Self::ReleaseById(_) => {
                Some("give the release's name, or use the standard dialect, which takes ids")
            }
            Self::NoPlace { .. } => Some("leave it out, or use the standard dialect"),
            Self::StartMissing { .. } => Some(
                "give the runs a start time, or use the standard dialect, which can do without",
            ),
        }
    }
}
