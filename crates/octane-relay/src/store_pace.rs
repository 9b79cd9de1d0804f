//! The pace of a store, as requests wait for it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use octane_rest::{BoxFuture, SharedPace, Slot};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};
use tracing::warn;

use crate::chain::Chain;
use crate::pace::{Rate, SLOT_LENGTH, Slots};
use crate::store::Store;

/// Lets all relays that share a store send one server no more requests than its rate allows.
///
/// A relay takes slots for all of its requests that wait at the same time, as each transaction of the store keeps the other relays
/// waiting.
pub struct StorePace {
    store: Arc<dyn Store>,
    server: String,
    rate: Rate,
    /// How many requests have no slot yet.
    waiting: AtomicU32,
    /// What was taken and not given to a request. The task that has it locked takes slots for all that wait.
    taken: Mutex<VecDeque<Slot>>,
}

/// How long to wait for a store that cannot be used. Without it nothing is sent, as others may be sending.
const STORE_PAUSE: Duration = Duration::from_secs(1);
/// Timers are not more exact than this.
const SLOT_LENGTH_MIN: Duration = Duration::from_millis(5);
/// The most slots that a relay takes at once, so that others get theirs.
const SLOTS_MAX: u32 = 64;

impl StorePace {
    /// The pace of requests to the server at this URL.
    pub fn new(store: Arc<dyn Store>, server: impl Into<String>, rate: Rate) -> Self {
        let server = server.into();
        Self {
            store,
            server,
            rate,
            waiting: AtomicU32::new(0),
            taken: Mutex::default(),
        }
    }

    async fn next(&self) -> Slot {
        let _waiting = Waiting::new(&self.waiting);
        let mut taken = self.taken.lock().await;
        // How many slots in a row one request needs.
        let mut width = 1;
        loop {
            let now = Instant::now();
            while let Some(slot) = taken.pop_front() {
                if slot.end.saturating_duration_since(now) >= SLOT_LENGTH_MIN {
                    return slot;
                }
            }
            let waiting = self.waiting.load(Ordering::Relaxed).max(1);
            let count = waiting.saturating_mul(width).min(SLOTS_MAX).max(width);
            let asked = Instant::now();
            match self.store.slots(&self.server, self.rate, count).await {
                Ok(slots) => match split(slots, asked, Instant::now()) {
                    Ok(slots) => taken.extend(slots),
                    // Slots are too precious to take many because one answer was late.
                    Err(needed) => width = needed.min(width * 2 + 1),
                },
                Err(error) => {
                    warn!(error = %Chain(&error), "no slot for a request");
                    sleep(STORE_PAUSE).await;
                }
            }
        }
    }
}

/// A request that waits, until it is dropped.
struct Waiting<'a>(&'a AtomicU32);

impl<'a> Waiting<'a> {
    fn new(count: &'a AtomicU32) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The times in which requests may start, one each, of consecutive slots that are all their own. The store has looked at its clock between
/// the question and the answer, so that a slot is known no more exactly than that: one that may be over before it surely has begun is put
/// together with those after it. If there are too few for one request, how many it needs, and one more as the next answer may take longer.
fn split(slots: Slots, asked: Instant, answered: Instant) -> Result<Vec<Slot>, u32> {
    let Slots {
        delay,
        interval,
        count,
    } = slots;
    let doubt = answered - asked;
    let missing = (doubt + SLOT_LENGTH_MIN).saturating_sub(SLOT_LENGTH);
    let further = missing
        .as_nanos()
        .div_ceil(interval.as_nanos().max(1))
        .try_into()
        .unwrap_or(u32::MAX - 2);
    let width: u32 = 1 + further;
    if width > count {
        return Err(width + 1);
    }
    let slot = |number| {
        let first = delay + interval * (number * width);
        let length = (SLOT_LENGTH + interval * further).saturating_sub(doubt);
        Slot::new(answered + first, length)
    };
    Ok((0..count / width).map(slot).collect())
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
                    warn!(error = %Chain(&error), "other relays could not be informed of an overload");
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;
    use tokio::time::timeout;

    use super::*;
    use crate::store::SqliteStore;
    use crate::time::Time;

    const INTERVAL: Duration = Duration::from_millis(105);
    const DELAY: Duration = Duration::from_secs(1);

    fn slots(count: u32) -> Slots {
        Slots {
            delay: DELAY,
            interval: INTERVAL,
            count,
        }
    }

    #[test]
    fn a_request_starts_in_slots_of_its_own_however_long_the_answer_of_the_store_takes() {
        let asked = Instant::now();
        for (milliseconds, width) in [
            (0, 1),
            (1, 1),
            (44, 1),
            (45, 1),
            (46, 2),
            (51, 2),
            (150, 2),
            (151, 3),
            (300, 4),
            (3000, 30),
        ] {
            let answered = asked + Duration::from_millis(milliseconds);
            if width > 1 {
                assert_eq!(split(slots(width - 1), asked, answered), Err(width + 1));
            }
            let found = split(slots(width * 3 + (width - 1)), asked, answered).unwrap();
            assert_eq!(found.len(), 3, "{milliseconds} ms");
            for (slot, first) in found.into_iter().zip((0..).step_by(width as usize)) {
                // Whenever the store has looked at its clock, the request is not earlier than its first slot and not later than its last.
                let earliest = answered + DELAY + INTERVAL * first;
                let latest = asked + DELAY + INTERVAL * (first + width - 1) + SLOT_LENGTH;
                assert!(slot.start >= earliest && slot.end <= latest, "{slot:?}");
                assert!(slot.end - slot.start >= SLOT_LENGTH_MIN, "{slot:?}");
            }
        }
    }

    #[tokio::test]
    async fn requests_that_wait_together_get_slots_one_after_the_other() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("relay.sqlite");
        let store = SqliteStore::open(&file, Arc::new(|| Time::EPOCH)).unwrap();
        let pace = StorePace::new(
            Arc::new(store),
            "https://octane.example/",
            Rate::per_second(1),
        );
        let mut slots = join_all((0..10).map(|_| pace.next())).await;
        slots.sort_by_key(|slot| slot.start);
        for pair in slots.windows(2) {
            assert!(pair[0].end < pair[1].start, "{pair:?}");
        }
        assert_eq!(pace.waiting.load(Ordering::Relaxed), 0);
        // Nor does one wait that has given up.
        let _ = timeout(Duration::ZERO, pace.next()).await;
        assert_eq!(pace.waiting.load(Ordering::Relaxed), 0);
    }
}
