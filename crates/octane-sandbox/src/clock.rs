//! The sandbox's clock.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::Instant;

/// The sandbox's only source of time: for sessions, timestamps, delays and limits.
///
/// A clock is running or paused; either can be moved ahead, which makes tests of long waits both fast and
/// exact. Cheap to clone; all clones show the same time.
///
/// ```
/// use std::time::Duration;
/// use octane_sandbox::Clock;
///
/// let clock = Clock::paused("2025-03-04T05:06:07Z".parse()?);
/// clock.advance(Duration::from_secs(60));
/// assert_eq!(clock.now().to_string(), "2025-03-04T05:07:07Z");
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Clock(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    start: Timestamp,
    /// When a running clock was created. The time since then is monotonic, so changing the system's clock
    /// does not end sessions.
    since: Option<Instant>,
    /// How far it was moved ahead.
    ahead: watch::Sender<Duration>,
}

impl Clock {
    /// A clock that starts at the system's time and runs.
    pub fn running() -> Self {
        Self::new(Timestamp::now(), Some(Instant::now()))
    }

    /// A clock that stays at `start` until it is moved.
    pub fn paused(start: Timestamp) -> Self {
        Self::new(start, None)
    }

    fn new(start: Timestamp, since: Option<Instant>) -> Self {
        Self(Arc::new(Inner {
            start,
            since,
            ahead: watch::Sender::new(Duration::ZERO),
        }))
    }

    /// The current time.
    pub fn now(&self) -> Timestamp {
        let passed = self.0.since.map_or(Duration::ZERO, |since| since.elapsed());
        let ahead = *self.0.ahead.borrow();
        self.0
            .start
            .saturating_add(passed.saturating_add(ahead))
            .unwrap_or(Timestamp::MAX)
    }

    /// Whether it stays still until it is moved.
    pub fn is_paused(&self) -> bool {
        self.0.since.is_none()
    }

    /// Moves the clock ahead, and wakes everything whose time has come.
    pub fn advance(&self, by: Duration) {
        self.0
            .ahead
            .send_modify(|ahead| *ahead = ahead.saturating_add(by));
    }

    /// How long ago `then` was; zero if it is in the future.
    pub(crate) fn since(&self, then: Timestamp) -> Duration {
        Duration::try_from(self.now().duration_since(then)).unwrap_or(Duration::ZERO)
    }

    /// Waits until `duration` has passed on this clock.
    pub(crate) async fn sleep(&self, duration: Duration) {
        let mut moved = self.0.ahead.subscribe();
        let start = self.now();
        while let Some(rest) = duration
            .checked_sub(self.since(start))
            .filter(|rest| !rest.is_zero())
        {
            let is_running = self.0.since.is_some();
            tokio::select! {
                () = tokio::time::sleep(rest), if is_running => {}
                // `self` holds the sender, so waiting cannot fail.
                _ = moved.changed() => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::pin::{Pin, pin};
    use std::task::Poll;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_running_clock_advances_and_can_be_moved_ahead() {
        let clock = Clock::running();
        let start = clock.now();
        tokio::time::advance(Duration::from_secs(5)).await;
        clock.advance(Duration::from_secs(60));
        assert_eq!(clock.since(start), Duration::from_secs(65));
        clock.sleep(Duration::from_secs(10)).await;
        assert_eq!(clock.since(start), Duration::from_secs(75));
    }

    #[tokio::test]
    async fn a_paused_clock_wakes_sleepers_exactly_when_their_time_has_come() {
        let clock = Clock::paused(Timestamp::UNIX_EPOCH);
        let mut sleep = pin!(clock.sleep(Duration::from_secs(10)));
        assert!(!is_ready(&mut sleep).await);
        clock.advance(Duration::from_secs(9));
        assert!(!is_ready(&mut sleep).await);
        clock.advance(Duration::from_secs(1));
        assert!(is_ready(&mut sleep).await);
    }

    /// Whether a future is ready now.
    async fn is_ready(future: &mut (impl Future<Output = ()> + Unpin)) -> bool {
        poll_fn(|context| Poll::Ready(Pin::new(&mut *future).poll(context).is_ready())).await
    }
}
