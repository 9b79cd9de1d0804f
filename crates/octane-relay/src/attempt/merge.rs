//! The merge of shards that relays have delivered: all of a suite run that are of one project, with the one that was delivered last.

use octane_client::{
    Client, DeliveryError, Journal, MergeError, RollCall, UploadId, UploadSettings, UploadState,
    UploadSummary,
};
use tracing::warn;

use super::done::Done;
use super::{Attempt, Last, Order};
use crate::opened::{Opened, Unusable, is_damaged};
use crate::state::State;
use crate::store::{ArrivedShard, End, StoreError};

/// Shards that are merged.
#[derive(Default)]
struct Shards {
    summaries: Vec<UploadSummary>,
    journals: Vec<Journal>,
    /// Whether the report of one of them says what has changed since the suite run before.
    is_compared: bool,
}

impl Shards {
    fn add(&mut self, (summary, journal): (UploadSummary, Journal)) {
        self.summaries.push(summary);
        self.journals.push(journal);
    }

    fn remove(&mut self, id: &UploadId) {
        self.summaries.retain(|shard| shard.id != *id);
        self.journals.retain(|journal| journal.id() != id);
    }
}

impl Attempt<'_> {
    /// Merges all shards of the lane, with the one that was delivered just now. If others are missing it does nothing, unless they were
    /// awaited long enough or the suite run was completed without this one. Until all of them have ended, this one has not, so that
    /// another relay would merge them if this one died. Adds to `ends` what has ended, and returns whether this one has.
    pub(super) async fn merge(
        &self,
        Last { opened, summary }: Last<'_>,
        arrived: &[ArrivedShard],
        (client, settings): (&Client, &UploadSettings),
        order: Order,
        ends: &mut Vec<(UploadId, End)>,
    ) -> Result<bool, StoreError> {
        let attempt = order.attempt;
        let last = Last { opened, summary };
        let mut shards = match self.gather(last, arrived, attempt, ends).await? {
            Ok(shards) => shards,
            Err(done) => {
                ends.push(self.ended(opened, &summary.id, *done).await);
                return Ok(true);
            }
        };
        shards.is_compared |= order.is_compared;
        let mut done = loop {
            match RollCall::of(&shards.summaries) {
                Ok(roll_call) if order.is_closing || roll_call.is_complete() => {}
                Ok(_) if shards.summaries.iter().any(|shard| shard.merged.is_some()) => {}
                Ok(_) => return Ok(false),
                Err(error) => {
                    drop(shards);
                    let done = Done::failed(false, &error, attempt);
                    ends.push(self.ended(opened, &summary.id, done).await);
                    return Ok(true);
                }
            }
            // The strictest shard decides for all.
            let is_strict = |shard| self.deliveries.of(shard).1.require_all_jira_keys;
            let mut settings = settings.clone();
            settings.require_all_jira_keys = shards.summaries.iter().any(is_strict);
            let merge = client
                .merge(shards.journals.clone())
                // The attempts at each shard have sent it again.
                .retry_rejected(false)
                .settings(settings)
                .cancellation(self.stop.clone());
            match Box::pin(merge.run()).await {
                Ok(report) => {
                    break Done::reported(report, UploadState::Finished, attempt, self.stop);
                }
                Err(error) => {
                    let culprit = damaged(&error);
                    if let Some(id) = culprit.as_ref().filter(|id| **id != summary.id) {
                        shards.remove(id);
                        add_damaged(id, Done::unmerged(error, id, attempt), ends);
                        continue;
                    }
                    // Damage of this one, or of one that is not known, says nothing of the others.
                    let is_of_this_one = culprit.is_some()
                        || matches!(&error, MergeError::Journal(error) if is_damaged(error));
                    let done = Done::unmerged(error, &summary.id, attempt);
                    if is_of_this_one {
                        drop(shards);
                        ends.push(self.ended(opened, &summary.id, done).await);
                        return Ok(true);
                    }
                    break done;
                }
            }
        };
        if shards.is_compared {
            self.compare(client, &shards.journals, &mut done).await;
        }
        let others = shards.summaries.into_iter().map(|shard| shard.id);
        let others: Vec<UploadId> = others.filter(|id| *id != summary.id).collect();
        drop(shards.journals);
        for id in &others {
            self.keep(opened, id).await?;
        }
        let others = others.into_iter();
        let others = others.filter(|id| done.ends_shard(state_of(id, arrived)));
        let others: Vec<_> = others.map(|id| (id, done.clone().into_end(None))).collect();
        ends.push(self.ended(opened, &summary.id, done).await);
        ends.extend(others);
        Ok(true)
    }

    /// Opens the journals of all shards of the lane, one by one. One that is damaged is not among them, and ends. The inner error is how
    /// the shard ends that was delivered just now, if another one cannot be used now.
    async fn gather(
        &self,
        Last { opened, summary }: Last<'_>,
        arrived: &[ArrivedShard],
        attempt: u32,
        ends: &mut Vec<(UploadId, End)>,
    ) -> Result<Result<Shards, Box<Done>>, StoreError> {
        let mut shards = Shards::default();
        let own = self.blocking({
            let (opened, last) = (opened.clone(), summary.id.clone());
            move || -> Result<_, Unusable> { Ok((opened.summary(&last)?, opened.open(&last)?)) }
        });
        match own.await {
            Ok(own) => shards.add(own),
            Err(error) => return Ok(Err(Box::new(Done::unusable(&error, None, attempt)))),
        }
        let others = arrived.iter().filter(|shard| shard.id != summary.id);
        for shard in others.filter(|shard| !shard.state.is_open()) {
            // A person may have deleted it, or wants it to be tried again.
            let Some(job) = self.store.shard(self.lease, &shard.id).await? else {
                continue;
            };
            shards.is_compared |= job.is_compared;
            let opening = self.blocking({
                let opened = opened.clone();
                move || -> Result<_, Unusable> {
                    Ok((opened.restore(&job)?, opened.open(&job.id)?))
                }
            });
            match opening.await {
                Ok(opened) => shards.add(opened),
                Err(error) if error.is_damaged() => {
                    let done = Done::unusable(&error, None, attempt);
                    add_damaged(&shard.id, done, ends);
                }
                Err(error) => {
                    let done = Done::unusable(&error, Some(&shard.id), attempt);
                    return Ok(Err(Box::new(done)));
                }
            }
        }
        Ok(Ok(shards))
    }

    /// Stores the journal of a shard that was merged with the last one, which is in the state in which it was before.
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
}

/// How far a shard was that has arrived.
fn state_of(id: &UploadId, arrived: &[ArrivedShard]) -> Option<State> {
    let shard = arrived.iter().find(|shard| shard.id == *id);
    shard.map(|shard| shard.state)
}

/// The end of a shard that is damaged in the store, also of one that was delivered before: the others are merged without it.
fn add_damaged(id: &UploadId, done: Done, ends: &mut Vec<(UploadId, End)>) {
    warn!(upload = %id, reason = done.reason, "a shard cannot be merged");
    ends.push((id.clone(), done.into_end(None)));
}

/// The shard whose journal is damaged, if that has ended a merge.
fn damaged(error: &MergeError) -> Option<UploadId> {
    match error {
        MergeError::Delivery {
            id,
            source: DeliveryError::Journal(error),
            ..
        } if is_damaged(error) => Some(id.clone()),
        _ => None,
    }
}
