//! What the requests of a door share.

use std::path::PathBuf;
use std::sync::Arc;

use http::{HeaderMap, StatusCode, header};
use octane_client::UploadId;
use octane_model::{Address, Workspace};
use tokio::sync::Semaphore;

use super::answer::Refusal;
use crate::chain::Chain;
use crate::store::{Store, StoreError};
use crate::token::{ShownToken, TokenEntry};

/// How a door behaves.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct DoorSettings {
    /// The server to which the relay delivers.
    pub server: Address,
    /// The workspace to which it delivers.
    pub workspace: Workspace,
    /// Where journals are checked.
    pub folder: PathBuf,
    /// The largest journal in bytes. Default: 64 MiB.
    pub journal_bytes_max: usize,
    /// How many uploads of a project may be stored that are not delivered. Default: 1000.
    pub uploads_max: u64,
}

impl DoorSettings {
    /// The door of a relay that delivers to this workspace, and has journals below this folder while it checks them.
    pub fn new(server: Address, workspace: Workspace, folder: impl Into<PathBuf>) -> Self {
        Self {
            server,
            workspace,
            folder: folder.into(),
            journal_bytes_max: 64 << 20,
            uploads_max: 1000,
        }
    }
}

/// What requests share.
#[derive(Clone)]
pub(super) struct Door {
    pub(super) store: Arc<dyn Store>,
    pub(super) settings: Arc<DoorSettings>,
    /// So many journals are in memory at the same time.
    pub(super) receiving: Arc<Semaphore>,
    pub(super) on_stored: Arc<dyn Fn() + Send + Sync>,
}

/// How many journals are received at the same time; others are asked to come back.
const RECEIVING_MAX: usize = 4;

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
            on_stored: Arc::new(on_stored),
        }
    }

    /// The token of a request.
    pub(super) async fn authenticate(&self, headers: &HeaderMap) -> Result<TokenEntry, Refusal> {
        let refused = || {
            let message = "a valid token is required: `Authorization: Bearer TOKEN`";
            Refusal::new(StatusCode::UNAUTHORIZED, "unauthorized", message)
        };
        let given = headers.get(header::AUTHORIZATION);
        let given = given.and_then(|value| value.to_str().ok());
        let shown = given.and_then(|text| text.strip_prefix("Bearer "));
        let shown = shown.and_then(ShownToken::parse).ok_or_else(refused)?;
        let stored = self.store.token(&shown.id).await?;
        stored.filter(|stored| shown.is(stored)).ok_or_else(refused)
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
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "store_unavailable",
            "the relay cannot use its store now",
        )
        .retry_after(5)
    }
}
