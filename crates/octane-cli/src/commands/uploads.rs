//! `octane uploads` and `octane status`: what is stored on this machine.

use octane_client::{ReportedProblem, Spool, UploadId, UploadSummary};
use octane_model::plural::plural;
use serde_json::{Value, json};

use crate::args::{SpoolArgs, StatusArgs, UploadsCommand};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::{Output, Text, problem_lines, table};
use crate::spool::spool;

pub(super) fn run(command: &UploadsCommand, output: Output) -> Result<Exit> {
    match command {
        UploadsCommand::List(args) => {
            let spool = spool(args)?;
            let summaries = spool.list()?;
            let mut problems = Vec::new();
            for error in spool.unreadable()? {
                output.say(&format!("warning: {error}"));
                problems.push(ReportedProblem::new("unreadable", error.to_string()));
            }
            let json = json!({
                "schema": "octane.uploads/1", "uploads": summaries, "problems": problems,
            });
            output.answer(|| rows(&summaries), &json)?;
        }
        UploadsCommand::Show(args) => return status(args, output),
        UploadsCommand::Delete {
            id,
            force,
            spool: args,
        } => {
            let spool = spool(args)?;
            if !force {
                check_deletable(&spool.summary(id)?, args)?;
            }
            spool.remove(id)?;
            output.answer(
                || Text::line(format!("deleted {id}")),
                &deleted_json(std::slice::from_ref(id)),
            )?;
        }
        UploadsCommand::Prune(args) => {
            let now = jiff::Timestamp::now();
            let deleted = spool(args)?.prune(&octane_client::Retention::default(), now)?;
            output.answer(
                || {
                    let count = plural(deleted.len(), "upload");
                    let mut text = Text::line(format!("deleted {count}"));
                    deleted.iter().for_each(|id| text.push(&format!("  {id}")));
                    text
                },
                &deleted_json(&deleted),
            )?;
        }
    }
    Ok(Exit::Success)
}

fn deleted_json(ids: &[UploadId]) -> Value {
    json!({ "schema": "octane.deleted_uploads/1", "upload_ids": ids })
}

fn check_deletable(summary: &UploadSummary, spool: &SpoolArgs) -> Result<()> {
    let UploadSummary { id, counts, .. } = summary;
    if summary.is_finished {
        return Ok(());
    }
    let message = format!(
        "upload {id} is not finished; {} would be lost",
        plural(counts.pending, "result")
    );
    Err(Failure::message(Exit::Usage, message).hint(format!(
        "run `{}` to finish it, or `{}` to delete it",
        spool.resume(id),
        spool.delete(id)
    )))
}

/// Shows the progress of an upload, and its problems.
pub(super) fn status(args: &StatusArgs, output: Output) -> Result<Exit> {
    let spool = spool(&args.spool)?;
    let id = match &args.id {
        Some(id) => id.clone(),
        None => newest(&spool)?,
    };
    let summary = spool.summary(&id)?;
    let problems = spool.problems(&id)?;
    let human = || {
        let UploadSummary {
            suite,
            suite_run,
            server,
            counts,
            ..
        } = &summary;
        let state = state(&summary);
        let mut text = Text::lines([
            format!("Upload    {id} ({state})"),
            format!("Target    {server} · suite {suite}"),
            format!("Suite run {suite_run}"),
            format!(
                "Results   {} read · ingested {} · rejected {} · invalid {} · pending {}",
                counts.read, counts.ingested, counts.rejected, counts.invalid, counts.pending
            ),
        ]);
        text.append(problem_lines(&problems));
        if !summary.is_finished && !summary.is_in_use {
            text.push(&format!("to continue, run `{}`", args.spool.resume(&id)));
        }
        text
    };
    let json = json!({ "schema": "octane.status/1", "upload": summary, "problems": problems });
    output.answer(human, &json)?;
    Ok(Exit::Success)
}

fn newest(spool: &Spool) -> Result<UploadId> {
    if let Some(newest) = spool.list()?.into_iter().next() {
        return Ok(newest.id);
    }
    Err(match spool.unreadable()?.into_iter().next() {
        Some(error) => error.into(),
        None => Failure::message(Exit::Usage, "no uploads on this machine")
            .hint("every `octane upload` is stored unless `--spool off` is used"),
    })
}

fn rows(summaries: &[UploadSummary]) -> Text {
    let rows = summaries.iter().map(|summary| {
        [
            summary.id.to_string(),
            summary.created.strftime("%Y-%m-%d %H:%M").to_string(),
            state(summary).to_owned(),
            summary.counts.read.to_string(),
            summary.counts.pending.to_string(),
            summary.suite_run.clone(),
        ]
    });
    table(
        &[
            "ID",
            "CREATED (UTC)",
            "STATE",
            "RESULTS",
            "PENDING",
            "SUITE RUN",
        ],
        rows,
    )
}

/// The state of an upload in one word; `partial` if nothing is left to do, and not all results are in Octane.
fn state(summary: &UploadSummary) -> &'static str {
    let is_complete =
        summary.counts.rejected + summary.counts.invalid + summary.counts.pending == 0;
    match (summary.is_in_use, summary.is_finished) {
        (true, _) => "in progress",
        (false, false) => "pending",
        (false, true) if is_complete => "finished",
        (false, true) => "partial",
    }
}
