//! Sending batches.

use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::{StreamExt, stream};
use octane_model::Task;
use octane_rest::Error;
use tokio::sync::mpsc;

use crate::plan::PlannedBatch;
use crate::{Client, Event};

/// What became of sending one batch.
#[derive(Debug)]
pub(crate) enum Delivery {
    /// The server accepted it.
    Accepted(Task),
    /// The server understood it and said no.
    Refused(Error),
    /// The server could not be reached, or signing in failed; whether it got the batch is not known.
    Undelivered(Error),
    /// It was not sent, because sending an earlier one showed that there is no point.
    Unsent,
}

/// Sends all batches, a few at a time, and tells of each as soon as its fate is known.
///
/// A batch that repeats a test of an earlier one waits until all before it are accepted: Octane works in
/// the order of acceptance, and the later result is the current one.
pub(crate) async fn submit(
    client: &Client,
    batches: &[PlannedBatch],
    skip_errors: bool,
    in_flight_max: usize,
    told: mpsc::UnboundedSender<(usize, Delivery)>,
    on_event: &(dyn Fn(&Event) + Send + Sync),
) {
    let is_pointless = &AtomicBool::new(false);
    let told = &told;
    for group in batches.chunk_by(|_, next| !next.follows) {
        stream::iter(group)
            .for_each_concurrent(in_flight_max.max(1), |batch| async move {
                let delivery = if is_pointless.load(Ordering::Relaxed) {
                    Delivery::Unsent
                } else {
                    send(client, batch, skip_errors).await
                };
                match &delivery {
                    Delivery::Accepted(task) => on_event(&Event::Accepted {
                        batch: batch.number,
                        task: task.id,
                        is_known: task.from_older_push,
                    }),
                    Delivery::Refused(error) => {
                        on_event(&Event::Refused {
                            batch: batch.number,
                            reason: error.to_string(),
                        });
                    }
                    Delivery::Undelivered(_) => is_pointless.store(true, Ordering::Relaxed),
                    Delivery::Unsent => {}
                }
                // The receiver lives until all are told.
                let _ = told.send((batch.number - 1, delivery));
            })
            .await;
    }
}

async fn send(client: &Client, batch: &PlannedBatch, skip_errors: bool) -> Delivery {
    match client
        .endpoint
        .test_results()
        .send(batch.payload.clone(), skip_errors)
        .await
    {
        Ok(sent) => Delivery::Accepted(sent.task),
        Err(error) if error.is_unauthorized() || error.is_unreachable() || error.is_throttled() => {
            Delivery::Undelivered(error)
        }
        Err(error) => Delivery::Refused(error),
    }
}
