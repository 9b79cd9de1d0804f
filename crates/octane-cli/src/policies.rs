//! How an upload is judged, the first time and whenever it is resumed.

use std::collections::BTreeMap;

use clap::ValueEnum;
use octane_client::ProblemClass;

use crate::args::{DeliveryArgs, OnTestFailure, OnUnresolved, OnUploadError, Tolerate};

/// The names under which the policies are stored with an upload.
const ON_UNRESOLVED: &str = "on-unresolved";
const ON_UPLOAD_ERROR: &str = "on-upload-error";
const ON_TEST_FAILURE: &str = "on-test-failure";
const TOLERATE: &str = "tolerate";

/// What certain outcomes mean. Options that are typed win over those that are stored with the upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Policies {
    pub(crate) on_unresolved: OnUnresolved,
    pub(crate) on_upload_error: OnUploadError,
    pub(crate) on_test_failure: OnTestFailure,
    /// Which of the classes of [`Tolerate`] are tolerated.
    pub(crate) tolerate: [bool; Tolerate::ALL.len()],
}

impl Default for Policies {
    fn default() -> Self {
        Self {
            on_unresolved: OnUnresolved::Warn,
            on_upload_error: OnUploadError::Fail,
            on_test_failure: OnTestFailure::Ignore,
            tolerate: [false; Tolerate::ALL.len()],
        }
    }
}

impl Policies {
    /// Those of a new upload.
    pub(crate) fn new(args: &DeliveryArgs) -> Self {
        Self::resumed(args, &BTreeMap::new())
    }

    /// Those of an upload that is resumed.
    pub(crate) fn resumed(args: &DeliveryArgs, stored: &BTreeMap<String, String>) -> Self {
        Self::as_stored(stored).unless_typed(args)
    }

    /// Those that are stored with an upload. A word that this version does not know counts as the default.
    pub(crate) fn as_stored(stored: &BTreeMap<String, String>) -> Self {
        let default = Self::default();
        let words = stored.get(TOLERATE).map_or("", String::as_str).split(',');
        let known = words.filter_map(|word| Tolerate::from_str(word, false).ok());
        let tolerate: Vec<Tolerate> = known.collect();
        Self {
            on_unresolved: value(stored, ON_UNRESOLVED).unwrap_or(default.on_unresolved),
            on_upload_error: value(stored, ON_UPLOAD_ERROR).unwrap_or(default.on_upload_error),
            on_test_failure: value(stored, ON_TEST_FAILURE).unwrap_or(default.on_test_failure),
            tolerate: Tolerate::ALL.map(|class| tolerate.contains(&class)),
        }
    }

    /// The same, except for what is typed.
    fn unless_typed(self, args: &DeliveryArgs) -> Self {
        Self {
            on_unresolved: args.on_unresolved().unwrap_or(self.on_unresolved),
            on_upload_error: args.on_upload_error.unwrap_or(self.on_upload_error),
            on_test_failure: args.on_test_failure.unwrap_or(self.on_test_failure),
            tolerate: if args.tolerate.is_empty() {
                self.tolerate
            } else {
                Tolerate::ALL.map(|class| args.tolerate.contains(&class))
            },
        }
    }

    /// Those of the last step of shards, whose uploads have stored these: the strictest of them, unless others are typed. What an
    /// upload that failed means for its own job has no effect on the last step.
    pub(crate) fn of_shards<'s>(
        args: &DeliveryArgs,
        shards: impl Iterator<Item = &'s BTreeMap<String, String>>,
    ) -> Self {
        let of_all = shards.map(Self::as_stored).reduce(Self::strictest);
        Self {
            on_upload_error: Self::default().on_upload_error,
            ..of_all.unwrap_or_default()
        }
        .unless_typed(args)
    }

    /// The same for a shard that completes the suite run: the strictest of its own and of those that all shards have stored.
    pub(crate) fn with_shards<'s>(
        self,
        shards: impl Iterator<Item = &'s BTreeMap<String, String>>,
    ) -> Self {
        shards.map(Self::as_stored).fold(self, Self::strictest)
    }

    /// The stricter one of each.
    ///
    /// | policy | strict first |
    /// | --- | --- |
    /// | `--on-unresolved` | `fail`, `warn`, `ignore` |
    /// | `--on-upload-error` | `fail`, `warn` |
    /// | `--on-test-failure` | `fail`, `ignore` |
    /// | `--tolerate` | without the class, with it |
    fn strictest(self, other: Self) -> Self {
        fn first<T: Copy + PartialEq, const N: usize>(order: [T; N], one: T, other: T) -> T {
            let mut order = order.into_iter();
            order
                .find(|word| *word == one || *word == other)
                .unwrap_or(one)
        }
        let unresolved = [OnUnresolved::Fail, OnUnresolved::Warn, OnUnresolved::Ignore];
        let upload_error = [OnUploadError::Fail, OnUploadError::Warn];
        let test_failure = [OnTestFailure::Fail, OnTestFailure::Ignore];
        let mut tolerate = self.tolerate;
        for (one, other) in tolerate.iter_mut().zip(other.tolerate) {
            *one &= other;
        }
        Self {
            on_unresolved: first(unresolved, self.on_unresolved, other.on_unresolved),
            on_upload_error: first(upload_error, self.on_upload_error, other.on_upload_error),
            on_test_failure: first(test_failure, self.on_test_failure, other.on_test_failure),
            tolerate,
        }
    }

    /// The classes of tests whose failures are tolerated.
    pub(crate) fn tolerated(self) -> Vec<ProblemClass> {
        self.tolerate_words().map(Tolerate::class).collect()
    }

    fn tolerate_words(self) -> impl Iterator<Item = Tolerate> {
        let all = Tolerate::ALL.into_iter().zip(self.tolerate);
        all.filter_map(|(class, is_tolerated)| is_tolerated.then_some(class))
    }

    /// What is stored with the upload.
    pub(crate) fn stored(self) -> BTreeMap<String, String> {
        let word = |value: Option<clap::builder::PossibleValue>| {
            value.map(|value| value.get_name().to_owned())
        };
        let tolerate = self.tolerate_words();
        let tolerate: Vec<String> = tolerate
            .filter_map(|class| word(class.to_possible_value()))
            .collect();
        [
            (ON_UNRESOLVED, word(self.on_unresolved.to_possible_value())),
            (
                ON_UPLOAD_ERROR,
                word(self.on_upload_error.to_possible_value()),
            ),
            (
                ON_TEST_FAILURE,
                word(self.on_test_failure.to_possible_value()),
            ),
            (TOLERATE, Some(tolerate.join(","))),
        ]
        .into_iter()
        .filter_map(|(name, word)| Some((name.to_owned(), word?)))
        .collect()
    }
}

fn value<T: ValueEnum>(stored: &BTreeMap<String, String>, name: &str) -> Option<T> {
    T::from_str(stored.get(name)?, false).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strictest_policy_of_all_shards_counts() {
        let lenient = Policies {
            on_unresolved: OnUnresolved::Ignore,
            on_upload_error: OnUploadError::Warn,
            on_test_failure: OnTestFailure::Ignore,
            tolerate: [true; 3],
        };
        let strict = Policies {
            on_unresolved: OnUnresolved::Fail,
            on_upload_error: OnUploadError::Fail,
            on_test_failure: OnTestFailure::Fail,
            tolerate: [false; 3],
        };
        for (one, other, expected) in [
            (lenient, lenient, lenient),
            (lenient, strict, strict),
            (strict, lenient, strict),
            (lenient, Policies::default(), Policies::default()),
        ] {
            assert_eq!(one.strictest(other), expected);
            let stored = [one.stored(), other.stored()];
            assert_eq!(one.with_shards(stored.iter()), expected);
        }
        let some = Policies {
            tolerate: [true, false, true],
            ..lenient
        };
        assert_eq!(lenient.strictest(some), some);
        assert_eq!(Policies::as_stored(&some.stored()), some);
    }
}
