//! Test suites.

use serde::Deserialize;

use crate::id::SuiteId;
use crate::reference::References;
use crate::resource::Resource;
use crate::select::Select;

/// A test suite, which collects the runs of tests.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct TestSuite {
    /// The id.
    pub id: SuiteId,
    /// The name; several suites may share one.
    pub name: String,
    /// The application modules that the suite belongs to.
    #[serde(default)]
    pub product_areas: References,
}

impl Resource for TestSuite {
    const TYPE: &'static str = "test_suite";
    const COLLECTION: &'static str = "test_suites";

    fn select() -> Select {
        Select::names(["name", "product_areas"])
    }
}
