//! Cancelling an upload.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// Cancels an upload: it starts no new work, gives requests in flight a moment, and leaves the rest in its journal.
/// Cheap to clone; all clones are one token.
///
/// The names are those of `tokio_util::sync::CancellationToken`; this one also knows when it was cancelled, so
/// that everything in flight shares one grace period.
///
/// ```
/// use octane_client::CancellationToken;
///
/// let token = CancellationToken::new();
/// let clone = token.clone();
/// clone.cancel();
/// assert!(token.is_cancelled());
/// ```
#[derive(Debug, Clone)]
pub struct CancellationToken(watch::Sender<Option<Instant>>);

/// How long work in flight may go on after a cancellation. What it may have done is found out when the upload
/// is resumed.
const GRACE: Duration = Duration::from_secs(3);

impl CancellationToken {
    /// A token that can be cancelled.
    pub fn new() -> Self {
        Self(watch::Sender::new(None))
    }

    /// A token that is never cancelled, for callers that need none.
    pub fn none() -> Self {
        Self::new()
    }

    /// Cancels; only the first call counts.
    pub fn cancel(&self) {
        self.0.send_if_modified(|since| {
            let is_first = since.is_none();
            since.get_or_insert_with(Instant::now);
            is_first
        });
    }

    /// Whether [`cancel`](Self::cancel) has been called.
    pub fn is_cancelled(&self) -> bool {
        self.0.borrow().is_some()
    }

    /// Waits for the cancellation.
    pub async fn cancelled(&self) {
        // The sender lives in `self`, so waiting cannot fail.
        let _ = self.0.subscribe().wait_for(Option::is_some).await;
    }

    /// Waits this long, or until the cancellation.
    pub(crate) async fn sleep(&self, time: Duration) {
        tokio::select! {
            () = tokio::time::sleep(time) => {}
            () = self.cancelled() => {}
        }
    }

    /// Runs `work`; after a cancellation for at most three more seconds, counted from the cancellation.
    /// `None` if it was abandoned: what it may have done is unknown.
    pub async fn within_grace<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            done = work => Some(done),
            () = async {
                self.cancelled().await;
                let since = *self.0.borrow();
                sleep_until(since.unwrap_or_else(Instant::now) + GRACE).await;
            } => None,
        }
    }
}

impl Default for CancellationToken {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn everything_in_flight_shares_one_grace_period() {
        let token = CancellationToken::new();
        let start = Instant::now();
        token.cancel();
        for _ in 0..3 {
            let never = token.within_grace(std::future::pending::<()>());
            assert_eq!(never.await, None);
        }
        token.cancel();
        assert_eq!(token.within_grace(std::future::pending::<()>()).await, None);
        assert_eq!(start.elapsed(), GRACE);
        // What needs no time may still be done.
        assert_eq!(token.within_grace(async { 7 }).await, Some(7));
    }
}
