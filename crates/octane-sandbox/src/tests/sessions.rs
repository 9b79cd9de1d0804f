//! Roles, tokens and the settings of access.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::{Request, header};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Client, Response, WORKSPACE, response};
use crate::{
    AccessSettings, Clock, Role, Sandbox, SandboxApiKey, Settings, SignInWithCookies, User,
};

fn sandbox(change: impl FnOnce(&mut AccessSettings)) -> Sandbox {
    let mut settings = Settings::default().seed_data(false);
    change(&mut settings.access);
    Sandbox::open(settings).unwrap()
}

async fn sign_in(app: &Router, body: &Value, cookies: &str) -> Response {
    let request = Request::post("/authentication/sign_in")
        .header(header::COOKIE, cookies)
        .body(Body::from(body.to_string()))
        .unwrap();
    response(app, request).await
}

/// The status of an API request with one header.
async fn visit(app: &Router, name: &str, value: &str) -> u16 {
    let request = Request::get(format!("{WORKSPACE}/programs"))
        .header(name, value)
        .body(Body::empty())
        .unwrap();
    response(app, request).await.status.as_u16()
}

fn key() -> Value {
    json!({ "client_id": "sandbox", "client_secret": "sandbox-secret" })
}

fn person() -> Value {
    json!({ "user": "sandbox@octane.example", "password": "sandbox-password" })
}

#[tokio::test]
async fn people_can_sign_in_unless_only_api_keys_may() {
    for (keys_only, status) in [(false, 200), (true, 401)] {
        let app = sandbox(|access| access.api_keys_only = keys_only).app();
        assert_eq!(sign_in(&app, &person(), "").await.status, status);
        assert_eq!(sign_in(&app, &key(), "").await.status, 200);
        let as_user = json!({ "user": "sandbox", "password": "sandbox-secret" });
        assert_eq!(sign_in(&app, &as_user, "").await.status, 200);
    }
}

#[tokio::test]
async fn clients_of_old_versions_get_the_cookie_that_they_echo_and_need_not() {
    let app = sandbox(|_| {}).app();
    let cookies = sign_in(&app, &key(), "").await.cookies();
    let csrf = cookies
        .split("; ")
        .find_map(|cookie| cookie.strip_prefix("HPSSO_COOKIE_CSRF="));
    assert!(csrf.is_some_and(|value| !value.is_empty()), "{cookies}");
    assert_eq!(visit(&app, "cookie", &cookies).await, 200);
    let request = Request::post("/authentication/sign_out").header(header::COOKIE, &cookies);
    let signed_out = response(&app, request.body(Body::empty()).unwrap()).await;
    assert!(signed_out.cookies().contains("HPSSO_COOKIE_CSRF="));
}

#[tokio::test]
async fn a_sign_in_with_live_cookies_follows_the_setting() {
    for (setting, status) in [
        (SignInWithCookies::Accept, 200),
        (SignInWithCookies::NotModified, 304),
        (SignInWithCookies::Refuse, 401),
    ] {
        let sandbox = sandbox(|access| access.sign_in_with_cookies = setting);
        let (app, client) = (sandbox.app(), Client::of(&sandbox).await);
        let again = sign_in(&app, &key(), &client.cookies).await;
        assert_eq!(again.status, status);
        assert_eq!(again.cookies().is_empty(), status != 200);
        assert_eq!(client.get("programs").await.status, 200);
        // Cookies of an expired session do no harm.
        sandbox.expire_sessions(crate::Expiry::Idle);
        let again = sign_in(&app, &key(), &client.cookies).await;
        assert_eq!(again.status, 200);
        assert_eq!(
            sign_in(&app, &key(), "LWSSO_COOKIE_KEY= ").await.status,
            200
        );
    }
}

#[tokio::test]
async fn the_second_cookie_is_required_if_the_setting_says_so() {
    for (required, status) in [(false, 200), (true, 401)] {
        let app = sandbox(|access| access.user_cookie_required = required).app();
        let both = sign_in(&app, &person(), "").await.cookies();
        assert_eq!(visit(&app, "cookie", &both).await, 200);
        let (first, _) = both.split_once(';').unwrap();
        assert_eq!(visit(&app, "cookie", first).await, status);
        let wrong = format!("{first}; OCTANE_USER=other");
        assert_eq!(visit(&app, "cookie", &wrong).await, status);
    }
    let app = sandbox(|_| {}).app();
    assert_eq!(visit(&app, "cookie", "LWSSO_COOKIE_KEY= ").await, 401);
}

#[tokio::test]
async fn basic_and_bearer_are_off_unless_a_setting_says_otherwise() {
    // `sandbox:sandbox-secret`, `sandbox:wrong`
    let right = "Basic c2FuZGJveDpzYW5kYm94LXNlY3JldA==";
    let wrong = "Basic c2FuZGJveDp3cm9uZw==";
    for (allowed, status) in [(false, 401), (true, 200)] {
        let sandbox = sandbox(|access| (access.basic, access.bearer) = (allowed, allowed));
        let app = sandbox.app();
        assert_eq!(visit(&app, "authorization", right).await, status);
        assert_eq!(visit(&app, "authorization", wrong).await, 401);
        let cookies = sign_in(&app, &key(), "").await.cookies();
        let token = cookies.split(['=', ';']).nth(1).unwrap();
        let bearer = format!("Bearer {token}");
        assert_eq!(visit(&app, "authorization", &bearer).await, status);
        assert_eq!(visit(&app, "authorization", "Bearer x").await, 401);
    }
}

/// A sandbox with one key of each role, and clients in the order of the roles.
async fn roles(hides: bool) -> [Client; 3] {
    let sandbox = sandbox(|access| {
        access.hides_forbidden = hides;
        access.api_keys = vec![
            SandboxApiKey::new("viewer", "1").role(Role::Viewer),
            SandboxApiKey::new("member", "2").role(Role::TeamMember),
            SandboxApiKey::new("admin", "3"),
        ];
        access.users = vec![User::new("boss", "4")];
    });
    let app = sandbox.app();
    let mut clients = Vec::new();
    for (id, secret) in [("viewer", "1"), ("member", "2"), ("admin", "3")] {
        let body = json!({ "client_id": id, "client_secret": secret });
        let cookies = sign_in(&app, &body, "").await.cookies();
        let app = app.clone();
        clients.push(Client { app, cookies });
    }
    clients.try_into().ok().unwrap()
}

#[tokio::test]
async fn roles_limit_permissions() {
    for (hides, refused) in [(false, 403), (true, 404)] {
        let [viewer, member, admin] = roles(hides).await;
        let body = json!({ "data": [{ "name": "P" }] });
        let mut statuses = Vec::new();
        for client in [&viewer, &member, &admin] {
            let read = client.get("programs").await.status.as_u16();
            let written = client.post("programs", &body).await.status.as_u16();
            let pushed = client.submit("<test_result/>", "").await.status.as_u16();
            let users = Request::get("/api/shared_spaces/1001/users");
            let users = client.send(users, Body::empty()).await.status.as_u16();
            statuses.push([read, written, pushed, users]);
        }
        // The payload is invalid, which is only reported to those who may send one.
        assert_eq!(
            statuses,
            [
                [200, refused, refused, refused],
                [200, 201, 400, refused],
                [200, 201, 400, 200]
            ]
        );
        let refusal = viewer.post("programs", &body).await.refusal();
        let code = ["platform.not_authorized", "platform.web_application"];
        assert_eq!(refusal, (refused, code[usize::from(hides)].to_owned()));
    }
}

#[tokio::test]
async fn the_signed_in_user_is_the_current_user() {
    let [viewer, member, _] = roles(false).await;
    for (client, name) in [(&viewer, "viewer"), (&member, "member")] {
        let users = client
            .names("workspace_users", "name", "id EQ [current_user]")
            .await;
        assert_eq!(users, [name]);
    }
}

/// Signs in through a browser; returns what the program receives before and after.
async fn interactive(app: &Router) -> (Response, Response) {
    let request = Request::get("/authentication/grant_tool_token")
        .header(header::HOST, "127.0.0.1:9000")
        .body(Body::empty())
        .unwrap();
    let asked = response(app, request).await.ok();
    let url = asked["authentication_url"].as_str().unwrap();
    let path = url.strip_prefix("http://127.0.0.1:9000").unwrap();
    let poll = || {
        let body = json!({ "identifier": asked["identifier"] }).to_string();
        let request = Request::post("/authentication/grant_tool_token");
        response(app, request.body(Body::from(body)).unwrap())
    };
    let before = poll().await;
    for (method, text) in [
        ("GET", "Allow"),
        ("POST", "Access granted"),
        ("POST", "no pending sign-in"),
    ] {
        let request = Request::builder().method(method).uri(path);
        let page = response(app, request.body(Body::empty()).unwrap()).await;
        assert!(page.text().contains(text), "{}", page.text());
    }
    (before, poll().await)
}

#[tokio::test]
async fn a_person_grants_a_program_access_with_a_button() {
    let app = sandbox(|_| {}).app();
    let (before, after) = interactive(&app).await;
    assert_eq!(before.status, 401);
    let token = after.ok();
    let name = token["cookie_name"].as_str().unwrap();
    let cookie = format!("{name}={}", token["access_token"].as_str().unwrap());
    assert_eq!(visit(&app, "cookie", &cookie).await, 200);
    let unknown = Request::post("/authentication/grant_tool_token")
        .body(Body::from(r#"{"identifier":"x"}"#))
        .unwrap();
    assert_eq!(response(&app, unknown).await.status, 404);
}

#[tokio::test]
async fn a_page_of_another_site_cannot_press_the_button() {
    let app = sandbox(|_| {}).app();
    let request = Request::post("/authentication/grant_tool_token/page?identifier=x")
        .header("sec-fetch-site", "cross-site")
        .body(Body::empty())
        .unwrap();
    assert_eq!(response(&app, request).await.status, 403);
}

#[tokio::test]
async fn a_key_exchanges_a_token_for_one_of_ours() {
    let app = sandbox(|access| access.bearer = true).app();
    let exchange = async |authorization: &str, body: &str| {
        let request = Request::post("/osp/a/au/auth/oauth2/token")
            .header(header::AUTHORIZATION, authorization)
            .body(Body::from(body.to_owned()))
            .unwrap();
        response(&app, request).await
    };
    let basic = "Basic c2FuZGJveDpzYW5kYm94LXNlY3JldA==";
    let form = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange\
                &subject_token_type=urn:ietf:params:oauth:token-type:access_token";
    let given = exchange(basic, &format!("{form}&subject_token=abc"))
        .await
        .ok();
    let token = given["access_token"].as_str().unwrap();
    assert_eq!(
        visit(&app, "cookie", &format!("access_token={token}")).await,
        200
    );
    assert_eq!(
        visit(&app, "authorization", &format!("Bearer {token}")).await,
        200
    );
    for (authorization, body, status, error) in [
        (
            basic,
            format!("{form}&subject_token="),
            400,
            "invalid_request",
        ),
        (basic, form.to_owned(), 400, "invalid_request"),
        (basic, String::new(), 400, "unsupported_grant_type"),
        (
            "Basic x",
            format!("{form}&subject_token=abc"),
            401,
            "invalid_client",
        ),
    ] {
        let refused = exchange(authorization, &body).await;
        assert_eq!(refused.status, status);
        assert_eq!(refused.json()["error"], error);
    }
}

#[tokio::test]
async fn a_rejected_request_renews_the_session_too() {
    let clock = Clock::paused(Timestamp::UNIX_EPOCH);
    let settings = Settings::default().seed_data(false);
    let sandbox = Sandbox::open_at(settings, clock.clone()).unwrap();
    let client = Client::of(&sandbox).await;
    clock.advance(Duration::from_secs(60));
    let response = client.get("programs/999999").await;
    assert_eq!(response.status, 404);
    assert!(response.cookies().contains("LWSSO_COOKIE_KEY="));
    assert!(response.cookies().contains("OCTANE_USER=sandbox"));
}

#[tokio::test]
async fn an_old_client_signs_out_with_get() {
    let sandbox = sandbox(|_| {});
    let client = Client::of(&sandbox).await;
    let out = Request::get("/authentication/sign_out");
    let out = client.send(out, Body::empty()).await;
    assert_eq!((out.status.as_u16(), out.text()), (200, String::new()));
    assert_eq!(client.get("programs").await.refusal().0, 401);
}

#[tokio::test]
async fn an_empty_cookie_does_not_hide_other_credentials() {
    let app = sandbox(|access| access.bearer = true).app();
    let cookies = sign_in(&app, &key(), "").await.cookies();
    let token = cookies.split(['=', ';']).nth(1).unwrap();
    for cookies in [
        format!("LWSSO_COOKIE_KEY=; access_token={token}"),
        format!("{cookies}; LWSSO_COOKIE_KEY="),
    ] {
        assert_eq!(visit(&app, "cookie", &cookies).await, 200, "{cookies}");
    }
    let request = Request::get(format!("{WORKSPACE}/programs"))
        .header("cookie", "LWSSO_COOKIE_KEY=; access_token=\"\"")
        .header("authorization", format!("Bearer {token}"));
    let visited = response(&app, request.body(Body::empty()).unwrap()).await;
    assert_eq!(visited.status, 200);
}
