//! The children of an element seen so far, compared with the schema.

use super::schema::{Element, Sequence};

/// The children of one element seen so far.
#[derive(Debug)]
pub(super) struct ChildProgress {
    sequences: &'static [Sequence],
    /// The position in each sequence that is still possible; no element type has more than two.
    positions: [Option<SequencePosition>; 2],
    /// Whether a child was misplaced, after which missing ones are not reported.
    is_confused: bool,
}

/// A position in a sequence: the particle at `at`, which has occurred `count` times.
#[derive(Debug, Clone, Copy, Default)]
struct SequencePosition {
    at: usize,
    count: u32,
}

/// How a child matches its parent.
#[derive(Debug)]
pub(super) enum ChildMatch {
    /// Allowed here, as the `nth` child at its position.
    Expected {
        element: &'static Element,
        nth: u32,
        repeats: bool,
    },
    /// Allowed in the parent, but not here.
    Misplaced(&'static Element),
    /// Not allowed in the parent.
    Unknown,
}

impl ChildProgress {
    pub(super) fn new(sequences: &'static [Sequence]) -> Self {
        let position = |index| (index < sequences.len()).then(SequencePosition::default);
        Self {
            sequences,
            positions: [position(0), position(1)],
            is_confused: false,
        }
    }

    /// Advances past the child `name`, if it is allowed here.
    pub(super) fn enter(&mut self, name: &str) -> ChildMatch {
        let mut expected = None;
        let mut next = [None; 2];
        for ((sequence, position), next) in self.sequences.iter().zip(self.positions).zip(&mut next)
        {
            let found = position.and_then(|position| advance(sequence, position, name));
            *next = found.map(|(_, position)| position);
            if let (Some((element, position)), None) = (found, &expected) {
                expected = Some(ChildMatch::Expected {
                    element,
                    nth: position.count,
                    repeats: sequence[position.at].max.is_none(),
                });
            }
        }
        if let Some(expected) = expected {
            self.positions = next;
            return expected;
        }
        self.is_confused = true;
        self.sequences
            .iter()
            .copied()
            .flatten()
            .find_map(|particle| particle.option(name))
            .map_or(ChildMatch::Unknown, ChildMatch::Misplaced)
    }

    /// The names of the missing children, of which one is required, if the element must not end here.
    pub(super) fn missing(&self) -> Option<Vec<&'static str>> {
        let missing: Option<Vec<_>> = self.live().map(first_missing).collect();
        let mut names: Vec<_> = missing?.into_iter().flatten().collect();
        names.dedup();
        (!self.is_confused).then_some(names)
    }

    /// Whether the element may end here.
    pub(super) fn is_complete(&self) -> bool {
        self.live()
            .any(|position| first_missing(position).is_none())
    }

    /// The names of the children allowed here.
    pub(super) fn expected(&self) -> Vec<&'static str> {
        let mut names = Vec::new();
        for (sequence, position) in self.live() {
            let mut count = position.count;
            for particle in &sequence[position.at..] {
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

    fn live(&self) -> impl Iterator<Item = (Sequence, SequencePosition)> {
        std::iter::zip(self.sequences, self.positions)
            .filter_map(|(sequence, position)| Some((*sequence, position?)))
    }
}

/// The names of the first particle after `position` that lacks a child.
fn first_missing(
    (sequence, position): (Sequence, SequencePosition),
) -> Option<impl Iterator<Item = &'static str>> {
    let mut count = position.count;
    let missing = sequence[position.at..]
        .iter()
        .find(|particle| std::mem::take(&mut count) < particle.min)?;
    Some(missing.options.iter().map(|element| element.name))
}

/// The next position in `sequence` that allows the child `name`.
fn advance(
    sequence: Sequence,
    position: SequencePosition,
    name: &str,
) -> Option<(&'static Element, SequencePosition)> {
    let SequencePosition { mut at, mut count } = position;
    loop {
        let particle = sequence.get(at)?;
        if let Some(element) = particle.option(name)
            && particle.max.is_none_or(|max| count < max)
        {
            count += 1;
            return Some((element, SequencePosition { at, count }));
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

    fn progress(root: &Element, children: &[&str]) -> ChildProgress {
        let Content::Children(sequences) = root.element_type.content else {
            panic!("`{}` has no children", root.name);
        };
        let mut progress = ChildProgress::new(sequences);
        for child in children {
            let entered = progress.enter(child);
            assert!(
                matches!(entered, ChildMatch::Expected { .. }),
                "{child}: {entered:?}"
            );
        }
        progress
    }

    #[test]
    fn children_are_in_order_and_may_be_absent() {
        let mut progress = progress(&ROOT, &["suite_ref", "release"]);
        assert!(matches!(
            progress.enter("release_ref"),
            ChildMatch::Misplaced(_)
        ));
        assert!(matches!(
            progress.enter("suite_ref"),
            ChildMatch::Misplaced(_)
        ));
        assert!(matches!(
            progress.enter("release_name"),
            ChildMatch::Unknown
        ));
        assert!(matches!(
            progress.enter("test_runs"),
            ChildMatch::Expected { .. }
        ));
    }

    #[test]
    fn missing_children_are_named() {
        let begun = progress(&ROOT, &["test_fields"]);
        assert_eq!(begun.missing(), Some(vec!["test_runs"]));
        assert_eq!(begun.expected(), ["environment", "test_runs"]);
        assert_eq!(progress(&ROOT, &["test_runs"]).missing(), None);
    }

    #[test]
    fn evidence_allows_test_fields_once_before_or_after_the_runs() {
        for children in [
            ["test_fields", "test_runs"].as_slice(),
            &["release_name", "test_runs", "test_fields"],
            &["test_runs"],
        ] {
            let mut progress = progress(&EVIDENCE_ROOT, children);
            assert_eq!(progress.missing(), None);
            let again = progress.enter("test_fields");
            assert_eq!(
                matches!(again, ChildMatch::Misplaced(_)),
                children.contains(&"test_fields")
            );
        }
    }
}
