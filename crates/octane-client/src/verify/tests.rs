//! What is read of the suite run, and what comes of it if that fails.

mod several_runs;
mod urls;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use octane_model::{Task, TaskId, TaskStatus};
use octane_rest::TransportErrorKind;
use octane_results::TestRun;
use serde_json::json;

use super::*;
use crate::fake_octane::{Answer, FakeOctane, Received, STARTED, Uploading, page, problem, tests};
use crate::journal::Confirmation;
use crate::link_field::LinkLevel;
use crate::run_kind::RunKind;
use crate::verdict::BatchEnd;

/// An automated run of the test `t{n}`, as the server shows it.
fn run(n: i64, status: &str, started: i64) -> Value {
    json!({
        "type": "run_automated", "id": (4000 + n).to_string(), "name": format!("t{n}"), "test_name": format!("t{n}"),
        "parent_suite": { "type": "run_suite", "id": "70" },
        "started": jiff::Timestamp::from_second(started).unwrap().to_string(),
        "native_status": { "type": "list_node", "id": status },
        "test": { "type": "test_automated", "id": (5000 + n).to_string() },
    })
}

const PASSED: &str = "list_node.run_native_status.passed";

/// The run that shows the result of `t{n}` itself.
fn same(n: i64) -> Value {
    run(n, PASSED, STARTED + n)
}

/// The run of `t{n}` after a newer result has taken the place of the one that was sent.
fn newer(n: i64) -> Value {
    run(n, PASSED, STARTED + n + 600)
}

/// The number after a word of a query, or 0.
fn number(received: &Received, word: &str) -> usize {
    let mut parts = received.query.split('&');
    let found = parts.find_map(|part| part.strip_prefix(word));
    found.map_or(0, |text| text.parse().unwrap())
}

/// The runs whose names the query contains, or whose IDs are in its ranges; all if it has neither.
fn matching(runs: &[Value], query: &str) -> Vec<Value> {
    let asked = query.split("name%20IN%20").nth(1).unwrap_or_default();
    let asked: Vec<&str> = asked.split("%5E").collect();
    let ranges: Vec<(i64, i64)> = query.split("BTW%20").skip(1).filter_map(range).collect();
    let is_asked = |run: &&Value| {
        let id: i64 = run["id"].as_str().unwrap_or("0").parse().unwrap();
        let is_within = |(first, last): &(i64, i64)| (*first..=*last).contains(&id);
        if ranges.is_empty() {
            asked.len() == 1 || asked.contains(&run["name"].as_str().unwrap())
        } else {
            ranges.iter().any(is_within)
        }
    };
    runs.iter().filter(is_asked).cloned().collect()
}

/// The bounds at the beginning of a text such as `4001...4009)`.
fn range(text: &str) -> Option<(i64, i64)> {
    let (first, rest) = text.split_once("...")?;
    let last: String = rest.chars().take_while(char::is_ascii_digit).collect();
    Some((first.parse().ok()?, last.parse().ok()?))
}

/// The answer of a server on which runs cannot be found by the name of their suite run.
fn without_nested_queries(received: &Received) -> Answer {
    if received.path == "automated_runs" && received.query.contains("nightly-1") {
        Answer::Json(400, problem())
    } else {
        Answer::Default
    }
}

/// A server whose suite run holds these runs, in the order of their IDs; `other` answers everything else.
fn octane_with(
    runs: Vec<Value>,
    other: impl Fn(&Received) -> Answer + Send + Sync + 'static,
) -> FakeOctane {
    FakeOctane::new(move |received| match other(received) {
        Answer::Default if received.path == "suite_run" => page(
            &[json!({ "type": "run_suite", "id": "70", "name": "nightly-1" })],
            1,
        ),
        Answer::Default if received.path == "automated_runs" => {
            let (offset, limit) = (number(received, "offset="), number(received, "limit="));
            let mut runs = matching(&runs, &received.query);
            if received.query.contains("order_by=-id") {
                runs.reverse();
            }
            let end = runs.len().min(offset + limit);
            page(&runs[offset.min(end)..end], runs.len())
        }
        answer => answer,
    })
}

/// An upload whose batches, `runs_max` results each, have ended like this.
fn ended(octane: &FakeOctane, runs: Vec<TestRun>, runs_max: usize, ends: &[&str]) -> Uploading {
    let upload = octane.upload(runs, runs_max);
    for (batch, end) in (1..).zip(ends) {
        let task = Task::new(TaskId::new(9000), TaskStatus::Queued);
        upload.journal.accepted(batch, &task, false).unwrap();
        let end = BatchEnd::from(&TaskStatus::from(*end));
        upload.journal.task_ended(batch, end, None).unwrap();
    }
    upload
}

/// Reads, and judges by what was read.
async fn verified(upload: &Uploading) -> Lookup {
    let lookup = verify(&upload.context()).await.unwrap();
    if let Lookup::Runs { has_history, .. } = lookup {
        upload
            .journal
            .judge(Confirmation::Verified { has_history })
            .unwrap();
    }
    lookup
}

/// How many runs are in the journal.
fn stored(upload: &Uploading) -> usize {
    upload.journal.server_run_count().unwrap()
}

fn nothing_else(_: &Received) -> Answer {
    Answer::Default
}

#[tokio::test(start_paused = true)]
async fn nothing_is_read_before_a_task_has_ended() {
    let octane = octane_with(vec![same(1)], nothing_else);
    let upload = octane.upload(tests(2), 1);
    upload.journal.refused(1, "no").unwrap();
    assert!(matches!(verified(&upload).await, Lookup::NothingIngested));
    assert!(octane.paths().is_empty());
}

#[tokio::test(start_paused = true)]
async fn nothing_is_read_after_a_cancellation() {
    let octane = octane_with(vec![same(1)], nothing_else);
    let upload = ended(&octane, tests(1), 1, &["success"]);
    upload.cancellation.cancel();
    assert!(matches!(verified(&upload).await, Lookup::Cancelled));
    assert!(octane.paths().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_suite_run_that_does_not_exist_is_no_error() {
    let octane = octane_with(vec![], |received| match received.path.as_str() {
        "suite_run" => page(&[], 0),
        _ => Answer::Default,
    });
    let upload = ended(&octane, tests(1), 1, &["failed"]);
    assert!(matches!(verified(&upload).await, Lookup::NoSuiteRun));
    assert_eq!(octane.paths(), ["automated_runs", "suite_run"]);
    assert!(upload.events().is_empty());
}

#[tokio::test(start_paused = true)]
async fn all_pages_are_read_and_counted_and_each_is_stored_as_it_comes() {
    let count = 2500;
    let octane = octane_with((1..=count).map(same).collect(), nothing_else);
    let mut upload = ended(&octane, tests(count), 2500, &[]);
    let commits = Arc::new(AtomicUsize::new(0));
    let seen = Arc::clone(&commits);
    let spool = crate::journal::Spool::off()
        .inline()
        .fault_hook(move |step, point| {
            let is_stored = step == "server runs" && point == crate::journal::CommitPoint::After;
            seen.fetch_add(usize::from(is_stored), Ordering::Relaxed);
            true
        });
    let spec = &upload.manifest.target_spec;
    let settings = &upload.settings;
    let id = crate::upload_id::UploadId::new();
    let prepared = upload
        .client
        .prepare(tests(count), spec, settings, &spool, id);
    upload.journal = prepared.unwrap().journal;
    upload.journal.set_target(&upload.target).unwrap();
    let task = Task::new(TaskId::new(9000), TaskStatus::Queued);
    for batch in upload.journal.open_batches().unwrap() {
        upload.journal.accepted(batch.number, &task, false).unwrap();
        upload
            .journal
            .task_ended(batch.number, BatchEnd::Success, None)
            .unwrap();
    }
    let Lookup::Runs {
        suite_run,
        has_history,
    } = verified(&upload).await
    else {
        panic!("the runs are there");
    };
    assert_eq!((suite_run.get(), has_history), (70, true));
    assert_eq!((stored(&upload), upload.counts()), (2500, (2500, 0, 0)));
    let events = upload.events();
    let [
        ..,
        (_, Event::Reading { runs: 2521, .. }),
        (_, Event::Verified { runs: 2500, .. }),
    ] = events[..]
    else {
        panic!("{events:?}");
    };
    let offsets: Vec<usize> = octane
        .received("automated_runs")
        .iter()
        .map(|one| number(one, "offset="))
        .collect();
    // The first and the last one by name, with some others, and what is between them.
    assert_eq!(offsets, [0, 0, 1000, 2000]);
    // Cleared, the ends, the index, two full pages, the rest, the index before what is missing is counted and at the end.
    assert_eq!(commits.load(Ordering::Relaxed), 8);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_cannot_find_runs_by_their_suite_run_is_asked_for_the_suite_run() {
    let hidden = |mut run: Value| {
        run["parent_suite"] = Value::Null;
        run
    };
    let servers = [
        octane_with(vec![same(1), same(2)], without_nested_queries),
        octane_with(vec![hidden(same(1)), hidden(same(2))], nothing_else),
    ];
    for octane in servers {
        let upload = ended(&octane, tests(2), 2, &["success"]);
        verified(&upload).await;
        let expected = ["automated_runs", "suite_run", "automated_runs"];
        assert_eq!(octane.paths(), expected);
        assert_eq!((stored(&upload), upload.counts()), (2, (2, 0, 0)));
    }
}

#[tokio::test(start_paused = true)]
async fn another_look_replaces_what_the_one_before_found() {
    let octane = octane_with(vec![same(1), same(2)], nothing_else);
    let upload = ended(&octane, tests(2), 2, &["success"]);
    for _ in 0..2 {
        verified(&upload).await;
        assert_eq!(stored(&upload), 2);
    }
}

/// The runs whose history was asked for, one list for each request.
fn history_asked(octane: &FakeOctane) -> Vec<BTreeSet<i64>> {
    let ids = |one: &Received| {
        // What is escaped is not part of a number.
        let parts = one.query.split('%');
        let query = parts
            .map(|part| part.get(2..).unwrap_or_default())
            .collect::<Vec<_>>();
        let query = query.join(" ");
        let numbers = query.split(|c: char| !c.is_ascii_digit());
        let numbers = numbers.filter_map(|part| part.parse().ok());
        numbers
            .filter(|id| (4000..5000).contains(id))
            .collect::<BTreeSet<i64>>()
    };
    octane.received("previous_runs").iter().map(ids).collect()
}

#[tokio::test(start_paused = true)]
async fn the_history_is_read_only_of_runs_that_may_have_held_a_result_that_is_missing() {
    let no_history = |received: &Received| match received.path.as_str() {
        "previous_runs" => page(&[], 0),
        _ => Answer::Default,
    };
    let older = run(8, PASSED, STARTED - 600);
    let runs = vec![same(1), newer(2), same(4), newer(5), newer(7), older];
    let octane = octane_with(runs.clone(), no_history);
    let upload = ended(&octane, tests(9), 3, &["failed", "success", "warning"]);
    let lookup = verified(&upload).await;
    assert!(
        matches!(
            lookup,
            Lookup::Runs {
                has_history: true,
                ..
            }
        ),
        "{lookup:?}"
    );
    // Failed: not the first one, which shows, and not the third one, which has no run. Succeeded: none, as a newer
    // result is enough. With a warning: all that have a run.
    assert_eq!(history_asked(&octane), [BTreeSet::from([4002, 4007, 4008])]);
    let octane = octane_with(runs, no_history);
    let upload = ended(&octane, tests(9), 3, &["success", "success"]);
    verified(&upload).await;
    assert!(history_asked(&octane).is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_history_of_many_runs_is_read_a_hundred_at_a_time() {
    let octane = octane_with((1..=150).map(newer).collect(), |received| {
        match received.path.as_str() {
            "previous_runs" => page(&[], 0),
            _ => Answer::Default,
        }
    });
    let upload = ended(&octane, tests(150), 500, &["failed"]);
    verified(&upload).await;
    let asked: Vec<usize> = history_asked(&octane).iter().map(BTreeSet::len).collect();
    assert_eq!(asked, [100, 50]);
    assert_eq!(upload.counts(), (0, 150, 0));
}

#[tokio::test(start_paused = true)]
async fn a_result_that_the_history_shows_is_in() {
    let previous = |n: i64, run: Value, status: &str, duration: i64| {
        let started = jiff::Timestamp::from_second(STARTED + n)
            .unwrap()
            .to_string();
        json!({
            "type": "previous_run", "id": n.to_string(), "run_id": run, "run_started": started,
            "run_native_status": { "type": "list_node", "id": status }, "run_duration": duration,
        })
    };
    let octane = octane_with((1..=6).map(newer).collect(), move |received| {
        match received.path.as_str() {
            "previous_runs" => {
                let before = [
                    // IDs are text on some servers and numbers on others.
                    previous(1, json!("4001"), PASSED, 0),
                    previous(2, json!(4002), "1234", 0),
                    previous(3, json!("4003"), "list_node.run_native_status.failed", 0),
                    previous(4, json!("4004"), PASSED, 9),
                    previous(6, json!("4005"), PASSED, 0),
                ];
                page(&before, before.len())
            }
            _ => Answer::Default,
        }
    });
    let upload = ended(&octane, tests(6), 6, &["failed"]);
    verified(&upload).await;
    // The third has another status, the fourth another duration, the fifth another start; the last none at all.
    assert_eq!(upload.counts(), (2, 4, 0));
    let asked = octane.received("previous_runs").remove(0).query;
    for field in ["run_id", "run_native_status", "run_started", "run_duration"] {
        assert!(asked.contains(field), "{asked}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_without_a_history_has_none() {
    for (status, body) in [(404, problem()), (403, problem())] {
        let octane = octane_with(vec![newer(1)], move |received| {
            match received.path.as_str() {
                "previous_runs" => Answer::Json(status, body.clone()),
                _ => Answer::Default,
            }
        });
        let upload = ended(&octane, tests(1), 1, &["warning"]);
        let lookup = verified(&upload).await;
        assert!(
            matches!(
                lookup,
                Lookup::Runs {
                    has_history: false,
                    ..
                }
            ),
            "{lookup:?}"
        );
        assert_eq!(upload.counts(), (1, 0, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_history_that_cannot_be_read_now_leaves_everything_open() {
    let octane = octane_with(vec![newer(1)], |received| match received.path.as_str() {
        "previous_runs" => Answer::Json(503, problem()),
        _ => Answer::Default,
    });
    let upload = ended(&octane, tests(1), 1, &["warning"]);
    assert!(matches!(verified(&upload).await, Lookup::Failed(_)));
    assert_eq!((stored(&upload), upload.counts()), (0, (0, 0, 1)));
}

#[tokio::test(start_paused = true)]
async fn runs_that_may_not_be_read_are_forbidden_and_those_that_cannot_be_read_now_failed() {
    for path in ["suite_run", "automated_runs"] {
        let lookup = async |answer: fn() -> Answer| {
            let octane = octane_with(vec![same(1)], move |received| {
                if received.path == path {
                    answer()
                } else {
                    without_nested_queries(received)
                }
            });
            let upload = ended(&octane, tests(1), 1, &["success"]);
            let lookup = verified(&upload).await;
            assert!(upload.events().is_empty() && stored(&upload) == 0);
            lookup
        };
        let forbidden = lookup(|| Answer::Json(403, problem())).await;
        assert!(matches!(forbidden, Lookup::Forbidden(_)), "{forbidden:?}");
        let away: [fn() -> Answer; 3] = [
            || Answer::Json(503, problem()),
            || Answer::Broken(TransportErrorKind::Timeout),
            // From a proxy.
            || Answer::Text(403, "<html>no</html>".to_owned()),
        ];
        for answer in away {
            let failed = lookup(answer).await;
            assert!(matches!(failed, Lookup::Failed(_)), "{failed:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn of_pages_that_were_not_all_read_nothing_stays() {
    let octane = octane_with((1..=1500).map(same).collect(), |received| {
        match received.path.as_str() {
            "automated_runs" if received.query.contains("offset=1000") => {
                Answer::Json(503, problem())
            }
            _ => Answer::Default,
        }
    });
    let upload = ended(
        &octane,
        tests(1500),
        500,
        &["success", "success", "success"],
    );
    assert!(matches!(verified(&upload).await, Lookup::Failed(_)));
    assert_eq!(stored(&upload), 0);
}

#[tokio::test(start_paused = true)]
async fn a_cancellation_gives_reading_three_seconds() {
    for silent in ["suite_run", "automated_runs?offset=1000", "previous_runs"] {
        let octane = octane_with((1..=1500).map(newer).collect(), move |received| {
            if format!("{}?{}", received.path, received.query).contains("offset=1000") {
                if silent.contains('?') {
                    Answer::Silence
                } else {
                    Answer::Default
                }
            } else if received.path == silent {
                Answer::Silence
            } else if silent == "suite_run" {
                without_nested_queries(received)
            } else {
                Answer::Default
            }
        });
        let upload = ended(&octane, tests(1500), 500, &["failed", "failed", "failed"]);
        let start = tokio::time::Instant::now();
        let cancelling = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            upload.cancellation.cancel();
        };
        let (lookup, ()) = tokio::join!(verified(&upload), cancelling);
        assert!(matches!(lookup, Lookup::Cancelled), "{silent} {lookup:?}");
        assert_eq!(start.elapsed(), Duration::from_secs(4), "{silent}");
        assert_eq!(stored(&upload), 0, "{silent}");
    }
}

fn link_field(received: &Received, level: &str) -> Answer {
    if !received.query.contains(level) {
        return page(&[], 0);
    }
    let field = json!({
        "type": "field_metadata", "name": "covered_content", "entity_name": level, "label": "x",
        "field_type": "reference", "editable": true, "required": false, "is_user_defined": false,
    });
    page(&[field], 1)
}

/// What is read for a result with a Jira key, where this entity can be linked: the query for the runs, and the upload.
async fn linkable(level: &'static str) -> (String, Uploading) {
    let mut shown = same(1);
    shown["covered_content"] =
        json!({ "total_count": 1, "data": [{ "type": "story", "id": "900" }] });
    let octane = octane_with(vec![shown], move |received| match received.path.as_str() {
        "metadata/fields" if level.is_empty() => Answer::Json(403, problem()),
        "metadata/fields" => link_field(received, level),
        _ => Answer::Default,
    });
    let runs = vec![tests(1).remove(0).jira(["SHOP-1"])];
    let upload = ended(&octane, runs, 1, &["success"]);
    assert!(matches!(verified(&upload).await, Lookup::Runs { .. }));
    let query = octane.received("automated_runs").remove(0).query;
    (query, upload)
}

#[tokio::test(start_paused = true)]
async fn links_are_read_together_with_the_runs_where_runs_can_be_linked() {
    let links = |upload: &Uploading, level| {
        upload.journal.collect_links(RunKind::Test, level).unwrap();
        let candidates = upload.journal.link_candidates(None, 10).unwrap();
        candidates
            .into_iter()
            .map(|one| one.links.is_some())
            .collect::<Vec<_>>()
    };
    let (query, upload) = linkable("run_automated").await;
    assert!(
        query.contains("covered_content") && query.contains("duration"),
        "{query}"
    );
    assert_eq!(links(&upload, LinkLevel::Runs), [true]);
    let (query, upload) = linkable("test_automated").await;
    assert!(
        !query.contains("covered_content") && query.contains("duration"),
        "{query}"
    );
    assert_eq!(links(&upload, LinkLevel::Tests), [false]);
    // The runs are read even if nothing can be linked.
    for level in ["", "story"] {
        let (query, _) = linkable(level).await;
        assert!(!query.contains("covered_content"), "{query}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_field_for_links_is_looked_up_only_if_there_is_something_to_link() {
    let runs = || vec![tests(1).remove(0).jira(["SHOP-1"])];
    for (runs, link) in [(tests(1), true), (runs(), false), (tests(1), false)] {
        let octane = octane_with(vec![same(1)], nothing_else);
        let mut upload = ended(&octane, runs, 1, &["success"]);
        upload.manifest.link = link;
        verified(&upload).await;
        assert_eq!(octane.paths(), ["automated_runs"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_cancellation_gives_the_look_up_of_the_field_three_seconds() {
    let octane = octane_with(vec![same(1)], |received| match received.path.as_str() {
        "metadata/fields" => Answer::Silence,
        _ => Answer::Default,
    });
    let runs = vec![tests(1).remove(0).jira(["SHOP-1"])];
    let upload = ended(&octane, runs, 1, &["success"]);
    let cancelling = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        upload.cancellation.cancel();
    };
    let (lookup, ()) = tokio::join!(verified(&upload), cancelling);
    assert!(matches!(lookup, Lookup::Cancelled), "{lookup:?}");
    assert_eq!(octane.paths(), ["metadata/fields"]);
}

#[tokio::test(start_paused = true)]
async fn a_status_that_is_an_opaque_id_may_be_any_and_a_word_only_itself() {
    let mut without = same(4);
    without["native_status"] = Value::Null;
    let runs = vec![
        run(1, "1234", STARTED + 1),
        run(2, PASSED, STARTED + 2),
        run(3, "list_node.run_native_status.failed", STARTED + 3),
        without,
    ];
    let octane = octane_with(runs, nothing_else);
    let upload = ended(&octane, tests(4), 4, &["failed"]);
    verified(&upload).await;
    assert_eq!(upload.counts(), (3, 1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_run_that_took_another_time_shows_another_result() {
    let mut runs = [same(1), same(2), same(3)];
    runs[0]["duration"] = json!(7);
    runs[1]["duration"] = json!(9);
    let octane = octane_with(runs.to_vec(), nothing_else);
    let sent = tests(3).into_iter();
    let sent = sent.map(|test| test.duration(Duration::from_millis(7)));
    let upload = ended(&octane, sent.collect(), 3, &["failed"]);
    verified(&upload).await;
    // What the server does not say cannot differ.
    assert_eq!(upload.counts(), (2, 1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_run_belongs_to_the_test_of_its_module_package_class_and_name() {
    let mut named = same(1);
    for (field, value) in [("component", "m"), ("package", "p"), ("class_name", "c")] {
        named[field] = json!(value);
    }
    // Without the name of the test, the run has it.
    named["test_name"] = Value::Null;
    named["duration"] = json!(7);
    let mut no_run = same(2);
    no_run["id"] = Value::Null;
    let octane = octane_with(vec![named, no_run, same(3)], nothing_else);
    let mut runs = tests(3);
    runs[0] = runs[0]
        .clone()
        .module("m")
        .package("p")
        .class("c")
        .duration(Duration::from_millis(7));
    runs[2] = runs[2].clone().class("another");
    let upload = ended(&octane, runs, 3, &["failed"]);
    verified(&upload).await;
    assert_eq!((stored(&upload), upload.counts()), (2, (1, 2, 0)));
}
