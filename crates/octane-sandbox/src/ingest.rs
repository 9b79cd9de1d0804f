//! From a payload to tests, runs and a suite run.

mod context;
mod log;
mod references;
mod result;
mod steps;
mod suite_runs;
mod worker;

use std::collections::HashMap;

use octane_results::{Context, Identity, Payload, PayloadRuns, Status};

use crate::error::ApiError;
use crate::settings::Results;
use crate::store::Writer;
use crate::store::results::{FeatureRow, Links, RunKey, RunRow, Runs, StatusKeys, Steps, Tests};
use crate::store::tasks::Outcome;

use context::Resolved;
use log::Log;
use references::References;
use result::{RunResult, Subject};
use suite_runs::SuiteRuns;
pub(crate) use worker::Worker;

/// Ingests a payload in the writer's transaction.
///
/// A run whose context names something that does not exist is left out completely, or, with
/// `skip_errors`, loses that reference (ALM Octane help, "Test results"). Where it is the payload's own
/// context, that goes for all runs.
pub(crate) fn ingest(
    writer: Writer<'_>,
    settings: &Results,
    payload: &Payload,
    skip_errors: bool,
) -> Result<Outcome, ApiError> {
    let mut references = References::new(writer, settings);
    let context = references.resolve(&payload.context)?;
    let results: Vec<RunResult<'_>> = match &payload.runs {
        PayloadRuns::Tests(runs) => runs.iter().map(RunResult::of_test).collect(),
        PayloadRuns::Gherkin(runs) => runs.iter().map(RunResult::of_feature).collect(),
    };
    let mut log = Log::new(skip_errors);
    if log.accepts_payload(&context, results.len()) {
        let mut ingestion = Ingestion::new(writer, settings, references)?;
        for result in &results {
            ingestion.result(result, &context, &mut log)?;
        }
        ingestion.suite_runs.finish()?;
    }
    Ok(log.outcome())
}

struct Ingestion<'a, 'p> {
    writer: Writer<'a>,
    settings: &'a Results,
    references: References<'a>,
    suite_runs: SuiteRuns<'a>,
    tests: Tests<'a>,
    runs: Runs<'a>,
    steps: Steps<'a>,
    covered: Links<'a>,
    test_modules: Links<'a>,
    test_types: Links<'a>,
    run_taxonomies: Links<'a>,
    run_modules: Links<'a>,
    run_types: Links<'a>,
    statuses: HashMap<Status, StatusKeys>,
    /// The tests that this payload has named so far.
    known: HashMap<&'p Identity, i64>,
}

/// A test, and whether this payload made it just now.
#[derive(Debug, Clone, Copy)]
struct Test {
    key: i64,
    is_new: bool,
}

impl<'a, 'p> Ingestion<'a, 'p> {
    fn new(
        writer: Writer<'a>,
        settings: &'a Results,
        references: References<'a>,
    ) -> Result<Self, ApiError> {
        let links = |table, left, right| Links::new(writer, (table, left, right));
        Ok(Self {
            writer,
            settings,
            references,
            suite_runs: SuiteRuns::new(writer, settings.suite_run_without_id),
            tests: Tests::new(writer)?,
            runs: Runs::new(writer, settings.run_identity_has_context)?,
            steps: Steps::new(writer)?,
            covered: links("test_covered_content", "test", "work_item")?,
            test_modules: links("test_modules", "test", "module")?,
            test_types: links("test_test_type", "test", "list_node")?,
            run_taxonomies: links("run_taxonomies", "run", "taxonomy")?,
            run_modules: links("run_modules", "run", "module")?,
            run_types: links("run_test_type", "run", "list_node")?,
            statuses: HashMap::new(),
            known: HashMap::new(),
        })
    }

    fn result(
        &mut self,
        result: &RunResult<'p>,
        outer: &Resolved,
        log: &mut Log,
    ) -> Result<(), ApiError> {
        let own = match result.context {
            Some(context) if *context != Context::default() => {
                Some(outer.with(self.references.resolve(context)?))
            }
            _ => None,
        };
        match &own {
            Some(own) if !log.accepts_run(result, own) => Ok(()),
            Some(own) => self.write(result, own),
            None => self.write(result, outer),
        }
    }

    fn write(&mut self, result: &RunResult<'p>, context: &Resolved) -> Result<(), ApiError> {
        let test = self.test(result, context)?;
        self.covered.add(test.key, &context.backlog_items)?;
        self.test_modules.add(test.key, &context.modules)?;
        self.test_types.add(test.key, &context.test_types)?;
        let suite_run = self.suite_runs.of(context, result.started_ms)?;
        if let Some(suite) = &context.suite {
            let member = (result.kind(), test.key);
            self.tests.add_to_suite(suite.key, member, test.is_new)?;
        }
        let environment = if self.settings.run_identity_has_context {
            context.environment_key.as_str()
        } else {
            ""
        };
        let name_and_environment = name_and_environment(result.run_name, environment);
        let (test_name, test_place) = result.test();
        let row = RunRow {
            key: RunKey {
                test: test.key,
                suite_run,
                release: context.release,
                milestone: context.milestone,
                program: context.program,
                name_and_environment: name_and_environment.as_deref(),
            },
            kind: result.kind(),
            name: result.name(),
            test_name,
            test_place,
            status: self.status(result.status)?,
            started: result.started_ms,
            duration_ms: result.duration_ms,
            failure: result.failure,
            report_url: result.report_url,
            description: result.description,
            external_run_id: result.external_run_id,
            external_assets: result.external_assets,
            run_type: result.run_type,
            is_manual: result.is_manual,
            build: context.build,
            fields: context.fields,
        };
        // A test that was made just now has no run yet.
        let known = if test.is_new {
            None
        } else {
            self.runs.find(&row)?
        };
        let run = match known {
            Some(run) => {
                self.runs.replace(run, &row)?;
                self.steps.forget(run)?;
                run
            }
            None => self.runs.create(&row)?,
        };
        self.run_taxonomies.add(run, &context.taxonomies)?;
        self.run_modules.add(run, &context.modules)?;
        self.run_types.add(run, &context.test_types)?;
        steps::write(&mut self.steps, run, result)
    }

    fn test(&mut self, result: &RunResult<'p>, context: &Resolved) -> Result<Test, ApiError> {
        let fields = context.fields;
        let (identity, external_id) = match result.subject {
            Subject::Test {
                identity,
                external_id,
            } => (identity, external_id),
            Subject::Feature {
                feature, tagged, ..
            } => {
                let test = self.feature(&feature, &tagged)?;
                self.tests.set_fields(test.key, fields, None)?;
                return Ok(test);
            }
        };
        let known = match self.known.get(identity) {
            Some(key) => Some(*key),
            None => self.tests.find(identity)?,
        };
        let test = match known {
            Some(key) => {
                self.tests.set_fields(key, fields, external_id)?;
                Test { key, is_new: false }
            }
            None => Test {
                key: self.tests.create(identity, fields, external_id)?,
                is_new: true,
            },
        };
        self.known.insert(identity, test.key);
        Ok(test)
    }

    /// The test of a feature: the one that its tag or identifier names, else that of its file.
    fn feature(
        &mut self,
        feature: &FeatureRow<'_>,
        tagged: &[Option<i64>],
    ) -> Result<Test, ApiError> {
        let mut known = None;
        for id in tagged.iter().flatten() {
            known = known.or(self.writer.existing("tests", &["gherkin_test"], *id)?);
        }
        let known = match known {
            Some(key) => Some(key),
            None => self.tests.find_feature(feature)?,
        };
        if let Some(key) = known {
            self.tests.update_feature(key, feature)?;
            return Ok(Test { key, is_new: false });
        }
        let key = self.tests.create_feature(feature)?;
        Ok(Test { key, is_new: true })
    }

    fn status(&mut self, status: Status) -> Result<StatusKeys, ApiError> {
        if let Some(keys) = self.statuses.get(&status) {
            return Ok(*keys);
        }
        let keys = self.writer.status_keys(status)?;
        self.statuses.insert(status, keys);
        Ok(keys)
    }
}

/// The parts of a run's identity that are no fields; none for a run without any of them.
fn name_and_environment(run_name: Option<&str>, environment: &str) -> Option<String> {
    let run_name = run_name.unwrap_or_default();
    let has_any = !(run_name.is_empty() && environment.is_empty());
    has_any.then(|| format!("{run_name}\u{1f}{environment}"))
}
