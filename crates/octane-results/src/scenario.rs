//! The scenario of a feature file that a result is of.

use std::sync::Arc;

/// The scenario of a feature file that a result is of, where a report of Cucumber or of a similar tool says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeatureScenario {
    /// The feature file.
    pub file: Arc<FeatureFile>,
    /// The name of the scenario, without what the name of the test adds, such as its rule or the number of its example; may be
    /// empty.
    pub name: String,
    /// The line of the scenario, or of the row of its examples.
    pub line: Option<u64>,
}

/// A feature file, as a report describes it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FeatureFile {
    /// The path, as in the report but with `/` between its segments; empty if the report does not name it.
    pub path: String,
    /// The name of the feature; may be empty.
    pub name: String,
    /// The tags of the feature.
    pub tags: Vec<String>,
    /// The text of the file, where the report contains it.
    pub text: Option<String>,
}

impl FeatureFile {
    /// The path in `uri`, as Cucumber writes it: `file:features/cart.feature`.
    pub(crate) fn path_of(uri: &str) -> String {
        let path = uri.strip_prefix("file:").unwrap_or(uri);
        let path = path.strip_prefix("//").unwrap_or(path);
        crate::read::file_names::with_slashes(path).into_owned()
    }
}
