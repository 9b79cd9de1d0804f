//! The processes of a relay, one after the other.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use octane_client::{CancellationToken, Client, UploadId, UploadSettings, UploadSummary};
use octane_relay::{Deliveries, Store, StorePace, Worker, WorkerSettings, Workspaces};
use tokio::time::sleep;

use super::super::faulty_transport::FaultyTransport;
use super::super::simulated_process::SimulatedProcess;
use super::super::world;
use super::case::{Halt, RelayRun};
use super::process_store::ProcessStore;
use super::shared::Shared;
use super::standstill::Standstill;

/// A relay that is asked to stop has ended after this time: what it is working on has three seconds, and then it informs the store, which
/// may be late.
const STOPPING_MAX: Duration = Duration::from_secs(150);

/// Starts the relay's processes one after the other, each until it dies or stops, and the last one until `end`. Returns how many there
/// were.
pub(super) async fn run(
    shared: &Shared<'_>,
    relay: usize,
    end: &CancellationToken,
) -> Result<usize, String> {
    let runs = &shared.case.relays[relay];
    for (number, run) in (1..).zip(runs) {
        if end.is_cancelled() {
            return Ok(number - 1);
        }
        let name = format!("relay {relay}.{number}");
        shared
            .world
            .network
            .restart(run.faults.restarts_server)
            .await;
        process(shared, &name, run, false, end).await?;
        sleep(run.down).await;
    }
    let name = format!("relay {relay}.last");
    process(shared, &name, &RelayRun::default(), false, end).await?;
    Ok(runs.len() + 1)
}

/// Runs one process until it dies, or is asked to stop and does. `is_patient` stands for a day on which nothing goes wrong.
pub(super) async fn process(
    shared: &Shared<'_>,
    name: &str,
    run: &RelayRun,
    is_patient: bool,
    end: &CancellationToken,
) -> Result<(), String> {
    let log = &shared.log;
    let process = Arc::new(SimulatedProcess::new(run.faults.crash));
    let standstill = Arc::new(Standstill::default());
    let worker = worker(shared, name, run, is_patient, &process).simulated({
        let standstill = Arc::clone(&standstill);
        move |task| Box::pin(standstill.task(task))
    });
    let stop = CancellationToken::new();
    let working = Box::pin(standstill.task(Box::pin(worker.run(&stop))));
    let stopping = async {
        let asked = async {
            match run.faults.stop {
                Some(time) => sleep(time).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = end.cancelled() => {}
            () = asked => log.record(format_args!("{name} is asked to stop")),
        }
        stop.cancel();
        sleep(STOPPING_MAX).await;
    };
    let living = async {
        tokio::select! {
            biased;
            () = working => Ok(()),
            () = stopping => Err(format!("{name} does not stop")),
            () = halting(shared, name, &run.halts, &standstill) => Ok(()),
        }
    };
    let ended = process.run(living).await;
    let how = match &ended {
        None => "dies",
        Some(_) => "has ended",
    };
    log.record(format_args!("{name} {how}"));
    ended.unwrap_or(Ok(()))
}

/// Halts the process, and lets it go on. Never ends.
async fn halting(shared: &Shared<'_>, name: &str, halts: &[Halt], standstill: &Standstill) {
    for halt in halts {
        sleep(halt.after).await;
        shared.log.record(format_args!("{name} stands still"));
        standstill.halt();
        sleep(halt.time).await;
        shared.log.record(format_args!("{name} goes on"));
        standstill.go_on();
    }
    std::future::pending::<()>().await;
}

fn worker(
    shared: &Shared<'_>,
    name: &str,
    run: &RelayRun,
    is_patient: bool,
    process: &Arc<SimulatedProcess>,
) -> Worker {
    let Shared { case, world, .. } = shared;
    let transport = FaultyTransport::new(&world.network, process, &run.faults);
    shared.transports().push(Arc::clone(&transport));
    let store: Arc<dyn Store> = Arc::new(ProcessStore::new(
        &shared.store,
        &shared.log,
        process,
        name,
        run.store,
        shared.mutation,
    ));
    let endpoint = if is_patient {
        case.uploads.patient_endpoint()
    } else {
        case.uploads.endpoint.clone()
    };
    let pace = StorePace::new(Arc::clone(&store), world::URL, case.rate());
    let endpoint = world::endpoint(endpoint, transport)
        .shared_pace(pace)
        .build();
    let endpoint = endpoint.expect("the settings of a case are valid");
    let deliveries = ToServer {
        workspaces: Workspaces::new(endpoint.address().clone(), endpoint.workspace()),
        client: Client::new(endpoint),
        settings: Arc::clone(&shared.settings),
        shard_timeouts: Arc::clone(&shared.shard_timeouts),
        is_patient,
    };
    let mut settings = WorkerSettings::new(name, shared.folder(name));
    settings.lease_time = case.lease_time;
    settings.poll_interval = case.poll_interval;
    settings.checkpoint_interval = case.checkpoint_interval;
    settings.lanes_max = case.lanes_max;
    Worker::new(store, deliveries, settings)
}

/// Delivers each upload with the settings of its case.
struct ToServer {
    workspaces: Workspaces,
    client: Client,
    settings: Arc<BTreeMap<UploadId, UploadSettings>>,
    shard_timeouts: Arc<BTreeMap<UploadId, Duration>>,
    is_patient: bool,
}

impl Deliveries for ToServer {
    fn workspaces(&self) -> &Workspaces {
        &self.workspaces
    }

    fn of(&self, upload: &UploadSummary) -> (Client, UploadSettings) {
        let settings = self.settings.get(&upload.id).cloned();
        let mut settings = settings.unwrap_or_default();
        if self.is_patient {
            settings.ingestion_wait_max = Duration::from_secs(24 * 3600);
        }
        (self.client.clone(), settings)
    }

    fn shard_timeout(&self, upload: &UploadSummary) -> Option<Duration> {
        self.shard_timeouts.get(&upload.id).copied()
    }
}
