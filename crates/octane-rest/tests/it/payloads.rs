//! Sending payloads of test results.

use bytes::Bytes;
use octane_rest::{Error, Sent, TransportErrorKind};

use crate::script::{Reply, Script};

const ACCEPTED: &str = r#"{"id":1,"status":"queued"}"#;

async fn send(script: &Script) -> Result<Sent, Error> {
    let payload = Bytes::from_static(b"<test_result/>");
    script.endpoint().test_results().send(payload, false).await
}

/// A server that first responds like this and then accepts everything.
fn first(reply: fn() -> Reply) -> Script {
    Script::new(move |seen| match seen.number {
        1 => reply(),
        _ => Reply::new(202, ACCEPTED),
    })
}

#[tokio::test(start_paused = true)]
async fn sending_reports_the_attempts_and_whether_an_earlier_one_may_have_arrived() {
    let arrived_or_not: [(fn() -> Reply, bool); 8] = [
        (|| Reply::failed(TransportErrorKind::ConnectionBroken), true),
        (|| Reply::failed(TransportErrorKind::Timeout), true),
        (|| Reply::new(500, ""), true),
        (|| Reply::new(503, "<html>busy</html>"), true),
        (|| Reply::failed(TransportErrorKind::Connect), false),
        (|| Reply::new(429, ""), false),
        (|| Reply::new(401, ""), false),
        (
            || Reply::new(503, r#"{"error_code":"testbox.queue_full"}"#),
            false,
        ),
    ];
    for (reply, earlier_outcome_unknown) in arrived_or_not {
        let script = first(reply);
        let sent = send(&script).await.unwrap();
        assert_eq!(
            (sent.attempts, sent.earlier_outcome_unknown),
            (2, earlier_outcome_unknown)
        );
        let [one, two] = &script.requests()[..] else {
            panic!("two requests");
        };
        assert_eq!((&one.body, &one.uri), (&two.body, &two.uri));
    }
    let sent = send(&first(|| Reply::new(202, ACCEPTED))).await.unwrap();
    assert_eq!((sent.attempts, sent.earlier_outcome_unknown), (1, false));
}

#[tokio::test(start_paused = true)]
async fn a_payload_that_is_rejected_for_its_content_or_size_may_be_split() {
    for (status, body) in [
        (
            400,
            r#"{"error_code":"testbox.invalid","description":"bad"}"#,
        ),
        (
            400,
            r#"{"description":"row 3 is not valid against the schema"}"#,
        ),
        (413, "<html>too large</html>"),
    ] {
        let script = Script::new(move |_| Reply::new(status, body));
        let error = send(&script).await.unwrap_err();
        assert!(error.is_splittable() && error.is_refused(), "{error}");
        assert!(!error.outcome_unknown() && !error.is_transient(), "{error}");
        assert_eq!(error.attempts(), 1);
        // Nothing else can be split.
        let error = script.endpoint().get("tests").await.unwrap_err();
        assert!(!error.is_splittable(), "{error}");
    }
    for status in [401, 403, 404, 429, 500, 503] {
        let script = Script::new(move |_| Reply::new(status, ""));
        let error = send(&script).await.unwrap_err();
        assert!(!error.is_splittable(), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_unknown_outcome_of_an_earlier_attempt_stays_unknown() {
    let script = Script::new(|seen| match seen.number {
        1 => Reply::failed(TransportErrorKind::ConnectionBroken),
        _ => Reply::failed(TransportErrorKind::Connect),
    });
    assert!(send(&script).await.unwrap_err().outcome_unknown());
    let script = Script::new(|_| Reply::failed(TransportErrorKind::Connect));
    assert!(!send(&script).await.unwrap_err().outcome_unknown());
}
