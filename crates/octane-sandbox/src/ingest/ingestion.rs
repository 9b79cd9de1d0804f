//! The ingestion of one payload.

use std::collections::HashMap;

use octane_results::{Identity, Payload, PayloadRuns, Status};

use crate::error::ApiError;
use crate::settings::ResultSettings;
use crate::store::Writer;
use crate::store::results::{
    FeatureRow, Links, RunIdentity, RunRow, Runs, StatusIds, Steps, Tests,
};
use crate::store::tasks::Outcome;

use super::context::Resolved;
use super::log::Log;
use super::references::References;
use super::result::{RunResult, Subject};
use super::steps;
use super::suite_runs::SuiteRuns;

/// Ingests a payload in the writer's transaction.
///
/// A run whose context refers to something that does not exist is skipped, or, with `skip_errors`, loses that
/// reference (ALM Octane help, "Test results"). If the payload's own context does, this applies to all runs.
pub(super) fn ingest(
    writer: Writer<'_>,
    settings: &ResultSettings,
    payload: &Payload,
    skip_errors: bool,
) -> Result<Outcome, ApiError> {
    let results: Vec<RunResult<'_>> = match &payload.runs {
        PayloadRuns::Tests(runs) => runs.iter().map(RunResult::of_test).collect(),
        PayloadRuns::Gherkin(runs) => runs.iter().map(RunResult::of_feature).collect(),
    };
    let mut log = Log::new(skip_errors);
    let mut references = References::new(writer, settings);
    let accepted = |context: &Resolved| log.accepts_payload(context, results.len());
    if let Some(context) = references.resolve(&payload.context, accepted)? {
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
    settings: &'a ResultSettings,
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
    statuses: HashMap<Status, StatusIds>,
    /// The tests that this payload has named so far.
    known: HashMap<&'p Identity, i64>,
}

/// A test, and whether this payload created it.
#[derive(Debug, Clone, Copy)]
struct Test {
    row_id: i64,
    is_new: bool,
}

impl<'a, 'p> Ingestion<'a, 'p> {
    fn new(
        writer: Writer<'a>,
        settings: &'a ResultSettings,
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
        let Some(context) = result.context.filter(|context| !context.is_empty()) else {
            return self.write(result, outer);
        };
        let accepted = |own: &Resolved| log.accepts_run(result, own);
        match self.references.resolve(context, accepted)? {
            Some(own) => self.write(result, &outer.with(own, context)),
            None => Ok(()),
        }
    }

    fn write(&mut self, result: &RunResult<'p>, context: &Resolved) -> Result<(), ApiError> {
        let test = self.test(result, context)?;
        self.covered.add(test.row_id, &context.backlog_items)?;
        self.test_modules.add(test.row_id, &context.modules)?;
        self.test_types.add(test.row_id, &context.test_types)?;
        let suite_run = self.suite_runs.of(context, result.started_ms)?;
        if let Some(suite) = &context.suite {
            let member = (result.test_subtype(), test.row_id);
            self.tests.add_to_suite(suite.row_id, member, test.is_new)?;
        }
        let environment = if self.settings.run_identity_has_context {
            context.environment_key.as_str()
        } else {
            ""
        };
        let name_and_environment = name_and_environment(result.run_name, environment);
        let (test_name, test_place) = result.test();
        let row = RunRow {
            identity: RunIdentity {
                test: test.row_id,
                suite_run,
                release: context.release,
                milestone: context.milestone,
                program: context.program,
                name_and_environment: name_and_environment.as_deref(),
            },
            test_subtype: result.test_subtype(),
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
        // A new test has no runs yet.
        let known = if test.is_new {
            None
        } else {
            self.runs.find(&row)?
        };
        let run = match known {
            Some(known) => {
                self.runs.replace(known, &row)?;
                self.steps.forget(known.row_id)?;
                known.row_id
            }
            None => self.runs.create(&row)?,
        };
        self.run_taxonomies.add(run, &context.taxonomies)?;
        self.run_modules.add(run, &context.modules)?;
        if known.is_some() && !context.test_types.is_empty() {
            self.run_types.remove_all(run)?;
        }
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
                self.tests.set_fields(test.row_id, fields, None)?;
                return Ok(test);
            }
        };
        let known = match self.known.get(identity) {
            Some(row_id) => Some(*row_id),
            None => self.tests.find(identity)?,
        };
        let test = match known {
            Some(row_id) => {
                self.tests.set_fields(row_id, fields, external_id)?;
                Test {
                    row_id,
                    is_new: false,
                }
            }
            None => Test {
                row_id: self.tests.create(identity, fields, external_id)?,
                is_new: true,
            },
        };
        self.known.insert(identity, test.row_id);
        Ok(test)
    }

    /// The test of a feature: the one that its tag or identifier names, otherwise the one of its file.
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
            Some(row_id) => Some(row_id),
            None => self.tests.find_feature(feature)?,
        };
        if let Some(row_id) = known {
            self.tests.update_feature(row_id, feature)?;
            return Ok(Test {
                row_id,
                is_new: false,
            });
        }
        let row_id = self.tests.create_feature(feature)?;
        Ok(Test {
            row_id,
            is_new: true,
        })
    }

    fn status(&mut self, status: Status) -> Result<StatusIds, ApiError> {
        if let Some(row_ids) = self.statuses.get(&status) {
            return Ok(*row_ids);
        }
        let row_ids = self.writer.status_keys(status)?;
        self.statuses.insert(status, row_ids);
        Ok(row_ids)
    }
}

/// The parts of a run's identity that are not fields; `None` if there are none.
fn name_and_environment(run_name: Option<&str>, environment: &str) -> Option<String> {
    let run_name = run_name.unwrap_or_default();
    let has_any = !(run_name.is_empty() && environment.is_empty());
    has_any.then(|| format!("{run_name}\u{1f}{environment}"))
}
