//! What has changed since an earlier suite run, decided from both lists of results alone.

use std::collections::{HashMap, HashSet};

use octane_model::{EntityId, SuiteRunId};
use octane_results::without_volatile;
use serde::{Deserialize, Serialize};

use crate::report::{IdAndName, entity_as_text};
use crate::run_key::RunKey;

/// What a suite run shows of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum State {
    /// Passed, each time.
    Passed,
    /// Neither passed nor failed: skipped, planned, a status that is not known, or passed while a failure is not in Octane.
    NotRun,
    /// Failed, and shown as something else because another result of the run followed.
    Flaky,
    /// Failed.
    Failed,
}

/// What a suite run shows of a run of a test.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    pub(crate) key: RunKey,
    /// The identity of the test and, if it differs, the name of the run.
    pub(crate) test: String,
    pub(crate) state: State,
    /// The automated run.
    pub(crate) run: Option<EntityId>,
}

/// What has become of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    NewlyFailed,
    StillFailing,
    Fixed,
    Flaky,
    None,
}

/// What has become of a test that is shown now.
///
/// | before \ now | passed | not run | flaky | failed |
/// | --- | --- | --- | --- | --- |
/// | absent | – | – | flaky | newly failed |
/// | passed | – | – | flaky | newly failed |
/// | not run | – | – | flaky | newly failed |
/// | flaky | – | – | flaky | newly failed |
/// | failed | fixed | – | flaky | still failing |
fn change(before: Option<State>, now: State) -> Change {
    match (before, now) {
        (Some(State::Failed), State::Failed) => Change::StillFailing,
        (_, State::Failed) => Change::NewlyFailed,
        (_, State::Flaky) => Change::Flaky,
        (Some(State::Failed), State::Passed) => Change::Fixed,
        (_, State::Passed | State::NotRun) => Change::None,
    }
}

/// What has changed since an earlier suite run of the same suite. Serialises as part of `octane.upload/1`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Comparison {
    /// The suite run before.
    #[serde(serialize_with = "entity_as_text")]
    pub suite_run: IdAndName<SuiteRunId>,
    /// Tests that failed and did not fail before, by name; also new ones.
    pub newly_failed: Vec<String>,
    /// Tests that failed before and passed now, each time they ran.
    pub fixed: Vec<String>,
    /// How many tests failed both times.
    pub still_failing: usize,
    /// Tests that failed now and are shown as something else, because another result followed.
    pub flaky: Vec<String>,
    /// Tests that were not there before.
    pub new: Vec<String>,
    /// Tests that are not there any more; `None` if the suite run has results of other uploads, so that this is not known
    /// from one upload.
    pub vanished: Option<Vec<String>>,
    /// Tests that are probably the same with another identity, and are neither new nor vanished; `None` as above.
    pub renamed: Option<Vec<RenamedTest>>,
}

/// A test whose identity has probably changed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RenamedTest {
    /// Its identity in the suite run before.
    pub before: String,
    /// Its identity now.
    pub now: String,
}

/// Compares what two suite runs show; `is_complete` says whether `now` is all that the later one has.
pub(crate) fn compare(
    suite_run: IdAndName<SuiteRunId>,
    before: &[Shown],
    now: &[Shown],
    is_complete: bool,
) -> Comparison {
    let before = by_key(before);
    let now = by_key(now);
    let mut comparison = Comparison {
        suite_run,
        newly_failed: Vec::new(),
        fixed: Vec::new(),
        still_failing: 0,
        flaky: Vec::new(),
        new: Vec::new(),
        vanished: None,
        renamed: None,
    };
    let vanished: Vec<&Shown> = only_in(&before, &now);
    let new: Vec<&Shown> = only_in(&now, &before);
    let pairs = if is_complete {
        renamed(&vanished, &new)
    } else {
        Vec::new()
    };
    let former: HashMap<RunKey, &Shown> = pairs.iter().map(|(old, new)| (new.key, *old)).collect();
    for (key, shown) in &now {
        let same = before.get(key).map(|earlier| earlier.state);
        let earlier = same.or_else(|| former.get(key).map(|old| old.state));
        let test = || shown.test.clone();
        match change(earlier, shown.state) {
            Change::NewlyFailed => comparison.newly_failed.push(test()),
            Change::StillFailing => comparison.still_failing += 1,
            // Only probably the same test, so it is not said to be fixed.
            Change::Fixed if same.is_none() => {}
            Change::Fixed => comparison.fixed.push(test()),
            Change::Flaky => comparison.flaky.push(test()),
            Change::None => {}
        }
    }
    let renamed_keys: HashSet<RunKey> = pairs
        .iter()
        .flat_map(|(old, new)| [old.key, new.key])
        .collect();
    let rest = |all: Vec<&Shown>| {
        let rest = all.into_iter();
        let rest = rest.filter(|shown| !renamed_keys.contains(&shown.key));
        let mut names: Vec<String> = rest.map(|shown| shown.test.clone()).collect();
        names.sort();
        names
    };
    comparison.new = rest(new);
    if is_complete {
        comparison.vanished = Some(rest(vanished));
        let renamed = pairs.iter().map(|(old, new)| RenamedTest {
            before: old.test.clone(),
            now: new.test.clone(),
        });
        let mut renamed: Vec<RenamedTest> = renamed.collect();
        renamed.sort();
        comparison.renamed = Some(renamed);
    }
    for names in [
        &mut comparison.newly_failed,
        &mut comparison.fixed,
        &mut comparison.flaky,
    ] {
        names.sort();
    }
    comparison
}

/// One result for each run of a test: the worst one, of several (a server has one for each environment).
fn by_key(shown: &[Shown]) -> HashMap<RunKey, &Shown> {
    let mut all: HashMap<RunKey, &Shown> = HashMap::with_capacity(shown.len());
    for one in shown {
        let worst = all.entry(one.key).or_insert(one);
        if one.state > worst.state {
            *worst = one;
        }
    }
    all
}

fn only_in<'a>(
    one: &HashMap<RunKey, &'a Shown>,
    other: &HashMap<RunKey, &Shown>,
) -> Vec<&'a Shown> {
    let only = one.iter().filter(|(key, _)| !other.contains_key(*key));
    only.map(|(_, shown)| *shown).collect()
}

/// Pairs of a test that vanished and a new one that are probably the same: their names differ only in what may change from run
/// to run, or they have the same name elsewhere, and there is only one of each kind.
fn renamed<'a>(vanished: &[&'a Shown], new: &[&'a Shown]) -> Vec<(&'a Shown, &'a Shown)> {
    let mut pairs = pairs(vanished, new, without_volatile);
    let paired: HashSet<RunKey> = pairs
        .iter()
        .flat_map(|(old, new)| [old.key, new.key])
        .collect();
    let unpaired = |all: &[&'a Shown]| -> Vec<&'a Shown> {
        let all = all.iter().copied();
        all.filter(|shown| !paired.contains(&shown.key)).collect()
    };
    let (vanished, new) = (unpaired(vanished), unpaired(new));
    pairs.extend(self::pairs(&vanished, &new, |test| {
        // What follows the class; a package or a module may have been renamed.
        let end = test.rsplit(['/', '.']).next().unwrap_or(test);
        end.to_owned()
    }));
    pairs
}

/// Pairs with the same text, where it is the only one on both sides.
fn pairs<'a>(
    vanished: &[&'a Shown],
    new: &[&'a Shown],
    text: impl Fn(&str) -> String,
) -> Vec<(&'a Shown, &'a Shown)> {
    let group = |all: &[&'a Shown]| {
        let mut groups: HashMap<String, Vec<&'a Shown>> = HashMap::new();
        for shown in all {
            groups.entry(text(&shown.test)).or_default().push(shown);
        }
        groups
    };
    let new = group(new);
    let pairs = group(vanished).into_iter().filter_map(|(text, old)| {
        match (old.as_slice(), new.get(&text)?.as_slice()) {
            ([old], [new]) => Some((*old, *new)),
            _ => None,
        }
    });
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use octane_results::Identity;

    use super::*;
    use crate::run_key::run_key;

    fn shown(test: &str, state: State) -> Shown {
        let identity = Identity {
            name: test.to_owned(),
            ..Identity::default()
        };
        Shown {
            key: run_key(&identity, None),
            test: test.to_owned(),
            state,
            run: None,
        }
    }

    fn compared(before: &[(&str, State)], now: &[(&str, State)], is_complete: bool) -> Comparison {
        let list = |all: &[(&str, State)]| -> Vec<Shown> {
            all.iter()
                .map(|(test, state)| shown(test, *state))
                .collect()
        };
        let suite_run = IdAndName {
            id: SuiteRunId::new(7001),
            name: "n 1".to_owned(),
        };
        compare(suite_run, &list(before), &list(now), is_complete)
    }

    #[test]
    fn every_cell_of_the_table_holds() {
        use Change::{Fixed, Flaky, NewlyFailed, None as Same, StillFailing};
        let rows = [
            (None, [Same, Same, Flaky, NewlyFailed]),
            (Some(State::Passed), [Same, Same, Flaky, NewlyFailed]),
            (Some(State::NotRun), [Same, Same, Flaky, NewlyFailed]),
            (Some(State::Flaky), [Same, Same, Flaky, NewlyFailed]),
            (Some(State::Failed), [Fixed, Same, Flaky, StillFailing]),
        ];
        let columns = [State::Passed, State::NotRun, State::Flaky, State::Failed];
        for (before, expected) in rows {
            assert_eq!(
                columns.map(|now| change(before, now)),
                expected,
                "{before:?}"
            );
        }
    }

    #[test]
    fn a_test_that_passed_only_at_last_is_flaky_and_not_fixed() {
        let since = compared(&[("a", State::Failed)], &[("a", State::Flaky)], true);
        assert_eq!(since.flaky, ["a"]);
        assert!(since.fixed.is_empty() && since.newly_failed.is_empty());
    }

    #[test]
    fn a_test_that_was_skipped_is_not_fixed() {
        let since = compared(&[("a", State::Failed)], &[("a", State::NotRun)], true);
        assert!(since.fixed.is_empty(), "{since:?}");
    }

    #[test]
    fn a_new_test_that_fails_is_both() {
        let since = compared(&[], &[("b", State::Failed), ("a", State::Passed)], true);
        assert_eq!(since.new, ["a", "b"]);
        assert_eq!(since.newly_failed, ["b"]);
    }

    #[test]
    fn what_vanished_is_told_only_of_all_results() {
        let before = [("a", State::Passed), ("b", State::Failed)];
        let since = compared(&before, &[("a", State::Passed)], true);
        assert_eq!(since.vanished.unwrap(), ["b"]);
        let since = compared(&before, &[("a", State::Passed)], false);
        assert_eq!((since.vanished, since.renamed), (None, None));
    }

    #[test]
    fn a_test_with_another_address_in_its_name_or_another_package_is_renamed() {
        let before = [
            ("Cart.adds[0x5257a0]", State::Passed),
            ("shop.Cart.pays", State::Failed),
        ];
        let now = [
            ("Cart.adds[0x7711c8]", State::Failed),
            ("store.Cart.pays", State::Passed),
        ];
        let since = compared(&before, &now, true);
        let renamed: Vec<&str> = (since.renamed.as_ref().unwrap().iter())
            .map(|renamed| &*renamed.now)
            .collect();
        assert_eq!(renamed, ["Cart.adds[0x7711c8]", "store.Cart.pays"]);
        assert_eq!(since.newly_failed, ["Cart.adds[0x7711c8]"]);
        assert!(since.fixed.is_empty(), "it is only probably the same test");
        assert!(since.new.is_empty() && since.vanished.unwrap().is_empty());
    }

    #[test]
    fn tests_that_could_be_several_are_not_renamed() {
        let before = [("a.C.pays", State::Passed), ("b.C.pays", State::Passed)];
        let since = compared(&before, &[("c.C.pays", State::Passed)], true);
        assert!(since.renamed.unwrap().is_empty());
        assert_eq!(since.new, ["c.C.pays"]);
    }

    #[test]
    fn of_several_runs_of_a_test_the_worst_counts() {
        let now = [("a", State::Failed), ("a", State::Passed)];
        assert_eq!(compared(&[], &now, true).newly_failed, ["a"]);
        let before = [("a", State::Passed), ("a", State::Failed)];
        assert_eq!(
            compared(&before, &[("a", State::Passed)], true).fixed,
            ["a"]
        );
    }
}
