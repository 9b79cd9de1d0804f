//! How fast requests may begin.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// Hands out moments that lie at least an interval apart, to all clones of an endpoint together.
///
/// A queue without a queue: what is kept is only when the next request may begin.
#[derive(Debug)]
pub(crate) struct Pace {
    interval: Duration,
    slots: Mutex<Slots>,
}

#[derive(Debug, Default)]
struct Slots {
    /// When the next request may begin; `None` before the first.
    next: Option<Instant>,
    /// Until when the server wants to see nobody.
    paused_until: Option<Instant>,
}

/// The longest pause that is believed; a server that says more is tried again after it.
const PAUSE_MAX: Duration = Duration::from_secs(24 * 3600);

impl Pace {
    /// At most `per_second` requests a second, 1 or more.
    pub(crate) fn new(per_second: u32) -> Self {
        Self {
            // Rounded up: never too fast.
            interval: Duration::from_nanos(1_000_000_000_u64.div_ceil(per_second.max(1).into())),
            slots: Mutex::default(),
        }
    }

    /// Waits for a moment at which a request may begin. Returns at once with that moment as the error
    /// if it lies behind `deadline`; the moment then remains for somebody else.
    pub(crate) async fn turn(&self, deadline: Instant) -> Result<(), Instant> {
        loop {
            let slot = self.reserve(deadline)?;
            sleep_until(slot).await;
            // A pause may have begun meanwhile.
            let is_paused = self.slots().paused_until.is_some_and(|until| until > slot);
            if !is_paused {
                return Ok(());
            }
        }
    }

    /// Lets nobody begin for `wait` from now.
    pub(crate) fn pause(&self, wait: Duration) {
        let until = Instant::now() + wait.min(PAUSE_MAX);
        let mut slots = self.slots();
        slots.paused_until = slots.paused_until.max(Some(until));
    }

    fn reserve(&self, deadline: Instant) -> Result<Instant, Instant> {
        let mut slots = self.slots();
        let now = Some(Instant::now());
        let slot = now.max(slots.next).max(slots.paused_until);
        let slot = slot.unwrap_or(deadline);
        if slot > deadline {
            return Err(slot);
        }
        slots.next = Some(slot + self.interval);
        Ok(slot)
    }

    fn slots(&self) -> MutexGuard<'_, Slots> {
        // Nothing here panics halfway, so a poisoned lock still holds sound slots.
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;
    use tokio::time::sleep;

    use super::*;

    fn far() -> Instant {
        Instant::now() + Duration::from_secs(360_000)
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_holds_for_those_who_already_wait() {
        let pace = Arc::new(Pace::new(2));
        let start = Instant::now();
        pace.turn(far()).await.unwrap();
        let waiting = tokio::spawn({
            let pace = Arc::clone(&pace);
            async move { pace.turn(far()).await }
        });
        sleep(Duration::from_millis(100)).await;
        pace.pause(Duration::from_secs(7));
        waiting.await.unwrap().unwrap();
        assert_eq!(start.elapsed(), Duration::from_millis(7100));
    }

    #[tokio::test(start_paused = true)]
    async fn a_moment_behind_the_deadline_is_not_waited_for() {
        let pace = Pace::new(1);
        pace.pause(Duration::from_secs(60));
        let start = Instant::now();
        let deadline = start + Duration::from_secs(59);
        assert_eq!(
            pace.turn(deadline).await,
            Err(start + Duration::from_secs(60))
        );
        assert_eq!(start.elapsed(), Duration::ZERO);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn no_schedule_makes_requests_begin_too_close_to_each_other(
            per_second in 1u32..50,
            arrivals in proptest::collection::vec((0u64..3000, proptest::option::of(0u64..2000)), 1..30),
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
            let mut begun = runtime.block_on(async {
                let pace = Arc::new(Pace::new(per_second));
                let tasks: Vec<_> = arrivals.into_iter().map(|(arrival, pause)| {
                    let pace = Arc::clone(&pace);
                    tokio::spawn(async move {
                        sleep(Duration::from_millis(arrival)).await;
                        if let Some(pause) = pause {
                            pace.pause(Duration::from_millis(pause));
                        }
                        pace.turn(far()).await.unwrap();
                        Instant::now()
                    })
                }).collect();
                let mut begun = Vec::new();
                for task in tasks {
                    begun.push(task.await.unwrap());
                }
                begun
            });
            begun.sort_unstable();
            // Timers wake on whole milliseconds, at or after their moment.
            let least = Duration::from_nanos(1_000_000_000 / u64::from(per_second)).saturating_sub(Duration::from_millis(1));
            for pair in begun.windows(2) {
                prop_assert!(pair[1] - pair[0] >= least, "{:?}", pair[1] - pair[0]);
            }
        }
    }
}
