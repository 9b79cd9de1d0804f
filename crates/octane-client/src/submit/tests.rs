//! What is recorded about a batch when it is sent.

use octane_rest::TransportErrorKind;
use serde_json::json;

use super::*;
use crate::fake_octane::{Answer, FakeOctane, Uploading, problem, tests};

/// A server that has received these bytes before, if it answers at all.
fn octane_that_knows_the_bytes(attempts_lost: usize) -> FakeOctane {
    let lost = std::sync::atomic::AtomicUsize::new(0);
    FakeOctane::new(move |received| match received.path.as_str() {
        "test-results" if lost.fetch_add(1, Ordering::Relaxed) < attempts_lost => {
            Answer::Broken(TransportErrorKind::ConnectionBroken)
        }
        "test-results" => {
            let task = json!({ "id": 9001, "status": "success", "fromOlderPush": true });
            Answer::Json(202, task)
        }
        _ => Answer::Default,
    })
}

/// Sends what is open.
async fn send(upload: &Uploading) -> Undelivered {
    let batches = upload.journal.open_batches().unwrap();
    let (sender, _receiver) = mpsc::unbounded_channel();
    submit(&upload.context(), batches, false, sender)
        .await
        .unwrap()
}

/// Whether the only batch is reported as a duplicate, by its event and by the report.
fn is_duplicate(upload: &Uploading) -> [bool; 2] {
    let events = upload.events();
    let Some((_, Event::Accepted { is_duplicate, .. })) = events.last() else {
        panic!("{events:?}");
    };
    [
        *is_duplicate,
        upload.journal.batch_reports().unwrap()[0].is_duplicate,
    ]
}

#[tokio::test(start_paused = true)]
async fn bytes_that_octane_received_from_another_upload_are_a_duplicate() {
    let octane = octane_that_knows_the_bytes(0);
    let upload = octane.upload(tests(1), 1);
    send(&upload).await;
    assert_eq!(is_duplicate(&upload), [true; 2]);
}

#[tokio::test(start_paused = true)]
async fn bytes_that_a_process_sent_before_it_died_are_no_duplicate() {
    let octane = octane_that_knows_the_bytes(0);
    let upload = octane.upload(tests(1), 1);
    upload.journal.begin_sending(1, "").unwrap();
    send(&upload).await;
    assert_eq!(is_duplicate(&upload), [false; 2]);
}

#[tokio::test(start_paused = true)]
async fn bytes_that_an_earlier_attempt_may_have_brought_are_no_duplicate() {
    let octane = octane_that_knows_the_bytes(1);
    let mut upload = octane.upload(tests(1), 1);
    upload.client = octane.client(2);
    send(&upload).await;
    assert_eq!(octane.received("test-results").len(), 2);
    assert_eq!(is_duplicate(&upload), [false; 2]);
}

#[tokio::test(start_paused = true)]
async fn bytes_that_were_known_before_an_upload_was_moved_are_of_the_same_server_under_another_name()
 {
    for (is_known, is_sent_there, expected) in [
        (true, false, None),
        // An earlier process sent it there, and lost the response.
        (true, true, Some(5)),
        (false, false, Some(5)),
    ] {
        let octane = if is_known {
            octane_that_knows_the_bytes(0)
        } else {
            FakeOctane::new(|_| Answer::Default)
        };
        let upload = octane.upload(tests(1), 1);
        let journal = &upload.journal;
        journal.begin_sending(1, "").unwrap();
        let server = journal.manifest().unwrap().server;
        let target = journal.target().unwrap();
        journal.relocate(&server, target.as_ref()).unwrap();
        journal.set_untouched_before(Some(5)).unwrap();
        if is_sent_there {
            assert!(!journal.begin_sending(1, "").unwrap());
        }
        send(&upload).await;
        let noted: Option<i64> = journal.get("untouched_before").unwrap();
        assert_eq!(noted, expected, "{is_known} {is_sent_there}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_away_gets_no_other_batch_and_what_was_not_sent_is_still_ready() {
    let octane = octane_that_knows_the_bytes(9);
    let mut upload = octane.upload(tests(3), 1);
    upload.settings.batches_in_flight_max = 1;
    let undelivered = send(&upload).await;
    assert_eq!(undelivered.batches.len(), 1);
    assert!(
        undelivered.batches[0].1.contains("it broke"),
        "{undelivered:?}"
    );
    assert!(!undelivered.is_unauthorized);
    assert_eq!(upload.batches(), ["in_flight", "ready", "ready"]);
}

#[tokio::test(start_paused = true)]
async fn credentials_that_are_not_accepted_are_said() {
    let octane = FakeOctane::new(|received| match received.path.as_str() {
        path if path.ends_with("sign_in") => Answer::Json(401, problem()),
        _ => Answer::Default,
    });
    let upload = octane.upload(tests(1), 1);
    assert!(send(&upload).await.is_unauthorized);
}
