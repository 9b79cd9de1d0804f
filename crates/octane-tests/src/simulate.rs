//! Simulation: the whole client against the sandbox, in one thread, on a clock that jumps.
//!
//! A seed alone decides what is uploaded, how, and what goes wrong: requests and answers that get lost,
//! servers in trouble, sessions that end, tasks that fail or do not end, a process that dies at any commit of
//! its journal or at any other moment, and that is started again. In its last life nothing goes wrong any
//! more, and then everything must be as [`docs/delivery.md`](../../../docs/delivery.md) promises.

mod case;
mod check;
mod content;
mod death;
mod fault;
mod life;
mod line;
mod overhear;
mod payload;
mod random;
mod results;
mod story;
mod wire;
mod world;

use std::fmt;
use std::io;
use std::time::Duration;

use octane_client::{Outcome, Report};
use tokio::runtime::{Builder, Runtime};

use case::{Case, Troubles};
use check::Books;
use content::Content;
use life::{End, Process};
use overhear::Heard;
use story::Story;
use world::{Template, World};

/// Plays cases, one after the other.
#[derive(Debug)]
pub struct Simulator {
    template: Template,
}

/// A case in which something does not hold.
#[derive(Debug)]
pub struct Failure {
    /// The seed, which makes the same happen again.
    pub seed: u64,
    /// What does not hold.
    pub problem: String,
    /// What happened, a line each.
    pub story: Vec<String>,
}

/// What a case came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Played {
    /// How many results were uploaded.
    pub results: usize,
    /// How often the process was started.
    pub lives: usize,
    /// How it ended.
    pub outcome: Outcome,
}

impl Simulator {
    /// Makes the server that each case gets a copy of.
    pub fn new() -> io::Result<Self> {
        let template = runtime()?.block_on(Template::new())?;
        Ok(Self { template })
    }

    /// Plays the case of a seed.
    pub fn play(&self, seed: u64) -> Result<Played, Failure> {
        self.told(seed).map(|(played, _)| played)
    }

    /// Plays the case of a seed, and tells what happened.
    pub fn told(&self, seed: u64) -> Result<(Played, Vec<String>), Failure> {
        let runtime = runtime().expect("a runtime of one thread needs nothing");
        runtime.block_on(async {
            let story = Story::new();
            let case = Case::new(seed);
            let end = self.played(&case, &story).await;
            let mut lines = case.described();
            lines.append(&mut story.take());
            match end {
                Ok(played) => Ok((played, lines)),
                Err(problem) => Err(Failure {
                    seed,
                    problem,
                    story: lines,
                }),
            }
        })
    }

    async fn played(&self, case: &Case, story: &Story) -> Result<Played, String> {
        let world = self.template.world(case, story);
        let world = world.map_err(|error| format!("no server: {error}"))?;
        earlier(case, &world).await?;
        let heard = Heard::default();
        let _ear = case.is_overheard.then(|| heard.listen());
        let mut process = Process {
            case,
            world: &world,
            heard: heard.clone(),
            upload: None,
        };
        let (report, lives) = process_to_its_end(&mut process).await?;
        let content = content(&world, case).await;
        let books = Books {
            case,
            world: &world,
            report: &report,
            content: &content,
        };
        books.check_end(&world.wire.lost_payloads())?;
        check::earlier(case, &content)?;
        let forgets = case.server.results.duplicate_memory.is_some();
        let is_whole = report.counts.kept == 0;
        if case.is_repeated && is_whole && !forgets && world.wire.lost_payloads().is_empty() {
            repeated(case, &world, &heard, &report, &content).await?;
        }
        if case.is_overheard {
            let json = serde_json::to_string(&report).unwrap_or_default();
            heard.add(&json);
            no_secrets(&world, &heard, story)?;
        }
        Ok(Played {
            results: case.rows.len(),
            lives,
            outcome: report.outcome,
        })
    }
}

/// Lets the process live until there is nothing left to do, and how often that was.
async fn process_to_its_end(process: &mut Process<'_>) -> Result<(Report, usize), String> {
    let (case, world) = (process.case, process.world);
    let story = &world.wire.story;
    for (number, troubles) in (1..).zip(&case.lives) {
        story.tell(format_args!("life {number}: {troubles:?}"));
        world.wire.restart(troubles.is_restarted).await;
        if let End::Reported(report) = process.live(troubles, false).await? {
            let content = content(world, case).await;
            let books = Books {
                case,
                world,
                report: &report,
                content: &content,
            };
            books.check()?;
            if !report.resumable {
                return Ok((*report, number));
            }
        }
    }
    // Somebody comes back on the next day, and all is well.
    tokio::time::sleep(Duration::from_secs(24 * 3600)).await;
    world.wire.restart(false).await;
    story.tell("the last life");
    let report = calmly(process).await?;
    let lives = case.lives.len() + 1;
    if report.counts.kept == 0 {
        return Ok((report, lives));
    }
    // What Octane has forgotten is known to be missing only now, and is sent again.
    story.tell("once more");
    Ok((calmly(process).await?, lives + 1))
}

/// A life in which nothing goes wrong.
async fn calmly(process: &mut Process<'_>) -> Result<Report, String> {
    match process.live(&Troubles::default(), true).await? {
        End::Reported(report) => Ok(*report),
        End::Died => Err("the process died of nothing".to_owned()),
    }
}

/// Uploads what the suite run holds before.
async fn earlier(case: &Case, world: &World) -> Result<(), String> {
    if case.earlier.is_empty() {
        return Ok(());
    }
    let client = world::client(case.patient_endpoint(), world.calm_line(), |_| {});
    let mut settings = case.upload.clone();
    settings.batch_limits.runs_max = 1000;
    settings.ingestion_wait_max = Duration::from_secs(24 * 3600);
    let upload = client
        .upload(case.earlier.clone(), world.target.clone())
        .settings(settings);
    let report = upload.send().await.map_err(|error| error.to_string())?;
    if report.counts.ingested == case.earlier.len() {
        Ok(())
    } else {
        Err(format!("the earlier upload failed: {report:?}"))
    }
}

/// The same upload once more changes nothing, and says so.
async fn repeated(
    case: &Case,
    world: &World,
    heard: &Heard,
    first: &Report,
    before: &Content,
) -> Result<(), String> {
    world.wire.story.tell("the same is uploaded once more");
    let mut process = Process {
        case,
        world,
        heard: heard.clone(),
        upload: None,
    };
    let report = calmly(&mut process).await?;
    let after = content(world, case).await;
    let books = Books {
        case,
        world,
        report: &report,
        content: &after,
    };
    books.check_end(&world.wire.lost_payloads())?;
    let mut counts = first.counts;
    counts.known = counts.ingested;
    if report.counts != counts || before.results() != after.results() {
        return Err(format!(
            "the same upload once more came to {:?}, not {counts:?}",
            report.counts
        ));
    }
    Ok(())
}

async fn content(world: &World, case: &Case) -> Content {
    world.content(case.server.entities.run_backlog_field).await
}

/// Nothing that is told, traced or written has a secret in it.
fn no_secrets(world: &World, heard: &Heard, story: &Story) -> Result<(), String> {
    heard.add(&story.text());
    let text = heard.text();
    let files = world.files();
    for secret in world.secrets() {
        let is_told = text.contains(&secret);
        if is_told || files.iter().any(|file| world::stands_in(file, &secret)) {
            return Err(format!(
                "the secret `{secret}` can be read (told: {is_told})"
            ));
        }
    }
    Ok(())
}

/// One thread and a clock that jumps to the next moment at which something happens.
fn runtime() -> io::Result<Runtime> {
    Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            seed,
            problem,
            story,
        } = self;
        for line in story {
            writeln!(f, "{line}")?;
        }
        write!(f, "seed {seed}: {problem}")
    }
}

impl std::error::Error for Failure {}
