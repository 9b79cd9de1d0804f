//! How an upload is judged, the first time and whenever it is resumed.

use std::collections::BTreeMap;

use clap::ValueEnum;

use crate::args::{DeliveryArgs, OnUnresolved, OnUploadError};

/// The names under which the policies are stored with an upload.
const ON_UNRESOLVED: &str = "on-unresolved";
const ON_UPLOAD_ERROR: &str = "on-upload-error";

/// What certain outcomes mean. Options that are typed win over those that are stored with the upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Policies {
    pub(crate) on_unresolved: OnUnresolved,
    pub(crate) on_upload_error: OnUploadError,
}

impl Policies {
    /// Those of a new upload.
    pub(crate) fn new(args: &DeliveryArgs) -> Self {
        Self::resumed(args, &BTreeMap::new())
    }

    /// Those of an upload that is resumed. A word that this version does not know counts as the default.
    pub(crate) fn resumed(args: &DeliveryArgs, stored: &BTreeMap<String, String>) -> Self {
        Self {
            on_unresolved: args
                .on_unresolved
                .or_else(|| value(stored, ON_UNRESOLVED))
                .unwrap_or(OnUnresolved::Warn),
            on_upload_error: args
                .on_upload_error
                .or_else(|| value(stored, ON_UPLOAD_ERROR))
                .unwrap_or(OnUploadError::Fail),
        }
    }

    /// What is stored with the upload.
    pub(crate) fn stored(self) -> BTreeMap<String, String> {
        let stored = |name: &str, value: &dyn Fn() -> Option<clap::builder::PossibleValue>| {
            value().map(|value| (name.to_owned(), value.get_name().to_owned()))
        };
        [
            stored(ON_UNRESOLVED, &|| self.on_unresolved.to_possible_value()),
            stored(ON_UPLOAD_ERROR, &|| {
                self.on_upload_error.to_possible_value()
            }),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

fn value<T: ValueEnum>(stored: &BTreeMap<String, String>, name: &str) -> Option<T> {
    T::from_str(stored.get(name)?, false).ok()
}
