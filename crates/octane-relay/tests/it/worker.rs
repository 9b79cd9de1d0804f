//! Relays that deliver, into a sandbox.

use std::time::{Duration, Instant};

use octane_client::{CancellationToken, Outcome, Status, UploadId};
use octane_relay::{State, Workspaces};
use octane_sandbox::Fault;

use crate::agents::{World, results, workspace};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_handed_over_is_delivered_as_a_resume_would() {
    let world = World::new(1000).await;
    let id = world
        .hand_over("4711", &results(0..25, Status::Passed), None)
        .await;
    let states = world
        .until_ended(&world.relay("one"), std::slice::from_ref(&id))
        .await;
    assert_eq!(states, [State::Delivered]);
    let report = world.report(&id).await;
    assert_eq!(
        (report.outcome, report.upload_id.clone()),
        (Outcome::Success, id)
    );
    assert_eq!((report.counts.ingested, report.batches.len()), (25, 3));
    assert_eq!(report.journal, None);
    assert_eq!(world.payloads().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_dies_is_followed_by_another_and_nothing_is_doubled() {
    let world = World::new(1000).await;
    let results = results(0..40, Status::Passed);
    let id = world.hand_over("4711", &results, None).await;
    world
        .sandbox
        .sandbox()
        .fail_next(
            Fault::delay(Duration::from_secs(60))
                .method("POST")
                .path("*/test-results")
                .times(1),
        )
        .unwrap();
    let first = world.relay("first");
    let dying = tokio::spawn(async move { first.run(&CancellationToken::new()).await });
    while world.payloads().len() < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // As if it was killed: it says nothing to anybody.
    dying.abort();
    let died = Instant::now();
    let states = world
        .until_ended(&world.relay("second"), std::slice::from_ref(&id))
        .await;
    assert_eq!(states, [State::Delivered]);
    assert!(
        died.elapsed() < Duration::from_secs(12),
        "{:?}",
        died.elapsed()
    );
    let report = world.report(&id).await;
    assert_eq!(report.outcome, Outcome::Success);
    // What the first one has sent is not an upload of another project.
    assert_eq!(
        (
            report.counts.ingested,
            report.counts.duplicate,
            report.counts.runs
        ),
        (40, 0, 40)
    );
    assert!(report.problems.is_empty(), "{:?}", report.problems);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_that_is_asked_to_stop_gives_its_uploads_back() {
    let world = World::new(5).await;
    let id = world
        .hand_over("4711", &results(0..400, Status::Passed), None)
        .await;
    let (relay, stop) = (world.relay("first"), CancellationToken::new());
    let stopping = async {
        while world.payloads().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        stop.cancel();
    };
    tokio::join!(relay.run(&stop), stopping);
    let status = world.store.status(&id).await.unwrap().unwrap();
    assert_eq!((status.state, status.attempts), (State::Stored, 0));
    assert!(
        world
            .store
            .lease(&world.workspaces(), "another", Duration::from_secs(1))
            .await
            .unwrap()
            .is_some()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comparison_that_is_stopped_is_made_by_the_next_relay() {
    let world = World::new(1000).await;
    let relay = world.relay("one");
    let before = [world
        .hand_over("1", &results(0..2, Status::Failed), None)
        .await];
    world.until(&relay, &before, State::Delivered).await;
    let ids = [world
        .hand_over("2", &results(0..2, Status::Passed), None)
        .await];
    let file = world.folder.path().join("relay.db");
    let connection = rusqlite::Connection::open(&file).unwrap();
    let compared = "UPDATE relay_uploads SET compared = 1 WHERE state = 'stored'";
    connection.execute(compared, []).unwrap();
    // It is read for tests that are fixed, to compare them.
    let comparing = Fault::delay(Duration::from_secs(60)).path("*/previous_runs*");
    world.sandbox.sandbox().fail_next(comparing).unwrap();
    let comparing = async {
        let is_asked = || {
            let requests = world.sandbox.sandbox().requests();
            requests
                .iter()
                .any(|request| request.path.contains("previous_runs"))
        };
        while !is_asked() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    world.while_running(&relay, comparing).await;
    let stopped = world.store.status(&ids[0]).await.unwrap().unwrap();
    assert_eq!((stopped.state, stopped.report), (State::Stored, None));
    world.sandbox.sandbox().clear_faults();
    world.until(&relay, &ids, State::Delivered).await;
    let report = world.report(&ids[0]).await;
    assert!(report.problems.is_empty(), "{:?}", report.problems);
    let stored = world.store.status(&ids[0]).await.unwrap().unwrap();
    assert!(stored.report.unwrap().contains("\"comparison\":{"));
    assert_eq!(report.counts.duplicate, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_that_cannot_be_stored_is_not_followed_by_another_attempt_at_once() {
    let world = World::new(1000).await;
    let ids = [world
        .hand_over("4711", &results(0..5, Status::Passed), None)
        .await];
    let file = world.folder.path().join("relay.db");
    let connection = rusqlite::Connection::open(&file).unwrap();
    let full = "CREATE TRIGGER full BEFORE UPDATE ON relay_uploads WHEN NEW.state = 'delivered'
        BEGIN SELECT RAISE(ABORT, 'full'); END";
    connection.execute_batch(full).unwrap();
    let relay = world.relay("one");
    world.until(&relay, &ids, State::Waiting).await;
    let sent = world.sandbox.sandbox().requests().len();
    let pausing = tokio::time::sleep(Duration::from_millis(500));
    world.while_running(&relay, pausing).await;
    assert_eq!(world.sandbox.sandbox().requests().len(), sent);
    let status = world.store.status(&ids[0]).await.unwrap().unwrap();
    assert_eq!((status.state, status.attempts), (State::Waiting, 0));
    connection.execute_batch("DROP TRIGGER full").unwrap();
    assert!(world.store.retry(&ids[0]).await.unwrap());
    let ended = world.until_ended(&relay, &ids).await;
    assert_eq!(ended, [State::Delivered]);
    assert_eq!(world.report(&ids[0]).await.counts.duplicate, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_of_a_lane_are_delivered_one_after_the_other_and_lanes_in_parallel() {
    let world = World::new(1000).await;
    let mut ids = Vec::new();
    for round in 0..3_u32 {
        for suite_run in ["one", "two"] {
            let status = if round == 2 {
                Status::Failed
            } else {
                Status::Passed
            };
            ids.push(
                world
                    .hand_over(suite_run, &results(0..10 + round, status), None)
                    .await,
            );
        }
    }
    let relays = [world.relay("a"), world.relay("b"), world.relay("c")];
    let states = world.until_ended_by(&relays, &ids).await;
    assert!(
        states.iter().all(|state| *state == State::Delivered),
        "{states:?}"
    );
    for lane in 0..2 {
        // Tasks are numbered as they are accepted.
        let mut tasks = Vec::new();
        for id in ids.iter().skip(lane).step_by(2) {
            let report = world.report(id).await;
            // Batches of one upload have no order among each other.
            let mut own: Vec<_> = report.batches.iter().map(|batch| batch.task).collect();
            own.sort();
            tasks.extend(own.into_iter().map(Option::unwrap));
        }
        assert!(tasks.is_sorted(), "{tasks:?}");
        assert_eq!(tasks.len(), 5);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn shards_are_linked_and_reported_on_once_all_have_arrived() {
    let world = World::new(1000).await;
    let mut ids: Vec<UploadId> = Vec::new();
    for index in 1..=3_u32 {
        let mut runs = results(index * 10..index * 10 + 10, Status::Passed);
        runs[0] = runs[0].clone().jira(["SHOP-101"]);
        let shard = octane_client::Shard::new(index, 3).unwrap();
        let id = world.hand_over("sharded", &runs, Some(shard)).await;
        ids.push(id);
        let expected = if index < 3 {
            State::AwaitingShards
        } else {
            State::Delivered
        };
        let states = world.until_ended(&world.relay("one"), &ids).await;
        assert!(states.iter().all(|state| *state == expected), "{states:?}");
    }
    for id in &ids {
        let report = world.report(id).await;
        let shards = report.shards.as_ref().unwrap();
        assert!(
            shards.is_merged && shards.missing.as_deref() == Some(&[]),
            "{shards:?}"
        );
        assert_eq!(
            (report.counts.ingested, report.outcome),
            (30, Outcome::Success)
        );
        assert_eq!(report.links.unwrap().linked, 3);
    }
}

/// Hands over shards of five results each.
async fn hand_over_shards(world: &World, indexes: &[u32], total: u32) -> Vec<UploadId> {
    let mut ids = Vec::new();
    for index in indexes {
        let runs = results(index * 10..index * 10 + 5, Status::Passed);
        let shard = octane_client::Shard::new(*index, total).unwrap();
        ids.push(world.hand_over("sharded", &runs, Some(shard)).await);
    }
    ids
}

/// All shards end with one report that names those that are missing.
async fn check_incomplete(world: &World, ids: &[UploadId], missing: &[u32]) {
    for id in ids {
        let report = world.report(id).await;
        let shards = report.shards.as_ref().unwrap();
        assert!(shards.is_merged, "{shards:?}");
        assert_eq!(shards.missing.as_deref(), Some(missing));
        assert_eq!(report.counts.ingested, ids.len() * 5);
        assert_ne!(report.outcome, Outcome::Success);
        let reason = world.store.status(id).await.unwrap().unwrap().reason;
        let reason = reason.unwrap();
        assert!(reason.contains("not arrived (of 3)"), "{reason}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suite_run_is_completed_without_shards_that_do_not_arrive_in_time() {
    let mut world = World::new(1000).await;
    world.shard_timeout = Some(Duration::from_millis(300));
    let mut ids = hand_over_shards(&world, &[1, 3], 3).await;
    let relay = world.relay("one");
    // They are not open while they await others, so that it is the state that is waited for.
    let states = world.until(&relay, &ids, State::Incomplete).await;
    assert_eq!(states, [State::Incomplete; 2]);
    check_incomplete(&world, &ids, &[2]).await;
    // One that is late is added at once.
    ids.extend(hand_over_shards(&world, &[2], 3).await);
    let states = world.until(&relay, &ids, State::Delivered).await;
    assert_eq!(states, [State::Delivered; 3]);
    let report = world.report(&ids[0]).await;
    assert_eq!(report.counts.ingested, 15);
    assert_eq!(report.shards.unwrap().missing.as_deref(), Some(&[][..]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suite_run_that_is_closed_is_completed_and_trying_it_again_makes_no_success_of_it() {
    let world = World::new(1000).await;
    let ids = hand_over_shards(&world, &[3, 1], 3).await;
    let relay = world.relay("one");
    let states = world.until_ended(&relay, &ids).await;
    assert_eq!(states, [State::AwaitingShards; 2]);
    assert_eq!(world.store.close(&world.lane("sharded")).await.unwrap(), 2);
    let states = world.until(&relay, &ids, State::Incomplete).await;
    assert_eq!(states, [State::Incomplete; 2]);
    check_incomplete(&world, &ids, &[2]).await;
    assert!(world.store.retry(&ids[0]).await.unwrap());
    let states = world.until_ended(&relay, &ids).await;
    assert_eq!(states, [State::Incomplete; 2]);
    check_incomplete(&world, &ids, &[2]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn shards_of_other_numbers_of_shards_do_not_wait_for_each_other_without_a_word() {
    let world = World::new(1000).await;
    let first = hand_over_shards(&world, &[1], 3).await;
    let relay = world.relay("one");
    let now = world.until_ended(&relay, &first).await;
    assert_eq!(now, [State::AwaitingShards]);
    let second = hand_over_shards(&world, &[2], 4).await;
    assert_eq!(
        world.until_ended(&relay, &second).await,
        [State::Incomplete]
    );
    let status = world.store.status(&second[0]).await.unwrap().unwrap();
    let reason = status.reason.unwrap();
    for part in [
        first[0].to_string(),
        second[0].to_string(),
        "1/3".to_owned(),
        "2/4".to_owned(),
    ] {
        assert!(reason.contains(&part), "{part}: {reason}");
    }
    let report = world.report(&second[0]).await;
    assert_eq!(report.outcome, Outcome::Partial);
    assert!(
        report
            .problems
            .iter()
            .any(|problem| problem.code == "shard_mismatch")
    );
    // Once the wrong one is deleted, the other one awaits the rest.
    assert!(world.store.delete(&first[0]).await.unwrap());
    assert!(world.store.retry(&second[0]).await.unwrap());
    let now = world.until(&relay, &second, State::AwaitingShards).await;
    assert_eq!(now, [State::AwaitingShards]);
}

/// The only report of all shards, with the codes of its problems.
async fn completed(world: &World, ids: &[UploadId]) -> (octane_client::Report, Vec<String>) {
    let report = world.report(&ids[0]).await;
    for id in ids {
        let other = world.report(id).await;
        assert_eq!(
            (other.upload_id, other.shards),
            (report.upload_id.clone(), report.shards.clone())
        );
    }
    let codes = report
        .problems
        .iter()
        .map(|problem| problem.code.to_string());
    let codes = codes.collect();
    (report, codes)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_suite_run_is_completed_without_a_shard_that_is_stored() {
    let world = World::new(1000).await;
    let mut ids = hand_over_shards(&world, &[1], 3).await;
    let relay = world.relay("one");
    assert_eq!(
        world.until_ended(&relay, &ids).await,
        [State::AwaitingShards]
    );
    assert_eq!(world.store.close(&world.lane("sharded")).await.unwrap(), 1);
    // A relay is stopped while it completes the suite run. In the meantime another shard arrives, and is next in the lane.
    let workspaces = world.workspaces();
    let lease = world
        .store
        .lease(&workspaces, "stopped", Duration::from_secs(60));
    let lease = lease.await;
    let lease = lease.unwrap().unwrap();
    assert!(world.store.begin(&lease).await.unwrap().unwrap().is_closing);
    ids.extend(hand_over_shards(&world, &[3], 3).await);
    world.store.release(&lease, Duration::ZERO).await.unwrap();
    let states = world.until(&relay, &ids, State::Incomplete).await;
    assert_eq!(states, [State::Incomplete; 2]);
    let (report, codes) = completed(&world, &ids).await;
    assert_eq!(report.shards.unwrap().missing.as_deref(), Some(&[2][..]));
    // It was not completed before.
    assert!(!codes.contains(&"late_shards".to_owned()), "{codes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suite_run_is_completed_though_all_results_of_its_last_shard_are_refused() {
    let world = World::new(1000).await;
    let mut ids = hand_over_shards(&world, &[1], 2).await;
    let relay = world.relay("one");
    assert_eq!(
        world.until_ended(&relay, &ids).await,
        [State::AwaitingShards]
    );
    let mut refused = results(80..82, Status::Passed);
    for run in &mut refused {
        run.context.release = Some(octane_results::Release::Name("Never".to_owned()));
    }
    let shard = octane_client::Shard::new(2, 2).unwrap();
    ids.push(world.hand_over("sharded", &refused, Some(shard)).await);
    let states = world.until(&relay, &ids, State::Incomplete).await;
    assert_eq!(states, [State::Incomplete; 2]);
    let (report, _) = completed(&world, &ids).await;
    assert_eq!((report.counts.ingested, report.counts.rejected), (5, 2));
    let shards = report.shards.unwrap();
    assert_eq!((shards.is_merged, shards.missing), (true, Some(Vec::new())));
    // What was refused is sent again when a person asks for it, as it is without shards.
    let requests = world.sandbox.sandbox().requests();
    let payloads = requests
        .iter()
        .filter(|request| request.method == "POST" && request.path.ends_with("/test-results"));
    assert_eq!(payloads.count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn relays_that_need_the_same_missing_suite_create_one() {
    let world = World::new(1000).await;
    let mut ids = Vec::new();
    for lane in 0..12_u32 {
        let runs = results(lane * 10..lane * 10 + 5, Status::Passed);
        ids.push(world.hand_over(&format!("run {lane}"), &runs, None).await);
    }
    let relays = [world.relay("a"), world.relay("b"), world.relay("c")];
    let states = world.until_ended_by(&relays, &ids).await;
    assert!(
        states.iter().all(|state| *state == State::Delivered),
        "{states:?}"
    );
    // Not only does one stay: no other was created and taken back.
    let requests = world.sandbox.sandbox().requests();
    let created = requests
        .iter()
        .filter(|request| request.method == "POST" && request.path.ends_with("/test_suites"));
    assert_eq!(created.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn rejected_results_wait_for_a_person_and_do_not_block_others() {
    let world = World::new(1000).await;
    let refusal = Fault::status(400).code("testbox.invalid_payload");
    let refusal = refusal.method("POST").path("*/test-results").times(200);
    world.sandbox.sandbox().fail_next(refusal).unwrap();
    let first = world
        .hand_over("4711", &results(0..5, Status::Passed), None)
        .await;
    let states = world
        .until_ended(&world.relay("one"), std::slice::from_ref(&first))
        .await;
    assert_eq!(states, [State::Incomplete]);
    let incomplete = world.store.status(&first).await.unwrap().unwrap();
    assert!(incomplete.reason.unwrap().contains("5 rejected"));
    world.sandbox.sandbox().clear_faults();
    let second = world
        .hand_over("4711", &results(5..9, Status::Passed), None)
        .await;
    let states = world.until_ended(&world.relay("one"), &[second]).await;
    assert_eq!(states, [State::Delivered]);
    assert!(world.store.retry(&first).await.unwrap());
    let states = world.until_ended(&world.relay("one"), &[first]).await;
    assert_eq!(states, [State::Delivered]);
}

#[tokio::test(flavor = "multi_thread")]
async fn several_relays_together_are_no_quicker_than_one_rate_allows() {
    let rate = 20_u32;
    let world = World::new(rate).await;
    let mut ids = Vec::new();
    for lane in 0..4_u32 {
        let runs = results(lane * 100..lane * 100 + 60, Status::Passed);
        ids.push(world.hand_over(&format!("run {lane}"), &runs, None).await);
    }
    let relays = [world.relay("a"), world.relay("b"), world.relay("c")];
    let states = world.until_ended_by(&relays, &ids).await;
    assert!(
        states.iter().all(|state| *state == State::Delivered),
        "{states:?}"
    );
    let requests = world.sandbox.sandbox().requests();
    let mut moments: Vec<_> = requests.iter().map(|request| request.time).collect();
    moments.sort();
    assert!(moments.len() > 60, "{}", moments.len());
    // What a busy machine delays only takes longer, so it is the whole that is looked at: three rates would be three times as quick.
    // That no second has too many starts is a matter of the pace alone, and tested there.
    let took = moments[moments.len() - 1]
        .duration_since(moments[0])
        .unsigned_abs();
    let least = Duration::from_secs(1) * u32::try_from(moments.len()).unwrap() / rate;
    assert!(took * 2 > least, "{took:?} for {}", moments.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_leaves_uploads_to_other_workspaces_alone() {
    let world = World::new(1000).await;
    let runs = results(0..3, Status::Passed);
    let left = world.hand_over("4711", &runs, None).await;
    let own = world
        .hand_over_in(workspace(1003), "4711", &runs, None)
        .await;
    let server = world.workspaces().server().clone();
    let relay = world.relay_of("other", Workspaces::new(server, workspace(1003)));
    // It tries this one, and cannot deliver it: its client is that of the other workspace.
    let states = world.until_ended(&relay, std::slice::from_ref(&own)).await;
    assert_eq!(states, [State::Incomplete]);
    let other = world.store.status(&left).await.unwrap().unwrap();
    assert_eq!((other.state, other.attempts), (State::Stored, 0));
    let states = world.until_ended(&world.relay("one"), &[left, own]).await;
    assert_eq!(states, [State::Delivered, State::Incomplete]);
}
