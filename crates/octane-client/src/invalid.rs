//! Results that were read and could not be used.

use crate::report::ReportedProblem;

/// Results that were read and could not be used: they count as invalid, and the report names them.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct InvalidResults {
    pub(crate) problems: Vec<ReportedProblem>,
    pub(crate) count: usize,
}

impl InvalidResults {
    /// `count` results that could not be used, and what is wrong with them.
    pub fn new(problems: impl IntoIterator<Item = ReportedProblem>, count: usize) -> Self {
        Self {
            problems: problems.into_iter().collect(),
            count,
        }
    }
}
