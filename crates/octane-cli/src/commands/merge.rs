//! `octane merge` and `octane suite-run close`: the last step of a suite run of shards.

mod found;

use std::fs;
use std::path::{Path, PathBuf};

use octane_client::{
    BundleError, ReportedProblem, RollCall, Spool, UploadId, UploadSummary, suite_run_name,
};

use super::changes;
use super::delivery::{Delivery, check_report, worst};
use super::remaining::changes_of_upload;
use super::resume::Resumed;
use super::shards::{is_number, lock, merge, mismatch};
use super::uploads::bundle_failure;
use crate::args::{CloseArgs, ConnectionArgs, DeliveryArgs, MergeArgs, ResumeArgs, ViaArgs};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::names;
use crate::output::Output;
use crate::spool::spool;
use crate::suggest::Suggest;
use crate::test_failures::Tests;
use found::Found;

/// Merges the shards in files and directories.
pub(super) async fn run(args: &MergeArgs, output: Output) -> Result<Exit> {
    let is_dry_run = args.dry_run.dry_run;
    check_report(&args.delivery, &[], is_dry_run)?;
    let suggest = Suggest::online(&args.delivery.spool, &args.connection);
    let delivery = Delivery::new(&args.delivery, suggest, output)?;
    // Where a dry run looks at copies; deleted at the end.
    let copies = is_dry_run.then(tempfile::tempdir).transpose()?;
    let found = (|| {
        // What is typed is checked before anything is stored.
        let name = names::optional("--suite-run", args.suite_run.as_deref())?.map(suite_run_name);
        let suite = names::optional("--suite", args.of.suite.as_deref())?;
        let own = spool(&args.delivery.spool)?;
        let spool = match &copies {
            Some(copies) => Spool::at(copies.path()),
            None => own,
        };
        let uploads = stored(&args.journals, &spool, &delivery)?;
        Ok((name, suite, uploads, spool))
    })();
    let (name, suite, (mut shards, mut others), spool) = match found {
        Ok(found) => found,
        Err(failure) => return delivery.report_failure(failure),
    };
    let is_chosen = |upload: &mut UploadSummary| {
        name.as_deref().is_none_or(|name| upload.suite_run == name) && is_of_suite(upload, suite)
    };
    shards.retain_mut(is_chosen);
    others.retain_mut(is_chosen);
    let unfinished = unfinished(&others, is_dry_run, &delivery);
    if shards.is_empty() {
        let message = "no shards of this suite run are among the journals";
        return delivery.report_failure(Failure::message(Exit::Input, message));
    }
    let done = if is_dry_run {
        self::spool(&args.delivery.spool)
            .and_then(|own| would_complete(&[&own, &spool], &shards, &delivery, output))
            .map(|exit| match unfinished.as_slice() {
                [] => exit,
                _ => worst(
                    exit,
                    delivery.apply_exit_policy(Exit::Partial, Tests::Unknown),
                ),
            })
    } else {
        let on = (&args.delivery, &args.connection);
        complete(&spool, &shards, unfinished, on, &delivery, output).await
    };
    done.or_else(|failure| delivery.report_failure(failure))
}

/// Names the uploads that are not shards: those that are finished to people, and returns the others, which are not sent here.
fn unfinished(
    others: &[UploadSummary],
    is_dry_run: bool,
    delivery: &Delivery<'_>,
) -> Vec<ReportedProblem> {
    let mut problems = Vec::new();
    for upload in others {
        let id = &upload.id;
        let mut message =
            format!("not merged: upload {id} is not a shard: it was uploaded without `--shard`");
        if upload.is_delivered {
            delivery.say(&message);
            continue;
        }
        message.push_str("; it is not finished");
        if is_dry_run {
            delivery.say(&message);
        } else {
            let suggest = delivery.suggest.clone().to(upload.url.as_deref());
            message.push_str(&format!(": {}", suggest.run_resume(id)));
        }
        problems.push(ReportedProblem::new("unfinished_upload", message));
    }
    problems
}

/// Merges stored shards on the server, or in the sandbox, that they belong to, and reports, with the `unfinished` uploads that were
/// given, too.
async fn complete(
    spool: &Spool,
    shards: &[UploadSummary],
    unfinished: Vec<ReportedProblem>,
    args: (&DeliveryArgs, &ConnectionArgs),
    delivery: &Delivery<'_>,
    output: Output,
) -> Result<Exit> {
    let Some(first) = shards.first() else {
        return Err(Failure::message(Exit::Input, "there are no shards"));
    };
    RollCall::of(shards).map_err(|error| {
        let is_number = is_number(&error);
        let failure = mismatch(error, &delivery.suggest);
        match (is_number, &failure.hint) {
            // The directories that were given may still have the one that is deleted here, and would add it again.
            (true, Some(hint)) => {
                let again = delivery.suggest.close(&first.suite, &first.suite_run);
                let hint = format!("{hint}; then run `{again}`");
                failure.hint(hint)
            }
            _ => failure,
        }
    })?;
    let args = ResumeArgs {
        dry_run: false,
        id: Some(first.id.clone()),
        all: false,
        delivery: args.0.clone(),
        via: ViaArgs::default(),
        connection: args.1.clone(),
    };
    let resumed = Resumed::of_shards(&args, first, shards, delivery);
    let connected = resumed.connect_alone(&args, output).await?;
    let client = connected.client_for(&args.connection, &first.options);
    let done = async {
        let Some(_lock) = lock(spool, first, delivery).await? else {
            return Err(delivery.nothing_sent());
        };
        let settings = resumed.settings(&args);
        let delivery = &resumed.delivery;
        let mut delivered = merge(&client, spool, shards, &settings, delivery).await?;
        delivery.look_back(&client, &mut delivered).await;
        delivery.print_report(&delivered.leaving(unfinished), None)
    };
    let done = Box::pin(done).await;
    connected.close().await;
    done.or_else(|failure| resumed.delivery.report_failure(failure))
}

/// Shows what merging these shards would do, without connecting. What is stored in the first of the directories counts, because it
/// may be further than a copy in a later one.
fn would_complete(
    spools: &[&Spool],
    shards: &[UploadSummary],
    delivery: &Delivery<'_>,
    output: Output,
) -> Result<Exit> {
    let roll_call = RollCall::of(shards).map_err(|error| match spools {
        // None of them is stored here.
        [_, _] if is_number(&error) => Failure::new(Exit::Configuration, error)
            .hint("nothing would be merged; delete the one that does not belong to the suite run"),
        _ => mismatch(error, &delivery.suggest),
    })?;
    let mut all = Vec::new();
    for shard in shards {
        let stored = spools
            .iter()
            .find_map(|spool| Some((*spool, spool.summary(&shard.id).ok()?)));
        if let Some((spool, shard)) = stored {
            all.extend(changes_of_upload(spool, &shard, false)?);
        }
    }
    changes::show(&all, output)?;
    let written = delivery.write_report(&changes::document(&all));
    if roll_call.is_complete() {
        return Ok(written.unwrap_or(Exit::Success));
    }
    let missing: Vec<String> = roll_call.missing.iter().map(u32::to_string).collect();
    output.say(&format!(
        "not arrived, of {} shards: {}",
        roll_call.total,
        missing.join(", ")
    ));
    let exit = delivery.apply_exit_policy(Exit::Partial, Tests::Unknown);
    Ok(written.unwrap_or(exit))
}

/// Merges the shards of a suite run that are stored on this machine.
pub(super) async fn close(
    args: &CloseArgs,
    connection: &ConnectionArgs,
    output: Output,
) -> Result<Exit> {
    check_report(&args.delivery, &[], args.dry_run.dry_run)?;
    let suggest = Suggest::online(&args.delivery.spool, connection);
    let delivery = Delivery::new(&args.delivery, suggest, output)?;
    let done = close_stored(args, connection, output, &delivery).await;
    done.or_else(|failure| delivery.report_failure(failure))
}

async fn close_stored(
    args: &CloseArgs,
    connection: &ConnectionArgs,
    output: Output,
    delivery: &Delivery<'_>,
) -> Result<Exit> {
    let given = names::optional("NAME", Some(&args.name))?.unwrap_or_default();
    let name = suite_run_name(given);
    let suite = names::optional("--suite", args.of.suite.as_deref())?;
    let spool = spool(&args.delivery.spool)?;
    let mut shards = spool.list()?;
    shards.retain(|upload| {
        upload.shard.is_some() && upload.suite_run == name && is_of_suite(upload, suite)
    });
    let in_use: Vec<UploadSummary> = shards.extract_if(.., |shard| shard.is_in_use).collect();
    for shard in &in_use {
        delivery.say(&format!(
            "not merged: another process is working on upload {}",
            shard.id
        ));
    }
    if shards.is_empty() {
        let message = format!("no shards of a suite run `{name}` are stored on this machine");
        let list = delivery.suggest.list();
        let hint =
            format!("`{list}` lists the stored uploads; `octane merge FILES` merges exported ones");
        return Err(Failure::message(Exit::Input, message).hint(hint));
    }
    if args.dry_run.dry_run {
        return would_complete(&[&spool], &shards, delivery, output);
    }
    complete(
        &spool,
        &shards,
        Vec::new(),
        (&args.delivery, connection),
        delivery,
        output,
    )
    .await
}

fn is_of_suite(upload: &UploadSummary, suite: Option<&str>) -> bool {
    suite.is_none_or(|suite| upload.is_of_suite(suite))
}

/// Stores all uploads that are in files and directories on this machine, unless they are already; what is stored may be
/// further than its copy. Returns those of shards, and the others.
fn stored(
    journals: &[PathBuf],
    spool: &Spool,
    delivery: &Delivery<'_>,
) -> Result<(Vec<UploadSummary>, Vec<UploadSummary>)> {
    let Some(folder) = spool.folder() else {
        let message = "shards cannot be merged with `--spool off`";
        return Err(Failure::message(Exit::Configuration, message)
            .hint("use `--spool DIR`, or leave it out"));
    };
    let mut found = Found::default();
    for path in journals {
        found.look(path, true)?;
    }
    let mut ids: Vec<UploadId> = Vec::new();
    for file in &found.bundles {
        let id = match spool.import(file) {
            Ok(summary) => summary.id,
            Err(BundleError::Stored { id, .. }) => id,
            Err(error) => return Err(bundle_failure(error, &delivery.suggest)),
        };
        ids.push(id);
    }
    for (from, id) in &found.journals {
        if !is_same_folder(from, folder) {
            adopt(from, id, spool, &delivery.suggest)?;
        }
        ids.push(id.clone());
    }
    ids.sort();
    ids.dedup();
    let summaries: std::result::Result<Vec<_>, _> =
        ids.iter().map(|id| spool.summary(id)).collect();
    let (shards, others): (Vec<_>, Vec<_>) = summaries?
        .into_iter()
        .partition(|summary| summary.shard.is_some());
    if shards.is_empty() {
        let places: Vec<String> = journals
            .iter()
            .map(|path| format!("`{}`", path.display()))
            .collect();
        let message = format!("no uploads of shards are in {}", places.join(", "));
        return Err(Failure::message(Exit::Input, message).hint(
            "give files of `octane uploads export`, or directories of `--spool`, of uploads with `--shard`",
        ));
    }
    Ok((shards, others))
}

fn is_same_folder(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| fs::canonicalize(path).ok();
    real(one).is_some_and(|one| real(other) == Some(one))
}

/// Copies an upload from another directory, which stays as it is.
fn adopt(from: &Path, id: &UploadId, spool: &Spool, suggest: &Suggest) -> Result<()> {
    if spool.summary(id).is_ok() {
        return Ok(());
    }
    let failed = |error| bundle_failure(error, suggest);
    let folder = tempfile::tempdir().map_err(|error| {
        Failure::new(Exit::Configuration, error).context("cannot create a temporary directory")
    })?;
    let file = folder.path().join("upload.octane");
    Spool::at(from).export(id, &file).map_err(failed)?;
    match spool.import(&file) {
        Ok(_) | Err(BundleError::Stored { .. }) => Ok(()),
        Err(error) => Err(failed(error)),
    }
}
