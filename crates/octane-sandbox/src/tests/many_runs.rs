//! Tests with many runs.

use rusqlite::StatementStatus;

use super::Client;
use super::ingestion::{payload, suite};
use crate::catalog::FieldType;
use crate::store::{Reader, Writer};
use crate::{Sandbox, Settings};

/// How many runs the test has in the first of two sandboxes; it has twice as many in the second one.
const RUNS: usize = 100;

/// The work of SQLite for a statement.
fn steps(reader: Reader<'_>, sql: &str) -> i32 {
    let mut statement = reader.connection.prepare(sql).unwrap();
    let mut rows = statement.query([]).unwrap();
    while rows.next().unwrap().is_some() {}
    drop(rows);
    statement.get_status(StatementStatus::VmStep)
}

/// The work for each field of runs that depends on other runs of their test: of all runs, and of twenty runs.
fn work(sandbox: &Sandbox) -> Vec<(String, i32)> {
    let check = |reader: Reader<'_>| {
        let run = reader.catalog.known_type("run_automated");
        let some = "IN (SELECT id FROM runs WHERE subtype = 'run_automated' LIMIT 20)";
        let mut work = Vec::new();
        for name in ["test_of_last_run", "work_items_of_last_run", "problem"] {
            let field = run.field(name).unwrap();
            let statements = match &field.field_type {
                FieldType::Many(link) => {
                    let of = |table| {
                        format!(
                            "SELECT {} FROM {table} WHERE {}",
                            link.target_column, link.owner_column
                        )
                    };
                    [
                        format!("{} IS NOT NULL", of(link.all())),
                        format!("{} {some}", of(link.of(some))),
                    ]
                }
                _ => ["IS NOT NULL", some].map(|of| {
                    let value = field.expression("t0");
                    format!("SELECT {value} FROM runs t0 WHERE t0.id {of}")
                }),
            };
            for (sql, of) in statements.iter().zip(["all", "some"]) {
                work.push((format!("{name} of {of}"), steps(reader, sql)));
            }
        }
        let story = reader.catalog.known_type("story");
        let last = story.field("last_runs").unwrap().expression("t0");
        let sql = format!("SELECT {last} FROM work_items t0");
        work.push(("last_runs".to_owned(), steps(reader, &sql)));
        Ok(work)
    };
    sandbox.state.store.read_now(check).unwrap()
}

/// In what the runs of one test differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Name,
    /// In the suite run, and in their start.
    SuiteRun,
    /// In the suite run only.
    SuiteRunAtOnce,
    /// In the suite run, in their start, and in the release.
    Release,
}

/// Runs of one test.
async fn with_runs(count: usize, by: By) -> Sandbox {
    let sandbox = Sandbox::open(Settings::default().seed_data(false)).unwrap();
    let client = Client::of(&sandbox).await;
    let suite = suite(&client, "Nightly").await;
    let story = super::entities::story(&client, "Pay").await;
    let runs: String = (0..count)
        .map(|number| {
            let (name, suite_run) = match by {
                By::Name => (number, 0),
                By::SuiteRun | By::SuiteRunAtOnce | By::Release => (0, number),
            };
            let started = if by == By::SuiteRunAtOnce { 7 } else { number };
            let status = ["Passed", "Failed"][number % 2];
            format!(
                "<test_run name='t' run_name='{name}' status='{status}' duration='1' started='{started}'>\
                 <suite_ref id='{suite}' external_run_id='{suite_run}'/></test_run>"
            )
        })
        .collect();
    let covered = format!("<backlog_items><backlog_item_ref id='{story}'/></backlog_items>");
    let task = client.upload(&payload(&covered, &runs), "").await;
    assert_eq!(task["status"], "success", "{task}");
    if by == By::Release {
        let sql = "INSERT INTO releases (id, name) SELECT id + 100000, id FROM runs;
            UPDATE runs SET release = id + 100000";
        let place = |writer: Writer<'_>| Ok(writer.connection.execute_batch(sql)?);
        sandbox.state.store.write_now(place).unwrap();
    }
    sandbox
}

#[tokio::test]
async fn what_depends_on_other_runs_of_a_test_takes_little_more_work_for_many_runs() {
    for by in [By::Name, By::SuiteRun, By::SuiteRunAtOnce, By::Release] {
        let few = work(&with_runs(RUNS, by).await);
        let many = work(&with_runs(2 * RUNS, by).await);
        for ((what, few), (_, many)) in few.into_iter().zip(many) {
            assert!(many < few * 5 / 2, "{what} by {by:?}: {few}, then {many}");
        }
    }
}
