//! A sandbox as a value, as a router and as a server.

mod error;
mod request_line;
mod running;
mod serve;
mod socket;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;

use crate::auth::Sessions;
use crate::catalog::Catalog;
use crate::clock::Clock;
use crate::error::ApiError;
use crate::fault::{Expiry, Fault, Faults};
use crate::ingest::Worker;
use crate::requests::{Filter, ReceivedRequest, Requests};
use crate::routes;
use crate::settings::Settings;
use crate::store::{Store, blocking};

pub use error::SandboxError;
pub use running::Running;

/// What all requests share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) clock: Clock,
    pub(crate) store: Arc<Store>,
    pub(crate) sessions: Sessions,
    pub(crate) worker: Worker,
    pub(crate) faults: Faults,
    pub(crate) requests: Requests,
}

impl Shared {
    /// Forgets all data, requests and added faults, and begins anew. Sessions stay.
    pub(crate) async fn reset(&self) -> Result<(), ApiError> {
        let store = Arc::clone(&self.store);
        blocking(move || store.reset_now()).await?;
        self.faults.reset();
        self.requests.clear();
        Ok(())
    }

    pub(crate) async fn snapshot(&self, name: String) -> Result<(), ApiError> {
        let store = Arc::clone(&self.store);
        blocking(move || store.snapshot_now(&name)).await
    }

    pub(crate) async fn restore(&self, name: String) -> Result<(), ApiError> {
        let store = Arc::clone(&self.store);
        blocking(move || store.restore_now(&name)).await?;
        // What waited then waits again.
        self.worker.wake();
        Ok(())
    }
}

impl Shared {
    /// The entity types as they are now; user-defined fields may join them at any time.
    pub(crate) fn catalog(&self) -> Arc<Catalog> {
        self.store.catalog()
    }
}

/// A small Octane with its data.
///
/// Cheap to clone; all clones share the data.
#[derive(Debug, Clone)]
pub struct Sandbox {
    pub(crate) shared: Arc<Shared>,
}

impl Sandbox {
    /// Opens the data, and fills it where it is new.
    pub fn open(settings: Settings) -> Result<Self, SandboxError> {
        Self::open_at(settings, Clock::running())
    }

    /// The same with a clock of the caller's, for example a paused one.
    pub fn open_at(settings: Settings, clock: Clock) -> Result<Self, SandboxError> {
        if let Some(mistake) = settings.mistake() {
            return Err(SandboxError::Settings { mistake });
        }
        let catalog =
            Catalog::new(&settings).map_err(|mistake| SandboxError::Settings { mistake })?;
        let store = Arc::new(Store::open(&settings, Arc::new(catalog), clock.clone())?);
        let sessions = Sessions::new(&settings, clock.clone());
        let faults = Faults::new(&settings, clock.clone());
        let worker = Worker::new(
            Arc::clone(&store),
            clock.clone(),
            settings.results.clone(),
            faults.tasks(),
        );
        let shared = Shared {
            settings,
            clock,
            store,
            sessions,
            worker,
            faults,
            requests: Requests::default(),
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// The sandbox as a router, which needs no port.
    ///
    /// Payloads are ingested by a task of the tokio runtime. Outside of one it starts with the first
    /// request.
    pub fn app(&self) -> Router {
        self.shared.worker.start();
        routes::router(Arc::clone(&self.shared))
    }

    /// What time it is for the sandbox; moving this clock moves the sandbox's time.
    pub fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    /// Serves a new sandbox, with sample data in memory, on a free port of 127.0.0.1.
    pub async fn start() -> Result<Running, SandboxError> {
        Self::start_with(Settings::default()).await
    }

    /// The same with settings.
    pub async fn start_with(settings: Settings) -> Result<Running, SandboxError> {
        Self::open(settings)?
            .bind((Ipv4Addr::LOCALHOST, 0).into())
            .await
    }

    /// Serves this sandbox on an address; port 0 is any free one.
    pub async fn bind(&self, address: SocketAddr) -> Result<Running, SandboxError> {
        Running::new(self.clone(), address).await
    }

    /// Lets the next request that suits it go wrong: once, if the fault does not say how often.
    ///
    /// Faults that were added strike in their order, and before those of the plan. More than a thousand
    /// that wait are not taken.
    pub fn fail_next(&self, fault: Fault) -> Result<(), SandboxError> {
        let mistake = fault.mistake();
        let problem = match mistake {
            Some(mistake) => mistake,
            None if self.shared.faults.add(fault).is_some() => return Ok(()),
            None => "too many faults wait; clear them".to_owned(),
        };
        Err(SandboxError::Refused { problem })
    }

    /// Drops all faults that are still to strike, also those of the plan. A reset brings the plan back.
    pub fn clear_faults(&self) {
        self.shared.faults.clear();
    }

    /// The latest thousand requests to the server that the sandbox plays, the oldest first.
    pub fn requests(&self) -> Vec<ReceivedRequest> {
        self.shared.requests.list(&Filter::default(), usize::MAX)
    }

    /// Forgets the requests so far.
    pub fn clear_requests(&self) {
        self.shared.requests.clear();
    }

    /// Ends all sessions as if their time had come; how many were alive.
    pub fn expire_sessions(&self, expiry: Expiry) -> usize {
        self.shared.sessions.expire_all(expiry)
    }

    /// Forgets all data, the log of requests and the faults that were added, and begins anew, with sample
    /// data if the settings say so. Sessions stay.
    pub async fn reset(&self) -> Result<(), SandboxError> {
        Ok(self.shared.reset().await?)
    }

    /// Keeps the data as they are under a name, until the sandbox ends. A name that is taken gets the new
    /// data; names are 1 to 64 letters, digits, `-`, `_` and `.`, and there may be 16.
    pub async fn snapshot(&self, name: &str) -> Result<(), SandboxError> {
        Ok(self.shared.snapshot(name.to_owned()).await?)
    }

    /// Goes back to the data that were kept under a name: entities with their ids, and payloads with
    /// their tasks. What waited to be ingested then is ingested again.
    pub async fn restore(&self, name: &str) -> Result<(), SandboxError> {
        Ok(self.shared.restore(name.to_owned()).await?)
    }
}

/// The sandbox as a router, which needs no port; for tests.
pub fn app(settings: Settings) -> Result<Router, SandboxError> {
    Ok(Sandbox::open(settings)?.app())
}
