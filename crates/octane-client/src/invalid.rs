//! Results that were read and could not be used.

use crate::report::ReportedProblem;

/// Results that were read and could not be used: they count as invalid, and the report names them.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct InvalidResults {
    pub(crate) problems: Vec<ReportedProblem>,
    pub(crate) count: usize,
    pub(crate) has_unread_keys: bool,
}

impl InvalidResults {
    /// `count` results that could not be used, and what is wrong with them.
    pub fn new(problems: impl IntoIterator<Item = ReportedProblem>, count: usize) -> Self {
        Self {
            problems: problems.into_iter().collect(),
            count,
            has_unread_keys: false,
        }
    }

    /// Whether there were words where Jira keys belong which are none. Then it is not known which keys the results have, and
    /// [no link is removed](crate::UploadSettings::unlink_stale).
    pub fn unread_keys(mut self, are_there: bool) -> Self {
        self.has_unread_keys = are_there;
        self
    }
}
