//! Requests to the sandbox.

use std::cell::RefCell;

use axum::Router;
use axum::body::Body;
use http::{HeaderName, HeaderValue, Method, Request, Uri, header};
use http_body_util::BodyExt;
use octane_sandbox::{Sandbox, Settings};
use tokio::runtime::Runtime;
use tower::ServiceExt;

/// After so many requests a new sandbox takes over, lest the data grow without end.
const REQUESTS_MAX: usize = 500;

/// What a target without a slash at its beginning is appended to.
const WORKSPACE: &str = "/api/shared_spaces/1001/workspaces/1002/";

thread_local! {
    static VISIT: RefCell<Option<Visit>> = const { RefCell::new(None) };
}

struct Visit {
    runtime: Runtime,
    app: Router,
    cookie: HeaderValue,
    requests: usize,
}

/// The sandbox answers, without breaking, and explains a refusal in JSON.
///
/// The bytes are a request as one would write it down: the line `METHOD target`, lines of headers, an empty
/// line, the body. The request comes with a session.
///
/// # Panics
///
/// Where that does not hold.
pub fn request(bytes: &[u8]) {
    let Some((mut request, is_api)) = read(bytes) else {
        return;
    };
    VISIT.with_borrow_mut(|slot| {
        let mut visit = match slot.take() {
            Some(visit) if visit.requests < REQUESTS_MAX => visit,
            _ => Visit::new(),
        };
        visit.requests += 1;
        request
            .headers_mut()
            .append(header::COOKIE, visit.cookie.clone());
        let app = visit.app.clone();
        let (status, body) = visit.runtime.block_on(async move {
            let Ok(response) = app.oneshot(request).await;
            let (parts, body) = response.into_parts();
            let body = body.collect().await.expect("a body ends");
            (parts.status, body.to_bytes())
        });
        let shown = String::from_utf8_lossy(&body);
        assert_ne!(status, 500, "{shown}");
        if is_api && status.is_client_error() {
            let json: Result<serde_json::Value, _> = serde_json::from_slice(&body);
            assert!(json.is_ok_and(|json| json.is_object()), "{status} {shown}");
        }
        *slot = Some(visit);
    });
}

impl Visit {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime starts");
        let mut settings = Settings::default().body_limits(1 << 20, 1 << 22);
        settings.results.accept_evidence = true;
        let app = Sandbox::open(settings)
            .expect("the default settings are in order")
            .app();
        let body = r#"{"client_id":"sandbox","client_secret":"sandbox-secret"}"#;
        let sign_in = Request::post("/authentication/sign_in")
            .body(Body::from(body))
            .expect("the request is well-formed");
        let Ok(response) = runtime.block_on(app.clone().oneshot(sign_in));
        let cookie = response.headers()[header::SET_COOKIE].clone();
        Self {
            runtime,
            app,
            cookie,
            requests: 0,
        }
    }
}

/// The request, and whether its answer must be JSON; `None` where the bytes are not a request at all.
fn read(bytes: &[u8]) -> Option<(Request<Body>, bool)> {
    let (head, body) = match bytes.windows(2).position(|pair| pair == b"\n\n") {
        Some(end) => (&bytes[..end], &bytes[end + 2..]),
        None => (bytes, &b""[..]),
    };
    let mut lines = std::str::from_utf8(head).ok()?.lines();
    let (method, target) = lines.next()?.split_once(' ')?;
    // Faults are made to break answers, and `HEAD` has none.
    if target.starts_with("/_sandbox/faults") || method == "HEAD" {
        return None;
    }
    let target = if target.starts_with('/') {
        target.to_owned()
    } else {
        format!("{WORKSPACE}{target}")
    };
    let uri: Uri = target.parse().ok()?;
    let is_api = uri.path().starts_with("/api/");
    let mut request = Request::new(Body::from(body.to_vec()));
    *request.method_mut() = method.parse::<Method>().ok()?;
    *request.uri_mut() = uri;
    for line in lines {
        let (name, value) = line.split_once(':')?;
        let name: HeaderName = name.parse().ok()?;
        let value: HeaderValue = value.trim().parse().ok()?;
        request.headers_mut().append(name, value);
    }
    Some((request, is_api))
}
