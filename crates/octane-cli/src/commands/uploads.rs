//! `octane uploads` and `octane status`: what is kept on this machine.

use octane_client::{Spool, UploadId, UploadSummary};
use serde_json::json;

use crate::args::{SpoolArgs, StatusArgs, UploadsCommand};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::output::{Output, problem_lines, table};
use crate::spool::spool;

pub(super) fn run(command: &UploadsCommand, output: Output) -> Outcome<Exit> {
    match command {
        UploadsCommand::List(args) => {
            let spool = spool(args)?;
            let summaries = spool.list()?;
            for error in spool.unreadable()? {
                output.say(&format!("warning: {error}"));
            }
            output.answer(|| rows(&summaries), &summaries)?;
        }
        UploadsCommand::Show(args) => return status(args, output),
        UploadsCommand::Drop {
            id,
            force,
            spool: args,
        } => {
            let spool = spool(args)?;
            if !force {
                may_be_dropped(&spool.summary(id)?, args)?;
            }
            spool.remove(id)?;
            output.answer(|| format!("dropped {id}"), &json!({ "dropped": [id] }))?;
        }
        UploadsCommand::Prune(args) => {
            let now = jiff::Timestamp::now();
            let gone = spool(args)?.prune(&octane_client::Retention::default(), now)?;
            output.answer(
                || {
                    let ids = gone.iter().map(|id| format!("\n  {id}"));
                    format!("dropped {} uploads{}", gone.len(), ids.collect::<String>())
                },
                &json!({ "dropped": gone }),
            )?;
        }
    }
    Ok(Exit::Success)
}

fn may_be_dropped(summary: &UploadSummary, spool: &SpoolArgs) -> Outcome<()> {
    let UploadSummary { id, counts, .. } = summary;
    if summary.is_finished {
        return Ok(());
    }
    let message = format!(
        "the upload {id} is not done, and {} of its results would be lost",
        counts.kept
    );
    Err(Failure::message(Exit::Usage, message).hint(format!(
        "`{}` goes on with it, `--force` drops it",
        spool.resume(id)
    )))
}

/// How far an upload is, with everything that is not as it should be.
pub(super) fn status(args: &StatusArgs, output: Output) -> Outcome<Exit> {
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
        let mut text = format!(
            "Upload    {id} ({state})\nTarget    {server} · suite {suite}\nSuite run {suite_run}\n\
             Results   {} read · ingested {} · rejected {} · skipped {} · kept {}",
            counts.read, counts.ingested, counts.rejected, counts.skipped, counts.kept
        );
        let lines = problem_lines(&problems);
        if !lines.is_empty() {
            text.push('\n');
            text.push_str(lines.trim_end());
        }
        if !summary.is_finished && !summary.is_in_use {
            text.push_str(&format!("\ngo on with `{}`", args.spool.resume(&id)));
        }
        text
    };
    let json = json!({ "schema": "octane.status/1", "upload": summary, "problems": problems });
    output.answer(human, &json)?;
    Ok(Exit::Success)
}

fn newest(spool: &Spool) -> Outcome<UploadId> {
    if let Some(newest) = spool.list()?.into_iter().next() {
        return Ok(newest.id);
    }
    Err(match spool.unreadable()?.into_iter().next() {
        Some(error) => error.into(),
        None => Failure::message(Exit::Usage, "no upload is kept on this machine")
            .hint("`octane upload` keeps each one unless `--spool off` is given"),
    })
}

fn rows(summaries: &[UploadSummary]) -> String {
    let rows = summaries.iter().map(|summary| {
        [
            summary.id.to_string(),
            summary.created.strftime("%Y-%m-%d %H:%M").to_string(),
            state(summary).to_owned(),
            summary.counts.read.to_string(),
            summary.counts.kept.to_string(),
            summary.suite_run.clone(),
        ]
    });
    table(
        &[
            "ID",
            "PLANNED (UTC)",
            "STATE",
            "RESULTS",
            "KEPT",
            "SUITE RUN",
        ],
        rows,
    )
}

fn state(summary: &UploadSummary) -> &'static str {
    if summary.is_in_use {
        "in use"
    } else if summary.is_finished {
        "done"
    } else {
        "to be resumed"
    }
}
