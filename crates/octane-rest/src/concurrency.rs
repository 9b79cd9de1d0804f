//! How many requests may be in flight at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Mutex, Notify};
use tokio::time::timeout;

use crate::adaptive_limit::AdaptiveLimit;

/// Limits the requests in flight, for all clones of an endpoint together: to the limit of the settings,
/// and to a fraction of it while the server is overloaded.
///
/// Permits are granted first come, first served. When the limit falls, permits are not revoked; the next
/// requests wait until enough of them have been released.
#[derive(Debug)]
pub(crate) struct ConcurrencyLimit {
    max: usize,
    adaptive_limit: Arc<AdaptiveLimit>,
    in_use: AtomicUsize,
    /// Held by the next in line.
    queue: Mutex<()>,
    released: Notify,
}

/// Permission to have a request in flight; released when it is dropped.
#[must_use]
#[derive(Debug)]
pub(crate) struct Permit<'a>(&'a ConcurrencyLimit);

/// How often the next in line checks whether the limit has grown.
const RECHECK_INTERVAL: Duration = Duration::from_secs(1);

impl ConcurrencyLimit {
    /// At most `max` permits, 1 or more.
    pub(crate) fn new(max: usize, adaptive_limit: Arc<AdaptiveLimit>) -> Self {
        Self {
            max,
            adaptive_limit,
            in_use: AtomicUsize::new(0),
            queue: Mutex::default(),
            released: Notify::new(),
        }
    }

    /// Waits for a permit.
    pub(crate) async fn acquire(&self) -> Permit<'_> {
        let _next = self.queue.lock().await;
        loop {
            let fraction = self.adaptive_limit.fraction();
            // Only the next in line gets here, so no other request acquires a permit in between.
            if self.in_use.load(Ordering::Acquire) < fraction.of(self.max) {
                self.in_use.fetch_add(1, Ordering::AcqRel);
                return Permit(self);
            }
            // `released` remembers a permit that was released before this line.
            if fraction.is_full() {
                self.released.notified().await;
            } else {
                // Whether a permit was released or time has passed: the loop checks again.
                let _ = timeout(RECHECK_INTERVAL, self.released.notified()).await;
            }
        }
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.0.in_use.fetch_sub(1, Ordering::AcqRel);
        self.0.released.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::{Instant, sleep};

    use super::*;

    /// Lets `count` tasks hold a permit for a second each, and returns when they acquired it.
    async fn acquired(limit: &Arc<ConcurrencyLimit>, count: usize) -> Vec<Duration> {
        let start = Instant::now();
        let tasks: Vec<_> = (0..count)
            .map(|_| {
                let limit = Arc::clone(limit);
                tokio::spawn(async move {
                    let _permit = limit.acquire().await;
                    let moment = start.elapsed();
                    sleep(Duration::from_secs(1)).await;
                    moment
                })
            })
            .collect();
        let mut moments = Vec::new();
        for task in tasks {
            moments.push(task.await.unwrap());
        }
        moments
    }

    #[tokio::test(start_paused = true)]
    async fn permits_are_granted_in_the_order_of_arrival() {
        let limit = Arc::new(ConcurrencyLimit::new(2, Arc::default()));
        let moments = acquired(&limit, 5).await;
        let seconds: Vec<_> = moments.iter().map(Duration::as_secs).collect();
        assert_eq!(seconds, [0, 0, 1, 1, 2]);
    }

    #[tokio::test(start_paused = true)]
    async fn overload_lowers_the_limit_and_recovery_raises_it() {
        let adaptive_limit = Arc::new(AdaptiveLimit::default());
        let limit = Arc::new(ConcurrencyLimit::new(4, Arc::clone(&adaptive_limit)));
        adaptive_limit.on_overload(Instant::now(), Duration::ZERO);
        let moments = acquired(&limit, 60).await;
        let in_second = |second| {
            let moments = moments.iter().map(Duration::as_secs);
            moments.filter(|moment| *moment == second).count()
        };
        assert_eq!((in_second(0), in_second(1), in_second(2)), (2, 2, 2));
        // From three quarters on there are three permits, and four after the recovery.
        assert_eq!((in_second(6), in_second(11)), (3, 4));
    }

    #[tokio::test(start_paused = true)]
    async fn permits_come_back_even_if_none_is_released() {
        let adaptive_limit = Arc::new(AdaptiveLimit::default());
        let limit = ConcurrencyLimit::new(4, Arc::clone(&adaptive_limit));
        adaptive_limit.on_overload(Instant::now(), Duration::ZERO);
        let _held = (limit.acquire().await, limit.acquire().await);
        let start = Instant::now();
        let _third = limit.acquire().await;
        assert_eq!(start.elapsed(), Duration::from_secs(3));
    }

    #[tokio::test(start_paused = true)]
    async fn a_waiter_that_gives_up_uses_no_permit() {
        let limit = ConcurrencyLimit::new(1, Arc::default());
        let first = limit.acquire().await;
        timeout(Duration::from_secs(1), limit.acquire())
            .await
            .unwrap_err();
        drop(first);
        let _second = limit.acquire().await;
    }
}
