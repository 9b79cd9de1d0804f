//! The books of one upload: what became of every result, and what was linked.

use std::collections::HashSet;

use octane_model::TaskStatus;

use crate::links::LinkField;
use crate::plan::{PlannedBatch, Row};
use crate::report::{
    BatchReport, Counts, LinksReport, Named, Outcome, Report, ReportedProblem, TargetReport,
};
use crate::settle::Fate;
use crate::submit::Delivery;
use crate::verify::Ingested;
use crate::{Client, ClientError, Event, Plan, Target};

mod linking;

/// The books of one upload.
pub(crate) struct Account<'a> {
    client: &'a Client,
    plan: &'a Plan,
    pub(crate) links_wanted: bool,
    counts: Counts,
    problems: Vec<ReportedProblem>,
    field: Option<Result<LinkField, ClientError>>,
    ingested: Option<Ingested>,
    /// The rows that are in, to be linked.
    rows_in: Vec<&'a Row>,
    links: Option<LinksReport>,
    is_unverified: bool,
    is_unlinked: bool,
    is_unauthorized: bool,
    unconfirmed: usize,
}

impl<'a> Account<'a> {
    pub(crate) fn new(client: &'a Client, plan: &'a Plan) -> Self {
        Self {
            client,
            plan,
            links_wanted: false,
            counts: plan.counts,
            problems: plan.problems.clone(),
            field: None,
            ingested: None,
            rows_in: Vec::new(),
            links: None,
            is_unverified: false,
            is_unlinked: false,
            is_unauthorized: false,
            unconfirmed: 0,
        }
    }

    /// Reads the suite run's runs, if anything can be there.
    pub(crate) async fn verify(
        &mut self,
        fates: &[Fate],
        on_event: &(dyn Fn(&Event) + Send + Sync),
    ) {
        if !fates
            .iter()
            .any(|fate| matches!(fate, Fate::Finished { .. }))
        {
            return;
        }
        if self.links_wanted {
            self.field = Some(self.client.links().field().await);
        }
        let field = self.field.as_ref().and_then(|field| field.as_ref().ok());
        match Ingested::read(self.client, &self.plan.target, field).await {
            Ok(ingested) => {
                let event = Event::Verified {
                    suite_run: ingested.suite_run.clone(),
                    runs: ingested.total,
                };
                on_event(&event);
                self.ingested = Some(ingested);
            }
            // Where everything was turned down there is no suite run, and nothing to verify.
            Err(ClientError::NoSuiteRun { .. }) if !fates.iter().any(is_success) => {}
            Err(error) => {
                self.is_unverified = true;
                let message = format!("the runs could not be counted: {}", chain(&error));
                self.problems
                    .push(ReportedProblem::new("unverified", message));
            }
        }
    }

    /// Gives every row to one of the counts.
    pub(crate) fn settle_rows(&mut self, fates: &[Fate]) {
        for (batch, fate) in self.plan.batches.iter().zip(fates) {
            let rows = batch.rows.len();
            match fate {
                Fate::Finished {
                    task,
                    is_known,
                    complaints,
                } => {
                    self.counts.sent += rows;
                    self.settle_finished(batch, &task.status, *is_known, complaints.as_deref());
                }
                Fate::Unfinished { task, reason, .. } => {
                    self.counts.sent += rows;
                    self.counts.kept += rows;
                    let message = format!("batch {} (task {}): {reason}", batch.number, task.id);
                    self.problems
                        .push(ReportedProblem::new("unfinished", message));
                }
                Fate::Undelivered(Delivery::Refused(error)) => {
                    self.counts.rejected += rows;
                    let message = format!("batch {} was refused: {}", batch.number, chain(error));
                    self.problems.push(ReportedProblem::new("refused", message));
                }
                Fate::Undelivered(Delivery::Undelivered(error)) => {
                    self.counts.kept += rows;
                    self.is_unauthorized |= error.is_unauthorized();
                    let message =
                        format!("batch {} was not delivered: {}", batch.number, chain(error));
                    self.problems
                        .push(ReportedProblem::new("undelivered", message));
                }
                Fate::Undelivered(_) => self.counts.kept += rows,
            }
        }
        let ids = self.ingested.iter().flat_map(|ingested| {
            self.rows_in
                .iter()
                .flat_map(|row| ingested.of(row))
                .map(|run| &run.id)
        });
        self.counts.runs = ids.collect::<HashSet<_>>().len();
    }

    /// Rows of a batch with which Octane has finished: what it shows is in. What it does not show was
    /// turned down if it complained, and is unconfirmed if it did not.
    fn settle_finished(
        &mut self,
        batch: &'a PlannedBatch,
        status: &TaskStatus,
        is_known: bool,
        complaints: Option<&str>,
    ) {
        let is_clean = matches!(status, TaskStatus::Success);
        let is_usable = matches!(status, TaskStatus::Success | TaskStatus::Warning);
        if let (false, Some(text)) = (is_clean, complaints) {
            let text = first_lines(text, 3);
            let message = format!("batch {} ended as `{status}`: {text}", batch.number);
            self.problems
                .push(ReportedProblem::new("complaint", message));
        }
        for row in &batch.rows {
            let is_in = match &self.ingested {
                Some(ingested) if is_usable => !ingested.of(row).is_empty(),
                Some(ingested) => ingested.shows(row),
                None => is_usable && self.is_unverified,
            };
            if is_in {
                self.counts.ingested += 1;
                self.counts.known += usize::from(is_known);
                self.rows_in.push(row);
            } else if is_clean {
                self.counts.kept += 1;
                self.unconfirmed += 1;
                let message =
                    "Octane reported success, but its suite run does not show this result";
                self.problems.push(problem_of("unconfirmed", row, message));
            } else {
                self.counts.rejected += 1;
                let message = complaints.map_or_else(
                    || format!("Octane ended the batch as `{status}` without saying why"),
                    |text| complaint_about(row, text),
                );
                self.problems.push(problem_of("rejected", row, &message));
            }
        }
    }

    fn outcome(&self) -> Outcome {
        let Counts {
            ingested,
            rejected,
            skipped,
            kept,
            ..
        } = self.counts;
        if kept > self.unconfirmed {
            return if self.is_unauthorized {
                Outcome::Unauthorized
            } else {
                Outcome::Unreachable
            };
        }
        if rejected > 0 && ingested == 0 && kept == 0 {
            return Outcome::Refused;
        }
        if rejected + skipped + kept > 0 || self.is_unverified {
            return Outcome::Partial;
        }
        if self.is_unlinked {
            Outcome::LinksIncomplete
        } else {
            Outcome::Success
        }
    }

    pub(crate) fn report(self, fates: &[Fate]) -> Report {
        let outcome = self.outcome();
        let Target {
            suite,
            suite_run,
            module,
            created,
        } = &self.plan.target;
        let workspace = self.client.endpoint.workspace();
        let batches = self
            .plan
            .batches
            .iter()
            .zip(fates)
            .map(|(batch, fate)| batch_report(batch, fate));
        Report {
            schema: "octane.upload/1",
            outcome,
            counts: self.counts,
            target: TargetReport {
                space: workspace.space,
                workspace: workspace.workspace,
                module: module.clone(),
                suite: suite.clone(),
                suite_run: Named {
                    id: self.ingested.as_ref().map(|ingested| ingested.suite_run.id),
                    name: suite_run.clone(),
                },
            },
            created: created.clone(),
            batches: batches.collect(),
            links: self.links,
            problems: self.problems,
        }
    }
}

fn batch_report(batch: &PlannedBatch, fate: &Fate) -> BatchReport {
    let (task, status, known) = match fate {
        Fate::Finished { task, is_known, .. } | Fate::Unfinished { task, is_known, .. } => {
            (Some(task.id), task.status.to_string(), *is_known)
        }
        Fate::Undelivered(Delivery::Refused(_)) => (None, "refused".to_owned(), false),
        Fate::Undelivered(Delivery::Undelivered(_)) => (None, "undelivered".to_owned(), false),
        Fate::Undelivered(_) => (None, "unsent".to_owned(), false),
    };
    BatchReport {
        n: batch.number,
        rows: batch.rows.len(),
        sha256: batch.sha256.clone(),
        task,
        status,
        known,
    }
}

fn is_success(fate: &Fate) -> bool {
    matches!(fate, Fate::Finished { task, .. } if task.status == TaskStatus::Success)
}

fn problem_of(code: &'static str, row: &Row, message: &str) -> ReportedProblem {
    ReportedProblem::new(code, message)
        .of_test(&row.identity)
        .at(row.position.clone())
}

/// The line of the server's log that names the test, or its first lines.
fn complaint_about(row: &Row, complaints: &str) -> String {
    let line = complaints
        .lines()
        .find(|line| line.contains(&row.identity.name));
    line.map_or_else(|| first_lines(complaints, 3), str::to_owned)
}

fn first_lines(text: &str, count: usize) -> String {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let first: Vec<&str> = lines.by_ref().take(count).collect();
    match lines.count() {
        0 => first.join("; "),
        more => format!("{}; and {more} more", first.join("; ")),
    }
}

/// An error and what caused it, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}
