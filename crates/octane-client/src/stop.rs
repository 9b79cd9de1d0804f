//! Stopping early.

use std::time::Duration;

use tokio::sync::watch;

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
pub struct Stop(watch::Sender<bool>);

/// How long requests that are under way may go on after a stop. What they might have done is found out when
/// the upload is resumed.
const GRACE: Duration = Duration::from_secs(3);

impl Stop {
    /// Something that can be asked to stop.
    pub fn new() -> Self {
        Self(watch::Sender::new(false))
    }

    /// What nobody will ask to stop.
    pub fn never() -> Self {
        Self::new()
    }

    /// Asks to stop.
    pub fn ask(&self) {
        self.0.send_replace(true);
    }

    /// Whether to stop.
    pub fn is_asked(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until somebody asks.
    pub async fn asked(&self) {
        // The sender lives in `self`, so waiting cannot fail.
        let _ = self.0.subscribe().wait_for(|asked| *asked).await;
    }

    /// Does `work`; once asked to stop, for three seconds longer at most. `None` if it was given up: what it
    /// might have done is unknown.
    pub async fn within_grace<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            done = work => Some(done),
            () = async {
                self.asked().await;
                tokio::time::sleep(GRACE).await;
            } => None,
        }
    }
}

impl Default for Stop {
    fn default() -> Self {
        Self::new()
    }
}
