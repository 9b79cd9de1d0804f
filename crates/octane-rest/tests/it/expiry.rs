//! Sessions that end while requests are in flight.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use octane_rest::Endpoint;
use tokio::time::sleep;

use crate::script::{Reply, Script, signed_in};

/// A server that accepts only the newest session, which may end too.
pub(crate) fn strict() -> (Script, Arc<AtomicUsize>) {
    let valid = Arc::new(AtomicUsize::new(0));
    let script = Script::raw({
        let valid = Arc::clone(&valid);
        move |seen| {
            if seen.is_sign_in() {
                let token = valid.fetch_add(1, Ordering::SeqCst) + 1;
                return signed_in(&token.to_string()).after(50);
            }
            let wanted = format!("LWSSO_COOKIE_KEY={}", valid.load(Ordering::SeqCst));
            if seen.cookie() == Some(&wanted) {
                Reply::new(200, "{}").after(20)
            } else {
                expired().after(20)
            }
        }
    });
    (script, valid)
}

pub(crate) fn expired() -> Reply {
    Reply::new(
        401,
        r#"{"errorCode":"VALIDATION_TOKEN_EXPIRED_IDLE_TIME_OUT","accumulatedMessage":"idle"}"#,
    )
}

/// Sends `count` requests at once.
pub(crate) async fn many(endpoint: &Endpoint, count: usize) -> Vec<Result<(), octane_rest::Error>> {
    let tasks: Vec<_> = (0..count)
        .map(|_| {
            let endpoint = endpoint.clone();
            tokio::spawn(async move { endpoint.get("tests").await.map(|_| ()) })
        })
        .collect();
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.unwrap());
    }
    results
}

#[tokio::test(start_paused = true)]
async fn many_requests_in_an_expired_session_cause_one_sign_in() {
    let (script, valid) = strict();
    let endpoint = script.endpoint_with(|settings| settings.concurrency_max = 64);
    endpoint.get("tests").await.unwrap();
    // The server forgets the session.
    valid.fetch_add(1, Ordering::SeqCst);
    let results = many(&endpoint, 64).await;
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    assert_eq!(script.sign_ins().len(), 2);
    // Not even while the old session still exists.
    assert!(script.sign_ins().iter().all(|seen| seen.cookie().is_none()));
    // Each at most twice: rejected, then retried.
    assert!(script.requests().len() <= 1 + 2 * 64);
}

#[tokio::test(start_paused = true)]
async fn a_session_that_ends_while_requests_are_in_flight_is_renewed_once() {
    let (script, valid) = strict();
    let endpoint = script.endpoint_with(|settings| settings.concurrency_max = 64);
    endpoint.sign_in().await.unwrap();
    let expiring = async {
        // Some have their response, some are in flight, some still wait for the rate limiter.
        sleep(Duration::from_millis(40)).await;
        valid.fetch_add(1, Ordering::SeqCst);
    };
    let (results, ()) = tokio::join!(many(&endpoint, 64), expiring);
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    assert_eq!(script.sign_ins().len(), 2);
    let rejected = script.requests().len() - 64;
    assert!((1..64).contains(&rejected), "{rejected}");
}

#[tokio::test(start_paused = true)]
async fn a_session_that_ends_again_during_a_long_backoff_is_renewed_again() {
    let script = Script::new(|seen| match seen.number {
        1 | 3 => expired(),
        2 => Reply::new(503, "").header("retry-after", "60"),
        _ => Reply::new(200, "{}"),
    });
    script.endpoint().get("tests").await.unwrap();
    assert_eq!((script.sign_ins().len(), script.requests().len()), (3, 4));
}

#[tokio::test(start_paused = true)]
async fn a_session_that_ends_during_a_backoff_leads_to_another_sign_in_without_naming_the_reason() {
    // After the backoff the session counts as reused again: even a 401 that does not say that the session
    // has expired is retried, at once and without using up an attempt.
    for backoff in [
        || Reply::new(503, "").header("retry-after", "60"),
        || Reply::failed(octane_rest::TransportErrorKind::ConnectionBroken),
    ] {
        let script = Script::new(move |seen| match seen.number {
            1 | 3 => Reply::new(401, ""),
            2 => backoff(),
            _ => Reply::new(200, "{}"),
        });
        let endpoint = script.endpoint_with(|settings| settings.attempts_max = 2);
        endpoint.get("tests").await.unwrap();
        assert_eq!((script.sign_ins().len(), script.requests().len()), (3, 4));
        let requests = script.requests();
        let wait = requests[3].at - requests[2].at;
        assert!(wait < Duration::from_millis(10), "{wait:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_sign_out_is_never_reauthenticated_even_after_a_backoff() {
    let script = Script::new(|seen| match seen.number {
        1 => Reply::new(200, "{}"),
        2 => Reply::new(503, ""),
        _ => expired(),
    });
    let endpoint = script.endpoint();
    endpoint.get("tests").await.unwrap();
    endpoint.sign_out().await.unwrap();
    assert_eq!((script.sign_ins().len(), script.requests().len()), (1, 3));
}

#[tokio::test(start_paused = true)]
async fn a_request_that_waits_for_the_rate_limiter_uses_the_newest_session() {
    // 64 requests wait for six seconds, during which the session turns out to be dead.
    let (script, valid) = strict();
    let endpoint = script.endpoint_with(|settings| {
        settings.concurrency_max = 64;
        settings.requests_per_second = Some(10);
    });
    endpoint.sign_in().await.unwrap();
    valid.fetch_add(1, Ordering::SeqCst);
    let results = many(&endpoint, 64).await;
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    assert_eq!(script.sign_ins().len(), 2);
    // The sign-in went ahead of them, so nearly all of them used the new session.
    let rejected = script.requests().len() - 64;
    assert!((1..=2).contains(&rejected), "{rejected}");
}

#[tokio::test(start_paused = true)]
async fn a_401_of_an_older_session_is_retried_with_the_newer_one_without_a_sign_in() {
    let script = Script::new(|seen| match seen.number {
        // The first response is slow: when it arrives, the second request has long signed in again.
        1 => expired().after(1000),
        2 => expired().after(10),
        _ => Reply::new(200, "{}"),
    });
    let endpoint = script.endpoint();
    endpoint.sign_in().await.unwrap();
    assert!(many(&endpoint, 2).await.iter().all(Result::is_ok));
    assert_eq!(script.sign_ins().len(), 2);
    assert_eq!(
        script.cookies(),
        [
            "LWSSO_COOKIE_KEY=s1",
            "LWSSO_COOKIE_KEY=s1",
            "LWSSO_COOKIE_KEY=s2",
            "LWSSO_COOKIE_KEY=s2"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_persistent_401_is_retried_once_and_then_returned() {
    let body = r#"{"error_code":"platform.not_authorized","description":"no"}"#;
    let script = Script::new(move |_| Reply::new(401, body));
    let error = script.endpoint().get("tests").await.unwrap_err();
    assert!(error.is_unauthorized() && !error.is_transient(), "{error}");
    assert_eq!((script.sign_ins().len(), script.requests().len()), (2, 2));
    assert_eq!(error.code(), Some("platform.not_authorized"));
}

#[tokio::test(start_paused = true)]
async fn sessions_that_end_at_once_are_renewed_as_often_as_there_are_attempts() {
    let expiring = |count| {
        Script::new(move |seen| {
            if seen.number <= count {
                expired()
            } else {
                Reply::new(200, "{}")
            }
        })
    };
    let script = expiring(5);
    script.endpoint().get("tests").await.unwrap();
    assert_eq!((script.sign_ins().len(), script.requests().len()), (6, 6));
    let script = expiring(6);
    let error = script.endpoint().get("tests").await.unwrap_err();
    assert_eq!(error.code(), Some("VALIDATION_TOKEN_EXPIRED_IDLE_TIME_OUT"));
    assert_eq!((script.sign_ins().len(), script.requests().len()), (6, 6));
}

#[tokio::test(start_paused = true)]
async fn a_late_response_does_not_bring_back_the_old_session() {
    let script = Script::new(|seen| match seen.number {
        1 => Reply::new(200, "{}")
            .header("set-cookie", "LWSSO_COOKIE_KEY=old")
            .after(1000),
        2 => expired().after(10),
        _ => Reply::new(200, "{}"),
    });
    let endpoint = script.endpoint();
    endpoint.sign_in().await.unwrap();
    many(&endpoint, 2).await;
    endpoint.get("tests").await.unwrap();
    assert_eq!(
        script.requests().last().unwrap().cookie(),
        Some("LWSSO_COOKIE_KEY=s2")
    );
}
