//! `octane wait`, and `octane status` of a task of the server.

use std::time::Duration;

use octane_client::{Client, UploadId, UploadState};
use octane_model::{Task, TaskId, TaskStatus};
use serde_json::json;

use super::connected::connected;
use super::pauses::Pauses;
use super::uploads;
use crate::args::{ConnectionArgs, OnlyArgs, SpoolArgs, StatusArgs, WaitArgs, Watched};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::{Output, Text};
use crate::spool::{journal_failure, spool};
use crate::suggest::Suggest;

/// How long to pause before looking again: at first, and at most.
const PAUSES: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(5)];

/// Shows an upload, or a task of the server.
pub(super) async fn status(
    args: &StatusArgs,
    connection: &ConnectionArgs,
    output: Output,
) -> Result<Exit> {
    let id = match &args.id {
        Some(Watched::Task(task)) if args.only.rejected => {
            let message = format!(
                "`--rejected` is about an upload; {task} is a task of the server, which does not say what became of single results"
            );
            return Err(Failure::message(Exit::Usage, message)
                .hint("`octane uploads list` lists the uploads"));
        }
        Some(Watched::Task(task)) => {
            let show = async |client: &Client| {
                let task = read(client, *task).await?;
                show(client, &task, output).await?;
                Ok(Exit::Success)
            };
            return connected(connection, output, show).await;
        }
        Some(Watched::Upload(id)) => Some(id),
        None => None,
    };
    uploads::status(id, args.only, &args.spool, output)
}

pub(super) async fn run(
    args: &WaitArgs,
    connection: &ConnectionArgs,
    output: Output,
) -> Result<Exit> {
    match &args.id {
        Watched::Upload(id) => upload(id, args.wait, &args.spool, output).await,
        Watched::Task(id) => {
            let wait = async |client: &Client| {
                let task = last_state(client, *id, args.wait).await?;
                show(client, &task, output).await?;
                Ok(exit_of_task(&task.status))
            };
            connected(connection, output, wait).await
        }
    }
}

/// The state of a task once it has ended, or when the time is over.
async fn last_state(client: &Client, id: TaskId, wait_max: Duration) -> Result<Task> {
    let mut pauses = Pauses::new(wait_max, PAUSES);
    loop {
        let task = read(client, id).await?;
        if task.status.is_final() || !pauses.pause().await {
            return Ok(task);
        }
    }
}

async fn read(client: &Client, id: TaskId) -> Result<Task> {
    let task = client.endpoint().test_results().task(id).await;
    task.map_err(|error| {
        let is_unknown = error.is_not_found() && !error.is_retryable();
        let failure = Failure::from(error);
        if is_unknown {
            failure.hint(
                "is it a task of this workspace? Octane may forget tasks; `octane uploads list` lists the uploads of this machine",
            )
        } else {
            failure
        }
    })
}

/// Waits until no process is working on an upload, and shows it.
async fn upload(
    id: &UploadId,
    wait_max: Duration,
    args: &SpoolArgs,
    output: Output,
) -> Result<Exit> {
    let spool = spool(args)?;
    let suggest = Suggest::offline(args);
    let mut pauses = Pauses::new(wait_max, PAUSES);
    loop {
        let summary = spool.summary(id);
        let summary = summary.map_err(|error| journal_failure(error, &suggest))?;
        if !summary.is_in_use || !pauses.pause().await {
            uploads::status(Some(id), OnlyArgs::default(), args, output)?;
            return Ok(exit_of_upload(summary.state, summary.counts.are_all_in()));
        }
    }
}

/// The exit code for a task.
///
/// | status | exit code |
/// |---|---|
/// | success | 0 |
/// | warning, failed, one that is not known | 5: results may be missing |
/// | error | 6 |
/// | queued, running | 8: the time is over |
fn exit_of_task(status: &TaskStatus) -> Exit {
    match status {
        TaskStatus::Success => Exit::Success,
        TaskStatus::Error => Exit::Refused,
        TaskStatus::Queued | TaskStatus::Running => Exit::Unreachable,
        _ => Exit::Partial,
    }
}

/// The exit code for an upload.
///
/// | state | all of its results are in Octane | exit code |
/// |---|---|---|
/// | finished | yes | 0 |
/// | awaiting shards | yes | 0 |
/// | awaiting shards | no | 5 |
/// | finished incomplete | no | 5 |
/// | pending, in progress | | 8: `octane resume` continues it, or the time is over |
fn exit_of_upload(state: UploadState, are_all_in: bool) -> Exit {
    match state {
        UploadState::Finished => Exit::Success,
        UploadState::AwaitingShards if are_all_in => Exit::Success,
        UploadState::AwaitingShards | UploadState::FinishedIncomplete => Exit::Partial,
        _ => Exit::Unreachable,
    }
}

/// Prints a task with its log.
async fn show(client: &Client, task: &Task, output: Output) -> Result<()> {
    // Not every server has logs.
    let log = client.endpoint().test_results().log(task.id).await;
    let log: Vec<String> = log
        .ok()
        .flatten()
        .iter()
        .flat_map(|log| log.lines().map(str::to_owned))
        .filter(|line| !line.trim().is_empty())
        .collect();
    let human = || {
        let mut text = Text::line(format!("Task      {} ({})", task.id, task.status.as_str()));
        if task.from_older_push {
            text.push("Duplicate of a payload that Octane had received before");
        }
        if let Some(until) = &task.until {
            text.push(&format!("Kept until {until}"));
        }
        if let Some(details) = &task.error_details {
            text.push(&format!("Message   {details}"));
        }
        for line in &log {
            text.push(&format!("Log       {line}"));
        }
        text
    };
    let json = json!({
        "schema": "octane.task/1",
        "id": task.id.to_string(),
        "status": task.status.as_str(),
        "is_ended": task.status.is_final(),
        "is_duplicate": task.from_older_push,
        "kept_until": task.until,
        "message": task.error_details,
        "log": log,
    });
    output.answer(human, &json).map_err(Failure::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_both_tables_holds() {
        for (status, exit) in [
            (TaskStatus::Success, Exit::Success),
            (TaskStatus::Warning, Exit::Partial),
            (TaskStatus::Failed, Exit::Partial),
            (TaskStatus::Other("late".to_owned()), Exit::Partial),
            (TaskStatus::Error, Exit::Refused),
            (TaskStatus::Queued, Exit::Unreachable),
            (TaskStatus::Running, Exit::Unreachable),
        ] {
            assert_eq!(exit_of_task(&status), exit, "{status:?}");
        }
        for (state, are_all_in, exit) in [
            (UploadState::Finished, true, Exit::Success),
            (UploadState::AwaitingShards, true, Exit::Success),
            (UploadState::AwaitingShards, false, Exit::Partial),
            (UploadState::FinishedIncomplete, false, Exit::Partial),
            (UploadState::Pending, false, Exit::Unreachable),
            (UploadState::InProgress, true, Exit::Unreachable),
        ] {
            assert_eq!(exit_of_upload(state, are_all_in), exit, "{state:?}");
        }
    }
}
