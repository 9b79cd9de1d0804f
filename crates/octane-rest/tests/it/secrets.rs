//! Nothing that can be printed holds a secret.

use std::fmt::Write;
use std::sync::{Arc, Mutex};

use octane_model::Query;
use octane_rest::{
    ApiKey, Builder, Chain, Credential, CredentialProvider, Environment, Settings, UserPassword,
};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::script::{Reply, SECRET, Script, signed_in};

/// Keeps every word that is logged, at every level.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<String>>);

impl Log {
    /// All that was logged so far.
    pub(crate) fn text(&self) -> String {
        self.0.lock().unwrap().clone()
    }
}

impl Visit for Log {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        write!(self.0.lock().unwrap(), "{field}={value:?} ").unwrap();
    }
}

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        attributes.record(&mut self.clone());
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut self.clone());
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut self.clone());
        self.0.lock().unwrap().push('\n');
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[test]
fn no_secret_is_logged_or_shown_whatever_happens() {
    let log = Log::default();
    let shown = tracing::subscriber::with_default(log.clone(), || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(busy())
    });
    let logged = log.text();
    // It is there: method, path, status, attempt, time, and headers without their secrets.
    let line = "method=\"GET\" path=\"/api/shared_spaces/1001/workspaces/1002/tests\" status=502 attempt=1 milliseconds=5";
    assert!(logged.contains(line), "{logged}");
    assert!(logged.contains("\"cookie\": ***"), "{logged}");
    for text in [&logged, &shown] {
        for secret in [SECRET, "c00kie", "csrf-t0ken", "qu3ry", "l0cation"] {
            assert!(!text.contains(secret), "`{secret}` in {text}");
        }
    }
}

/// Lets everything happen that knows a secret, and prints all that can be printed.
async fn busy() -> String {
    let mut shown = String::new();
    let script = Script::raw(|seen| match (seen.is_sign_in(), seen.number) {
        // It quotes what it was sent.
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
    let answer = endpoint
        .send(
            endpoint
                .workspace()
                .collection("tests")
                .list(&octane_model::List::default()),
            octane_rest::Repeat::Always,
        )
        .await;
    write!(shown, "{:?}", answer.unwrap()).unwrap();
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
    let credential: Option<Credential> = key.credential().await.unwrap();
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
    let settings = Settings {
        proxy: Some(format!("http://jane:{SECRET}@").as_str().into()),
        url: Some("https://octane.example/?p=1/2".into()),
        ..Settings::default()
    };
    let error = Builder::from(settings.clone()).build().unwrap_err();
    write!(shown, "{settings:?} {error} {error:?}").unwrap();
    shown
}
