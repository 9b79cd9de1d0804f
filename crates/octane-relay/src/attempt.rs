//! One attempt to deliver an upload: its journal is stored in a folder, delivered as a resume would, and stored again.

mod done;
mod merge;

use std::sync::Arc;
use std::time::Duration;

use octane_client::{CancellationToken, Client, Journal, ReportedProblem, UploadId, UploadSummary};
use sha2::{Digest, Sha256};
use tokio::sync::Mutex;
use tokio::time::sleep;
use tracing::{info, warn};

use self::done::Done;
use crate::audit::Event;
use crate::blocking;
use crate::chain::Chain;
use crate::deliveries::Deliveries;
use crate::opened::{Opened, Unusable};
use crate::others::{Others, others};
use crate::state::{State, retries_rejected};
use crate::store::{End, Job, Lease, Store, StoreError};
use crate::store_lock::StoreLock;
use crate::worker_settings::WorkerSettings;

/// An attempt at an upload, by the holder of its lane.
pub(crate) struct Attempt<'a> {
    pub(crate) store: &'a Arc<dyn Store>,
    pub(crate) creating: &'a Arc<Mutex<()>>,
    pub(crate) deliveries: &'a dyn Deliveries,
    pub(crate) settings: &'a WorkerSettings,
    pub(crate) lease: &'a Lease,
    pub(crate) stop: &'a CancellationToken,
    /// Whether what blocks is done on the calling thread.
    pub(crate) is_inline: bool,
}

/// The shard that was delivered just now.
#[derive(Clone, Copy)]
struct Last<'a> {
    opened: &'a Opened,
    summary: &'a UploadSummary,
}

/// Which attempt it is, and what is wanted of it.
#[derive(Clone, Copy)]
struct Order {
    /// Counted from 1.
    attempt: u32,
    /// Whether the suite run of a shard is completed now.
    is_closing: bool,
    /// Whether the report says what has changed since the suite run before.
    is_compared: bool,
}

impl Attempt<'_> {
    /// Delivers the upload, and stores what became of it. An error means that the store does not know.
    pub(crate) async fn run(&self, job: Job) -> Result<(), StoreError> {
        let order = Order {
            attempt: job.attempt,
            is_closing: job.is_closing,
            is_compared: job.is_compared,
        };
        let (id, attempt) = (job.id.clone(), job.attempt);
        let lane = &self.lease.lane;
        info!(
            upload = %id, attempt, space = lane.space, workspace = lane.workspace, suite = %lane.suite, suite_run = %lane.suite_run,
            "delivering"
        );
        let opened = self.open(job).await;
        let (opened, summary) = match opened {
            Ok(opened) => opened,
            Err(error) => {
                let done = Done::unusable(&error, None, attempt);
                return self.end(vec![(id, done.into_end(None))]).await;
            }
        };
        let ends = self.deliver(&opened, &summary, order).await?;
        self.end(ends).await
    }

    async fn blocking<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        if self.is_inline {
            work()
        } else {
            blocking::blocking(work).await
        }
    }

    async fn end(&self, ends: Vec<(UploadId, End)>) -> Result<(), StoreError> {
        let mut entries = Vec::new();
        for (upload, end) in &ends {
            let reason = end.reason.as_deref().unwrap_or_default();
            match end.state {
                // Something has to change, in Octane or on this machine, or a person is needed.
                State::Waiting | State::Incomplete => {
                    warn!(%upload, state = %end.state, reason, "attempt ended");
                }
                _ => info!(%upload, state = %end.state, reason, "attempt ended"),
            }
            let mut entry = self.settings.entry();
            entry.lane = Some(self.lease.lane.clone());
            entry.upload = Some(upload.clone());
            entry.state = Some(end.state);
            entry.reason.clone_from(&end.reason);
            entries.push((upload.clone(), entry));
        }
        let ended = self.store.end(self.lease, ends).await?;
        entries.retain(|(upload, _)| ended.contains(upload));
        for (_, entry) in &entries {
            let audit = &self.settings.audit;
            audit.record(Event::AttemptEnded, entry).await;
        }
        Ok(())
    }

    async fn open(&self, job: Job) -> Result<(Opened, UploadSummary), Unusable> {
        let (folder, is_inline) = (self.settings.folder.clone(), self.is_inline);
        self.blocking(move || {
            let opened = Opened::new(&folder, is_inline)?;
            let summary = opened.restore(&job)?;
            Ok((opened, summary))
        })
        .await
    }

    async fn deliver(
        &self,
        opened: &Opened,
        summary: &UploadSummary,
        order: Order,
    ) -> Result<Vec<(UploadId, End)>, StoreError> {
        let (id, attempt) = (summary.id.clone(), order.attempt);
        let (client, settings) = self.deliveries.of(summary);
        let (lane, time) = (&self.lease.lane, self.settings.lease_time);
        let client = client.creation_lock(StoreLock::new(self.store, lane, time, self.creating));
        let open = |opened: Opened| {
            let id = id.clone();
            self.blocking(move || opened.open(&id))
        };
        let journal = match open(opened.clone()).await {
            Ok(journal) => journal,
            Err(error) => {
                let done = Done::unusable(&error, None, attempt);
                return Ok(vec![(id, done.into_end(None))]);
            }
        };
        let delivered = {
            let delivery = client
                .delivery(&journal)
                .retry_rejected(retries_rejected(attempt))
                .settings(settings.clone())
                .cancellation(self.stop.clone());
            let delivering = Box::pin(delivery.run());
            self.while_stored(opened, &journal, delivering).await?
        };
        drop(journal);
        let mut ends = Vec::new();
        let mut done = match delivered {
            Ok(report) => {
                let state = self.blocking({
                    let (opened, id) = (opened.clone(), id.clone());
                    move || opened.summary(&id)
                });
                match state.await {
                    Ok(now) => Done::reported(report, now.state, attempt, self.stop),
                    // Whether it awaits other shards is not known.
                    Err(error) => Done::unusable(&error, None, attempt),
                }
            }
            Err(error) => Done::undelivered(error, attempt),
        };
        if order.is_compared
            && summary.shard.is_none()
            && let Ok(journal) = open(opened.clone()).await
        {
            self.compare(&client, &[journal], &mut done).await;
        }
        // One that was merged before, and is tried again, is not alone either; nor is one that was given up or refused, which the others
        // need not await.
        let is_in = match done.next.state {
            State::AwaitingShards | State::Delivered => true,
            State::Incomplete => done.report.is_some(),
            _ => false,
        };
        if let Some(shard) = summary.shard.filter(|_| is_in) {
            let awaited = self.deliveries.shard_timeout(summary);
            let is_due = awaited.is_some_and(|awaited| awaited.is_zero());
            let order = Order {
                is_closing: order.is_closing || is_due,
                ..order
            };
            let is_wanted = order.is_closing || summary.merged.is_some();
            let arrived = self.store.arrived(self.lease, &id).await?;
            match others(&id, shard, &arrived) {
                // It comes after them, so that no suite run is completed without a shard that is here.
                Err(contradiction) => done.contradict(&contradiction),
                Ok(Others::Open) if is_wanted => {
                    done.next.state = State::AwaitingShards;
                    done.shards_awaited = Some(Duration::ZERO);
                }
                Ok(Others::Open) => done.shards_awaited = awaited,
                Ok(others) => {
                    let last = Last { opened, summary };
                    let with = (&client, &settings);
                    if (is_wanted || others == Others::Ready)
                        && self.merge(last, &arrived, with, order, &mut ends).await?
                    {
                        return Ok(ends);
                    }
                    done.shards_awaited = awaited;
                }
            }
        }
        ends.push(self.ended(opened, &id, done).await);
        Ok(ends)
    }

    /// Adds what has changed since the suite run before to the report of an upload that has ended. If they cannot be compared, the
    /// report says why, and nothing else changes.
    async fn compare(&self, client: &Client, journals: &[Journal], done: &mut Done) {
        let Some(reported) = done.report.as_mut().filter(|_| !done.next.state.is_open()) else {
            return;
        };
        match client.compare(journals, &reported.report, self.stop).await {
            Ok(comparison) => reported.comparison = comparison,
            // The next attempt, of which nothing else is left, compares.
            Err(_) if self.stop.is_cancelled() => *done = Done::stopped(),
            Err(error) => {
                let message = format!("not compared with the suite run before: {}", Chain(&error));
                let problem = ReportedProblem::new("uncompared", message);
                reported.report.problems.push(problem);
            }
        }
    }

    /// Does `work` on a journal, and stores every few seconds how far it is.
    async fn while_stored<T>(
        &self,
        opened: &Opened,
        journal: &Journal,
        work: impl Future<Output = T>,
    ) -> Result<T, StoreError> {
        let finished = CancellationToken::new();
        let working = async {
            let done = work.await;
            finished.cancel();
            Ok(done)
        };
        let storing = self.checkpoints(opened, journal, &finished);
        let (done, ()) = tokio::try_join!(working, storing)?;
        Ok(done)
    }

    /// Ends once the work is finished, or with an error if the lane is lost. A store that cannot be used is tried again.
    async fn checkpoints(
        &self,
        opened: &Opened,
        journal: &Journal,
        finished: &CancellationToken,
    ) -> Result<(), StoreError> {
        let mut last = Sha256::digest([]);
        loop {
            tokio::select! {
                biased;
                () = finished.cancelled() => return Ok(()),
                () = sleep(self.settings.checkpoint_interval) => {}
            }
            let bundle = self.blocking({
                let (opened, journal) = (opened.clone(), journal.clone());
                move || opened.packed(&journal)
            });
            let bundle = match bundle.await {
                Ok(bundle) => bundle,
                Err(error) => {
                    warn!(error = %Chain(&error), "a journal could not be stored");
                    continue;
                }
            };
            let digest = Sha256::digest(&bundle);
            if digest == last {
                continue;
            }
            let stored = self.store.checkpoint(self.lease, journal.id(), bundle);
            match stored.await {
                Ok(()) => last = digest,
                Err(StoreError::LeaseLost) => return Err(StoreError::LeaseLost),
                Err(error) => warn!(error = %Chain(&error), "a journal could not be stored"),
            }
        }
    }

    /// The end of an attempt, with the journal as it is now.
    async fn ended(&self, opened: &Opened, id: &UploadId, done: Done) -> (UploadId, End) {
        (id.clone(), done.into_end(self.packed(opened, id).await))
    }

    /// A journal as it is now; none if it cannot be read.
    async fn packed(&self, opened: &Opened, id: &UploadId) -> Option<Vec<u8>> {
        let bundle = self.blocking({
            let (opened, id) = (opened.clone(), id.clone());
            move || -> Result<Vec<u8>, Unusable> { opened.packed(&opened.open(&id)?) }
        });
        let bundle = bundle.await.inspect_err(|error| {
            warn!(upload = %id, error = %Chain(error), "a journal could not be stored");
        });
        bundle.ok()
    }
}
