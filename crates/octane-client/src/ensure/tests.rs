//! Every row of the table, and clients that create the same suite at the same moment.

use std::sync::{Arc, Mutex};

use http::Method;
use octane_rest::TransportErrorKind;
use serde_json::{Value, json};

use super::*;
use crate::fake_octane::{Answer, FakeOctane, LATENCY, Received, page, problem};
use crate::suite_runs::PLANNED;

#[test]
fn every_look_is_judged_by_the_table() {
    let (lower, ours, higher) = (Some(7), Some(8), Some(9));
    for chosen_before in [None, lower, ours, higher] {
        assert_eq!(next(ours, lower, chosen_before), Step::TakeBack);
        for found in [None, ours, higher] {
            let expected = if chosen_before == ours {
                Step::Use
            } else {
                Step::LookAgain
            };
            assert_eq!(next(ours, found, chosen_before), expected, "{found:?}");
        }
        assert_eq!(next(None, None, chosen_before), Step::LookAgain);
        for found in [lower, higher] {
            let expected = if chosen_before == found {
                Step::Use
            } else {
                Step::LookAgain
            };
            assert_eq!(next(None, found, chosen_before), expected, "{found:?}");
        }
    }
}

/// A server that shows suites named `Nightly` from certain moments on, each until it is deleted.
struct Suites {
    octane: FakeOctane,
    deleted: Arc<Mutex<Vec<i64>>>,
}

fn suite(id: i64) -> Value {
    json!({ "type": "test_suite", "id": id.to_string(), "name": "Nightly" })
}

impl Suites {
    /// `shown`: from when on each suite is shown. A creation is answered with `created`; suite runs of a deleted suite
    /// would be lost, so `used` has one.
    fn new(
        shown: &[(i64, Duration)],
        created: impl Fn() -> Answer + Send + Sync + 'static,
        used: Option<i64>,
    ) -> Self {
        let deleted = Arc::new(Mutex::new(Vec::new()));
        let gone = Arc::clone(&deleted);
        let shown = shown.to_vec();
        let octane = FakeOctane::new(move |received: &Received| {
            match (&received.method, received.path.as_str()) {
                (&Method::POST, "test_suites") => created(),
                (&Method::DELETE, path) => {
                    let id = path.rsplit('/').next().unwrap().parse().unwrap();
                    gone.lock().unwrap().push(id);
                    Answer::Json(200, json!({}))
                }
                (_, "test_suites") => {
                    let gone = gone.lock().unwrap();
                    let shown = shown
                        .iter()
                        .filter(|(id, at)| *at <= received.at && !gone.contains(id));
                    // A server may list them in any order.
                    let shown: Vec<Value> = shown.rev().map(|(id, _)| suite(*id)).collect();
                    page(&shown, shown.len())
                }
                (_, "suite_run") => {
                    let of_used = |id: &i64| received.query.contains(&format!("id%20EQ%20{id}"));
                    let run = json!({ "type": "run_suite", "id": "70", "name": "nightly-1" });
                    let runs = Vec::from_iter(used.filter(of_used).map(|_| run));
                    page(&runs, runs.len())
                }
                _ => Answer::Default,
            }
        });
        Self { octane, deleted }
    }

    async fn ensure(&self) -> Result<Ensured<TestSuite>, ClientError> {
        let client = self.octane.client(1);
        let draft = Entity::new().set("name", "Nightly");
        ensure(&client, "Nightly", None, &draft).await
    }

    fn deleted(&self) -> Vec<i64> {
        self.deleted.lock().unwrap().clone()
    }

    fn creations(&self) -> usize {
        let all = self.octane.received("test_suites");
        all.iter().filter(|one| one.method == Method::POST).count()
    }
}

fn created(id: i64) -> impl Fn() -> Answer {
    move || Answer::Json(201, json!({ "total_count": 1, "data": [suite(id)] }))
}

/// After the first look, whose answer the creation follows.
const AFTER_FIRST_LOOK: Duration = Duration::from_millis(1).saturating_add(LATENCY);
/// Between the first and the second look after the creation.
const LATE: Duration = Duration::from_millis(150);

#[tokio::test(start_paused = true)]
async fn whoever_creates_alone_uses_what_it_created_after_two_looks() {
    let suites = Suites::new(&[(8, AFTER_FIRST_LOOK)], created(8), None);
    let ensured = suites.ensure().await.unwrap();
    assert_eq!((ensured.entity.id.get(), ensured.created.len()), (8, 1));
    assert_eq!((suites.deleted(), suites.creations()), (vec![], 1));
    assert_eq!(suites.octane.received("test_suites").len(), 4);
}

#[tokio::test(start_paused = true)]
async fn whoever_has_created_a_higher_one_takes_it_back_and_uses_the_lowest() {
    const SHOWN: &[(i64, Duration)] = &[
        (7, AFTER_FIRST_LOOK),
        (8, AFTER_FIRST_LOOK),
        (9, AFTER_FIRST_LOOK),
    ];
    let suites = Suites::new(SHOWN, created(8), None);
    let ensured = suites.ensure().await.unwrap();
    assert_eq!((ensured.entity.id.get(), ensured.created.len()), (7, 0));
    assert_eq!(suites.deleted(), [8], "not the one of another client");
}

#[tokio::test(start_paused = true)]
async fn whoever_has_created_the_lowest_one_leaves_the_others_to_their_creators() {
    const SHOWN: &[(i64, Duration)] = &[(8, AFTER_FIRST_LOOK), (9, AFTER_FIRST_LOOK)];
    let suites = Suites::new(SHOWN, created(8), None);
    let ensured = suites.ensure().await.unwrap();
    assert_eq!((ensured.entity.id.get(), ensured.created.len()), (8, 1));
    assert!(suites.deleted().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_older_one_that_is_shown_late_is_seen_by_the_second_look() {
    const SHOWN: &[(i64, Duration)] = &[(7, LATE), (8, AFTER_FIRST_LOOK)];
    let suites = Suites::new(SHOWN, created(8), None);
    let ensured = suites.ensure().await.unwrap();
    assert_eq!((ensured.entity.id.get(), ensured.created.len()), (7, 0));
    assert_eq!(suites.deleted(), [8]);
}

#[tokio::test(start_paused = true)]
async fn what_one_created_is_used_though_it_is_not_shown_yet() {
    let suites = Suites::new(&[(8, Duration::from_mins(1))], created(8), None);
    let ensured = suites.ensure().await.unwrap();
    assert_eq!((ensured.entity.id.get(), ensured.created.len()), (8, 1));
}

#[tokio::test(start_paused = true)]
async fn a_suite_that_holds_results_is_not_taken_back() {
    const SHOWN: &[(i64, Duration)] = &[(7, LATE), (8, AFTER_FIRST_LOOK)];
    let suites = Suites::new(SHOWN, created(8), Some(8));
    let ensured = suites.ensure().await.unwrap();
    assert_eq!((ensured.entity.id.get(), suites.deleted()), (7, vec![]));
}

#[tokio::test(start_paused = true)]
async fn after_a_lost_response_the_suite_is_looked_for_and_not_created_twice() {
    let lost = || Answer::Broken(TransportErrorKind::ConnectionBroken);
    for shown_after in [AFTER_FIRST_LOOK, LATE, Duration::from_secs(1)] {
        let suites = Suites::new(&[(8, shown_after)], lost, None);
        let ensured = suites.ensure().await.unwrap();
        assert_eq!((ensured.entity.id.get(), suites.creations()), (8, 1));
        assert!(suites.deleted().is_empty());
    }
    let suites = Suites::new(&[], lost, None);
    let error = suites.ensure().await.unwrap_err();
    assert!(error.is_unreachable(), "{error}");
    assert_eq!(suites.creations(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_a_server_refuses_as_a_duplicate_is_looked_for() {
    let conflict = || Answer::Json(409, problem());
    let suites = Suites::new(&[(7, AFTER_FIRST_LOOK)], conflict, None);
    let ensured = suites.ensure().await.unwrap();
    assert_eq!((ensured.entity.id.get(), ensured.created.len()), (7, 0));
    // The server may hold a name that differs in case only.
    let suites = Suites::new(&[], conflict, None);
    let error = suites.ensure().await.unwrap_err();
    assert!(matches!(error, ClientError::Rest(error) if error.is_conflict()));
}

/// A server on which the suite run 8 was planned although there is 7; each run in it has this status.
async fn deleted_suite_runs(status: &'static str) -> Vec<i64> {
    let deleted = Arc::new(Mutex::new(Vec::new()));
    let gone = Arc::clone(&deleted);
    let suite_run = |id: i64| json!({ "type": "run_suite", "id": id.to_string(), "name": "n" });
    let octane = FakeOctane::new(move |received: &Received| {
        match (&received.method, received.path.as_str()) {
            (&Method::POST, "runs") => {
                Answer::Json(201, json!({ "total_count": 1, "data": [suite_run(8)] }))
            }
            (&Method::DELETE, path) => {
                let id = path.rsplit('/').next().unwrap().parse().unwrap();
                gone.lock().unwrap().push(id);
                Answer::Json(200, json!({}))
            }
            (_, "suite_run") => {
                let is_shown = received.at >= AFTER_FIRST_LOOK;
                let gone = gone.lock().unwrap();
                let shown = [7, 8]
                    .into_iter()
                    .filter(|id| is_shown && !gone.contains(id));
                let shown: Vec<Value> = shown.map(suite_run).collect();
                page(&shown, shown.len())
            }
            (_, "runs") => {
                let is_excluded = received.query.contains(&format!(
                    "%3B%21native_status%20EQ%20%7Bid%20EQ%20%5E{status}%5E%7D"
                ));
                let run = json!({ "type": "run_automated", "id": "80", "name": "x" });
                let runs = Vec::from_iter((!is_excluded).then_some(run));
                page(&runs, runs.len())
            }
            _ => Answer::Default,
        }
    });
    let client = octane.client(1);
    let ensured: Ensured<SuiteRun> = ensure(&client, "n", None, &Entity::new().set("name", "n"))
        .await
        .unwrap();
    assert_eq!((ensured.entity.id.get(), ensured.created.len()), (7, 0));
    let deleted = deleted.lock().unwrap();
    deleted.clone()
}

#[tokio::test(start_paused = true)]
async fn a_suite_run_whose_runs_are_only_planned_is_taken_back() {
    assert_eq!(deleted_suite_runs(PLANNED).await, [8]);
    let passed = "list_node.run_native_status.passed";
    assert_eq!(deleted_suite_runs(passed).await, [0; 0]);
}
