//! `octane resume`: continues uploads that were interrupted.

use octane_client::{
    Client, JournalError, Report, ReportedProblem, Spool, UploadId, UploadSettings,
};
use serde_json::{Value, json};

use super::delivery::Delivery;
use crate::args::{Format, OnUnresolved, ResumeArgs};
use crate::connect::Connection;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::{Output, Text, failure_json};
use crate::spool::spool;

pub(super) async fn run(args: &ResumeArgs, output: Output) -> Result<Exit> {
    let delivery = Delivery::new(&args.delivery, output)?;
    let done = resume(args, output, &delivery).await;
    done.or_else(|failure| delivery.report_failure(failure))
}

async fn resume(args: &ResumeArgs, output: Output, delivery: &Delivery<'_>) -> Result<Exit> {
    let spool = spool(&args.delivery.spool)?;
    if let Some(id) = &args.id {
        let connected = Connection::open(&args.connection, output).await?;
        let done = resume_one(&spool, id, args, &connected.client, delivery).await;
        let done = done.and_then(|report| delivery.print_report(&report, None));
        connected.close().await;
        return done;
    }
    let mut several = Several::new(delivery);
    for failure in spool.unreadable()?.into_iter().map(Failure::from) {
        several.add_failure(&failure);
    }
    let ids = unfinished(&spool)?;
    if ids.is_empty() {
        output.say("nothing to resume");
        return several.finish(output);
    }
    let connected = Connection::open(&args.connection, output).await?;
    let done = resume_all(&spool, &ids, args, output, &connected.client, &mut several).await;
    connected.close().await;
    done.and_then(|()| several.finish(output))
}

/// Resumes uploads one after the other. One that fails does not stop the others.
async fn resume_all(
    spool: &Spool,
    ids: &[UploadId],
    args: &ResumeArgs,
    output: Output,
    client: &Client,
    several: &mut Several<'_>,
) -> Result<()> {
    for id in ids {
        if let Some(signal) = several.delivery.stopped() {
            several.exit = worst(several.exit, signal);
            break;
        }
        match resume_one(spool, id, args, client, several.delivery).await {
            Ok(report) => several.add_report(&report)?,
            Err(failure) => match code_if_not_ours(&failure) {
                Some(code) => {
                    let message = format!("{id}: {}", failure.error);
                    output.say(&message);
                    several.problems.push(ReportedProblem::new(code, message));
                }
                None => {
                    let failure = failure.context(format!("could not resume upload {id}"));
                    several.add_failure(&failure.upload(id));
                }
            },
        }
    }
    Ok(())
}

/// What became of the uploads of `octane resume --all`.
struct Several<'a> {
    delivery: &'a Delivery<'a>,
    exit: Exit,
    uploads: Vec<Value>,
    errors: Vec<Value>,
    problems: Vec<ReportedProblem>,
}

impl<'a> Several<'a> {
    fn new(delivery: &'a Delivery<'a>) -> Self {
        Self {
            delivery,
            exit: Exit::Success,
            uploads: Vec::new(),
            errors: Vec::new(),
            problems: Vec::new(),
        }
    }

    fn add_report(&mut self, report: &Report) -> Result<()> {
        let (exit, json) = self.delivery.print_report_of_several(report)?;
        self.exit = worst(self.exit, exit);
        self.uploads.push(json);
        Ok(())
    }

    fn add_failure(&mut self, failure: &Failure) {
        let exit = self.delivery.report_failure_and_continue(failure);
        self.exit = worst(self.exit, exit);
        self.errors.push(failure_json(failure, exit));
    }

    /// Prints the answer in JSON; people have read it already.
    fn finish(self, output: Output) -> Result<Exit> {
        let json = json!({
            "schema": "octane.resume/1",
            "exit_code": self.exit.code(),
            "uploads": self.uploads,
            "errors": self.errors,
            "problems": self.problems,
        });
        if output.format == Format::Json {
            output.answer(Text::default, &json)?;
        }
        Ok(self.delivery.write_report(&json).unwrap_or(self.exit))
    }
}

/// The one with the higher code.
fn worst(one: Exit, other: Exit) -> Exit {
    std::cmp::max_by_key(one, other, |exit| exit.code())
}

/// The unfinished uploads, oldest first.
fn unfinished(spool: &Spool) -> Result<Vec<UploadId>> {
    let mut summaries = spool.list()?;
    summaries.retain(|summary| !summary.is_finished);
    summaries.reverse();
    Ok(summaries.into_iter().map(|summary| summary.id).collect())
}

/// The problem's code if the upload is another process's, or belongs to another server.
fn code_if_not_ours(failure: &Failure) -> Option<&'static str> {
    match failure.error.downcast_ref::<JournalError>()? {
        JournalError::InUse { .. } => Some("in_use"),
        JournalError::DifferentServer { .. } => Some("different_server"),
        _ => None,
    }
}

async fn resume_one(
    spool: &Spool,
    id: &UploadId,
    args: &ResumeArgs,
    client: &Client,
    delivery: &Delivery<'_>,
) -> Result<Report> {
    let journal = spool.open(id)?;
    let mut settings = UploadSettings::default();
    settings.ingestion_wait_max = args.delivery.wait;
    settings.require_all_jira_keys = args.delivery.on_unresolved == OnUnresolved::Fail;
    delivery.deliver(client, &journal, &settings, None).await
}
