//! The books of one upload: what became of every result, and what was linked.

use octane_model::SuiteRun;

use crate::error::chain;
use crate::journal::{Ending, Evidence, Journal, first_lines};
use crate::links::LinkField;
use crate::plan::Header;
use crate::report::{LinksReport, Named, Outcome, Report, ReportedProblem, TargetReport};
use crate::settle::Unfinished;
use crate::submit::Unsent;
use crate::verify::Found;
use crate::{Client, ClientError, JournalError, Target};

mod linking;

/// The books of one upload.
pub(crate) struct Account<'a> {
    client: &'a Client,
    journal: &'a Journal,
    header: &'a Header,
    target: &'a Target,
    unsent: Unsent,
    unfinished: Unfinished,
    suite_run: Option<SuiteRun>,
    field: Option<LinkField>,
    links: Option<LinksReport>,
    is_unverified: bool,
    is_unlinked: bool,
    /// What the runs show is not known this time.
    is_unread: bool,
    /// There was nothing to look for.
    is_unseen: bool,
    /// There was no time left to look, or to link.
    is_cut: bool,
}

impl<'a> Account<'a> {
    pub(crate) fn new(
        client: &'a Client,
        journal: &'a Journal,
        header: &'a Header,
        target: &'a Target,
        unsent: Unsent,
        unfinished: Unfinished,
    ) -> Self {
        Self {
            client,
            journal,
            header,
            target,
            unsent,
            unfinished,
            suite_run: None,
            field: None,
            links: None,
            is_unverified: false,
            is_unlinked: false,
            is_unread: false,
            is_unseen: false,
            is_cut: false,
        }
    }

    /// Says of every row what became of it.
    pub(crate) fn settle_rows(&mut self, found: Found) -> Result<(), JournalError> {
        let mut problems = self.delivery_problems()?;
        let unverified = |error: &ClientError| {
            let message = format!("the runs could not be counted: {}", chain(error));
            ReportedProblem::new("unverified", message)
        };
        (self.is_unread, self.is_unverified) = (false, false);
        (self.is_unseen, self.is_cut) = (false, false);
        let evidence = match found {
            Found::Nothing => {
                self.is_unseen = true;
                Evidence::None
            }
            Found::NoSuiteRun => Evidence::Runs { has_history: false },
            Found::NotRead => {
                self.is_cut = true;
                Evidence::None
            }
            Found::Runs {
                suite_run,
                field,
                has_history,
            } => {
                self.suite_run = Some(suite_run);
                self.field = field;
                Evidence::Runs { has_history }
            }
            Found::Unread(error) => {
                self.is_unread = true;
                self.unsent.is_unauthorized |= error.is_unauthorized();
                problems.push(unverified(&error));
                Evidence::None
            }
            Found::Unreadable(error) => {
                self.is_unverified = true;
                problems.push(unverified(&error));
                Evidence::Word
            }
        };
        self.journal.note_problems("delivery", &problems)?;
        self.journal.settle_rows(evidence)
    }

    /// Whether Octane says that results are in which it does not show, though they could be read.
    pub(crate) fn is_unconfirmed(&self) -> Result<bool, JournalError> {
        let is_known = !(self.is_unread || self.is_unverified || self.is_unseen || self.is_cut);
        Ok(is_known && self.journal.is_unconfirmed()?)
    }

    /// There is no time left to look again.
    pub(crate) fn cut(&mut self) {
        self.is_cut = true;
    }

    /// What concerns whole batches.
    fn delivery_problems(&self) -> Result<Vec<ReportedProblem>, JournalError> {
        let mut problems = Vec::new();
        for (batch, reason) in &self.unsent.undelivered {
            let message = format!("batch {batch} was not delivered: {reason}");
            problems.push(ReportedProblem::new("undelivered", message));
        }
        for (batch, reason) in &self.unfinished.batches {
            let message = format!("batch {batch}: {reason}");
            problems.push(ReportedProblem::new("unfinished", message));
        }
        for (batch, status, complaints) in self.journal.complaints()? {
            let text = first_lines(&complaints, 3);
            let message = format!("batch {batch} ended as `{status}`: {text}");
            problems.push(ReportedProblem::new("complaint", message));
        }
        Ok(problems)
    }

    pub(crate) fn report(self, is_stopped: bool) -> Result<Report, JournalError> {
        let Self {
            client,
            journal,
            header,
            target,
            ref suite_run,
            ref links,
            ..
        } = self;
        let mut counts = header.counts;
        journal.count(&mut counts)?;
        let unconfirmed = journal.unconfirmed()?;
        let is_open = counts.kept > unconfirmed || self.is_unread;
        let outcome = if is_stopped && (is_open || self.is_cut) {
            Outcome::Interrupted
        } else if is_open && (self.unsent.is_unauthorized || self.unfinished.is_unauthorized) {
            Outcome::Unauthorized
        } else if is_open {
            Outcome::Unreachable
        } else if counts.rejected > 0 && counts.ingested == 0 && counts.kept == 0 {
            Outcome::Refused
        } else if counts.rejected + counts.skipped + counts.kept > 0 || self.is_unverified {
            Outcome::Partial
        } else if self.is_unlinked {
            Outcome::LinksIncomplete
        } else {
            Outcome::Success
        };
        let mut problems = journal.problems()?;
        problems.extend(journal.row_problems()?);
        let workspace = client.endpoint.workspace();
        let ending = Ending {
            outcome,
            is_finished: matches!(outcome, Outcome::Success | Outcome::Partial)
                && !(self.is_unlinked || self.is_unverified)
                && counts.kept == journal.given_up()?,
        };
        journal.put("ending", &ending)?;
        Ok(Report {
            schema: "octane.upload/1",
            upload_id: journal.id().clone(),
            journal: journal.kept_path().map(Into::into),
            outcome,
            resumable: !ending.is_finished && journal.kept_path().is_some(),
            counts,
            target: TargetReport {
                space: workspace.space,
                workspace: workspace.workspace,
                module: target.module.clone(),
                suite: target.suite.clone(),
                suite_run: Named {
                    id: suite_run.as_ref().map(|suite_run| suite_run.id),
                    name: target.suite_run.clone(),
                },
            },
            created: target.created.clone(),
            batches: journal.batch_reports()?,
            links: links.clone(),
            problems,
        })
    }
}
