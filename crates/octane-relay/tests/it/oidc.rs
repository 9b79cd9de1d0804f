//! Tokens of CI systems at the door.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{Method, Request, StatusCode, header};
use octane_client::Status as TestStatus;
use octane_relay::{
    Clock, DoorSettings, FileKeys, KeysError, Oidc, OidcIssuer, Time, Token, UrlKeys, routes,
};
use octane_rest::EndpointSettings;
use octane_sandbox::Settings;
use octane_test_support::tokens::SigningKey;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tower::ServiceExt;

use crate::agents::{World, results};

const NOW: i64 = 1_795_000_000;

/// A door that accepts the tokens of two issuers, whose keys are in files.
struct Case {
    world: World,
    settings: DoorSettings,
    keys: PathBuf,
    other_keys: PathBuf,
    now: Arc<AtomicI64>,
}

impl Case {
    async fn new() -> Self {
        let world = World::new(1000).await;
        let sandbox = Settings::default();
        let workspace = octane_model::Workspace {
            space: sandbox.space,
            workspace: sandbox.workspace,
        };
        let server = world.sandbox.url().parse().unwrap();
        let mut settings = DoorSettings::new(server, workspace, world.folder.path().join("door"));
        let keys = world.folder.path().join("jwks.json");
        let now = Arc::new(AtomicI64::new(NOW));
        let clock: Clock = {
            let now = Arc::clone(&now);
            Arc::new(move || Time::from_seconds(now.load(Ordering::Relaxed)))
        };
        let rules = [
            "repository=acme/shop:shop",
            "repository_owner=acme:{repository}",
        ];
        let rules = rules.map(|rule| rule.parse().unwrap());
        let issuer = OidcIssuer::new(
            "https://ci.example",
            "octane-relay",
            rules.into(),
            FileKeys::new(&keys),
        );
        // The other one has an audience, keys and rules of its own; a claim of the same name means something else there.
        let other_keys = world.folder.path().join("other.json");
        let other = OidcIssuer::new(
            "https://gitlab.example",
            "relay",
            vec!["repository=acme/shop:mirror".parse().unwrap()],
            FileKeys::new(&other_keys),
        );
        settings.oidc = Some(Arc::new(Oidc::new(vec![issuer, other], clock).unwrap()));
        Self {
            world,
            settings,
            keys,
            other_keys,
            now,
        }
    }

    fn issuer_has(&self, keys: &[&SigningKey]) {
        write_keys(&self.keys, keys);
    }

    fn other_issuer_has(&self, keys: &[&SigningKey]) {
        write_keys(&self.other_keys, keys);
    }

    fn wait(&self, seconds: i64) {
        self.now.fetch_add(seconds, Ordering::Relaxed);
    }

    async fn send(&self, token: &str, method: Method, path: &str, body: Vec<u8>) -> (u16, Value) {
        let digest = STANDARD.encode(Sha256::digest(&body));
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header("content-digest", format!("sha-256=:{digest}:"))
            .body(Body::from(body));
        let routes = routes(self.world.store.clone(), self.settings.clone(), || {});
        let response = routes.oneshot(request.unwrap()).await.unwrap();
        let status = response.status();
        let body = axum::body::to_bytes(response.into_body(), 1 << 20).await;
        let body: Value = serde_json::from_slice(&body.unwrap()).unwrap();
        assert!(!body.to_string().contains(token), "{body}");
        (status.as_u16(), body)
    }

    /// The status of a request with this token, and what a refusal says.
    async fn ask(&self, token: &str) -> (u16, String) {
        let (status, body) = self
            .send(token, Method::GET, "/v1/status", Vec::new())
            .await;
        let message = body["message"].as_str().unwrap_or_default();
        (status, message.to_owned())
    }
}

fn write_keys(file: &Path, keys: &[&SigningKey]) {
    let keys: Vec<Value> = keys.iter().map(|key| key.jwk()).collect();
    std::fs::write(file, json!({ "keys": keys }).to_string()).unwrap();
}

fn claims() -> Value {
    json!({
        "iss": "https://ci.example", "aud": "octane-relay", "sub": "repo:acme/shop:ref:refs/heads/main",
        "repository": "acme/shop", "repository_owner": "acme", "nbf": NOW, "exp": NOW + 300,
    })
}

fn with(name: &str, value: impl Into<Value>) -> Value {
    let mut claims = claims();
    claims[name] = value.into();
    claims
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_hands_over_into_the_project_that_the_rules_name() {
    let case = Case::new().await;
    let key = SigningKey::rs256("k1");
    case.issuer_has(&[&key]);
    let runs = results(0..3, TestStatus::Passed);
    let (journal, summary) = case.world.plan("4711", &runs, None);
    let path = format!("/v1/uploads/{}", summary.id);
    let shop = key.token(&claims());
    let (status, body) = case.send(&shop, Method::PUT, &path, journal).await;
    assert_eq!((status, &body["project"]), (201, &"shop".into()), "{body}");
    let (status, _) = case.send(&shop, Method::GET, &path, Vec::new()).await;
    assert_eq!(status, 200);
    let depot = key.token(&with("repository", "acme/depot"));
    let (status, _) = case.send(&depot, Method::GET, &path, Vec::new()).await;
    assert_eq!(status, 404);
    // Tokens of the relay are accepted as well.
    let token = Token::new("shop");
    case.world.store.add_token(&token).await.unwrap();
    assert_eq!(case.ask(token.text.expose()).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_not_accepted_is_answered_with_the_reason() {
    let case = Case::new().await;
    let (key, other) = (SigningKey::es256("k1"), SigningKey::es256("k1"));
    case.issuer_has(&[&key]);
    let good = key.token(&claims());
    let payload = good.split('.').nth(1).unwrap();
    let better = key.token(&with("repository", "acme/bank"));
    let changed = good.replace(payload, better.split('.').nth(1).unwrap());
    let none = key.token_with(&json!({ "alg": "none" }), &claims());
    let mut other_owner = with("repository_owner", "evil");
    other_owner["repository"] = "evil/shop".into();
    for (token, status, reason) in [
        (key.token(&with("exp", NOW - 60)), 401, "it has expired"),
        (
            key.token(&with("nbf", NOW + 61)),
            401,
            "it is not valid yet",
        ),
        (
            key.token(&with("aud", "sts.example")),
            401,
            "its audience is not `octane-relay`",
        ),
        (
            key.token(&with("iss", "https://evil.example")),
            401,
            "it was not issued by `https://ci.example` or `https://gitlab.example`",
        ),
        (other.token(&claims()), 401, "its signature is wrong"),
        (changed, 401, "its signature is wrong"),
        (none, 401, "its algorithm is not RS256 or ES256"),
        (
            SigningKey::es256("k2").token(&claims()),
            401,
            "the issuer has no key with its ID",
        ),
        (key.token(&other_owner), 403, "no rule of the relay"),
        ("a.b.c".to_owned(), 401, "it is not a signed token"),
    ] {
        let answer = case.ask(&token).await;
        assert_eq!(answer.0, status, "{answer:?}");
        assert!(answer.1.contains(reason), "{answer:?}");
    }
    assert_eq!(case.ask(&good).await.0, 200);
    case.wait(360);
    assert_eq!(case.ask(&good).await.0, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_checked_with_the_keys_and_rules_of_the_issuer_that_it_names() {
    let case = Case::new().await;
    // Both have the same ID, as keys of different issuers may.
    let (key, other) = (SigningKey::es256("k1"), SigningKey::es256("k1"));
    case.issuer_has(&[&key]);
    let mut of_other = with("iss", "https://gitlab.example");
    of_other["aud"] = "relay".into();
    // While one issuer has no keys, tokens of the other one are still accepted.
    assert_eq!(case.ask(&other.token(&of_other)).await.0, 503);
    assert_eq!(case.ask(&key.token(&claims())).await.0, 200);
    case.other_issuer_has(&[&other]);
    case.wait(30);
    let project = async |token: String| {
        let (status, body) = case
            .send(&token, Method::GET, "/v1/status", Vec::new())
            .await;
        (status, body["project"].as_str().map(str::to_owned))
    };
    let accepted = |name: &str| (200, Some(name.to_owned()));
    assert_eq!(project(key.token(&claims())).await, accepted("shop"));
    assert_eq!(project(other.token(&of_other)).await, accepted("mirror"));
    for (token, status, reason) in [
        // Each issuer could say that it is the other one.
        (other.token(&claims()), 401, "its signature is wrong"),
        (key.token(&of_other), 401, "its signature is wrong"),
        (
            SigningKey::rs256("k2").token(&claims()),
            401,
            "the issuer has no key with its ID",
        ),
        // The audience and the rules of the other one do not count either.
        (
            key.token(&with("aud", "relay")),
            401,
            "its audience is not `octane-relay`",
        ),
        (
            other.token(&with("iss", "https://gitlab.example")),
            401,
            "its audience is not `relay`",
        ),
        (
            {
                let mut claims = of_other.clone();
                claims["repository"] = "acme/depot".into();
                other.token(&claims)
            },
            403,
            "no rule of the relay",
        ),
        (
            key.token(&with("iss", "https://ci.example/")),
            401,
            "it was not issued by `https://ci.example` or `https://gitlab.example`",
        ),
        (
            key.token(&with("iss", Value::Null)),
            401,
            "it was not issued by",
        ),
    ] {
        let answer = case.ask(&token).await;
        assert_eq!(answer.0, status, "{answer:?}");
        assert!(answer.1.contains(reason), "{answer:?}");
    }
}

#[test]
fn an_issuer_is_given_once() {
    let issuer = || OidcIssuer::new("i", "a", Vec::new(), FileKeys::new("keys.json"));
    let twice = Oidc::new(vec![issuer(), issuer()], octane_relay::system_clock());
    let error = twice.unwrap_err().to_string();
    assert_eq!(error, "the issuer `i` is given twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn new_keys_of_the_issuer_count_and_withdrawn_ones_do_not() {
    let case = Case::new().await;
    let (old, new) = (SigningKey::es256("old"), SigningKey::rs256("new"));
    let late = with("exp", NOW + 86_400);
    assert_eq!(case.ask(&old.token(&late)).await.0, 503);
    case.issuer_has(&[&old]);
    // Whatever is shown, there are 30 seconds between two looks.
    case.wait(29);
    assert_eq!(case.ask(&old.token(&late)).await.0, 503);
    case.wait(1);
    assert_eq!(case.ask(&old.token(&late)).await.0, 200);
    case.issuer_has(&[&old, &new]);
    assert_eq!(case.ask(&new.token(&late)).await.0, 401);
    case.wait(30);
    assert_eq!(case.ask(&new.token(&late)).await.0, 200);
    case.issuer_has(&[&new]);
    assert_eq!(case.ask(&old.token(&late)).await.0, 200);
    case.wait(3600);
    assert_eq!(case.ask(&old.token(&late)).await.0, 401);
    assert_eq!(case.ask(&new.token(&late)).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_issuer_only_tokens_of_the_relay_count() {
    let mut case = Case::new().await;
    let key = SigningKey::es256("k1");
    case.issuer_has(&[&key]);
    case.settings.oidc = None;
    assert_eq!(case.ask(&key.token(&claims())).await.0, 401);
}

#[tokio::test]
async fn keys_are_fetched_from_a_url_that_cannot_be_changed_on_the_way() {
    let mut settings = EndpointSettings::default();
    settings.proxy = Some("direct".into());
    let exposed = UrlKeys::new("http://ci.example/keys", &settings)
        .err()
        .unwrap();
    assert!(matches!(exposed, KeysError::Exposed { .. }));
    assert!(matches!(
        UrlKeys::new("ci example", &settings).err(),
        Some(KeysError::Url { .. })
    ));
    let key = SigningKey::es256("k1");
    let keys = json!({ "keys": [key.jwk()] }).to_string();
    let routes = axum::Router::new()
        .route(
            "/oauth/discovery/keys",
            axum::routing::get(async move || keys),
        )
        .route("/moved", axum::routing::get(async || StatusCode::FOUND))
        .route("/page", axum::routing::get(async || "<html>"));
    let server = octane_relay::Server::bind("127.0.0.1:0".parse().unwrap())
        .await
        .unwrap();
    let (address, stop) = (server.address(), octane_client::CancellationToken::new());
    let fetched = async |path: &str| {
        let keys = UrlKeys::new(&format!("http://{address}{path}"), &settings).unwrap();
        let issuer = OidcIssuer::new("i", "a", Vec::new(), keys);
        issuer.fetch_keys(Time::from_seconds(NOW)).await
    };
    let fetching = async {
        assert!(fetched("/oauth/discovery/keys").await.is_ok());
        assert!(matches!(
            fetched("/moved").await,
            Err(KeysError::Status { status: 302, .. })
        ));
        assert!(matches!(fetched("/page").await, Err(KeysError::Invalid(_))));
        stop.cancel();
    };
    tokio::join!(server.serve(routes, &stop), fetching);
}

#[tokio::test(flavor = "multi_thread")]
async fn both_doors_say_why_a_token_is_not_accepted() {
    let case = Case::new().await;
    let key = SigningKey::es256("k1");
    assert_eq!(case.ask(&key.token(&claims())).await.0, 503);
    let path = format!(
        "/api/shared_spaces/{}/workspaces/{}/test-results",
        Settings::default().space,
        Settings::default().workspace
    );
    let push = async |token: &str| {
        let (status, json) = case.send(token, Method::POST, &path, Vec::new()).await;
        (status, json["description"].as_str().unwrap().to_owned())
    };
    let (status, reason) = push(&key.token(&claims())).await;
    assert_eq!(status, 503);
    assert!(reason.contains("the keys of the OIDC issuer"), "{reason}");
    case.wait(30);
    case.issuer_has(&[&key]);
    for (token, status, reason) in [
        (key.token(&with("exp", NOW - 60)), 401, "it has expired"),
        (
            key.token(
                &with("repository_owner", "evil")
                    .as_object()
                    .map(|claims| {
                        let mut claims = claims.clone();
                        claims.insert("repository".to_owned(), "evil/shop".into());
                        claims.into()
                    })
                    .unwrap(),
            ),
            403,
            "no rule of the relay",
        ),
    ] {
        let answer = push(&token).await;
        assert_eq!(answer.0, status, "{answer:?}");
        assert!(answer.1.contains(reason), "{answer:?}");
    }
}
