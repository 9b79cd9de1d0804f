//! Which request triggers which fault.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use octane_model::random::mix;
use serde::Serialize;

use super::definition::Fault;
use super::kind::FaultKind;
use super::plan::FaultPlan;
use super::subject::Subject;
use super::task::{IncomingPayload, TaskFaults};
use super::throttle::Throttle;
use crate::clock::Clock;

/// The maximum number of faults in addition to the plan.
const ADDED_MAX: usize = 1000;

/// The faults of a sandbox.
#[derive(Debug)]
pub(crate) struct Faults {
    throttle: Throttle,
    tasks: TaskFaults,
    plan: FaultPlan,
    rules: Mutex<Rules>,
}

#[derive(Debug, Default)]
struct Rules {
    next_id: u64,
    /// Added faults first, then those of the plan.
    rules: Vec<Rule>,
}

/// A fault and its counters.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Rule {
    pub(crate) id: u64,
    is_planned: bool,
    /// How many requests triggered it.
    #[serde(rename = "struck")]
    triggered: u64,
    /// How many requests it applied to; the position in its sequence of random numbers.
    #[serde(skip)]
    candidates: u64,
    #[serde(flatten)]
    fault: Fault,
}

impl Faults {
    pub(crate) fn new(plan: FaultPlan, requests_per_second_max: Option<u32>, clock: Clock) -> Self {
        let faults = Self {
            throttle: Throttle::new(requests_per_second_max, clock),
            tasks: TaskFaults::default(),
            plan,
            rules: Mutex::default(),
        };
        faults.reset();
        faults
    }

    fn rules(&self) -> MutexGuard<'_, Rules> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long the client has to wait if its request exceeds the rate limit.
    pub(crate) fn throttled_for(&self) -> Option<Duration> {
        self.throttle.wait()
    }

    /// Holds the worker until the ID of the incoming payload's task is known.
    pub(crate) fn expect_payload(&self) -> IncomingPayload<'_> {
        self.tasks.expect_payload()
    }

    /// The faults of tasks, for the worker.
    pub(crate) fn tasks(&self) -> TaskFaults {
        self.tasks.clone()
    }

    /// Restores the plan, and drops everything else but the faults of tasks, which are dropped together with the tasks.
    pub(crate) fn reset(&self) {
        let plan = self.plan.plan.iter().zip(1..);
        let rules: Vec<Rule> = plan
            .map(|(fault, id)| Rule::new(id, fault.clone(), true))
            .collect();
        *self.rules() = Rules {
            next_id: rules.len() as u64 + 1,
            rules,
        };
    }

    pub(crate) fn seed(&self) -> u64 {
        self.plan.seed
    }

    pub(crate) fn list(&self) -> Vec<Rule> {
        self.rules().rules.clone()
    }

    /// Adds a fault, which takes precedence over the plan and triggers once unless it says how often. `None`
    /// if there are too many.
    pub(crate) fn add(&self, mut fault: Fault) -> Option<u64> {
        fault.once_by_default();
        let mut rules = self.rules();
        let added = rules.rules.iter().take_while(|rule| !rule.is_planned);
        let place = added.count();
        if place >= ADDED_MAX {
            return None;
        }
        let id = rules.next_id;
        rules.next_id += 1;
        rules.rules.insert(place, Rule::new(id, fault, false));
        Some(id)
    }

    /// Whether the fault existed.
    pub(crate) fn remove(&self, id: u64) -> bool {
        let mut rules = self.rules();
        let before = rules.rules.len();
        rules.rules.retain(|rule| rule.id != id);
        rules.rules.len() < before
    }

    /// Drops all faults, including those of the plan.
    pub(crate) fn clear(&self) {
        self.rules().rules.clear();
    }

    /// The fault that this request triggers, if any.
    pub(crate) fn trigger(&self, subject: &Subject<'_>) -> Option<FaultKind> {
        let mut rules = self.rules();
        let mut triggered = None;
        // Every rule is evaluated, so that one rule does not change the odds of the others.
        for rule in &mut rules.rules {
            if rule.matches(self.plan.seed, subject) && triggered.is_none() {
                rule.triggered += 1;
                triggered = Some(rule.fault.kind().clone());
            }
        }
        rules
            .rules
            .retain(|rule| rule.is_planned || !rule.is_used_up());
        triggered
    }
}

impl Rule {
    fn new(id: u64, fault: Fault, is_planned: bool) -> Self {
        Self {
            id,
            is_planned,
            triggered: 0,
            candidates: 0,
            fault,
        }
    }

    fn is_used_up(&self) -> bool {
        self.fault
            .limit()
            .is_some_and(|times| self.triggered >= times)
    }

    fn matches(&mut self, seed: u64, subject: &Subject<'_>) -> bool {
        if self.is_used_up() || !self.fault.matches(subject) {
            return false;
        }
        self.candidates += 1;
        draw(seed, self.id, self.candidates) < u64::from(self.fault.millionths())
    }
}

/// A pseudo-random number below a million: the `SplitMix64` generator (Steele, Lea and Flood, 2014) at a
/// position derived from the three numbers.
fn draw(seed: u64, rule: u64, number: u64) -> u64 {
    let mixed = mix(mix(mix(seed) ^ rule) ^ number);
    mixed % 1_000_000
}
