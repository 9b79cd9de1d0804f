//! What the server holds.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use octane_results::{Dialect, GherkinUnit, TestRun};
use serde_json::Value;
use tokio::time::sleep;

use super::case::Case;
use super::world::World;

/// What makes a run the same run: package, class and name of its test, and its own name.
pub(super) type Key = [String; 4];

pub(super) fn key(run: &TestRun, dialect: Dialect) -> Key {
    let identity = &run.identity;
    // The evidence dialect has no field for the run's own name.
    let run_name = run.run_name.as_ref();
    let run_name = run_name.filter(|_| dialect != Dialect::Evidence);
    let name = run_name.unwrap_or(&identity.name);
    [&identity.package, &identity.class, &identity.name, name].map(Clone::clone)
}

/// An automated run, or a Gherkin one, as the server holds it.
#[derive(Debug, Clone)]
pub(super) struct StoredRun {
    pub(super) id: String,
    pub(super) key: Key,
    pub(super) status: String,
    pub(super) duration: Duration,
    pub(super) test: String,
    pub(super) suite_run: String,
    pub(super) stories: BTreeSet<i64>,
}

/// What the server holds.
#[derive(Debug, Clone)]
pub(super) struct Content {
    pub(super) runs: Vec<StoredRun>,
    /// The durations of the results that newer ones have replaced.
    pub(super) history: Vec<Duration>,
    /// The stories of each test.
    pub(super) tests: BTreeMap<String, BTreeSet<i64>>,
    pub(super) suite_runs: usize,
}

impl World {
    /// What the server holds at this moment: of a case with features their runs and tests, otherwise the others.
    pub(super) async fn content(&self, case: &Case) -> Content {
        // One after the other: the server counts these requests too.
        let _reading = self.reading.lock().await;
        let mut pause = Duration::from_secs(1);
        loop {
            if let Some(content) = self.read(case).await {
                return content;
            }
            // The server goes on ingesting during the pause: read all of it again.
            sleep(pause).await;
            // Not in step with the clients.
            pause += Duration::from_millis(137);
        }
    }

    async fn read(&self, case: &Case) -> Option<Content> {
        let links = if case.server.entities.run_backlog_field {
            ",covered_content"
        } else {
            ""
        };
        let fields = format!(
            "name,test_name,class_name,package,native_status,duration,test,parent_suite{links}"
        );
        let (runs, tests) = match case.upload.gherkin {
            GherkinUnit::Scenarios => ("automated_runs", "automated_tests"),
            GherkinUnit::Features => ("gherkin_automated_runs", "gherkin_tests"),
        };
        let runs = self.list(runs, &fields).await?;
        let history = self.list("previous_runs", "run_duration").await?;
        let tests = self.list(tests, "covered_content").await?;
        let suite_runs = self.list("suite_runs", "name").await?;
        Some(Content {
            runs: runs.iter().map(stored_run).collect(),
            history: history
                .iter()
                .map(|previous| duration(&previous["run_duration"]))
                .collect(),
            tests: tests
                .iter()
                .map(|test| (text(&test["id"]), stories(&test["covered_content"])))
                .collect(),
            suite_runs: suite_runs.len(),
        })
    }
}

impl Content {
    /// What came from one of several uploaders, whose results have durations of their own.
    pub(super) fn of(mut self, case: &Case) -> Self {
        let durations: BTreeSet<Duration> = case.rows.iter().map(|row| row.run.duration).collect();
        self.runs.retain(|run| durations.contains(&run.duration));
        self.history.retain(|duration| durations.contains(duration));
        let tests: BTreeSet<&String> = self.runs.iter().map(|run| &run.test).collect();
        self.tests.retain(|test, _| tests.contains(test));
        let suite_runs: BTreeSet<&String> = self.runs.iter().map(|run| &run.suite_run).collect();
        self.suite_runs = suite_runs.len();
        self
    }

    /// How often each result is stored, as the current one of a run or as a previous one.
    pub(super) fn results(&self) -> BTreeMap<Duration, usize> {
        let mut results = BTreeMap::new();
        let current = self.runs.iter().map(|run| run.duration);
        for duration in current.chain(self.history.iter().copied()) {
            *results.entry(duration).or_default() += 1;
        }
        results
    }
}

fn stored_run(run: &Value) -> StoredRun {
    let status = text(&run["native_status"]["id"]);
    StoredRun {
        id: text(&run["id"]),
        key: ["package", "class_name", "test_name", "name"].map(|field| text(&run[field])),
        status: status.rsplit('.').next().unwrap_or_default().to_owned(),
        duration: duration(&run["duration"]),
        test: text(&run["test"]["id"]),
        suite_run: text(&run["parent_suite"]["id"]),
        stories: stories(&run["covered_content"]),
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn duration(value: &Value) -> Duration {
    Duration::from_millis(value.as_u64().unwrap_or_default())
}

fn stories(links: &Value) -> BTreeSet<i64> {
    let links = links["data"].as_array().into_iter().flatten();
    links
        .filter_map(|link| link["id"].as_str()?.parse().ok())
        .collect()
}
