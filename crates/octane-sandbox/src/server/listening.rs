//! A listening socket, and the task that serves it.

use std::net::SocketAddr;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::host::Hosts;
use super::serve;
use crate::sandbox_error::SandboxError;

/// A listening socket, and the task that serves it. Dropping it stops the task.
pub(super) struct Listening {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    server: Option<JoinHandle<()>>,
}

impl Listening {
    /// Serves `app` on an address; port 0 picks a free one.
    pub(super) async fn bind(
        address: SocketAddr,
        app: Router,
        hosts: Hosts,
    ) -> Result<Self, SandboxError> {
        let failed = |source| SandboxError::Bind { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let (stop, stopped) = oneshot::channel::<()>();
        tracing::info!(%address, "listening");
        let server = tokio::spawn(serve::serve(listener, app, hosts, stopped));
        Ok(Self {
            address,
            stop: Some(stop),
            server: Some(server),
        })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops listening, and finishes the requests in flight. Those that take longer than ten seconds are aborted.
    pub(super) async fn stop(&mut self) {
        drop(self.stop.take());
        if let Some(server) = self.server.take() {
            // It only fails if the server panicked, and then it has ended as well.
            let _ = server.await;
        }
    }
}
