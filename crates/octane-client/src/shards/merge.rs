//! Merging the shards of a suite run: each is delivered and linked, and one report covers all.

use std::sync::Arc;

use jiff::Timestamp;
use octane_model::plural::plural;

use super::overlap::{Hidden, Overlapping, look};
use super::report::{Shared, merged};
use super::roll_call::{RollCall, ShardMismatch};
use crate::cancellation::CancellationToken;
use crate::client::Client;
use crate::common_links::CommonLinks;
use crate::delivery::{Delivery, DeliveryError};
use crate::event::Event;
use crate::journal::{Journal, JournalError, LinkTotals, UploadSummary};
use crate::outcome::{Facts, Outcome};
use crate::reconciliation::DeliveryEnd;
use crate::report::{Report, ReportedProblem};
use crate::run_options::{RunOptions, run_options};
use crate::settings::UploadSettings;
use crate::shard::Shard;
use crate::upload_id::UploadId;

/// Shards that are ready to be merged; made by [`Client::merge`].
#[must_use]
pub struct Merge<'a> {
    client: &'a Client,
    journals: Vec<Journal>,
    retry_rejected: bool,
    options: RunOptions<'a>,
}

/// Why shards cannot be merged. What was done before stays done, and merging again continues.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MergeError {
    /// They do not belong together. Nothing was sent.
    #[error(transparent)]
    Mismatch(#[from] ShardMismatch),
    /// A journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The upload of a shard cannot be delivered.
    #[error("could not deliver shard {shard} (upload {id})")]
    #[non_exhaustive]
    Delivery {
        /// The shard.
        shard: Shard,
        /// Its upload.
        id: UploadId,
        /// Why.
        source: DeliveryError,
    },
}

impl Client {
    /// Merges the shards of one suite run: delivers what is pending of each, links the runs of all, and reports on all of them at
    /// once. Merging again does only what is not done, and links nothing twice.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/sandbox.rs"));
    /// # fn main() -> Done { with_sandbox(async |octane| {
    /// use octane_client::{Status, Target, TestRun, UploadSettings};
    ///
    /// let suite = octane.suites().ensure("Nightly", None).await?.entity.id;
    /// let target = Target::new(suite, "nightly-4711");
    /// let mut journals = Vec::new();
    /// for (shard, test) in [("1/3", "pays"), ("3/3", "refunds")] {
    ///     let mut settings = UploadSettings::default();
    ///     settings.shard = Some(shard.parse()?);
    ///     let results = [TestRun::new(test, Status::Passed)];
    ///     let upload = octane.upload(results, target.clone()).settings(settings);
    ///     let journal = upload.prepare()?.journal;
    ///     octane.delivery(&journal).target(target.clone()).run().await?.into_result()?;
    ///     journals.push(journal);
    /// }
    /// let report = octane.merge(journals).run().await?;
    /// assert_eq!(report.counts.ingested, 2);
    /// // It is not a success: a shard is missing.
    /// assert_eq!(report.shards.as_ref().unwrap().missing, Some(vec![2]));
    /// assert!(report.into_result().is_err());
    /// # Ok(()) }) }
    /// ```
    pub fn merge(&self, journals: impl IntoIterator<Item = Journal>) -> Merge<'_> {
        Merge {
            client: self,
            journals: journals.into_iter().collect(),
            retry_rejected: true,
            options: RunOptions::default(),
        }
    }
}

/// A shard and its journal.
struct Member {
    summary: UploadSummary,
    shard: Shard,
    journal: Journal,
}

impl<'a> Merge<'a> {
    run_options! {
        /// How it is done; the same settings count as of a [`Delivery`].
    }

    /// Sends results again that Octane has rejected in an earlier run, as what it rejected them for may have changed. Default: yes.
    pub fn retry_rejected(mut self, retry: bool) -> Self {
        self.retry_rejected = retry;
        self
    }

    /// Merges them. An error means that they do not belong together, or that one of them cannot be delivered; everything else is in
    /// the report.
    pub async fn run(self) -> Result<Report, MergeError> {
        let (members, roll_call) = self.members().await?;
        let journals: Vec<&Journal> = members.iter().map(|member| &member.journal).collect();
        let links = CommonLinks::of(&journals).await?;
        let mut ends = Vec::with_capacity(members.len());
        for member in &members {
            ends.push(Box::pin(self.deliver(member, links.as_ref())).await?);
        }
        let mut overlapping = look_at(&members, Hidden::new()).await?;
        let hidden = std::mem::take(&mut overlapping.hidden);
        if self.options.cancellation.is_cancelled() {
            for index in hidden.into_keys() {
                members[index].journal.run(Journal::unfinish).await?;
                cut_short(&mut ends[index]);
            }
        } else if !hidden.is_empty() {
            // Once: what is sent again has new bytes, so that it is shown.
            for (index, rows) in hidden.clone() {
                let member = &members[index];
                let uploads = journals
                    .iter()
                    .map(|journal| journal.id().clone())
                    .collect();
                let resending = member
                    .journal
                    .run(move |journal| journal.resend_rows(&rows, &uploads));
                resending.await?;
                ends[index] = Box::pin(self.deliver(member, links.as_ref())).await?;
            }
            overlapping = look_at(&members, hidden).await?;
            for (index, rows) in std::mem::take(&mut overlapping.hidden) {
                members[index].journal.run(Journal::unfinish).await?;
                still_hidden(&mut ends[index], rows.len());
            }
        }
        let facts = ends.iter().map(|end| end.facts);
        if facts.fold(Facts::default(), Facts::and).is_through() {
            let now = Timestamp::now();
            for member in &members {
                let marking = member.journal.run(move |journal| journal.set_merged(now));
                marking.await?;
            }
        }
        let shared = Shared {
            repeats: overlapping.repeats,
            run_repeats: overlapping.run_repeats,
            flaky_repeats: overlapping.flaky_repeats,
            problems: overlapping.problems,
            links: match (&links, members.first()) {
                (Some(links), Some(first)) => links.totals(&first.journal).await?,
                _ => LinkTotals::default(),
            },
        };
        merged(ends, &roll_call, shared).ok_or_else(|| ShardMismatch::Nothing.into())
    }

    /// The shards in the order of their uploads.
    async fn members(&self) -> Result<(Vec<Member>, RollCall), MergeError> {
        let mut found = Vec::new();
        for journal in &self.journals {
            let summary = journal.run(|journal| journal.summary(false)).await?;
            found.push((summary, journal.clone()));
        }
        found.sort_by(|(one, _), (other, _)| {
            (one.created, &one.id).cmp(&(other.created, &other.id))
        });
        found.dedup_by(|(one, _), (other, _)| one.id == other.id);
        let summaries: Vec<UploadSummary> =
            found.iter().map(|(summary, _)| summary.clone()).collect();
        let roll_call = RollCall::of(&summaries)?;
        let members = found.into_iter().filter_map(|(summary, journal)| {
            Some(Member {
                shard: summary.shard?,
                summary,
                journal,
            })
        });
        Ok((members.collect(), roll_call))
    }

    async fn deliver(
        &self,
        member: &Member,
        links: Option<&Arc<CommonLinks>>,
    ) -> Result<DeliveryEnd, MergeError> {
        let delivery: Delivery<'_> = self
            .client
            .delivery(&member.journal)
            .settings(self.options.settings.clone())
            .retry_rejected(self.retry_rejected)
            .linked_with(links.cloned())
            .cancellation(self.options.cancellation.clone())
            .on_event(|event| (self.options.on_event)(event));
        delivery.end().await.map_err(|source| MergeError::Delivery {
            shard: member.shard,
            id: member.summary.id.clone(),
            source,
        })
    }
}

/// What was to be sent again is not.
fn cut_short(end: &mut DeliveryEnd) {
    end.facts.is_cancelled = true;
    end.facts.is_cut_short = true;
    resumable(end, Outcome::Interrupted);
}

/// Says in the report that there is something left to do, also of the shard itself.
fn resumable(end: &mut DeliveryEnd, outcome: Outcome) {
    let is_resumable = end.report.journal.is_some();
    end.report.is_resumable |= is_resumable;
    for shard in end
        .report
        .shards
        .iter_mut()
        .flat_map(|shards| &mut shards.uploads)
    {
        shard.is_resumable |= is_resumable;
        if shard.outcome == Outcome::Success {
            shard.outcome = outcome;
        }
    }
}

/// Other shards hide failures of this one, although those were sent again.
fn still_hidden(end: &mut DeliveryEnd, failures: usize) {
    end.facts.is_incomplete = true;
    resumable(end, Outcome::Partial);
    let failures = plural(failures, "failure");
    let message = format!(
        "Octane shows results of other shards instead of {failures}; merge the shards again"
    );
    let problem = ReportedProblem::new("hidden_failure", message);
    end.report.problems.push(problem);
}

async fn look_at(members: &[Member], sent_again: Hidden) -> Result<Overlapping, JournalError> {
    let Some(first) = members.first() else {
        return Ok(Overlapping::default());
    };
    let journals: Vec<Journal> = members
        .iter()
        .map(|member| member.journal.clone())
        .collect();
    let shards: Vec<Shard> = members.iter().map(|member| member.shard).collect();
    let looking = first
        .journal
        .run(move |_| look(&journals, &shards, &sent_again));
    looking.await
}
