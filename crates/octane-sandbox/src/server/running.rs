//! A sandbox that is listening.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};

use super::host::Hosts;
use super::listening::Listening;
use crate::sandbox::Sandbox;
use crate::sandbox_error::SandboxError;
use crate::settings::Settings;

/// A sandbox that is listening. Dropping it stops it; [`Running::shutdown`] also waits.
#[must_use = "dropping a running sandbox stops it"]
pub struct Running {
    sandbox: Sandbox,
    listening: Listening,
}

impl Sandbox {
    /// Serves a new sandbox, with sample data in memory, on a free port of 127.0.0.1.
    pub async fn start() -> Result<Running, SandboxError> {
        Self::start_with(Settings::default()).await
    }

    /// The same with other settings.
    pub async fn start_with(settings: Settings) -> Result<Running, SandboxError> {
        Self::open(settings)?
            .bind((Ipv4Addr::LOCALHOST, 0).into())
            .await
    }

    /// Serves this sandbox on an address; port 0 picks a free one.
    pub async fn bind(&self, address: SocketAddr) -> Result<Running, SandboxError> {
        Running::new(self.clone(), address).await
    }
}

impl Running {
    pub(super) async fn new(sandbox: Sandbox, address: SocketAddr) -> Result<Self, SandboxError> {
        let hosts = Hosts::new(&sandbox.state.settings.access.hosts);
        let listening = Listening::bind(address, sandbox.app(), hosts).await?;
        Ok(Self { sandbox, listening })
    }

    /// The base URL, without a trailing slash: `http://127.0.0.1:41234`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.listening.address()
    }

    /// The client ID of the first API key; empty if there is none.
    pub fn client_id(&self) -> &str {
        let key = self.sandbox.state.settings.access.api_keys.first();
        key.map_or("", |key| key.id())
    }

    /// The client secret of the first API key, in plain text; empty if there is none.
    pub fn client_secret(&self) -> &str {
        let key = self.sandbox.state.settings.access.api_keys.first();
        key.map_or("", |key| key.secret())
    }

    /// The sandbox that is served.
    pub fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// Stops listening, finishes the requests in flight and the current payload, and releases the database.
    ///
    /// Requests that do not finish within ten seconds are aborted. Queued payloads stay in the queue; the
    /// next sandbox on the same file ingests them.
    pub async fn shutdown(mut self) {
        self.listening.stop().await;
        self.sandbox.state.worker.stop().await;
        tracing::info!(address = %self.address(), "stopped");
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running")
            .field("address", &self.address())
            .finish_non_exhaustive()
    }
}
