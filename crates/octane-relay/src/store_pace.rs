//! The pace of a store, as requests wait for it.

use std::sync::Arc;
use std::time::Duration;

use octane_rest::{BoxFuture, SharedPace, Slot};
use tokio::time::{Instant, sleep};
use tracing::warn;

use crate::chain::Chain;
use crate::pace::{Rate, SLOT_LENGTH};
use crate::store::Store;

/// Lets all relays that share a store send one server no more requests than its rate allows.
pub struct StorePace {
    store: Arc<dyn Store>,
    server: String,
    rate: Rate,
}

/// How long to wait for a store that cannot be used. Without it nothing is sent, as others may be sending.
const STORE_PAUSE: Duration = Duration::from_secs(1);
/// Timers are not more exact than this.
const SLOT_LENGTH_MIN: Duration = Duration::from_millis(5);

impl StorePace {
    /// The pace of requests to the server at this URL.
    pub fn new(store: Arc<dyn Store>, server: impl Into<String>, rate: Rate) -> Self {
        let server = server.into();
        Self {
            store,
            server,
            rate,
        }
    }

    async fn next(&self) -> Slot {
        loop {
            let asked = Instant::now();
            match self.store.slots(&self.server, self.rate, 1).await {
                Ok(slots) => {
                    // The store has looked at its clock between the question and the answer.
                    let start = Instant::now() + slots.delay;
                    let end = asked + slots.delay + SLOT_LENGTH;
                    let length = end.saturating_duration_since(start).max(SLOT_LENGTH_MIN);
                    return Slot::new(start, length);
                }
                Err(error) => {
                    warn!(error = %Chain(&error), "no slot for a request");
                    sleep(STORE_PAUSE).await;
                }
            }
        }
    }
}

impl SharedPace for StorePace {
    fn slot(&self) -> BoxFuture<'_, Slot> {
        Box::pin(self.next())
    }

    fn overloaded(&self, since: Duration, pause: Duration) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            match self.store.overloaded(&self.server, since, pause).await {
                Ok(_) => {}
                Err(error) => {
                    warn!(error = %Chain(&error), "an overload could not be told to others");
                }
            }
        })
    }
}
