//! `octane exec`: runs the tests, then uploads the reports that they wrote.

mod child;
mod fresh;
mod places;

use std::time::Instant;

use super::delivery::{Delivery, check_report};
use super::upload;
use crate::args::{Annotations, DeliveryArgs, ExecArgs, UploadArgs};
use crate::command_run::CommandRun;
use crate::connect;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::input::finding::find_existing;
use crate::output::{
    Output, Reports, StepOutputs, annotate, failure_json, print_failure_json, print_for_people,
};
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
    let fresh = find_existing(&upload.input).map(|(found, _)| before.fresh(found, &upload.input));
    let is_empty = fresh.as_ref().is_ok_and(Fresh::is_empty);
    // Without a report it may have ended before its first test, whatever its code says.
    if ended.is_interrupted && (ended.code != 0 || is_empty) {
        let message = format!("`{}` was interrupted; nothing is uploaded", command.program);
        let failure = Failure::message(Exit::Interrupted, message);
        return delivery.after(command).report_failure(failure);
    }
    let fresh = match fresh {
        Ok(fresh) => fresh,
        Err(error) => return delivery.after(command).report_failure(error.into()),
    };
    let is_allowed = (upload.input.allow_missing || upload.input.allow_empty)
        && upload.min_tests.unwrap_or_default() == 0;
    if is_empty && is_allowed {
        return Ok(without_reports(
            &fresh,
            command,
            &upload.delivery,
            delivery,
            output,
        ));
    }
    if !upload.input.allow_missing {
        command.missing.clone_from(&fresh.missing);
    }
    let delivery = delivery.after(command);
    let done = if is_empty {
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
    check_report(&upload.delivery, &upload.input.inputs, upload.dry_run)?;
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
    let message = format!("`{program}` wrote no report {searched}{}", fresh.older());
    let hint = "name the reports before `--`, for example `'reports/*.xml'`, or set `paths` in octane.toml; use \
                `--allow-missing` if none is expected";
    Failure::message(Exit::Input, message).hint(hint)
}

/// Answers and reports that a command wrote no report and may do so: nothing is uploaded, which is not an error.
fn without_reports(
    fresh: &Fresh,
    command: CommandRun,
    args: &DeliveryArgs,
    delivery: Delivery<'_>,
    output: Output,
) -> Exit {
    let message = format!(
        "`{}` wrote no report; nothing is uploaded{}",
        command.program,
        fresh.older()
    );
    output.say(&format!("note: {message}"));
    let nothing = Failure::message(Exit::Input, message);
    let exit = command.exit(Exit::Success);
    print_failure_json(&nothing, output.format, exit);
    if args.annotate == Annotations::Auto {
        annotate::failure(&nothing, false, output.format);
        StepOutputs::of_failure(&nothing).write();
    }
    let reports = Reports::new(&args.report);
    let added = reports.add_failure(&nothing, exit);
    let written = reports.write(&failure_json(&nothing, exit));
    let delivery = delivery.after(command);
    delivery.say_reason(Exit::Success);
    match added.and(written) {
        Ok(()) => exit,
        Err(failure) => {
            print_for_people(&failure);
            delivery.exit_after_command(failure.exit)
        }
    }
}
