//! Application modules.

use serde::Deserialize;

use crate::id::ModuleId;
use crate::reference::Reference;
use crate::resource::Resource;
use crate::select::Select;

/// A node in the tree of application modules; called a product area in payloads of test results.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct ApplicationModule {
    /// The id.
    pub id: ModuleId,
    /// The name; siblings may share one.
    pub name: String,
    /// The parent module; the root module, which every workspace has, has none.
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
