//! Application modules.

use serde::Deserialize;

use super::Resource;
use crate::{ModuleId, Reference, Select};

/// A node in the tree of application modules; the payload of test results calls it a product area.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct ApplicationModule {
    /// The id.
    pub id: ModuleId,
    /// The name; siblings may share one.
    pub name: String,
    /// The module above; the root, which every workspace has, has none.
    #[serde(default)]
    pub parent: Option<Reference>,
}

impl Resource for ApplicationModule {
    const TYPE: &'static str = "application_module";
    const COLLECTION: &'static str = "application_modules";

    fn select() -> Select {
        Select::names(["name", "parent"])
    }
}
