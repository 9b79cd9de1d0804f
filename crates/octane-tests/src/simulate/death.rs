//! A process that may die at any moment.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use octane_client::Moment;
use tokio::sync::Notify;
use tokio::time::sleep;

use super::case::Death;

/// One life of the process. Whoever is dead writes nothing and sends nothing.
#[derive(Debug)]
pub(super) struct Mortal {
    death: Option<Death>,
    commits: AtomicU64,
    is_dead: AtomicBool,
    died: Notify,
}

impl Mortal {
    pub(super) fn new(death: Option<Death>) -> Self {
        Self {
            death,
            commits: AtomicU64::new(0),
            is_dead: AtomicBool::new(false),
            died: Notify::new(),
        }
    }

    /// Whether the process lives on at this moment of a commit.
    pub(super) fn survives(&self, moment: Moment) -> bool {
        let number = match moment {
            Moment::BeforeCommit => self.commits.fetch_add(1, Ordering::Relaxed) + 1,
            Moment::AfterCommit => self.commits.load(Ordering::Relaxed),
        };
        if let Some(Death::AtCommit {
            number: last,
            is_written,
        }) = self.death
            && number == last
            && is_written == (moment == Moment::AfterCommit)
        {
            self.die();
        }
        !self.is_dead.load(Ordering::Relaxed)
    }

    /// Never comes back if the process dies, or is dead, at this moment of a request.
    pub(super) async fn at_request(&self, number: u64, is_done: bool) {
        if self.death == Some(Death::AtRequest { number, is_done }) {
            self.die();
        }
        if self.is_dead.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
    }

    fn die(&self) {
        self.is_dead.store(true, Ordering::Relaxed);
        self.died.notify_one();
    }

    /// Does `work` unless the process dies meanwhile.
    pub(super) async fn live<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let moment = async {
            match self.death {
                Some(Death::After(time)) => sleep(time).await,
                _ => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = self.died.notified() => None,
            done = work => Some(done),
            () = moment => {
                self.die();
                None
            }
        }
    }
}
