//! Distinguishing runs, and sending last what a run shows.

use std::collections::{BTreeMap, HashMap};

use super::digest::digest;
use super::reruns::{Repeat, Reruns, in_order, shown};
use crate::context::Tag;
use crate::identity::Identity;
use crate::origin::{Origin, labels};
use crate::position::Position;
use crate::run::TestRun;
use crate::status::Status;

/// The environment that a browser is a value of.
const BROWSER: &str = "Browser";

/// The tests that have several results; made by [`Survey::finish`](super::Survey::finish).
///
/// ```
/// use octane_results::{Arrangement, Reruns, Status, Survey, TestRun};
///
/// let results = [
///     TestRun::new("pays", Status::Failed).hostname("firefox"),
///     TestRun::new("pays", Status::Passed).hostname("chromium"),
/// ];
/// let mut survey = Survey::default();
/// results.iter().for_each(|run| survey.add(run));
/// let arrangement = match survey.finish() {
///     Some(mut repeats) => {
///         results.iter().for_each(|run| repeats.add(run, 0));
///         repeats.arrange(Reruns::Last, &[])
///     }
///     None => Arrangement::default(),
/// };
/// let names: Vec<_> = arrangement
///     .apply(|| results.iter().cloned())
///     .map(|run| run.run_name.unwrap_or_default())
///     .collect();
/// assert_eq!(names, ["pays [firefox]", "pays [chromium]"]);
/// ```
#[derive(Debug)]
pub struct Repeats {
    /// The digests of those tests, sorted; `None` if any test may be one.
    tests: Option<Vec<u64>>,
    /// Whether runs have no names of their own in the payload.
    is_without_run_names: bool,
    /// The results of each run, by origin.
    runs: HashMap<(Identity, Option<String>), BTreeMap<Origin, Vec<Repeat>>>,
    read: u64,
}

impl Repeats {
    /// Of these tests.
    pub(super) fn of(tests: Vec<u64>) -> Self {
        Self::among(Some(tests))
    }

    /// Of all tests.
    pub(super) fn of_any() -> Self {
        Self::among(None)
    }

    fn among(tests: Option<Vec<u64>>) -> Self {
        Self {
            tests,
            is_without_run_names: false,
            runs: HashMap::new(),
            read: 0,
        }
    }

    /// In a payload in which runs have no names, or have them.
    pub(super) fn without_run_names(self, is_without_run_names: bool) -> Self {
        Self {
            is_without_run_names,
            ..self
        }
    }

    /// Adds a result, of all results again and in the same order. `input` is the number of the input, as they were
    /// given, of which the file is a part.
    pub fn add(&mut self, run: &TestRun, input: usize) {
        let ordinal = self.read;
        self.read += 1;
        if let Some(tests) = &self.tests
            && (tests.binary_search(&digest(run, !self.is_without_run_names))).is_err()
        {
            return;
        }
        let run_name = run.run_name.as_ref().filter(|_| !self.is_without_run_names);
        let key = (run.identity.clone(), run_name.cloned());
        let of_origin = self.runs.entry(key).or_default();
        let repeats = of_origin.entry(run.origin.clone()).or_default();
        repeats.push(Repeat {
            ordinal,
            status: run.status,
            started: run.started,
            input,
            position: run.position.clone(),
            may_be_retry: run.may_be_retry,
            replaces_earlier: run.replaces_earlier,
        });
    }

    /// Decides how the results are distinguished and ordered. `environment` is that of all runs of the upload, which the
    /// environment of a single run would replace.
    #[must_use]
    pub fn arrange(self, reruns: Reruns, environment: &[Tag]) -> Arrangement {
        let mut arrangement = Arrangement::default();
        for ((identity, run_name), origins) in self.runs {
            let test = identity.to_string();
            if self.is_without_run_names {
                arrangement.add_one_run(test, origins, reruns);
                continue;
            }
            let name = run_name.clone().unwrap_or(identity.name);
            let labels = labels(&origins.keys().collect::<Vec<_>>());
            let are_several = origins.len() > 1;
            for ((origin, mut repeats), label) in origins.into_iter().zip(labels) {
                let mut change = Change::default();
                if are_several {
                    arrangement.named += repeats.len();
                    if !label.is_empty() {
                        change.run_name = Some(format!("{name} [{label}]"));
                    }
                    if let Some(browser) = origin.browser() {
                        change.environment = with_browser(environment, browser);
                    }
                }
                let last_read = repeats.iter().map(|repeat| repeat.ordinal).max();
                let shown = shown(&repeats, reruns);
                if let Some(shown) = shown.filter(|_| repeats.len() > 1) {
                    let hidden = repeats.iter().find(|repeat| repeat.status != shown.status);
                    arrangement.repeated.push(RepeatedRun {
                        test: test.clone(),
                        run_name: change.run_name.clone().or_else(|| run_name.clone()),
                        results: repeats.len(),
                        is_flaky: hidden.is_some(),
                        shown: shown.status,
                        hidden: hidden.and_then(|hidden| hidden.position.clone()),
                    });
                }
                let shown = shown.map(|shown| shown.ordinal);
                if reruns == Reruns::All {
                    in_order(&mut repeats);
                }
                for (at, repeat) in repeats.iter().enumerate() {
                    let mut change = change.clone();
                    if reruns == Reruns::All && at > 0 {
                        let name = change.run_name.as_ref().unwrap_or(&name);
                        change.run_name = Some(format!("{name} (attempt {})", at + 1));
                    }
                    change.is_deferred = shown == Some(repeat.ordinal) && shown != last_read;
                    arrangement.add(repeat.ordinal, change);
                }
            }
        }
        arrangement.repeated.sort();
        arrangement
    }
}

fn with_browser(environment: &[Tag], browser: &str) -> Vec<Tag> {
    let other = |tag: &&Tag| !tag.tag_type.eq_ignore_ascii_case(BROWSER);
    let mut tags: Vec<Tag> = environment.iter().filter(other).cloned().collect();
    tags.push(Tag::new(BROWSER, browser));
    tags
}

/// What is changed in the results of an upload, and which of them are sent last; made by [`Repeats::arrange`].
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Arrangement {
    changes: HashMap<u64, Change>,
    deferred: usize,
    /// The runs with several results, in the order of their names.
    pub repeated: Vec<RepeatedRun>,
    /// How many results belong to runs that are distinguished by their origin.
    pub named: usize,
}

/// A run with several results, of which it shows one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct RepeatedRun {
    /// The test, as its identity is printed.
    pub test: String,
    /// The name of the run, if it differs from that of the test.
    pub run_name: Option<String>,
    /// How many results it has.
    pub results: usize,
    /// Whether their statuses differ.
    pub is_flaky: bool,
    /// The status that it shows.
    pub shown: Status,
    /// If it is flaky, where a result with another status is, as far as that is known.
    pub hidden: Option<Position>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Change {
    run_name: Option<String>,
    environment: Vec<Tag>,
    /// Whether it is sent after all others, because its run shows it.
    is_deferred: bool,
}

impl Arrangement {
    /// Adds all results of a test as one run, where runs have no names by which they could be distinguished. It shows the worst of
    /// what each origin shows.
    fn add_one_run(
        &mut self,
        test: String,
        origins: BTreeMap<Origin, Vec<Repeat>>,
        reruns: Reruns,
    ) {
        let reruns = match reruns {
            Reruns::All => Reruns::Worst,
            one => one,
        };
        let of_origins = origins
            .values()
            .filter_map(|repeats| shown(repeats, reruns))
            .cloned();
        let of_origins: Vec<Repeat> = of_origins.collect();
        let repeats: Vec<Repeat> = origins.into_values().flatten().collect();
        let last_read = repeats.iter().map(|repeat| repeat.ordinal).max();
        let Some(shown) = shown(&of_origins, Reruns::Worst) else {
            return;
        };
        let change = Change {
            is_deferred: Some(shown.ordinal) != last_read,
            ..Change::default()
        };
        self.add(shown.ordinal, change);
        if repeats.len() > 1 {
            let hidden = repeats.iter().find(|repeat| repeat.status != shown.status);
            self.repeated.push(RepeatedRun {
                test,
                run_name: None,
                results: repeats.len(),
                is_flaky: hidden.is_some(),
                shown: shown.status,
                hidden: hidden.and_then(|hidden| hidden.position.clone()),
            });
        }
    }

    fn add(&mut self, ordinal: u64, change: Change) {
        if change != Change::default() {
            self.deferred += usize::from(change.is_deferred);
            self.changes.insert(ordinal, change);
        }
    }

    /// Whether all results keep their names and their order.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// The results with what was decided; `read` reads all of them, in the order in which they were surveyed. It is
    /// called once more if some of them have to be sent last.
    pub fn apply<'a, I>(&'a self, read: impl Fn() -> I + 'a) -> impl Iterator<Item = TestRun> + 'a
    where
        I: Iterator<Item = TestRun> + 'a,
    {
        let first = self.pass(read(), false);
        let last = (self.deferred > 0).then(|| self.pass(read(), true));
        first.chain(last.into_iter().flatten())
    }

    fn pass<'a>(
        &'a self,
        runs: impl Iterator<Item = TestRun> + 'a,
        is_deferred: bool,
    ) -> impl Iterator<Item = TestRun> + 'a {
        (0..).zip(runs).filter_map(move |(ordinal, mut run)| {
            let change = self.changes.get(&ordinal);
            if change.is_some_and(|change| change.is_deferred) != is_deferred {
                return None;
            }
            if let Some(change) = change {
                if let Some(name) = &change.run_name {
                    run.run_name = Some(name.clone());
                }
                if run.context.environment.is_empty() {
                    run.context.environment.clone_from(&change.environment);
                }
            }
            Some(run)
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::payload::dialect::Dialect;
    use crate::repeats::Survey;
    use crate::status::Status::{Failed, Passed};

    fn arranged(results: &[TestRun], reruns: Reruns) -> Vec<(String, Status)> {
        let mut survey = Survey::default();
        results.iter().for_each(|run| survey.add(run));
        let arrangement = survey.finish().map(|mut repeats| {
            results.iter().for_each(|run| repeats.add(run, 0));
            repeats.arrange(reruns, &[Tag::new("OS", "Linux")])
        });
        let arrangement = arrangement.unwrap_or_default();
        arrangement
            .apply(|| results.iter().cloned())
            .map(|run| (run.run_name.unwrap_or(run.identity.name), run.status))
            .collect()
    }

    fn at(mut run: TestRun, file: &str, line: u64) -> TestRun {
        run.position = Some(Position::new(file, line));
        run
    }

    fn retry(run: TestRun) -> TestRun {
        TestRun {
            may_be_retry: true,
            ..run
        }
    }

    fn result(status: Status) -> TestRun {
        TestRun::new("pays", status)
    }

    #[test]
    fn results_of_different_origins_are_different_runs_of_the_test() {
        let results = [
            result(Failed).hostname("firefox"),
            result(Passed).hostname("vm1"),
            TestRun::new("other", Passed).hostname("vm1"),
        ];
        let expected = [
            ("pays [firefox]".to_owned(), Failed),
            ("pays [vm1]".to_owned(), Passed),
            ("other".to_owned(), Passed),
        ];
        assert_eq!(arranged(&results, Reruns::Last), expected);
    }

    #[test]
    fn a_run_without_a_name_shows_the_worst_of_all_origins() {
        let named = |status, name: &str| {
            let mut run = result(status);
            run.run_name = Some(name.to_owned());
            run
        };
        for (what, results, expected) in [
            (
                "origins",
                vec![
                    result(Failed).hostname("firefox"),
                    result(Passed).hostname("chromium"),
                ],
                Failed,
            ),
            (
                "names of runs",
                vec![named(Failed, "night"), named(Passed, "day")],
                Failed,
            ),
            (
                "a retry that passed in one of them",
                vec![
                    retry(result(Failed).hostname("firefox")),
                    retry(result(Passed).hostname("firefox")),
                    result(Passed).hostname("chromium"),
                ],
                Passed,
            ),
        ] {
            for reruns in Reruns::ALL {
                let mut survey = Survey::of_dialect(Dialect::Evidence);
                results.iter().for_each(|run| survey.add(run));
                let mut repeats = survey.finish().unwrap();
                results.iter().for_each(|run| repeats.add(run, 0));
                let arrangement = repeats.arrange(reruns, &[]);
                let shown = arrangement
                    .apply(|| results.iter().cloned())
                    .last()
                    .unwrap();
                let expected = match reruns {
                    Reruns::Last => expected,
                    Reruns::Worst | Reruns::All => Failed,
                };
                assert_eq!(shown.status, expected, "{what}, {reruns}");
                assert_eq!(arrangement.named, 0, "{what}");
                let repeated = &arrangement.repeated;
                let found = repeated.iter().map(|run| (run.results, run.is_flaky));
                assert_eq!(found.collect::<Vec<_>>(), [(results.len(), true)], "{what}");
            }
        }
    }

    #[test]
    fn a_browser_becomes_an_environment_beside_those_of_the_upload() {
        let results = [
            result(Failed).hostname("firefox"),
            result(Passed).hostname("vm1"),
        ];
        let mut survey = Survey::default();
        results.iter().for_each(|run| survey.add(run));
        let mut repeats = survey.finish().unwrap();
        results.iter().for_each(|run| repeats.add(run, 0));
        let environment = [Tag::new("OS", "Linux"), Tag::new("browser", "Edge")];
        let arrangement = repeats.arrange(Reruns::Last, &environment);
        let tags: Vec<Vec<Tag>> = arrangement
            .apply(|| results.iter().cloned())
            .map(|run| run.context.environment)
            .collect();
        let expected = vec![Tag::new("OS", "Linux"), Tag::new("Browser", "Firefox")];
        assert_eq!(tags, [expected, Vec::new()]);
    }

    #[test]
    fn the_result_that_a_run_shows_is_sent_last() {
        let results = [
            at(result(Passed), "c.xml", 1).started("2026-01-01T10:00:00Z".parse().unwrap()),
            at(result(Failed), "d.xml", 1).started("2026-01-01T09:00:00Z".parse().unwrap()),
            TestRun::new("other", Passed),
        ];
        let names: Vec<_> = arranged(&results, Reruns::Last);
        assert_eq!(names[0], ("pays".to_owned(), Failed));
        assert_eq!(names[2], ("pays".to_owned(), Passed));
        let worst = arranged(&results, Reruns::Worst);
        assert_eq!(worst[1], ("pays".to_owned(), Failed));
    }

    #[test]
    fn all_attempts_are_runs_of_their_own_if_that_is_wanted() {
        let results = [
            at(result(Passed), "a.xml", 9).hostname("h1"),
            at(result(Failed), "a.xml", 1).hostname("h1"),
            at(result(Failed), "b.xml", 1).hostname("h2"),
        ];
        let expected = [
            ("pays [h1]".to_owned(), Passed),
            ("pays [h1] (attempt 2)".to_owned(), Failed),
            ("pays [h2]".to_owned(), Failed),
        ];
        assert_eq!(arranged(&results, Reruns::All), expected);
    }

    #[test]
    fn nothing_is_different_if_it_is_not_known_which_tests_have_several_results() {
        let results = [
            result(Failed).hostname("firefox"),
            TestRun::new("other", Passed).hostname("vm1"),
            result(Passed).hostname("vm1"),
            result(Failed).hostname("vm1"),
        ];
        for reruns in Reruns::ALL {
            let mut repeats = Repeats::of_any();
            results.iter().for_each(|run| repeats.add(run, 0));
            let arrangement = repeats.arrange(reruns, &[Tag::new("OS", "Linux")]);
            assert_eq!(arrangement.changes.get(&1), None);
            let shown: Vec<_> = arrangement
                .apply(|| results.iter().cloned())
                .map(|run| (run.run_name.unwrap_or(run.identity.name), run.status))
                .collect();
            assert_eq!(shown, arranged(&results, reruns));
        }
    }

    proptest! {
        /// What each run shows in the end does not depend on the order in which files are found.
        #[test]
        fn the_order_of_files_changes_nothing(
            results in prop::collection::vec(
                (0..3_u8, 0..3_u8, 0..3_u8, any::<bool>(), prop::option::weighted(0.9, 0..3_i64)),
                1..12,
            ),
            turn in 0..3_usize,
            reruns in prop::sample::select(Reruns::ALL.to_vec()),
        ) {
            let run = |(line, (file, name, host, is_failed, second)): (usize, &(u8, u8, u8, bool, Option<i64>))| {
                let status = if *is_failed { Failed } else { Passed };
                let mut run = at(TestRun::new(format!("t{name}"), status), &format!("{file}.xml"), line as u64);
                run.started = second.map(|second| jiff::Timestamp::from_second(second).unwrap());
                (*file, if *host == 0 { run } else { run.hostname(format!("h{host}")) })
            };
            let mut results: Vec<(u8, TestRun)> = results.iter().enumerate().map(run).collect();
            results.sort_by_key(|(file, _)| *file);
            let shown = |results: &[(u8, TestRun)]| -> BTreeMap<String, Status> {
                let runs: Vec<TestRun> = results.iter().map(|(_, run)| run.clone()).collect();
                let arranged = arranged(&runs, reruns);
                assert_eq!(arranged.len(), runs.len());
                arranged.into_iter().collect()
            };
            let expected = shown(&results);
            results.sort_by_key(|(file, _)| (usize::from(*file) + turn) % 3);
            prop_assert_eq!(shown(&results), expected);
        }
    }
}
