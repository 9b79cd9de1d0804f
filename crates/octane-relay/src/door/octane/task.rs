//! The state of a task, in Octane's words: one function, and this table.
//!
//! | the upload is | its payload ended in Octane as | status |
//! |---|---|---|
//! | `stored` | | `queued` |
//! | `delivering`, `waiting`, `awaiting_shards` | | `running` |
//! | `delivered` | `warning` | that word |
//! | `delivered` | anything else | `success` |
//! | `incomplete` | `warning`, `failed`, `error` or another word of Octane's | that word |
//! | `incomplete` | `success`, but not all results can be seen | `failed` |
//! | `incomplete` | not at all: Octane has refused it, or it could not be sent | `failed` |
//!
//! What another attempt of the relay may change is `running`, as a client takes anything else but `queued` as the end. `fromOlderPush`
//! says that Octane had received the same bytes before.

use jiff::Timestamp;
use octane_client::Report;
use octane_model::{Task, TaskId, TaskStatus, clean};

use crate::state::State;
use crate::store::Status;
use crate::worker::KEPT;

/// More of an explanation does not help.
const DETAILS_CHARACTERS_MAX: usize = 2000;

/// The task of an upload.
pub(super) fn task(id: TaskId, upload: &Status) -> Task {
    let report = report(upload);
    let batch = report.as_ref().and_then(|report| report.batches.first());
    let mut task = Task::new(id, status(upload.state, batch.map(|batch| &*batch.status)));
    // Incomplete uploads are kept until an operator deletes them.
    if upload.state == State::Delivered {
        let until = Timestamp::from_microsecond(upload.changed.after(KEPT).micros()).ok();
        task.until = until.map(|until| until.strftime("%Y-%m-%dT%H:%M:%S+0000").to_string());
    }
    if task.status.is_final() {
        task.from_older_push = batch.is_some_and(|batch| batch.is_duplicate);
        if task.status != TaskStatus::Success {
            let problem = report.as_ref().and_then(|report| report.problems.first());
            let reason = upload.reason.as_deref();
            let reason = reason
                .or(problem.map(|problem| &*problem.message))
                .map(clean);
            task.error_details =
                reason.map(|reason| reason.chars().take(DETAILS_CHARACTERS_MAX).collect());
        }
    }
    task
}

/// The last report of an upload. It was written by this program; whatever it is, there is an answer.
pub(super) fn report(upload: &Status) -> Option<Report> {
    let report = upload.report.as_deref();
    report.and_then(|text| serde_json::from_str(text).ok())
}

/// Decides the status; see the [table](self).
fn status(state: State, ended_as: Option<&str>) -> TaskStatus {
    match state {
        State::Stored => TaskStatus::Queued,
        State::Delivering | State::Waiting | State::AwaitingShards => TaskStatus::Running,
        State::Delivered if ended_as == Some("warning") => TaskStatus::Warning,
        State::Delivered => TaskStatus::Success,
        State::Incomplete => match ended_as {
            // The states of a batch that Octane has no task for, or none any more.
            None
            | Some("success" | "ready" | "in_flight" | "accepted" | "forgotten" | "refused") => {
                TaskStatus::Failed
            }
            Some(word) => Some(TaskStatus::from(word))
                .filter(TaskStatus::is_final)
                .unwrap_or(TaskStatus::Failed),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_delivered_is_a_success() {
        let words = [
            None,
            Some("success"),
            Some("warning"),
            Some("failed"),
            Some("refused"),
            Some("accepted"),
        ];
        for state in State::ALL {
            for word in words {
                let is_success = status(state, word) == TaskStatus::Success;
                let is_warning = word == Some("warning");
                let expected = state == State::Delivered && !is_warning;
                assert_eq!(is_success, expected, "{state} {word:?}");
            }
        }
    }

    #[test]
    fn a_client_waits_for_as_long_as_the_relay_works_on_it() {
        for state in State::ALL {
            let is_over = matches!(state, State::Delivered | State::Incomplete);
            assert_eq!(status(state, Some("failed")).is_final(), is_over, "{state}");
        }
        assert_eq!(status(State::Stored, None), TaskStatus::Queued);
        assert_eq!(status(State::Waiting, Some("success")), TaskStatus::Running);
    }

    #[test]
    fn what_octane_has_said_is_passed_on() {
        for (ended_as, expected) in [
            (None, "failed"),
            (Some("warning"), "warning"),
            (Some("failed"), "failed"),
            (Some("error"), "error"),
            (Some("cancelled"), "cancelled"),
            (Some("success"), "failed"),
            (Some("refused"), "failed"),
            (Some("forgotten"), "failed"),
            (Some("running"), "failed"),
        ] {
            let status = status(State::Incomplete, ended_as);
            assert_eq!(status.as_str(), expected, "{ended_as:?}");
        }
        // With `skip-errors`, everything that can be shown is, and something was ignored.
        let warning = status(State::Delivered, Some("warning"));
        assert_eq!(warning, TaskStatus::Warning);
    }
}
