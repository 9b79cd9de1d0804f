//! Simulation: the whole client against the sandbox, in one thread, on a clock that jumps.
//!
//! A seed alone decides what is uploaded, how, and what goes wrong: requests and responses that get lost,
//! servers in trouble, sessions that expire, tasks that fail or never end, and a process that crashes at any
//! commit of its journal or at any other moment and is started again. In its last run nothing goes wrong any
//! more, and then everything must be as [`docs/delivery.md`](../../../docs/delivery.md) promises.

mod case;
mod checker;
mod content;
mod crowd;
mod fault;
mod faulty_transport;
mod link_update;
mod log_capture;
mod payload;
mod process_run;
mod random;
mod relay;
mod results;
mod shards;
mod shared_network;
mod simulated_process;
mod trace;
mod world;

use std::fmt;
use std::io;
use std::time::Duration;

use octane_client::{Report, Spool, TargetSpec, UploadId};
use tokio::runtime::{Builder, Runtime};

use case::{Case, CrashPoint, RunFaults};
use checker::Checker;
use content::Content;
use log_capture::CapturedLog;
use process_run::{Process, RunEnd, Steps};
use relay::RelayCase;
use trace::Trace;
use world::{Template, World};

pub use relay::RelayMutation;

/// Runs cases. Seeds are independent of each other, so several threads may share one simulator.
#[derive(Debug)]
pub struct Simulator {
    template: Template,
}

/// A case in which a promise is broken.
#[derive(Debug)]
pub struct Failure {
    /// The seed, which reproduces it.
    pub seed: u64,
    /// Which promise is broken.
    pub problem: String,
    /// What happened, one line per event.
    pub trace: Vec<String>,
}

/// How a case ended.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CaseResult {
    /// How many results were uploaded.
    pub results: usize,
    /// How often the process was started.
    pub process_runs: usize,
    /// The report of the last process run. Of relays, that of the first upload that they delivered, if there is one.
    pub report: Option<Report>,
}

impl Simulator {
    /// Creates the server that each case gets a copy of.
    pub fn new() -> io::Result<Self> {
        let template = runtime()?.block_on(Template::new())?;
        Ok(Self { template })
    }

    /// Runs the case of a seed.
    pub fn run(&self, seed: u64) -> Result<CaseResult, Failure> {
        self.run_with_trace(seed).map(|(result, _)| result)
    }

    /// Runs the case of a seed and returns what happened as well.
    pub fn run_with_trace(&self, seed: u64) -> Result<(CaseResult, Vec<String>), Failure> {
        self.run_and_describe(seed, &Case::new(seed))
    }

    /// Runs the case of a seed in which agents hand uploads over to relays.
    pub fn run_relays(&self, seed: u64) -> Result<CaseResult, Failure> {
        self.run_relays_with_trace(seed).map(|(result, _)| result)
    }

    /// The same, and returns what happened as well.
    pub fn run_relays_with_trace(&self, seed: u64) -> Result<(CaseResult, Vec<String>), Failure> {
        self.run_relay_case(seed, None)
    }

    /// Runs the case of a seed with relays that break a promise.
    pub fn run_mutated_relays(
        &self,
        seed: u64,
        mutation: RelayMutation,
    ) -> Result<CaseResult, Failure> {
        let ended = self.run_relay_case(seed, Some(mutation));
        ended.map(|(result, _)| result)
    }

    fn run_relay_case(
        &self,
        seed: u64,
        mutation: Option<RelayMutation>,
    ) -> Result<(CaseResult, Vec<String>), Failure> {
        let case = RelayCase::new(seed);
        run_traced(seed, case.described(), async |trace| {
            let world = self.template.world(&case.uploads, trace);
            let world = world.map_err(|error| format!("cannot start the server: {error}"))?;
            let (report, process_runs) = relay::run(&case, &world, mutation).await?;
            Ok(CaseResult {
                results: case.uploads.uploaders().map(|case| case.rows.len()).sum(),
                process_runs,
                report,
            })
        })
    }

    /// The number of moments at which an upload of this number of batches into a suite that does not exist may crash: before
    /// and after each commit of the journal, and before and after the server has received each request.
    pub fn crash_points(&self, batches: u64) -> Result<u64, Failure> {
        let Steps { commits, requests } = self.steps(batches)?;
        Ok(2 * (commits + requests))
    }

    /// Runs such an upload with a crash at the moment with this number, counted from 0, and resumes it.
    pub fn run_crash(&self, batches: u64, point: u64) -> Result<CaseResult, Failure> {
        let Steps { commits, .. } = self.steps(batches)?;
        let (step, is_after) = (point / 2, point % 2 == 1);
        let crash = if step < commits {
            CrashPoint::AtCommit {
                number: step + 1,
                is_written: is_after,
            }
        } else {
            CrashPoint::AtRequest {
                number: step - commits + 1,
                is_done: is_after,
            }
        };
        let case = Case::with_crash(batches, Some(crash));
        self.run_and_describe(point, &case)
            .map(|(result, _)| result)
    }

    /// How many commits and requests an upload makes that is not interrupted.
    fn steps(&self, batches: u64) -> Result<Steps, Failure> {
        let runtime = runtime().expect("a single-threaded runtime needs no resources");
        let case = Case::with_crash(batches, None);
        let trace = Trace::new();
        let steps = runtime.block_on(async {
            let world = self.template.world(&case, &trace);
            let world = world.map_err(|error| format!("cannot start the server: {error}"))?;
            let mut process = Process::new(&case, &world, &CapturedLog::default());
            process.run(&RunFaults::default(), false).await?;
            Ok(process.steps)
        });
        steps.map_err(|problem| Failure {
            seed: 0,
            problem,
            trace: trace.take(),
        })
    }

    fn run_and_describe(
        &self,
        seed: u64,
        case: &Case,
    ) -> Result<(CaseResult, Vec<String>), Failure> {
        run_traced(seed, case.described(), async |trace| {
            self.run_case(case, trace).await
        })
    }

    async fn run_case(&self, case: &Case, trace: &Trace) -> Result<CaseResult, String> {
        let world = self.template.world(case, trace);
        let world = world.map_err(|error| format!("cannot start the server: {error}"))?;
        upload_earlier_results(case, &world).await?;
        let log = CapturedLog::default();
        let _capture = case.checks_secrets.then(|| log.capture());
        if !case.others.is_empty() {
            let (report, process_runs) = crowd::run(case, &world, &log).await?;
            return Ok(CaseResult {
                results: case.uploaders().map(|case| case.rows.len()).sum(),
                process_runs,
                report: Some(report),
            });
        }
        let mut process = Process::new(case, &world, &log);
        let (report, process_runs) = run_until_done(&mut process).await?;
        let content = content(&world, case).await;
        let checker = Checker {
            case,
            world: &world,
            report: &report,
            content: &content,
        };
        checker.check_end(&world.network.lost_payloads())?;
        checker::earlier(case, &content)?;
        let forgets = case.server.results.duplicate_memory.is_some();
        let is_complete = report.counts.pending == 0;
        if case.uploads_again && is_complete && !forgets && world.network.lost_payloads().is_empty()
        {
            upload_again(case, &world, &log, &report, &content).await?;
        }
        if case.checks_secrets {
            let json = serde_json::to_string(&report).unwrap_or_default();
            log.add(&json);
            no_secrets(&world, &log, trace)?;
        }
        Ok(CaseResult {
            results: case.rows.len(),
            process_runs,
            report: Some(report),
        })
    }
}

/// Runs a case, and returns what happened as well, after the description of the case.
fn run_traced(
    seed: u64,
    described: Vec<String>,
    run: impl AsyncFnOnce(&Trace) -> Result<CaseResult, String>,
) -> Result<(CaseResult, Vec<String>), Failure> {
    let runtime = runtime().expect("a single-threaded runtime needs no resources");
    runtime.block_on(async {
        let trace = Trace::new();
        let ended = run(&trace).await;
        let mut lines = described;
        lines.append(&mut trace.take());
        match ended {
            Ok(result) => Ok((result, lines)),
            Err(problem) => Err(Failure {
                seed,
                problem,
                trace: lines,
            }),
        }
    })
}

/// Starts the process again and again until there is nothing left to do; returns how often that was.
async fn run_until_done(process: &mut Process<'_>) -> Result<(Report, usize), String> {
    let (case, world) = (process.case, process.world);
    let trace = &world.network.trace;
    for (number, faults) in (1..).zip(&case.process_runs) {
        trace.record(format_args!("process run {number}: {faults:?}"));
        world.network.restart(faults.restarts_server).await;
        if let RunEnd::Reported(report) = process.run(faults, false).await? {
            let content = content(world, case).await;
            let checker = Checker {
                case,
                world,
                report: &report,
                content: &content,
            };
            checker.check()?;
            if !report.is_resumable {
                return Ok((*report, number));
            }
        }
    }
    // The user comes back on the next day, and nothing goes wrong.
    tokio::time::sleep(Duration::from_secs(24 * 3600)).await;
    world.network.restart(false).await;
    trace.record("the last process run");
    let report = process.run_without_faults().await?;
    let process_runs = case.process_runs.len() + 1;
    if report.counts.pending == 0 {
        return Ok((report, process_runs));
    }
    // What Octane has forgotten is known to be missing only now, and is sent again.
    trace.record("one more process run");
    Ok((process.run_without_faults().await?, process_runs + 1))
}

/// Uploads what the suite run holds from the start.
async fn upload_earlier_results(case: &Case, world: &World) -> Result<(), String> {
    if case.earlier.is_empty() {
        return Ok(());
    }
    let client = world::client(case.patient_endpoint(), world.reliable_transport(), |_| {});
    let mut settings = case.upload.clone();
    settings.batch_limits.runs_max = 1000;
    settings.ingestion_wait_max = Duration::from_secs(24 * 3600);
    // As they are: nothing puts repeats in the order of their times.
    let (spec, spool) = (TargetSpec::from(&world.target), Spool::off().inline());
    let runs = case.earlier.clone();
    let prepared = client
        .prepare(runs, &spec, &settings, &spool, UploadId::new())
        .map_err(|error| error.to_string())?;
    let delivery = client
        .delivery(&prepared.journal)
        .target(world.target.clone())
        .settings(settings);
    let report = delivery.run().await.map_err(|error| error.to_string())?;
    if report.counts.ingested == case.earlier.len() {
        Ok(())
    } else {
        Err(format!("the earlier upload failed: {report:?}"))
    }
}

/// Checks that the same upload a second time changes nothing and reports so.
async fn upload_again(
    case: &Case,
    world: &World,
    log: &CapturedLog,
    first: &Report,
    before: &Content,
) -> Result<(), String> {
    world.network.trace.record("the same upload once more");
    let mut process = Process::new(case, world, log);
    let report = process.run_without_faults().await?;
    let after = content(world, case).await;
    let checker = Checker {
        case,
        world,
        report: &report,
        content: &after,
    };
    checker.check_end(&world.network.lost_payloads())?;
    let mut counts = first.counts;
    counts.duplicate = counts.ingested;
    if report.counts != counts || before.results() != after.results() {
        return Err(format!(
            "the same upload once more resulted in {:?}, not {counts:?}",
            report.counts
        ));
    }
    Ok(())
}

async fn content(world: &World, case: &Case) -> Content {
    world.content(case).await
}

/// Checks that nothing that is reported, logged or written contains a secret.
fn no_secrets(world: &World, log: &CapturedLog, trace: &Trace) -> Result<(), String> {
    log.add(&trace.text());
    let text = log.text();
    let files = world.files();
    for secret in world.secrets() {
        let is_logged = text.contains(&secret);
        if is_logged || files.iter().any(|file| world::contains(file, &secret)) {
            return Err(format!(
                "the secret `{secret}` can be read (logged: {is_logged})"
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
            trace,
        } = self;
        for line in trace {
            writeln!(f, "{line}")?;
        }
        write!(f, "seed {seed}: {problem}")
    }
}

impl std::error::Error for Failure {}
