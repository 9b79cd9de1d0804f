//! Whether all relays that share a store have the same rate, which is what their common pace needs.

use std::sync::Arc;
use std::time::Duration;

use octane_client::CancellationToken;
use tokio::time::sleep;
use tracing::warn;

use crate::chain::Chain;
use crate::store::Store;

/// Warns if another relay over the same store sends requests to the same server at another rate.
///
/// Relays of one rate hold one lock together, so that one of another rate does not get it.
pub struct RateWatch {
    store: Arc<dyn Store>,
    lock: String,
    rate: String,
    /// How often it was not free, one time after the other.
    refused: u32,
}

const INTERVAL: Duration = Duration::from_secs(20);
/// How long a relay that has stopped still counts.
const LOCK_TIME: Duration = INTERVAL.saturating_mul(3);
/// By then the lock of a relay that has stopped has expired.
const REFUSED_MAX: u32 = 4;

impl RateWatch {
    /// Of requests to the server at this URL; `rate` is how many may start in a second, if that is limited.
    pub fn new(store: Arc<dyn Store>, server: &str, rate: Option<u32>) -> Self {
        Self {
            store,
            lock: format!("rate of {server}"),
            rate: rate.map_or_else(|| "off".to_owned(), |rate| rate.to_string()),
            refused: 0,
        }
    }

    /// Watches until `stop` is cancelled, and warns once.
    pub async fn run(mut self, stop: &CancellationToken) {
        let mut is_said = false;
        while !stop.is_cancelled() {
            if self.differs().await && !is_said {
                is_said = true;
                warn!(
                    rate = self.rate,
                    "another relay with this database has another `--rate`, so that there can be more requests than that; use the same for all"
                );
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = sleep(INTERVAL) => {}
            }
        }
    }

    async fn differs(&mut self) -> bool {
        match self.store.lock(&self.lock, &self.rate, LOCK_TIME).await {
            Ok(true) => self.refused = 0,
            Ok(false) => self.refused += 1,
            Err(error) => {
                warn!(error = %Chain(&error), "the rates of other relays are not known");
            }
        }
        self.refused >= REFUSED_MAX
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;
    use crate::store::SqliteStore;
    use crate::time::Time;

    #[tokio::test]
    async fn another_rate_is_noticed_unless_it_is_that_of_a_relay_that_has_stopped() {
        let (folder, seconds) = (tempfile::tempdir().unwrap(), Arc::new(AtomicI64::new(0)));
        let clock = Arc::clone(&seconds);
        let clock = Arc::new(move || Time::from_seconds(clock.load(Ordering::Relaxed)));
        let store = SqliteStore::open(&folder.path().join("relay.db"), clock);
        let store: Arc<dyn Store> = Arc::new(store.unwrap());
        let watch = |server, rate| RateWatch::new(Arc::clone(&store), server, rate);
        let (mut first, mut same) = (watch("a", Some(10)), watch("a", Some(10)));
        let (mut other, mut elsewhere) = (watch("a", None), watch("b", Some(20)));
        for round in 0..6 {
            seconds.fetch_add(20, Ordering::Relaxed);
            assert!(!first.differs().await && !same.differs().await);
            assert_eq!(other.differs().await, round >= 3);
            assert!(!elsewhere.differs().await);
        }
        // The others have stopped.
        let mut next = watch("a", Some(20));
        for _ in 0..6 {
            assert!(!next.differs().await);
            seconds.fetch_add(20, Ordering::Relaxed);
        }
    }
}
