//! How states are stored: one word each.

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};

use crate::resend::BatchState;
use crate::verdict::BatchEnd;

/// What is known of a result; see the [module](super).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RowState {
    Open,
    Unconfirmed,
    Superseded,
    Ingested,
    Rejected,
}

impl RowState {
    const ALL: [Self; 5] = [
        Self::Open,
        Self::Unconfirmed,
        Self::Superseded,
        Self::Ingested,
        Self::Rejected,
    ];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Unconfirmed => "unconfirmed",
            Self::Superseded => "superseded",
            Self::Ingested => "ingested",
            Self::Rejected => "rejected",
        }
    }
}

impl ToSql for RowState {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.as_str().into())
    }
}

impl FromSql for RowState {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let word = value.as_str()?;
        let known = Self::ALL.into_iter().find(|state| state.as_str() == word);
        known.ok_or(FromSqlError::InvalidType)
    }
}

/// Why a result is rejected, unconfirmed or superseded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    /// The server refused its batch.
    Refused,
    /// Its task ended without it.
    Task,
    /// Its task succeeded, and the suite run does not show it.
    Missing,
    /// The server no longer knows its task, and the suite run does not show it.
    Forgotten,
    /// Its task failed, and the API key may not read the runs.
    NotReadable,
}

impl Reason {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Task => "task",
            Self::Missing => "missing",
            Self::Forgotten => "forgotten",
            Self::NotReadable => "not_readable",
        }
    }
}

impl ToSql for Reason {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.as_str().into())
    }
}

/// What a status that this client does not know begins with where it is stored, so that it is not mistaken for a
/// word of ours.
const OTHER_PREFIX: &str = "task:";

/// The words for a batch's state: the columns `state` and `ended_as`.
pub(super) fn stored(state: &BatchState) -> (&'static str, Option<String>) {
    match state {
        BatchState::Ready => ("ready", None),
        BatchState::InFlight => ("in_flight", None),
        BatchState::Accepted => ("accepted", None),
        BatchState::Ended(end) => {
            let word = match end {
                BatchEnd::Other(status) => format!("{OTHER_PREFIX}{status}"),
                end => end.to_string(),
            };
            ("ended", Some(word))
        }
    }
}

/// The state in the columns `state` and `ended_as`.
pub(super) fn loaded(state: &str, ended_as: Option<&str>) -> rusqlite::Result<BatchState> {
    let end = match (state, ended_as) {
        ("ready", None) => return Ok(BatchState::Ready),
        ("in_flight", None) => return Ok(BatchState::InFlight),
        ("accepted", None) => return Ok(BatchState::Accepted),
        ("ended", Some(word)) => match word {
            "success" => BatchEnd::Success,
            "warning" => BatchEnd::Warning,
            "failed" => BatchEnd::Failed,
            "error" => BatchEnd::Error,
            "forgotten" => BatchEnd::Forgotten,
            "refused" => BatchEnd::Refused,
            other => match other.strip_prefix(OTHER_PREFIX) {
                Some(status) => BatchEnd::Other(status.to_owned()),
                None => return Err(rusqlite::Error::InvalidQuery),
            },
        },
        _ => return Err(rusqlite::Error::InvalidQuery),
    };
    Ok(BatchState::Ended(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_is_read_back_as_it_was_stored() {
        let other = BatchEnd::Other("refused".to_owned());
        let ends = [
            BatchEnd::Success,
            BatchEnd::Warning,
            BatchEnd::Failed,
            BatchEnd::Error,
            BatchEnd::Forgotten,
            BatchEnd::Refused,
            other,
        ];
        let ended = ends.map(BatchState::Ended);
        let states = [
            BatchState::Ready,
            BatchState::InFlight,
            BatchState::Accepted,
        ];
        for state in states.into_iter().chain(ended) {
            let (word, end) = stored(&state);
            assert_eq!(loaded(word, end.as_deref()).unwrap(), state);
        }
        assert!(loaded("ended", None).is_err());
        assert!(loaded("ready", Some("success")).is_err());
        assert!(loaded("ended", Some("settled")).is_err());
        assert!(loaded("settled", None).is_err());
    }
}
