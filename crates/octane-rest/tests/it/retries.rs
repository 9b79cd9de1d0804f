//! What is retried, when, and what is not.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, StatusCode};
use octane_model::Entity;
use octane_rest::{Body, TransportErrorKind};
use tokio::time::Instant;

use crate::network::chain;
use crate::script::{Reply, Script, signed_in};

const QUEUE_FULL: &str = r#"{"error_code":"testbox.queue_full","description":"full"}"#;
const REQUEST_LIMIT: &str = r#"{"error_code":"testbox.request_limit","description":"slow down"}"#;

/// A server whose first `count` responses are these.
fn first(count: usize, reply: fn() -> Reply) -> Script {
    Script::new(move |seen| {
        if seen.number <= count {
            reply()
        } else {
            Reply::new(
                200,
                r#"{"total_count":1,"data":[{"id":"1","type":"story"}],"id":1,"status":"queued"}"#,
            )
        }
    })
}

fn broken() -> Reply {
    Reply::failed(TransportErrorKind::ConnectionBroken)
}

#[tokio::test(start_paused = true)]
async fn a_creating_post_is_not_retried_if_its_outcome_is_unknown() {
    for reply in [
        broken,
        || Reply::failed(TransportErrorKind::Timeout),
        || Reply::new(408, ""),
        || Reply::new(500, r#"{"error_code":"platform.general_error"}"#),
        || Reply::new(502, ""),
        || Reply::new(503, "<html>busy</html>"),
    ] {
        let script = first(1, reply);
        let stories = script.endpoint().collection("stories");
        let error = stories
            .create_one(&Entity::new().set("name", "x"))
            .await
            .unwrap_err();
        assert!(error.is_unreachable() && error.outcome_unknown(), "{error}");
        assert!(!error.is_refused(), "{error}");
        assert_eq!(script.requests().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn server_errors_are_retried_if_that_is_safe() {
    for status in [408, 500, 502, 503, 504] {
        let script = Script::new(move |seen| {
            let status = if seen.number < 3 { status } else { 200 };
            Reply::new(status, "{}")
        });
        script.endpoint().get("tests").await.unwrap();
        let requests = script.requests();
        assert_eq!(requests.len(), 3);
        let wait = requests[2].at - requests[0].at;
        assert!(wait < Duration::from_secs(2), "{status}: {wait:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_exhausted_rate_limit_delays_all_requests() {
    // The server rejects a request because of it.
    let script = first(1, || {
        Reply::new(429, "").header("ratelimit", "\"default\";r=0;t=9")
    });
    script.endpoint().get("tests").await.unwrap();
    let requests = script.requests();
    assert_eq!(requests[1].at - requests[0].at, Duration::from_secs(9));
    // The server accepts this one, but would reject the next; an absurd reset delays no longer than any
    // other backoff.
    for (reset, seconds) in [("9", 9), ("86400", 60)] {
        let script = Script::new(move |_| {
            let reply = Reply::new(200, "{}").header("ratelimit-remaining", "0");
            reply.header("ratelimit-reset", reset)
        });
        let endpoint = script.endpoint();
        endpoint.get("tests").await.unwrap();
        endpoint.get("tests").await.unwrap();
        let requests = script.requests();
        let waited = requests[1].at - requests[0].at;
        assert_eq!(waited, Duration::from_secs(seconds));
    }
}

#[tokio::test(start_paused = true)]
async fn a_creating_post_is_retried_if_it_is_known_not_processed() {
    for reply in [
        || Reply::failed(TransportErrorKind::Connect),
        || Reply::new(429, ""),
        || Reply::new(503, QUEUE_FULL),
        || Reply::new(503, REQUEST_LIMIT),
    ] {
        let script = first(2, reply);
        let stories = script.endpoint().collection("stories");
        stories
            .create_one(&Entity::new().set("name", "x"))
            .await
            .unwrap();
        assert_eq!(script.requests().len(), 3);
    }
}

#[tokio::test(start_paused = true)]
async fn retries_send_the_same_bytes() {
    let script = first(2, broken);
    let endpoint = script.endpoint();
    endpoint
        .test_results()
        .send(Bytes::from_static(b"<test_result/>"), false)
        .await
        .unwrap();
    let requests = script.requests();
    assert_eq!(requests.len(), 3);
    assert!(
        requests
            .iter()
            .all(|seen| seen.body == requests[0].body && seen.uri == requests[0].uri)
    );

    for (method, path) in [
        (Method::GET, "tests"),
        (Method::PUT, "tests/1"),
        (Method::DELETE, "tests/1"),
        (Method::POST, "test-results?skip-errors=true"),
    ] {
        let script = first(1, broken);
        let response = script
            .endpoint()
            .call(method, path, Body::None)
            .await
            .unwrap();
        assert_eq!(
            (response.status, response.attempts()),
            (StatusCode::OK, 2),
            "{path}"
        );
    }
    let script = first(1, broken);
    script
        .endpoint()
        .call(Method::POST, "tests", Body::None)
        .await
        .unwrap_err();
    assert_eq!(script.requests().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_throttled_request_waits_as_long_as_the_server_asks() {
    let script = first(1, || Reply::new(429, "").header("retry-after", "7"));
    let endpoint = script.endpoint();
    endpoint.get("tests").await.unwrap();
    let requests = script.requests();
    assert_eq!(requests[1].at - requests[0].at, Duration::from_secs(7));
}

#[tokio::test(start_paused = true)]
async fn a_throttled_request_holds_back_all_others() {
    let script = first(1, || Reply::new(503, "").header("retry-after", "7"));
    let endpoint = script.endpoint();
    endpoint.sign_in().await.unwrap();
    let start = Instant::now();
    let other = endpoint.clone();
    let (one, two) = tokio::join!(endpoint.get("tests"), async move {
        tokio::time::sleep(Duration::from_secs(1)).await;
        other.get("runs").await
    });
    one.unwrap();
    two.unwrap();
    let late = script.requests().into_iter().skip(1);
    assert!(
        late.clone().count() == 2
            && late
                .map(|seen| seen.at - start)
                .all(|at| at >= Duration::from_secs(7))
    );
}

#[tokio::test(start_paused = true)]
async fn a_pause_beyond_the_deadline_fails_at_once() {
    let script = first(9, || Reply::new(429, "").header("retry-after", "600"));
    let endpoint = script.endpoint();
    let start = Instant::now();
    let error = endpoint.get("tests").await.unwrap_err();
    assert!(error.is_throttled() && error.is_transient());
    assert_eq!(error.retry_after(), Some(Duration::from_secs(600)));
    assert_eq!(
        error.to_string(),
        "GET /api/shared_spaces/1001/workspaces/1002/tests returned 429: too many requests"
    );

    tokio::time::advance(Duration::from_secs(100)).await;
    let error = endpoint.get("tests").await.unwrap_err();
    assert!(error.is_throttled() && error.attempts() == 0);
    assert_eq!(error.retry_after(), Some(Duration::from_secs(500)));
    assert_eq!(
        error.to_string(),
        "GET /api/shared_spaces/1001/workspaces/1002/tests not sent: https://octane.example asked clients to wait 500 s"
    );
    assert_eq!(script.requests().len(), 1);
    // Apart from the rate limit, nothing was waited for.
    assert_eq!(start.elapsed().as_secs(), 100);
}

#[tokio::test(start_paused = true)]
async fn the_limit_of_a_gateway_does_not_shorten_the_wait_for_a_full_queue() {
    for (name, value) in [
        ("ratelimit", "limit=10, remaining=0, reset=1"),
        ("ratelimit", "limit=10, remaining=0, reset=0"),
        ("retry-after", "0"),
    ] {
        let script = Script::new(move |seen| match seen.number {
            1 => Reply::new(503, QUEUE_FULL).header(name, value),
            _ => Reply::new(200, "{}"),
        });
        script.endpoint().get("tests").await.unwrap();
        let requests = script.requests();
        let waited = requests[1].at - requests[0].at;
        assert!(waited >= Duration::from_millis(7500), "{value}: {waited:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn advice_of_a_successful_response_never_fails_a_request() {
    let script = Script::new(|_| {
        Reply::new(200, "{}").header("ratelimit", "limit=10, remaining=0, reset=60")
    });
    let endpoint = script.endpoint_with(|settings| settings.deadline = Duration::from_secs(20));
    endpoint.get("tests").await.unwrap();
    endpoint.get("tests").await.unwrap();
    endpoint.sign_out().await.unwrap();
    let requests = script.requests();
    let waited = requests[1].at - requests[0].at;
    assert_eq!(waited.as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_401_is_forgotten_once_there_is_another_session() {
    // While the first request signs in again, the server asks all clients to wait.
    let script = Script::raw(|seen| match (seen.is_sign_in(), seen.number) {
        (true, 1) => signed_in("s1"),
        (true, _) => signed_in("s2").after(1000),
        (false, 1) => Reply::new(401, ""),
        _ => Reply::new(429, "").header("retry-after", "600").after(1),
    });
    let endpoint = script.endpoint();
    endpoint.sign_in().await.unwrap();
    let (version, error) = tokio::join!(
        async {
            tokio::time::sleep(Duration::from_millis(10)).await;
            endpoint.server_version().await
        },
        endpoint.get("tests"),
    );
    assert_eq!(version.unwrap().status, StatusCode::TOO_MANY_REQUESTS);
    let error = error.unwrap_err();
    assert!(error.is_throttled() && !error.is_unauthorized(), "{error}");
}

#[tokio::test(start_paused = true)]
async fn what_an_earlier_attempt_has_deleted_is_deleted() {
    const GONE: &str = r#"{"error_code":"platform.entity_not_found","description":"gone"}"#;
    let script = |first: fn() -> Reply, body: &'static str| {
        Script::new(move |seen| match seen.number {
            1 => first(),
            _ => Reply::new(404, body),
        })
    };
    for first in [broken, || Reply::new(502, "")] {
        let deleting = script(first, GONE).endpoint();
        deleting.collection("tests").delete("1").await.unwrap();
        let deleting = script(first, GONE).endpoint();
        assert!(deleting.delete("tests/1").await.unwrap().is_null());
        let call = script(first, GONE).endpoint();
        let response = call.call(Method::DELETE, "tests/1", Body::None).await;
        assert!(response.unwrap().outcome_unknown());
    }
    // The page of a proxy, or nothing that an earlier attempt could have done.
    for (first, body) in [
        (broken as fn() -> Reply, "<html>"),
        (|| Reply::new(429, ""), GONE),
    ] {
        let deleting = script(first, body).endpoint();
        let error = deleting.collection("tests").delete("1").await.unwrap_err();
        assert!(error.is_not_found(), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_is_waited_for_longer_than_other_errors() {
    let waited = |reply: fn() -> Reply| async move {
        let script = first(1, reply);
        script.endpoint().get("tests").await.unwrap();
        let requests = script.requests();
        requests[1].at - requests[0].at
    };
    assert!(waited(|| Reply::new(503, "")).await <= Duration::from_millis(500));
    for reply in [
        || Reply::new(503, QUEUE_FULL),
        || Reply::new(503, REQUEST_LIMIT),
    ] {
        let full = waited(reply).await;
        assert!(
            full >= Duration::from_millis(7500) && full <= Duration::from_secs(15),
            "{full:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn delays_are_the_same_for_the_same_seed() {
    let waits = |seed| async move {
        let script = first(9, broken);
        let endpoint = script.endpoint_with(|settings| settings.backoff_seed = Some(seed));
        endpoint.get("tests").await.unwrap_err();
        let moments: Vec<_> = script.requests().iter().map(|seen| seen.at).collect();
        let waits = moments.windows(2).map(|pair| pair[1] - pair[0]);
        waits.map(|wait| wait.as_millis()).collect::<Vec<_>>()
    };
    assert_eq!(waits(7).await, [195, 16, 1802, 2332]);
    assert_eq!(waits(7).await, waits(7).await);
    assert_ne!(waits(7).await, waits(8).await);
}

#[tokio::test(start_paused = true)]
async fn attempts_end_and_the_error_counts_them() {
    let script = first(99, || Reply::failed(TransportErrorKind::Connect));
    let endpoint = script.endpoint_with(|settings| settings.attempts_max = 3);
    let error = endpoint.get("tests").await.unwrap_err();
    assert_eq!(
        chain(&error),
        "cannot reach https://octane.example (3 attempts in 212 ms): connection refused"
    );
    assert_eq!(
        (error.attempts(), error.elapsed()),
        (3, Duration::from_millis(212))
    );
    assert!(error.is_unreachable() && !error.is_timeout());
}

#[tokio::test(start_paused = true)]
async fn a_silent_server_is_given_up_at_the_deadline() {
    let script = Script::new(|_| Reply::new(200, "{}").after(1_000_000));
    let endpoint = script.endpoint_with(|settings| {
        settings.attempt_timeout = Duration::from_secs(40);
        settings.deadline = Duration::from_secs(100);
    });
    let error = endpoint.get("tests").await.unwrap_err();
    assert!(error.is_timeout() && error.is_unreachable());
    assert!(chain(&error).contains("): no response within "), "{error}");
    assert_eq!(
        (error.attempts(), error.elapsed()),
        (3, Duration::from_secs(100))
    );
}

#[tokio::test(start_paused = true)]
async fn a_sign_in_that_hangs_is_given_up_at_the_deadline_too() {
    let script = Script::raw(|_| Reply::new(200, "").after(1_000_000));
    let endpoint = script.endpoint_with(|settings| settings.deadline = Duration::from_secs(30));
    let error = endpoint.get("tests").await.unwrap_err();
    assert!(error.is_timeout() && error.is_unreachable(), "{error}");
    assert_eq!(error.elapsed(), Duration::from_secs(30));
}

#[tokio::test(start_paused = true)]
async fn errors_of_the_server_are_final_and_show_its_message() {
    for status in [400, 403, 404, 409, 413, 501, 505] {
        let script = Script::new(move |_| {
            Reply::new(
                status,
                r#"{"error_code":"platform.unknown_field","correlation_id":"k7","description":"no field `xyz`"}"#,
            )
        });
        let error = script.endpoint().get("tests").await.unwrap_err();
        assert_eq!(script.requests().len(), 1);
        assert_eq!(
            error.to_string(),
            format!(
                "GET /api/shared_spaces/1001/workspaces/1002/tests returned {status}: no field `xyz` (platform.unknown_field)"
            )
        );
        assert_eq!(
            (error.code(), error.correlation_id()),
            (Some("platform.unknown_field"), Some("k7"))
        );
        let predicates = [
            error.is_refused(),
            error.is_forbidden(),
            error.is_not_found(),
            error.is_conflict(),
            error.is_unreachable(),
        ];
        let expected = match status {
            400 | 413 => [true, false, false, false, false],
            403 => [false, true, false, false, false],
            404 => [false, false, true, false, false],
            409 => [false, false, false, true, false],
            _ => [false; 5],
        };
        assert_eq!(predicates, expected, "{status}");
    }
}
