use std::time::Duration;

use serde_json::json;

use super::*;
use crate::clock::Clock;

fn subject<'a>(method: &'a str, path: &'a str) -> Subject<'a> {
    Subject {
        method,
        path,
        has_session: true,
    }
}

fn faults(plan: FaultPlan) -> Faults {
    Faults::new(plan, None, Clock::running())
}

/// The faults that a number of requests trigger.
fn story(faults: &Faults, count: usize) -> Vec<Option<&'static str>> {
    let trigger = || faults.trigger(&subject("GET", "/api/stories"));
    (0..count)
        .map(|_| trigger().map(|kind| kind.name()))
        .collect()
}

#[test]
fn every_kind_is_written_and_read_back() {
    let second = Duration::from_secs(1);
    for fault in [
        Fault::status(503)
            .code("x.y")
            .body("no", "text/plain")
            .retry_after(second),
        Fault::html(200).path("*"),
        Fault::queue_full().retry_after(second),
        Fault::request_limit().times(3),
        Fault::delay(second).rate(0.25),
        Fault::slow_body(10),
        Fault::reset_before().method("POST"),
        Fault::reset_after(),
        Fault::truncated_body(5),
        Fault::session_expired(Expiry::Global),
        Fault::slow_task(second),
        Fault::failed_task(),
        Fault::broken_task(),
        Fault::stuck_task(),
    ] {
        let written = serde_json::to_value(&fault).unwrap();
        assert_eq!(written["kind"], fault.kind().name());
        assert_eq!(serde_json::from_value::<Fault>(written).unwrap(), fault);
    }
}

#[test]
fn an_invalid_fault_is_rejected_with_the_reason() {
    for (fault, expected) in [
        (json!({ "kind": "status" }), "missing field `status`"),
        (
            json!({ "kind": "status", "status": 503, "delay": "1s" }),
            "unknown field `delay`",
        ),
        (json!({ "kind": "statsu" }), "unknown variant `statsu`"),
        (json!({ "status": 503 }), "missing field `kind`"),
        (json!({ "kind": "status", "status": 99 }), "got 99"),
        (json!({ "kind": "html", "status": 1000 }), "got 1000"),
        (json!({ "kind": "delay", "delay": "soon" }), "`soon`"),
        (
            json!({ "kind": "slow-body", "bytes-per-second": 0 }),
            "`bytes-per-second` must be at least 1",
        ),
        (
            json!({ "kind": "reset-after", "rate": 1.5 }),
            "`rate` must be between 0 and 1, got 1.5",
        ),
        (
            json!({ "kind": "reset-before", "time": 2 }),
            "unknown field `time`",
        ),
        (
            json!({ "kind": "task-stuck", "delay": "1s" }),
            "unknown field `delay`",
        ),
        (
            json!({ "kind": "reset-before", "times": 0 }),
            "`times` must be at least 1",
        ),
    ] {
        let error = serde_json::from_value::<Fault>(fault).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn the_same_seed_and_the_same_requests_give_the_same_faults() {
    let plan = |seed| {
        FaultPlan::seeded(seed)
            .with(Fault::status(503).rate(0.2))
            .with(Fault::reset_after().rate(0.2))
    };
    let first = story(&faults(plan(7)), 1000);
    assert_eq!(story(&faults(plan(7)), 1000), first);
    assert_ne!(story(&faults(plan(8)), 1000), first);
    let count = |name| first.iter().filter(|fault| **fault == Some(name)).count();
    assert!((150..250).contains(&count("status")), "{first:?}");
    assert!((110..210).contains(&count("reset-after")), "{first:?}");

    let again = faults(plan(7));
    story(&again, 10);
    again.reset();
    assert_eq!(story(&again, 1000), first);
}

#[test]
fn requests_that_a_fault_does_not_match_do_not_change_its_odds() {
    let plan = FaultPlan::seeded(1).with(Fault::status(500).path("*/stories").rate(0.5));
    let (alone, mixed) = (faults(plan.clone()), faults(plan));
    let expected = story(&alone, 50);
    let trigger = |path| mixed.trigger(&subject("GET", path)).map(|kind| kind.name());
    let mut seen = Vec::new();
    for _ in 0..50 {
        assert_eq!(trigger("/api/defects"), None);
        seen.push(trigger("/api/stories"));
    }
    assert_eq!(seen, expected);
}

#[test]
fn added_faults_come_first_in_order_and_trigger_once() {
    let faults = faults(FaultPlan::seeded(1).with(Fault::status(500)));
    faults.add(Fault::reset_before()).unwrap();
    let gone = faults.add(Fault::reset_after()).unwrap();
    faults.add(Fault::html(200).times(2)).unwrap();
    assert!(faults.remove(gone) && !faults.remove(gone));
    let html = Some("html");
    assert_eq!(
        story(&faults, 4),
        [Some("reset-before"), html, html, Some("status")]
    );
    assert_eq!(faults.list().len(), 1);
    faults.clear();
    assert_eq!(story(&faults, 1), [None]);
}

#[test]
fn filters_and_kinds_select_requests() {
    let faults = faults(FaultPlan::default());
    faults.add(Fault::queue_full()).unwrap();
    faults.add(Fault::status(500).method("put")).unwrap();
    faults.add(Fault::session_expired(Expiry::Idle)).unwrap();
    let anonymous = Subject {
        has_session: false,
        ..subject("GET", "/authentication/sign_in")
    };
    assert_eq!(faults.trigger(&anonymous), None);
    let name = |method, path| {
        faults
            .trigger(&subject(method, path))
            .map(|kind| kind.name())
    };
    assert_eq!(name("POST", "/api/w/test-results"), Some("queue-full"));
    assert_eq!(name("PUT", "/api/w/stories"), Some("status"));
    assert_eq!(name("GET", "/api/w/stories"), Some("session-expired"));
    assert_eq!(name("GET", "/api/w/stories"), None);
}

#[test]
fn the_number_of_added_faults_is_limited() {
    let faults = faults(FaultPlan::default());
    assert!((0..1000).all(|_| faults.add(Fault::reset_after()).is_some()));
    assert_eq!(faults.add(Fault::reset_after()), None);
}

#[tokio::test]
async fn the_worker_waits_until_the_task_of_a_fault_is_known() {
    let tasks = TaskFaults::default();
    let incoming = tasks.expect_payload();
    let asking = tokio::spawn({
        let tasks = tasks.clone();
        async move { (tasks.fault_for(5).await, tasks.fault_for(5).await) }
    });
    tokio::task::yield_now().await;
    assert!(!asking.is_finished());
    incoming.assign(5, TaskFault::Stuck);
    assert_eq!(asking.await.unwrap(), (Some(TaskFault::Stuck), None));
}
