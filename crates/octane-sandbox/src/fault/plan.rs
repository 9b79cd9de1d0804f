//! Faults that occur at random.

use super::definition::Fault;

/// Faults that occur at random but reproducibly: the same seed and sequence of requests trigger the same
/// faults. Corresponds to the table `[faults]`.
///
/// ```
/// use octane_sandbox::{Fault, FaultPlan, Settings};
///
/// let plan = FaultPlan::seeded(7)
///     .with(Fault::status(503).rate(0.05))
///     .with(Fault::reset_after().path("*/test-results").rate(0.01));
/// let settings = Settings::default().faults(plan);
/// assert_eq!(settings.faults.seed, 7);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
#[must_use = "a plan has no effect until it is part of the settings"]
pub struct FaultPlan {
    /// The random seed; 0 by default. It also applies to faults with a `rate` that are added later.
    pub seed: u64,
    /// The faults; none by default. If several match, the first one is triggered.
    pub plan: Vec<Fault>,
}

impl FaultPlan {
    /// A plan without faults.
    pub fn seeded(seed: u64) -> Self {
        Self {
            seed,
            plan: Vec::new(),
        }
    }

    /// Adds a fault.
    pub fn with(mut self, fault: Fault) -> Self {
        self.plan.push(fault);
        self
    }

    pub(crate) fn problem(&self) -> Option<String> {
        self.plan.iter().find_map(Fault::problem)
    }
}
