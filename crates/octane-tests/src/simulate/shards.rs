//! The shards of a suite run, merged by a process that may crash like those that upload.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use octane_client::{DeliveryError, Event, JournalError, MergeError, Report, Spool, UploadId};
use octane_results::Status;
use tokio::time::timeout;

use super::case::{Case, RunFaults};
use super::checker::{self, Checker};
use super::content::{Content, Key, key};
use super::faulty_transport::FaultyTransport;
use super::log_capture::CapturedLog;
use super::results::Row;
use super::simulated_process::SimulatedProcess;
use super::world::{World, client};

/// No merge takes longer.
const MERGE_MAX: Duration = Duration::from_secs(72 * 3600);

/// Merges the shards until no fault is left, and checks the last report. Returns how often a process was started.
pub(super) async fn merge(
    case: &Case,
    merges: &[RunFaults],
    ids: &[UploadId],
    world: &World,
    log: &CapturedLog,
) -> Result<(Report, usize), String> {
    for (number, faults) in (1..).zip(merges) {
        world
            .network
            .trace
            .record(format_args!("merge {number}: {faults:?}"));
        world.network.restart(faults.restarts_server).await;
        if let Some(report) = run(case, faults, ids, world, log, false).await?
            && !report.counts.add_up()
        {
            return Err(format!("the numbers do not add up: {:?}", report.counts));
        }
    }
    tokio::time::sleep(Duration::from_secs(24 * 3600)).await;
    world.network.restart(false).await;
    world.network.trace.record("the last merge");
    let calm = RunFaults::default();
    let report = run(case, &calm, ids, world, log, true).await?;
    let report = report.ok_or("the merge crashed without a fault")?;
    check(case, &report, &world.content(case).await, world)?;
    Ok((report, merges.len() + 1))
}

/// One process that merges; `None` if it crashes, or if a shard could not be delivered because of the faults.
async fn run(
    case: &Case,
    faults: &RunFaults,
    ids: &[UploadId],
    world: &World,
    log: &CapturedLog,
    is_patient: bool,
) -> Result<Option<Report>, String> {
    let trace = &world.network.trace;
    let process = std::sync::Arc::new(SimulatedProcess::new(faults.crash));
    let transport = FaultyTransport::new(&world.network, &process, faults);
    let endpoint = if is_patient {
        case.patient_endpoint()
    } else {
        case.endpoint.clone()
    };
    let client = client(endpoint, transport, |_| {});
    let spool = Spool::at(world.spool_folder()).inline().fault_hook({
        let process = std::sync::Arc::clone(&process);
        move |_, moment| process.survives(moment)
    });
    let mut settings = case.upload.clone();
    if is_patient {
        settings.ingestion_wait_max = Duration::from_secs(24 * 3600);
    }
    let merging = async {
        let mut journals = Vec::new();
        for id in ids {
            journals.push(spool.open(id)?);
        }
        let merge = client
            .merge(journals)
            .settings(settings)
            .on_event(|event: &Event| {
                log.add(&format!("{event:?}"));
                if !matches!(event, Event::Waiting { .. }) {
                    trace.record(format_args!("     {event:?}"));
                }
            });
        Box::pin(merge.run()).await
    };
    let ended = timeout(MERGE_MAX, process.run(merging)).await;
    let ended = ended.map_err(|_| "the merge does not end".to_owned())?;
    match ended {
        None
        | Some(Err(
            MergeError::Journal(JournalError::SimulatedCrash { .. })
            | MergeError::Delivery {
                source: DeliveryError::Journal(JournalError::SimulatedCrash { .. }),
                ..
            },
        )) => {
            trace.record("the merge crashes");
            Ok(None)
        }
        Some(Err(MergeError::Delivery {
            source: DeliveryError::Target(_),
            ..
        })) if !is_patient => Ok(None),
        Some(Err(error)) => Err(format!("the merge ended with the error {error:?}")),
        Some(Ok(report)) => {
            let (outcome, counts) = (report.outcome, report.counts);
            trace.record(format_args!("merged: {outcome:?}, {counts:?}"));
            Ok(Some(report))
        }
    }
}

/// Checks what all shards together have come to.
fn check(case: &Case, report: &Report, content: &Content, world: &World) -> Result<(), String> {
    let counts = report.counts;
    let rows: usize = case.uploaders().map(|case| case.rows.len()).sum();
    let invalid: usize = case.uploaders().map(|case| case.invalid_rows).sum();
    let results = content.results();
    let stored = |row: &&Row| results.contains_key(&row.run.duration);
    let ingested: usize = case
        .uploaders()
        .map(|case| case.rows.iter().filter(stored).count())
        .sum();
    let shards = report.shards.as_ref().ok_or("the report has no shards")?;
    if !counts.add_up()
        || (counts.read, counts.invalid) != (rows + invalid, invalid)
        || counts.ingested > ingested
        || !shards.is_merged
        || shards.missing.as_deref() != Some(&[])
    {
        return Err(format!(
            "{rows} rows, {invalid} invalid, {ingested} stored; the merged report says {counts:?} and {shards:?}"
        ));
    }
    if case.shares_tests {
        let shards: Vec<(u32, &Case)> = (1..).zip(case.uploaders()).collect();
        failures_are_shown(&shards, content, &results)?;
        return Ok(());
    }
    let (mut linked, mut keys) = (0, BTreeSet::new());
    for shard in case.uploaders() {
        let rows: Vec<&Row> = shard.rows.iter().filter(stored).collect();
        let content = content.clone().of(shard);
        let checker = Checker {
            case: shard,
            world,
            report,
            content: &content,
        };
        let (more, of_shard) = checker.check_linked(&rows, true)?;
        linked += more;
        keys.extend(of_shard);
    }
    checker::link_summary(case, report, &keys, linked)
}

/// Checks that no failure of a test is hidden by another shard's pass that was not certainly later. Of several uploads of one shard the
/// last one counts.
pub(super) fn failures_are_shown(
    shards: &[(u32, &Case)],
    content: &Content,
    results: &BTreeMap<Duration, usize>,
) -> Result<(), String> {
    let mut last: BTreeMap<Key, BTreeMap<u32, &Row>> = BTreeMap::new();
    let mut incomplete: BTreeSet<Key> = BTreeSet::new();
    for (index, shard) in shards {
        for row in &shard.rows {
            let key = key(&row.run, shard.upload.dialect);
            if !results.contains_key(&row.run.duration) {
                incomplete.insert(key.clone());
            }
            last.entry(key).or_default().insert(*index, row);
        }
    }
    for (key, rows) in last.iter().filter(|(key, _)| !incomplete.contains(*key)) {
        let ran: Vec<&&Row> = rows
            .values()
            .filter(|row| matches!(row.run.status, Status::Passed | Status::Failed))
            .collect();
        let are_timed = ran.iter().all(|row| row.run.started.is_some());
        let newest = ran.iter().filter_map(|row| row.run.started).max();
        let must_fail = ran.iter().any(|row| {
            row.run.status == Status::Failed && (!are_timed || row.run.started == newest)
        });
        let mut shown = content.runs.iter().filter(|run| run.key == *key);
        if must_fail && !shown.any(|run| run.status == "failed") {
            return Err(format!("{key:?} failed in a shard, and does not show it"));
        }
    }
    Ok(())
}
