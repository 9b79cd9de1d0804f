//! Reading the automated runs that results became.

use futures_util::TryStreamExt;
use octane_model::{Entity, EntityId, Select, SuiteRunId};
use serde_json::Value;

use crate::confirmed_by::ConfirmedBy;
use crate::context::Context;
use crate::error::ClientError;
use crate::event::Event;
use crate::in_list::list_in;
use crate::journal::{Journal, JournalError, PreviousRun};
use crate::read_runs::{milliseconds, read_runs, status};
use crate::stage::StageError;

/// What reading the runs came to.
#[derive(Debug)]
pub(crate) enum Lookup {
    /// No batch has ended, so there is nothing to look for.
    NothingIngested,
    /// Nothing was read, because the upload was cancelled.
    Cancelled,
    /// The payload was written by another program and names no suite run.
    Unnamed,
    /// There is no suite run.
    NoSuiteRun,
    /// The runs of this suite run are in the journal.
    Runs {
        suite_run: SuiteRunId,
        has_history: bool,
    },
    /// They could not be read this time.
    Failed(ClientError),
    /// The API key may not read them.
    Forbidden(ClientError),
}

/// Reads the runs that the results became into the journal, if anything can be there.
pub(crate) async fn verify(context: &Context<'_>) -> Result<Lookup, JournalError> {
    let Context {
        journal,
        manifest,
        cancellation,
        on_event,
        ..
    } = context;
    journal.run(Journal::clear_server_runs).await?;
    if !journal.run(Journal::has_ended_task).await? {
        return Ok(Lookup::NothingIngested);
    }
    if manifest.raw == Some(ConfirmedBy::Task) {
        return Ok(Lookup::Unnamed);
    }
    if cancellation.is_cancelled() {
        return Ok(Lookup::Cancelled);
    }
    let has_keys = manifest.link && journal.run(Journal::has_jira_keys).await?;
    match read_all(context, has_keys).await {
        Ok((suite_run, runs, has_history)) => {
            on_event(&Event::Verified { suite_run, runs });
            Ok(Lookup::Runs {
                suite_run,
                has_history,
            })
        }
        Err(StageError::Journal(error)) => Err(error),
        Err(StageError::Cancelled) => {
            journal.run(Journal::clear_server_runs).await?;
            Ok(Lookup::Cancelled)
        }
        Err(StageError::Client(error)) => {
            journal.run(Journal::clear_server_runs).await?;
            Ok(match error {
                ClientError::NoSuiteRun { .. } => Lookup::NoSuiteRun,
                ClientError::Rest(ref cause) if !cause.is_retryable() => Lookup::Forbidden(error),
                _ => Lookup::Failed(error),
            })
        }
    }
}

/// The suite run, how many of its runs were read, and whether the server has a history.
async fn read_all(
    context: &Context<'_>,
    has_keys: bool,
) -> Result<(SuiteRunId, usize, bool), StageError> {
    let (suite_run, runs) = read_runs(context, has_keys).await?;
    let has_history = read_previous(context).await?;
    Ok((suite_run, runs, has_history))
}

/// Reads the results that runs held before, where one of them may be a result that was sent and does not show.
/// Returns whether the server has such a history.
async fn read_previous(context: &Context<'_>) -> Result<bool, StageError> {
    let Context {
        client,
        journal,
        cancellation,
        ..
    } = context;
    let runs = journal.run(Journal::runs_needing_history).await?;
    let select = Select::names(["run_id", "run_native_status", "run_started", "run_duration"]);
    let list = client.endpoint.collection("previous_runs").list();
    let mut lists = list_in(list.select(select), "run_id", &runs);
    let mut is_first = true;
    loop {
        let Some(read) = cancellation.within_grace(lists.try_next()).await else {
            return Err(StageError::Cancelled);
        };
        let previous = match read {
            Ok(Some(previous)) => previous,
            Ok(None) => return Ok(true),
            // A server without that collection, or that hides it, cannot clear the doubt; it says so to the first request.
            Err(error) if !error.is_retryable() && is_first => return Ok(false),
            Err(error) => return Err(error.into()),
        };
        is_first = false;
        let previous: Vec<PreviousRun> = previous.iter().filter_map(previous_run).collect();
        journal
            .run(move |journal| journal.add_previous_runs(&previous))
            .await?;
    }
}

fn previous_run(entity: &Entity) -> Option<PreviousRun> {
    let run = entity.fields.get("run_id")?;
    let run = run.as_str().map_or_else(|| run.to_string(), str::to_owned);
    Some(PreviousRun {
        run: EntityId::from(run),
        status: entity.reference("run_native_status").as_ref().map(status),
        started: entity.text("run_started").and_then(milliseconds),
        duration: entity.fields.get("run_duration").and_then(Value::as_i64),
    })
}

#[cfg(test)]
mod tests;
