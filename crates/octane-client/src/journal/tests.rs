//! Helpers for the tests of journals, a topic a file.

mod batches;
mod bundles;
mod duplicates;
mod failures;
mod features;
mod files;
mod flaky;
mod judge;
mod migrations;
mod relocation;
mod repeats;
mod resends;
mod same_bytes;
mod several_runs;
mod stale_links;

use std::sync::LazyLock;

use octane_model::{EntityId, ModuleId, SuiteId, Task, TaskId, TaskStatus};
use octane_rest::{ApiKey, Endpoint};
use octane_results::{Status, TestRun};

use super::database::{CommitPoint, Journal};
use super::error::JournalError;
use super::judge::Confirmation;
use super::row_table::ensure_rows;
use super::server_run::{PreviousRun, ServerRun};
use super::spool::Spool;
use crate::client::Client;
use crate::resend::{BatchState, Look};
use crate::run_key::run_key;
use crate::settings::UploadSettings;
use crate::target::{SuiteChoice, Target, TargetSpec};
use crate::upload_id::UploadId;
use crate::verdict::BatchEnd;

/// A client without a server.
static CLIENT: LazyLock<Client> = LazyLock::new(|| {
    let endpoint = Endpoint::builder("http://octane.invalid")
        .space(1001)
        .workspace(1002)
        .credentials(ApiKey::new("id", "a-secret-that-must-not-show"))
        .build();
    Client::new(endpoint.unwrap())
});

/// The runs were read, and with them what they held before.
const RUNS: Confirmation = Confirmation::Verified { has_history: true };

fn target_spec() -> TargetSpec {
    TargetSpec::new(SuiteChoice::Named("Nightly".into()), "nightly-1")
}

fn target() -> Target {
    Target::new(SuiteId::new(7045), "nightly-1")
}

fn in_batches_of(runs_max: usize) -> UploadSettings {
    let mut settings = UploadSettings::default();
    settings.batch_limits.runs_max = runs_max;
    settings
}

/// Tests `t1`, `t2` and so on, one a second.
fn tests(count: i64) -> Vec<TestRun> {
    let started = |n: i64| jiff::Timestamp::from_second(1_795_000_000 + n).unwrap();
    let run = |n| TestRun::new(format!("t{n}"), Status::Passed).started(started(n));
    (1..=count).map(run).collect()
}

/// An upload that is prepared and has no target yet.
fn prepared(spool: &Spool, runs: Vec<TestRun>, settings: &UploadSettings) -> Journal {
    let prepared = CLIENT.prepare(runs, &target_spec(), settings, spool, UploadId::new());
    prepared.unwrap().journal
}

/// An upload that could be delivered now.
fn ready(runs: Vec<TestRun>, settings: &UploadSettings) -> Journal {
    let journal = prepared(&Spool::off(), runs, settings);
    journal.set_target(&target()).unwrap();
    journal
}

/// Records that the task of a batch has ended like this; `forgotten` means that the server no longer knows it.
fn end(journal: &Journal, batch: usize, status: &str, task_log: Option<&str>) {
    let number = i64::try_from(batch).unwrap();
    let task = Task::new(TaskId::new(9000 + number), TaskStatus::Queued);
    journal.accepted(batch, &task, false).unwrap();
    let end = match status {
        "forgotten" => BatchEnd::Forgotten,
        status => BatchEnd::from(&TaskStatus::from(status)),
    };
    journal.task_ended(batch, end, task_log).unwrap();
}

/// The run that holds `test`, as the suite run shows it.
fn shown(id: &str, test: &TestRun, status: Option<&str>, later_seconds: i64) -> ServerRun {
    let started = test.started.map(jiff::Timestamp::as_millisecond);
    ServerRun {
        id: EntityId::from(id.to_owned()),
        key: run_key(&test.identity, None),
        status: status.map(str::to_owned),
        started: started.map(|started| started + 1000 * later_seconds),
        duration: None,
        test: None,
        links: None,
    }
}

/// The state of each row, with the message.
fn states(journal: &Journal) -> Vec<(String, Option<String>)> {
    let states = journal.read(|connection| {
        ensure_rows(connection)?;
        connection
            .prepare(
                "SELECT COALESCE(state, 'open'), message FROM rows LEFT JOIN row_states USING (number) ORDER BY number",
            )?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect()
    });
    states.unwrap()
}
