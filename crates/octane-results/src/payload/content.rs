//! How far an element's children have come.

use super::schema::{Element, Sequence};

/// The children of one element so far.
#[derive(Debug)]
pub(super) struct Progress {
    sequences: &'static [Sequence],
    /// One for each sequence, as long as it is possible; no kind has more than two.
    places: [Option<Place>; 2],
    /// Whether a child was out of place, after which nothing is said about missing ones.
    is_confused: bool,
}

/// A place in a sequence: so many of the particle at `at` have come.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    at: usize,
    count: u32,
}

/// What a child is to its parent.
#[derive(Debug)]
pub(super) enum Child {
    /// It may come here, as the `nth` of its place.
    Expected {
        element: &'static Element,
        nth: u32,
        repeats: bool,
    },
    /// It belongs to the parent, but not here.
    Misplaced(&'static Element),
    /// The parent has no such child.
    Unknown,
}

impl Progress {
    pub(super) fn new(sequences: &'static [Sequence]) -> Self {
        let place = |index| (index < sequences.len()).then(Place::default);
        Self {
            sequences,
            places: [place(0), place(1)],
            is_confused: false,
        }
    }

    /// Takes the child `name`, if it may come here.
    pub(super) fn enter(&mut self, name: &str) -> Child {
        let mut expected = None;
        let mut next = [None; 2];
        for ((sequence, place), next) in self.sequences.iter().zip(self.places).zip(&mut next) {
            let found = place.and_then(|place| advance(sequence, place, name));
            *next = found.map(|(_, place)| place);
            if let (Some((element, place)), None) = (found, &expected) {
                expected = Some(Child::Expected {
                    element,
                    nth: place.count,
                    repeats: sequence[place.at].max.is_none(),
                });
            }
        }
        if let Some(expected) = expected {
            self.places = next;
            return expected;
        }
        self.is_confused = true;
        self.sequences
            .iter()
            .copied()
            .flatten()
            .find_map(|particle| particle.option(name))
            .map_or(Child::Unknown, Child::Misplaced)
    }

    /// The names of which one should have come before the end, if the end is too early.
    pub(super) fn missing(&self) -> Option<Vec<&'static str>> {
        let missing: Option<Vec<_>> = self.live().map(first_missing).collect();
        let mut names: Vec<_> = missing?.into_iter().flatten().collect();
        names.dedup();
        (!self.is_confused).then_some(names)
    }

    /// Whether the end may come now.
    pub(super) fn is_complete(&self) -> bool {
        self.live().any(|place| first_missing(place).is_none())
    }

    /// The names that may come now.
    pub(super) fn expected(&self) -> Vec<&'static str> {
        let mut names = Vec::new();
        for (sequence, place) in self.live() {
            let mut count = place.count;
            for particle in &sequence[place.at..] {
                if particle.max.is_none_or(|max| count < max) {
                    for element in particle.options {
                        if !names.contains(&element.name) {
                            names.push(element.name);
                        }
                    }
                }
                if count < particle.min {
                    break;
                }
                count = 0;
            }
        }
        names
    }

    fn live(&self) -> impl Iterator<Item = (Sequence, Place)> {
        std::iter::zip(self.sequences, self.places)
            .filter_map(|(sequence, place)| Some((*sequence, place?)))
    }
}

/// The names of the first particle that lacks a child behind `place`.
fn first_missing(
    (sequence, place): (Sequence, Place),
) -> Option<impl Iterator<Item = &'static str>> {
    let mut count = place.count;
    let missing = sequence[place.at..]
        .iter()
        .find(|particle| std::mem::take(&mut count) < particle.min)?;
    Some(missing.options.iter().map(|element| element.name))
}

/// The next place in `sequence` that takes the child `name`.
fn advance(sequence: Sequence, place: Place, name: &str) -> Option<(&'static Element, Place)> {
    let Place { mut at, mut count } = place;
    loop {
        let particle = sequence.get(at)?;
        if let Some(element) = particle.option(name)
            && particle.max.is_none_or(|max| count < max)
        {
            count += 1;
            return Some((element, Place { at, count }));
        }
        if count < particle.min {
            return None;
        }
        at += 1;
        count = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::super::schema::{Content, EVIDENCE_ROOT, ROOT};
    use super::*;

    fn progress(root: &Element, children: &[&str]) -> Progress {
        let Content::Children(sequences) = root.kind.content else {
            panic!("`{}` has no children", root.name);
        };
        let mut progress = Progress::new(sequences);
        for child in children {
            let entered = progress.enter(child);
            assert!(
                matches!(entered, Child::Expected { .. }),
                "{child}: {entered:?}"
            );
        }
        progress
    }

    #[test]
    fn children_come_in_order_and_may_be_left_out() {
        let mut progress = progress(&ROOT, &["suite_ref", "release"]);
        assert!(matches!(progress.enter("release_ref"), Child::Misplaced(_)));
        assert!(matches!(progress.enter("suite_ref"), Child::Misplaced(_)));
        assert!(matches!(progress.enter("release_name"), Child::Unknown));
        assert!(matches!(
            progress.enter("test_runs"),
            Child::Expected { .. }
        ));
    }

    #[test]
    fn what_is_missing_is_named() {
        let begun = progress(&ROOT, &["test_fields"]);
        assert_eq!(begun.missing(), Some(vec!["test_runs"]));
        assert_eq!(begun.expected(), ["environment", "test_runs"]);
        assert_eq!(progress(&ROOT, &["test_runs"]).missing(), None);
    }

    #[test]
    fn evidence_takes_test_fields_once_early_or_late() {
        for children in [
            ["test_fields", "test_runs"].as_slice(),
            &["release_name", "test_runs", "test_fields"],
            &["test_runs"],
        ] {
            let mut progress = progress(&EVIDENCE_ROOT, children);
            assert_eq!(progress.missing(), None);
            let again = progress.enter("test_fields");
            assert_eq!(
                matches!(again, Child::Misplaced(_)),
                children.contains(&"test_fields")
            );
        }
    }
}
