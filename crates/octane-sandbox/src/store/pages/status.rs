//! The statuses of runs.

use crate::error::ApiError;
use crate::store::read::Reader;

/// The status of a run, from the list `run_native_status`; those that need attention come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum NativeStatus {
    Failed,
    Blocked,
    NotCompleted,
    Planned,
    Skipped,
    Passed,
}

impl NativeStatus {
    pub(crate) const ALL: [Self; 6] = [
        Self::Failed,
        Self::Blocked,
        Self::NotCompleted,
        Self::Planned,
        Self::Skipped,
        Self::Passed,
    ];

    /// The last segment of its logical name.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Blocked => "blocked",
            Self::NotCompleted => "not_completed",
            Self::Planned => "planned",
            Self::Skipped => "skipped",
            Self::Passed => "passed",
        }
    }

    /// The status with this name.
    pub(crate) fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.word() == word)
    }
}

/// What a run is shown as: its status, or that it failed before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Status(Option<NativeStatus>),
    /// It failed, and then another result of the same run followed that did not.
    Flaky,
}

impl Outcome {
    /// What needs attention comes first.
    pub(crate) const ALL: [Self; 8] = [
        Self::Status(Some(NativeStatus::Failed)),
        Self::Flaky,
        Self::Status(Some(NativeStatus::Blocked)),
        Self::Status(Some(NativeStatus::NotCompleted)),
        Self::Status(None),
        Self::Status(Some(NativeStatus::Planned)),
        Self::Status(Some(NativeStatus::Skipped)),
        Self::Status(Some(NativeStatus::Passed)),
    ];
}

/// The row IDs of the list's values in this database. Values that were added to the list have no known name
/// and count as no status.
#[derive(Debug)]
pub(crate) struct Statuses(Vec<(i64, NativeStatus)>);

impl Statuses {
    pub(crate) fn of(&self, row_id: Option<i64>) -> Option<NativeStatus> {
        let found = self.0.iter().find(|(known, _)| Some(*known) == row_id);
        found.map(|(_, status)| *status)
    }

    /// The row IDs of all values.
    pub(super) fn row_ids(&self) -> impl Iterator<Item = i64> {
        self.0.iter().map(|(row_id, _)| *row_id)
    }

    pub(super) fn row_id(&self, status: NativeStatus) -> Option<i64> {
        let found = self.0.iter().find(|(_, known)| *known == status);
        found.map(|(row_id, _)| *row_id)
    }
}

impl Reader<'_> {
    pub(crate) fn native_statuses(self) -> Result<Statuses, ApiError> {
        const PREFIX: &str = "list_node.run_native_status.";
        let logical = |status: NativeStatus| format!("{PREFIX}{}", status.word());
        let wanted = serde_json::to_string(&NativeStatus::ALL.map(logical)).unwrap_or_default();
        let mut statement = self.page_statement(
            "WITH wanted (name) AS (SELECT value FROM json_each(?))
             SELECT n.id, w.name FROM wanted w CROSS JOIN list_nodes n ON n.logical_name = w.name COLLATE NOCASE",
        )?;
        let mut rows = statement.query([wanted])?;
        let mut known = Vec::new();
        while let Some(row) = rows.next()? {
            let found: String = row.get(1)?;
            let word = found.strip_prefix(PREFIX).unwrap_or_default();
            if let Some(status) = NativeStatus::named(word) {
                known.push((row.get(0)?, status));
            }
        }
        Ok(Statuses(known))
    }
}
