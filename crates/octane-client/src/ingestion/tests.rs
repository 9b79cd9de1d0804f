//! How long is waited for which task, and what is done with its answer.

use octane_model::TaskId;
use octane_rest::TransportErrorKind;
use serde_json::json;

use super::*;
use crate::fake_octane::{Answer, FakeOctane, LATENCY, Received, Uploading, problem, task, tests};

fn secs(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// The batch whose task a request asks for.
fn batch_of(received: &Received) -> Option<i64> {
    let id = received.path.strip_prefix("test-results/")?;
    Some(id.trim_end_matches("/log").parse::<i64>().ok()? - 9000)
}

/// A server on which the task of each batch runs until a moment, and has succeeded then.
fn octane_with_ends(end_of: impl Fn(i64) -> Duration + Send + Sync + 'static) -> FakeOctane {
    FakeOctane::new(move |received| match batch_of(received) {
        Some(batch) if received.at >= end_of(batch) => task(9000 + batch, "success"),
        Some(batch) => task(9000 + batch, "running"),
        None => Answer::Default,
    })
}

fn accepted(upload: &Uploading, batch: usize) -> (usize, Task) {
    let id = 9000 + i64::try_from(batch).unwrap();
    let task = Task::new(TaskId::new(id), TaskStatus::Queued);
    upload.journal.accepted(batch, &task, false).unwrap();
    (batch, task)
}

/// Waits for this number of batches that were all accepted before.
async fn wait_for(upload: &Uploading, batches: usize) -> Unfinished {
    let (sender, receiver) = mpsc::unbounded_channel();
    for batch in 1..=batches {
        sender.send(accepted(upload, batch)).unwrap();
    }
    drop(sender);
    await_ingestion(&upload.context(), receiver).await.unwrap()
}

/// An upload of this number of batches, one result each.
fn upload(octane: &FakeOctane, batches: i64) -> Uploading {
    octane.upload(tests(batches), 1)
}

/// The batches that were asked for, in order.
fn asked(octane: &FakeOctane) -> Vec<i64> {
    let received = octane.received("test-results/");
    received.iter().filter_map(batch_of).collect()
}

fn pauses(upload: &Uploading) -> Vec<Duration> {
    let pause = |(_, event)| match event {
        Event::Waiting { pause, .. } => Some(pause),
        _ => None,
    };
    upload.events().into_iter().filter_map(pause).collect()
}

#[tokio::test(start_paused = true)]
async fn pauses_grow_by_half_up_to_ten_seconds() {
    let octane = octane_with_ends(|_| secs(100));
    let upload = upload(&octane, 1);
    let unfinished = wait_for(&upload, 1).await;
    assert!(unfinished.batches.is_empty(), "{unfinished:?}");
    let pauses = pauses(&upload);
    assert_eq!(pauses[..3], [200, 300, 450].map(Duration::from_millis));
    for pair in pauses.windows(2) {
        assert_eq!(pair[1], (pair[0] * 3 / 2).min(secs(10)));
    }
    assert_eq!(pauses.last(), Some(&secs(10)));
    // Every pause is slept, and then the task is asked for once.
    let received = octane.received("test-results/");
    assert_eq!(received.len(), pauses.len() + 1);
    for (pair, pause) in received.windows(2).zip(&pauses) {
        // Timers have a resolution of a millisecond.
        let longer = pair[1].at.abs_diff(pair[0].at + *pause + LATENCY);
        assert!(longer <= Duration::from_millis(2), "{longer:?}");
    }
    assert_eq!(upload.batches(), ["success"]);
}

#[tokio::test(start_paused = true)]
async fn pauses_are_short_again_for_the_next_task() {
    let octane = octane_with_ends(|batch| if batch == 1 { secs(20) } else { secs(40) });
    let upload = upload(&octane, 2);
    wait_for(&upload, 2).await;
    let events = upload.events();
    let ended = events
        .iter()
        .position(|(_, event)| matches!(event, Event::Ended { .. }));
    let ended = ended.unwrap();
    assert!(matches!(&events[ended].1, Event::Ended { batch: 1, status } if status == "success"));
    let waiting = |batches, pause| Event::Waiting { batches, pause };
    assert_eq!(events[0].1, waiting(2, PAUSE_FIRST));
    assert_eq!(events[ended + 1].1, waiting(1, PAUSE_FIRST));
}

#[tokio::test(start_paused = true)]
async fn a_task_that_does_not_end_in_time_is_given_up_and_the_next_one_is_asked_for() {
    let octane = octane_with_ends(|batch| if batch == 1 { secs(3600) } else { secs(50) });
    let mut upload = upload(&octane, 2);
    upload.settings.ingestion_wait_max = secs(60);
    let unfinished = wait_for(&upload, 2).await;
    let expected = (1, "Octane did not finish ingesting within 1 min".to_owned());
    assert_eq!(unfinished.batches, BTreeMap::from([expected]));
    assert!(!unfinished.is_unauthorized);
    assert_eq!(upload.batches(), ["accepted", "success"]);
    let last = octane.received("test-results/").pop().unwrap();
    assert!(last.at > secs(50) && last.at <= secs(60), "{last:?}");
}

#[tokio::test(start_paused = true)]
async fn a_pause_may_end_at_the_deadline_and_not_after_it() {
    // The deadline counts from the moment at which the batch came; a first pause follows the first answer.
    let answered = {
        let octane = octane_with_ends(|_| secs(3600));
        let mut upload = upload(&octane, 1);
        upload.settings.ingestion_wait_max = secs(1);
        wait_for(&upload, 1).await;
        octane.received("test-results/")[0].at + LATENCY
    };
    for (wait_max, questions) in [
        (answered + PAUSE_FIRST, 2),
        (answered + Duration::from_millis(199), 1),
    ] {
        let octane = octane_with_ends(|_| secs(3600));
        let mut upload = upload(&octane, 1);
        upload.settings.ingestion_wait_max = wait_max;
        wait_for(&upload, 1).await;
        assert_eq!(asked(&octane).len(), questions, "{wait_max:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_time_to_wait_every_task_is_asked_for_once() {
    let octane = octane_with_ends(|batch| if batch == 2 { secs(0) } else { secs(60) });
    let mut upload = upload(&octane, 3);
    upload.settings.ingestion_wait_max = Duration::ZERO;
    let unfinished = wait_for(&upload, 3).await;
    let reason = "Octane had not finished yet".to_owned();
    let expected = BTreeMap::from([(1, reason.clone()), (3, reason)]);
    assert_eq!(unfinished.batches, expected);
    assert_eq!(asked(&octane), [1, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn the_longest_wait_is_a_year_which_a_clock_can_add() {
    assert_eq!(WAIT_BOUND, secs(31_536_000));
    let octane = octane_with_ends(|_| secs(60));
    let mut upload = upload(&octane, 1);
    upload.settings.ingestion_wait_max = Duration::MAX;
    assert!(wait_for(&upload, 1).await.batches.is_empty());
}

#[tokio::test(start_paused = true)]
async fn every_batch_that_is_accepted_renews_the_deadline() {
    let octane = octane_with_ends(|batch| if batch == 3 { secs(0) } else { secs(180) });
    let mut upload = upload(&octane, 3);
    upload.settings.ingestion_wait_max = secs(30);
    let (sender, receiver) = mpsc::unbounded_channel();
    let context = upload.context();
    let sending = async {
        // Nothing is accepted for longer than is waited for a task.
        tokio::time::sleep(secs(140)).await;
        sender.send(accepted(&upload, 1)).unwrap();
        tokio::time::sleep(secs(20)).await;
        sender.send(accepted(&upload, 2)).unwrap();
        tokio::time::sleep(secs(60)).await;
        sender.send(accepted(&upload, 3)).unwrap();
        drop(sender);
    };
    let (unfinished, ()) = tokio::join!(await_ingestion(&context, receiver), sending);
    assert_eq!(unfinished.unwrap().batches, BTreeMap::new());
    assert_eq!(upload.batches(), ["success", "success", "success"]);
}

#[tokio::test(start_paused = true)]
async fn tasks_are_asked_for_together_once_one_after_the_other_has_ended() {
    let octane = octane_with_ends(|_| secs(0));
    let upload = upload(&octane, 20);
    wait_for(&upload, 20).await;
    assert_eq!(asked(&octane), (1..=20).collect::<Vec<_>>());
    let received = octane.received("test-results/");
    let in_flight: Vec<usize> = received.iter().map(|one| one.in_flight).collect();
    // One, then two, three and four at a time.
    assert_eq!(in_flight[..3], [1, 1, 2]);
    assert_eq!(in_flight.iter().max(), Some(&CONCURRENT_TASKS_MAX));
    assert!(pauses(&upload).is_empty());
    assert!(upload.batches().iter().all(|status| status == "success"));
}

#[tokio::test(start_paused = true)]
async fn while_a_task_runs_it_is_the_only_one_that_is_asked_for() {
    let octane = octane_with_ends(|batch| if batch <= 4 { secs(0) } else { secs(30) });
    let upload = upload(&octane, 12);
    wait_for(&upload, 12).await;
    let while_running: Vec<i64> = octane
        .received("test-results/")
        .iter()
        .filter(|one| one.at > secs(1) && one.at < secs(30))
        .filter_map(batch_of)
        .collect();
    assert!(while_running.len() > 5, "{while_running:?}");
    assert!(
        while_running.iter().all(|batch| *batch == 5),
        "{while_running:?}"
    );
    // When it has ended, the next one is asked for alone at first, too.
    let after = octane.received("test-results/");
    let after: Vec<_> = after.iter().filter(|one| one.at >= secs(30)).collect();
    let in_flight: Vec<usize> = after.iter().map(|one| one.in_flight).collect();
    assert_eq!(in_flight[..3], [1, 1, 2]);
    assert_eq!(after.len(), 8);
}

#[tokio::test(start_paused = true)]
async fn what_was_learnt_about_a_later_task_is_not_asked_for_again() {
    let octane = octane_with_ends(|batch| if batch == 2 { secs(10) } else { secs(0) });
    let upload = upload(&octane, 3);
    wait_for(&upload, 3).await;
    let asked = asked(&octane);
    assert_eq!(
        asked.iter().filter(|batch| **batch == 3).count(),
        1,
        "{asked:?}"
    );
    let ended = upload
        .events()
        .into_iter()
        .filter_map(|(_, event)| match event {
            Event::Ended { batch, .. } => Some(batch),
            _ => None,
        });
    assert_eq!(ended.collect::<Vec<_>>(), [1, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn a_task_that_ended_before_it_was_asked_for_is_not_asked_for() {
    let octane = FakeOctane::new(|_| Answer::Default);
    let upload = upload(&octane, 2);
    let (sender, receiver) = mpsc::unbounded_channel();
    for (batch, status) in [(1, TaskStatus::Success), (2, TaskStatus::Failed)] {
        let (batch, mut task) = accepted(&upload, batch);
        task.status = status;
        sender.send((batch, task)).unwrap();
    }
    drop(sender);
    await_ingestion(&upload.context(), receiver).await.unwrap();
    assert_eq!(upload.batches(), ["success", "failed"]);
    assert_eq!(octane.paths(), ["test-results/9002/log"]);
}

#[tokio::test(start_paused = true)]
async fn a_task_that_the_server_forgot_ends_as_forgotten_and_the_others_continue() {
    let octane = FakeOctane::new(|received| match batch_of(received) {
        Some(2) => Answer::Json(404, problem()),
        Some(batch) => task(9000 + batch, "success"),
        None => Answer::Default,
    });
    let upload = upload(&octane, 3);
    let unfinished = wait_for(&upload, 3).await;
    assert!(unfinished.batches.is_empty(), "{unfinished:?}");
    assert_eq!(upload.batches(), ["success", "forgotten", "success"]);
}

#[tokio::test(start_paused = true)]
async fn the_not_found_page_of_a_proxy_does_not_mean_that_a_task_is_forgotten() {
    let octane = FakeOctane::new(|received| match batch_of(received) {
        Some(_) => Answer::Text(404, "<html>no such host</html>".to_owned()),
        None => Answer::Default,
    });
    let upload = upload(&octane, 2);
    let unfinished = wait_for(&upload, 2).await;
    assert_eq!(unfinished.batches.len(), 2);
    assert_eq!(upload.batches(), ["accepted", "accepted"]);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_away_is_asked_for_no_other_task() {
    let octane = FakeOctane::new(|received| match batch_of(received) {
        Some(1) => task(9001, "success"),
        Some(_) => Answer::Broken(TransportErrorKind::ConnectionBroken),
        None => Answer::Default,
    });
    let upload = upload(&octane, 6);
    let unfinished = wait_for(&upload, 6).await;
    let given_up: Vec<usize> = unfinished.batches.keys().copied().collect();
    assert_eq!(given_up, [2, 3, 4, 5, 6]);
    let reasons = unfinished.batches.values();
    assert!(reasons.clone().all(|reason| reason.contains("it broke")));
    assert!(!unfinished.is_unauthorized);
    assert_eq!(asked(&octane), [1, 2, 3]);
    assert_eq!(upload.batches()[0], "success");
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_is_accepted_after_the_server_was_away_is_asked_for() {
    let octane = FakeOctane::new(|received| match batch_of(received) {
        Some(_) if received.at < secs(5) => Answer::Broken(TransportErrorKind::Connect),
        Some(batch) => task(9000 + batch, "success"),
        None => Answer::Default,
    });
    let upload = upload(&octane, 2);
    let (sender, receiver) = mpsc::unbounded_channel();
    let context = upload.context();
    let sending = async {
        sender.send(accepted(&upload, 1)).unwrap();
        tokio::time::sleep(secs(10)).await;
        sender.send(accepted(&upload, 2)).unwrap();
        drop(sender);
    };
    let (unfinished, ()) = tokio::join!(await_ingestion(&context, receiver), sending);
    let unfinished = unfinished.unwrap();
    assert_eq!(unfinished.batches.keys().collect::<Vec<_>>(), [&1]);
    assert_eq!(upload.batches(), ["accepted", "success"]);
}

#[tokio::test(start_paused = true)]
async fn the_answer_about_a_task_that_was_given_up_is_not_that_of_a_later_batch() {
    let octane = FakeOctane::new(|received| match batch_of(received) {
        Some(2) => Answer::Broken(TransportErrorKind::Connect),
        Some(4) => task(9004, "failed"),
        Some(batch) => task(9000 + batch, "success"),
        None => Answer::Default,
    });
    let upload = upload(&octane, 4);
    let (sender, receiver) = mpsc::unbounded_channel();
    let context = upload.context();
    let sending = async {
        for batch in 1..=3 {
            sender.send(accepted(&upload, batch)).unwrap();
        }
        tokio::time::sleep(secs(10)).await;
        sender.send(accepted(&upload, 4)).unwrap();
        drop(sender);
    };
    let (unfinished, ()) = tokio::join!(await_ingestion(&context, receiver), sending);
    // The second and the third were asked for together.
    assert_eq!(unfinished.unwrap().batches.len(), 2);
    let expected = ["success", "accepted", "accepted", "failed"];
    assert_eq!(upload.batches(), expected);
}

#[tokio::test(start_paused = true)]
async fn any_other_error_gives_up_one_task_only() {
    let octane = FakeOctane::new(|received| match batch_of(received) {
        Some(1) => Answer::Json(403, problem()),
        Some(batch) => task(9000 + batch, "success"),
        None => Answer::Default,
    });
    let upload = upload(&octane, 3);
    let unfinished = wait_for(&upload, 3).await;
    assert_eq!(unfinished.batches.keys().collect::<Vec<_>>(), [&1]);
    assert!(
        unfinished.batches[&1].contains("not here"),
        "{unfinished:?}"
    );
    assert_eq!(upload.batches(), ["accepted", "success", "success"]);
}

#[tokio::test(start_paused = true)]
async fn credentials_that_are_not_accepted_are_said_and_tried_once() {
    let octane = FakeOctane::new(|received| match received.path.as_str() {
        path if path.ends_with("sign_in") => Answer::Json(401, problem()),
        _ => Answer::Default,
    });
    let upload = upload(&octane, 3);
    let unfinished = wait_for(&upload, 3).await;
    assert_eq!(
        (unfinished.batches.len(), unfinished.is_unauthorized),
        (3, true)
    );
    assert_eq!(octane.received("").len(), 1);
}

/// How a batch ends whose task failed with these error details, and what is stored of its log.
async fn log_of_failed_task(
    details: Option<&'static str>,
    log: impl Fn() -> Answer + Send + Sync + 'static,
) -> (String, Option<String>) {
    let octane = FakeOctane::new(move |received| match batch_of(received) {
        Some(_) if received.path.ends_with("/log") => log(),
        Some(_) => {
            let task = json!({ "id": 9001, "status": "failed", "errorDetails": details });
            Answer::Json(200, task)
        }
        None => Answer::Default,
    });
    let upload = upload(&octane, 1);
    wait_for(&upload, 1).await;
    let log = upload.journal.task_logs().unwrap().pop();
    (upload.batches().remove(0), log.map(|(_, _, log)| log))
}

#[tokio::test(start_paused = true)]
async fn the_log_of_a_failed_task_is_read_without_its_head() {
    let text = |text: &'static str| move || Answer::Text(200, text.to_owned());
    let failed = |log: &str| ("failed".to_owned(), Some(log.to_owned()));
    let with_head = text("status: failed\nuntil: x\n\nrun `t1`: no\n\nand more\n");
    assert_eq!(
        log_of_failed_task(Some("details"), with_head).await,
        failed("run `t1`: no\n\nand more")
    );
    let without = log_of_failed_task(Some("details"), text(" run `t1`: no "));
    assert_eq!(without.await, failed("run `t1`: no"));
}

#[tokio::test(start_paused = true)]
async fn without_a_log_the_details_of_the_task_are_stored() {
    let failed = |log: Option<&str>| ("failed".to_owned(), log.map(str::to_owned));
    let answers: [fn() -> Answer; 5] = [
        || Answer::Text(200, "status: failed\n\n \n".to_owned()),
        || Answer::Json(404, problem()),
        || Answer::Json(403, problem()),
        || Answer::Json(500, problem()),
        || Answer::Text(500, String::new()),
    ];
    for answer in answers {
        let stored = log_of_failed_task(Some("details"), answer).await;
        assert_eq!(stored, failed(Some("details")));
        assert_eq!(log_of_failed_task(None, answer).await, failed(None));
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_away_when_asked_for_a_log_is_asked_again_by_a_resume() {
    let answers: [fn() -> Answer; 2] = [
        || Answer::Json(503, problem()),
        || Answer::Broken(TransportErrorKind::Connect),
    ];
    for answer in answers {
        let stored = log_of_failed_task(Some("details"), answer).await;
        assert_eq!(stored, ("accepted".to_owned(), None));
    }
}

#[tokio::test(start_paused = true)]
async fn a_warning_has_a_log_and_a_success_has_none() {
    let octane = FakeOctane::new(|received| match batch_of(received) {
        Some(_) if received.path.ends_with("/log") => Answer::Text(200, "skipped".to_owned()),
        Some(1) => task(9001, "success"),
        Some(batch) => task(9000 + batch, "warning"),
        None => Answer::Default,
    });
    let upload = upload(&octane, 2);
    wait_for(&upload, 2).await;
    let logs = upload.journal.task_logs().unwrap();
    assert_eq!(logs, [(2, BatchEnd::Warning, "skipped".to_owned())]);
    let asked = [
        "test-results/9001",
        "test-results/9002",
        "test-results/9002/log",
    ];
    assert_eq!(octane.paths(), asked);
}

#[test]
fn a_long_log_is_cut_between_two_characters() {
    assert_eq!(cut(String::new()), "");
    let exact = "a".repeat(TASK_LOG_BYTES_MAX);
    assert_eq!(cut(exact.clone()), exact);
    assert_eq!(cut(format!("{exact}b")), exact);
    let short = &exact[1..];
    assert_eq!(cut(format!("{short}é")), short);
}

#[tokio::test(start_paused = true)]
async fn a_cancellation_ends_a_pause_at_once() {
    let octane = octane_with_ends(|_| secs(3600));
    let upload = upload(&octane, 2);
    let start = Instant::now();
    let cancelling = async {
        tokio::time::sleep(secs(60)).await;
        upload.cancellation.cancel();
    };
    let (unfinished, ()) = tokio::join!(wait_for(&upload, 2), cancelling);
    let reason = "interrupted before ingestion finished".to_owned();
    assert_eq!(
        unfinished.batches,
        BTreeMap::from([(1, reason.clone()), (2, reason)])
    );
    // One question about how far the task is now, and no more pauses.
    assert!(start.elapsed() < secs(61), "{:?}", start.elapsed());
    assert_eq!(upload.batches(), ["accepted", "accepted"]);
}

#[tokio::test(start_paused = true)]
async fn after_a_cancellation_tasks_that_have_ended_are_still_recorded() {
    let octane = octane_with_ends(|batch| if batch <= 2 { secs(0) } else { secs(3600) });
    let upload = upload(&octane, 4);
    upload.cancellation.cancel();
    let unfinished = wait_for(&upload, 4).await;
    assert_eq!(unfinished.batches.keys().collect::<Vec<_>>(), [&3, &4]);
    assert_eq!(
        upload.batches(),
        ["success", "success", "accepted", "accepted"]
    );
    assert!(pauses(&upload).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_cancellation_gives_a_question_without_an_answer_three_seconds() {
    // The first one is silent, or a later one that is asked for together with a running one.
    for silent in [1, 3] {
        let octane = FakeOctane::new(move |received| match batch_of(received) {
            Some(batch) if batch == silent => Answer::Silence,
            Some(1) => task(9001, "success"),
            Some(batch) => task(9000 + batch, "running"),
            None => Answer::Default,
        });
        let upload = upload(&octane, 3);
        let cancelling = async {
            tokio::time::sleep(secs(1)).await;
            upload.cancellation.cancel();
        };
        let start = Instant::now();
        let (unfinished, ()) = tokio::join!(wait_for(&upload, 3), cancelling);
        assert_eq!(start.elapsed(), secs(4));
        assert!(unfinished.batches.contains_key(&3), "{unfinished:?}");
    }
}

#[test]
fn a_time_is_shown_in_the_units_that_people_use() {
    for (seconds, expected) in [
        (2, "2 s"),
        (60, "1 min"),
        (61, "1 min 1 s"),
        (900, "15 min"),
        (3600, "1 h"),
        (5400, "1 h 30 min"),
        (90_061, "25 h 1 min 1 s"),
    ] {
        assert_eq!(duration(secs(seconds)), expected);
    }
    assert_eq!(duration(Duration::from_millis(500)), "500ms");
}
