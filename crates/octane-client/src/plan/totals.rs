//! What was planned in total.

use std::collections::BTreeSet;

use octane_model::plural::plural;
use octane_results::{LimitExceeded, PayloadError};

use crate::report::{Counts, ReportedProblem};

/// The totals of a plan, once all of it was computed.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct PlanTotals {
    /// How many results there are, and how many texts were repaired.
    pub counts: Counts,
    /// In how many batches.
    pub batches: usize,
    /// How many bytes of payload that is, before compression.
    pub bytes: u64,
    /// What should be reported about it.
    pub problems: Vec<ReportedProblem>,
    /// The different Jira keys that the results carry.
    pub jira_keys: BTreeSet<String>,
}

/// Why nothing can be sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// Results that exceed Octane's limits and may not be repaired; all of them.
    #[error("{} {} Octane's limits; first: {}", plural(.0.len(), "result"), if .0.len() == 1 { "exceeds" } else { "exceed" }, .0[0])]
    LimitExceeded(Vec<LimitExceeded>),
    /// Results of features and of other tests, for a single payload.
    #[error(
        "some results are those of features and others are not, and a payload holds results of one kind"
    )]
    KindsMixed,
    /// Results of features, which cannot be planned in parts.
    #[error("the scenarios of a feature cannot be planned in parts")]
    FeaturesInParts,
    /// Something that the payload's dialect cannot express, or requires and does not get.
    #[error("cannot write the payload")]
    Payload(#[from] PayloadError),
}
