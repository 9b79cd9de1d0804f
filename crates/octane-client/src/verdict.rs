//! What became of a result: one function, and this table.
//!
//! | the batch ended as | `Exact` | `Newer` | `LaterRow` | `Absent` | `Forbidden` | `Unnamed` | `Unread` |
//! |---|---|---|---|---|---|---|---|
//! | success | ingested | ingested | ingested | unconfirmed | ingested | ingested | unchanged |
//! | warning, server has a history | ingested | rejected | rejected | rejected | ingested | unconfirmed | unchanged |
//! | warning, no history | ingested | ingested | ingested | rejected | ingested | unconfirmed | unchanged |
//! | failed, error, an unknown status | ingested | rejected | rejected | rejected | unconfirmed | unconfirmed | unchanged |
//! | forgotten (the server no longer knows the task) | ingested | unconfirmed | unconfirmed | unconfirmed | unconfirmed | unconfirmed | unchanged |
//! | refused (there is no task) | rejected | rejected | rejected | rejected | rejected | rejected | rejected |
//!
//! A result without a batch that ended has no verdict: it is open. With a warning, the server may have skipped
//! any result, so each one has to be seen, if its history can show it.

use std::fmt;

use octane_model::TaskStatus;

/// How a batch ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum BatchEnd {
    /// The task succeeded.
    Success,
    /// The task succeeded and left something out.
    Warning,
    /// The task failed.
    Failed,
    /// The task broke.
    Error,
    /// The task ended with a status that this client does not know.
    Other(String),
    /// The server no longer knows the task.
    Forgotten,
    /// The server did not accept the batch.
    Refused,
}

impl From<&TaskStatus> for BatchEnd {
    /// A task that has not ended is treated as one that failed: nothing of it counts before it is seen.
    fn from(status: &TaskStatus) -> Self {
        match status {
            TaskStatus::Success => Self::Success,
            TaskStatus::Warning => Self::Warning,
            TaskStatus::Failed => Self::Failed,
            TaskStatus::Error => Self::Error,
            other => Self::Other(other.as_str().to_owned()),
        }
    }
}

impl fmt::Display for BatchEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Success => "success",
            Self::Warning => "warning",
            Self::Failed => "failed",
            Self::Error => "error",
            Self::Other(status) => status,
            Self::Forgotten => "forgotten",
            Self::Refused => "refused",
        })
    }
}

/// What the suite run shows of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Observation {
    /// This very result, now or in the history of its run.
    Exact,
    /// A result of the same test that started later, or at the same time as far as is known. Not if tests of the upload have several runs and
    /// the server has a history: then it may be that of another upload.
    Newer,
    /// Not this result, but a later one of the same test in this upload is in.
    LaterRow,
    /// No result, or only older ones, or those of runs that were not changed since before the upload sent anything.
    Absent,
    /// The API key may not read the runs.
    Forbidden,
    /// The payload names no suite run, so that nothing shows its results: what its task says is all there is.
    Unnamed,
    /// The runs were not read this time.
    Unread,
}

/// What became of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is in Octane.
    Ingested,
    /// Octane did not take it.
    Rejected,
    /// Octane may have it and does not show it.
    Unconfirmed,
    /// What was known before still holds.
    Unchanged,
}

/// Judges one result; see the [table](self).
pub(crate) fn verdict(end: &BatchEnd, seen: Observation, has_history: bool) -> Verdict {
    use BatchEnd::{Error, Failed, Forgotten, Other, Refused, Success, Warning};
    use Observation::{Absent, Exact, Forbidden, LaterRow, Newer, Unnamed, Unread};
    match (end, seen) {
        (Refused, _) => Verdict::Rejected,
        (_, Unread) => Verdict::Unchanged,
        (_, Exact) | (Success, Newer | LaterRow | Forbidden | Unnamed) | (Warning, Forbidden) => {
            Verdict::Ingested
        }
        (Warning, Newer | LaterRow) if !has_history => Verdict::Ingested,
        (Success, Absent)
        | (Forgotten, _)
        | (Failed | Error | Other(_), Forbidden)
        | (Warning | Failed | Error | Other(_), Unnamed) => Verdict::Unconfirmed,
        (Warning | Failed | Error | Other(_), Newer | LaterRow | Absent) => Verdict::Rejected,
    }
}

#[cfg(test)]
mod tests {
    use super::Observation::{Absent, Exact, Forbidden, LaterRow, Newer, Unnamed, Unread};
    use super::Verdict::{Ingested, Rejected, Unchanged, Unconfirmed};
    use super::*;

    const COLUMNS: [Observation; 7] = [Exact, Newer, LaterRow, Absent, Forbidden, Unnamed, Unread];

    fn assert_row(end: &BatchEnd, has_history: bool, expected: [Verdict; 7]) {
        for (seen, expected) in COLUMNS.into_iter().zip(expected) {
            assert_eq!(
                verdict(end, seen, has_history),
                expected,
                "{end}, {seen:?}, history: {has_history}"
            );
        }
    }

    #[test]
    fn a_result_of_a_successful_batch_is_in_unless_the_suite_run_does_not_show_it() {
        let expected = [
            Ingested,
            Ingested,
            Ingested,
            Unconfirmed,
            Ingested,
            Ingested,
            Unchanged,
        ];
        for has_history in [false, true] {
            assert_row(&BatchEnd::Success, has_history, expected);
        }
    }

    #[test]
    fn after_a_warning_the_history_has_to_show_the_very_result() {
        let expected = [
            Ingested,
            Rejected,
            Rejected,
            Rejected,
            Ingested,
            Unconfirmed,
            Unchanged,
        ];
        assert_row(&BatchEnd::Warning, true, expected);
    }

    #[test]
    fn after_a_warning_without_a_history_a_newer_result_is_enough() {
        let expected = [
            Ingested,
            Ingested,
            Ingested,
            Rejected,
            Ingested,
            Unconfirmed,
            Unchanged,
        ];
        assert_row(&BatchEnd::Warning, false, expected);
    }

    #[test]
    fn of_a_failed_batch_only_the_very_result_counts() {
        let expected = [
            Ingested,
            Rejected,
            Rejected,
            Rejected,
            Unconfirmed,
            Unconfirmed,
            Unchanged,
        ];
        let other = BatchEnd::Other("cancelled".to_owned());
        for end in [BatchEnd::Failed, BatchEnd::Error, other] {
            for has_history in [false, true] {
                assert_row(&end, has_history, expected);
            }
        }
    }

    #[test]
    fn a_missing_result_of_a_forgotten_batch_is_unconfirmed() {
        let expected = [
            Ingested,
            Unconfirmed,
            Unconfirmed,
            Unconfirmed,
            Unconfirmed,
            Unconfirmed,
            Unchanged,
        ];
        for has_history in [false, true] {
            assert_row(&BatchEnd::Forgotten, has_history, expected);
        }
    }

    #[test]
    fn a_refused_batch_is_rejected_whatever_is_seen() {
        for has_history in [false, true] {
            assert_row(&BatchEnd::Refused, has_history, [Rejected; 7]);
        }
    }

    #[test]
    fn the_end_of_a_task_is_the_end_of_its_batch() {
        for (status, expected) in [
            ("success", BatchEnd::Success),
            ("warning", BatchEnd::Warning),
            ("failed", BatchEnd::Failed),
            ("error", BatchEnd::Error),
            ("cancelled", BatchEnd::Other("cancelled".to_owned())),
            ("refused", BatchEnd::Other("refused".to_owned())),
            ("running", BatchEnd::Other("running".to_owned())),
        ] {
            let end = BatchEnd::from(&TaskStatus::from(status));
            assert_eq!(end, expected);
            assert_eq!(end.to_string(), status);
        }
        assert_eq!(BatchEnd::Forgotten.to_string(), "forgotten");
        assert_eq!(BatchEnd::Refused.to_string(), "refused");
    }
}
