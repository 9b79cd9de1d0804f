//! Sending batches.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::{StreamExt, stream};
use octane_model::Task;
use octane_rest::Error;
use tokio::sync::{OnceCell, mpsc};

use crate::context::Context;
use crate::event::Event;
use crate::journal::{Journal, JournalError, StoredBatch};
use crate::resend::BatchState;

/// How many results have to be refused one by one before it is assumed that all will be.
const SPLIT_GIVE_UP_RESULTS: usize = 100;

/// The batches that could not be sent; empty if all were.
#[derive(Debug, Default)]
pub(crate) struct Undelivered {
    /// The batches, each with the reason.
    pub(crate) batches: Vec<(usize, String)>,
    pub(crate) is_unauthorized: bool,
}

/// Sends all batches, a few at a time, and passes on each task as soon as it works on one.
///
/// A batch that repeats a test of an earlier one waits until all before it are accepted: Octane works in
/// the order of acceptance, and the later result is the current one. A batch that is refused because of its
/// content is split until the results at fault are alone. If that came down to every single result of a large batch,
/// and nothing at all has been accepted, what is at fault is in all of them, and no other batch is split.
pub(crate) async fn submit(
    context: &Context<'_>,
    batches: Vec<StoredBatch>,
    is_any_accepted: bool,
    tasks: mpsc::UnboundedSender<(usize, Task)>,
) -> Result<Undelivered, JournalError> {
    let is_any_accepted = is_any_accepted || context.journal.run(Journal::has_ended_task).await?;
    let sender = &Sender {
        context,
        tasks,
        abort_sending: AtomicBool::new(false),
        is_any_accepted: AtomicBool::new(is_any_accepted),
        stop_splitting: AtomicBool::new(false),
        undelivered: Mutex::default(),
        empty_payload_refusal: OnceCell::new(),
    };
    for group in batches.chunk_by(|_, next| !next.after_previous) {
        let group: Vec<StoredBatch> = group.to_vec();
        let mut sent = stream::iter(group)
            .map(|batch| sender.send(batch))
            .buffer_unordered(context.settings.batches_in_flight_max.max(1));
        while let Some(done) = sent.next().await {
            done?;
        }
    }
    let undelivered = sender.undelivered.lock();
    Ok(std::mem::take(
        &mut *undelivered.unwrap_or_else(std::sync::PoisonError::into_inner),
    ))
}

struct Sender<'a> {
    context: &'a Context<'a>,
    tasks: mpsc::UnboundedSender<(usize, Task)>,
    /// Sending one batch showed that there is no point in sending another.
    abort_sending: AtomicBool,
    is_any_accepted: AtomicBool,
    /// All results of a batch were refused one by one before anything was accepted.
    stop_splitting: AtomicBool,
    undelivered: Mutex<Undelivered>,
    /// Why a payload without any results is refused too; none if it is not.
    empty_payload_refusal: OnceCell<Option<String>>,
}

impl Sender<'_> {
    fn is_over(&self) -> bool {
        self.abort_sending.load(Ordering::Relaxed) || self.context.cancellation.is_cancelled()
    }

    /// Sends a batch, or its pieces one after the other.
    async fn send(&self, batch: StoredBatch) -> Result<(), JournalError> {
        let Context {
            client,
            journal,
            manifest,
            cancellation,
            on_event,
            ..
        } = self.context;
        let rows = batch.rows();
        let mut refused = 0;
        let mut pieces = vec![batch];
        while let Some(batch) = pieces.pop() {
            if self.is_over() {
                break;
            }
            let number = batch.number;
            let encoding = client.endpoint.settings().payload_encoding;
            let (batch, payload, was_sent_there) = journal
                .run(move |journal| {
                    let (payload, sha256) = journal.encoded(&batch, encoding)?;
                    let was_sent_there = journal.begin_sending(batch.number, &sha256)?;
                    Ok((batch, payload, was_sent_there))
                })
                .await?;
            let test_results = client.endpoint.test_results();
            let sending = test_results.send_encoded(payload, encoding, manifest.skip_errors);
            let Some(sent) = cancellation.within_grace(sending).await else {
                break;
            };
            match sent {
                Ok(sent) => {
                    // Bytes that may have arrived before, now or in an earlier run, are known because of us.
                    let may_be_ours =
                        batch.state != BatchState::Ready || sent.earlier_outcome_unknown;
                    let is_duplicate = sent.task.from_older_push && !may_be_ours;
                    let is_known_from_before = sent.task.from_older_push
                        && may_be_ours
                        && !sent.earlier_outcome_unknown
                        && !was_sent_there;
                    let task = sent.task.clone();
                    journal
                        .run(move |journal| {
                            if is_known_from_before {
                                journal.note_known_from_before()?;
                            }
                            journal.accepted(number, &task, is_duplicate)
                        })
                        .await?;
                    self.is_any_accepted.store(true, Ordering::Relaxed);
                    on_event(&Event::Accepted {
                        batch: number,
                        task: sent.task.id,
                        is_duplicate,
                    });
                    // The receiver lives until all are sent.
                    let _ = self.tasks.send((number, sent.task));
                }
                Err(error) if error.is_retryable() => self.delay(number, &error).await?,
                Err(error) => {
                    let is_single = batch.rows() == 1;
                    let halves = self.refuse(batch, &error).await?;
                    refused += usize::from(halves.is_empty() && is_single);
                    pieces.extend(halves);
                }
            }
        }
        if rows >= SPLIT_GIVE_UP_RESULTS
            && refused == rows
            && !self.is_any_accepted.load(Ordering::Relaxed)
        {
            self.stop_splitting.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    async fn delay(&self, batch: usize, error: &Error) -> Result<(), JournalError> {
        self.abort_sending.store(true, Ordering::Relaxed);
        let reason = crate::error::chain(error);
        let stored = reason.clone();
        self.context
            .journal
            .run(move |journal| journal.record_delay(batch, &stored))
            .await?;
        let mut undelivered = self
            .undelivered
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        undelivered.is_unauthorized |= error.is_unauthorized();
        undelivered.batches.push((batch, reason));
        Ok(())
    }

    /// A batch that is refused because of its content is split, unless what all batches share is at fault. The
    /// later half comes first, as the pieces are taken from the end.
    async fn refuse(
        &self,
        batch: StoredBatch,
        error: &Error,
    ) -> Result<Vec<StoredBatch>, JournalError> {
        let Context {
            journal,
            cancellation,
            on_event,
            ..
        } = self.context;
        let number = batch.number;
        let mut reason = crate::error::chain(error);
        // Of a payload that another program wrote, it is not known which bytes belong to which result.
        let is_ours = self.context.manifest.raw.is_none();
        let mut is_splittable = is_ours && error.is_splittable() && batch.rows() > 1;
        let stop_splitting = self.stop_splitting.load(Ordering::Relaxed)
            && !self.is_any_accepted.load(Ordering::Relaxed);
        if is_splittable && stop_splitting {
            is_splittable = false;
            reason.push_str(
                " (not split further: every result of another batch was rejected and none accepted)",
            );
        }
        if is_splittable {
            let probing = self.probe_empty_payload(error);
            let Some(refusal) = cancellation.within_grace(probing).await else {
                // It stays as it is, and a resume finds out.
                return Ok(Vec::new());
            };
            is_splittable = refusal?.is_none();
        }
        if is_splittable {
            let [first, last] = journal.run(move |journal| journal.split(&batch)).await?;
            on_event(&Event::Split {
                batch: number,
                halves: [first.number, last.number],
                reason,
            });
            return Ok(vec![last, first]);
        }
        let stored = reason.clone();
        journal
            .run(move |journal| journal.refused(number, &stored))
            .await?;
        on_event(&Event::Refused {
            batch: number,
            reason,
        });
        Ok(Vec::new())
    }

    /// Asks once, with a payload that holds no results, whether what all batches share is refused: then splitting
    /// does not help.
    async fn probe_empty_payload(&self, error: &Error) -> Result<Option<&str>, JournalError> {
        if error.status() == Some(http::StatusCode::PAYLOAD_TOO_LARGE) {
            return Ok(None);
        }
        let Context {
            client,
            journal,
            manifest,
            ..
        } = self.context;
        let refusal = self
            .empty_payload_refusal
            .get_or_try_init(async || -> Result<_, JournalError> {
                let payload = journal.run(Journal::empty_payload).await?;
                let results = client.endpoint.test_results();
                let sent = results.send(payload, manifest.skip_errors).await;
                Ok(sent
                    .err()
                    .filter(|error| !error.is_retryable())
                    .map(|error| error.to_string()))
            })
            .await?;
        Ok(refusal.as_deref())
    }
}

#[cfg(test)]
mod tests;
