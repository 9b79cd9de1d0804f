//! A sandbox that listens.

use std::fmt;
use std::net::SocketAddr;

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::error::SandboxError;
use super::{Sandbox, serve};

/// A sandbox that listens. Dropping it stops it; [`Running::shutdown`] also waits.
#[must_use = "a server that is dropped stops"]
pub struct Running {
    sandbox: Sandbox,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    server: Option<JoinHandle<()>>,
}

impl Running {
    pub(super) async fn new(sandbox: Sandbox, address: SocketAddr) -> Result<Self, SandboxError> {
        let failed = |source| SandboxError::Bind { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let (stop, stopped) = oneshot::channel::<()>();
        let server = tokio::spawn(serve::serve(listener, sandbox.app(), stopped));
        Ok(Self {
            sandbox,
            address,
            stop: Some(stop),
            server: Some(server),
        })
    }

    /// The base of all addresses, without a slash at its end: `http://127.0.0.1:41234`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The client id of the first API key; empty if there is none.
    pub fn client_id(&self) -> &str {
        let key = self.sandbox.shared.settings.access.api_keys.first();
        key.map_or("", |key| key.id())
    }

    /// The client secret of the first API key, in clear; empty if there is none.
    pub fn client_secret(&self) -> &str {
        let key = self.sandbox.shared.settings.access.api_keys.first();
        key.map_or("", |key| key.secret())
    }

    /// The sandbox that is served.
    pub fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// Stops listening, ends the requests and the payload in hand, and gives the data free.
    ///
    /// Requests that do not end within ten seconds are left. Payloads that wait stay in the queue; a
    /// sandbox on the same file goes on with them.
    pub async fn shutdown(mut self) {
        drop(self.stop.take());
        if let Some(server) = self.server.take() {
            // It only fails if the server panicked, and then it has ended as well.
            let _ = server.await;
        }
        self.sandbox.shared.worker.stop().await;
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}
