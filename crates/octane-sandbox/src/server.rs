//! A sandbox as a value, as a router and as a server.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::auth::Sessions;
use crate::catalog::Catalog;
use crate::clock::Clock;
use crate::ingest::Worker;
use crate::routes;
use crate::settings::Settings;
use crate::store::Store;

/// Why a sandbox cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SandboxError {
    /// A setting cannot be.
    #[error("the settings are contradictory: {mistake}")]
    Settings {
        /// Which one and why.
        mistake: String,
    },
    /// The file of the database or the lock beside it cannot be made.
    #[error("failed to open `{}`", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another sandbox works on the same file.
    #[error("`{}` is in use by another sandbox", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// The database cannot be opened.
    #[error("failed to open the database `{}`", path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The database cannot be brought into shape.
    #[error("failed to prepare the database: {problem}")]
    Prepare {
        /// What is wrong with it.
        problem: String,
    },
    /// The address cannot be listened on.
    #[error("failed to listen on `{address}`")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
}

/// What all requests share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) clock: Clock,
    pub(crate) store: Arc<Store>,
    pub(crate) sessions: Sessions,
    pub(crate) worker: Worker,
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
        let worker = Worker::new(Arc::clone(&store), clock.clone(), settings.results.clone());
        let shared = Shared {
            settings,
            clock,
            store,
            sessions,
            worker,
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
        let failed = |source| SandboxError::Bind { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let (stop, stopped) = oneshot::channel::<()>();
        let app = self.app();
        let serve = axum::serve(listener, app).with_graceful_shutdown(async move {
            // A dropped sender means the same as a sent word.
            let _ = stopped.await;
        });
        Ok(Running {
            sandbox: self.clone(),
            address,
            stop: Some(stop),
            server: Some(tokio::spawn(serve.into_future())),
        })
    }
}

/// The sandbox as a router, which needs no port; for tests.
pub fn app(settings: Settings) -> Result<Router, SandboxError> {
    Ok(Sandbox::open(settings)?.app())
}

/// A sandbox that listens. Dropping it stops it; [`Running::shutdown`] also waits.
#[must_use = "a server that is dropped stops"]
pub struct Running {
    sandbox: Sandbox,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    server: Option<JoinHandle<io::Result<()>>>,
}

impl Running {
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
    /// Payloads that wait stay in the queue; a sandbox on the same file goes on with them.
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
