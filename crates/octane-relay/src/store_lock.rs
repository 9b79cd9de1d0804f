//! The lock of a store under which modules and suites are created.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use octane_client::{CreationLock, UploadId};
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tracing::warn;

use crate::chain::Chain;
use crate::lane::Lane;
use crate::store::Store;

/// Lets one of all relays that share a store at a time create something in a workspace.
///
/// A relay that dies loses the lock once its time is over. One that has lost it without noticing does no harm: clients that create the
/// same at the same moment agree on the oldest.
pub(crate) struct StoreLock {
    store: Arc<dyn Store>,
    name: String,
    time: Duration,
    queue: Arc<Mutex<()>>,
}

/// How long to wait before a lock is tried again that another relay has.
const PAUSE: Duration = Duration::from_millis(200);
/// The same, of a store that cannot be used.
const STORE_PAUSE: Duration = Duration::from_secs(1);

impl StoreLock {
    /// The lock of the workspace of a lane. It belongs to a relay for `time`, unless it says that it lives. In `queue`, those of one
    /// relay wait for each other, so that one of them at a time asks the store.
    pub(crate) fn new(
        store: &Arc<dyn Store>,
        lane: &Lane,
        time: Duration,
        queue: &Arc<Mutex<()>>,
    ) -> Self {
        let place = (&lane.server, lane.space, lane.workspace);
        Self {
            store: Arc::clone(store),
            name: serde_json::json!(["create", place]).to_string(),
            time,
            queue: Arc::clone(queue),
        }
    }

    async fn take(&self) -> Held {
        let turn = Arc::clone(&self.queue).lock_owned().await;
        let holder = UploadId::new().to_string();
        loop {
            let pause = match self.store.lock(&self.name, &holder, self.time).await {
                Ok(true) => break,
                Ok(false) => PAUSE,
                Err(error) => {
                    warn!(error = %Chain(&error), "no lock to create something");
                    STORE_PAUSE
                }
            };
            sleep(pause).await;
        }
        let (store, name, time) = (Arc::clone(&self.store), self.name.clone(), self.time);
        let keeping = tokio::spawn({
            let (store, name, holder) = (Arc::clone(&store), name.clone(), holder.clone());
            async move {
                loop {
                    sleep(time / 4).await;
                    if let Err(error) = store.lock(&name, &holder, time).await {
                        warn!(error = %Chain(&error), "a lock could not be kept");
                    }
                }
            }
        });
        Held {
            store,
            name,
            holder,
            keeping,
            turn: Some(turn),
        }
    }
}

impl CreationLock for StoreLock {
    fn lock(&self) -> BoxFuture<'_, Box<dyn Send>> {
        Box::pin(async move { Box::new(self.take().await) as Box<dyn Send> })
    }
}

/// A lock that is held, and given back when this is dropped.
struct Held {
    store: Arc<dyn Store>,
    name: String,
    holder: String,
    keeping: JoinHandle<()>,
    turn: Option<OwnedMutexGuard<()>>,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.keeping.abort();
        // Without a runtime the process is about to end, and the lock expires.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            return;
        };
        let store = Arc::clone(&self.store);
        let (name, holder) = (
            std::mem::take(&mut self.name),
            std::mem::take(&mut self.holder),
        );
        let turn = self.turn.take();
        runtime.spawn(async move {
            if let Err(error) = store.unlock(&name, &holder).await {
                warn!(error = %Chain(&error), "a lock could not be given back; it expires");
            }
            drop(turn);
        });
    }
}
