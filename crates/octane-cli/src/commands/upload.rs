//! `octane upload`: the main job.

use std::io::{BufRead, IsTerminal, Write};

use octane_client::{
    Client, ClientError, Destination, Event, JournalError, ModuleChoice, Plan, Planned,
    SuiteChoice, Target, UploadError, UploadId, UploadSettings,
};
use octane_results::Release;
use serde_json::json;

use super::delivery::Delivery;
use crate::args::{ConnectionArgs, Create, UploadArgs};
use crate::connect::Connection;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::input::Input;
use crate::output::Output;
use crate::spool::{prune, spool};

pub(super) async fn run(
    args: &UploadArgs,
    connection: &ConnectionArgs,
    output: Output,
    verbosity: u8,
) -> Outcome<Exit> {
    let delivery = Delivery::new(&args.delivery, output, verbosity)?;
    let done = upload(args, connection, output, verbosity, &delivery).await;
    done.or_else(|failure| delivery.failed(failure))
}

async fn upload(
    args: &UploadArgs,
    connection: &ConnectionArgs,
    output: Output,
    verbosity: u8,
    delivery: &Delivery<'_>,
) -> Outcome<Exit> {
    let mut settings = crate::payload::settings(&args.payload)?;
    settings.skip_errors = args.skip_errors;
    settings.ingestion_wait_max = std::time::Duration::from_secs(args.delivery.wait);
    settings.link = args.jira != "off";
    settings.needs_every_key = args.delivery.on_unresolved == "fail";

    // Everything is read before anything is sent: a bad row is found while nothing has happened yet.
    let reading = tokio::task::spawn_blocking({
        let args = args.input.clone();
        move || Input::read(&args)
    });
    let input = tokio::select! {
        read = reading => read.map_err(|error| Failure::new(Exit::Internal, error))??,
        // Whoever writes to us may take forever.
        () = delivery.stop.asked() => return Err(delivery.nothing_sent()),
    };
    for warning in &input.warnings {
        output.say(&format!("warning: {warning}"));
    }
    input.check(&args.input)?;
    settings.skipped = input.skipped();

    let create = match (args.yes, args.create) {
        (true, _) => Create::Missing,
        (false, Some(create)) => create,
        (false, None) if connection.sandbox => Create::Missing,
        (false, None) => Create::Ask,
    };
    let destination =
        destination(args, &input, connection.sandbox)?.create_missing(create == Create::Missing);
    let connected = Connection::open(connection, verbosity).await?;
    let client = &connected.client;
    let done = if args.dry_run {
        let looking = dry_run(&input, destination, &settings, client, output);
        let done = delivery.stop.within_grace(looking).await;
        done.unwrap_or_else(|| Err(delivery.nothing_sent()))
    } else {
        let job = Job {
            client,
            destination,
            create,
            delivery,
        };
        job.run(args, &input, settings).await
    };
    connected.close().await;
    done
}

/// An upload that is really done.
struct Job<'a> {
    client: &'a Client,
    destination: Destination,
    create: Create,
    delivery: &'a Delivery<'a>,
}

impl Job<'_> {
    async fn run(
        &self,
        args: &UploadArgs,
        input: &Input,
        mut settings: UploadSettings,
    ) -> Outcome<Exit> {
        let client = self.client;
        let spool = spool(&args.delivery.spool)?;
        prune(&spool);
        let id = UploadId::new();
        if args.force_new {
            settings.mark = Some(format!("repeated-as-{id}"));
        }
        let stop = &self.delivery.stop;
        let runs = input.runs().take_while(|_| !stop.is_asked());
        let planned = client.plan(runs, &self.destination, &settings, &spool, id);
        let Planned {
            journal, totals, ..
        } = planned.map_err(not_planned)?;
        if self.delivery.stopped().is_some() {
            journal.discard();
            return Err(self.delivery.nothing_sent());
        }
        if let Err(failure) = input.check_read_again() {
            journal.discard();
            return Err(failure);
        }
        let finding = self.delivery.stop.within_grace(self.target(&settings));
        let target = match finding
            .await
            .unwrap_or_else(|| Err(self.delivery.interrupted()))
        {
            Ok(target) => target,
            // What may pass is worth keeping the results for.
            Err(failure) if failure.exit.is_passing() && spool.folder().is_some() => {
                let id = journal.id();
                let message = format!("nothing was sent; the results are kept as upload {id}");
                let again = format!("go on with `{}`", args.delivery.spool.resume(id));
                let hint = match &failure.hint {
                    Some(hint) => format!(
                        "{}, then {again}",
                        hint.trim_end_matches(", then try again")
                    ),
                    None => again,
                };
                return Err(failure.context(message).hint(hint).upload(id));
            }
            Err(failure) => {
                journal.discard();
                return Err(failure);
            }
        };
        client.aim(&journal, &target)?;
        let planned = Event::Planned {
            upload: journal.id().clone(),
            results: totals.counts.read,
            batches: totals.batches,
            bytes: totals.bytes,
        };
        self.delivery
            .deliver(
                client,
                &journal,
                &settings,
                Some(&planned),
                Some(input.files),
            )
            .await
    }

    /// Module and suite, created where they are missing and that is wanted.
    async fn target(&self, settings: &UploadSettings) -> Outcome<Target> {
        if let Some(Release::Name(name)) = &settings.context.release {
            check_release(self.client, name).await?;
        }
        match self.client.locate(&self.destination).await {
            Err(error @ ClientError::Missing(_))
                if self.create == Create::Ask && is_agreed(&error).await =>
            {
                let destination = self.destination.clone().create_missing(true);
                Ok(self.client.locate(&destination).await?)
            }
            other => Ok(other?),
        }
    }
}

/// Nothing is kept of what could not be planned, so the words for that of a resume would be wrong.
fn not_planned(error: UploadError) -> Failure {
    match error {
        UploadError::Journal(error @ (JournalError::Full { .. } | JournalError::Database { .. })) => {
            Failure::new(Exit::Configuration, error).hint(
                "nothing was sent: make room, name another folder with `--spool DIR`, or keep nothing with \
                 `--spool off`",
            )
        }
        error => error.into(),
    }
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
        .unwrap_or_else(|| suite_run_name(&input.name, input.first_started));
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
fn suite_run_name(input: &str, first_started: Option<jiff::Timestamp>) -> String {
    match first_started {
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

/// Asks on a terminal; anywhere else nobody could answer, and nothing waits.
async fn is_agreed(error: &ClientError) -> bool {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return false;
    }
    let _ = write!(
        anstream::stderr().lock(),
        "{error}. Create what is missing? [y/N] "
    );
    let reading = tokio::task::spawn_blocking(|| {
        let mut answer = String::new();
        std::io::stdin()
            .lock()
            .read_line(&mut answer)
            .map(|_| answer)
    });
    let answer = reading.await.ok().and_then(Result::ok);
    answer.is_some_and(|answer| matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// What would be done.
async fn dry_run(
    input: &Input,
    destination: Destination,
    settings: &UploadSettings,
    client: &Client,
    output: Output,
) -> Outcome<Exit> {
    // Nothing is created now, whatever would be.
    let destination = destination.create_missing(false);
    let (target, missing) = match client.locate(&destination).await {
        Ok(target) => (target, None),
        // The ids are not known yet; they have no part in how many batches there will be.
        Err(error @ ClientError::Missing(_)) => (
            Target::new(octane_model::SuiteId::new(0), destination.suite_run()),
            Some(error.to_string()),
        ),
        Err(error) => return Err(error.into()),
    };
    let totals = Plan::new(input.runs(), Some(&target), settings)?.finish()?;
    let (results, batches, bytes) = (totals.counts.read, totals.batches, totals.bytes);
    let keys = totals.jira_keys;
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
