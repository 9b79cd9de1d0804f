//! Waiting until Octane has really ingested what it accepted.

use std::collections::VecDeque;
use std::time::Duration;

use octane_model::{Task, TaskStatus};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::submit::Delivery;
use crate::{Client, Event};

const PAUSE_FIRST: Duration = Duration::from_millis(200);
const PAUSE_MAX: Duration = Duration::from_secs(10);

/// What became of one batch in the end.
#[derive(Debug)]
pub(crate) enum Fate {
    /// The server has finished with it; with its complaints, where it had any.
    Finished {
        task: Task,
        is_known: bool,
        complaints: Option<String>,
    },
    /// The server accepted it and did not finish in time, or could not be asked any more.
    Unfinished {
        task: Task,
        is_known: bool,
        reason: String,
    },
    /// The server did not accept it.
    Undelivered(Delivery),
}

/// Waits for all batches of which `deliveries` tells, and gives their fates in the batches' order.
///
/// Octane works on payloads in the order in which it accepted them, so only the oldest open task is
/// asked for, with growing pauses; when it is done, the next ones mostly are too. That is one request
/// a task and a few more, however many batches there are.
pub(crate) async fn settle(
    client: &Client,
    batches: usize,
    wait_max: Duration,
    mut deliveries: mpsc::UnboundedReceiver<(usize, Delivery)>,
    on_event: &(dyn Fn(&Event) + Send + Sync),
) -> Vec<Fate> {
    let mut fates: Vec<Option<Fate>> = (0..batches).map(|_| None).collect();
    let mut open: VecDeque<(usize, Task, bool)> = VecDeque::new();
    let mut pause = PAUSE_FIRST;
    let mut deadline = Instant::now() + wait_max;
    let mut is_sending = true;
    while is_sending || !open.is_empty() {
        if open.is_empty() {
            match deliveries.recv().await {
                Some((batch, delivery)) => take(batch, delivery, &mut fates, &mut open),
                None => is_sending = false,
            }
            // What has not been accepted cannot be ingested: the wait begins here.
            deadline = Instant::now() + wait_max;
            continue;
        }
        while let Ok((batch, delivery)) = deliveries.try_recv() {
            take(batch, delivery, &mut fates, &mut open);
            deadline = Instant::now() + wait_max;
        }
        let Some((batch, task, is_known)) = open.pop_front() else {
            continue;
        };
        let task = if task.status.is_final() {
            Ok(task)
        } else {
            client
                .endpoint
                .test_results()
                .task(task.id)
                .await
                .map_err(|error| (task, error))
        };
        let fate = match task {
            Ok(task) if task.status.is_final() => {
                on_event(&Event::Settled {
                    batch: batch + 1,
                    status: task.status.clone(),
                });
                pause = PAUSE_FIRST;
                let complaints = complaints(client, &task).await;
                Fate::Finished {
                    task,
                    is_known,
                    complaints,
                }
            }
            Ok(task) if Instant::now() + pause > deadline => {
                let reason = format!("Octane did not finish within {wait_max:?}");
                Fate::Unfinished {
                    task,
                    is_known,
                    reason,
                }
            }
            Ok(task) => {
                open.push_front((batch, task, is_known));
                on_event(&Event::Waiting {
                    batches: open.len(),
                    pause,
                });
                tokio::time::sleep(pause).await;
                pause = (pause * 3 / 2).min(PAUSE_MAX);
                continue;
            }
            Err((task, error)) => Fate::Unfinished {
                task,
                is_known,
                reason: error.to_string(),
            },
        };
        fates[batch] = Some(fate);
    }
    fates
        .into_iter()
        .map(|fate| fate.unwrap_or(Fate::Undelivered(Delivery::Unsent)))
        .collect()
}

fn take(
    batch: usize,
    delivery: Delivery,
    fates: &mut [Option<Fate>],
    open: &mut VecDeque<(usize, Task, bool)>,
) {
    match delivery {
        Delivery::Accepted(task) => {
            let is_known = task.from_older_push;
            open.push_back((batch, task, is_known));
        }
        other => fates[batch] = Some(Fate::Undelivered(other)),
    }
}

/// What the server has to say about a task that did not simply succeed.
async fn complaints(client: &Client, task: &Task) -> Option<String> {
    if task.status == TaskStatus::Success {
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
