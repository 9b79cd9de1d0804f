//! What the store of a simulation has done.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use octane_client::{Report, UploadId};
use octane_relay::{Clock, End, Lane, Lease, State as UploadState, StoreError};
use tokio::time::Instant;

use super::super::random::Random;
use super::super::shared_network::SharedNetwork;
use super::completion::{Ended, LaneChange, LaneEvent, Merged};

/// What the store has done for all who use it, and what will go wrong with it.
pub(super) struct StoreLog {
    network: Arc<SharedNetwork>,
    /// The clock of the store.
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    random: Random,
    /// The last lease of each lane.
    newest: BTreeMap<Lane, Lease>,
    stored: Vec<UploadId>,
    lanes: BTreeMap<Lane, Vec<LaneEvent>>,
    /// The uploads that were given up, awaited other shards or were merged with them at some time, with how many payloads the server had accepted then.
    left: BTreeMap<UploadId, usize>,
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
    /// It happens so much later, even if the relay that asked for it has died before.
    Late(Duration),
}

impl StoreLog {
    pub(super) fn new(network: &Arc<SharedNetwork>, clock: Clock, seed: u64) -> Self {
        Self {
            network: Arc::clone(network),
            clock,
            state: Mutex::new(State {
                random: Random::new(seed),
                newest: BTreeMap::new(),
                stored: Vec::new(),
                lanes: BTreeMap::new(),
                left: BTreeMap::new(),
                problem: None,
            }),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds the lock, so the state of a poisoned lock is consistent.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn record(&self, line: impl Display) {
        self.network.trace.record(line);
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
    pub(super) fn stored(&self, id: &UploadId, lane: &Lane) {
        self.state().stored.push(id.clone());
        self.changed(lane, LaneChange::Stored(id.clone()));
    }

    /// Something has happened in a lane.
    pub(super) fn changed(&self, lane: &Lane, what: LaneChange) {
        let event = LaneEvent {
            at: Instant::now(),
            store_time: (self.clock)(),
            what,
        };
        let lanes = &mut self.state().lanes;
        lanes.entry(lane.clone()).or_default().push(event);
    }

    /// Attempts at uploads have ended.
    pub(super) fn ended(&self, lane: &Lane, ends: &[(UploadId, End)]) {
        let accepted = self.network.state().accepted.len();
        let is_left =
            |state| matches!(state, UploadState::AwaitingShards | UploadState::Incomplete);
        for (id, end) in ends {
            if is_left(end.state) || merged(end).is_some() {
                let left = &mut self.state().left;
                left.entry(id.clone()).or_insert(accepted);
            }
        }
        let ended = ends.iter().map(|(id, end)| Ended {
            id: id.clone(),
            state: end.state,
            merged: merged(end),
        });
        self.changed(lane, LaneChange::Ended(ended.collect()));
    }

    /// A person has asked for another attempt at an upload.
    pub(super) fn retried(&self, id: &UploadId) {
        let is_of_it =
            |event: &LaneEvent| matches!(&event.what, LaneChange::Stored(stored) if stored == id);
        let lane = {
            let state = self.state();
            let mut lanes = state.lanes.iter();
            let lane = lanes.find(|(_, events)| events.iter().any(is_of_it));
            lane.map(|(lane, _)| lane.clone())
        };
        if let Some(lane) = lane {
            self.changed(&lane, LaneChange::Retried);
        }
    }

    /// Whether these are the ends of the shards of a suite run that was not completed before.
    pub(super) fn completes_first(&self, lane: &Lane, ends: &[(UploadId, End)]) -> bool {
        let state = self.state();
        let mut events = state.lanes.get(lane).into_iter().flatten();
        let was_completed = events.any(|event| match &event.what {
            LaneChange::Ended(ends) => ends.iter().any(|end| end.merged.is_some()),
            _ => false,
        });
        !was_completed && ends.iter().any(|(_, end)| merged(end).is_some())
    }

    /// What has happened in the lane in which these uploads were stored.
    pub(super) fn events_of(&self, uploads: &[UploadId]) -> Vec<LaneEvent> {
        let state = self.state();
        let is_of_them = |event: &LaneEvent| {
            let LaneChange::Stored(id) = &event.what else {
                return false;
            };
            uploads.contains(id)
        };
        let mut lanes = state.lanes.values();
        let events = lanes.find(|events| events.iter().any(is_of_them));
        events.cloned().unwrap_or_default()
    }

    /// How many payloads the server had accepted when an upload was given up, awaited other shards or was merged with them; none if it never was.
    pub(super) fn left(&self, id: &UploadId) -> Option<usize> {
        self.state().left.get(id).copied()
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

/// What a report covers, if it is that of a suite run.
fn merged(end: &End) -> Option<Merged> {
    let report: Report = serde_json::from_str(end.report.as_deref()?).ok()?;
    let shards = report.shards.filter(|shards| shards.is_merged)?;
    let uploads = shards.uploads.into_iter();
    Some(Merged {
        uploads: uploads.map(|upload| upload.upload_id).collect(),
        missing: shards.missing.unwrap_or_default(),
    })
}
