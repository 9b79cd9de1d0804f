//! Subtests.

use std::collections::HashSet;

use super::pending::Pending;

/// How many test points that are not in order are remembered of a stream, or of a subtest.
const DISPLACED_MAX: usize = 100_000;

/// How many spaces a subtest is indented by, unless the first one is indented by another number.
const INDENT: usize = 4;

/// How many spaces the subtests of a stream are indented by, once that is known.
#[derive(Debug, Default)]
pub(super) struct Indent(Option<usize>);

impl Indent {
    /// How deep the subtest of a line with this indentation is; `None` if it is not the line of a subtest. The first line that
    /// `begins` a subtest says how far they are indented.
    pub(super) fn depth(&mut self, indentation: usize, begins: bool) -> Option<usize> {
        let is_odd = begins && !indentation.is_multiple_of(INDENT);
        let width = (self.0).unwrap_or(if is_odd { indentation } else { INDENT });
        let depth = indentation
            .is_multiple_of(width)
            .then_some(indentation / width);
        if begins && depth.is_some_and(|depth| depth > 0) {
            self.0 = Some(width);
        }
        depth
    }

    /// The indentation of the tests at this depth.
    pub(super) fn of(&self, depth: usize) -> usize {
        depth * self.0.unwrap_or(INDENT)
    }
}

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
    /// The first number of the plan.
    pub(super) first: Option<u64>,
    /// How many there should be.
    pub(super) planned: Option<u64>,
    /// Whether the plan came after test points.
    pub(super) is_plan_last: bool,
    /// Whether tests of it follow that plan, although it was met.
    pub(super) is_plan_inside: bool,
    /// How many results are in it, at any depth.
    pub(super) results: u64,
    pub(super) failed: u64,
    /// How many results were held before it.
    pub(super) held_before: usize,
    /// The places of test points that have another number than that of their place, and these numbers.
    pub(super) displaced: Vec<(u64, u64)>,
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

    /// The number that the test at this place of the plan has.
    pub(super) fn number(&self, place: u64) -> u64 {
        let first = self.first.unwrap_or(1);
        place.saturating_add(first).saturating_sub(1)
    }

    /// Counts a test point with this number.
    pub(super) fn count(&mut self, number: Option<u64>) {
        self.points += 1;
        let due = self.number(self.points);
        if let Some(number) = number.filter(|number| *number != due)
            && self.displaced.len() < DISPLACED_MAX
        {
            self.displaced.push((self.points, number));
        }
    }

    /// The first number of the plan that no test point has, because others have a number twice or one beyond the plan. Where
    /// the plan does not begin with 1, and in a subtest, the numbers may begin anywhere.
    pub(super) fn missing(&self, is_subtest: bool) -> Option<u64> {
        let planned = self.planned?;
        if self.displaced.is_empty() || self.displaced.len() == DISPLACED_MAX {
            return None;
        }
        let numbers: HashSet<u64> = self.displaced.iter().map(|(_, number)| *number).collect();
        if (is_subtest || self.first != Some(1)) && self.is_shifted() {
            return None;
        }
        let places = self.displaced.iter().map(|(place, _)| *place);
        let mut due = places
            .filter(|place| *place <= planned)
            .map(|place| self.number(place));
        due.find(|number| !numbers.contains(number))
    }

    /// Whether the numbers of all test points differ by the same from those of their places.
    fn is_shifted(&self) -> bool {
        let mut shifts = self
            .displaced
            .iter()
            .map(|(place, number)| i128::from(*number) - i128::from(*place));
        let first = shifts.next();
        self.displaced.len() as u64 == self.points && shifts.all(|shift| Some(shift) == first)
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

#[cfg(test)]
mod tests {
    use crate::read::report::listing::listing;

    #[test]
    fn a_number_that_is_missing_is_not_green() {
        let missing = |stream: &str| {
            let found = listing("in.tap", stream);
            let (_, after) = found.split_once("no test has the number ")?;
            Some(after.split_once('"').unwrap().0.to_owned())
        };
        for (stream, expected) in [
            (
                "1..4\nok 1 - a\nok 2 - b\nok 2 - b\nok 4 - d\n",
                Some("3 of the plan `1..4`"),
            ),
            ("ok 1 - a\nok 1 - b\n1..2\n", Some("2 of the plan `1..2`")),
            ("1..2\nok 1 - a\nok 9 - b\n", Some("2 of the plan `1..2`")),
            (
                "1..1\n    1..2\n    ok 1 - a\n    ok 1 - b\nok 1 - s\n",
                Some("2 of the plan `1..2`"),
            ),
            (
                "0..2\nok 0 - a\nok 2 - b\nok 2 - c\n",
                Some("1 of the plan `0..2`"),
            ),
            ("1..2\nok 2 - a\nok 3 - b\n", Some("1 of the plan `1..2`")),
            // Numbers that do not begin with 1.
            ("0..2\nok 0 - a\nok 1 - b\nok 2 - c\n", None),
            ("0..2\nok 2 - a\nok 1 - b\nok 0 - c\n", None),
            ("0..1\nok 1 - a\nok 2 - b\n", None),
            ("3..5\nok 3 - a\nok 4 - b\nok 5 - c\n", None),
            ("ok 3 - a\nok 4 - b\n3..4\n", None),
            (
                "1..2\n    ok 1 - a\n    1..1\nok 1 - x\n    ok 2 - b\n    1..1\nok 2 - y\n",
                None,
            ),
            // In another order, as of tests that run at the same time, without numbers, or red anyway.
            ("1..3\nok 2 - b\nok 3 - c\nok 1 - a\n", None),
            ("1..2\nok - a\nok - b\n", None),
            ("1..2\nok 1 - a\nnot ok 1 - b\n", None),
            ("1..1\nok 1 - a\nok 1 - b\n", None),
        ] {
            assert_eq!(missing(stream).as_deref(), expected, "{stream}");
        }
    }
}
