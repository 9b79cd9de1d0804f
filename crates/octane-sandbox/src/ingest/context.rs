//! The references in the context of a payload or a run.

use octane_results::{Context, TestFieldKind};

use crate::store::results::{Taxonomy, TestFields};

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
    pub(super) environment: Vec<Taxonomy>,
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
    /// The effective context of a run that has its own: where both name a value, the run wins, even if that value does not exist.
    /// Backlog items and modules are combined, since they are links of the test; test fields and environments are replaced by category.
    pub(super) fn with(&self, own: Self, named: &Context) -> Self {
        let has_field = |kind| named.test_fields.iter().any(|field| field.kind == kind);
        let mut whole = Self {
            suite: either(named.suite.is_some(), own.suite, self.suite.as_ref()),
            release: either(named.release.is_some(), own.release, self.release.as_ref()),
            milestone: either(
                named.milestone.is_some(),
                own.milestone,
                self.milestone.as_ref(),
            ),
            program: either(named.program.is_some(), own.program, self.program.as_ref()),
            build: self.build,
            fields: TestFields {
                level: either(
                    has_field(TestFieldKind::TestLevel),
                    own.fields.level,
                    self.fields.level.as_ref(),
                ),
                tool: either(
                    has_field(TestFieldKind::TestingToolType),
                    own.fields.tool,
                    self.fields.tool.as_ref(),
                ),
                framework: either(
                    has_field(TestFieldKind::Framework),
                    own.fields.framework,
                    self.fields.framework.as_ref(),
                ),
            },
            ..own
        };
        whole.backlog_items.extend(&self.backlog_items);
        whole.modules.extend(&self.modules);
        if !has_field(TestFieldKind::TestType) {
            whole.test_types.clone_from(&self.test_types);
        }
        let own_count = whole.environment.len();
        for value in &self.environment {
            if whole.environment[..own_count]
                .iter()
                .all(|own| own.category != value.category)
            {
                whole.environment.push(*value);
            }
        }
        whole.order_environment();
        whole
    }

    /// Sorts the environment's values, so that equal environments compare equal.
    pub(super) fn order_environment(&mut self) {
        self.taxonomies = self.environment.iter().filter_map(|of| of.value).collect();
        self.taxonomies.sort_unstable();
        self.taxonomies.dedup();
        let texts: Vec<String> = self.taxonomies.iter().map(i64::to_string).collect();
        self.environment_key = texts.join(",");
    }
}

/// What the run names, or else what the payload does.
fn either<T: Clone>(is_named: bool, own: Option<T>, outer: Option<&T>) -> Option<T> {
    if is_named { own } else { outer.cloned() }
}
