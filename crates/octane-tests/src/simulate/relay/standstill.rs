//! A process that stands still for a while, as with SIGSTOP.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use octane_rest::BoxFuture;

/// Halts all tasks of a process. Timers go on, and whatever they would have caused happens when the process goes on.
#[derive(Debug, Default)]
pub(super) struct Standstill(Mutex<Halted>);

#[derive(Debug, Default)]
struct Halted {
    is_halted: bool,
    waiting: Vec<Waker>,
}

impl Standstill {
    fn halted(&self) -> MutexGuard<'_, Halted> {
        // Nothing panics while it holds the lock, so the state of a poisoned lock is consistent.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn halt(&self) {
        self.halted().is_halted = true;
    }

    pub(super) fn go_on(&self) {
        let mut halted = self.halted();
        halted.is_halted = false;
        let waiting = std::mem::take(&mut halted.waiting);
        drop(halted);
        waiting.into_iter().for_each(Waker::wake);
    }

    /// A task of the process.
    pub(super) fn task<'a, T>(self: &Arc<Self>, work: BoxFuture<'a, T>) -> Task<'a, T> {
        Task {
            standstill: Arc::clone(self),
            work,
        }
    }
}

/// A task that is not polled while its process stands still.
pub(super) struct Task<'a, T> {
    standstill: Arc<Standstill>,
    work: BoxFuture<'a, T>,
}

impl<T> Future for Task<'_, T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let mut halted = self.standstill.halted();
        if halted.is_halted {
            halted.waiting.push(context.waker().clone());
            return Poll::Pending;
        }
        drop(halted);
        self.work.as_mut().poll(context)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::{Instant, sleep};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_task_sees_its_timer_late_if_its_process_stood_still() {
        let (start, standstill) = (Instant::now(), Arc::new(Standstill::default()));
        let task = standstill.task(Box::pin(async move {
            sleep(Duration::from_secs(2)).await;
            start.elapsed()
        }));
        let task = tokio::spawn(task);
        sleep(Duration::from_secs(1)).await;
        standstill.halt();
        sleep(Duration::from_secs(10)).await;
        assert!(!task.is_finished());
        standstill.go_on();
        assert_eq!(task.await.unwrap(), Duration::from_secs(11));
    }
}
