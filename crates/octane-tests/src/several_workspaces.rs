//! One server with several workspaces. A sandbox has one, so each of them is a sandbox.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, header};
use http_body_util::BodyExt;
use octane_sandbox::{HttpServer, HttpServerLimits, ReceivedRequest, Sandbox, Settings};
use tower::ServiceExt;

/// A server on a free loopback port, with a sandbox for each workspace of one shared space. A request goes to the sandbox of the
/// workspace in its path; all others, such as sign-ins, are answered by the first one, whose sessions hold for all of them.
pub struct SeveralWorkspaces {
    server: HttpServer,
    shared: Arc<Shared>,
}

struct Shared {
    workspaces: Vec<OneWorkspace>,
    /// The cookies of the sandboxes, by the session of the first one.
    sessions: Mutex<HashMap<String, Vec<HeaderValue>>>,
}

struct OneWorkspace {
    path: String,
    sandbox: Sandbox,
    router: Router,
}

const SIGN_IN: &str = "/authentication/sign_in";
const SESSION: &str = "LWSSO_COOKIE_KEY=";

impl SeveralWorkspaces {
    /// Starts workspaces with these IDs, with the same settings.
    pub async fn start(ids: &[i64], settings: &Settings) -> Self {
        let workspaces = ids.iter().map(|id| {
            let settings = settings.clone().space(settings.space, (*id).into());
            let (space, workspace) = (settings.space, settings.workspace);
            let sandbox = Sandbox::open(settings).expect("the settings are valid");
            OneWorkspace {
                path: format!("/shared_spaces/{space}/workspaces/{workspace}/"),
                router: sandbox.app(),
                sandbox,
            }
        });
        let shared = Arc::new(Shared {
            workspaces: workspaces.collect(),
            sessions: Mutex::default(),
        });
        let limits = HttpServerLimits {
            body_bytes_max: 16 << 20,
            requests_max: 64,
        };
        let address = ([127, 0, 0, 1], 0).into();
        let answer = {
            let shared = Arc::clone(&shared);
            move |request| {
                let shared = Arc::clone(&shared);
                async move { shared.answer(request).await }
            }
        };
        let server = HttpServer::bind(address, limits, answer).await;
        Self {
            server: server.expect("a free port"),
            shared,
        }
    }

    /// The server's URL, without a trailing slash.
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// What a workspace has received, by its place among the IDs. The first one has also received what names no workspace.
    pub fn requests(&self, workspace: usize) -> Vec<ReceivedRequest> {
        self.shared.workspaces[workspace].sandbox.requests()
    }
}

impl Shared {
    async fn answer(&self, request: Request<Bytes>) -> Response<Bytes> {
        let path = request.uri().path();
        if path.ends_with(SIGN_IN) {
            return self.sign_in(request).await;
        }
        let mut workspaces = self.workspaces.iter();
        let named = workspaces.position(|workspace| path.contains(&workspace.path));
        let Some(place) = named.filter(|place| *place > 0) else {
            return self.sent(0, request).await;
        };
        let mut request = request;
        let cookies = self.cookies(request.headers(), place);
        request.headers_mut().remove(header::COOKIE);
        if let Some(cookies) = cookies {
            request.headers_mut().insert(header::COOKIE, cookies);
        }
        let mut response = self.sent(place, request).await;
        response.headers_mut().remove(header::SET_COOKIE);
        response
    }

    /// Signs in everywhere, with the answer of the first one.
    async fn sign_in(&self, request: Request<Bytes>) -> Response<Bytes> {
        let mut answers = Vec::new();
        for place in 0..self.workspaces.len() {
            answers.push(self.sent(place, request.clone()).await);
        }
        let cookies = answers.iter().map(|answer| set(answer.headers()));
        let cookies: Vec<HeaderValue> = cookies.collect();
        let first = answers.swap_remove(0);
        if let Some(session) = session(&set(first.headers())) {
            let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
            sessions.insert(session, cookies);
        }
        first
    }

    /// The cookies of a sandbox, by those that a request shows.
    fn cookies(&self, headers: &HeaderMap, place: usize) -> Option<HeaderValue> {
        let session = session(headers.get(header::COOKIE)?)?;
        let sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.get(&session)?.get(place).cloned()
    }

    async fn sent(&self, place: usize, request: Request<Bytes>) -> Response<Bytes> {
        let router = self.workspaces[place].router.clone();
        let answered: Result<_, Infallible> = router.oneshot(request.map(Body::from)).await;
        let (head, body) = match answered {
            Ok(response) => response.into_parts(),
            Err(never) => match never {},
        };
        let body = body
            .collect()
            .await
            .map(http_body_util::Collected::to_bytes);
        Response::from_parts(head, body.unwrap_or_default())
    }
}

/// The cookies that a response sets, as a request shows them.
fn set(headers: &HeaderMap) -> HeaderValue {
    let values = headers.get_all(header::SET_COOKIE).iter();
    let values = values.filter_map(|value| value.to_str().ok());
    let pairs: Vec<&str> = values.filter_map(|value| value.split(';').next()).collect();
    HeaderValue::try_from(pairs.join("; ")).expect("it was a header")
}

/// The session in cookies that a request shows.
fn session(cookies: &HeaderValue) -> Option<String> {
    let mut pairs = cookies.to_str().ok()?.split(';');
    let session = pairs.find_map(|pair| pair.trim().strip_prefix(SESSION))?;
    Some(session.to_owned())
}
