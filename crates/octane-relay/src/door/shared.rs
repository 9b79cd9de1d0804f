//! What the requests of a door share.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, StatusCode};
use octane_client::UploadId;
use octane_model::{Address, Workspace};
use octane_web::Hosts;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use super::answer::Refusal;
use super::health::Health;
use super::session_key::SessionKey;
use crate::audit::Audit;
use crate::chain::Chain;
use crate::oidc::Oidc;
use crate::store::{Store, StoreError};
use crate::time::{Clock, system_clock};
use crate::workspaces::Workspaces;

/// How a door behaves.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct DoorSettings {
    /// The workspaces to which the relay delivers.
    pub workspaces: Workspaces,
    /// Where journals are checked.
    pub folder: PathBuf,
    /// The largest journal, and the largest payload, in bytes. Default: 64 MiB.
    pub journal_bytes_max: usize,
    /// How many uploads of a project may be stored that are not delivered. Default: 1000.
    pub uploads_max: u64,
    /// The names under which the pages can be reached besides those of the loopback interface; `None`: under any name, which is only safe
    /// if others cannot reach the relay at all, or if it does not listen on the loopback interface alone. Default: `None`.
    pub hosts: Option<Hosts>,
    /// Whether requests arrive over TLS, so that cookies are for that alone. Default: no, unless a proxy says so with each request.
    pub is_encrypted: bool,
    /// Tokens of CI systems that are accepted besides those of the relay. Default: none.
    pub oidc: Option<Arc<Oidc>>,
    /// Learns what is stored and what is refused. Default: none.
    pub audit: Audit,
    /// What makes the sessions of programs that speak to Octane. Default: a random one, whose sessions end with the process.
    pub session_key: SessionKey,
}

impl DoorSettings {
    /// The door of a relay that delivers to this workspace, and has journals below this folder while it checks them. More workspaces can be
    /// [added](Workspaces::and).
    pub fn new(server: Address, workspace: Workspace, folder: impl Into<PathBuf>) -> Self {
        Self {
            workspaces: Workspaces::new(server, workspace),
            folder: folder.into(),
            journal_bytes_max: 64 << 20,
            uploads_max: 1000,
            hosts: None,
            is_encrypted: false,
            oidc: None,
            audit: Audit::default(),
            session_key: SessionKey::random(),
        }
    }
}

impl DoorSettings {
    /// Why a project may not store another upload now.
    pub(super) fn quota_message(&self, project: &str) -> String {
        format!(
            "project `{project}` has {} uploads that are not delivered, as many as the relay stores (`--quota`)",
            self.uploads_max
        )
    }
}

/// What a cookie has that is for TLS alone, if a request has arrived so.
pub(crate) fn secure_attribute(headers: &HeaderMap, is_encrypted: bool) -> &'static str {
    let forwarded = headers.get("x-forwarded-proto");
    let is_forwarded = forwarded.is_some_and(|scheme| scheme == "https");
    if is_encrypted || is_forwarded {
        "; Secure"
    } else {
        ""
    }
}

/// What requests share.
#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) settings: Arc<DoorSettings>,
    /// So many journals are in memory at the same time.
    receiving: Arc<Semaphore>,
    health: Arc<Health>,
    pub(crate) on_stored: Arc<dyn Fn() + Send + Sync>,
    /// By which sessions end.
    pub(super) clock: Clock,
}

/// How many journals and payloads are received at the same time; others wait, unread.
const RECEIVING_MAX: usize = 4;
/// How long they wait.
const RECEIVE_WAIT_MAX: Duration = Duration::from_secs(10);

impl Door {
    pub(super) fn new(
        store: Arc<dyn Store>,
        settings: DoorSettings,
        on_stored: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        Self {
            store,
            settings: Arc::new(settings),
            receiving: Arc::new(Semaphore::new(RECEIVING_MAX)),
            health: Arc::default(),
            on_stored: Arc::new(on_stored),
            clock: system_clock(),
        }
    }

    /// Fails if no upload can be stored now.
    pub(super) async fn check_health(&self) -> Result<(), Refusal> {
        self.health.check(&*self.store, &self.settings.folder).await
    }

    /// A place to receive something, as what is received is in memory. Waits for one for a while; `None` if all are still taken then.
    pub(super) async fn place(&self) -> Option<SemaphorePermit<'_>> {
        let waiting = timeout(RECEIVE_WAIT_MAX, self.receiving.acquire());
        waiting.await.ok()?.ok()
    }
}

/// The ID in a path.
pub(super) fn upload_id(text: &str) -> Result<UploadId, Refusal> {
    let id = text.parse::<UploadId>();
    id.map_err(|error| Refusal::new(StatusCode::BAD_REQUEST, "invalid_id", error.to_string()))
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        tracing::warn!(error = %Chain(&error), "the store cannot be used");
        // What the database says is for the one who runs the relay.
        Self::unavailable("the relay cannot use its store now")
    }
}
