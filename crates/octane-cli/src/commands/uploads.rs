//! `octane uploads` and `octane status`: what is stored on this machine.

use std::path::Path;

use octane_client::{BundleError, ReportedProblem, Spool, UploadId, UploadState, UploadSummary};
use octane_model::plural::{plural, thousands};
use serde_json::{Value, json};

use crate::args::{
    DryRunArgs, Format, OnlyArgs, SinceArgs, SpoolArgs, UploadStatus, UploadsCommand,
};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::{Output, Text, problem_line, problem_lines, table, write_json_part};
use crate::spool::{journal_failure, spool};
use crate::suggest::{Suggest, quoted};

pub(super) fn run(command: &UploadsCommand, output: Output) -> Result<Exit> {
    match command {
        UploadsCommand::List {
            status,
            since,
            spool,
        } => return list(status, *since, spool, output),
        UploadsCommand::Show(args) => {
            return status(args.id.as_ref(), args.only, &args.spool, output);
        }
        UploadsCommand::Delete {
            id,
            force,
            dry_run,
            spool,
        } => return delete(id, *force, *dry_run, spool, output),
        UploadsCommand::Export {
            id,
            output: file,
            spool: args,
        } => {
            let exported = spool(args)?.export(id, file);
            let bytes = exported.map_err(|error| bundle_failure(error, &Suggest::offline(args)))?;
            let json = bundle_json(id, file, bytes, false);
            let human = || {
                let file = quoted(&file.display().to_string());
                Text::lines([
                    format!("exported {id} ({bytes} bytes)"),
                    format!("to import it elsewhere, run `octane uploads import {file}`"),
                ])
            };
            output.answer(human, &json)?;
        }
        UploadsCommand::Import {
            file,
            dry_run,
            spool,
        } => return import(file, *dry_run, spool, output),
        UploadsCommand::Prune { dry_run, spool } => return prune(*dry_run, spool, output),
    }
    Ok(Exit::Success)
}

/// Lists what is stored.
fn list(
    status: &[UploadStatus],
    since: SinceArgs,
    args: &SpoolArgs,
    output: Output,
) -> Result<Exit> {
    let spool = spool(args)?;
    let mut summaries = spool.list()?;
    let since = since.at(jiff::Timestamp::now());
    summaries.retain(|one| {
        (status.is_empty() || status.iter().any(|status| is_in(*status, one.state)))
            && since.is_none_or(|since| one.created >= since)
    });
    let mut problems = Vec::new();
    for error in spool.unreadable()? {
        output.say(&format!("warning: {error}"));
        problems.push(ReportedProblem::new("unreadable", error.to_string()));
    }
    let json = json!({
        "schema": "octane.uploads/1", "count": summaries.len(), "uploads": summaries, "problems": problems,
    });
    if output.format == Format::Ndjson {
        for summary in &summaries {
            if !write_json_part(summary)? {
                break;
            }
        }
        return Ok(Exit::Success);
    }
    output.answer(|| rows(&summaries), &json)?;
    if output.format == Format::Human {
        output.say(&plural(summaries.len(), "upload"));
    }
    Ok(Exit::Success)
}

/// Deletes one upload.
fn delete(
    id: &UploadId,
    force: bool,
    dry_run: DryRunArgs,
    args: &SpoolArgs,
    output: Output,
) -> Result<Exit> {
    let suggest = Suggest::offline(args);
    let failed = |error| journal_failure(error, &suggest);
    let spool = spool(args)?;
    if !force {
        check_deletable(&spool.summary(id).map_err(failed)?, &suggest)?;
    }
    let verb = if dry_run.dry_run {
        if spool.summary(id).map_err(failed)?.is_in_use {
            let message = format!("upload {id} is in use by another process");
            return Err(Failure::message(Exit::Configuration, message));
        }
        "would delete"
    } else {
        spool.remove(id).map_err(failed)?;
        "deleted"
    };
    output.answer(
        || Text::line(format!("{verb} {id}")),
        &deleted_json(std::slice::from_ref(id), dry_run),
    )?;
    Ok(Exit::Success)
}

/// Stores an upload that was exported.
fn import(file: &Path, dry_run: DryRunArgs, args: &SpoolArgs, output: Output) -> Result<Exit> {
    let suggest = Suggest::offline(args);
    let spool = spool(args)?;
    let imported = if dry_run.dry_run {
        check_import(&spool, file)?
    } else {
        spool.import(file)
    };
    let summary = imported.map_err(|error| bundle_failure(error, &suggest))?;
    let verb = if dry_run.dry_run {
        "would import"
    } else {
        "imported"
    };
    let human = || {
        let id = &summary.id;
        let mut text = Text::line(format!("{verb} {id} ({})", state(&summary)));
        let hint = how_to_continue(&summary, &suggest).filter(|_| !dry_run.dry_run);
        if let Some(hint) = hint {
            text.push(&hint);
        }
        text
    };
    let json = bundle_json(&summary.id, file, summary.bytes, dry_run.dry_run);
    output.answer(human, &json)?;
    Ok(Exit::Success)
}

/// Deletes old uploads.
fn prune(dry_run: DryRunArgs, args: &SpoolArgs, output: Output) -> Result<Exit> {
    let (spool, now) = (spool(args)?, jiff::Timestamp::now());
    let retention = octane_client::Retention::default();
    let (deleted, verb) = if dry_run.dry_run {
        (spool.prunable(&retention, now)?, "would delete")
    } else {
        (spool.prune(&retention, now)?, "deleted")
    };
    output.answer(
        || {
            let count = plural(deleted.len(), "upload");
            let mut text = Text::line(format!("{verb} {count}"));
            deleted.iter().for_each(|id| text.push(&format!("  {id}")));
            text
        },
        &deleted_json(&deleted, dry_run),
    )?;
    Ok(Exit::Success)
}

fn is_in(status: UploadStatus, state: UploadState) -> bool {
    match status {
        UploadStatus::InProgress => state == UploadState::InProgress,
        UploadStatus::Pending => state == UploadState::Pending,
        UploadStatus::AwaitingShards => state == UploadState::AwaitingShards,
        UploadStatus::Finished => state == UploadState::Finished,
        UploadStatus::FinishedIncomplete => state == UploadState::FinishedIncomplete,
    }
}

fn deleted_json(ids: &[UploadId], dry_run: DryRunArgs) -> Value {
    json!({ "schema": "octane.deleted_uploads/1", "upload_ids": ids, "is_dry_run": dry_run.dry_run })
}

/// Imports a bundle into a folder that is deleted again, to see whether it can be imported.
fn check_import(
    spool: &Spool,
    file: &Path,
) -> Result<std::result::Result<UploadSummary, BundleError>> {
    let trial = tempfile::tempdir()?;
    let imported = Spool::at(trial.path()).import(file);
    if let Ok(summary) = &imported
        && spool.summary(&summary.id).is_ok()
    {
        let message = format!("upload {} is already stored", summary.id);
        return Err(Failure::message(Exit::Configuration, message));
    }
    Ok(imported)
}

fn bundle_json(id: &UploadId, file: &Path, bytes: u64, is_dry_run: bool) -> Value {
    json!({
        "schema": "octane.upload_bundle/1", "upload_id": id, "file": file.display().to_string(), "bytes": bytes,
        "is_dry_run": is_dry_run,
    })
}

pub(super) fn bundle_failure(error: BundleError, suggest: &Suggest) -> Failure {
    let error = match error {
        BundleError::Journal(error) => return journal_failure(error, suggest),
        error => error,
    };
    let (exit, hint) = match &error {
        BundleError::FileExists(_) => (Exit::Configuration, "use another file"),
        BundleError::Invalid { .. } => (
            Exit::Input,
            "copy the file again, or export the upload again",
        ),
        BundleError::File { .. } => (Exit::Configuration, "check the file and its directory"),
        BundleError::Stored { id, .. } => {
            let show = suggest.status(id);
            return Failure::new(Exit::Configuration, error)
                .hint(format!("`{show}` shows how far it is"));
        }
        _ => (Exit::Internal, "export the upload again"),
    };
    Failure::new(exit, error).hint(hint)
}

fn check_deletable(summary: &UploadSummary, suggest: &Suggest) -> Result<()> {
    let UploadSummary { id, counts, .. } = summary;
    if summary.is_finished {
        return Ok(());
    }
    let message = match summary.state {
        UploadState::AwaitingShards => {
            format!(
                "upload {id} is a shard that was not merged with the others; its runs would not be linked"
            )
        }
        _ => format!(
            "upload {id} is not finished; {} would be lost",
            plural(counts.pending, "result")
        ),
    };
    Err(Failure::message(Exit::Usage, message).hint(format!(
        "run `{}` to finish it, or `{}` to delete it",
        suggest.clone().to(summary.url.as_deref()).resume(id),
        suggest.delete(id)
    )))
}

/// Shows the progress of an upload, and its problems.
pub(super) fn status(
    id: Option<&UploadId>,
    only: OnlyArgs,
    args: &SpoolArgs,
    output: Output,
) -> Result<Exit> {
    let spool = spool(args)?;
    let id = match id {
        Some(id) => id.clone(),
        None => newest(&spool)?,
    };
    let suggest = Suggest::offline(args);
    let failed = |error| journal_failure(error, &suggest);
    let summary = spool.summary(&id).map_err(failed)?;
    let mut problems = spool.problems(&id).map_err(failed)?;
    if only.rejected {
        problems.retain(is_not_accepted);
        return rejected(&summary, &problems, output);
    }
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
        if let Some(shard) = summary.shard {
            text.push(&format!("Shard     {shard}"));
        }
        text.append(problem_lines(&problems));
        if let Some(hint) = how_to_continue(&summary, &suggest) {
            text.push(&hint);
        }
        text
    };
    let json = json!({ "schema": "octane.status/1", "upload": summary, "problems": problems });
    output.answer(human, &json)?;
    Ok(Exit::Success)
}

/// Whether a problem is that a result, or a file of results, is not accepted.
fn is_not_accepted(problem: &ReportedProblem) -> bool {
    matches!(&*problem.code, "rejected" | "invalid_row" | "unreadable")
}

/// Lists the results that are not accepted.
fn rejected(summary: &UploadSummary, problems: &[ReportedProblem], output: Output) -> Result<Exit> {
    if output.format == Format::Ndjson {
        for problem in problems {
            if !write_json_part(problem)? {
                break;
            }
        }
        return Ok(Exit::Success);
    }
    let human = || Text::lines(problems.iter().map(problem_line));
    let json = json!({ "schema": "octane.status/1", "upload": summary, "problems": problems });
    output.answer(human, &json)?;
    if output.format == Format::Human {
        let counts = &summary.counts;
        output.say(&format!(
            "{} of {}: {} rejected, {} invalid; {} still pending",
            thousands(counts.rejected + counts.invalid),
            plural(counts.read, "result"),
            thousands(counts.rejected),
            thousands(counts.invalid),
            thousands(counts.pending),
        ));
    }
    Ok(Exit::Success)
}

/// What to do about an upload that is not finished, unless a process is at it.
fn how_to_continue(summary: &UploadSummary, suggest: &Suggest) -> Option<String> {
    let suggest = suggest.clone().to(summary.url.as_deref());
    match summary.state {
        UploadState::Pending => Some(format!(
            "to continue, run `{}`",
            suggest.resume(&summary.id)
        )),
        UploadState::AwaitingShards => Some(format!(
            "to complete the suite run with the shards that are stored here, run `{}`",
            suggest.close(&summary.suite, &summary.suite_run)
        )),
        _ => None,
    }
}

/// The newest upload.
pub(super) fn newest(spool: &Spool) -> Result<UploadId> {
    spool.newest()?.ok_or_else(|| {
        Failure::message(Exit::Usage, "no uploads on this machine")
            .hint("every `octane upload` is stored unless `--spool off` is used")
    })
}

fn rows(summaries: &[UploadSummary]) -> Text {
    let rows = summaries.iter().map(|summary| {
        [
            summary.id.to_string(),
            summary.created.strftime("%Y-%m-%d %H:%M").to_string(),
            state(summary),
            summary.counts.read.to_string(),
            summary.counts.pending.to_string(),
            match summary.shard {
                Some(shard) => format!("{} (shard {shard})", summary.suite_run),
                None => summary.suite_run.clone(),
            },
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

/// The state of an upload, and how many of its results are not in Octane although nothing is left to do.
fn state(summary: &UploadSummary) -> String {
    let counts = &summary.counts;
    let parts = [
        (counts.rejected, "rejected"),
        (counts.invalid, "invalid"),
        (counts.pending, "pending"),
    ];
    let (state, parts): (&str, &[_]) = match summary.state {
        UploadState::InProgress => ("in progress", &[]),
        UploadState::Finished | UploadState::FinishedIncomplete => ("finished", &parts),
        UploadState::AwaitingShards => ("awaiting other shards", &parts),
        // Its other results are in a column of their own.
        _ => ("pending", &parts[..1]),
    };
    let missing = parts.iter().filter(|(count, _)| *count > 0);
    missing.fold(state.to_owned(), |text, (count, what)| {
        format!("{text}, {} {what}", thousands(*count))
    })
}
