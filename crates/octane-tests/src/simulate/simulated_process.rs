//! A process that may crash at any moment.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use octane_client::CommitPoint;
use tokio::sync::Notify;
use tokio::time::sleep;

use super::case::CrashPoint;

/// One run of the process. Once it has crashed, it writes and sends nothing.
#[derive(Debug)]
pub(super) struct SimulatedProcess {
    crash: Option<CrashPoint>,
    commits: AtomicU64,
    has_crashed: AtomicBool,
    crashed: Notify,
}

impl SimulatedProcess {
    pub(super) fn new(crash: Option<CrashPoint>) -> Self {
        Self {
            crash,
            commits: AtomicU64::new(0),
            has_crashed: AtomicBool::new(false),
            crashed: Notify::new(),
        }
    }

    /// How many commits were begun.
    pub(super) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    /// Whether the process is still running at this moment of a commit.
    pub(super) fn survives(&self, moment: CommitPoint) -> bool {
        let number = match moment {
            CommitPoint::Before => self.commits.fetch_add(1, Ordering::Relaxed) + 1,
            CommitPoint::After => self.commits.load(Ordering::Relaxed),
        };
        if let Some(CrashPoint::AtCommit {
            number: last,
            is_written,
        }) = self.crash
            && number == last
            && is_written == (moment == CommitPoint::After)
        {
            self.crash_now();
        }
        !self.has_crashed.load(Ordering::Relaxed)
    }

    /// Never returns if the process crashes, or has crashed, at this moment of a request.
    pub(super) async fn at_request(&self, number: u64, is_done: bool) {
        if self.crash == Some(CrashPoint::AtRequest { number, is_done }) {
            self.crash_now();
        }
        if self.has_crashed.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
    }

    fn crash_now(&self) {
        self.has_crashed.store(true, Ordering::Relaxed);
        self.crashed.notify_one();
    }

    /// Does `work`; `None` if the process crashes first.
    pub(super) async fn run<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        let moment = async {
            match self.crash {
                Some(CrashPoint::After(time)) => sleep(time).await,
                _ => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = self.crashed.notified() => None,
            done = work => Some(done),
            () = moment => {
                self.crash_now();
                None
            }
        }
    }
}
