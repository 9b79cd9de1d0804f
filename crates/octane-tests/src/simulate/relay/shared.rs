//! What all relays and agents of a case share.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use octane_client::{UploadId, UploadSettings};
use octane_relay::{SqliteStore, State, Status, Store};
use tokio::time::{Instant, sleep};

use super::super::case::Case;
use super::super::faulty_transport::FaultyTransport;
use super::super::world::World;
use super::case::RelayCase;
use super::completion::{self, LaneEvent};
use super::mutation::RelayMutation;
use super::sharded_run::ShardedRun;
use super::store_log::StoreLog;
use super::upload_id::upload_id;

/// What all relays and agents of a case share.
pub(super) struct Shared<'a> {
    pub(super) case: &'a RelayCase,
    pub(super) world: &'a World,
    /// The store as it is, without faults.
    pub(super) store: SqliteStore,
    pub(super) log: Arc<StoreLog>,
    pub(super) mutation: Option<RelayMutation>,
    /// How each upload is delivered.
    pub(super) settings: Arc<BTreeMap<UploadId, UploadSettings>>,
    /// How long a shard awaits the others, if not for as long as it takes.
    pub(super) shard_timeouts: Arc<BTreeMap<UploadId, Duration>>,
    transports: Mutex<Vec<Arc<FaultyTransport>>>,
}

/// No case takes longer to be delivered; most take minutes.
const DELIVERY_MAX: Duration = Duration::from_secs(72 * 3600);
/// How often those who wait look.
const LOOK_INTERVAL: Duration = Duration::from_secs(5);

impl<'a> Shared<'a> {
    pub(super) fn new(
        case: &'a RelayCase,
        world: &'a World,
        mutation: Option<RelayMutation>,
    ) -> Result<Self, String> {
        let file = world.folder().join("relay.sqlite");
        let clock = case.skew.clock();
        let store = SqliteStore::open(&file, Arc::clone(&clock));
        let store = store.map_err(|error| format!("cannot create the store: {error:?}"))?;
        let uploads = case.uploads.uploaders().enumerate();
        let settings = uploads.map(|(number, case)| (upload_id(number), case.upload.clone()));
        let sharded_runs = case.sharded_runs.iter();
        let shard_timeouts = sharded_runs.flat_map(|run| {
            let ids = run.shards.keys().map(|number| upload_id(*number));
            ids.filter_map(|id| Some((id, run.timeout?)))
        });
        Ok(Self {
            case,
            world,
            store: store.inline(),
            log: Arc::new(StoreLog::new(&world.network, clock, case.store_seed)),
            mutation,
            settings: Arc::new(settings.collect()),
            shard_timeouts: Arc::new(shard_timeouts.collect()),
            transports: Mutex::default(),
        })
    }

    /// The uploads with their numbers.
    pub(super) fn uploads(&self) -> impl Iterator<Item = (usize, &'a Case)> {
        self.case.uploads.uploaders().enumerate()
    }

    /// Where the process with this name has its files.
    pub(super) fn folder(&self, name: &str) -> PathBuf {
        self.world.folder().join(name)
    }

    /// The transports of all processes that were started so far.
    pub(super) fn transports(&self) -> MutexGuard<'_, Vec<Arc<FaultyTransport>>> {
        // Nothing panics while it holds the lock, so the list of a poisoned lock is whole.
        self.transports
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// How far the upload with this number is; none if it is not stored.
    pub(super) async fn status(&self, number: usize) -> Result<Option<Status>, String> {
        let status = self.store.status(&upload_id(number)).await;
        status.map_err(|error| format!("the store does not say how far an upload is: {error:?}"))
    }

    /// What has happened in the lane of a suite run.
    pub(super) fn events_of(&self, run: &ShardedRun) -> Vec<LaneEvent> {
        let ids = run.shards.keys().map(|number| upload_id(*number));
        self.log.events_of(&ids.collect::<Vec<_>>())
    }

    /// Whether a shard that awaits others does so for a while only.
    fn must_complete(&self, number: usize) -> bool {
        let run = self.case.sharded_run(number);
        run.is_some_and(|run| completion::must_follow(run, &self.events_of(run)))
    }

    /// Waits until no relay has anything left to do.
    pub(super) async fn until_ended(&self) -> Result<(), String> {
        let start = Instant::now();
        loop {
            let mut open = 0;
            for (number, _) in self.uploads() {
                let status = self.status(number).await?;
                let is_open = status.is_some_and(|status| {
                    status.state.is_open()
                        || status.state == State::AwaitingShards && self.must_complete(number)
                });
                open += usize::from(is_open);
            }
            if open == 0 {
                return Ok(());
            }
            if start.elapsed() > DELIVERY_MAX {
                return Err(format!("{open} uploads are not delivered in the end"));
            }
            sleep(LOOK_INTERVAL).await;
        }
    }
}
