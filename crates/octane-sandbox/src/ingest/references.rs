//! Resolves the references of contexts.

use std::collections::HashMap;
use std::fmt::Display;

use octane_results::{Build, Context, Release, SuiteRef, Tag, TestField, TestFieldKind};

use super::context::{Resolved, Suite};
use crate::error::ApiError;
use crate::settings::{OnUnknown, ResultSettings};
use crate::store::Writer;
use crate::store::results::Taxonomy;

/// What a payload may reference as covered.
const COVERABLE: &[&str] = &["epic", "feature", "story", "defect"];

/// Resolves the references of contexts, each only once per payload: most runs have the same context.
pub(super) struct References<'a> {
    writer: Writer<'a>,
    settings: &'a ResultSettings,
    entities: HashMap<(&'static str, i64), Option<i64>>,
    releases: HashMap<String, Option<i64>>,
    fields: HashMap<(TestFieldKind, String), Option<i64>>,
    taxonomies: HashMap<(String, String), Option<Taxonomy>>,
}

impl<'a> References<'a> {
    pub(super) fn new(writer: Writer<'a>, settings: &'a ResultSettings) -> Self {
        Self {
            writer,
            settings,
            entities: HashMap::new(),
            releases: HashMap::new(),
            fields: HashMap::new(),
            taxonomies: HashMap::new(),
        }
    }

    /// Resolves the references of `context`. If it is not accepted, everything that was created for it is removed again.
    pub(super) fn resolve(
        &mut self,
        context: &Context,
        is_accepted: impl FnOnce(&Resolved) -> bool,
    ) -> Result<Option<Resolved>, ApiError> {
        let connection = self.writer.connection;
        connection.execute_batch("SAVEPOINT context")?;
        let resolved = self.resolve_all(context)?;
        let resolved = is_accepted(&resolved).then_some(resolved);
        if resolved.is_none() {
            connection.execute_batch("ROLLBACK TO context")?;
            // They may have been created for it.
            self.fields.clear();
            self.taxonomies.clear();
        }
        connection.execute_batch("RELEASE context")?;
        Ok(resolved)
    }

    fn resolve_all(&mut self, context: &Context) -> Result<Resolved, ApiError> {
        let mut resolved = Resolved::default();
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
            self.build(&mut resolved, build)?;
        }
        if let Some(suite) = suite {
            self.suite(&mut resolved, suite)?;
        }
        if let Some(id) = program {
            let found = self.entity("programs", &[], id.get())?;
            resolved.program = expect(&mut resolved, found, "program", id);
        }
        if let Some(id) = milestone {
            let found = self.entity("milestones", &[], id.get())?;
            resolved.milestone = expect(&mut resolved, found, "milestone", id);
        }
        if let Some(release) = release {
            self.release(&mut resolved, release)?;
        }
        for id in backlog_items {
            let found = self.entity("work_items", COVERABLE, id.get())?;
            let found = expect(&mut resolved, found, "backlog item", id);
            resolved.backlog_items.extend(found);
        }
        for id in product_areas {
            let found = self.entity("application_modules", &[], id.get())?;
            let found = expect(&mut resolved, found, "application module", id);
            resolved.modules.extend(found);
        }
        for field in test_fields {
            self.test_field(&mut resolved, field)?;
        }
        for tag in environment {
            self.taxonomy(&mut resolved, tag)?;
        }
        if let (None, Some(build)) = (&resolved.release, resolved.build) {
            resolved.release = self.writer.release_of_build(build)?;
        }
        resolved.order_environment();
        Ok(resolved)
    }

    fn build(&mut self, resolved: &mut Resolved, build: &Build) -> Result<(), ApiError> {
        let unknown = self.settings.unknown_ci_server;
        resolved.build = self.writer.build(build, unknown == OnUnknown::Create)?;
        if resolved.build.is_none() {
            let Build {
                server_id,
                job_id,
                build_id,
                ..
            } = build;
            let problem = format!(
                "the build reference `{build_id}` of the job `{job_id}` cannot be resolved, since no CI \
                 server has the instance id `{server_id}`"
            );
            note(resolved, unknown, problem);
        }
        Ok(())
    }

    fn suite(&mut self, resolved: &mut Resolved, suite: &SuiteRef) -> Result<(), ApiError> {
        let SuiteRef {
            id,
            external_run_id,
            component,
        } = suite;
        let found = self.entity("tests", &["test_suite"], id.get())?;
        let found = expect(resolved, found, "test suite", id);
        resolved.suite = found.map(|row_id| Suite {
            row_id,
            external_run_id: external_run_id.clone().unwrap_or_default(),
            component: component.clone().filter(|component| !component.is_empty()),
        });
        Ok(())
    }

    fn release(&mut self, resolved: &mut Resolved, release: &Release) -> Result<(), ApiError> {
        let name = match release {
            Release::Id(id) => {
                let found = self.entity("releases", &[], id.get())?;
                resolved.release = expect(resolved, found, "release", id);
                return Ok(());
            }
            Release::Name(name) => name,
        };
        let is_default = name == Release::DEFAULT;
        let found = match self.releases.get(name) {
            Some(found) => *found,
            None if is_default => self.writer.default_release()?,
            None => self.writer.release_named(name)?,
        };
        self.releases.insert(name.clone(), found);
        let what = if is_default {
            "default release"
        } else {
            "release"
        };
        resolved.release = expect(resolved, found, what, name);
        Ok(())
    }

    fn test_field(&mut self, resolved: &mut Resolved, field: &TestField) -> Result<(), ApiError> {
        let TestField { kind, value } = field;
        let unknown = self.settings.unknown_test_field;
        let key = (*kind, value.clone());
        let found = match self.fields.get(&key) {
            Some(found) => *found,
            None => self
                .writer
                .test_field(*kind, value, unknown == OnUnknown::Create)?,
        };
        self.fields.insert(key, found);
        let fields = &mut resolved.fields;
        match (found, kind) {
            (None, kind) => {
                let list = kind.as_str();
                let problem = format!("the list of `{list}` has no value `{value}`");
                note(resolved, unknown, problem);
            }
            (found, TestFieldKind::TestLevel) => fields.level = found,
            (found, TestFieldKind::TestingToolType) => fields.tool = found,
            (found, TestFieldKind::Framework) => fields.framework = found,
            (Some(value), TestFieldKind::TestType) => resolved.test_types.push(value),
        }
        Ok(())
    }

    fn taxonomy(&mut self, resolved: &mut Resolved, tag: &Tag) -> Result<(), ApiError> {
        let Tag { tag_type, value } = tag;
        let unknown = self.settings.unknown_environment;
        let key = (tag_type.clone(), value.clone());
        let found = match self.taxonomies.get(&key) {
            Some(found) => *found,
            None => self.writer.taxonomy(tag, unknown == OnUnknown::Create)?,
        };
        self.taxonomies.insert(key, found);
        resolved.environment.extend(found);
        if found.and_then(|found| found.value).is_none() {
            let problem = format!("the environment `{tag_type}` has no value `{value}`");
            note(resolved, unknown, problem);
        }
        Ok(())
    }

    fn entity(
        &mut self,
        table: &'static str,
        subtypes: &[&str],
        id: i64,
    ) -> Result<Option<i64>, ApiError> {
        if let Some(found) = self.entities.get(&(table, id)) {
            return Ok(*found);
        }
        let found = self.writer.existing(table, subtypes, id)?;
        self.entities.insert((table, id), found);
        Ok(found)
    }
}

fn expect(
    resolved: &mut Resolved,
    found: Option<i64>,
    what: &str,
    id: impl Display,
) -> Option<i64> {
    if found.is_none() {
        let problem = format!("the {what} `{id}` does not exist");
        resolved.missing.push(problem);
    }
    found
}

/// Records an unknown value that was not created.
fn note(resolved: &mut Resolved, unknown: OnUnknown, problem: String) {
    match unknown {
        OnUnknown::Fail => resolved.missing.push(problem),
        OnUnknown::Warn | OnUnknown::Create => resolved.unknown.push(problem),
    }
}
