//! `octane upload`: the main job.

use std::io::{BufRead, IsTerminal};
use std::sync::Arc;

use jiff::Timestamp;
use octane_client::{
    CancellationToken, Client, ClientError, DeliveryError, Draft, Journal, ModuleChoice,
    PartPlanner, Prepared, Shard, SuiteChoice, TargetSpec, UploadId, UploadSettings,
};
use octane_results::{Build, Dialect, Status};

use super::delivery::{Delivery, Start, check_report};
use super::dry_run::DryRun;
use super::hand_over::{HandOver, unusable};
use super::preparation::{check_context, not_prepared};
use super::shards::Arrived;
use crate::args::{
    BuildContext, Create, InputArgs, JiraLinks, OnUnresolved, RunUrl, ShardChoice, UploadArgs,
};
use crate::build_context;
use crate::ci::{self, CiRun};
use crate::connect::Connection;
use crate::env;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::input::Input;
use crate::input::finding::{Inputs, find};
use crate::input::reading::Reading;
use crate::names;
use crate::output::{Begins, Output, Progress, ask};
use crate::policies::Policies;
use crate::relay::Door;
use crate::spool::{prune, spool};
use crate::suggest::Suggest;

pub(super) async fn run(args: &UploadArgs, output: Output) -> Result<Exit> {
    check_report(&args.delivery, &args.input.inputs, args.dry_run)?;
    let suggest = Suggest::online(&args.delivery.spool, &args.connection);
    let delivery = Delivery::new(&args.delivery, suggest, output)?;
    let done = Box::pin(results(args, find, output, &delivery)).await;
    done.or_else(|failure| delivery.report_failure(failure))
}

/// Fails if settings or names are missing or not valid.
pub(super) fn check(args: &UploadArgs, output: Output) -> Result<()> {
    crate::input::check(&args.input)?;
    crate::payload::check_gherkin(&args.payload, &args.input)?;
    // What there is to say is said by the upload.
    let quiet = Output {
        is_quiet: true,
        ..output
    };
    shard(args, ci::detect(env::text).as_ref(), quiet)?;
    check_unlink_stale(args)?;
    drop(crate::payload::settings(&args.payload)?);
    target_spec(args, "results", None, Timestamp::now()).map(drop)
}

/// Fails if links are to be removed and none are made, or if it cannot be known which ones are stale.
fn check_unlink_stale(args: &UploadArgs) -> Result<()> {
    let reason = match (args.jira, &args.shard) {
        _ if !args.unlink_stale => return Ok(()),
        (JiraLinks::Off, _) => {
            "`--unlink-stale` needs the links of `--jira auto`, and `--jira off` makes none"
        }
        (JiraLinks::Auto, Some(_)) => {
            "`--unlink-stale` cannot be used with `--shard`: other shards may have results of the same runs"
        }
        (JiraLinks::Auto, None) => return Ok(()),
    };
    let hint =
        "use only one of the two; for a complete suite run, `octane link` has the same option";
    Err(Failure::message(Exit::Configuration, reason).hint(hint))
}

/// Uploads the results of the inputs that `find` finds.
pub(super) async fn results(
    args: &UploadArgs,
    find: impl FnOnce(&InputArgs) -> Result<Inputs> + Send + 'static,
    output: Output,
    delivery: &Delivery<'_>,
) -> Result<Exit> {
    crate::payload::check_gherkin(&args.payload, &args.input)?;
    let mut settings = crate::payload::settings(&args.payload)?;
    settings.skip_errors = args.skip_errors;
    settings.ingestion_wait_max = args.delivery.wait();
    settings.link = args.jira == JiraLinks::Auto;
    check_unlink_stale(args)?;
    settings.unlink_stale = args.unlink_stale;
    let policies = Policies::new(&args.delivery);
    settings.require_all_jira_keys = policies.on_unresolved == OnUnresolved::Fail;
    settings.options = policies.stored();
    settings
        .options
        .extend(crate::connect::stored_options(&args.connection));
    let awaited = crate::shard_timeout::stored(args.shard_timeout);
    settings.options.extend(awaited);

    let is_read = args.input.inputs.iter().any(|input| input.as_str() == "-");
    crate::connect::check_standard_input(&args.connection, is_read)?;
    // What is missing for every request is found before anything is read or saved.
    let is_via = args.via.url().is_some();
    if is_via {
        check_via(args)?;
    } else {
        let checking = crate::connect::check(&args.connection);
        delivery.unless_stopped(checking).await?;
    }
    // The token is found before anything is read, too.
    let door = Door::of(&args.via, &args.connection, output);
    let door = delivery.unless_stopped(door).await?;
    let run = ci::detect(env::text);
    if args.payload.run_url.is_none() && settings.dialect == Dialect::Standard {
        // The other dialect has no field for it.
        let url = run.as_ref().and_then(|run| run.run_url.as_ref());
        let url = url.map(|found| found.value.clone());
        settings.report_url = url.filter(|url| RunUrl::is_usable(url));
    }
    if args.payload.build_context == BuildContext::Auto {
        settings.context.build = build(args, run.as_ref(), output, delivery).await?;
    }
    settings.shard = shard(args, run.as_ref(), output)?;
    let id = UploadId::new();
    if args.force_new {
        settings.nonce = Some(format!("repeated-as-{id}"));
    }
    let started = Started {
        id,
        now: Timestamp::now(),
    };
    // Everything is read before anything is sent: an invalid row is found while nothing has happened yet.
    let read = Arc::default();
    let progress = Progress::reading(output, Arc::clone(&read));
    let reading = tokio::task::spawn_blocking({
        let (args, settings, started) = (args.clone(), settings.clone(), started.clone());
        let cancellation = delivery.cancellation.clone();
        move || {
            let reading = Reading::of(&args.input, find)?.counting(read);
            let mut reading = reading.of_dialect(settings.dialect);
            let draft = draft(&args, &mut reading, &settings, &started, &cancellation);
            let input = reading.finish(&settings.context.environment)?;
            Ok::<_, Failure>((input, draft))
        }
    });
    let (input, draft) = tokio::select! {
        read = progress.during(reading) => {
            progress.clear();
            read.map_err(|error| Failure::new(Exit::Internal, error))??
        }
        // A pipe may stay open forever.
        () = delivery.cancellation.cancelled() => return Err(delivery.nothing_sent()),
    };
    let warnings = input.warnings.json();
    for warning in input.warnings.lines() {
        output.say(&format!("warning: {warning}"));
    }
    let read = Read { input, draft };
    let done = Box::pin(upload_input(
        args, read, settings, &started, door, output, delivery,
    ))
    .await;
    done.map_err(|failure| failure.warnings(warnings))
}

/// Fails if what is asked for needs Octane, or something else than a relay has.
pub(super) fn check_via(args: &UploadArgs) -> Result<()> {
    if args.connection.sandbox {
        return Err(unusable("--sandbox", "a relay delivers to a server"));
    }
    if args.dry_run {
        return Err(unusable(
            "--dry-run",
            "it asks Octane what would be created",
        ));
    }
    if args.payload.build_context == BuildContext::Auto {
        return Err(unusable(
            "--build-context auto",
            "it looks for the build in Octane",
        ));
    }
    if spool(&args.delivery.spool)?.folder().is_none() {
        return Err(unusable(
            "--spool off",
            "what the relay does not take has to be kept",
        ));
    }
    HandOver::check(&args.delivery)?;
    // The URL says to which workspace the results belong.
    Connection::for_planning(&args.connection).map(drop)
}

/// Which part of a test run the results are, if they are one. All parts need a name of the suite run that is the same for all, and
/// journals from which they can be merged.
fn shard(args: &UploadArgs, run: Option<&CiRun>, output: Output) -> Result<Option<Shard>> {
    let shard = match args.shard {
        None => return Ok(None),
        Some(ShardChoice::Given(shard)) => shard,
        Some(ShardChoice::Auto) => match run.and_then(|run| run.shard.as_ref()) {
            Some(found) => found.value.parse().map_err(|error| {
                let variables = found.variables.join(", ");
                Failure::new(Exit::Configuration, error)
                    .context(format!("`--shard auto`: unexpected values of {variables}"))
                    .hint("use `--shard INDEX/TOTAL`, counted from 1")
            })?,
            None => {
                output.say(
                    "note: `--shard auto`: the CI system does not say that this is one of several parallel jobs, so the \
                     results are uploaded as a whole; `--shard INDEX/TOTAL` says which part they are",
                );
                return Ok(None);
            }
        },
    };
    if args.suite_run.is_none() && run.is_none() {
        let message = format!("shard {shard} needs a name of the suite run that all shards share");
        return Err(Failure::message(Exit::Configuration, message).hint("use `--suite-run NAME`"));
    }
    if spool(&args.delivery.spool)?.folder().is_none() {
        let message =
            format!("shard {shard} needs a journal, from which it is merged with the others");
        return Err(Failure::message(Exit::Configuration, message)
            .hint("use `--spool DIR` instead of `--spool off`"));
    }
    Ok(Some(shard))
}

/// The build of the CI run, if Octane lists it.
async fn build(
    args: &UploadArgs,
    run: Option<&CiRun>,
    output: Output,
    delivery: &Delivery<'_>,
) -> Result<Option<Build>> {
    // What there is to say about the connection is said when it is opened to upload.
    let quiet = Output {
        is_quiet: true,
        ..output
    };
    let connected = Connection::open(&args.connection, quiet).await?;
    let looking = build_context::look_up(&connected.client, run);
    let found = delivery.cancellation.within_grace(looking).await;
    connected.close().await;
    let found = found.ok_or_else(|| delivery.nothing_sent())?;
    if let Err(reason) = &found {
        output.say(&format!("note: no build context: {reason}"));
    }
    Ok(found.ok())
}

/// What is fixed when an upload begins.
#[derive(Debug, Clone)]
struct Started {
    id: UploadId,
    now: Timestamp,
}

/// What was read.
struct Read {
    input: Input,
    /// The upload, planned while the inputs were read; absent where that was not possible.
    draft: Option<Draft>,
}

/// Plans the upload while its results are read for the first time. If that fails, it is planned after everything was read, so
/// that errors are found in that order.
fn draft(
    args: &UploadArgs,
    reading: &mut Reading,
    settings: &UploadSettings,
    started: &Started,
    cancellation: &CancellationToken,
) -> Option<Draft> {
    if args.dry_run {
        return None;
    }
    let spool = spool(&args.delivery.spool).ok()?;
    let planner = PartPlanner::new(settings).ok()?;
    let name = reading.name().to_owned();
    let mut parts = reading.processed(planner);
    let draft = parts.next().and_then(|first| {
        // Nothing is created for input without results, or while a pipe is silent.
        let first_started = first.first_started().or(settings.started);
        let spec = target_spec(args, &name, first_started, started.now).ok()?;
        let parts = std::iter::once(first).chain(parts.by_ref());
        let parts = parts.take_while(|_| !cancellation.is_cancelled());
        Draft::of_parts(parts, &spec, settings, &spool, started.id.clone()).ok()
    });
    parts.finish();
    draft
}

async fn upload_input(
    args: &UploadArgs,
    read: Read,
    mut settings: UploadSettings,
    started: &Started,
    door: Option<Door>,
    output: Output,
    delivery: &Delivery<'_>,
) -> Result<Exit> {
    let Read { input, draft } = read;
    delivery.know_failed(input.count(Status::Failed));
    input.check(&args.input, "sent")?;
    input.check_count(args.min_tests)?;
    settings.invalid = input.invalid_input();

    let create = match (args.yes, args.create) {
        (true, _) => Create::Missing,
        (false, Some(create)) => create,
        (false, None) if args.connection.sandbox => Create::Missing,
        (false, None) => Create::Ask,
    };
    let first_started = input.first_started.or(settings.started);
    let spec = target_spec(args, &input.name, first_started, started.now)?
        .create_missing(create == Create::Missing);
    let connected = match &door {
        Some(_) => Connection::for_planning(&args.connection)?,
        None => Connection::open(&args.connection, output).await?,
    };
    let client = &connected.client;
    let policies = Policies::new(&args.delivery);
    let on_unresolved = policies.on_unresolved;
    let suggest = delivery.suggest.clone().to(connected.url().as_deref());
    let delivery = &delivery.of_upload(policies, suggest);
    let done = if args.dry_run {
        let dry_run = DryRun {
            client,
            spec,
            create,
            settings: &settings,
            on_unresolved,
            output,
        };
        let looking = dry_run.run(input, delivery);
        let done = delivery.cancellation.within_grace(looking).await;
        done.unwrap_or_else(|| Err(delivery.nothing_sent()))
    } else {
        let spool = spool(&args.delivery.spool)?;
        let job = Job {
            client,
            spec,
            create,
            hand_over: door.map(|door| HandOver {
                door,
                spool,
                via: &args.via,
                args: &args.delivery,
                output,
            }),
            delivery,
        };
        let read = Read { input, draft };
        Box::pin(job.run(args, read, settings, started.id.clone())).await
    };
    connected.close().await;
    done
}

/// An upload that is not a dry run.
struct Job<'a> {
    client: &'a Client,
    spec: TargetSpec,
    create: Create,
    /// Absent if it is uploaded from here.
    hand_over: Option<HandOver<'a>>,
    delivery: &'a Delivery<'a>,
}

impl Job<'_> {
    async fn run(
        &self,
        args: &UploadArgs,
        read: Read,
        settings: UploadSettings,
        id: UploadId,
    ) -> Result<Exit> {
        let client = self.client;
        let spool = spool(&args.delivery.spool)?;
        prune(&spool);
        let Read { input, draft } = read;
        let preparing = tokio::task::spawn_blocking({
            let (client, settings) = (client.clone(), settings.clone());
            let (spec, spool) = (self.spec.clone(), spool.clone());
            let cancellation = self.delivery.cancellation.clone();
            move || {
                let prepared = match draft.filter(|_| !input.is_arranged()) {
                    Some(draft) => {
                        client.confirm(draft, &spec, &settings.invalid, input.are_distinct)
                    }
                    None => Ok(None),
                };
                let prepared = match prepared {
                    Ok(Some(prepared)) => Ok(prepared),
                    Err(error) => Err(error),
                    Ok(None) => {
                        let runs = input.runs().take_while(|_| !cancellation.is_cancelled());
                        client.prepare(runs, &spec, &settings, &spool, id)
                    }
                };
                (prepared, input)
            }
        });
        let (prepared, input) = preparing
            .await
            .map_err(|error| Failure::new(Exit::Internal, error))?;
        let prepared = prepared.map_err(not_prepared)?;
        let event = prepared.event();
        let Prepared { journal, .. } = prepared;
        if self.delivery.stopped().is_some() {
            journal.discard();
            return Err(self.delivery.nothing_sent());
        }
        if let Err(failure) = input.verify_unchanged() {
            journal.discard();
            return Err(failure);
        }
        if let Some(hand_over) = &self.hand_over {
            let handing = hand_over.alone(journal, self.delivery, Some(&input));
            return Box::pin(handing).await;
        }
        let progress = self.delivery.progress(Begins::Upload, Some(&event));
        match progress.during(self.resolve(&settings, &journal)).await {
            Ok(()) => {}
            // The results are saved for a later attempt, which may succeed.
            Err(failure) if failure.exit.is_retryable() && spool.folder().is_some() => {
                let id = journal.id();
                let message = format!("nothing was sent yet; the results are saved as upload {id}");
                let resume = self.delivery.suggest.run_resume(id);
                let hint = match &failure.hint {
                    Some(hint) => format!(
                        "{}, then {resume}",
                        hint.trim_end_matches(", then try again")
                            .trim_end_matches(", then run the command again")
                    ),
                    None => format!("to continue, {resume}"),
                };
                return Err(failure.context(message).hint(hint).upload(id));
            }
            Err(failure) => {
                journal.discard();
                return Err(without_permission(failure));
            }
        }
        let report = self
            .delivery
            .deliver(client, &journal, &settings, Start::New(&progress))
            .await?;
        let id = journal.id().clone();
        let arrived = Arrived {
            id: &id,
            merged_before: None,
            timeout: args.shard_timeout,
            spool: &spool,
            client,
            settings: &settings,
            delivery: self.delivery,
        };
        let delivered = Box::pin(arrived.complete(report, journal)).await?;
        self.delivery.print_report(&delivered, Some(&input))
    }

    /// Finds the module and the suite, and creates them if they do not exist and that is wanted.
    async fn resolve(&self, settings: &UploadSettings, journal: &Journal) -> Result<()> {
        let cancellation = &self.delivery.cancellation;
        let checking = cancellation.within_grace(check_context(self.client, settings));
        checking
            .await
            .unwrap_or_else(|| Err(self.delivery.interrupted()))?;
        let delivery = self
            .client
            .delivery(journal)
            .cancellation(cancellation.clone());
        let resolved = match delivery.resolve().await {
            Err(DeliveryError::Target(error @ ClientError::Missing(_)))
                if self.create == Create::Ask =>
            {
                let asking = cancellation.within_grace(is_agreed(&error));
                match asking.await {
                    None => Err(DeliveryError::Cancelled),
                    Some(false) => Err(error.into()),
                    Some(true) => delivery.create_missing(true).resolve().await,
                }
            }
            resolved => resolved,
        };
        match resolved {
            Ok(_) => Ok(()),
            Err(error) => Err(self.delivery.failure(error)),
        }
    }
}

/// If the server refused to find or create what is needed, the hint says that this was all.
fn without_permission(failure: Failure) -> Failure {
    let error = failure.error.downcast_ref::<octane_rest::Error>();
    match (
        error.is_some_and(octane_rest::Error::is_forbidden),
        &failure.hint,
    ) {
        (true, Some(hint)) => {
            let hint = format!("nothing was sent; {hint}");
            failure.hint(hint)
        }
        _ => failure,
    }
}

/// Where the results go, by the arguments and the input's name.
fn target_spec(
    args: &UploadArgs,
    input: &str,
    first_started: Option<Timestamp>,
    now: Timestamp,
) -> Result<TargetSpec> {
    let is_sandbox = args.connection.sandbox;
    let suite = match (
        names::optional("--suite", args.suite.as_deref())?,
        is_sandbox,
    ) {
        (Some(suite), _) => SuiteChoice::from_text(suite),
        (None, true) => SuiteChoice::Named(input.to_owned()),
        (None, false) => {
            return Err(Failure::message(Exit::Configuration, "no test suite given")
                .hint("use `--suite ID|NAME` (add `-y` to create it)"));
        }
    };
    let suite_run = names::optional("--suite-run", args.suite_run.as_deref())?
        .map(str::to_owned)
        .or_else(|| ci::detect(env::text).map(|run| run.suite_run.value))
        .unwrap_or_else(|| suite_run_name(input, first_started, now));
    let module = names::optional_path("--module", args.module.as_deref())?;
    let module = match (module, is_sandbox) {
        (Some(module), _) => Some(ModuleChoice::from_text(module)),
        (None, true) => Some(ModuleChoice::Path("Sandbox".to_owned())),
        (None, false) => None,
    };
    // A name that comes from a file is not a misspelt one.
    let is_derived = args.suite.is_none() && is_sandbox;
    let spec =
        TargetSpec::new(suite, suite_run).create_similar(args.similar.create_similar || is_derived);
    let spec = match module {
        Some(module) => spec.module(module),
        None => spec,
    };
    spec.check()?;
    Ok(spec)
}

/// The default name outside of a CI system.
///
/// | the results | name | why |
/// | --- | --- | --- |
/// | have start times | `nightly 2026-11-20` | the date comes from the results, so that the same input always has the same name |
/// | have none | `nightly 2026-11-28T02:30:01Z` | the moment of the upload: two nights with the same results are two suite runs, while Octane ignores bytes that it has received |
fn suite_run_name(input: &str, first_started: Option<Timestamp>, now: Timestamp) -> String {
    match first_started {
        Some(first) => format!("{input} {}", &first.to_string()[..10]),
        None => format!("{input} {}Z", &now.to_string()[..19]),
    }
}

/// Asks on a terminal; anywhere else no one can answer, so the answer is no.
async fn is_agreed(error: &ClientError) -> bool {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return false;
    }
    let question = error.to_string();
    let end = if question.ends_with('?') { "" } else { "." };
    let asked = ask(&format!("{question}{end} Create it? [y/N]"));
    let reading = tokio::task::spawn_blocking(|| {
        let mut answer = String::new();
        std::io::stdin()
            .lock()
            .read_line(&mut answer)
            .map(|_| answer)
    });
    let answer = reading.await.ok().and_then(Result::ok);
    drop(asked);
    answer.is_some_and(|answer| matches!(answer.trim(), "y" | "Y" | "yes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suite_run_is_named_after_the_day_of_its_results_or_else_the_moment_of_the_upload() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let now = at("2026-11-28T02:30:01.987Z");
        let name = |first| suite_run_name("nightly", first, now);
        assert_eq!(name(Some(at("2026-11-20T22:00:00Z"))), "nightly 2026-11-20");
        assert_eq!(name(None), "nightly 2026-11-28T02:30:01Z");
        let later = suite_run_name("nightly", None, at("2026-11-28T02:30:02Z"));
        assert_ne!(name(None), later);
    }
}
