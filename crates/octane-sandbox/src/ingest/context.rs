//! The references in the context of a payload or a run.

use crate::store::results::TestFields;

/// A context with its references resolved, except those that are `missing` or `unknown`.
#[derive(Debug, Clone, Default)]
pub(super) struct Resolved {
    pub(super) suite: Option<Suite>,
    pub(super) release: Option<i64>,
    pub(super) milestone: Option<i64>,
    pub(super) program: Option<i64>,
    pub(super) build: Option<i64>,
    pub(super) backlog_items: Vec<i64>,
    pub(super) modules: Vec<i64>,
    pub(super) fields: TestFields,
    pub(super) test_types: Vec<i64>,
    /// Category and value.
    pub(super) environment: Vec<(String, i64)>,
    /// The environment's values in a fixed order.
    pub(super) taxonomies: Vec<i64>,
    /// The same as text; empty if there are none.
    pub(super) environment_key: String,
    /// Required references that do not exist, in words: ``the release `55` does not exist``.
    pub(super) missing: Vec<String>,
    /// Optional references that do not exist.
    pub(super) unknown: Vec<String>,
}

/// A suite and its suite run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Suite {
    pub(super) row_id: i64,
    /// The name of the suite run; empty if it has none.
    pub(super) external_run_id: String,
    pub(super) component: Option<String>,
}

impl Resolved {
    /// The effective context of a run that has its own: where both set a value, the run wins. Backlog items
    /// and modules are combined, since they are links of the test; test fields and environments are replaced
    /// by category.
    pub(super) fn with(&self, own: Self) -> Self {
        let mut whole = Self {
            suite: own.suite.or_else(|| self.suite.clone()),
            release: own.release.or(self.release),
            milestone: own.milestone.or(self.milestone),
            program: own.program.or(self.program),
            build: self.build,
            fields: TestFields {
                level: own.fields.level.or(self.fields.level),
                tool: own.fields.tool.or(self.fields.tool),
                framework: own.fields.framework.or(self.fields.framework),
            },
            ..own
        };
        whole.backlog_items.extend(&self.backlog_items);
        whole.modules.extend(&self.modules);
        if whole.test_types.is_empty() {
            whole.test_types.clone_from(&self.test_types);
        }
        let own_count = whole.environment.len();
        for tag in &self.environment {
            if whole.environment[..own_count]
                .iter()
                .all(|own| own.0 != tag.0)
            {
                whole.environment.push(tag.clone());
            }
        }
        whole.order_environment();
        whole
    }

    /// Sorts the environment's values, so that equal environments compare equal.
    pub(super) fn order_environment(&mut self) {
        self.taxonomies = self.environment.iter().map(|tag| tag.1).collect();
        self.taxonomies.sort_unstable();
        self.taxonomies.dedup();
        let texts: Vec<String> = self.taxonomies.iter().map(i64::to_string).collect();
        self.environment_key = texts.join(",");
    }
}
