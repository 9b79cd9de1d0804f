//! Releases.

use serde::Deserialize;

use crate::id::ReleaseId;
use crate::resource::Resource;
use crate::select::Select;

/// A release.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct ReleaseEntity {
    /// The id.
    pub id: ReleaseId,
    /// The name.
    pub name: String,
}

impl Resource for ReleaseEntity {
    const TYPE: &'static str = "release";
    const COLLECTION: &'static str = "releases";

    fn select() -> Select {
        Select::names(["name"])
    }
}
