//! Waiting until Octane has really ingested what it accepted.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use octane_model::{Task, TaskStatus};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::error::is_passing;
use crate::journal::Journal;
use crate::{Client, Event, JournalError, Stop};

const PAUSE_FIRST: Duration = Duration::from_millis(200);
const PAUSE_MAX: Duration = Duration::from_secs(10);

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
/// asked for, with growing pauses; when it is done, the next ones mostly are too, so the next but one is
/// asked for along with the next. That is one request a task and a few more, however many batches there are.
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
    // Whether the last task that was asked for had ended.
    let mut is_flowing = false;
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
        let Some((batch, task)) = open.front().cloned() else {
            continue;
        };
        let id = task.id;
        let next = open.get_mut(1).filter(|_| is_flowing).map(|(_, next)| next);
        let asking = Box::pin(ask(client, task, next));
        let asked = stop.within_grace(asking).await;
        let state = match asked {
            Some(Err(error)) if error.is_not_found() => {
                // Octane keeps the state of a task for a while only.
                Task::new(id, TaskStatus::Other("lost".to_owned()))
            }
            Some(Ok(state)) => state,
            Some(Err(error)) => {
                unfinished.is_unauthorized |= error.is_unauthorized();
                let reason = crate::error::chain(&error);
                // A server that is away is away for all of them.
                let count = if is_passing(&error) { open.len() } else { 1 };
                let given_up = open
                    .drain(..count)
                    .map(|(batch, _)| (batch, reason.clone()));
                unfinished.batches.extend(given_up);
                continue;
            }
            None => break,
        };
        if state.status.is_final() {
            let Some(complaints) = stop.within_grace(complaints(client, &state)).await else {
                break;
            };
            open.pop_front();
            (pause, is_flowing) = (PAUSE_FIRST, true);
            journal.settled(batch, &state.status, complaints.as_deref())?;
            on_event(&Event::Settled {
                batch,
                status: state.status,
            });
            continue;
        }
        is_flowing = false;
        if stop.is_asked() {
            break;
        }
        if Instant::now() + pause > deadline {
            open.pop_front();
            let reason = format!("Octane did not finish within {wait_max:?}");
            unfinished.batches.insert(batch, reason);
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

/// Asks for a task, and along with it for the `next` one, whose end is noted in its place.
async fn ask(
    client: &Client,
    task: Task,
    next: Option<&mut Task>,
) -> Result<Task, octane_rest::Error> {
    let results = client.endpoint.test_results();
    let state = async |task: Task| {
        // The answer to the payload says so if there is nothing left to wait for.
        if task.status.is_final() {
            Ok(task)
        } else {
            results.task(task.id).await
        }
    };
    let Some(next) = next else {
        return state(task).await;
    };
    let (asked, ahead) = tokio::join!(state(task), state(next.clone()));
    // Trouble with the next one comes up again when it is its turn.
    if let Some(ahead) = ahead.ok().filter(|ahead| ahead.status.is_final()) {
        *next = ahead;
    }
    asked
}

/// What the server has to say about a task that did not simply succeed.
async fn complaints(client: &Client, task: &Task) -> Option<String> {
    if task.status == TaskStatus::Success || task.status.as_str() == "lost" {
        return None;
    }
    // The log says it a line a problem; not every server has one.
    let log = client
        .endpoint
        .test_results()
        .log(task.id)
        .await
        .ok()
        .flatten();
    let body = log
        .as_deref()
        .map(|log| log.split_once("\n\n").map_or(log, |(_, body)| body).trim());
    body.filter(|body| !body.is_empty())
        .map(str::to_owned)
        .or_else(|| task.error_details.clone())
}
