//! What the context of a payload or of a run points at.

use octane_results::{Context, Release, TestFieldKind};

use crate::error::ApiError;
use crate::store::Writer;
use crate::store::results::list_of;

/// A context whose references are found, except those that are `missing`.
#[derive(Debug, Clone, Default)]
pub(super) struct Resolved {
    /// The suite, and the name of the suite run in it.
    pub(super) suite: Option<(i64, Option<String>)>,
    pub(super) release: Option<i64>,
    pub(super) milestone: Option<i64>,
    pub(super) program: Option<i64>,
    pub(super) build: Option<i64>,
    pub(super) backlog_items: Vec<i64>,
    pub(super) modules: Vec<i64>,
    pub(super) test_fields: Vec<(TestFieldKind, i64)>,
    /// Category and value.
    pub(super) environment: Vec<(String, i64)>,
    /// What is not there, in words: ``the release `55` does not exist``.
    pub(super) missing: Vec<String>,
}

/// What a payload may name as covered.
const PROVABLE: &[&str] = &["epic", "feature", "story", "defect"];

impl Resolved {
    /// Looks up what `context` names. List values and environments that are missing are made; all else
    /// must be there.
    pub(super) fn of(writer: Writer<'_>, context: &Context) -> Result<Self, ApiError> {
        let mut resolved = Self::default();
        let Context {
            build,
            suite,
            program,
            release,
            milestone,
            backlog_items,
            product_areas,
            test_fields,
            environment,
        } = context;
        if let Some(build) = build {
            resolved.build = Some(writer.build(build)?);
        }
        if let Some(suite) = suite {
            let found = writer.existing("tests", &["test_suite"], suite.id.get())?;
            let found = resolved.expect(found, "test suite", suite.id);
            resolved.suite = found.map(|key| (key, suite.external_run_id.clone()));
        }
        if let Some(id) = program {
            let found = writer.existing("programs", &[], id.get())?;
            resolved.program = resolved.expect(found, "program", id);
        }
        if let Some(id) = milestone {
            let found = writer.existing("milestones", &[], id.get())?;
            resolved.milestone = resolved.expect(found, "milestone", id);
        }
        resolved.release = match release {
            None => None,
            Some(Release::Id(id)) => {
                let found = writer.existing("releases", &[], id.get())?;
                resolved.expect(found, "release", id)
            }
            Some(Release::Name(name)) if name == Release::DEFAULT => {
                let found = writer.default_release()?;
                resolved.expect(found, "default release", name)
            }
            Some(Release::Name(name)) => {
                let found = writer.release_named(name)?;
                resolved.expect(found, "release", name)
            }
        };
        for id in backlog_items {
            let found = writer.existing("work_items", PROVABLE, id.get())?;
            let found = resolved.expect(found, "backlog item", id);
            resolved.backlog_items.extend(found);
        }
        for id in product_areas {
            let found = writer.existing("application_modules", &[], id.get())?;
            let found = resolved.expect(found, "application module", id);
            resolved.modules.extend(found);
        }
        for field in test_fields {
            let value = writer.list_value(list_of(field.kind), &field.value)?;
            resolved.test_fields.push((field.kind, value));
        }
        for tag in environment {
            resolved
                .environment
                .push((tag.kind.clone(), writer.taxonomy(tag)?));
        }
        Ok(resolved)
    }

    fn expect(
        &mut self,
        found: Option<i64>,
        what: &str,
        id: impl std::fmt::Display,
    ) -> Option<i64> {
        if found.is_none() {
            self.missing
                .push(format!("the {what} `{id}` does not exist"));
        }
        found
    }

    /// This context for a run that has one of its own: where both say something, the run wins. Backlog
    /// items and modules add up, since they are links of the test; of test fields and environments each
    /// kind is replaced on its own.
    pub(super) fn with(&self, own: Self) -> Self {
        let mut whole = Self {
            suite: own.suite.or_else(|| self.suite.clone()),
            release: own.release.or(self.release),
            milestone: own.milestone.or(self.milestone),
            program: own.program.or(self.program),
            build: self.build,
            ..own
        };
        whole.backlog_items.extend(&self.backlog_items);
        whole.modules.extend(&self.modules);
        let own_kinds: Vec<TestFieldKind> = whole.test_fields.iter().map(|field| field.0).collect();
        let outer = self
            .test_fields
            .iter()
            .filter(|field| !own_kinds.contains(&field.0));
        whole.test_fields.extend(outer);
        let own_kinds: Vec<String> = whole.environment.iter().map(|tag| tag.0.clone()).collect();
        let outer = self
            .environment
            .iter()
            .filter(|tag| !own_kinds.contains(&tag.0));
        whole.environment.extend(outer.cloned());
        whole.missing.extend(self.missing.iter().cloned());
        whole
    }

    /// The value of a test field.
    pub(super) fn test_field(&self, kind: TestFieldKind) -> Option<i64> {
        self.test_fields
            .iter()
            .rev()
            .find(|field| field.0 == kind)
            .map(|field| field.1)
    }

    /// The environment's values in a fixed order.
    pub(super) fn taxonomies(&self) -> Vec<i64> {
        let mut keys: Vec<i64> = self.environment.iter().map(|tag| tag.1).collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }
}
