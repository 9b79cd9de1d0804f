//! `octane exec`: runs the tests, then uploads the reports that they wrote.

mod child;
mod fresh;
mod places;

use std::time::Instant;

use super::delivery::{Delivery, check_report, check_report_of_dry_run};
use super::upload;
use crate::args::{ExecArgs, UploadArgs};
use crate::command_run::CommandRun;
use crate::connect;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::input::finding::find_existing;
use crate::output::Output;
use crate::relay::Door;
use crate::suggest::Suggest;
use fresh::{Fresh, Snapshot};

pub(super) async fn run(args: &ExecArgs, output: Output) -> Result<Exit> {
    let upload = &places::search(args.upload.clone());
    check_before(upload, output).await?;
    let (found, _) = find_existing(&upload.input)?;
    let before = Snapshot::of(&found);
    drop(found);

    let suggest = Suggest::online(&upload.delivery.spool, &upload.connection);
    let delivery = Delivery::new(&upload.delivery, suggest, output)?;
    let started = Instant::now();
    let running = child::run(&args.command, output.format);
    let ended = match delivery.during_command(running).await {
        Ok(ended) => ended,
        Err(failure) => return delivery.report_failure(failure),
    };
    let mut command = CommandRun {
        program: args.command[0].to_string_lossy().into_owned(),
        exit_code: ended.code,
        duration_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        missing: Vec::new(),
        is_tolerated: false,
        test_failure_code: args.test_failure_code,
    };
    let CommandRun { program, .. } = &command;
    let interrupted = || {
        let message = format!("`{program}` was interrupted; nothing is uploaded");
        Failure::message(Exit::Interrupted, message)
    };
    if ended.is_interrupted && ended.code != 0 {
        let failure = interrupted();
        return delivery.after(command).report_failure(failure);
    }

    let (found, _) = find_existing(&upload.input)?;
    let fresh = before.fresh(found, &upload.input.inputs);
    if ended.is_interrupted && fresh.is_empty() {
        // It may have ended before its first test, whatever its code says.
        let failure = interrupted();
        return delivery.after(command).report_failure(failure);
    }
    let is_allowed = (upload.input.allow_missing || upload.input.allow_empty)
        && upload.min_tests.unwrap_or_default() == 0;
    if fresh.is_empty() && is_allowed {
        output.say(&format!(
            "note: `{program}` wrote no report; nothing is uploaded"
        ));
        return Ok(command.exit(Exit::Success));
    }
    if !upload.input.allow_missing {
        command.missing.clone_from(&fresh.missing);
    }
    let delivery = delivery.after(command);
    let done = if fresh.is_empty() {
        Err(nothing_written(&args.command, &fresh, &args.upload))
    } else {
        let find = move |_: &_| Ok(fresh.inputs());
        Box::pin(upload::results(upload, find, output, &delivery)).await
    };
    done.or_else(|failure| delivery.report_failure(failure))
}

/// What would prevent the upload is found before the tests run, as far as that is possible without the server.
async fn check_before(upload: &UploadArgs, output: Output) -> Result<()> {
    if upload.input.inputs.iter().any(|input| input == "-") {
        let message = "standard input belongs to the command; `-` cannot be uploaded";
        return Err(Failure::message(Exit::Usage, message)
            .hint("name the files that the command writes, for example `'build/**/TEST-*.xml'`"));
    }
    if upload.connection.secret_stdin {
        let message = "standard input belongs to the command; `--secret-stdin` cannot be used";
        return Err(Failure::message(Exit::Usage, message)
            .hint("use `--secret-file` or `--secret-command` for the secret"));
    }
    check_report(&upload.delivery, &upload.input.inputs)?;
    check_report_of_dry_run(&upload.delivery, upload.dry_run)?;
    upload::check(upload, output)?;
    if upload.via.url().is_some() {
        upload::check_via(upload)?;
        // The token is found before the tests run, too.
        return Door::of(&upload.via, &upload.connection, output)
            .await
            .map(drop);
    }
    connect::check(&upload.connection).await
}

/// The error of a command after which there is nothing to upload.
fn nothing_written(command: &[std::ffi::OsString], fresh: &Fresh, typed: &UploadArgs) -> Failure {
    let program = command[0].to_string_lossy();
    let searched = if typed.input.inputs.is_empty() {
        "in the usual places".to_owned()
    } else {
        let patterns = typed.input.inputs.iter();
        let patterns: Vec<String> = patterns.map(|pattern| format!("`{pattern}`")).collect();
        format!("as {}", patterns.join(", "))
    };
    let message = match fresh.named_stale() {
        None => format!("`{program}` wrote no report {searched}"),
        Some(stale) => format!(
            "`{program}` wrote no report {searched}; older reports are not uploaded: {stale}"
        ),
    };
    let hint = "name the reports before `--`, for example `'reports/*.xml'`, or set `paths` in octane.toml; use \
                `--allow-missing` if none is expected";
    Failure::message(Exit::Input, message).hint(hint)
}
