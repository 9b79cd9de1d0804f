//! Subtests.

use super::pending::Pending;

/// A stream of tests, or a subtest.
#[derive(Debug, Default)]
pub(super) struct Level {
    pub(super) name: Option<String>,
    /// The name of the subtest that comes next.
    pub(super) announced: Option<String>,
    /// The test point before it, if it began with `{`.
    pub(super) point: Option<Pending>,
    /// How many test points there are.
    pub(super) points: u64,
    /// How many there should be.
    pub(super) planned: Option<u64>,
    /// Whether the plan came after test points.
    pub(super) is_plan_last: bool,
    /// Whether test points follow that plan, although it was met.
    pub(super) is_plan_inside: bool,
    /// How many results are in it, at any depth.
    pub(super) results: u64,
    pub(super) failed: u64,
    /// How many results were held before it.
    pub(super) held_before: usize,
}

impl Level {
    pub(super) fn named(name: Option<String>) -> Self {
        Self {
            name,
            ..Self::default()
        }
    }

    /// A subtest that begins with a test point.
    pub(super) fn of_point(point: Pending) -> Self {
        Self {
            name: Some(point.name.clone()),
            point: Some(point),
            ..Self::default()
        }
    }

    pub(super) fn has_begun(&self) -> bool {
        self.points > 0 || self.planned.is_some()
    }

    /// Whether all tests that were planned have run.
    pub(super) fn is_met(&self) -> bool {
        self.points > 0 && self.planned.is_some_and(|planned| self.points >= planned)
    }

    /// Adds what is in a subtest.
    pub(super) fn add(&mut self, inner: &Self) {
        self.results += inner.results;
        self.failed += inner.failed;
    }
}

/// The class of a test in the innermost of `levels`: the names of the subtests around it.
pub(super) fn class_of(levels: &[Level], heading: Option<&str>) -> String {
    let names = levels.iter().filter_map(|level| level.name.as_deref());
    let names: Vec<&str> = heading.into_iter().chain(names).collect();
    names.join(" > ")
}
