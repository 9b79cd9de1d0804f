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

    /// Those of an upload that a relay delivers.
    #[cfg(feature = "relay")]
    pub(crate) fn of_stored(stored: &BTreeMap<String, String>) -> Self {
        let default = Self::default();
        Self {
            on_unresolved: value(stored, ON_UNRESOLVED).unwrap_or(default.on_unresolved),
            ..default
        }
    }

    /// Those of an upload that is resumed. A word that this version does not know counts as the default.
    pub(crate) fn resumed(args: &DeliveryArgs, stored: &BTreeMap<String, String>) -> Self {
        let default = Self::default();
        let tolerate = if args.tolerate.is_empty() {
            let words = stored.get(TOLERATE).map_or("", String::as_str).split(',');
            let known = words.filter_map(|word| Tolerate::from_str(word, false).ok());
            known.collect()
        } else {
            args.tolerate.clone()
        };
        Self {
            on_unresolved: args
                .on_unresolved()
                .or_else(|| value(stored, ON_UNRESOLVED))
                .unwrap_or(default.on_unresolved),
            on_upload_error: args
                .on_upload_error
                .or_else(|| value(stored, ON_UPLOAD_ERROR))
                .unwrap_or(default.on_upload_error),
            on_test_failure: args
                .on_test_failure
                .or_else(|| value(stored, ON_TEST_FAILURE))
                .unwrap_or(default.on_test_failure),
            tolerate: Tolerate::ALL.map(|class| tolerate.contains(&class)),
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
