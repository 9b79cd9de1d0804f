//! Which fault strikes which request.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use super::kind::Kind;
use super::throttle::Throttle;
use super::{Fault, FaultPlan, TaskFaults};
use crate::clock::Clock;
use crate::settings::Settings;

/// How many faults may wait beside those of the plan.
const ADDED_MAX: usize = 1000;

/// The faults of a sandbox.
#[derive(Debug)]
pub(crate) struct Faults {
    pub(super) throttle: Throttle,
    pub(super) tasks: TaskFaults,
    plan: FaultPlan,
    rules: Mutex<Rules>,
}

/// What a fault looks at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) has_session: bool,
}

#[derive(Debug, Default)]
struct Rules {
    next_id: u64,
    /// Those that were added, and behind them those of the plan.
    rules: Vec<Rule>,
}

/// A fault and what it has done.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Rule {
    pub(crate) id: u64,
    is_planned: bool,
    /// How many requests it struck.
    struck: u64,
    /// How many requests it could have struck; chance is counted by it.
    #[serde(skip)]
    met: u64,
    #[serde(flatten)]
    fault: Fault,
}

impl Faults {
    pub(crate) fn new(settings: &Settings, clock: Clock) -> Self {
        let faults = Self {
            throttle: Throttle::new(settings.limits.requests_per_second_max, clock),
            tasks: TaskFaults::default(),
            plan: settings.faults.clone(),
            rules: Mutex::default(),
        };
        faults.reset();
        faults
    }

    fn rules(&self) -> MutexGuard<'_, Rules> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the worker asks for the fate of its tasks.
    pub(crate) fn tasks(&self) -> TaskFaults {
        self.tasks.clone()
    }

    /// Begins the plan anew, and drops everything else.
    pub(crate) fn reset(&self) {
        let plan = self.plan.plan.iter().zip(1..);
        let rules: Vec<Rule> = plan
            .map(|(fault, id)| Rule::new(id, fault.clone(), true))
            .collect();
        *self.rules() = Rules {
            next_id: rules.len() as u64 + 1,
            rules,
        };
        self.tasks.clear();
    }

    pub(crate) fn seed(&self) -> u64 {
        self.plan.seed
    }

    pub(crate) fn list(&self) -> Vec<Rule> {
        self.rules().rules.clone()
    }

    /// Adds a fault that goes before those of the plan, and strikes once if it does not say how often.
    /// None when too many wait already.
    pub(crate) fn add(&self, mut fault: Fault) -> Option<u64> {
        fault.times.get_or_insert(1);
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

    /// Whether there was such a fault.
    pub(crate) fn remove(&self, id: u64) -> bool {
        let mut rules = self.rules();
        let before = rules.rules.len();
        rules.rules.retain(|rule| rule.id != id);
        rules.rules.len() < before
    }

    /// Drops all faults, also those of the plan.
    pub(crate) fn clear(&self) {
        self.rules().rules.clear();
    }

    /// The fault that strikes a request, if one does.
    pub(super) fn strike(&self, subject: &Subject<'_>) -> Option<Kind> {
        let mut rules = self.rules();
        let mut struck = None;
        // Each is asked, so that what one does changes nothing about the chances of the others.
        for rule in &mut rules.rules {
            if rule.strikes(self.plan.seed, subject) && struck.is_none() {
                rule.struck += 1;
                struck = Some(rule.fault.kind.clone());
            }
        }
        rules
            .rules
            .retain(|rule| rule.is_planned || !rule.is_spent());
        struck
    }
}

impl Rule {
    fn new(id: u64, fault: Fault, is_planned: bool) -> Self {
        Self {
            id,
            is_planned,
            struck: 0,
            met: 0,
            fault,
        }
    }

    fn is_spent(&self) -> bool {
        self.fault.times.is_some_and(|times| self.struck >= times)
    }

    fn strikes(&mut self, seed: u64, subject: &Subject<'_>) -> bool {
        if self.is_spent() || !self.fault.matches(subject) {
            return false;
        }
        self.met += 1;
        draw(seed, self.id, self.met) < u64::from(self.fault.rate.0)
    }
}

/// A number below a million that looks like chance: the `SplitMix64` generator (Steele, Lea and Flood, 2014)
/// at a place that the three numbers tell.
fn draw(seed: u64, rule: u64, number: u64) -> u64 {
    let mixed = mix(mix(mix(seed) ^ rule) ^ number);
    mixed % 1_000_000
}

fn mix(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}
