//! Test suites.

use serde::Deserialize;

use super::Resource;
use crate::{References, Select, SuiteId};

/// A test suite: the place where runs of tests are collected.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct TestSuite {
    /// The id.
    pub id: SuiteId,
    /// The name; several suites may share one.
    pub name: String,
    /// The application modules that it belongs to.
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
