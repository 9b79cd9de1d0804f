//! `octane upload`: the main job.

use std::io::{BufRead, IsTerminal, Write};

use octane_client::{
    Client, ClientError, Destination, ModuleChoice, Plan, Report, SuiteChoice, Target,
};
use octane_results::{Release, TestRun};
use serde::Serialize;
use serde_json::json;

use crate::args::{ConnectionArgs, Create, UploadArgs};
use crate::connect::Connection;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::input::Input;
use crate::output::{Output, Progress, summary};

/// The report as it is printed: with the exit code that belongs to it.
#[derive(Serialize)]
struct Printed<'a> {
    #[serde(flatten)]
    report: &'a Report,
    exit_code: u8,
}

pub(super) async fn run(
    args: &UploadArgs,
    connection: &ConnectionArgs,
    output: Output,
    verbosity: u8,
) -> Outcome<Exit> {
    let mut settings = crate::payload::settings(&args.payload)?;
    settings.skip_errors = args.skip_errors;
    settings.ingestion_wait_max = std::time::Duration::from_secs(args.wait);
    settings.link = args.jira != "off";

    // Everything is read before anything is sent: a bad row is found while nothing has happened yet.
    let input = Input::read(&args.input)?;
    for warning in &input.warnings {
        output.say(&format!("warning: {warning}"));
    }
    input.check(&args.input)?;

    let destination = destination(args, &input, connection.sandbox)?;
    let connected = Connection::open(connection, verbosity).await?;
    let done = send(
        args,
        input,
        &destination,
        &settings,
        &connected.client,
        connection.sandbox,
        output,
        verbosity,
    );
    let done = done.await;
    connected.close().await;
    done
}

#[expect(
    clippy::too_many_arguments,
    reason = "the one place where all that was asked for meets"
)]
async fn send(
    args: &UploadArgs,
    input: Input,
    destination: &Destination,
    settings: &octane_client::UploadSettings,
    client: &Client,
    is_sandbox: bool,
    output: Output,
    verbosity: u8,
) -> Outcome<Exit> {
    if let Some(Release::Name(name)) = &settings.context.release {
        check_release(client, name).await?;
    }
    let create = match (args.yes, args.create) {
        (true, _) => Create::Missing,
        (false, Some(create)) => create,
        (false, None) if is_sandbox => Create::Missing,
        (false, None) => Create::Ask,
    };
    if args.dry_run {
        return dry_run(input, destination, settings, client, output).await;
    }
    let target = locate(client, destination, create).await?;
    let (problems, skipped, files) = (input.problems(), input.skipped_count(), input.files);
    let plan = Plan::new(input.runs, target, settings)?.skipped(problems, skipped);
    let progress = Progress::new(output, verbosity > 0);
    let report = client
        .deliver(plan, settings, &|event| progress.show(event))
        .await;
    progress.finish();
    let exit = exit(args, &report);
    let printed = Printed {
        report: &report,
        exit_code: exit.code(),
    };
    if let Some(file) = &args.report {
        let text = serde_json::to_string_pretty(&printed)
            .map_err(|error| Failure::new(Exit::Internal, error))?;
        std::fs::write(file, text + "\n").map_err(|error| {
            Failure::new(Exit::Configuration, error)
                .context(format!("cannot write the report to `{}`", file.display()))
        })?;
    }
    output.answer(|| summary(&report, files), &printed)?;
    Ok(exit)
}

/// The exit code of a report, where unresolved keys count as the flags say.
fn exit(args: &UploadArgs, report: &Report) -> Exit {
    let exit = Exit::from(report.outcome);
    let is_unresolved = report
        .links
        .as_ref()
        .is_some_and(|links| !links.unknown.is_empty() || !links.ambiguous.is_empty());
    if exit == Exit::Success && is_unresolved && args.on_unresolved == "fail" {
        return Exit::LinksIncomplete;
    }
    exit
}

/// Where the results shall go, by what was said and by what the input is called.
fn destination(args: &UploadArgs, input: &Input, is_sandbox: bool) -> Outcome<Destination> {
    let suite = match (&args.suite, is_sandbox) {
        (Some(suite), _) => suite
            .parse()
            .map_or_else(|_| SuiteChoice::Named(suite.clone()), SuiteChoice::Id),
        (None, true) => SuiteChoice::Named(input.name.clone()),
        (None, false) => {
            return Err(
                Failure::message(Exit::Configuration, "no test suite is named")
                    .hint("name it with `--suite ID|NAME`; `-y` creates it if it is missing"),
            );
        }
    };
    let suite_run = args
        .suite_run
        .clone()
        .or_else(|| crate::ci::run_name(|name| std::env::var(name).ok()))
        .unwrap_or_else(|| suite_run_name(&input.name, &input.runs));
    let module = match (&args.module, is_sandbox) {
        (Some(module), _) => Some(
            module
                .parse()
                .map_or_else(|_| ModuleChoice::Path(module.clone()), ModuleChoice::Id),
        ),
        (None, true) => Some(ModuleChoice::Path("Sandbox".to_owned())),
        (None, false) => None,
    };
    let destination = Destination::new(suite, suite_run);
    Ok(match module {
        Some(module) => destination.module(module),
        None => destination,
    })
}

/// `nightly 2026-11-20`: the day comes from the results, so that the same input has the same name at any
/// time.
fn suite_run_name(input: &str, runs: &[TestRun]) -> String {
    match runs.iter().filter_map(|run| run.started).min() {
        Some(first) => format!("{input} {}", &first.to_string()[..10]),
        None => input.to_owned(),
    }
}

/// An unknown release would make Octane leave out every run: better to say so before.
async fn check_release(client: &Client, name: &str) -> Outcome<()> {
    if name == Release::DEFAULT || client.releases().find(name).await?.is_some() {
        return Ok(());
    }
    let error = ClientError::UnknownName {
        kind: "release",
        name: name.to_owned(),
    };
    Err(Failure::new(Exit::Refused, error)
        .hint("create the release in Octane, or use `--release default`"))
}

/// Module and suite, created where they are missing and that is wanted.
async fn locate(client: &Client, destination: &Destination, create: Create) -> Outcome<Target> {
    if create == Create::Missing {
        return Ok(client
            .locate(&destination.clone().create_missing(true))
            .await?);
    }
    match client.locate(destination).await {
        Err(error @ ClientError::Missing(_)) if create == Create::Ask && is_agreed(&error) => {
            Ok(client
                .locate(&destination.clone().create_missing(true))
                .await?)
        }
        other => Ok(other?),
    }
}

/// Asks on a terminal; anywhere else nobody could answer, and nothing waits.
fn is_agreed(error: &ClientError) -> bool {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return false;
    }
    let _ = write!(
        anstream::stderr().lock(),
        "{error}. Create what is missing? [y/N] "
    );
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    read.is_ok() && matches!(answer.trim(), "y" | "Y" | "yes")
}

/// What would be done.
async fn dry_run(
    input: Input,
    destination: &Destination,
    settings: &octane_client::UploadSettings,
    client: &Client,
    output: Output,
) -> Outcome<Exit> {
    let (target, missing) = match client.locate(destination).await {
        Ok(target) => (target, None),
        // The ids are not known yet; they have no part in how many batches there will be.
        Err(error @ ClientError::Missing(_)) => (
            Target::new(octane_model::SuiteId::new(0), destination.suite_run()),
            Some(error.to_string()),
        ),
        Err(error) => return Err(error.into()),
    };
    let plan = Plan::new(input.runs, target, settings)?;
    let (results, batches, bytes) = (plan.results(), plan.batches().len(), plan.bytes());
    let keys = plan.jira_keys();
    let json = json!({
        "schema": "octane.plan/1", "results": results, "batches": batches, "bytes": bytes,
        "suite_run": destination.suite_run(), "jira_keys": keys, "missing": missing,
    });
    let human = || {
        let mut text = format!(
            "would send {results} results in {batches} batches ({bytes} bytes) as suite run `{}`, \
             and link the runs of {} Jira keys",
            destination.suite_run(),
            keys.len()
        );
        if let Some(missing) = &missing {
            text.push_str(&format!("\nmissing now: {missing}"));
        }
        text
    };
    output.answer(human, &json)?;
    Ok(Exit::Success)
}
