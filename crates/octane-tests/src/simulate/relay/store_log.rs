//! What the store of a simulation has done.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use octane_client::UploadId;
use octane_relay::{Lane, Lease, StoreError};

use super::super::random::Random;
use super::super::trace::Trace;

/// What the store has done for all who use it, and what will go wrong with it.
#[derive(Debug)]
pub(super) struct StoreLog {
    trace: Trace,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    random: Random,
    /// The last lease of each lane.
    newest: BTreeMap<Lane, Lease>,
    stored: Vec<UploadId>,
    /// What must not have happened.
    problem: Option<String>,
}

/// What goes wrong with one operation of the store, and how long both ways take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Way {
    pub(super) fault: Option<StoreFault>,
    pub(super) there: Duration,
    pub(super) back: Duration,
}

/// What goes wrong with one operation of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StoreFault {
    /// It does not happen.
    NotDone,
    /// It happens, and who asked for it gets an error.
    AnswerLost,
    /// It happens so much later, even if who asked for it has died by then.
    Late(Duration),
}

impl StoreLog {
    pub(super) fn new(trace: &Trace, seed: u64) -> Self {
        Self {
            trace: trace.clone(),
            state: Mutex::new(State {
                random: Random::new(seed),
                newest: BTreeMap::new(),
                stored: Vec::new(),
                problem: None,
            }),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds the lock, so the state of a poisoned lock is consistent.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn record(&self, line: impl Display) {
        self.trace.record(line);
    }

    /// Draws what happens to an operation, which has a fault with this probability.
    pub(super) fn draw(&self, percent: u64) -> Way {
        let random = &mut self.state().random;
        let mut latency = || match random.within(0..=99) {
            0 => random.milliseconds(100..=3000),
            1..=50 => Duration::ZERO,
            _ => random.milliseconds(1..=20),
        };
        let (there, back) = (latency(), latency());
        let fault = random.chance(percent).then(|| match random.within(0..=3) {
            0 => StoreFault::NotDone,
            1 | 2 => StoreFault::AnswerLost,
            _ => StoreFault::Late(random.milliseconds(1000..=40_000)),
        });
        Way { fault, there, back }
    }

    /// A relay has asked for a lane.
    pub(super) fn asked_for_lane(&self, holder: &str, leased: &Result<Option<Lease>, StoreError>) {
        if let Ok(Some(lease)) = leased {
            self.leased(lease);
            self.record(format_args!("{holder}: lease of `{}`", lease.lane.suite));
        }
    }

    /// A lane was leased.
    fn leased(&self, lease: &Lease) {
        self.state()
            .newest
            .insert(lease.lane.clone(), lease.clone());
    }

    /// The last lease of a lane, if it is another one.
    pub(super) fn newer(&self, lease: &Lease) -> Option<Lease> {
        let newest = self.state().newest.get(&lease.lane).cloned();
        newest.filter(|newest| newest != lease)
    }

    /// The store has done something for this lease.
    pub(super) fn used(&self, what: &str, lease: &Lease) {
        if self.newer(lease).is_some() {
            let suite = &lease.lane.suite;
            let problem =
                format!("`{what}` took effect for an earlier lease of the lane of `{suite}`");
            self.state().problem.get_or_insert(problem);
        }
    }

    /// An upload was stored.
    pub(super) fn stored(&self, id: &UploadId) {
        self.state().stored.push(id.clone());
    }

    /// All uploads in the order in which they were stored.
    pub(super) fn all_stored(&self) -> Vec<UploadId> {
        self.state().stored.clone()
    }

    /// What must not have happened, if it has.
    pub(super) fn problem(&self) -> Option<String> {
        self.state().problem.clone()
    }
}
