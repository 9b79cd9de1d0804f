//! How fast requests may begin.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout_at};

use crate::share::Share;

/// Lets requests begin at least an interval apart, for all clones of an endpoint together, and further
/// apart while the server is in trouble.
///
/// Who comes first begins first, but for sign-ins, which others wait for. Only the one who is next watches the time, so that whatever the server
/// says holds for everybody who waits.
#[derive(Debug)]
pub(crate) struct Pace {
    interval: Duration,
    share: Arc<Share>,
    moments: Mutex<Moments>,
    /// Held by the one who is next.
    queue: tokio::sync::Mutex<()>,
    /// How many wait beside the queue.
    urgent: AtomicUsize,
}

#[derive(Debug, Default)]
struct Moments {
    /// The moment of the last request that began.
    last: Option<Instant>,
    /// Until when the server wants to see nobody.
    paused_until: Option<Instant>,
}

/// Why a request cannot begin in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Late {
    /// The server wants to see nobody until then.
    Paused(Instant),
    /// Too many others are waiting.
    Crowded,
}

/// The longest pause that is believed; a server that says more is tried again after it.
pub(crate) const PAUSE_MAX: Duration = Duration::from_secs(24 * 3600);

/// How much a timer that woke late may be made up for by the next one. Without it the pace would fall
/// behind a little with every request; with more of it, a process that was stopped would catch up in a
/// burst.
const CATCH_UP_MAX: Duration = Duration::from_millis(10);

/// How often the one who is next looks whether the pace has grown.
const GROWTH: Duration = Duration::from_secs(1);

impl Pace {
    /// At most `per_second` requests a second, 1 or more.
    pub(crate) fn new(per_second: u32, share: Arc<Share>) -> Self {
        Self {
            // Rounded up: never too fast.
            interval: Duration::from_nanos(1_000_000_000_u64.div_ceil(per_second.max(1).into())),
            share,
            moments: Mutex::default(),
            queue: tokio::sync::Mutex::default(),
            urgent: AtomicUsize::new(0),
        }
    }

    /// Waits for a moment at which a request may begin. Returns at once if the server wants to see nobody
    /// until after `deadline`.
    pub(crate) async fn turn(&self, deadline: Instant) -> Result<(), Late> {
        let arrived = Instant::now();
        self.check_pause(deadline)?;
        let Ok(_next) = timeout_at(deadline, self.queue.lock()).await else {
            return Err(self.late());
        };
        self.wait(arrived, deadline, || {
            self.urgent.load(Ordering::Acquire) > 0
        })
        .await
    }

    /// The same before everybody who waits.
    pub(crate) async fn urgent_turn(&self, deadline: Instant) -> Result<(), Late> {
        let _waiting = Urgent::new(&self.urgent);
        self.wait(Instant::now(), deadline, || false).await
    }

    async fn wait(
        &self,
        mut ready: Instant,
        deadline: Instant,
        has_to_yield: impl Fn() -> bool,
    ) -> Result<(), Late> {
        loop {
            self.check_pause(deadline)?;
            let now = Instant::now();
            let moment = if has_to_yield() {
                now + self.interval()
            } else {
                self.begin(ready, now)
            };
            if moment <= now {
                return Ok(());
            }
            if now >= deadline {
                return Err(self.late());
            }
            ready = moment.min(now + GROWTH).min(deadline);
            sleep_until(ready).await;
        }
    }

    /// Lets nobody begin for `wait` from now.
    pub(crate) fn pause(&self, wait: Duration) {
        let until = Instant::now() + wait.min(PAUSE_MAX);
        let mut moments = self.moments();
        moments.paused_until = moments.paused_until.max(Some(until));
    }

    fn check_pause(&self, deadline: Instant) -> Result<(), Late> {
        match self.moments().paused_until {
            Some(until) if until > deadline => Err(Late::Paused(until)),
            _ => Ok(()),
        }
    }

    fn late(&self) -> Late {
        let paused_until = self.moments().paused_until;
        let until = paused_until.filter(|until| *until > Instant::now());
        until.map_or(Late::Crowded, Late::Paused)
    }

    fn interval(&self) -> Duration {
        self.share.part().stretch(self.interval)
    }

    /// The moment at which somebody whose turn it is, and is so since `ready`, may begin. If that has come, it
    /// has begun.
    fn begin(&self, ready: Instant, now: Instant) -> Instant {
        let interval = self.interval();
        let mut moments = self.moments();
        let in_turn = moments.last.map(|last| last + interval);
        let moment = Some(ready).max(in_turn).max(moments.paused_until);
        let moment = moment.unwrap_or(now);
        if moment <= now {
            let earliest = now.checked_sub(CATCH_UP_MAX).unwrap_or(now);
            moments.last = Some(moment.max(earliest));
        }
        moment
    }

    fn moments(&self) -> MutexGuard<'_, Moments> {
        // Nothing here panics halfway, so a poisoned lock still holds sound moments.
        self.moments.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody who waits beside the queue.
struct Urgent<'a>(&'a AtomicUsize);

impl<'a> Urgent<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::AcqRel);
        Self(count)
    }
}

impl Drop for Urgent<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod properties;

#[cfg(test)]
mod tests {
    use tokio::time::{advance, sleep};

    use super::*;

    fn pace(per_second: u32) -> Arc<Pace> {
        Arc::new(Pace::new(per_second, Arc::default()))
    }

    fn far() -> Instant {
        Instant::now() + Duration::from_secs(360_000)
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_holds_for_those_who_already_wait() {
        let pace = pace(2);
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
        let pace = pace(1);
        pace.pause(Duration::from_secs(60));
        let start = Instant::now();
        let late = pace.turn(start + Duration::from_secs(59)).await;
        assert_eq!(late, Err(Late::Paused(start + Duration::from_secs(60))));
        assert_eq!(start.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_in_vain_takes_nobodys_turn() {
        let pace = pace(1);
        let start = Instant::now();
        pace.turn(far()).await.unwrap();
        let late = pace.turn(start + Duration::from_millis(500)).await;
        assert_eq!(late, Err(Late::Crowded));
        assert_eq!(start.elapsed(), Duration::from_millis(500));
        pace.turn(far()).await.unwrap();
        assert_eq!(start.elapsed(), Duration::from_secs(1));
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_urgent_goes_before_those_who_wait() {
        let pace = pace(1);
        let start = Instant::now();
        let waiting: Vec<_> = (0..5)
            .map(|_| {
                let pace = Arc::clone(&pace);
                tokio::spawn(async move {
                    pace.turn(far()).await.unwrap();
                    start.elapsed().as_secs()
                })
            })
            .collect();
        sleep(Duration::from_millis(1500)).await;
        pace.urgent_turn(far()).await.unwrap();
        assert_eq!(start.elapsed(), Duration::from_secs(2));
        let mut begun = Vec::new();
        for one in waiting {
            begun.push(one.await.unwrap());
        }
        assert_eq!(begun, [0, 1, 3, 4, 5]);
        // Who gave up is not yielded to.
        let late = pace.urgent_turn(Instant::now()).await;
        assert_eq!(late, Err(Late::Crowded));
        pace.turn(far()).await.unwrap();
        assert_eq!(start.elapsed(), Duration::from_secs(6));
    }

    #[tokio::test(start_paused = true)]
    async fn a_process_that_was_stopped_does_not_catch_up_in_a_burst() {
        let pace = pace(10);
        let waiting: Vec<_> = (0..20)
            .map(|_| {
                let pace = Arc::clone(&pace);
                tokio::spawn(async move {
                    pace.turn(far()).await.unwrap();
                    Instant::now()
                })
            })
            .collect();
        tokio::task::yield_now().await;
        advance(Duration::from_secs(60)).await;
        let mut begun = Vec::new();
        for one in waiting {
            begun.push(one.await.unwrap());
        }
        let interval = Duration::from_millis(100);
        let gaps: Vec<_> = begun.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(
            gaps.iter().all(|gap| *gap + CATCH_UP_MAX >= interval),
            "{gaps:?}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn trouble_slows_those_who_already_wait_and_calm_quickens_them_again() {
        let share = Arc::new(Share::default());
        let pace = Arc::new(Pace::new(10, Arc::clone(&share)));
        let start = Instant::now();
        let waiting: Vec<_> = (0..150)
            .map(|_| {
                let pace = Arc::clone(&pace);
                tokio::spawn(async move {
                    pace.turn(far()).await.unwrap();
                    start.elapsed()
                })
            })
            .collect();
        sleep(Duration::from_millis(950)).await;
        share.halve(Instant::now(), Duration::ZERO);
        let mut begun = Vec::new();
        for one in waiting {
            begun.push(one.await.unwrap());
        }
        let in_second = |second| {
            let begun = begun.iter().map(Duration::as_secs);
            begun.filter(|moment| *moment == second).count()
        };
        assert_eq!((in_second(0), in_second(1)), (10, 5));
        let growing: Vec<_> = (1..12).map(in_second).collect();
        assert!(growing.is_sorted(), "{growing:?}");
        assert_eq!((in_second(11), in_second(12)), (10, 10));
    }
}
