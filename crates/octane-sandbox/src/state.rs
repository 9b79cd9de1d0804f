//! The state that all request handlers share.

use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::auth::Sessions;
use crate::catalog::Catalog;
use crate::clock::Clock;
use crate::error::ApiError;
use crate::fault::Faults;
use crate::ingest::Worker;
use crate::requests::Requests;
use crate::sandbox_error::SandboxError;
use crate::seed;
use crate::settings::Settings;
use crate::store::{Store, blocking};

/// How many payloads may be unpacked at once: enough for a busy server, few enough for its memory.
const UNPACKING_MAX: usize = 4;

/// The state that all request handlers share.
#[derive(Debug)]
pub(crate) struct AppState {
    pub(crate) settings: Settings,
    pub(crate) clock: Clock,
    pub(crate) store: Arc<Store>,
    pub(crate) sessions: Sessions,
    pub(crate) worker: Worker,
    pub(crate) faults: Faults,
    pub(crate) requests: Requests,
    /// How many payloads may be unpacked at once; others wait, with what they received.
    pub(crate) unpacking: Arc<Semaphore>,
}

impl AppState {
    /// Checks the settings, opens the database and fills it if it is new.
    pub(crate) fn new(settings: Settings, clock: Clock) -> Result<Self, SandboxError> {
        let invalid = |problem| SandboxError::Settings { problem };
        settings.check().map_err(invalid)?;
        let catalog = Arc::new(Catalog::new(&settings).map_err(invalid)?);
        let sample_data = settings.seed_data.then_some(seed::fill as _);
        let store = Arc::new(Store::open(&settings, catalog, clock.clone(), sample_data)?);
        let sessions = Sessions::new(&settings, clock.clone());
        let requests_per_second_max = settings.limits.requests_per_second_max;
        let faults = Faults::new(
            settings.faults.clone(),
            requests_per_second_max,
            clock.clone(),
        );
        let worker = Worker::new(
            Arc::clone(&store),
            clock.clone(),
            settings.results.clone(),
            faults.tasks(),
        );
        tracing::info!(
            storage = %String::from(settings.storage.clone()),
            space = %settings.space,
            workspace = %settings.workspace,
            planned_faults = settings.faults.plan.len(),
            "opened the sandbox"
        );
        Ok(Self {
            settings,
            clock,
            store,
            sessions,
            worker,
            faults,
            requests: Requests::default(),
            unpacking: Arc::new(Semaphore::new(UNPACKING_MAX)),
        })
    }

    /// The entity types as they are now; user-defined fields can be added at any time.
    pub(crate) fn catalog(&self) -> Arc<Catalog> {
        self.store.catalog()
    }

    /// Restores the initial data, and drops recorded requests and added faults. Sessions stay.
    pub(crate) async fn reset(&self) -> Result<(), ApiError> {
        let (store, tasks) = (Arc::clone(&self.store), self.faults.tasks());
        blocking(move || store.reset_now(|| tasks.clear())).await?;
        self.faults.reset();
        self.requests.clear();
        tracing::info!("reset the sandbox");
        Ok(())
    }

    pub(crate) async fn snapshot(&self, name: String) -> Result<(), ApiError> {
        let store = Arc::clone(&self.store);
        let saved = name.clone();
        blocking(move || store.snapshot_now(&saved)).await?;
        tracing::info!(name, "saved a snapshot");
        Ok(())
    }

    pub(crate) async fn restore(&self, name: String) -> Result<(), ApiError> {
        let (store, tasks) = (Arc::clone(&self.store), self.faults.tasks());
        let saved = name.clone();
        // Other tasks will have their IDs.
        blocking(move || store.restore_now(&saved, || tasks.clear())).await?;
        // Payloads that were queued at the time of the snapshot are queued again.
        self.worker.wake();
        tracing::info!(name, "restored a snapshot");
        Ok(())
    }
}
