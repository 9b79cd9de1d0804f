//! Sending batches.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::{StreamExt, stream};
use octane_model::Task;
use octane_rest::Error;
use tokio::sync::{OnceCell, mpsc};

use crate::journal::{Journal, State, StoredBatch};
use crate::{Client, Event, JournalError, Stop};

/// How many rows have to be refused one by one before it is taken for granted that all will be.
const FUTILE_ROWS: usize = 100;

/// Why some batches were not sent; no trouble if all were.
#[derive(Debug, Default)]
pub(crate) struct Unsent {
    /// Batches that could not be delivered, each with the reason.
    pub(crate) undelivered: Vec<(usize, String)>,
    pub(crate) is_unauthorized: bool,
}

/// Sends all batches, a few at a time, and tells of each as soon as a task works on it.
///
/// A batch that repeats a test of an earlier one waits until all before it are accepted: Octane works in
/// the order of acceptance, and the later result is the current one. A batch that is refused for its
/// content is halved until the rows at fault are alone. If that came down to every single row of a large batch,
/// and nothing at all has been accepted, what is at fault is in all of them, and no other batch is halved.
#[expect(
    clippy::too_many_arguments,
    reason = "all that sending depends on, in one place"
)]
pub(crate) async fn submit(
    client: &Client,
    journal: &Journal,
    batches: Vec<StoredBatch>,
    skip_errors: bool,
    in_flight_max: usize,
    stop: &Stop,
    told: mpsc::UnboundedSender<(usize, Task)>,
    on_event: &(dyn Fn(&Event) + Send + Sync),
) -> Result<Unsent, JournalError> {
    let is_any_accepted =
        journal.has_settled()? || batches.iter().any(|batch| batch.state == State::Sent);
    let sender = &Sender {
        client,
        journal,
        skip_errors,
        stop,
        told,
        on_event,
        is_pointless: AtomicBool::new(false),
        is_any_accepted: AtomicBool::new(is_any_accepted),
        is_halving_futile: AtomicBool::new(false),
        trouble: Mutex::default(),
        is_frame_refused: OnceCell::new(),
    };
    let unsent: Vec<StoredBatch> = batches
        .into_iter()
        .filter(|batch| batch.state != State::Sent)
        .collect();
    for group in unsent.chunk_by(|_, next| !next.follows) {
        let mut sent = stream::iter(group)
            .map(|batch| sender.deliver(batch.clone()))
            .buffer_unordered(in_flight_max.max(1));
        while let Some(done) = sent.next().await {
            done?;
        }
    }
    let trouble = sender.trouble.lock();
    Ok(std::mem::take(
        &mut *trouble.unwrap_or_else(std::sync::PoisonError::into_inner),
    ))
}

struct Sender<'a> {
    client: &'a Client,
    journal: &'a Journal,
    skip_errors: bool,
    stop: &'a Stop,
    told: mpsc::UnboundedSender<(usize, Task)>,
    on_event: &'a (dyn Fn(&Event) + Send + Sync),
    /// Sending one batch showed that there is no point in sending another.
    is_pointless: AtomicBool,
    is_any_accepted: AtomicBool,
    /// All rows of a batch were refused one by one before anything was accepted.
    is_halving_futile: AtomicBool,
    trouble: Mutex<Unsent>,
    /// Why a payload without any results is refused too; none if it is not.
    is_frame_refused: OnceCell<Option<String>>,
}

impl Sender<'_> {
    fn is_over(&self) -> bool {
        self.is_pointless.load(Ordering::Relaxed) || self.stop.is_asked()
    }

    /// Sends a batch, or its pieces one after the other.
    async fn deliver(&self, batch: StoredBatch) -> Result<(), JournalError> {
        let rows = batch.rows();
        let mut refused = 0;
        let mut pieces = vec![batch];
        while let Some(batch) = pieces.pop() {
            if self.is_over() {
                break;
            }
            let payload = self.journal.payload(&batch)?;
            self.journal.begin_sending(&batch)?;
            let results = self.client.endpoint.test_results();
            let sending = results.send(payload, self.skip_errors);
            let Some(sent) = self.stop.within_grace(sending).await else {
                break;
            };
            match sent {
                Ok(sent) => {
                    // Bytes that may have arrived before, now or in an earlier life, are known because of us.
                    let may_be_ours = batch.state != State::Planned || sent.was_in_doubt;
                    let is_known = sent.task.from_older_push && !may_be_ours;
                    self.journal.sent(batch.number, &sent.task, is_known)?;
                    self.is_any_accepted.store(true, Ordering::Relaxed);
                    (self.on_event)(&Event::Accepted {
                        batch: batch.number,
                        task: sent.task.id,
                        is_known,
                    });
                    // The receiver lives until all are told.
                    let _ = self.told.send((batch.number, sent.task));
                }
                Err(error) if error.is_passing() => self.put_off(&batch, &error)?,
                Err(error) => {
                    let halves = self.refuse(&batch, &error).await?;
                    refused += usize::from(halves.is_empty() && batch.rows() == 1);
                    pieces.extend(halves);
                }
            }
        }
        if rows >= FUTILE_ROWS && refused == rows && !self.is_any_accepted.load(Ordering::Relaxed) {
            self.is_halving_futile.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    fn put_off(&self, batch: &StoredBatch, error: &Error) -> Result<(), JournalError> {
        self.is_pointless.store(true, Ordering::Relaxed);
        let reason = crate::error::chain(error);
        self.journal.put_off(batch.number, &reason)?;
        let mut trouble = self
            .trouble
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        trouble.is_unauthorized |= error.is_unauthorized();
        trouble.undelivered.push((batch.number, reason));
        Ok(())
    }

    /// A batch that is refused for its content is halved, unless what all batches share is at fault. The
    /// later half comes first, as the pieces are taken from the end.
    async fn refuse(
        &self,
        batch: &StoredBatch,
        error: &Error,
    ) -> Result<Vec<StoredBatch>, JournalError> {
        let mut reason = crate::error::chain(error);
        let mut is_divisible = error.is_divisible() && batch.rows() > 1;
        let is_futile = self.is_halving_futile.load(Ordering::Relaxed)
            && !self.is_any_accepted.load(Ordering::Relaxed);
        if is_divisible && is_futile {
            is_divisible = false;
            reason.push_str(
                " (not tried one by one: all results of another batch were refused, and none was accepted)",
            );
        }
        if is_divisible {
            let Some(refusal) = self.stop.within_grace(self.frame_refusal(error)).await else {
                // It stays as it is, and a resume finds out.
                return Ok(Vec::new());
            };
            is_divisible = refusal?.is_none();
        }
        if is_divisible {
            let [first, last] = self.journal.split(batch, &reason)?;
            (self.on_event)(&Event::Split {
                batch: batch.number,
                halves: [first.number, last.number],
                reason,
            });
            return Ok(vec![last, first]);
        }
        self.journal.refused(batch.number, &reason)?;
        (self.on_event)(&Event::Refused {
            batch: batch.number,
            reason,
        });
        Ok(Vec::new())
    }

    /// Asks once, with a payload that holds no results, whether what all batches share is refused: then no
    /// halving helps.
    async fn frame_refusal(&self, error: &Error) -> Result<Option<&str>, JournalError> {
        if error.status() == Some(http::StatusCode::PAYLOAD_TOO_LARGE) {
            return Ok(None);
        }
        let refusal = self
            .is_frame_refused
            .get_or_try_init(async || -> Result<_, JournalError> {
                let payload = self.journal.empty_payload()?;
                let results = self.client.endpoint.test_results();
                let sent = results.send(payload, self.skip_errors).await;
                Ok(sent
                    .err()
                    .filter(|error| !error.is_passing())
                    .map(|error| error.to_string()))
            })
            .await?;
        Ok(refusal.as_deref())
    }
}
