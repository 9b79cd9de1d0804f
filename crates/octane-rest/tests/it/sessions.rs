//! Signing in, once for all requests.

use std::time::Duration;

use octane_rest::{ApiKey, Chain, Environment, UserPassword};
use tokio::time::{advance, sleep};

use crate::expiry::{expired, many, strict};
use crate::network::chain;
use crate::script::{Reply, SECRET, Script, Seen, signed_in};

#[tokio::test(start_paused = true)]
async fn renewed_cookies_of_any_response_are_stored() {
    let script = Script::new(|seen| match seen.number {
        1 => Reply::new(200, "{}").header("set-cookie", "LWSSO_COOKIE_KEY=renewed"),
        2 => Reply::new(404, "{}").header("set-cookie", "OCTANE_USER=jane; Max-Age=86400"),
        _ => Reply::new(200, "{}").header("set-cookie", "OCTANE_USER=; Max-Age=0"),
    });
    let endpoint = script.endpoint();
    for _ in 0..4 {
        let _ = endpoint.get("tests").await;
    }
    assert_eq!(
        script.cookies(),
        [
            "LWSSO_COOKIE_KEY=s1",
            "LWSSO_COOKIE_KEY=renewed",
            "LWSSO_COOKIE_KEY=renewed; OCTANE_USER=jane",
            "LWSSO_COOKIE_KEY=renewed"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn the_cookies_of_the_session_can_be_used_elsewhere_and_are_not_shown() {
    let script = Script::new(|_| {
        Reply::new(200, "{}").header("set-cookie", "OCTANE_USER=jane; Max-Age=86400")
    });
    let endpoint = script.endpoint();
    let cookies = endpoint.cookie_header().await.unwrap();
    assert_eq!(cookies.expose(), "LWSSO_COOKIE_KEY=s1");
    assert_eq!(format!("{cookies} {cookies:?}"), "*** ***");
    endpoint.get("tests").await.unwrap();
    // The same session, with what the server has renewed.
    let cookies = endpoint.cookie_header().await.unwrap();
    assert_eq!(cookies.expose(), "LWSSO_COOKIE_KEY=s1; OCTANE_USER=jane");
    assert_eq!(script.sign_ins().len(), 1);
    endpoint.sign_out().await.unwrap();
    let cookies = endpoint.cookie_header().await.unwrap();
    assert_eq!(cookies.expose(), "LWSSO_COOKIE_KEY=s2");
}

#[tokio::test(start_paused = true)]
async fn a_session_cookie_that_is_not_text_is_an_error() {
    let script =
        Script::raw(|_| Reply::new(200, "").header("set-cookie", b"LWSSO_COOKIE_KEY=\xff"));
    let error = script.endpoint().cookie_header().await.unwrap_err();
    let message = format!("{error}: {}", std::error::Error::source(&error).unwrap());
    assert!(
        message.contains("the session cookie is not text"),
        "{message}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_sign_in_carries_the_credential_and_no_cookie() {
    let script = Script::new(|_| Reply::new(200, "{}"));
    let endpoint = script.endpoint();
    endpoint.sign_in().await.unwrap();
    endpoint.sign_in().await.unwrap();
    let sign_ins = script.sign_ins();
    assert_eq!(sign_ins.len(), 2);
    for sign_in in &sign_ins {
        assert_eq!(sign_in.cookie(), None);
        let body: serde_json::Value = serde_json::from_slice(&sign_in.body).unwrap();
        assert_eq!(
            body,
            serde_json::json!({ "client_id": "demo", "client_secret": SECRET })
        );
        assert_eq!(sign_in.headers["content-type"], "application/json");
    }
}

#[tokio::test(start_paused = true)]
async fn a_user_signs_in_with_name_and_password() {
    let script = Script::new(|_| Reply::new(200, "{}"));
    let endpoint = script
        .builder()
        .credentials(UserPassword::new("jane", SECRET))
        .build()
        .unwrap();
    endpoint.sign_in().await.unwrap();
    let body: serde_json::Value = serde_json::from_slice(&script.sign_ins()[0].body).unwrap();
    assert_eq!(
        body,
        serde_json::json!({ "user": "jane", "password": SECRET })
    );
}

#[tokio::test(start_paused = true)]
async fn a_304_keeps_the_existing_cookies() {
    let script = Script::raw(|seen| match (seen.is_sign_in(), seen.number) {
        (true, 1) => signed_in("one"),
        (true, _) => Reply::new(304, "").header("set-cookie", "OCTANE_USER=jane"),
        (false, 1) => expired(),
        _ => Reply::new(200, "{}"),
    });
    let endpoint = script.endpoint();
    endpoint.get("tests").await.unwrap();
    assert_eq!(
        script.requests()[1].cookie(),
        Some("LWSSO_COOKIE_KEY=one; OCTANE_USER=jane")
    );
}

#[tokio::test(start_paused = true)]
async fn only_octane_rejects_credentials() {
    const OCTANE: &str = r#"{"error_code":"platform.not_authorized","description":"wrong"}"#;
    for (status, body, is_unauthorized) in [
        (401, OCTANE, true),
        (401, "Unauthorized", true),
        (403, OCTANE, true),
        (403, "Forbidden by the proxy", false),
        (400, "<html>Bad request</html>", false),
        (200, "<html>Welcome</html>", false),
    ] {
        let script = Script::raw(move |_| Reply::new(status, body));
        let error = script.endpoint().get("tests").await.unwrap_err();
        assert_eq!(error.is_unauthorized(), is_unauthorized, "{status} {body}");
        assert!(error.is_retryable() && !error.is_forbidden(), "{error:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_sign_in_without_a_session_cookie_fails() {
    let script = Script::raw(|_| Reply::new(200, "").header("set-cookie", "OTHER=1"));
    let error = script.endpoint().get("tests").await.unwrap_err();
    // It is not Octane that responds.
    assert!(!error.is_unauthorized() && error.is_retryable());
    assert_eq!(
        chain(&error),
        "cannot sign in to https://octane.example: the server returned 200 without a session cookie (`LWSSO_COOKIE_KEY`)"
    );
}

fn rejecting() -> Script {
    Script::raw(|_| {
        let body = r#"{"error_code":"platform.not_authorized","description":"wrong"}"#;
        Reply::new(401, body).after(20)
    })
}

#[tokio::test(start_paused = true)]
async fn rejected_credentials_are_tried_once_for_all_requests_and_remembered() {
    let script = rejecting();
    let endpoint = script.endpoint_with(|settings| settings.concurrency_max = 64);
    let results = many(&endpoint, 64).await;
    assert!(
        results
            .iter()
            .all(|result| result.as_ref().unwrap_err().is_unauthorized())
    );
    let error = endpoint.get("tests").await.unwrap_err();
    assert_eq!(
        chain(&error),
        "cannot sign in to https://octane.example: credentials rejected (401): wrong (platform.not_authorized)"
    );
    assert_eq!(error.status().unwrap(), 401);
    assert_eq!(script.all().len(), 1);

    // Half a minute later the credentials may be valid; and an explicit sign-in is sent at once.
    advance(Duration::from_secs(31)).await;
    endpoint.get("tests").await.unwrap_err();
    assert_eq!(script.all().len(), 2);
    endpoint.sign_in().await.unwrap_err();
    assert_eq!(script.all().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn waiting_requests_share_the_failure_of_a_sign_in() {
    let script = Script::raw(|_| Reply::new(503, "").after(20));
    let endpoint = script.endpoint_with(|settings| {
        settings.concurrency_max = 64;
        settings.attempts_max = 2;
    });
    let results = many(&endpoint, 64).await;
    let error = results[63].as_ref().unwrap_err();
    assert!(
        error.is_unreachable() && !error.is_unauthorized(),
        "{error}"
    );
    assert!(
        error
            .to_string()
            .starts_with("POST /authentication/sign_in returned 503"),
        "{error}"
    );
    assert_eq!(script.all().len(), 2);
    // The credentials were not rejected, so the next request tries again.
    endpoint.get("tests").await.unwrap_err();
    assert_eq!(script.all().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_session_past_its_age_is_replaced_before_it_is_rejected() {
    let script = Script::new(|_| Reply::new(200, "{}"));
    let endpoint =
        script.endpoint_with(|settings| settings.session_age_max = Duration::from_secs(60));
    endpoint.get("tests").await.unwrap();
    sleep(Duration::from_secs(59)).await;
    endpoint.get("tests").await.unwrap();
    assert_eq!(script.sign_ins().len(), 1);
    sleep(Duration::from_secs(2)).await;
    endpoint.get("tests").await.unwrap();
    assert_eq!(script.sign_ins().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn signing_out_twice_is_not_an_error() {
    let script = Script::new(|seen| {
        let status = if seen.path.ends_with("sign_out") {
            302
        } else {
            200
        };
        Reply::new(status, "{}")
    });
    let endpoint = script.endpoint();
    endpoint.sign_out().await.unwrap();
    endpoint.get("tests").await.unwrap();
    endpoint.sign_out().await.unwrap();
    endpoint.sign_out().await.unwrap();
    let outs: Vec<Seen> = script
        .requests()
        .into_iter()
        .filter(|seen| seen.path.ends_with("sign_out"))
        .collect();
    assert_eq!(outs.len(), 1);
    assert_eq!(outs[0].cookie(), Some("LWSSO_COOKIE_KEY=s1"));
    endpoint.get("tests").await.unwrap();
    assert_eq!(script.sign_ins().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_request_cancelled_during_its_sign_in_lets_the_next_one_sign_in() {
    let (script, _) = strict();
    let endpoint = script.endpoint();
    let first = tokio::spawn({
        let endpoint = endpoint.clone();
        async move { endpoint.get("tests").await }
    });
    sleep(Duration::from_millis(10)).await;
    first.abort();
    endpoint.get("tests").await.unwrap();
    assert_eq!(script.sign_ins().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn without_credentials_nothing_is_sent() {
    let script = Script::new(|_| Reply::new(200, "{}"));
    let message = |credentials| {
        let endpoint = script.builder().credentials(credentials).build().unwrap();
        async move {
            let error = endpoint.get("tests").await.unwrap_err();
            assert!(error.is_unauthorized());
            chain(&error)
        }
    };
    assert_eq!(
        message(Chain::new()).await,
        "cannot sign in to https://octane.example: no credentials"
    );
    let half = Environment::reading(|name| (name == "OCTANE_CLIENT_ID").then(|| "key".into()));
    assert_eq!(
        message(Chain::new().then(half).then(ApiKey::new("a", "b"))).await,
        "cannot sign in to https://octane.example: incomplete credentials in the environment: \
         `OCTANE_CLIENT_ID` is set but `OCTANE_CLIENT_SECRET` is not"
    );
    assert!(script.all().is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_csrf_token_of_an_old_server_is_sent_back_as_a_header() {
    let script = Script::raw(|seen| {
        if seen.is_sign_in() {
            signed_in("one").header("set-cookie", "HPSSO_COOKIE_CSRF=tok")
        } else {
            Reply::new(200, "{}")
        }
    });
    script.endpoint().get("tests").await.unwrap();
    assert_eq!(script.requests()[0].headers["hpsso-header-csrf"], "tok");
}
