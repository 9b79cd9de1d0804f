//! Stopping early.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// Asks an upload to stop: it takes no new work, gives what is in flight a moment, and leaves the rest in
/// its journal. Cheap to clone; all clones are one.
///
/// ```
/// use octane_client::Stop;
///
/// let stop = Stop::new();
/// let other = stop.clone();
/// other.ask();
/// assert!(stop.is_asked());
/// ```
#[derive(Debug, Clone)]
pub struct Stop(watch::Sender<Option<Instant>>);

/// How long all that is under way may go on after a stop. What they might have done is found out when
/// the upload is resumed.
const GRACE: Duration = Duration::from_secs(3);

impl Stop {
    /// Something that can be asked to stop.
    pub fn new() -> Self {
        Self(watch::Sender::new(None))
    }

    /// What nobody will ask to stop.
    pub fn never() -> Self {
        Self::new()
    }

    /// Asks to stop.
    pub fn ask(&self) {
        self.0.send_if_modified(|since| {
            let is_first = since.is_none();
            since.get_or_insert_with(Instant::now);
            is_first
        });
    }

    /// Whether to stop.
    pub fn is_asked(&self) -> bool {
        self.0.borrow().is_some()
    }

    /// Waits until somebody asks.
    pub async fn asked(&self) {
        // The sender lives in `self`, so waiting cannot fail.
        let _ = self.0.subscribe().wait_for(Option::is_some).await;
    }

    /// Does `work`; once asked to stop, for three seconds longer at most, which is one time for all that is done.
    /// `None` if it was given up: what it might have done is unknown.
    pub async fn within_grace<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            done = work => Some(done),
            () = async {
                self.asked().await;
                let since = *self.0.borrow();
                sleep_until(since.unwrap_or_else(Instant::now) + GRACE).await;
            } => None,
        }
    }
}

impl Default for Stop {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn all_that_is_under_way_shares_one_moment() {
        let stop = Stop::new();
        let start = Instant::now();
        stop.ask();
        for _ in 0..3 {
            let never = stop.within_grace(std::future::pending::<()>());
            assert_eq!(never.await, None);
        }
        stop.ask();
        assert_eq!(stop.within_grace(std::future::pending::<()>()).await, None);
        assert_eq!(start.elapsed(), GRACE);
        // What needs no time may still be done.
        assert_eq!(stop.within_grace(async { 7 }).await, Some(7));
    }
}
