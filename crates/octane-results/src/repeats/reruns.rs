//! Which of several results of one run counts.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use jiff::Timestamp;

use crate::position::Position;
use crate::status::Status;

/// Which of several results of one run the run shows. The others are in its history.
///
/// | | the run shows |
/// |---|---|
/// | `Last` | the last result, as below, unless it may be another row or repetition rather than a retry |
/// | `Worst` | the worst one: failed, then planned, skipped, passed; of several such ones the last |
/// | `All` | each result is a run of its own, called `adds_tax (attempt 2)` and so on, by start time, input and place in the file |
///
/// `Last` looks only at results that ran (neither skipped nor planned), if any did. A test is retried after it has failed, and
/// not after it has passed: what follows a pass is a repetition or another row of a data-driven test, and the pass of one row
/// must not hide the failure of another. In most formats a retried test has one result, or each attempt is marked; only where
/// [`may_be_retry`](crate::TestRun::may_be_retry) is set, attempts may look like rows. So each file gives one result. In the
/// order in which its results happened (by start time if all of them have one, otherwise by place in the file):
///
/// | the results of a file | they are | the one that counts |
/// |---|---|---|
/// | each [replaces those before it](crate::TestRun::replaces_earlier), as in a payload for Octane | in the order that counts | the last one that ran |
/// | all but the last have failed, and each may be a retry | attempts | the last |
/// | all but the last have failed, and some cannot be a retry | repetitions or rows | the worst; of several such ones the last |
/// | some follow one that passed | repetitions or rows | the worst; of several such ones the last |
/// | none ran | | the last |
///
/// Of these results of files, the run shows
///
/// 1. that of the file in which a result started last, if all of these results that ran have a start time;
/// 2. then that of the last input as they were given;
/// 3. then, as nothing says which of the files found in a directory is the last, the worst one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reruns {
    /// The last result, or the worst of a file whose results are not attempts of a retried test.
    #[default]
    Last,
    /// The worst result.
    Worst,
    /// Every result, each as a run of its own.
    All,
}

impl Reruns {
    /// All values.
    pub const ALL: [Self; 3] = [Self::Last, Self::Worst, Self::All];

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Last => "last",
            Self::Worst => "worst",
            Self::All => "all",
        }
    }
}

impl fmt::Display for Reruns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A word that is not one of [`Reruns`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not one of `last`, `worst` and `all`")]
pub struct UnknownReruns(String);

impl FromStr for Reruns {
    type Err = UnknownReruns;

    fn from_str(word: &str) -> Result<Self, UnknownReruns> {
        let known = Self::ALL.into_iter().find(|known| known.as_str() == word);
        known.ok_or_else(|| UnknownReruns(word.to_owned()))
    }
}

/// One of several results of a run, as far as it matters which one counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Repeat {
    /// Its number in the order of reading, from 0.
    pub(super) ordinal: u64,
    pub(super) status: Status,
    pub(super) started: Option<Timestamp>,
    /// The number of the input, as they were given.
    pub(super) input: usize,
    /// Where it was read.
    pub(super) position: Option<Position>,
    /// See [`TestRun::may_be_retry`](crate::TestRun::may_be_retry).
    pub(super) may_be_retry: bool,
    /// See [`TestRun::replaces_earlier`](crate::TestRun::replaces_earlier).
    pub(super) replaces_earlier: bool,
}

impl Repeat {
    /// The file that it was read from.
    fn file(&self) -> Option<&Arc<str>> {
        self.position.as_ref().map(|position| &position.file)
    }
}

/// How bad a status is.
fn severity(status: Status) -> u8 {
    match status {
        Status::Passed => 0,
        Status::Skipped => 1,
        Status::Planned => 2,
        Status::Failed => 3,
    }
}

/// The order in which repeats happened, as far as that is known; see [`Reruns`]. The file breaks ties, so that the
/// order does not depend on the order of reading.
pub(super) fn in_order(repeats: &mut [Repeat]) {
    let is_timed = repeats.iter().all(|repeat| repeat.started.is_some());
    repeats.sort_by(|one, other| {
        let key = |repeat: &Repeat| (repeat.started.filter(|_| is_timed), repeat.input);
        (key(one), one.file(), one.ordinal).cmp(&(key(other), other.file(), other.ordinal))
    });
}

/// The result that counts; see [`Reruns`]. `None` if there are no repeats, or if each of them counts.
pub(super) fn shown(repeats: &[Repeat], reruns: Reruns) -> Option<&Repeat> {
    match reruns {
        Reruns::Last => last(repeats.iter()),
        Reruns::Worst => {
            let worst = repeats.iter().map(|repeat| severity(repeat.status)).max()?;
            last(
                repeats
                    .iter()
                    .filter(|repeat| severity(repeat.status) == worst),
            )
        }
        Reruns::All => None,
    }
}

/// What a file says of a run.
struct FileResult<'r> {
    /// The result that counts.
    repeat: &'r Repeat,
    /// When the last of its results started, if all of them have a start time. That may be later than `repeat`.
    latest: Option<Timestamp>,
}

/// The result that counts for [`Reruns::Last`]: of each file the one that [`of_one_file`] finds, and of these the one in the file
/// of the latest start, if all are known, then of the last input, and then the worst.
fn last<'r>(repeats: impl Iterator<Item = &'r Repeat>) -> Option<&'r Repeat> {
    let all: Vec<&Repeat> = repeats.collect();
    let has_run = |repeat: &&Repeat| matches!(repeat.status, Status::Passed | Status::Failed);
    let mut counting: Vec<&Repeat> = all.iter().copied().filter(has_run).collect();
    if counting.is_empty() {
        counting = all;
    }
    let mut files: BTreeMap<_, Vec<&Repeat>> = BTreeMap::new();
    for repeat in counting {
        let file = (repeat.input, repeat.file());
        files.entry(file).or_default().push(repeat);
    }
    let mut left: Vec<FileResult<'_>> = files.into_values().filter_map(of_one_file).collect();
    if left.iter().all(|file| file.latest.is_some()) {
        let latest = left.iter().map(|file| file.latest).max()?;
        left.retain(|file| file.latest == latest);
    }
    let input = left.iter().map(|file| file.repeat.input).max()?;
    left.into_iter()
        .map(|file| file.repeat)
        .filter(|repeat| repeat.input == input)
        .max_by_key(|repeat| (severity(repeat.status), repeat.file()))
}

/// What a file says, given its results that count; see the table of [`Reruns`].
fn of_one_file(mut repeats: Vec<&Repeat>) -> Option<FileResult<'_>> {
    let is_timed = repeats.iter().all(|repeat| repeat.started.is_some());
    let latest = repeats.iter().map(|repeat| repeat.started).max()?;
    let latest = latest.filter(|_| is_timed);
    let is_last_meant = repeats.iter().all(|repeat| repeat.replaces_earlier);
    let is_by_time = is_timed && !is_last_meant;
    repeats.sort_by_key(|repeat| (repeat.started.filter(|_| is_by_time), repeat.ordinal));
    let (last, before) = repeats.split_last()?;
    let are_attempts = before.iter().all(|repeat| repeat.status != Status::Passed)
        && repeats.iter().all(|repeat| repeat.may_be_retry);
    let repeat = if are_attempts || is_last_meant {
        last
    } else {
        // Of several that are as bad, this is the last one.
        repeats
            .iter()
            .max_by_key(|repeat| severity(repeat.status))?
    };
    Some(FileResult { repeat, latest })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn repeat(
        ordinal: u64,
        status: Status,
        started: Option<i64>,
        input: usize,
        file: &str,
    ) -> Repeat {
        Repeat {
            ordinal,
            status,
            started: started.map(|second| Timestamp::from_second(second).unwrap()),
            input,
            position: Some(Position::new(file, 1)),
            may_be_retry: true,
            replaces_earlier: false,
        }
    }

    use Status::{Failed, Passed, Planned, Skipped};

    /// Results with these statuses, start times, inputs and files, in the order of reading.
    fn numbered<'f>(
        results: impl IntoIterator<Item = (Status, Option<i64>, usize, Option<&'f str>)>,
    ) -> Vec<Repeat> {
        (0..)
            .zip(results)
            .map(|(ordinal, (status, started, input, file))| Repeat {
                position: file.map(|file| Position::new(file, 1)),
                ..repeat(ordinal, status, started, input, "")
            })
            .collect()
    }

    /// Checks which result counts, in whichever order they are read.
    fn assert_shown(what: &str, repeats: &[Repeat], expected: u64) {
        let mut reversed = repeats.to_vec();
        reversed.reverse();
        for repeats in [repeats, &reversed] {
            let found = shown(repeats, Reruns::Last).map(|found| found.ordinal);
            assert_eq!(found, Some(expected), "{what}");
        }
    }

    #[test]
    fn the_worst_result_of_a_file_counts_unless_each_may_be_a_retry() {
        for (may_be_retry, expected) in [
            ([true, true, true], 2),
            ([false, true, true], 1),
            ([true, true, false], 1),
            ([false, false, false], 1),
        ] {
            let results = [Failed, Failed, Passed].map(|status| (status, None, 0, Some("a")));
            let mut repeats = numbered(results);
            for (repeat, may_be_retry) in repeats.iter_mut().zip(may_be_retry) {
                repeat.may_be_retry = may_be_retry;
            }
            assert_shown(&format!("{may_be_retry:?}"), &repeats, expected);
        }
    }

    #[test]
    fn the_last_result_in_a_file_counts_if_each_replaces_those_before_it() {
        for results in [
            [(Passed, 3), (Failed, 2), (Failed, 1)],
            [(Failed, 1), (Passed, 3), (Failed, 2)],
            [(Passed, 1), (Failed, 3), (Passed, 2)],
        ] {
            let results = results.map(|(status, at)| (status, Some(at), 0, Some("a")));
            let mut repeats = numbered(results);
            for repeat in &mut repeats {
                repeat.replaces_earlier = true;
            }
            assert_shown(&format!("{results:?}"), &repeats, 2);
        }
    }

    #[test]
    fn the_last_result_is_found_by_start_time_then_input_then_place_in_the_file() {
        for (what, repeats, expected) in [
            (
                "the latest start",
                vec![
                    repeat(0, Passed, Some(30), 0, "b"),
                    repeat(1, Failed, Some(20), 1, "a"),
                ],
                0,
            ),
            (
                "a start that is missing, so the last input",
                vec![
                    repeat(0, Passed, Some(30), 0, "b"),
                    repeat(1, Failed, None, 1, "a"),
                ],
                1,
            ),
            (
                "the last one in the file",
                vec![
                    repeat(0, Failed, None, 0, "a"),
                    repeat(1, Passed, None, 0, "a"),
                ],
                1,
            ),
            (
                "files of one directory without times: the worst of their last ones",
                vec![
                    repeat(0, Passed, None, 0, "a"),
                    repeat(1, Failed, None, 0, "b"),
                    repeat(2, Passed, None, 0, "c"),
                ],
                1,
            ),
            (
                "a failure that a later pass of its own file follows",
                vec![
                    repeat(0, Failed, None, 0, "a"),
                    repeat(1, Passed, None, 0, "a"),
                    repeat(2, Passed, None, 0, "b"),
                ],
                2,
            ),
            (
                "what did not run does not replace what did",
                vec![
                    repeat(0, Failed, Some(1), 0, "a"),
                    repeat(1, Skipped, Some(2), 0, "a"),
                ],
                0,
            ),
            (
                "nothing ran",
                vec![
                    repeat(0, Planned, None, 0, "a"),
                    repeat(1, Skipped, None, 0, "a"),
                ],
                1,
            ),
        ] {
            assert_shown(what, &repeats, expected);
        }
    }

    #[test]
    fn a_pass_hides_the_failures_before_it_only_if_it_is_that_of_a_retry() {
        for (statuses, expected) in [
            // Attempts.
            (&[Failed, Passed][..], 1),
            (&[Failed, Failed, Passed], 2),
            (&[Failed, Failed, Failed], 2),
            // Repetitions, or rows.
            (&[Failed, Passed, Passed], 0),
            (&[Passed, Failed, Passed], 1),
            (&[Failed, Passed, Failed], 2),
            (&[Failed, Failed, Passed, Passed], 1),
            (&[Passed, Failed], 1),
            (&[Passed, Passed], 1),
            // What did not run is neither.
            (&[Failed, Skipped, Passed], 2),
            (&[Skipped, Failed, Passed, Planned], 2),
            (&[Failed, Skipped, Passed, Skipped, Passed], 0),
            (&[Passed, Skipped], 0),
            (&[Skipped, Passed], 1),
            (&[Skipped, Planned], 1),
        ] {
            let untimed = statuses.iter().map(|status| (*status, None, 0, Some("a")));
            let mut repeats = numbered(untimed);
            let what = format!("{statuses:?}");
            assert_shown(&what, &repeats, expected);
            for repeat in &mut repeats {
                repeat.started = Some(Timestamp::UNIX_EPOCH);
            }
            assert_shown(&format!("{what}, all at once"), &repeats, expected);
            for repeat in &mut repeats {
                repeat.position = None;
            }
            assert_shown(&format!("{what}, of no file"), &repeats, expected);
        }
    }

    #[test]
    fn the_results_of_a_file_happened_in_the_order_of_their_starts_if_all_have_one() {
        for (results, expected) in [
            // Attempts.
            (&[(Passed, Some(2)), (Failed, Some(1))][..], 0),
            (
                &[(Failed, Some(2)), (Passed, Some(3)), (Failed, Some(1))],
                1,
            ),
            (&[(Passed, Some(2)), (Skipped, None), (Failed, Some(1))], 0),
            // Repetitions, or rows.
            (
                &[(Failed, Some(2)), (Failed, Some(3)), (Passed, Some(1))],
                1,
            ),
            (
                &[(Failed, Some(3)), (Failed, Some(2)), (Passed, Some(1))],
                0,
            ),
            // Of those that started at the same time, the place in the file decides.
            (
                &[(Passed, Some(2)), (Passed, Some(1)), (Failed, Some(1))],
                2,
            ),
            (
                &[(Failed, Some(2)), (Passed, Some(2)), (Failed, Some(1))],
                1,
            ),
            // Some have no start.
            (&[(Passed, Some(2)), (Failed, None)], 1),
            (&[(Failed, Some(2)), (Failed, Some(1)), (Passed, None)], 2),
        ] {
            let of_file = |(status, started)| (status, started, 0, Some("a"));
            let repeats = numbered(results.iter().copied().map(of_file));
            assert_shown(&format!("{results:?}"), &repeats, expected);
        }
    }

    #[test]
    fn of_several_files_the_result_counts_of_the_one_in_which_a_result_started_last() {
        let rows = |starts: [Option<i64>; 3], input, file| {
            let [failed, passed, last] = starts;
            let statuses = [(Failed, failed), (Passed, passed), (Passed, last)];
            statuses.map(|(status, started)| (status, started, input, Some(file)))
        };
        let timed = [Some(1), Some(2), Some(5)];
        for (what, rows, other, expected) in [
            (
                "later rows than the failed one",
                rows(timed, 0, "a"),
                (Passed, Some(4), 0, Some("b")),
                0,
            ),
            (
                "another file that started later than all rows",
                rows(timed, 0, "a"),
                (Passed, Some(6), 0, Some("b")),
                3,
            ),
            (
                "another file that started later, of an input before it",
                rows(timed, 1, "a"),
                (Passed, Some(6), 0, Some("b")),
                3,
            ),
            (
                "at the same time: the worst",
                rows(timed, 0, "b"),
                (Passed, Some(5), 0, Some("a")),
                0,
            ),
            (
                "at the same time: the last input",
                rows(timed, 0, "b"),
                (Passed, Some(5), 1, Some("a")),
                3,
            ),
            (
                "no start of the other file: the worst",
                rows(timed, 0, "a"),
                (Passed, None, 0, Some("b")),
                0,
            ),
            (
                "no start of one row: the worst",
                rows([Some(1), None, Some(5)], 0, "a"),
                (Passed, Some(9), 0, Some("b")),
                0,
            ),
            (
                "no start of one row: the last input",
                rows([Some(1), None, Some(5)], 0, "a"),
                (Passed, Some(3), 1, Some("b")),
                3,
            ),
            (
                "a file that was given twice",
                rows([None; 3], 0, "a"),
                (Passed, None, 1, Some("a")),
                3,
            ),
            (
                "another file in which it did not run",
                rows(timed, 0, "a"),
                (Skipped, Some(9), 1, Some("b")),
                0,
            ),
            (
                "another file, of a name that is not known",
                rows(timed, 0, "a"),
                (Passed, Some(6), 0, None),
                3,
            ),
        ] {
            assert_shown(what, &numbered(rows.into_iter().chain([other])), expected);
        }
    }

    proptest! {
        /// However many results there are, a pass that a file shows hides only failures, or only passes, before it.
        #[test]
        fn no_failure_of_a_file_is_hidden_by_a_pass_that_follows_a_pass(
            results in prop::collection::vec((0..4_usize, prop::option::weighted(0.9, 0..4_i64)), 1..7),
        ) {
            let of_file = |(status, started)| {
                ([Passed, Failed, Skipped, Planned][status], started, 0, Some("a"))
            };
            let mut repeats = numbered(results.into_iter().map(of_file));
            let found = shown(&repeats, Reruns::Last).cloned();
            let has_run = |repeat: &Repeat| matches!(repeat.status, Passed | Failed);
            repeats.retain(has_run);
            in_order(&mut repeats);
            let statuses: Vec<Status> = repeats.iter().map(|repeat| repeat.status).collect();
            let expected = match statuses.iter().position(|status| *status == Passed) {
                Some(first) if first + 1 < statuses.len() && statuses.contains(&Failed) => Some(Failed),
                Some(_) => Some(Passed),
                None => statuses.last().copied(),
            };
            let found = found.map(|found| found.status).filter(|status| matches!(status, Passed | Failed));
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn the_worst_result_is_failed_then_planned_then_skipped_then_passed() {
        let all = [Passed, Skipped, Planned, Failed];
        for count in 1..=4 {
            let repeats: Vec<Repeat> = (0..count)
                .map(|at| repeat(at as u64, all[at], None, 0, "a"))
                .collect();
            let worst = shown(&repeats, Reruns::Worst).unwrap();
            assert_eq!(worst.status, all[count - 1]);
        }
    }

    #[test]
    fn attempts_are_in_the_order_of_time_wherever_they_were_found() {
        let mut repeats = vec![
            repeat(0, Passed, Some(30), 0, "b"),
            repeat(1, Failed, Some(20), 0, "a"),
            repeat(2, Failed, Some(10), 0, "c"),
        ];
        in_order(&mut repeats);
        let ordinals: Vec<u64> = repeats.iter().map(|repeat| repeat.ordinal).collect();
        assert_eq!(ordinals, [2, 1, 0]);
        assert_eq!(shown(&repeats, Reruns::All), None);
    }

    #[test]
    fn words_are_read_back() {
        for reruns in Reruns::ALL {
            assert_eq!(reruns.to_string().parse(), Ok(reruns));
        }
        let error = "first".parse::<Reruns>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "`first` is not one of `last`, `worst` and `all`"
        );
    }
}
