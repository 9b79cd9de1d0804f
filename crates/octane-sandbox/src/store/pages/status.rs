//! How runs ended.

use crate::error::ApiError;
use crate::store::Reader;

/// How a run ended: the list `run_native_status`, what needs a look first.
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

    /// The last piece of its logical name.
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

    /// The status with this word.
    pub(crate) fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.word() == word)
    }
}

/// The keys of the list's values in this database. A value that somebody added to the list has none of
/// our names and reads as no status.
#[derive(Debug)]
pub(crate) struct Statuses(Vec<(i64, NativeStatus)>);

impl Statuses {
    pub(crate) fn of(&self, key: Option<i64>) -> Option<NativeStatus> {
        let found = self.0.iter().find(|(known, _)| Some(*known) == key);
        found.map(|(_, status)| *status)
    }

    pub(super) fn key(&self, status: NativeStatus) -> Option<i64> {
        let found = self.0.iter().find(|(_, known)| *known == status);
        found.map(|(key, _)| *key)
    }
}

impl Reader<'_> {
    pub(crate) fn native_statuses(self) -> Result<Statuses, ApiError> {
        let sql = "SELECT id FROM list_nodes WHERE logical_name = ? COLLATE NOCASE";
        let mut statement = self.page_statement(sql)?;
        let mut pairs = Vec::new();
        for status in NativeStatus::ALL {
            let name = format!("list_node.run_native_status.{}", status.word());
            let keys = statement.query_map([name], |row| row.get(0))?;
            for key in keys {
                pairs.push((key?, status));
            }
        }
        Ok(Statuses(pairs))
    }
}
