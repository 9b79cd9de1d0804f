//! Reconciles what was sent with what Octane shows, and builds the report.

use octane_model::SuiteRunId;
use octane_model::plural::plural;

use crate::context::Context;
use crate::error::{ClientError, chain};
use crate::ingestion::Unfinished;
use crate::journal::{Confirmation, Journal, JournalError, LastAttempt, first_lines};
use crate::outcome::{Facts, is_finished, outcome};
use crate::report::{
    Counts, IdAndName, LinkSummary, Report, ReportedProblem, ShardsReport, TargetReport,
};
use crate::submit::Undelivered;
use crate::verify::{Lookup, verify};

mod linking;
mod unlinking;

/// What one delivery came to so far.
pub(crate) struct Reconciliation<'a> {
    context: &'a Context<'a>,
    undelivered: Undelivered,
    unfinished: Unfinished,
    /// What the last look at the suite run found.
    lookup: Lookup,
    /// There was no time left for another look that was needed.
    is_look_cut_short: bool,
    /// How many results were sent again, because Octane had ignored their bytes and showed other ones.
    pub(crate) resent: usize,
    /// As last seen.
    suite_run: Option<SuiteRunId>,
    links: Links,
}

/// What a delivery does about the links of its runs.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Linking {
    /// It makes them.
    Now,
    /// It leaves them to the merge of all shards.
    Deferred {
        /// How many results were ingested when all shards were merged, if nothing was sent again since.
        ingested_before: Option<usize>,
    },
}

/// What linking came to.
enum Links {
    /// It was not asked for, or not begun yet.
    None,
    /// It is left to the merge of all shards, unless as many results are ingested as when all links were made.
    Deferred { ingested_before: Option<usize> },
    /// It could not be done now: the upload was cancelled, or the runs could not be read.
    Unfinished,
    /// Everything was tried; `is_complete` says whether nothing is missing.
    Done {
        summary: LinkSummary,
        is_complete: bool,
    },
}

impl Links {
    /// Whether the merge of all shards makes them, where so many results are ingested.
    fn are_left_to_merge(&self, ingested: usize) -> bool {
        matches!(self, Self::Deferred { ingested_before } if *ingested_before != Some(ingested))
    }
}

impl<'a> Reconciliation<'a> {
    pub(crate) fn new(
        context: &'a Context<'a>,
        undelivered: Undelivered,
        unfinished: Unfinished,
    ) -> Self {
        Self {
            context,
            undelivered,
            unfinished,
            lookup: Lookup::NothingIngested,
            is_look_cut_short: false,
            resent: 0,
            suite_run: None,
            links: Links::None,
        }
    }

    /// Reads what the suite run shows, and judges every result.
    pub(crate) async fn look(&mut self) -> Result<(), JournalError> {
        self.lookup = verify(self.context).await?;
        let mut problems = self.delivery_problems().await?;
        let confirmation = match &self.lookup {
            Lookup::NothingIngested | Lookup::Cancelled => Confirmation::Unknown,
            Lookup::NoSuiteRun => Confirmation::Verified { has_history: false },
            Lookup::Runs {
                suite_run,
                has_history,
            } => {
                self.suite_run = Some(*suite_run);
                Confirmation::Verified {
                    has_history: *has_history,
                }
            }
            Lookup::Failed(error) => {
                self.undelivered.is_unauthorized |= error.is_unauthorized();
                problems.push(unverified(error));
                Confirmation::Unknown
            }
            Lookup::Unnamed => Confirmation::Unnamed,
            Lookup::Forbidden(error) => {
                problems.push(unverified(error));
                if self.context.manifest.raw.is_some() {
                    Confirmation::Unnamed
                } else {
                    Confirmation::TaskOnly
                }
            }
        };
        self.context
            .journal
            .run(move |journal| {
                journal.replace_problems("delivery", &problems)?;
                journal.judge(confirmation)
            })
            .await
    }

    /// Whether Octane reports results as ingested that it does not show, though the runs could be read.
    pub(crate) async fn needs_another_look(&self) -> Result<bool, JournalError> {
        let is_read = matches!(self.lookup, Lookup::NoSuiteRun | Lookup::Runs { .. });
        Ok(is_read
            && self
                .context
                .journal
                .run(Journal::needs_another_look)
                .await?)
    }

    /// Makes those results ready again that Octane ignored as duplicates and does not show. None if it cannot be seen what it
    /// shows, if other work is left, or after a cancellation. Returns how many there are.
    pub(crate) async fn resend_ignored(&self) -> Result<usize, JournalError> {
        let is_read = matches!(self.lookup, Lookup::NoSuiteRun | Lookup::Runs { .. });
        let is_all_sent = self.undelivered.batches.is_empty() && self.unfinished.batches.is_empty();
        if !is_read || !is_all_sent || self.context.cancellation.is_cancelled() {
            return Ok(0);
        }
        self.context.journal.run(Journal::resend_ignored).await
    }

    /// There will be no further look, although one may be needed.
    pub(crate) async fn end_looking(&mut self) -> Result<(), JournalError> {
        self.is_look_cut_short =
            self.context.cancellation.is_cancelled() && self.needs_another_look().await?;
        Ok(())
    }

    /// Problems of whole batches.
    async fn delivery_problems(&self) -> Result<Vec<ReportedProblem>, JournalError> {
        let mut problems = Vec::new();
        for (batch, reason) in &self.undelivered.batches {
            let message = format!("batch {batch} could not be sent: {reason}");
            problems.push(ReportedProblem::new("undelivered", message));
        }
        for (batch, reason) in &self.unfinished.batches {
            let message = format!("batch {batch}: {reason}");
            problems.push(ReportedProblem::new("unfinished", message));
        }
        for (batch, end, log) in self.context.journal.run(Journal::task_logs).await? {
            let text = first_lines(&log, 3);
            let message = format!("the task of batch {batch} ended with `{end}`: {text}");
            problems.push(ReportedProblem::new("task", message));
        }
        Ok(problems)
    }

    /// Leaves linking to the merge of all shards; see [`Linking::Deferred`].
    pub(crate) fn defer_links(&mut self, ingested_before: Option<usize>) {
        self.links = Links::Deferred { ingested_before };
    }

    /// What the upload came to.
    pub(crate) async fn report(self) -> Result<DeliveryEnd, JournalError> {
        let Context {
            client,
            journal,
            manifest,
            target,
            cancellation,
            ..
        } = *self.context;
        let is_cancelled = cancellation.is_cancelled();
        let is_cut_short = matches!(self.lookup, Lookup::Cancelled)
            || matches!(self.links, Links::Unfinished)
            || self.is_look_cut_short;
        let mut counts = manifest.counts;
        let (counts, rows) = journal
            .run(move |journal| {
                let rows = journal.count(&mut counts)?;
                Ok((counts, rows))
            })
            .await?;
        // Of a payload that another program wrote, the word of its task counts where nothing else can.
        let is_task_enough = match self.lookup {
            Lookup::Unnamed => true,
            Lookup::Forbidden(_) => manifest.raw.is_some(),
            _ => false,
        };
        let facts = Facts {
            is_cancelled,
            is_cut_short,
            is_work_left: rows.open + rows.forgotten > 0
                || matches!(self.lookup, Lookup::Failed(_)),
            is_unauthorized: self.undelivered.is_unauthorized || self.unfinished.is_unauthorized,
            is_unverified: matches!(self.lookup, Lookup::Forbidden(_)) && !is_task_enough,
            is_unlinked: matches!(
                self.links,
                Links::Done {
                    is_complete: false,
                    ..
                }
            ),
            is_incomplete: false,
            ingested: counts.ingested,
            rejected: counts.rejected,
            invalid: counts.invalid,
            pending: counts.pending,
            superseded: rows.superseded,
            unnamed: if is_task_enough { rows.unconfirmed } else { 0 },
        };
        let is_deferred = self.links.are_left_to_merge(counts.ingested);
        let is_still_merged = match self.links {
            Links::Deferred { .. } => !is_deferred,
            _ => is_finished(&facts),
        };
        let last = LastAttempt {
            outcome: outcome(&facts),
            is_finished: is_finished(&facts) && !is_deferred,
            is_awaiting_shards: is_finished(&facts) && is_deferred,
        };
        let of_duplicates = duplicates(&counts, self.resent);
        let (problems, batches) = journal
            .run(move |journal| {
                let mut problems = journal.problems()?;
                problems.extend(of_duplicates);
                journal.end_attempt(last, is_still_merged.then_some(counts.ingested))?;
                Ok((problems, journal.batch_reports()?))
            })
            .await?;
        let workspace = client.endpoint.workspace();
        let is_resumable = !is_finished(&facts) && journal.saved_path().is_some();
        let report = Report {
            schema: "octane.upload/1",
            upload_id: journal.id().clone(),
            journal: journal.saved_path().map(Into::into),
            outcome: last.outcome,
            is_resumable,
            counts,
            target: TargetReport {
                space: workspace.space,
                workspace: workspace.workspace,
                module: target.module.clone(),
                suite: target.known_suite().cloned(),
                suite_run: (!target.suite_run.is_empty()).then(|| IdAndName {
                    id: self.suite_run,
                    name: target.suite_run.clone(),
                }),
                url: self.suite_run.and_then(|id| client.suite_runs().url(id)),
            },
            created: target.created.clone(),
            batches,
            links: match self.links {
                Links::Done { summary, .. } => Some(summary),
                Links::None | Links::Deferred { .. } | Links::Unfinished => None,
            },
            problems,
            shards: manifest.shard.map(|shard| {
                let id = journal.id().clone();
                ShardsReport::of_one(shard, id, last.outcome, is_resumable, counts)
            }),
        };
        Ok(DeliveryEnd { report, facts })
    }
}

/// How a delivery ended.
pub(crate) struct DeliveryEnd {
    pub(crate) report: Report,
    /// What its outcome follows from.
    pub(crate) facts: Facts,
}

/// What should be known about bytes that Octane had received from an earlier upload.
fn duplicates(counts: &Counts, resent: usize) -> Option<ReportedProblem> {
    if resent > 0 {
        let results = plural(resent, "result");
        let message = format!(
            "Octane had received {results} from an earlier upload, byte for byte, and showed other results since; they were \
             sent again with new bytes"
        );
        return Some(ReportedProblem::new("resent", message));
    }
    if counts.duplicate == 0 || counts.duplicate + counts.invalid != counts.read {
        return None;
    }
    let message = "all results are identical, byte for byte, to those of an earlier upload, so Octane did nothing; if they \
                   are new, force a new upload";
    Some(ReportedProblem::new("duplicate", message))
}

fn unverified(error: &ClientError) -> ReportedProblem {
    let message = format!("the runs could not be verified: {}", chain(error));
    ReportedProblem::new("unverified", message)
}
