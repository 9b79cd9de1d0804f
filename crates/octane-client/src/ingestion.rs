//! Waiting until Octane has really ingested what it accepted.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesOrdered;
use http::StatusCode;
use octane_model::{Task, TaskStatus};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::client::Client;
use crate::context::Context;
use crate::event::Event;
use crate::journal::JournalError;
use crate::verdict::BatchEnd;

const PAUSE_FIRST: Duration = Duration::from_millis(200);
const PAUSE_MAX: Duration = Duration::from_secs(10);

/// How many tasks are asked for at the same time, if one after the other has ended.
const CONCURRENT_TASKS_MAX: usize = 4;

const TASK_LOG_BYTES_MAX: usize = 1 << 20;

/// The longest wait: a year is as good as forever, and a clock can add it.
const WAIT_BOUND: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// What Octane did not finish; empty if it finished all.
#[derive(Debug, Default)]
pub(crate) struct Unfinished {
    /// The batches, each with the reason.
    pub(crate) batches: BTreeMap<usize, String>,
    pub(crate) is_unauthorized: bool,
}

/// Waits for the task of every batch that comes from `tasks`, and records in the journal how each ends.
///
/// Octane works on payloads in the order in which it accepted them, so only the oldest open task is
/// asked for, with growing pauses. When it has ended, the next ones mostly have too, so they are asked for
/// together with the oldest as long as each has ended. That is one request a task and a few more, however many
/// batches there are.
pub(crate) async fn await_ingestion(
    context: &Context<'_>,
    mut tasks: mpsc::UnboundedReceiver<(usize, Task)>,
) -> Result<Unfinished, JournalError> {
    let Context {
        client,
        journal,
        settings,
        cancellation,
        on_event,
        ..
    } = context;
    let wait_max = settings.ingestion_wait_max.min(WAIT_BOUND);
    let mut unfinished = Unfinished::default();
    let mut open: VecDeque<(usize, Task)> = VecDeque::new();
    let mut pause = PAUSE_FIRST;
    let mut deadline = Instant::now() + wait_max;
    let mut is_sending = true;
    // The requests for the oldest tasks, and how many there may be.
    let mut requests = FuturesOrdered::new();
    let mut requests_max = 1;
    while is_sending || !open.is_empty() {
        if open.is_empty() {
            match tasks.recv().await {
                Some(batch) => open.push_back(batch),
                None => is_sending = false,
            }
            // What has not been accepted cannot be ingested: the wait begins here.
            deadline = Instant::now() + wait_max;
            continue;
        }
        while let Ok(batch) = tasks.try_recv() {
            open.push_back(batch);
            deadline = Instant::now() + wait_max;
        }
        while requests.len() < requests_max
            && let Some((_, task)) = open.get(requests.len())
        {
            requests.push_back(ask(client, task.clone()));
        }
        let Some(answered) = cancellation.within_grace(requests.next()).await else {
            break;
        };
        let Some(((batch, _), answered)) = open.front().cloned().zip(answered) else {
            continue;
        };
        let ended = match ended(answered) {
            Ok(ended) => ended,
            Err(error) => {
                unfinished.is_unauthorized |= error.is_unauthorized();
                let reason = crate::error::chain(&error);
                // A server that is away is away for all of them.
                let count = if error.is_retryable() {
                    requests.clear();
                    open.len()
                } else {
                    1
                };
                let given_up = open
                    .drain(..count)
                    .map(|(batch, _)| (batch, reason.clone()));
                unfinished.batches.extend(given_up);
                continue;
            }
        };
        if let Some((end, task_log)) = ended {
            open.pop_front();
            pause = PAUSE_FIRST;
            requests_max = (requests_max + 1).min(CONCURRENT_TASKS_MAX);
            let status = end.to_string();
            journal
                .run(move |journal| journal.task_ended(batch, end, task_log.as_deref()))
                .await?;
            on_event(&Event::Ended { batch, status });
            continue;
        }
        // The tasks that were asked for together with it may have ended, which is stored in their place until their
        // turn. Errors come up again then.
        requests_max = 1;
        let rest = requests.by_ref().collect::<Vec<_>>();
        let Some(rest) = cancellation.within_grace(rest).await else {
            break;
        };
        for ((_, task), answered) in open.iter_mut().skip(1).zip(rest) {
            if let Ok((answered, _)) = answered {
                *task = answered;
            }
        }
        if cancellation.is_cancelled() {
            break;
        }
        if Instant::now() + pause > deadline {
            open.pop_front();
            unfinished.batches.insert(batch, too_late(wait_max));
            continue;
        }
        on_event(&Event::Waiting {
            batches: open.len(),
            pause,
        });
        cancellation.sleep(pause).await;
        pause = (pause * 3 / 2).min(PAUSE_MAX);
    }
    let stopped = |(batch, _)| (batch, "interrupted before ingestion finished".to_owned());
    unfinished.batches.extend(open.into_iter().map(stopped));
    Ok(unfinished)
}

/// How a batch ended, with its task's log, if it has ended.
fn ended(
    answered: Result<(Task, Option<String>), octane_rest::Error>,
) -> Result<Option<(BatchEnd, Option<String>)>, octane_rest::Error> {
    match answered {
        // Octane keeps the state of a task for a while only.
        Err(error) if error.is_not_found() && !error.is_retryable() => {
            Ok(Some((BatchEnd::Forgotten, None)))
        }
        Err(error) => Err(error),
        Ok((task, log)) if task.status.is_final() => Ok(Some((BatchEnd::from(&task.status), log))),
        Ok(_) => Ok(None),
    }
}

fn too_late(wait_max: Duration) -> String {
    if wait_max.is_zero() {
        "Octane had not finished yet".to_owned()
    } else {
        format!(
            "Octane did not finish ingesting within {}",
            duration(wait_max)
        )
    }
}

/// A time to wait, as people write it: `15 min`, `1 h 30 min`, `2 s`.
fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    let parts = [
        (seconds / 3600, "h"),
        (seconds / 60 % 60, "min"),
        (seconds % 60, "s"),
    ];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count} {unit}"))
        .collect();
    if parts.is_empty() {
        return format!("{time:?}");
    }
    parts.join(" ")
}

/// Asks how far a task is, unless it is known to have ended, and for its log.
async fn ask(client: &Client, task: Task) -> Result<(Task, Option<String>), octane_rest::Error> {
    // The answer to the payload says so if there is nothing left to wait for.
    let task = if task.status.is_final() {
        task
    } else {
        client.endpoint.test_results().task(task.id).await?
    };
    let log = task_log(client, &task).await?;
    Ok((task, log))
}

/// What the server says about a task that did not simply succeed.
async fn task_log(client: &Client, task: &Task) -> Result<Option<String>, octane_rest::Error> {
    if !task.status.is_final() || task.status == TaskStatus::Success {
        return Ok(None);
    }
    // The log has a line for each problem; not every server has one, and some fail when asked for it.
    let is_away = |error: &octane_rest::Error| {
        error.is_retryable() && error.status() != Some(StatusCode::INTERNAL_SERVER_ERROR)
    };
    let log = match client.endpoint.test_results().log(task.id).await {
        Err(error) if is_away(&error) => return Err(error),
        log => log.ok().flatten(),
    };
    let body = log
        .as_deref()
        .map(|log| log.split_once("\n\n").map_or(log, |(_, body)| body).trim());
    let body = body.filter(|body| !body.is_empty()).map(str::to_owned);
    Ok(body.or_else(|| task.error_details.clone()).map(cut))
}

/// The beginning of a text, for the journal: enough to name every result of a batch.
fn cut(mut text: String) -> String {
    let is_end = |end: &usize| text.is_char_boundary(*end);
    let end = (0..=TASK_LOG_BYTES_MAX.min(text.len())).rev().find(is_end);
    text.truncate(end.unwrap_or(0));
    text
}

#[cfg(test)]
mod tests;
