//! The pace of a store, as requests wait for it.

use std::sync::Arc;
use std::time::Duration;

use octane_rest::{BoxFuture, SharedPace, Slot};
use tokio::time::{Instant, sleep};
use tracing::warn;

use crate::chain::Chain;
use crate::pace::{Rate, SLOT_LENGTH, Slots};
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
        let mut count = 1;
        loop {
            let asked = Instant::now();
            match self.store.slots(&self.server, self.rate, count).await {
                Ok(slots) => match slot(slots, asked, Instant::now()) {
                    Ok(slot) => return slot,
                    Err(more) => count = more,
                },
                Err(error) => {
                    warn!(error = %Chain(&error), "no slot for a request");
                    sleep(STORE_PAUSE).await;
                }
            }
        }
    }
}

/// The time in which a request may start, of consecutive slots that are all its own. The store has looked at its clock between the question
/// and the answer, so that their beginning is known no more exactly than that; if they have passed by then, how many slots leave room for
/// an answer that takes as long.
fn slot(slots: Slots, asked: Instant, answered: Instant) -> Result<Slot, u32> {
    let Slots {
        delay,
        interval,
        count,
    } = slots;
    let start = answered + delay;
    let end = asked + delay + interval * count.saturating_sub(1) + SLOT_LENGTH;
    let length = end.saturating_duration_since(start);
    if length >= SLOT_LENGTH_MIN {
        return Ok(Slot::new(start, length));
    }
    let intervals = (answered - asked).as_nanos() / interval.as_nanos().max(1);
    let more = u32::try_from(intervals).unwrap_or(u32::MAX);
    // One more for the rest of the division, and one for the request itself.
    Err(more.saturating_add(2))
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

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_millis(105);

    fn slots(count: u32) -> Slots {
        Slots {
            delay: Duration::from_secs(1),
            interval: INTERVAL,
            count,
        }
    }

    #[test]
    fn a_request_starts_in_its_slot_however_long_the_answer_of_the_store_takes() {
        let asked = Instant::now();
        for milliseconds in [0, 1, 44, 46, 51, 104, 106, 300, 3000] {
            let answered = asked + Duration::from_millis(milliseconds);
            let found = slot(slots(1), asked, answered);
            assert_eq!(found.is_ok(), milliseconds <= 45, "{milliseconds} ms");
            let count = found.as_ref().map_or_else(|more| *more, |_| 1);
            let found = slot(slots(count), asked, answered);
            let found = found.unwrap_or_else(|more| panic!("{count} slots, then {more}"));
            // Whenever the store has looked at its clock, the request is not earlier than the first slot and not later than the last.
            let earliest = answered + Duration::from_secs(1);
            let latest = asked + Duration::from_secs(1) + INTERVAL * (count - 1) + SLOT_LENGTH;
            assert!(found.start >= earliest && found.end <= latest, "{found:?}");
        }
    }
}
