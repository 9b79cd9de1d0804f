//! Waiting until Octane has really ingested what it accepted.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesOrdered;
use http::StatusCode;
use octane_model::{Task, TaskStatus};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::journal::Journal;
use crate::{Client, Event, JournalError, Stop};

const PAUSE_FIRST: Duration = Duration::from_millis(200);
const PAUSE_MAX: Duration = Duration::from_secs(10);

/// How many tasks are asked for at once, if one after the other has ended.
const ASKING_MAX: usize = 4;

const COMPLAINTS_BYTES_MAX: usize = 1 << 20;

/// The longest wait: a year is as good as forever, and a clock can add it.
const WAIT_BOUND: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// What Octane did not finish; nothing if it finished all.
#[derive(Debug, Default)]
pub(crate) struct Unfinished {
    /// The batches, each with the reason.
    pub(crate) batches: BTreeMap<usize, String>,
    pub(crate) is_unauthorized: bool,
}

/// Waits for all batches of which `told` tells, and notes in the journal how each ends.
///
/// Octane works on payloads in the order in which it accepted them, so only the oldest open task is
/// asked for, with growing pauses; when it is done, the next ones mostly are too, so they are asked for
/// along with the oldest as long as each has ended. That is one request a task and a few more, however many
/// batches there are.
pub(crate) async fn settle(
    client: &Client,
    journal: &Journal,
    wait_max: Duration,
    stop: &Stop,
    mut told: mpsc::UnboundedReceiver<(usize, Task)>,
    on_event: &(dyn Fn(&Event) + Send + Sync),
) -> Result<Unfinished, JournalError> {
    let wait_max = wait_max.min(WAIT_BOUND);
    let mut unfinished = Unfinished::default();
    let mut open: VecDeque<(usize, Task)> = VecDeque::new();
    let mut pause = PAUSE_FIRST;
    let mut deadline = Instant::now() + wait_max;
    let mut is_sending = true;
    // The oldest tasks, which are asked for now, and how many those may be.
    let mut asking = FuturesOrdered::new();
    let mut asking_max = 1;
    while is_sending || !open.is_empty() {
        if open.is_empty() {
            match told.recv().await {
                Some(batch) => open.push_back(batch),
                None => is_sending = false,
            }
            // What has not been accepted cannot be ingested: the wait begins here.
            deadline = Instant::now() + wait_max;
            continue;
        }
        while let Ok(batch) = told.try_recv() {
            open.push_back(batch);
            deadline = Instant::now() + wait_max;
        }
        while asking.len() < asking_max
            && let Some((_, task)) = open.get(asking.len())
        {
            asking.push_back(ask(client, task.clone()));
        }
        let Some(asked) = stop.within_grace(asking.next()).await else {
            break;
        };
        let Some(((batch, task), asked)) = open.front().cloned().zip(asked) else {
            continue;
        };
        let (state, complaints) = match asked {
            Err(error) if error.is_not_found() && !error.is_passing() => {
                // Octane keeps the state of a task for a while only.
                let lost = TaskStatus::Other("lost".to_owned());
                (Task::new(task.id, lost), None)
            }
            Ok(told) => told,
            Err(error) => {
                unfinished.is_unauthorized |= error.is_unauthorized();
                let reason = crate::error::chain(&error);
                // A server that is away is away for all of them.
                let count = if error.is_passing() {
                    asking.clear();
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
        if state.status.is_final() {
            open.pop_front();
            pause = PAUSE_FIRST;
            asking_max = (asking_max + 1).min(ASKING_MAX);
            journal.settled(batch, &state.status, complaints.as_deref())?;
            on_event(&Event::Settled {
                batch,
                status: state.status,
            });
            continue;
        }
        // Those that were asked for along with it may have ended, which stands in their place until their turn.
        // Trouble with them comes up again then.
        asking_max = 1;
        let Some(later) = stop.within_grace(asking.by_ref().collect::<Vec<_>>()).await else {
            break;
        };
        for ((_, task), state) in open.iter_mut().skip(1).zip(later) {
            if let Ok((state, _)) = state {
                *task = state;
            }
        }
        if stop.is_asked() {
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
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = stop.asked() => {}
        }
        pause = (pause * 3 / 2).min(PAUSE_MAX);
    }
    let stopped = |(batch, _)| (batch, "stopped before Octane had finished".to_owned());
    unfinished.batches.extend(open.into_iter().map(stopped));
    Ok(unfinished)
}

fn too_late(wait_max: Duration) -> String {
    if wait_max.is_zero() {
        "Octane had not finished yet".to_owned()
    } else {
        format!("Octane did not finish within {wait_max:?}")
    }
}

/// Asks for a task, unless it is known to have ended, and for what the server complains of.
async fn ask(client: &Client, task: Task) -> Result<(Task, Option<String>), octane_rest::Error> {
    // The answer to the payload says so if there is nothing left to wait for.
    let task = if task.status.is_final() {
        task
    } else {
        client.endpoint.test_results().task(task.id).await?
    };
    let complaints = complaints(client, &task).await?;
    Ok((task, complaints))
}

/// What the server has to say about a task that did not simply succeed.
async fn complaints(client: &Client, task: &Task) -> Result<Option<String>, octane_rest::Error> {
    if !task.status.is_final() || task.status == TaskStatus::Success {
        return Ok(None);
    }
    // The log says it a line a problem; not every server has one, and some fail over it.
    let is_away = |error: &octane_rest::Error| {
        error.is_passing() && error.status() != Some(StatusCode::INTERNAL_SERVER_ERROR)
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

/// The beginning of a text, which is kept in the journal: enough to name every result of a batch.
fn cut(mut text: String) -> String {
    let is_end = |end: &usize| text.is_char_boundary(*end);
    let end = (0..=COMPLAINTS_BYTES_MAX.min(text.len()))
        .rev()
        .find(is_end);
    text.truncate(end.unwrap_or(0));
    text
}
