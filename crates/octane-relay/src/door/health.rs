//! Whether uploads can be stored now.

use std::path::Path;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use super::answer::Refusal;
use crate::blocking::blocking;
use crate::chain::Chain;
use crate::store::Store;
use crate::work_folder::WorkFolder;

/// Who asks more often gets the same answer, since finding out writes to the disk.
const FRESH: Duration = Duration::from_secs(1);

/// When it was found out last that uploads can be stored.
#[derive(Debug, Default)]
pub(super) struct Health(Mutex<Option<Instant>>);

impl Health {
    /// Fails if no upload can be stored now: the store cannot be written to, or there is no room to check a journal in `folder`.
    pub(super) async fn check(&self, store: &dyn Store, folder: &Path) -> Result<(), Refusal> {
        let mut last = self.0.lock().await;
        if last.is_some_and(|last| last.elapsed() < FRESH) {
            return Ok(());
        }
        *last = None;
        store.ping().await?;
        let folder = folder.to_owned();
        let tried = blocking(move || WorkFolder::create(&folder)?.write("try", b"try").map(drop));
        tried.await.map_err(|error| {
            tracing::warn!(error = %Chain(&error), "journals cannot be checked");
            Refusal::unavailable("the relay cannot check journals now")
        })?;
        *last = Some(Instant::now());
        Ok(())
    }
}
