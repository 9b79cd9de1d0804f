//! `octane resume --all`: one upload after the other, from the oldest to the newest.

use std::path::PathBuf;

use octane_client::{JournalError, ReportedProblem, Spool, UploadId, UploadSummary};
use serde_json::{Value, json};

use super::super::delivery::{Delivered, Delivery, Start, worst};
use super::one::Resumed;
use super::route::{Asked, Route, route};
use crate::args::ResumeArgs;
use crate::connect::{Connection, check};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::{Output, StepOutputs, Text, failure_json};
use crate::spool::spool;
use crate::test_failures::Tests;

pub(super) async fn run(
    args: &ResumeArgs,
    output: Output,
    delivery: &Delivery<'_>,
) -> Result<Exit> {
    let spool = spool(&args.delivery.spool)?;
    let mut all = All::new(args, output, delivery);
    for failure in spool.unreadable()?.into_iter().map(Failure::from) {
        all.add_failure(&failure);
    }
    let summaries = unfinished(&spool)?;
    if summaries.is_empty() {
        output.say("nothing to resume");
        return all.finish();
    }
    let asked = Asked::of(&args.connection);
    let routed = |summary: &UploadSummary| route(summary.sandbox.as_deref(), &asked, true);
    if summaries.iter().any(|one| routed(one) == Route::AsTyped) {
        // What is missing for every request is found before anything is done.
        delivery.unconnected(check(&args.connection)).await?;
    }
    for summary in &summaries {
        // A shard may have been merged with one before it.
        let now = spool.summary(&summary.id);
        let summary = now.as_ref().unwrap_or(summary);
        if summary.is_delivered {
            continue;
        }
        if let Some(signal) = delivery.stopped() {
            let message = format!(
                "upload {} was not reached before the interruption",
                summary.id
            );
            all.leave("not_reached", &summary.id, &message, signal);
        } else {
            all.resume(&spool, summary, routed(summary)).await?;
        }
    }
    all.disconnect().await;
    all.finish()
}

/// The uploads of `octane resume --all`, and what became of them so far.
struct All<'a> {
    args: &'a ResumeArgs,
    output: Output,
    delivery: &'a Delivery<'a>,
    /// To the server, or to the sandbox in this directory; uploads to the same place share it.
    connection: Option<(Option<PathBuf>, Connection)>,
    exit: Exit,
    /// The worst outcome, whatever policies make of it.
    meant: Exit,
    ingested: usize,
    uploads: Vec<Value>,
    errors: Vec<Value>,
    problems: Vec<ReportedProblem>,
}

impl<'a> All<'a> {
    fn new(args: &'a ResumeArgs, output: Output, delivery: &'a Delivery<'a>) -> Self {
        Self {
            args,
            output,
            delivery,
            connection: None,
            exit: Exit::Success,
            meant: Exit::Success,
            ingested: 0,
            uploads: Vec::new(),
            errors: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// Resumes an upload. One that fails does not stop the others.
    async fn resume(&mut self, spool: &Spool, summary: &UploadSummary, route: Route) -> Result<()> {
        let resumed = Resumed::new(self.args, summary, self.delivery);
        let place = match route {
            Route::AsTyped => None,
            Route::Sandbox(folder) => Some(folder),
            Route::Elsewhere => {
                let message = format!("upload {} belongs to {}", summary.id, summary.server);
                self.leave(
                    "different_server",
                    &summary.id,
                    &message,
                    Exit::Configuration,
                );
                return Ok(());
            }
        };
        match self.deliver(spool, &resumed, place).await {
            Ok(delivered) => {
                let one = resumed.delivery.print_report_of_several(&delivered)?;
                self.count(one.exit, one.meant);
                self.ingested += delivered.report.counts.ingested;
                self.uploads.push(one.json);
            }
            Err(failure) => match code_if_not_ours(&failure) {
                Some(code) => {
                    let reason = failure.error.to_string();
                    self.leave(code, &summary.id, &reason, Exit::Configuration);
                }
                None => {
                    let id = &summary.id;
                    let failure = failure.context(format!("could not resume upload {id}"));
                    let failure = failure.upload(id);
                    let exit = resumed.delivery.report_failure_and_continue(&failure);
                    self.add(&failure, exit);
                }
            },
        }
        Ok(())
    }

    async fn deliver(
        &mut self,
        spool: &Spool,
        resumed: &Resumed<'_>,
        place: Option<PathBuf>,
    ) -> Result<Delivered> {
        if self.connection.as_ref().map(|(place, _)| place) != Some(&place) {
            self.disconnect().await;
            let opened = resumed.connect(self.args, place.as_deref(), self.output);
            self.connection = Some((place.clone(), opened.await?));
        }
        let Some((_, connected)) = &self.connection else {
            let message = "no connection for an upload";
            return Err(Failure::message(Exit::Internal, message));
        };
        let client = connected.client_for(&self.args.connection, &resumed.summary.options);
        resumed
            .deliver(spool, self.args, &client, Start::ResumeAll)
            .await
    }

    /// Closes the connection that there is, if any.
    async fn disconnect(&mut self) {
        if let Some((_, connected)) = self.connection.take() {
            connected.close().await;
        }
    }

    /// Names an upload that is not resumed here. It is left unfinished, so this is not a success.
    fn leave(&mut self, code: &'static str, id: &UploadId, reason: &str, meant: Exit) {
        let message = format!("not resumed: {reason}");
        self.output.say(&message);
        let exit = (self.delivery).apply_exit_policy(meant, Tests::Unknown);
        let failure = Failure::message(meant, &message).upload(id);
        self.delivery.add_to_reports(&failure, exit);
        self.problems.push(ReportedProblem::new(code, message));
        self.count(exit, meant);
    }

    fn count(&mut self, exit: Exit, meant: Exit) {
        self.exit = worst(self.exit, exit);
        self.meant = worst(self.meant, meant);
    }

    fn add_failure(&mut self, failure: &Failure) {
        let exit = self.delivery.report_failure_and_continue(failure);
        self.add(failure, exit);
    }

    fn add(&mut self, failure: &Failure, exit: Exit) {
        self.count(exit, failure.exit);
        self.errors.push(failure_json(failure, exit));
    }

    /// Prints the answer in JSON; people have read it already.
    fn finish(self) -> Result<Exit> {
        let json = json!({
            "schema": "octane.resume/1",
            "exit_code": self.exit.code(),
            "uploads": self.uploads,
            "errors": self.errors,
            "problems": self.problems,
        });
        if self.output.format.is_json() {
            self.output.answer(Text::default, &json)?;
        }
        let outputs = StepOutputs::of_several(self.meant, Some(self.ingested));
        self.delivery.pass_on(&outputs);
        Ok(self.delivery.write_report(&json).unwrap_or(self.exit))
    }
}

/// The unfinished uploads, oldest first. Shards that wait for others have nothing to resume.
pub(super) fn unfinished(spool: &Spool) -> Result<Vec<UploadSummary>> {
    let mut summaries = spool.list()?;
    summaries.retain(|summary| !summary.is_delivered);
    summaries.reverse();
    Ok(summaries)
}

/// The problem's code if the upload is another process's, or belongs to another server.
fn code_if_not_ours(failure: &Failure) -> Option<&'static str> {
    match failure.error.downcast_ref::<JournalError>()? {
        JournalError::InUse { .. } => Some("in_use"),
        JournalError::DifferentServer { .. } => Some("different_server"),
        _ => None,
    }
}
