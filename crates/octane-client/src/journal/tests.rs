//! Helpers for the tests of journals, a topic a file.

mod account;
mod batches;
mod files;
mod repeats;
mod same_bytes;
mod trouble;

use std::sync::LazyLock;

use octane_model::{EntityId, ModuleId, SuiteId, Task, TaskId, TaskStatus};
use octane_rest::{ApiKey, Endpoint};
use octane_results::{Status, TestRun};

use super::*;
use crate::plan::run_key;
use crate::{Client, Planned, SuiteChoice, UploadSettings};

/// A client that has nobody to speak to.
static CLIENT: LazyLock<Client> = LazyLock::new(|| {
    let endpoint = Endpoint::builder("http://octane.invalid")
        .space(1001)
        .workspace(1002)
        .credentials(ApiKey::new("id", "a-secret-that-must-not-show"))
        .build();
    Client::new(endpoint.unwrap())
});

/// The runs were read, and with them what they held before.
const RUNS: Evidence = Evidence::Runs { has_history: true };

fn destination() -> Destination {
    Destination::new(SuiteChoice::Named("Nightly".into()), "nightly-1")
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

/// An upload that is planned and not aimed.
fn planned(spool: &Spool, runs: Vec<TestRun>, settings: &UploadSettings) -> Journal {
    let planned = CLIENT.plan(runs, &destination(), settings, spool, UploadId::new());
    planned.unwrap().journal
}

/// An upload that could be delivered now.
fn aimed(runs: Vec<TestRun>, settings: &UploadSettings) -> Journal {
    let journal = planned(&Spool::off(), runs, settings);
    journal.aim(&target()).unwrap();
    journal
}

/// Notes of a batch that its task has ended so.
fn settle(journal: &Journal, batch: usize, status: &str, complaints: Option<&str>) {
    let status = TaskStatus::from(status);
    let number = i64::try_from(batch).unwrap();
    let task = Task::new(TaskId::new(9000 + number), status.clone());
    journal.sent(batch, &task, false).unwrap();
    journal.settled(batch, &status, complaints).unwrap();
}

/// The run that holds `test`, as the suite run shows it.
fn shown(id: &str, test: &TestRun, status: Option<&str>, later_seconds: i64) -> FoundRun {
    let started = test.started.map(jiff::Timestamp::as_millisecond);
    FoundRun {
        id: EntityId::from(id.to_owned()),
        key: run_key(&test.identity, None),
        status: status.map(str::to_owned),
        started: started.map(|started| started + 1000 * later_seconds),
        duration: None,
        test: None,
        links: None,
    }
}

/// What became of each row, with the reason.
fn fates(journal: &Journal) -> Vec<(String, Option<String>)> {
    let fates = journal.read(|connection| {
        connection
            .prepare("SELECT COALESCE(fate, '-'), message FROM rows ORDER BY n")?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect()
    });
    fates.unwrap()
}
