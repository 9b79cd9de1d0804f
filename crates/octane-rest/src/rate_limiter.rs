//! How fast requests may start.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout_at};

use crate::adaptive_limit::AdaptiveLimit;
use crate::shared_pace::SharedPace;

/// Lets requests start at least an interval apart, for all clones of an endpoint together, and further
/// apart while the server is overloaded.
///
/// FIFO, except that sign-ins go first because other requests wait for them. Only the head of the queue
/// sleeps, so a server-imposed pause applies to everyone waiting.
pub(crate) struct RateLimiter {
    interval: Duration,
    /// Says when a request may start, once it may as far as this process is concerned.
    shared: Option<Box<dyn SharedPace>>,
    adaptive_limit: Arc<AdaptiveLimit>,
    schedule: Mutex<Schedule>,
    /// Held by the head of the queue.
    queue: tokio::sync::Mutex<()>,
    /// The number of priority requests that wait outside the queue.
    priority_waiting: AtomicUsize,
}

#[derive(Debug, Default)]
struct Schedule {
    /// When the last request started.
    last: Option<Instant>,
    /// The end of the server-imposed pause.
    paused_until: Option<Instant>,
    /// Until when the server advises clients to wait.
    advised_until: Option<Instant>,
}

/// Why a request cannot start before its deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RateLimitError {
    /// The server asked clients to wait until then.
    ServerPause(Instant),
    /// Too many other requests are waiting.
    QueueTimeout,
}

/// The longest server-imposed pause; a server that asks for more is tried again after it.
pub(crate) const PAUSE_MAX: Duration = Duration::from_secs(24 * 3600);

/// How much of a timer's delay the next request may catch up on. Without it the rate would fall slightly
/// below the limit with each request; with more, a process that was suspended would catch up in a burst.
const CATCH_UP_MAX: Duration = Duration::from_millis(10);

/// How often the head of the queue checks whether the rate has grown.
const RECHECK_INTERVAL: Duration = Duration::from_secs(1);

impl RateLimiter {
    /// At most `per_second` requests per second, 1 or more; or any number, unless the server imposes a pause.
    pub(crate) fn new(per_second: Option<u32>, adaptive_limit: Arc<AdaptiveLimit>) -> Self {
        // Rounded up: never too fast.
        let interval = |rate: u32| 1_000_000_000_u64.div_ceil(rate.max(1).into());
        Self {
            interval: Duration::from_nanos(per_second.map_or(0, interval)),
            shared: None,
            adaptive_limit,
            schedule: Mutex::default(),
            queue: tokio::sync::Mutex::default(),
            priority_waiting: AtomicUsize::new(0),
        }
    }

    /// As many requests as all processes together may start.
    pub(crate) fn shared(pace: Box<dyn SharedPace>, adaptive_limit: Arc<AdaptiveLimit>) -> Self {
        Self {
            shared: Some(pace),
            ..Self::new(None, adaptive_limit)
        }
    }

    /// Waits until a request may start. Fails at once if the server-imposed pause ends after `deadline`.
    pub(crate) async fn acquire(&self, deadline: Instant) -> Result<(), RateLimitError> {
        self.check_pause(deadline)?;
        self.follow_advice(deadline).await;
        let arrived = Instant::now();
        let Ok(_head) = timeout_at(deadline, self.queue.lock()).await else {
            return Err(self.deadline_error());
        };
        self.wait(arrived, deadline, || {
            self.priority_waiting.load(Ordering::Acquire) > 0
        })
        .await?;
        self.wait_for_slot(deadline).await
    }

    /// The same, ahead of the queue, and whatever the server advises: other requests need the session before their deadlines.
    pub(crate) async fn acquire_priority(&self, deadline: Instant) -> Result<(), RateLimitError> {
        let _waiting = PriorityWaiter::new(&self.priority_waiting);
        self.wait(Instant::now(), deadline, || false).await?;
        self.wait_for_slot(deadline).await
    }

    /// Waits for a slot among all processes, if there are others. One that was missed, or that a pause of the server has overtaken, is
    /// given up for another.
    async fn wait_for_slot(&self, deadline: Instant) -> Result<(), RateLimitError> {
        let Some(pace) = &self.shared else {
            return Ok(());
        };
        loop {
            self.check_pause(deadline)?;
            let Ok(slot) = timeout_at(deadline, pace.slot()).await else {
                return Err(self.deadline_error());
            };
            if slot.start > deadline {
                return Err(self.deadline_error());
            }
            sleep_until(slot.start).await;
            let now = Instant::now();
            let paused_until = self.schedule().paused_until;
            match paused_until.filter(|until| *until > now) {
                Some(until) => sleep_until(until.min(deadline)).await,
                None if now <= slot.end => return Ok(()),
                None => {}
            }
        }
    }

    async fn wait(
        &self,
        mut ready: Instant,
        deadline: Instant,
        has_to_yield: impl Fn() -> bool,
    ) -> Result<(), RateLimitError> {
        loop {
            self.check_pause(deadline)?;
            let now = Instant::now();
            let start = if has_to_yield() {
                now + self.interval()
            } else {
                self.try_start(ready, now)
            };
            if start <= now {
                return Ok(());
            }
            if now >= deadline {
                return Err(self.deadline_error());
            }
            ready = start.min(now + RECHECK_INTERVAL).min(deadline);
            sleep_until(ready).await;
        }
    }

    /// Lets no request start for `wait` from now.
    pub(crate) fn pause(&self, wait: Duration) {
        let until = Instant::now() + wait.min(PAUSE_MAX);
        let mut schedule = self.schedule();
        schedule.paused_until = schedule.paused_until.max(Some(until));
    }

    /// Lets requests wait for `wait` from now, but none for more than half of the time that it has: nothing was rejected, so this must
    /// not be why one fails.
    pub(crate) fn advise(&self, wait: Duration) {
        let until = Instant::now() + wait;
        let mut schedule = self.schedule();
        schedule.advised_until = schedule.advised_until.max(Some(until));
    }

    /// Waits as long as the server advises, but no longer than half of the time that is left. It comes before the queue, so that one that
    /// has more time does not hold up one that has less.
    async fn follow_advice(&self, deadline: Instant) {
        let now = Instant::now();
        let patient_until = now + deadline.saturating_duration_since(now) / 2;
        loop {
            let advised_until = self.schedule().advised_until;
            let Some(until) = advised_until.map(|until| until.min(patient_until)) else {
                return;
            };
            if until <= Instant::now() {
                return;
            }
            sleep_until(until).await;
        }
    }

    /// Informs other processes of an overload of the server; see [`SharedPace::overloaded`].
    pub(crate) async fn tell_others(&self, since: Duration, pause: Duration) {
        if let Some(pace) = &self.shared {
            pace.overloaded(since, pause).await;
        }
    }

    fn check_pause(&self, deadline: Instant) -> Result<(), RateLimitError> {
        match self.schedule().paused_until {
            Some(until) if until > deadline => Err(RateLimitError::ServerPause(until)),
            _ => Ok(()),
        }
    }

    fn deadline_error(&self) -> RateLimitError {
        let paused_until = self.schedule().paused_until;
        let until = paused_until.filter(|until| *until > Instant::now());
        until.map_or(RateLimitError::QueueTimeout, RateLimitError::ServerPause)
    }

    fn interval(&self) -> Duration {
        self.adaptive_limit.fraction().scale_interval(self.interval)
    }

    /// When the head of the queue, which was ready at `ready`, may start. If that is not after `now`, it has
    /// started.
    fn try_start(&self, ready: Instant, now: Instant) -> Instant {
        let interval = self.interval();
        let mut schedule = self.schedule();
        let after_last = schedule.last.map(|last| last + interval);
        let start = Some(ready).max(after_last).max(schedule.paused_until);
        let start = start.unwrap_or(now);
        if start <= now {
            // Without a rate, only the number of requests at once follows the fraction, and that has nothing to do with time.
            if let Some(free) = after_last.filter(|_| !interval.is_zero()) {
                self.adaptive_limit.unused(free, start);
            }
            let earliest = now.checked_sub(CATCH_UP_MAX).unwrap_or(now);
            schedule.last = Some(start.max(earliest));
        }
        start
    }

    fn schedule(&self) -> MutexGuard<'_, Schedule> {
        // Nothing here panics halfway, so the schedule behind a poisoned lock is still consistent.
        self.schedule.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that waits outside the queue.
struct PriorityWaiter<'a>(&'a AtomicUsize);

impl<'a> PriorityWaiter<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::AcqRel);
        Self(count)
    }
}

impl Drop for PriorityWaiter<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod properties;

#[cfg(test)]
mod tests {
    use futures_util::future::BoxFuture;
    use tokio::time::{advance, sleep};

    use super::*;
    use crate::shared_pace::Slot;

    fn limiter(per_second: u32) -> Arc<RateLimiter> {
        Arc::new(RateLimiter::new(Some(per_second), Arc::default()))
    }

    fn far() -> Instant {
        Instant::now() + Duration::from_secs(360_000)
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_rate_only_a_pause_of_the_server_delays_a_request() {
        let limiter = RateLimiter::new(None, Arc::default());
        let start = Instant::now();
        for _ in 0..5000 {
            limiter.acquire(far()).await.unwrap();
        }
        assert_eq!(start.elapsed(), Duration::ZERO);
        limiter.pause(Duration::from_secs(7));
        limiter.acquire(far()).await.unwrap();
        assert_eq!(start.elapsed().as_secs(), 7);
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_applies_to_requests_that_already_wait() {
        let limiter = limiter(2);
        let start = Instant::now();
        limiter.acquire(far()).await.unwrap();
        let waiting = tokio::spawn({
            let limiter = Arc::clone(&limiter);
            async move { limiter.acquire(far()).await }
        });
        sleep(Duration::from_millis(100)).await;
        limiter.pause(Duration::from_secs(7));
        waiting.await.unwrap().unwrap();
        assert_eq!(start.elapsed(), Duration::from_millis(7100));
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_beyond_the_deadline_fails_at_once() {
        let limiter = limiter(1);
        limiter.pause(Duration::from_secs(60));
        let start = Instant::now();
        let error = limiter.acquire(start + Duration::from_secs(59)).await;
        assert_eq!(
            error,
            Err(RateLimitError::ServerPause(start + Duration::from_secs(60)))
        );
        assert_eq!(start.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn advice_is_followed_for_no_more_than_half_of_the_time() {
        let start = Instant::now();
        let limiter = limiter(1000);
        limiter.advise(Duration::from_secs(60));
        limiter
            .acquire(start + Duration::from_secs(20))
            .await
            .unwrap();
        assert_eq!(start.elapsed(), Duration::from_secs(10));
        // A sign-in does not follow it: what needs the session has a deadline of its own.
        limiter.acquire_priority(far()).await.unwrap();
        assert_eq!(start.elapsed(), Duration::from_millis(10_001));
        limiter.acquire(far()).await.unwrap();
        assert_eq!(start.elapsed(), Duration::from_secs(60));
    }

    #[tokio::test(start_paused = true)]
    async fn advice_does_not_let_one_with_much_time_hold_up_one_with_little() {
        let start = Instant::now();
        let limiter = limiter(1000);
        limiter.advise(Duration::from_secs(60));
        let patient = Arc::clone(&limiter);
        let patient = tokio::spawn(async move { patient.acquire(far()).await });
        sleep(Duration::from_secs(1)).await;
        let hurried = limiter.acquire(start + Duration::from_secs(9)).await;
        assert_eq!((hurried, start.elapsed()), (Ok(()), Duration::from_secs(5)));
        patient.await.unwrap().unwrap();
        assert_eq!(start.elapsed(), Duration::from_secs(60));
    }

    #[tokio::test(start_paused = true)]
    async fn a_waiter_that_times_out_does_not_delay_the_next_one() {
        let limiter = limiter(1);
        let start = Instant::now();
        limiter.acquire(far()).await.unwrap();
        let error = limiter.acquire(start + Duration::from_millis(500)).await;
        assert_eq!(error, Err(RateLimitError::QueueTimeout));
        assert_eq!(start.elapsed(), Duration::from_millis(500));
        limiter.acquire(far()).await.unwrap();
        assert_eq!(start.elapsed(), Duration::from_secs(1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_priority_request_goes_ahead_of_the_queue() {
        let limiter = limiter(1);
        let start = Instant::now();
        let waiting: Vec<_> = (0..5)
            .map(|_| {
                let limiter = Arc::clone(&limiter);
                tokio::spawn(async move {
                    limiter.acquire(far()).await.unwrap();
                    start.elapsed().as_secs()
                })
            })
            .collect();
        sleep(Duration::from_millis(1500)).await;
        limiter.acquire_priority(far()).await.unwrap();
        assert_eq!(start.elapsed(), Duration::from_secs(2));
        let mut started = Vec::new();
        for task in waiting {
            started.push(task.await.unwrap());
        }
        assert_eq!(started, [0, 1, 3, 4, 5]);
        // A priority request that timed out no longer counts.
        let error = limiter.acquire_priority(Instant::now()).await;
        assert_eq!(error, Err(RateLimitError::QueueTimeout));
        limiter.acquire(far()).await.unwrap();
        assert_eq!(start.elapsed(), Duration::from_secs(6));
    }

    #[tokio::test(start_paused = true)]
    async fn a_suspended_process_does_not_catch_up_in_a_burst() {
        let limiter = limiter(10);
        let waiting: Vec<_> = (0..20)
            .map(|_| {
                let limiter = Arc::clone(&limiter);
                tokio::spawn(async move {
                    limiter.acquire(far()).await.unwrap();
                    Instant::now()
                })
            })
            .collect();
        tokio::task::yield_now().await;
        advance(Duration::from_secs(60)).await;
        let mut started = Vec::new();
        for task in waiting {
            started.push(task.await.unwrap());
        }
        let interval = Duration::from_millis(100);
        let gaps: Vec<_> = started.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(
            gaps.iter().all(|gap| *gap + CATCH_UP_MAX >= interval),
            "{gaps:?}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn overload_slows_waiting_requests_down_and_recovery_speeds_them_up() {
        let adaptive_limit = Arc::new(AdaptiveLimit::default());
        let limiter = Arc::new(RateLimiter::new(Some(10), Arc::clone(&adaptive_limit)));
        let start = Instant::now();
        let waiting: Vec<_> = (0..150)
            .map(|_| {
                let limiter = Arc::clone(&limiter);
                tokio::spawn(async move {
                    limiter.acquire(far()).await.unwrap();
                    start.elapsed()
                })
            })
            .collect();
        sleep(Duration::from_millis(950)).await;
        adaptive_limit.on_overload(Instant::now(), Duration::ZERO);
        let mut started = Vec::new();
        for task in waiting {
            started.push(task.await.unwrap());
        }
        let in_second = |second| {
            let started = started.iter().map(Duration::as_secs);
            started.filter(|moment| *moment == second).count()
        };
        assert_eq!((in_second(0), in_second(1)), (10, 6));
        let growing: Vec<_> = (1..12).map(in_second).collect();
        // Where the last of a second starts is a matter of milliseconds.
        let grows = growing.windows(2).all(|pair| pair[1] + 1 >= pair[0]);
        assert!(grows && growing[4] >= 9, "{growing:?}");
        assert_eq!((in_second(11), in_second(12)), (10, 10));
    }

    #[tokio::test(start_paused = true)]
    async fn after_an_hour_without_requests_the_rate_is_as_it_was() {
        let adaptive_limit = Arc::new(AdaptiveLimit::default());
        let limiter = RateLimiter::new(Some(10), Arc::clone(&adaptive_limit));
        limiter.acquire(far()).await.unwrap();
        adaptive_limit.on_overload(Instant::now(), Duration::ZERO);
        sleep(Duration::from_secs(3600)).await;
        limiter.acquire(far()).await.unwrap();
        let start = Instant::now();
        limiter.acquire(far()).await.unwrap();
        // Half the rate, and the second that always counts.
        let interval = start.elapsed();
        let expected = Duration::from_millis(150)..Duration::from_millis(160);
        assert!(expected.contains(&interval), "{interval:?}");
    }

    /// Hands out slots from a list, and never another one.
    struct Slots(Mutex<Vec<Slot>>);

    impl SharedPace for Slots {
        fn slot(&self) -> BoxFuture<'_, Slot> {
            let next = self.0.lock().unwrap().pop();
            Box::pin(async move {
                match next {
                    Some(slot) => slot,
                    None => std::future::pending().await,
                }
            })
        }

        fn overloaded(&self, _: Duration, _: Duration) -> BoxFuture<'_, ()> {
            Box::pin(async {})
        }
    }

    fn with_slots(starts: &[u64]) -> RateLimiter {
        let now = Instant::now();
        let slot =
            |start: &u64| Slot::new(now + Duration::from_secs(*start), Duration::from_millis(50));
        let slots = starts.iter().rev().map(slot).collect();
        RateLimiter::shared(Box::new(Slots(Mutex::new(slots))), Arc::default())
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_starts_in_its_slot_and_takes_another_one_if_it_is_late() {
        let start = Instant::now();
        let limiter = with_slots(&[2, 3, 9]);
        limiter.acquire(far()).await.unwrap();
        assert_eq!(start.elapsed(), Duration::from_secs(2));
        advance(Duration::from_millis(1051)).await;
        limiter.acquire_priority(far()).await.unwrap();
        assert_eq!(start.elapsed(), Duration::from_secs(9));
    }

    #[tokio::test(start_paused = true)]
    async fn a_slot_that_a_pause_has_overtaken_is_given_up() {
        let start = Instant::now();
        let limiter = with_slots(&[2, 8]);
        let (acquired, ()) = tokio::join!(limiter.acquire(far()), async {
            sleep(Duration::from_secs(1)).await;
            limiter.pause(Duration::from_secs(6));
        });
        acquired.unwrap();
        assert_eq!(start.elapsed(), Duration::from_secs(8));
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_does_not_wait_for_a_slot_beyond_its_deadline() {
        let limiter = with_slots(&[9]);
        let deadline = Instant::now() + Duration::from_secs(5);
        let (start, timed_out) = (Instant::now(), Err(RateLimitError::QueueTimeout));
        assert_eq!(limiter.acquire(deadline).await, timed_out);
        assert_eq!(start.elapsed(), Duration::ZERO);
        assert_eq!(limiter.acquire(deadline).await, timed_out);
        assert_eq!(start.elapsed(), Duration::from_secs(5));
    }
}
