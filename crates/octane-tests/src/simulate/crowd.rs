//! Several who upload to one server at the same time.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::future::join_all;
use octane_client::{Report, UploadId};
use serde_json::Value;
use tokio::time::sleep;

use super::case::{Case, CaseTarget, RunFaults};
use super::checker::Checker;
use super::content;
use super::content::StoredRun;
use super::log_capture::CapturedLog;
use super::process_run::{Process, RunEnd};
use super::shards;
use super::world::{NEW_SUITE, World};

/// One of them, and the last report, if it has nothing left to do.
struct Uploader<'a> {
    process: Process<'a>,
    done: Option<Report>,
    process_runs: usize,
}

/// Starts all processes again and again until there is nothing left to do. Returns the report of the first one and how
/// often processes were started.
pub(super) async fn run(
    case: &Case,
    world: &World,
    log: &CapturedLog,
) -> Result<(Report, usize), String> {
    let mut uploaders: Vec<Uploader<'_>> = case
        .uploaders()
        .map(|case| Uploader {
            process: Process::new(case, world, log),
            done: None,
            process_runs: 0,
        })
        .collect();
    let trace = &world.network.trace;
    all(&mut uploaders, Uploader::run_with_faults).await?;
    // The users come back on the next day, and nothing goes wrong.
    sleep(Duration::from_secs(24 * 3600)).await;
    world.network.restart(false).await;
    trace.record("the last process runs");
    all(&mut uploaders, Uploader::finish).await?;
    trace.record("what was found to be forgotten is sent again");
    all(&mut uploaders, Uploader::finish_pending).await?;
    for uploader in &uploaders {
        uploader.check(world).await?;
    }
    check_server(case, world, &uploaders).await?;
    let process_runs = uploaders.iter().map(|uploader| uploader.process_runs).sum();
    if let Some(merges) = &case.merges {
        let ids: Option<Vec<UploadId>> = uploaders
            .iter()
            .map(|uploader| uploader.process.upload.clone())
            .collect();
        let ids = ids.ok_or("a shard has no upload")?;
        let (merged, more) = shards::merge(case, merges, &ids, world, log).await?;
        return Ok((merged, process_runs + more));
    }
    let first = uploaders.into_iter().next().and_then(|first| first.done);
    let first = first.ok_or("the first uploader has no report")?;
    Ok((first, process_runs))
}

/// Lets all uploaders do the same thing at the same time.
async fn all<'a>(
    uploaders: &mut [Uploader<'a>],
    work: impl AsyncFn(&mut Uploader<'a>) -> Result<(), String>,
) -> Result<(), String> {
    let working = uploaders.iter_mut().enumerate().map(|(number, uploader)| {
        let work = &work;
        async move {
            let done = Box::pin(work(uploader)).await;
            done.map_err(|problem| format!("uploader {number}: {problem}"))
        }
    });
    join_all(working).await.into_iter().collect()
}

impl Uploader<'_> {
    async fn run_with_faults(&mut self) -> Result<(), String> {
        let Process { case, world, .. } = self.process;
        sleep(case.start).await;
        for faults in &case.process_runs {
            world
                .network
                .trace
                .record(format_args!("a process run: {faults:?}"));
            world.network.restart(faults.restarts_server).await;
            self.run(faults, false).await?;
            if self.done.is_some() {
                break;
            }
        }
        Ok(())
    }

    /// The last run, unless there is nothing left to do or the process stays dead.
    async fn finish(&mut self) -> Result<(), String> {
        if self.done.is_some() || self.process.case.dies {
            return Ok(());
        }
        self.process_runs += 1;
        self.done = Some(self.process.run_without_faults().await?);
        Ok(())
    }

    /// One more run if results are pending: what Octane has forgotten is known to be missing only after the last one.
    async fn finish_pending(&mut self) -> Result<(), String> {
        if self
            .done
            .as_ref()
            .is_some_and(|report| report.counts.pending > 0)
        {
            self.done = None;
        }
        self.finish().await
    }

    async fn run(&mut self, faults: &RunFaults, is_patient: bool) -> Result<(), String> {
        self.process_runs += 1;
        if let RunEnd::Reported(report) = self.process.run(faults, is_patient).await? {
            let Process { case, world, .. } = self.process;
            let content = content(world, case).await.of(case);
            let checker = Checker {
                case,
                world,
                report: &report,
                content: &content,
            };
            checker.check()?;
            if !report.is_resumable {
                self.done = Some(*report);
            }
        }
        Ok(())
    }

    /// Checks that the last report is true.
    async fn check(&self, world: &World) -> Result<(), String> {
        let case = self.process.case;
        let Some(report) = &self.done else {
            return Ok(());
        };
        let content = content(world, case).await.of(case);
        let checker = Checker {
            case,
            world,
            report,
            content: &content,
        };
        checker.check()?;
        checker.check_end(&world.network.lost_payloads())?;
        let suite_run = report.target.suite_run_id().map(|id| id.to_string());
        let is_in = |run: &StoredRun| Some(&run.suite_run) == suite_run.as_ref();
        if let Some(run) = content.runs.iter().find(|run| !is_in(run)) {
            return Err(format!("{run:?} is not in the suite run {suite_run:?}"));
        }
        Ok(())
    }
}

/// Checks that there is one suite and one suite run of each name with results, and that all reports say so.
async fn check_server(
    case: &Case,
    world: &World,
    uploaders: &[Uploader<'_>],
) -> Result<(), String> {
    let id = |entity: &Value| entity["id"].as_str().unwrap_or_default().to_owned();
    let suites = world.entities("test_suites", "name").await;
    let suite_runs = world.entities("suite_runs", "name,test").await;
    let modules = world.entities("application_modules", "name,parent").await;
    let mut suites_by_name: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for suite in &suites {
        let name = suite["name"].as_str().unwrap_or_default();
        suites_by_name.entry(name).or_default().push(id(suite));
    }
    let mut runs_of_suites: BTreeMap<String, usize> = BTreeMap::new();
    for run in &suite_runs {
        *runs_of_suites.entry(id(&run["test"])).or_default() += 1;
    }
    if let Some((suite, count)) = runs_of_suites.iter().find(|(_, count)| **count > 1) {
        return Err(format!("suite {suite} has {count} suite runs of one name"));
    }
    // What a process created before it died, or what was created after its client had given up, may stay, empty.
    let is_calm = case.uploaders().all(|case| {
        let calm = |faults: &RunFaults| {
            faults.faults_max == 0 && faults.crash.is_none() && faults.stop.is_none()
        };
        case.process_runs.iter().all(calm) && !case.dies
    });
    for (name, ids) in &suites_by_name {
        let is_used = |suite: &&String| runs_of_suites.contains_key(*suite);
        if let Some(used) = ids.iter().skip(1).find(is_used) {
            return Err(format!(
                "suite {used} named `{name}` holds results, of {ids:?}"
            ));
        }
        if is_calm && ids.len() > 1 {
            return Err(format!("{ids:?} are all suites named `{name}`"));
        }
    }
    let mut paths = BTreeSet::new();
    for module in &modules {
        let path = (id(&module["parent"]), module["name"].to_string());
        if !paths.insert(path.clone()) && is_calm {
            return Err(format!("two modules are {path:?}"));
        }
    }
    for uploader in uploaders {
        let (CaseTarget::New, Some(report)) = (uploader.process.case.target, &uploader.done) else {
            continue;
        };
        let suite = report.target.suite.as_ref();
        let suite = suite.map_or(String::new(), |suite| suite.id.to_string());
        if suites_by_name.get(NEW_SUITE).and_then(|ids| ids.first()) != Some(&suite) {
            return Err(format!(
                "a report names suite {suite}, of {suites_by_name:?}"
            ));
        }
    }
    Ok(())
}
