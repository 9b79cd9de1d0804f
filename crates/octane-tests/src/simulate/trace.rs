//! What happened in a case, in the order in which it happened.

use std::fmt::Display;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

/// What happened, each line with the time of the case's own clock. Clones share the lines.
#[derive(Debug, Clone)]
pub(super) struct Trace {
    start: Instant,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Trace {
    pub(super) fn new() -> Self {
        Self {
            start: Instant::now(),
            lines: Arc::default(),
        }
    }

    pub(super) fn record(&self, line: impl Display) {
        let elapsed = self.start.elapsed().as_secs_f64();
        self.lines().push(format!("{elapsed:>11.3} s  {line}"));
    }

    pub(super) fn text(&self) -> String {
        self.lines().join("\n")
    }

    pub(super) fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.lines())
    }

    fn lines(&self) -> MutexGuard<'_, Vec<String>> {
        // Nothing panics while it holds the lock, so the lines of a poisoned lock are whole.
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
