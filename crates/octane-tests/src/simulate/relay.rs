//! Relays that share a store, and agents that hand uploads over to them.
//!
//! The relays are real ones over a real store; what is simulated is their processes, the network on both sides, and the clocks. A
//! process dies before or after the commit of any transaction of the store, at any request, or at any other moment, and is started
//! again; it stands still for longer than its leases last, and goes on as if nothing had happened. Operations of the store fail, their
//! answers get lost, and what a process wrote arrives after it has died. The clock of the store runs faster or slower than those of the
//! relays, and is set.

mod agent;
mod case;
mod completion;
mod mutation;
mod process_store;
mod promises;
mod relay_process;
mod sharded_run;
mod shared;
mod skewed_clock;
mod standstill;
mod store_log;
mod suite_runs;
mod upload_id;

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join_all;
use octane_client::{CancellationToken, Report};
use octane_relay::Store;
use tokio::time::sleep;

use super::world::World;
use case::RelayRun;
use completion::LaneChange;
use sharded_run::ShardedRun;
use shared::Shared;
use upload_id::upload_id;

pub(super) use case::RelayCase;
pub use mutation::RelayMutation;

/// How many relays there are on the day on which nothing goes wrong.
const CALM_RELAYS: usize = 2;

/// Hands everything over, lets the relays deliver it, and checks what they promise. Returns the report of the first upload that was
/// delivered, and how many processes of relays were started.
pub(super) async fn run(
    case: &RelayCase,
    world: &World,
    mutation: Option<RelayMutation>,
) -> Result<(Option<Report>, usize), String> {
    let shared = &Shared::new(case, world, mutation)?;
    let relays: Vec<usize> = (0..case.relays.len()).collect();
    let agents = async {
        let (handed_over, closed) = tokio::join!(hand_over(shared), close_all(shared));
        handed_over.and(closed)
    };
    let processes = deliver(shared, agents, async |end| {
        let relays = relays
            .iter()
            .map(|relay| relay_process::run(shared, *relay, end));
        join_all(relays)
            .await
            .into_iter()
            .sum::<Result<usize, String>>()
    });
    let processes = processes.await?;
    always(shared)?;
    // What is still on the way arrives.
    sleep(Duration::from_secs(24 * 3600)).await;
    let reports = promises::uploads(shared, false).await?;
    let waiting = reports.iter().filter(|(_, report)| report.is_none());
    let waiting: BTreeSet<usize> = waiting.map(|(number, _)| *number).collect();
    let accepted = world.network.state().accepted.clone();
    promises::order(shared, &accepted)?;

    world.network.restart(false).await;
    shared
        .log
        .record("a person asks for another attempt at what is incomplete");
    for number in &waiting {
        let retried = shared.store.retry(&upload_id(*number)).await;
        if !retried.map_err(|error| format!("{error:?}"))? {
            return Err(format!("no attempt at upload {number} can be asked for"));
        }
        shared.log.retried(&upload_id(*number));
    }
    let closing = async {
        let runs = shared.case.sharded_runs.iter();
        for run in runs.filter(|run| run.closed_after.is_some()) {
            close(shared, run).await?;
        }
        Ok(())
    };
    let calm = deliver(shared, closing, async |end| {
        let relays = (0..CALM_RELAYS).map(|number| {
            let name = format!("calm relay {number}");
            async move {
                relay_process::process(shared, &name, &RelayRun::default(), true, end).await?;
                Ok::<usize, String>(1)
            }
        });
        join_all(relays)
            .await
            .into_iter()
            .sum::<Result<usize, String>>()
    });
    let processes = processes + calm.await?;
    sleep(Duration::from_secs(3600)).await;
    let reports = promises::uploads(shared, true).await?;
    always(shared)?;
    Ok((reports.into_values().flatten().next(), processes))
}

/// Checks what holds at any time.
fn always(shared: &Shared<'_>) -> Result<(), String> {
    match shared.log.problem() {
        Some(problem) => Err(problem),
        None => promises::pace(shared),
    }
}

/// Hands all uploads over.
async fn hand_over(shared: &Shared<'_>) -> Result<(), String> {
    let agents = shared.uploads().map(|(number, case)| async move {
        let handed_over = agent::run(shared, number, case).await;
        handed_over.map_err(|problem| format!("upload {number}: {problem}"))
    });
    join_all(agents).await.into_iter().collect()
}

/// Closes suite runs of shards, as a person would who does not want to wait any longer.
async fn close_all(shared: &Shared<'_>) -> Result<(), String> {
    let runs = shared.case.sharded_runs.iter();
    let closing = runs.filter_map(|run| Some((run, run.closed_after?)));
    let closing = closing.map(|(run, time)| async move {
        sleep(time).await;
        close(shared, run).await
    });
    join_all(closing).await.into_iter().collect()
}

async fn close(shared: &Shared<'_>, run: &ShardedRun) -> Result<(), String> {
    for number in run.shards.keys() {
        let Some(status) = shared.status(*number).await? else {
            continue;
        };
        let lane = &status.lane;
        let closed = shared.store.close(lane).await;
        let closed = closed.map_err(|error| format!("{error:?}"))?;
        shared.log.record(format_args!(
            "`{}` is closed, with {closed} shards that await others",
            lane.suite
        ));
        if closed > 0 {
            shared.log.changed(lane, LaneChange::Closed);
        }
        break;
    }
    Ok(())
}

/// Lets `relays` work until `agents` and what they have handed over have ended. Returns what they return.
async fn deliver(
    shared: &Shared<'_>,
    agents: impl Future<Output = Result<(), String>>,
    relays: impl AsyncFn(&CancellationToken) -> Result<usize, String>,
) -> Result<usize, String> {
    let end = CancellationToken::new();
    let waiting = async {
        let ended = match agents.await {
            Ok(()) => shared.until_ended().await,
            Err(problem) => Err(problem),
        };
        end.cancel();
        ended
    };
    let (ended, processes) = tokio::join!(waiting, relays(&end));
    ended.and(processes)
}
