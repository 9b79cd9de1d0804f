//! Completing suite runs of shards: what `upload`, `resume`, `merge` and `suite-run close` have in common.
//!
//! The process that completes a suite run holds its lock, so that of several shards that arrive at the same moment one merges all of them,
//! and a shard that arrives while others are merged comes after.

mod next_step;

use std::time::{Duration, Instant};

use jiff::Timestamp;
use octane_client::{
    Client, Journal, JournalError, MergeError, Report, RollCall, Shard, ShardMismatch, Spool,
    UploadId, UploadSettings, UploadSummary,
};

use self::next_step::{Seen, Step, next_step};
use super::delivery::{Delivered, Delivery};
use crate::args::OnUnresolved;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::Begins;
use crate::suggest::Suggest;

/// How often a process looks whether others are done.
const POLL_INTERVAL: Duration = Duration::from_millis(500);

/// How long to wait for processes that read shards which have arrived. Those that are still open then count as missing.
const OPEN_MAX: Duration = Duration::from_secs(5 * 60);

/// A shard that was delivered just now, and whose journal is closed.
pub(super) struct Arrived<'a> {
    pub(super) id: &'a UploadId,
    /// When it had been merged before it was delivered now.
    pub(super) merged_before: Option<Timestamp>,
    /// How long to wait for the others.
    pub(super) timeout: Option<Duration>,
    pub(super) spool: &'a Spool,
    pub(super) client: &'a Client,
    pub(super) settings: &'a UploadSettings,
    pub(super) delivery: &'a Delivery<'a>,
}

impl Arrived<'_> {
    /// Merges all shards, if this was the last one: returns what became of all of them, or else of this shard. Says in either case
    /// what has changed, and which failed tests are tolerated.
    pub(super) async fn complete(&self, report: Report, journal: Journal) -> Result<Delivered> {
        let mut delivered =
            if report.shards.is_none() || report.is_resumable || report.journal.is_none() {
                Delivered::new(report, vec![journal])
            } else {
                // The process that merges them opens it again.
                drop(journal);
                self.merge_if_last(report).await?
            };
        self.delivery.look_back(self.client, &mut delivered).await;
        Ok(delivered)
    }

    async fn merge_if_last(&self, report: Report) -> Result<Delivered> {
        let alone = |report| {
            let journal = self.spool.open(self.id).ok();
            Delivered::new(report, journal.into_iter().collect())
        };
        let since = Instant::now();
        let mut open_since = None;
        let mut is_waiting = false;
        loop {
            let own = self.spool.summary(self.id)?;
            let Some(lock) = lock(self.spool, &own, self.delivery).await? else {
                return Ok(alone(report));
            };
            // Again: another process may have merged it while this one waited for the lock.
            let own = self.spool.summary(self.id)?;
            let members = arrived(self.spool.shards_of(&own)?);
            let open: Vec<u32> = indexes_in_use(&members);
            let roll_call = match RollCall::of(&members) {
                Ok(roll_call) => roll_call,
                Err(error) => {
                    let failure = mismatch(error, &self.delivery.suggest);
                    return Ok(alone(report).not_merged(&failure));
                }
            };
            let is_merged_by_another = own.merged.is_some() && own.merged != self.merged_before;
            let step = next_step(&Seen {
                is_merged_by_another,
                is_complete: roll_call.is_complete(),
                is_closed: members.iter().any(|member| member.merged.is_some()),
                open_left: (!open.is_empty()).then(|| {
                    let since = *open_since.get_or_insert_with(Instant::now);
                    OPEN_MAX.saturating_sub(since.elapsed())
                }),
                time_left: self
                    .timeout
                    .map(|timeout| timeout.saturating_sub(since.elapsed())),
            });
            match step {
                Step::Leave if is_merged_by_another => {
                    let note =
                        "another process has completed the suite run, and reports on all shards";
                    self.delivery.say(note);
                    return Ok(alone(report));
                }
                Step::Leave => return Ok(alone(report)),
                Step::Merge => {
                    let stored = members.iter().map(|member| &member.options);
                    let policies = self.delivery.policies().with_shards(stored);
                    let mut settings = self.settings.clone();
                    settings.require_all_jira_keys = policies.on_unresolved == OnUnresolved::Fail;
                    let merged = merge(self.client, self.spool, &members, &settings, self.delivery);
                    return Ok(merged.await?.judged_by(policies));
                }
                Step::Wait(pause) => {
                    drop(lock);
                    if !is_waiting {
                        is_waiting = true;
                        let awaited = roll_call.missing.iter().chain(&open);
                        let awaited: Vec<String> = awaited.map(u32::to_string).collect();
                        let note = format!("waiting for other shards: {}", awaited.join(", "));
                        self.delivery.say(&note);
                    }
                    pause_for(pause.min(POLL_INTERVAL), self.delivery).await;
                    if self.delivery.cancellation.is_cancelled() {
                        return Ok(alone(report));
                    }
                }
            }
        }
    }
}

/// The shards that are delivered, or that no process is delivering.
fn arrived(mut shards: Vec<UploadSummary>) -> Vec<UploadSummary> {
    shards.retain(|shard| shard.is_delivered || !shard.is_in_use);
    shards
}

/// The numbers of the shards that a process has open.
fn indexes_in_use(shards: &[UploadSummary]) -> Vec<u32> {
    let in_use = shards.iter().filter(|shard| shard.is_in_use);
    in_use
        .filter_map(|shard| Some(shard.shard?.index()))
        .collect()
}

/// Waits until no other process completes the suite run; nothing if this one is cancelled before.
pub(super) async fn lock(
    spool: &Spool,
    shard: &UploadSummary,
    delivery: &Delivery<'_>,
) -> Result<Option<std::fs::File>> {
    loop {
        if let Some(lock) = spool.lock_suite_run(shard)? {
            return Ok(Some(lock));
        }
        pause_for(POLL_INTERVAL, delivery).await;
        if delivery.cancellation.is_cancelled() {
            return Ok(None);
        }
    }
}

/// Sleeps, unless the work is cancelled.
async fn pause_for(time: Duration, delivery: &Delivery<'_>) {
    tokio::select! {
        () = tokio::time::sleep(time) => {}
        () = delivery.cancellation.cancelled() => {}
    }
}

pub(super) async fn merge(
    client: &Client,
    spool: &Spool,
    shards: &[UploadSummary],
    settings: &UploadSettings,
    delivery: &Delivery<'_>,
) -> Result<Delivered> {
    let mut journals: Vec<Journal> = Vec::with_capacity(shards.len());
    // Reports list their results in this order.
    let mut shards: Vec<&UploadSummary> = shards.iter().collect();
    shards.sort_by_key(|shard| (shard.shard.map(Shard::index), shard.created));
    for shard in shards {
        match spool.open(&shard.id) {
            Ok(journal) => journals.push(journal),
            // It counts as missing.
            Err(error @ JournalError::InUse { .. }) => {
                delivery.say(&format!("not merged: {error}"));
            }
            Err(error) => return Err(error.into()),
        }
    }
    let progress = delivery.progress(Begins::Merge, None);
    let merge = client
        .merge(journals.iter().cloned())
        .settings(settings.clone())
        .cancellation(delivery.cancellation.clone())
        .on_event(|event| progress.show(event));
    let merged = progress.during(Box::pin(merge.run())).await;
    progress.finish();
    let report = merged.map_err(|error| match error {
        MergeError::Mismatch(error) => mismatch(error, &delivery.suggest),
        MergeError::Journal(error) => error.into(),
        MergeError::Delivery {
            shard, id, source, ..
        } => {
            let failure = delivery.failure(source).upload(&id);
            failure.context(format!("could not deliver shard {shard} (upload {id})"))
        }
        error => Failure::new(Exit::Internal, error),
    })?;
    Ok(Delivered::new(report, journals))
}

/// Whether they do not agree on how many shards there are.
pub(super) fn is_number(error: &ShardMismatch) -> bool {
    matches!(error, ShardMismatch::Different { what, .. } if *what == "numbers of shards")
}

/// The error of uploads that do not belong together.
pub(super) fn mismatch(error: ShardMismatch, suggest: &Suggest) -> Failure {
    let hint = match &error {
        ShardMismatch::Different { one, other, .. } if is_number(&error) => format!(
            "nothing was merged; delete the one that does not belong to the suite run: `{}` or `{}`",
            suggest.delete(one),
            suggest.delete(other)
        ),
        ShardMismatch::Different { .. } => format!(
            "nothing was merged; choose the shards of one suite run with `--suite-run NAME` and `--suite NAME` (`{}` lists them)",
            suggest.list()
        ),
        _ => format!("nothing was merged; `{}` lists the uploads", suggest.list()),
    };
    Failure::new(Exit::Configuration, error).hint(hint)
}
