//! Payloads that other programs wrote, as uploads.

use std::collections::BTreeMap;

use octane_model::{Address, SuiteId, Workspace};
use octane_results::{
    CheckError, GherkinRun, Payload, PayloadRuns, Schema, Status, SuiteRef, TestRun,
    read_payload_with,
};

use crate::confirmed_by::ConfirmedBy;
use crate::journal::{JournalError, Provisional, Repeats, Spool};
use crate::name::suite_run_name;
use crate::plan::{Envelope, Manifest, PlanTotals, raw_batch};
use crate::prepare::Prepared;
use crate::report::Counts;
use crate::server::Server;
use crate::target::{NO_SUITE, SuiteChoice, Target, TargetSpec};
use crate::upload_id::UploadId;

/// A payload that another program wrote. It is sent as it is, byte for byte: never in pieces, never with other bytes, and without links
/// to Jira keys. Everything else is as with any upload.
///
/// A suite run that the payload names for all of its test runs confirms them, as it does for any upload. Otherwise only Octane's task
/// does: its success counts as success, and what a task that ended with a warning has skipped is not known. That is also so if the name
/// is not one that an upload would have (see [`suite_run_name`]): it cannot be looked up reliably.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/sandbox.rs"));
/// # fn main() -> Done { with_sandbox(async |octane| {
/// use octane_client::{RawPayload, Spool, UploadId};
///
/// let xml = b"<test_result><test_runs><test_run name='pays' duration='84' status='Passed'/></test_runs></test_result>";
/// let payload = RawPayload::new(xml.to_vec())?;
/// assert_eq!((payload.results(), payload.suite_run()), (1, None));
/// let (address, workspace) = (octane.endpoint().address(), octane.endpoint().workspace());
/// let prepared = payload.prepare(address, workspace, false, &Spool::off(), UploadId::new())?;
/// let report = octane.delivery(&prepared.journal).run().await?.into_result()?;
/// assert_eq!(report.counts.ingested, 1);
/// # Ok(()) }) }
/// ```
#[derive(Debug, Clone)]
pub struct RawPayload {
    xml: Vec<u8>,
    suite: Option<SuiteRef>,
    /// One for each result, and one for a payload without any: something has to become of it.
    runs: Vec<TestRun>,
    counts: Counts,
    confirmed_by: ConfirmedBy,
}

impl RawPayload {
    /// Reads a payload. Fails if neither the official schema nor that of the evidence dialect accepts it.
    pub fn new(xml: Vec<u8>) -> Result<Self, CheckError> {
        let Payload { context, runs, .. } = read_payload_with(&xml, Schema::OfficialOrEvidence)?;
        let suite = context.suite;
        // It is looked up as uploads send it, and with other white space it would be another suite run.
        let named = suite.as_ref().and_then(suite_run);
        let is_named = named.is_some_and(|name| suite_run_name(name) == name);
        let is_of_tests = matches!(&runs, PayloadRuns::Tests(runs) if !runs.is_empty());
        let mut runs = match runs {
            PayloadRuns::Tests(runs) => runs,
            PayloadRuns::Gherkin(runs) => runs.into_iter().map(run_of_feature).collect(),
        };
        let is_in_one_suite_run = runs.iter().all(|run| run.context.suite.is_none());
        let confirmed_by = if is_named && is_of_tests && is_in_one_suite_run {
            ConfirmedBy::SuiteRun
        } else {
            ConfirmedBy::Task
        };
        let counts = counts(&runs);
        if runs.is_empty() {
            runs.push(TestRun::new("", Status::Planned));
        }
        // What they are for is done, and they may be large.
        for run in &mut runs {
            run.failure = None;
            run.description = None;
            run.steps = Vec::new();
        }
        Ok(Self {
            xml,
            suite,
            runs,
            counts,
            confirmed_by,
        })
    }

    /// How many results it has; 1 for an empty payload, which is delivered too.
    pub fn results(&self) -> usize {
        self.counts.read
    }

    /// The suite that it names for all of its results.
    pub fn suite(&self) -> Option<SuiteId> {
        self.suite.as_ref().map(|suite| suite.id)
    }

    /// The suite run that it names for all of its results.
    pub fn suite_run(&self) -> Option<&str> {
        self.suite.as_ref().and_then(suite_run)
    }

    /// Writes it into a new journal, to be [delivered](crate::Client::delivery) to this workspace; `skip_errors` is the parameter of
    /// that name. Makes no requests, and blocks while it writes.
    pub fn prepare(
        &self,
        address: &Address,
        workspace: Workspace,
        skip_errors: bool,
        spool: &Spool,
        id: UploadId,
    ) -> Result<Prepared, JournalError> {
        let mut journal = Provisional::new(spool.create(id)?);
        let envelope = Envelope {
            prefix: &[],
            suffix: &[],
            nonce: None,
        };
        let mut rows = journal.begin_plan(envelope)?;
        rows.add(&raw_batch(&self.xml, &self.runs))?;
        let suite_run = self.suite_run().unwrap_or_default();
        let suite = self.suite();
        let choice = suite.map_or(SuiteChoice::Named(String::new()), SuiteChoice::Id);
        let manifest = Manifest {
            created: jiff::Timestamp::now(),
            server: Server {
                url: address.to_string(),
                space: workspace.space.get(),
                workspace: workspace.workspace.get(),
                sandbox: None,
            },
            target_spec: TargetSpec::new(choice, suite_run),
            counts: self.counts,
            skip_errors,
            link: false,
            unlink_stale: None,
            shard: None,
            raw: Some(self.confirmed_by),
            options: BTreeMap::new(),
        };
        let manifest = journal.finish_plan(manifest, &[], Repeats::Possible)?;
        journal.set_target(&Target::new(suite.unwrap_or(NO_SUITE), suite_run))?;
        Ok(Prepared {
            totals: PlanTotals {
                counts: manifest.counts,
                batches: 1,
                bytes: self.xml.len() as u64,
                ..PlanTotals::default()
            },
            journal: journal.keep(),
        })
    }
}

/// The suite run that collects the runs; none if Octane chooses it.
fn suite_run(suite: &SuiteRef) -> Option<&str> {
    let name = suite.external_run_id.as_deref();
    name.filter(|name| !name.trim().is_empty())
}

fn run_of_feature(run: GherkinRun) -> TestRun {
    let mut of_feature = TestRun::new(run.name, run.status);
    of_feature.started = Some(run.feature.started);
    of_feature.duration = run.duration;
    of_feature
}

fn counts(runs: &[TestRun]) -> Counts {
    let count = |status| runs.iter().filter(|run| run.status == status).count();
    Counts {
        read: runs.len().max(1),
        passed: count(Status::Passed),
        failed: count(Status::Failed),
        test_skipped: count(Status::Skipped),
        planned: count(Status::Planned),
        ..Counts::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content: &str) -> RawPayload {
        RawPayload::new(format!("<test_result>{content}</test_result>").into_bytes()).unwrap()
    }

    const RUN: &str = "<test_run name='a' duration='1' status='Failed'";

    #[test]
    fn only_a_suite_run_of_all_test_runs_confirms_them() {
        let suite = "<suite_ref id='7' external_run_id='nightly'/>";
        let of_suite_run = |name: &str| {
            format!("<suite_ref id='7' external_run_id='{name}'/><test_runs>{RUN}/></test_runs>")
        };
        for (content, expected) in [
            (
                format!("{suite}<test_runs>{RUN}/></test_runs>"),
                ConfirmedBy::SuiteRun,
            ),
            (
                format!("{suite}<test_runs>{RUN}><suite_ref id='8'/></test_run></test_runs>"),
                ConfirmedBy::Task,
            ),
            (
                format!("<suite_ref id='7'/><test_runs>{RUN}/></test_runs>"),
                ConfirmedBy::Task,
            ),
            (
                format!("<suite_ref id='7' external_run_id=' '/><test_runs>{RUN}/></test_runs>"),
                ConfirmedBy::Task,
            ),
            (format!("{suite}<test_runs/>"), ConfirmedBy::Task),
            (of_suite_run("nightly "), ConfirmedBy::Task),
            (of_suite_run("\u{a0}nightly"), ConfirmedBy::Task),
            (of_suite_run("nightly&#10;1"), ConfirmedBy::Task),
            (of_suite_run(&"n".repeat(255)), ConfirmedBy::SuiteRun),
            (format!("<test_runs>{RUN}/></test_runs>"), ConfirmedBy::Task),
        ] {
            assert_eq!(read(&content).confirmed_by, expected, "{content}");
        }
    }

    #[test]
    fn results_are_counted_and_a_payload_without_any_is_one() {
        let payload = read(&format!("<test_runs>{RUN}/>{RUN}/></test_runs>"));
        assert_eq!((payload.results(), payload.counts.failed), (2, 2));
        let payload = read("<suite_ref id='7'/><test_runs/>");
        assert_eq!((payload.results(), payload.counts.failed), (1, 0));
        assert_eq!(
            (payload.suite(), payload.suite_run()),
            (Some(7.into()), None)
        );
        assert!(RawPayload::new(b"<test_result/>".to_vec()).is_err());
    }

    #[test]
    fn the_bytes_are_those_of_the_payload() {
        let xml = b"\n<?xml version='1.0'?> ".to_vec();
        assert!(RawPayload::new(xml).is_err());
        let xml = b"<!-- a --><test_result>\r\n<test_runs/></test_result>\n\n".to_vec();
        let payload = RawPayload::new(xml.clone()).unwrap();
        assert_eq!(raw_batch(&payload.xml, &payload.runs).payload(), xml);
    }
}
