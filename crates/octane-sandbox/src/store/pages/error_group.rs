//! Failures with the same text.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::change::{Change, ChangedRun};
use crate::hex::hex;

/// How many runs of a group are named.
const EXAMPLES_MAX: usize = 3;

/// Failures with the same text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ErrorGroup {
    /// The beginning of a digest of the text, for URLs.
    pub(crate) key: String,
    /// See [`error_text`](super::error_text::error_text); empty for failures without a text.
    pub(crate) text: String,
    /// The runs, in the order in which they were given.
    pub(crate) runs: Vec<i64>,
    /// How many of them did not fail before.
    pub(crate) newly_failed: usize,
    /// Some of the runs: ID of the test, and name.
    pub(crate) examples: Vec<(Option<i64>, String)>,
}

/// Groups failures by their texts: the largest group first, and of groups of one size the one with the most new
/// failures, then by text.
pub(crate) fn error_groups<'a>(
    failures: impl Iterator<Item = (&'a ChangedRun, &'a str)>,
) -> Vec<ErrorGroup> {
    let mut groups: BTreeMap<&str, ErrorGroup> = BTreeMap::new();
    for (run, text) in failures {
        let group = groups.entry(text).or_insert_with(|| ErrorGroup {
            key: key(text),
            text: text.to_owned(),
            runs: Vec::new(),
            newly_failed: 0,
            examples: Vec::new(),
        });
        group.runs.push(run.run);
        group.newly_failed += usize::from(run.change == Some(Change::NewlyFailed));
        if group.examples.len() < EXAMPLES_MAX {
            group.examples.push((run.test, run.name.clone()));
        }
    }
    let mut groups: Vec<ErrorGroup> = groups.into_values().collect();
    // A stable sort: groups that are equal otherwise stay in the order of their texts.
    groups.sort_by_key(|group| std::cmp::Reverse((group.runs.len(), group.newly_failed)));
    groups
}

fn key(text: &str) -> String {
    hex(&Sha256::digest(text)[..6])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_group_comes_first_with_examples_and_new_failures() {
        let run = |id: i64, change| ChangedRun {
            run: id,
            test: Some(id + 100),
            name: format!("t{id}"),
            change,
        };
        let (new, still) = (Some(Change::NewlyFailed), Some(Change::StillFailing));
        let failures = [
            (run(1, still), "b"),
            (run(2, still), "a"),
            (run(3, new), "c"),
            (run(4, new), "b"),
            (run(5, None), "b"),
            (run(6, still), "b"),
            (run(7, still), ""),
        ];
        let groups = error_groups(failures.iter().map(|(run, text)| (run, *text)));
        let summary: Vec<(&str, usize, usize)> = groups
            .iter()
            .map(|group| (group.text.as_str(), group.runs.len(), group.newly_failed))
            .collect();
        assert_eq!(summary, [("b", 4, 1), ("c", 1, 1), ("", 1, 0), ("a", 1, 0)]);
        assert_eq!(groups[0].runs, [1, 4, 5, 6]);
        let examples: Vec<&str> = groups[0].examples.iter().map(|(_, name)| &**name).collect();
        assert_eq!(examples, ["t1", "t4", "t5"]);
        assert_ne!(groups[0].key, groups[1].key);
    }
}
