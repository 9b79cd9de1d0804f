//! One attempt to deliver an upload: its journal is stored in a folder, delivered as a resume would, and stored again.

mod done;

use std::sync::Arc;
use std::time::Duration;

use octane_client::{
    CancellationToken, Client, DeliveryError, Journal, MergeError, Outcome, Report,
    ReportedProblem, RollCall, UploadId, UploadSettings, UploadState, UploadSummary,
};
use sha2::{Digest, Sha256};
use tokio::sync::Mutex;
use tokio::time::sleep;
use tracing::{info, warn};

use self::done::{Done, Reported};
use crate::audit::Event;
use crate::blocking;
use crate::chain::Chain;
use crate::deliveries::Deliveries;
use crate::opened::{Opened, Unusable};
use crate::others::{Others, others};
use crate::state::{AttemptEnd, State, next, retries_rejected};
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
        let mut done = match delivered {
            Ok(report) => {
                let state = self.blocking({
                    let (opened, id) = (opened.clone(), id.clone());
                    move || opened.summary(&id)
                });
                match state.await {
                    Ok(now) => self.reported(report, now.state, attempt),
                    // Whether it awaits other shards is not known.
                    Err(error) => Done::unusable(&error, None, attempt),
                }
            }
            Err(error) => undelivered(error, attempt),
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
            let arrived = self.store.arrived(self.lease).await?;
            match others(&id, shard, &arrived) {
                // It comes after them, so that no suite run is completed without a shard that is here.
                Err(contradiction) => done.contradict(&contradiction),
                Ok(Others::Open) if is_wanted => {
                    done.next.state = State::AwaitingShards;
                    done.shards_awaited = Some(Duration::ZERO);
                }
                Ok(Others::Open) => done.shards_awaited = awaited,
                Ok(others) => {
                    if (is_wanted || others == Others::Ready)
                        && let Some(ends) = self
                            .merge(opened, summary, &client, &settings, order)
                            .await?
                    {
                        return Ok(ends);
                    }
                    done.shards_awaited = awaited;
                }
            }
        }
        let end = self.stored(opened, &id, done).await;
        Ok(vec![(id, end)])
    }

    /// Merges all shards of the lane, with the one that was delivered just now. If others are missing it does nothing, unless they were
    /// awaited long enough or the suite run was completed without this one. Until all of them have ended, this one has not, so that
    /// another relay would merge them if this one died.
    async fn merge(
        &self,
        opened: &Opened,
        last: &UploadSummary,
        client: &Client,
        settings: &UploadSettings,
        order: Order,
    ) -> Result<Option<Vec<(UploadId, End)>>, StoreError> {
        let attempt = order.attempt;
        let unmerged = async |done: Done| {
            let end = self.stored(opened, &last.id, done).await;
            Ok(Some(vec![(last.id.clone(), end)]))
        };
        let shards = self.store.shards(self.lease).await?;
        let is_compared = order.is_compared || shards.iter().any(|job| job.is_compared);
        let opening = self.blocking({
            let (opened, last) = (opened.clone(), last.id.clone());
            move || -> Result<_, Box<(Unusable, Option<UploadId>)>> {
                let of = |shard| move |error| Box::new((error, shard));
                let own = opened.summary(&last).map_err(of(None))?;
                let mut summaries = vec![own];
                for job in shards.into_iter().filter(|job| job.id != last) {
                    let shard = opened.restore(&job);
                    summaries.push(shard.map_err(of(Some(job.id)))?);
                }
                Ok(summaries)
            }
        });
        let summaries = match opening.await {
            Ok(summaries) => summaries,
            Err(unusable) => {
                let (error, shard) = *unusable;
                return unmerged(Done::unusable(&error, shard.as_ref(), attempt)).await;
            }
        };
        match RollCall::of(&summaries) {
            Ok(roll_call) if order.is_closing || roll_call.is_complete() => {}
            Ok(_) if summaries.iter().any(|shard| shard.merged.is_some()) => {}
            Ok(_) => return Ok(None),
            Err(error) => return unmerged(Done::failed(false, &error, attempt)).await,
        }
        // The strictest shard decides for all.
        let is_strict = |shard| self.deliveries.of(shard).1.require_all_jira_keys;
        let mut settings = settings.clone();
        settings.require_all_jira_keys = summaries.iter().any(is_strict);
        let ids: Vec<UploadId> = summaries.into_iter().map(|summary| summary.id).collect();
        let journals = self.blocking({
            let (opened, ids) = (opened.clone(), ids.clone());
            move || {
                let journals = ids.iter().map(|id| opened.open(id));
                journals.collect::<Result<Vec<Journal>, Unusable>>()
            }
        });
        let journals = match journals.await {
            Ok(journals) => journals,
            Err(error) => return unmerged(Done::unusable(&error, None, attempt)).await,
        };
        let merge = client
            .merge(journals.clone())
            // The attempts at each shard have sent it again.
            .retry_rejected(false)
            .settings(settings)
            .cancellation(self.stop.clone());
        let mut done = match Box::pin(merge.run()).await {
            Ok(report) => self.reported(report, UploadState::Finished, attempt),
            Err(error) => unmergeable(error, attempt),
        };
        if is_compared {
            self.compare(client, &journals, &mut done).await;
        }
        drop(journals);
        if done.is_stopped() {
            for id in ids.iter().filter(|id| **id != last.id) {
                self.keep(opened, id).await?;
            }
            return unmerged(done).await;
        }
        let mut ends = Vec::new();
        for id in ids {
            let end = self.stored(opened, &id, done.clone()).await;
            ends.push((id, end));
        }
        Ok(Some(ends))
    }

    /// Adds what has changed since the suite run before to the report of an upload that has ended. If they cannot be compared, the
    /// report says why, and nothing else changes.
    async fn compare(&self, client: &Client, journals: &[Journal], done: &mut Done) {
        let Some(reported) = done.report.as_mut().filter(|_| !done.next.state.is_open()) else {
            return;
        };
        match client.compare(journals, &reported.report, self.stop).await {
            Ok(comparison) => reported.comparison = comparison,
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

    fn reported(&self, mut report: Report, journal: UploadState, attempt: u32) -> Done {
        // It is in a folder that no other process knows, and soon nowhere.
        report.journal = None;
        let end = if self.stop.is_cancelled() && report.outcome == Outcome::Interrupted {
            AttemptEnd::Stopped
        } else {
            AttemptEnd::Reported {
                outcome: report.outcome,
                is_resumable: is_worth_another(&report),
                journal,
            }
        };
        let reason = report.clone().into_result().err().map(|error| {
            // Whose reason it is, is known; and it is that of each of several shards.
            let text = error.to_string();
            let own = format!("upload {} ", report.upload_id);
            text.strip_prefix(&own).unwrap_or(&text).to_owned()
        });
        let first = report.problems.first();
        Done {
            next: next(end, attempt),
            reason: reason.map(|reason| match first {
                Some(problem) => format!("{reason}; {}", problem.message),
                None => reason,
            }),
            report: Some(Reported {
                report,
                comparison: None,
            }),
            shards_awaited: None,
        }
    }

    /// The end of an attempt, with the journal as it is now.
    async fn stored(&self, opened: &Opened, id: &UploadId, done: Done) -> End {
        done.into_end(self.packed(opened, id).await)
    }

    /// Stores the journal of a shard whose merge was ended because the relay stops. It is in the state in which it was before.
    async fn keep(&self, opened: &Opened, id: &UploadId) -> Result<(), StoreError> {
        let Some(journal) = self.packed(opened, id).await else {
            return Ok(());
        };
        match self.store.checkpoint(self.lease, id, journal).await {
            // A person has deleted it, or wants it to be tried again; if the lane is lost, the end of the attempt will say so.
            Err(StoreError::LeaseLost) => Ok(()),
            kept => kept,
        }
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

/// Whether another attempt may get further. Of merged shards those do not count of which Octane has rejected everything: an upload of its
/// own that ends like that is not tried again either.
fn is_worth_another(report: &Report) -> bool {
    match &report.shards {
        Some(shards) if shards.is_merged => {
            let mut open = shards.uploads.iter().filter(|shard| shard.is_resumable);
            open.any(|shard| shard.outcome != Outcome::Refused)
        }
        _ => report.is_resumable,
    }
}

/// What an attempt without a report came to.
fn undelivered(error: DeliveryError, attempt: u32) -> Done {
    match error {
        DeliveryError::Cancelled => Done::stopped(),
        DeliveryError::Journal(error) => Done::unusable(&error.into(), None, attempt),
        DeliveryError::Target(ref target) => Done::failed(target.is_retryable(), &error, attempt),
        _ => Done::failed(false, &error, attempt),
    }
}

/// What a merge without a report came to.
fn unmergeable(error: MergeError, attempt: u32) -> Done {
    match error {
        MergeError::Journal(error) => Done::unusable(&error.into(), None, attempt),
        MergeError::Delivery {
            source: DeliveryError::Cancelled,
            ..
        } => Done::stopped(),
        MergeError::Delivery {
            id,
            source: DeliveryError::Journal(error),
            ..
        } => Done::unusable(&error.into(), Some(&id), attempt),
        MergeError::Delivery {
            source: DeliveryError::Target(ref target),
            ..
        } => Done::failed(target.is_retryable(), &error, attempt),
        _ => Done::failed(false, &error, attempt),
    }
}
