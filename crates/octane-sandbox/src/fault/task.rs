//! Faults that concern the task of a payload.

use std::collections::BTreeMap;

use jiff::Timestamp;
use tokio::sync::watch;

/// What goes wrong with a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TaskFault {
    /// It stays `running` until then, and then proceeds.
    Slow { until: Timestamp },
    /// It ends with `failed`.
    Failed,
    /// It ends with `error`.
    Error,
    /// It stays `running`.
    Stuck,
}

/// The faults of tasks, shared by the request handlers that decide them and the worker that applies them.
/// All clones share one state.
#[derive(Debug, Clone, Default)]
pub(crate) struct TaskFaults(watch::Sender<PendingTaskFaults>);

#[derive(Debug, Default)]
struct PendingTaskFaults {
    /// How many payloads with a fault are being received; the IDs of their tasks are not known yet.
    incoming: usize,
    by_task: BTreeMap<i64, TaskFault>,
}

/// A payload with a fault that is being received.
#[derive(Debug)]
#[must_use = "the worker waits as long as it exists"]
pub(crate) struct IncomingPayload<'a>(&'a TaskFaults);

impl TaskFaults {
    /// Holds the worker until the ID of the payload's task is known.
    pub(super) fn expect_payload(&self) -> IncomingPayload<'_> {
        self.0.send_modify(|pending| pending.incoming += 1);
        IncomingPayload(self)
    }

    /// Takes the fault of a task, if it has one.
    pub(crate) async fn fault_for(&self, task: i64) -> Option<TaskFault> {
        let mut changes = self.0.subscribe();
        // `self` holds the sender, so waiting cannot fail.
        let _ = changes.wait_for(|pending| pending.incoming == 0).await;
        let mut fault = None;
        self.0.send_if_modified(|pending| {
            fault = pending.by_task.remove(&task);
            false
        });
        fault
    }

    /// Drops the faults of all tasks.
    pub(crate) fn clear(&self) {
        self.0.send_modify(|pending| pending.by_task.clear());
    }
}

impl IncomingPayload<'_> {
    /// Assigns the fault to the task that the payload has become.
    pub(crate) fn assign(self, task: i64, fault: TaskFault) {
        self.0.0.send_modify(|pending| {
            pending.by_task.insert(task, fault);
        });
    }
}

impl Drop for IncomingPayload<'_> {
    fn drop(&mut self) {
        self.0.0.send_modify(|pending| pending.incoming -= 1);
    }
}
