//! Threads that work on the parts of an input, in turn.

use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

/// How many parts of each thread may be unfinished: while it works on one, the next one waits.
const PARTS_PER_THREAD: usize = 2;

/// Threads that work on parts. What they make of them comes back in the order of the parts.
pub(crate) struct Crew<I, O> {
    threads: Vec<Thread<I, O>>,
    /// The thread that has the first of the parts that have not come back.
    first: usize,
    /// How many parts have not come back.
    waiting: usize,
}

struct Thread<I, O> {
    parts: Sender<I>,
    outcomes: Receiver<O>,
}

impl<I, O> Default for Crew<I, O> {
    /// No threads.
    fn default() -> Self {
        Self {
            threads: Vec::new(),
            first: 0,
            waiting: 0,
        }
    }
}

impl<I: Send + 'static, O: Send + 'static> Crew<I, O> {
    /// Starts `count` threads, or as many of them as can be started, each with a worker of its own.
    pub(crate) fn start<W>(count: usize, worker: impl Fn() -> W) -> Self
    where
        W: FnMut(I) -> O + Send + 'static,
    {
        let start = |_| Thread::start(worker()).ok();
        Self {
            threads: (0..count).map_while(start).collect(),
            ..Self::default()
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.threads.is_empty()
    }

    /// How many parts have not come back.
    pub(crate) const fn waiting(&self) -> usize {
        self.waiting
    }

    /// Whether the threads should be given more.
    pub(crate) fn wants_more(&self) -> bool {
        self.waiting < PARTS_PER_THREAD * self.threads.len()
    }

    /// Gives a part to the next thread.
    pub(crate) fn give(&mut self, part: I) {
        if self.threads.is_empty() {
            return;
        }
        let next = (self.first + self.waiting) % self.threads.len();
        // If it has ended, its outcome is missing, too.
        _ = self.threads[next].parts.send(part);
        self.waiting += 1;
    }

    /// What was made of the next part. `None` without one, or if its thread has ended before.
    pub(crate) fn take(&mut self) -> Option<O> {
        if self.waiting == 0 {
            return None;
        }
        let outcome = self.threads.get(self.first)?.outcomes.recv().ok()?;
        self.first = (self.first + 1) % self.threads.len();
        self.waiting -= 1;
        Some(outcome)
    }
}

impl<I: Send + 'static, O: Send + 'static> Thread<I, O> {
    fn start(mut work: impl FnMut(I) -> O + Send + 'static) -> io::Result<Self> {
        let (sender, parts) = channel();
        let (outcome, outcomes) = channel();
        thread::Builder::new().spawn(move || {
            for part in parts {
                if outcome.send(work(part)).is_err() {
                    return;
                }
            }
        })?;
        Ok(Self {
            parts: sender,
            outcomes,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_of_parts_comes_back_in_their_order() {
        let mut crew = Crew::start(3, || {
            let mut own = 0;
            move |part: usize| {
                own += 1;
                (part, own)
            }
        });
        let mut given = 0;
        let mut taken = Vec::new();
        while given < 100 || crew.waiting() > 0 {
            while given < 100 && crew.wants_more() {
                crew.give(given);
                given += 1;
            }
            taken.push(crew.take().unwrap());
        }
        let expected: Vec<_> = (0..100).map(|part| (part, 1 + part / 3)).collect();
        assert_eq!(taken, expected);
        assert_eq!(crew.take(), None);
    }

    #[test]
    fn nothing_comes_back_from_a_thread_that_has_ended() {
        let mut crew = Crew::start(1, || |part: u8| assert!(part == 0, "expected in this test"));
        crew.give(0);
        crew.give(1);
        crew.give(2);
        assert_eq!(crew.take(), Some(()));
        assert_eq!((crew.take(), crew.take()), (None, None));
        assert_eq!(crew.waiting(), 2);
    }
}
