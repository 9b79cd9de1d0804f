//! Which of several results of one run counts.

use std::cmp::Reverse;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use jiff::Timestamp;

use crate::status::Status;

/// Which of several results of one run the run shows. The others are in its history.
///
/// | | the run shows |
/// |---|---|
/// | `Last` | the last result, as below |
/// | `Worst` | the worst one: failed, then planned, skipped, passed; of several such ones the last |
/// | `All` | each result is a run of its own, called `adds_tax (attempt 2)` and so on, in the order below |
///
/// The last result is, among those that ran (neither skipped nor planned, if any did),
///
/// 1. the one that started last, if all of them have a start time;
/// 2. then the one that comes from the last input as they were given;
/// 3. then the last one in its file. If files that were found in a directory differ there, nothing says which is
///    the last: the worst one counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reruns {
    /// The last result.
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
    /// The file that it was read from.
    pub(super) file: Option<Arc<str>>,
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
        (key(one), &one.file, one.ordinal).cmp(&(key(other), &other.file, other.ordinal))
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

fn last<'r>(repeats: impl Iterator<Item = &'r Repeat>) -> Option<&'r Repeat> {
    let all: Vec<&Repeat> = repeats.collect();
    let has_run = |repeat: &&Repeat| matches!(repeat.status, Status::Passed | Status::Failed);
    let mut left: Vec<&Repeat> = all.iter().copied().filter(has_run).collect();
    if left.is_empty() {
        left = all;
    }
    if left.iter().all(|repeat| repeat.started.is_some()) {
        let latest = left.iter().map(|repeat| repeat.started).max()?;
        left.retain(|repeat| repeat.started == latest);
    }
    let input = left.iter().map(|repeat| repeat.input).max()?;
    left.retain(|repeat| repeat.input == input);
    // Of each file only the last one is left.
    left.sort_by_key(|repeat| (repeat.file.clone(), Reverse(repeat.ordinal)));
    left.dedup_by(|next, first| next.file == first.file);
    left.into_iter()
        .max_by_key(|repeat| (severity(repeat.status), repeat.file.clone()))
}

#[cfg(test)]
mod tests {
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
            file: Some(file.into()),
        }
    }

    use Status::{Failed, Passed, Planned, Skipped};

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
            let found = shown(&repeats, Reruns::Last).unwrap();
            assert_eq!(found.ordinal, expected, "{what}");
            let mut reversed = repeats.clone();
            reversed.reverse();
            assert_eq!(
                shown(&reversed, Reruns::Last),
                Some(found),
                "{what}, reversed"
            );
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
