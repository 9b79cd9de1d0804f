//! Automated tests.

use serde::Deserialize;

use crate::id::TestId;
use crate::resource::Resource;
use crate::select::Select;

/// An automated test.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct AutomatedTest {
    /// The id.
    pub id: TestId,
    /// The name.
    pub name: String,
    /// The module.
    #[serde(default)]
    pub component: Option<String>,
    /// The package.
    #[serde(default)]
    pub package: Option<String>,
    /// The class.
    #[serde(default)]
    pub class_name: Option<String>,
}

impl Resource for AutomatedTest {
    const TYPE: &'static str = "test_automated";
    const COLLECTION: &'static str = "automated_tests";

    fn select() -> Select {
        Select::names(["name", "component", "package", "class_name"])
    }
}
