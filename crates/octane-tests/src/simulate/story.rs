//! What happened in a case, in the order in which it happened.

use std::fmt::Display;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

/// What happened, each line with the time that the case's own clock showed. All clones are one.
#[derive(Debug, Clone)]
pub(super) struct Story {
    start: Instant,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Story {
    pub(super) fn new() -> Self {
        Self {
            start: Instant::now(),
            lines: Arc::default(),
        }
    }

    pub(super) fn tell(&self, line: impl Display) {
        let passed = self.start.elapsed().as_secs_f64();
        self.lines().push(format!("{passed:>11.3} s  {line}"));
    }

    pub(super) fn text(&self) -> String {
        self.lines().join("\n")
    }

    pub(super) fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.lines())
    }

    fn lines(&self) -> MutexGuard<'_, Vec<String>> {
        // Nothing here panics halfway, so a poisoned lock still holds sound lines.
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
