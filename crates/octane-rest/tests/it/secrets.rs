//! Nothing that can be printed contains a secret.

use std::fmt::Write;

use octane_model::Query;
use octane_rest::{
    ApiKey, Builder, Chain, CredentialProvider, EndpointSettings, Environment, FoundCredential,
    UserPassword,
};

use crate::log::captured;
use crate::script::{Reply, SECRET, Script, signed_in};

#[test]
fn no_secret_is_logged_or_shown_whatever_happens() {
    let (shown, logged) = captured(|| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(everything())
    });
    // The log has method, path, status, attempt and time, each backoff, and headers without their secrets.
    let line = "DEBUG message=response method=\"GET\" path=\"/api/shared_spaces/1001/workspaces/1002/tests\" status=502 attempt=1 milliseconds=5";
    assert!(logged.contains(line), "{logged}");
    assert!(logged.contains("\"cookie\": ***"), "{logged}");
    let line = "INFO message=backing off before attempt 2 of 5 method=\"GET\" path=\"/api/shared_spaces/1001/workspaces/1002/tests\" reason=502 delay=195 ms";
    assert!(logged.contains(line), "{logged}");
    for text in [&logged, &shown] {
        for secret in [SECRET, "c00kie", "csrf-t0ken", "qu3ry", "l0cation"] {
            assert!(!text.contains(secret), "`{secret}` in {text}");
        }
    }
}

/// Does everything that involves a secret, and prints all that can be printed.
async fn everything() -> String {
    let mut shown = String::new();
    let script = Script::raw(|seen| match (seen.is_sign_in(), seen.number) {
        // It quotes the request.
        (true, 3) => Reply::new(
            401,
            format!("cannot read {}", String::from_utf8_lossy(&seen.body)),
        ),
        (true, _) => signed_in("c00kie").header("set-cookie", "HPSSO_COOKIE_CSRF=csrf-t0ken"),
        (false, 1) => Reply::new(502, "").after(5),
        (false, 3) => Reply::new(302, "").header("location", "https://a:l0cation@b/?l0cation"),
        (false, 4) => Reply::new(401, "").header("set-cookie", "LWSSO_COOKIE_KEY=c00kie2"),
        (false, 5) => Reply::new(200, "<html>"),
        _ => Reply::new(200, "{}").header("set-cookie", "LWSSO_COOKIE_KEY=c00kie3"),
    });
    let builder = script.builder();
    write!(shown, "{builder:?}").unwrap();
    let endpoint = script.endpoint();
    write!(shown, "{endpoint:?}").unwrap();
    let response = endpoint
        .send(
            endpoint
                .workspace()
                .collection("tests")
                .list(&octane_model::ListParams::default()),
            octane_rest::Idempotency::Idempotent,
        )
        .await;
    write!(shown, "{:?}", response.unwrap()).unwrap();
    for _ in 0..3 {
        let result = endpoint.get("tests?query=\"name EQ ^qu3ry^\"").await;
        write!(
            shown,
            "{result:?} {}",
            result
                .as_ref()
                .err()
                .map(ToString::to_string)
                .unwrap_or_default()
        )
        .unwrap();
    }
    let result = endpoint
        .collection("tests")
        .list()
        .matching(Query::field("name").is("qu3ry"))
        .all()
        .await;
    write!(shown, "{result:?}").unwrap();
    endpoint.sign_out().await.unwrap();
    let error = endpoint
        .get("https://evil.example/?qu3ry")
        .await
        .unwrap_err();
    write!(shown, "{error:?} {error}").unwrap();
    let error = endpoint.get("tests").await.unwrap_err();
    assert!(error.is_unauthorized());
    write!(shown, "{error:?} {error}").unwrap();

    let key = ApiKey::new("demo", SECRET);
    let credential: Option<FoundCredential> = key.credential().await.unwrap();
    let environment =
        Environment::reading(|name| (name == "OCTANE_PASSWORD").then(|| SECRET.into()));
    let person = UserPassword::new("jane", SECRET);
    write!(
        shown,
        "{key:?} {credential:?} {environment:?} {person:?} {:?}",
        environment.credential().await
    )
    .unwrap();
    write!(shown, "{:?}", Chain::new().then(key)).unwrap();
    let mut settings = EndpointSettings::default();
    settings.proxy = Some(format!("http://jane:{SECRET}@").as_str().into());
    settings.url = Some(format!("https://octane.example/?p=1/2&token={SECRET}").into());
    let error = Builder::from(settings.clone()).build().unwrap_err();
    write!(shown, "{settings:?} {error} {error:?}").unwrap();
    shown
}
