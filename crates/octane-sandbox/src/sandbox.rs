//! A sandbox as a value and as a router.

use std::sync::Arc;

use axum::Router;

use crate::clock::Clock;
use crate::fault::{Expiry, Fault};
use crate::requests::{Filter, ReceivedRequest};
use crate::routes;
use crate::sandbox_error::SandboxError;
use crate::settings::Settings;
use crate::state::AppState;

/// A small Octane with its data.
///
/// Cheap to clone; all clones share the data.
#[derive(Debug, Clone)]
pub struct Sandbox {
    pub(crate) state: Arc<AppState>,
}

impl Sandbox {
    /// Opens the database, and fills it if it is new.
    pub fn open(settings: Settings) -> Result<Self, SandboxError> {
        Self::open_at(settings, Clock::running())
    }

    /// The same with a given clock, for example a paused one.
    pub fn open_at(settings: Settings, clock: Clock) -> Result<Self, SandboxError> {
        Ok(Self {
            state: Arc::new(AppState::new(settings, clock)?),
        })
    }

    /// The sandbox as a router, without a port.
    ///
    /// Payloads are ingested by a task of the tokio runtime. Outside of a runtime it starts with the first
    /// request.
    pub fn app(&self) -> Router {
        self.state.worker.start();
        routes::router(Arc::clone(&self.state))
    }

    /// The sandbox's clock; moving it moves the sandbox's time.
    pub fn clock(&self) -> &Clock {
        &self.state.clock
    }

    /// Makes the next matching request fail: once, unless the fault says how often.
    ///
    /// Added faults are triggered in their order, and take precedence over the plan. At most a thousand may
    /// be pending.
    pub fn fail_next(&self, fault: Fault) -> Result<(), SandboxError> {
        let problem = fault.problem();
        let problem = match problem {
            Some(problem) => problem,
            None if self.state.faults.add(fault).is_some() => return Ok(()),
            None => "too many pending faults; clear them first".to_owned(),
        };
        Err(SandboxError::Refused { problem })
    }

    /// Drops all faults, including those of the plan. A reset restores the plan.
    pub fn clear_faults(&self) {
        self.state.faults.clear();
    }

    /// The latest thousand requests to the simulated server, the oldest first.
    pub fn requests(&self) -> Vec<ReceivedRequest> {
        self.state.requests.list(&Filter::default(), usize::MAX)
    }

    /// Clears the request log.
    pub fn clear_requests(&self) {
        self.state.requests.clear();
    }

    /// Ends all sessions as if they had expired; returns how many were alive.
    pub fn expire_sessions(&self, expiry: Expiry) -> usize {
        self.state.sessions.expire_all(expiry)
    }

    /// Restores the initial data, with sample data if the settings say so, and drops recorded requests and
    /// added faults. Sessions stay.
    pub async fn reset(&self) -> Result<(), SandboxError> {
        Ok(self.state.reset().await?)
    }

    /// Saves the data under a name, until the sandbox ends. An existing snapshot of that name is replaced;
    /// names are 1 to 64 letters, digits, `-`, `_` and `.`, and there may be 16 snapshots.
    pub async fn snapshot(&self, name: &str) -> Result<(), SandboxError> {
        Ok(self.state.snapshot(name.to_owned()).await?)
    }

    /// Restores the data saved under a name: entities with their IDs, and payloads with their tasks. Payloads
    /// that were queued at that time are ingested again.
    pub async fn restore(&self, name: &str) -> Result<(), SandboxError> {
        Ok(self.state.restore(name.to_owned()).await?)
    }
}

/// The sandbox as a router, without a port; for tests.
pub fn app(settings: Settings) -> Result<Router, SandboxError> {
    Ok(Sandbox::open(settings)?.app())
}
