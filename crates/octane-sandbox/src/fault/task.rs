//! What becomes of tasks that a fault struck.

use std::collections::BTreeMap;

use jiff::Timestamp;
use tokio::sync::watch;

/// What goes wrong with a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TaskFault {
    /// It stays `running` until then, and then goes on.
    Slow { until: Timestamp },
    /// It ends `failed`.
    Failed,
    /// It ends with `error`.
    Error,
    /// It stays `running`.
    Stuck,
}

/// The fates of tasks, between those who decide them and the worker. All clones are one.
#[derive(Debug, Clone, Default)]
pub(crate) struct TaskFaults(watch::Sender<Fates>);

#[derive(Debug, Default)]
struct Fates {
    /// How many payloads with a fate are coming in, whose tasks have no known id yet.
    arriving: usize,
    fates: BTreeMap<i64, TaskFault>,
}

/// A payload with a fate that is coming in.
#[derive(Debug)]
#[must_use = "the worker waits as long as it lives"]
pub(super) struct Arriving<'a>(&'a TaskFaults);

impl TaskFaults {
    /// Holds the worker until it is known which task the payload has become.
    pub(super) fn arriving(&self) -> Arriving<'_> {
        self.0.send_modify(|fates| fates.arriving += 1);
        Arriving(self)
    }

    /// The fate of a task, which it has once.
    pub(crate) async fn fate_of(&self, task: i64) -> Option<TaskFault> {
        let mut changes = self.0.subscribe();
        // The sender lives in here, so waiting cannot fail.
        let _ = changes.wait_for(|fates| fates.arriving == 0).await;
        let mut fate = None;
        self.0.send_if_modified(|fates| {
            fate = fates.fates.remove(&task);
            false
        });
        fate
    }

    pub(super) fn clear(&self) {
        self.0.send_modify(|fates| fates.fates.clear());
    }
}

impl Arriving<'_> {
    pub(super) fn became(self, task: i64, fate: TaskFault) {
        self.0.0.send_modify(|fates| {
            fates.fates.insert(task, fate);
        });
    }
}

impl Drop for Arriving<'_> {
    fn drop(&mut self) {
        self.0.0.send_modify(|fates| fates.arriving -= 1);
    }
}
