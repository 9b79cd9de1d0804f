//! From a payload to tests, runs and a suite run.

mod context;
mod worker;

use std::collections::{BTreeMap, BTreeSet};

use octane_model::TaskStatus;
use octane_results::{Context, Payload, PayloadRuns, TestFieldKind, TestRun};

use crate::error::ApiError;
use crate::store::Writer;
use crate::store::results::{RunKey, RunRow, StatusKeys};
use crate::store::tasks::Outcome;

use context::Resolved;
pub(crate) use worker::Worker;

/// Ingests a payload in the writer's transaction.
///
/// A run whose context names something that does not exist is left out completely, or, with
/// `skip_errors`, loses that reference (ALM Octane help, "Test results").
pub(crate) fn ingest(
    writer: Writer<'_>,
    payload: &Payload,
    skip_errors: bool,
) -> Result<Outcome, ApiError> {
    let runs = match &payload.runs {
        PayloadRuns::Tests(runs) => runs,
        PayloadRuns::Gherkin(runs) => {
            let problem = format!(
                "gherkin runs are not ingested yet: {} runs are left out",
                runs.len()
            );
            return Ok(Outcome {
                status: TaskStatus::Failed,
                problems: vec![problem],
            });
        }
    };
    let mut ingestion = Ingestion {
        writer,
        skip_errors,
        context: Resolved::of(writer, &payload.context)?,
        suite_runs: BTreeMap::new(),
        statuses: Vec::new(),
        problems: Vec::new(),
    };
    if skip_errors {
        for missing in &ingestion.context.missing {
            let problem = format!("payload: {missing}; the reference is left out");
            ingestion.problems.push(problem);
        }
        ingestion.context.missing.clear();
    }
    for run in runs {
        ingestion.run(run)?;
    }
    let touched: BTreeSet<i64> = ingestion.suite_runs.values().map(|run| run.key).collect();
    for suite_run in touched {
        writer.refresh_suite_run(suite_run)?;
    }
    for SuiteRun { key, started } in ingestion.suite_runs.values() {
        if let Some(started) = started {
            writer.set_suite_run_started(*key, *started)?;
        }
    }
    let status = match (ingestion.problems.is_empty(), skip_errors) {
        (true, _) => TaskStatus::Success,
        (false, true) => TaskStatus::Warning,
        (false, false) => TaskStatus::Failed,
    };
    Ok(Outcome {
        status,
        problems: ingestion.problems,
    })
}

struct Ingestion<'a> {
    writer: Writer<'a>,
    skip_errors: bool,
    /// What counts for all runs.
    context: Resolved,
    /// The suite runs of this payload by suite and external run id.
    suite_runs: BTreeMap<(i64, Option<String>), SuiteRun>,
    statuses: Vec<(octane_results::Status, StatusKeys)>,
    problems: Vec<String>,
}

struct SuiteRun {
    key: i64,
    /// When the earliest of its runs here started.
    started: Option<i64>,
}

impl Ingestion<'_> {
    fn run(&mut self, run: &TestRun) -> Result<(), ApiError> {
        let own;
        let context = if run.context == Context::default() {
            None
        } else {
            own = self.own_context(run)?;
            Some(&own)
        };
        let missing = context.unwrap_or(&self.context).missing.clone();
        if !missing.is_empty() {
            let fate = if self.skip_errors {
                "the reference is left out"
            } else {
                "the run is left out"
            };
            let lines = missing.iter().map(|missing| {
                let line = run.position.as_ref().map_or(0, |position| position.line);
                format!("run `{}` (line {line}): {missing}; {fate}", run.identity)
            });
            self.problems.extend(lines);
            if !self.skip_errors {
                return Ok(());
            }
        }
        match context {
            Some(context) => self.write(run, context),
            None => {
                let context = std::mem::take(&mut self.context);
                let result = self.write(run, &context);
                self.context = context;
                result
            }
        }
    }

    /// The payload's context together with that of the run.
    fn own_context(&self, run: &TestRun) -> Result<Resolved, ApiError> {
        Ok(self.context.with(Resolved::of(self.writer, &run.context)?))
    }

    fn write(&mut self, run: &TestRun, context: &Resolved) -> Result<(), ApiError> {
        let writer = self.writer;
        let test = writer.test(&run.identity)?;
        for (kind, value) in &context.test_fields {
            writer.set_test_field(test, *kind, *value)?;
        }
        writer.tie(
            ("test_covered_content", "test", "work_item"),
            test,
            &context.backlog_items,
        )?;
        writer.tie(("test_modules", "test", "module"), test, &context.modules)?;
        let started = run.started.map(jiff::Timestamp::as_millisecond);
        let suite_run = self.suite_run(context, started)?;
        if let Some((suite, _)) = &context.suite {
            writer.add_to_suite(*suite, test)?;
        }
        let taxonomies = context.taxonomies();
        let name_and_environment = name_and_environment(run.run_name.as_deref(), &taxonomies);
        let failure = run.failure.as_ref();
        let details = failure.map(|failure| failure.details.as_str());
        let row = RunRow {
            key: RunKey {
                test,
                suite_run,
                release: context.release,
                milestone: context.milestone,
                program: context.program,
                name_and_environment: name_and_environment.as_deref(),
            },
            name: run
                .run_name
                .as_deref()
                .filter(|name| !name.is_empty())
                .unwrap_or(&run.identity.name),
            identity: &run.identity,
            status: self.status(run.status)?,
            started,
            duration_ms: i64::try_from(run.duration.as_millis()).unwrap_or(i64::MAX),
            error_type: failure.and_then(|failure| failure.kind.as_deref()),
            error_message: failure.and_then(|failure| failure.message.as_deref()),
            error_details: details.filter(|details| !details.is_empty()),
            report_url: run.report_url.as_deref(),
            description: run.description.as_deref(),
            build: context.build,
            tool: context.test_field(TestFieldKind::TestingToolType),
            framework: context.test_field(TestFieldKind::Framework),
            level: context.test_field(TestFieldKind::TestLevel),
        };
        let key = match writer.find_run(&row.key)? {
            Some(key) => {
                writer.replace_run(key, &row)?;
                key
            }
            None => writer.create_run(&row)?,
        };
        writer.tie(("run_taxonomies", "run", "taxonomy"), key, &taxonomies)?;
        writer.tie(("run_modules", "run", "module"), key, &context.modules)?;
        let kinds: Vec<i64> = context
            .test_fields
            .iter()
            .filter(|field| field.0 == TestFieldKind::TestType)
            .map(|field| field.1)
            .collect();
        writer.tie(("run_test_type", "run", "list_node"), key, &kinds)
    }

    fn suite_run(
        &mut self,
        context: &Resolved,
        started: Option<i64>,
    ) -> Result<Option<i64>, ApiError> {
        let Some(suite) = &context.suite else {
            return Ok(None);
        };
        if let Some(known) = self.suite_runs.get_mut(suite) {
            known.started = known.started.into_iter().chain(started).min();
            return Ok(Some(known.key));
        }
        let key = self.writer.suite_run(suite.0, suite.1.as_deref())?;
        let of_payload = [context.release, context.milestone, context.program];
        self.writer.set_suite_run_context(key, of_payload)?;
        self.suite_runs
            .insert(suite.clone(), SuiteRun { key, started });
        Ok(Some(key))
    }

    fn status(&mut self, status: octane_results::Status) -> Result<StatusKeys, ApiError> {
        if let Some((_, keys)) = self.statuses.iter().find(|known| known.0 == status) {
            return Ok(*keys);
        }
        let keys = self.writer.status_keys(status)?;
        self.statuses.push((status, keys));
        Ok(keys)
    }
}

/// The parts of a run's identity that are no fields; none for a run without any of them.
fn name_and_environment(run_name: Option<&str>, taxonomies: &[i64]) -> Option<String> {
    let run_name = run_name.unwrap_or_default();
    if run_name.is_empty() && taxonomies.is_empty() {
        return None;
    }
    let environment: Vec<String> = taxonomies.iter().map(ToString::to_string).collect();
    Some(format!("{run_name}\u{1f}{}", environment.join(",")))
}
