//! Sends recorded requests to another server, one after the other.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::{HeaderMap, HeaderValue, Method, Request, Response, header};
use octane_model::Address;
use octane_rest::{ACCESS_TOKEN_COOKIE, Transport, TransportError};
use serde_json::Value;
use tokio::time::Instant;

use super::answer::{Answer, AnswerBody};
use super::compare::{Difference, differences};
use super::ids::Ids;
use super::reason::{Reason, is_about_another_entity};
use super::sign_in::{Access, OwnCredentials, OwnSession, is_masked};
use super::substitute::{Spaces, Substitution};
use crate::recording::exchange::{Exchange, RecordedBody};
use crate::recording::recorder::{header_map, is_gzip};
use crate::recording::request_path::RequestPath;

/// How long a task may take that had ended when it was recorded.
const TASK_TIME_MAX: Duration = Duration::from_secs(60);
/// The pause between looks at such a task.
const TASK_PAUSE: Duration = Duration::from_millis(50);

/// The paths of a server begin with one of these, after the context path of a reverse proxy.
const ROOTS: [&str; 6] = [
    "/api/",
    "/internal-api/",
    "/authentication/",
    "/admin/",
    "/osp/",
    "/ui/",
];

/// A recording that is being played.
pub(crate) struct Player {
    network: Arc<dyn Transport>,
    /// The server's base URL, without a slash at the end.
    base: String,
    credentials: OwnCredentials,
    spaces: Spaces,
    session: OwnSession,
    ids: Ids,
}

/// What became of a recorded exchange.
#[derive(Debug)]
pub(crate) enum Played {
    Compared(Vec<Difference>),
    NotCompared(Reason),
}

/// Why a recording cannot be played to its end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PlayError {
    #[error("cannot reach {server}")]
    Unreachable {
        server: String,
        source: TransportError,
    },
    #[error("{server} rejects the sign-in with {status}")]
    SignIn { server: String, status: u16 },
    #[error("no credentials for {server}")]
    NoCredentials { server: String },
}

impl Player {
    /// Plays against this server. `spaces` are the IDs in the recording, and those to use.
    pub(crate) fn new(
        server: &Address,
        network: Arc<dyn Transport>,
        credentials: OwnCredentials,
        spaces: Spaces,
    ) -> Self {
        let session = match &credentials.token {
            Some(token) => OwnSession::of_token(token),
            None => OwnSession::default(),
        };
        Self {
            network,
            base: server.base().as_str().trim_end_matches('/').to_owned(),
            credentials,
            spaces,
            session,
            ids: Ids::default(),
        }
    }

    /// Sends a recorded request, and compares the answer with the recorded one.
    pub(crate) async fn play(&mut self, exchange: &Exchange) -> Result<Played, PlayError> {
        let (request, response) = (&exchange.request, &exchange.response);
        let access = Access::of(&request.path, &request.headers, response.status);
        if access == Access::Interactive {
            return Ok(Played::NotCompared(Reason::Interactive));
        }
        if access.needs_session() && self.session.token().is_none() {
            self.sign_in().await?;
        }
        let mut substitution = Substitution::new(&self.ids);
        let path = substitution.path(without_context(&request.path), &self.spaces);
        let body = body_of(request.body.as_ref(), "request");
        let body = substitution.body(&request.path, body);
        let has_unknown = substitution.has_unknown;
        let headers = self.headers(exchange, access);
        let body = match access {
            Access::SignIn => self.sign_in_body(serde_json::from_slice(&body).ok().as_ref())?,
            _ => body,
        };
        let body = match headers.get(header::CONTENT_ENCODING) {
            Some(coding) if coding.to_str().is_ok_and(is_gzip) => packed(&body),
            _ => body,
        };
        let mut onward = Request::new(Bytes::from(body));
        *onward.method_mut() = request.method.parse().unwrap_or(Method::GET);
        *onward.headers_mut() = headers;

        let recorded_body = body_of(response.body.as_ref(), "response");
        let content_type = response.headers.get("content-type");
        let mut recorded = Answer::new(response.status, content_type, &recorded_body);
        let mut answered = self.send(&path, &onward).await?;
        let mut replayed = answer(&answered);
        if is_task(&request.method, &request.path) {
            let deadline = Instant::now() + TASK_TIME_MAX;
            while is_ended(&recorded) && !is_ended(&replayed) && Instant::now() < deadline {
                tokio::time::sleep(TASK_PAUSE).await;
                answered = self.send(&path, &onward).await?;
                replayed = answer(&answered);
            }
            if !is_ended(&recorded) && is_ended(&replayed) {
                return Ok(Played::NotCompared(Reason::TaskInProgress));
            }
        }
        self.learn(exchange, access, &recorded, &replayed, answered.headers());
        if has_unknown && is_about_another_entity(&recorded, &replayed) {
            return Ok(Played::NotCompared(Reason::UnknownEntities));
        }
        if recorded.status == 304 && replayed.status != 304 && self.has_unknown_version(exchange) {
            return Ok(Played::NotCompared(Reason::UnknownVersion));
        }
        if response.status == 401 && replayed.status == 401 {
            // A session that had expired is another error than one that is not known.
            recorded.body = AnswerBody::Empty;
            replayed.body = AnswerBody::Empty;
        }
        Ok(Played::Compared(differences(&recorded, &replayed)))
    }

    /// Whether a request asks for what has another tag than one that is known only to the recorded server.
    fn has_unknown_version(&self, exchange: &Exchange) -> bool {
        let headers = header_map(&exchange.request.headers);
        let tag = headers.get(header::IF_NONE_MATCH);
        let tag = tag.and_then(|tag| tag.to_str().ok());
        tag.is_some_and(|tag| self.ids.tag(tag).is_none())
    }

    fn learn(
        &mut self,
        exchange: &Exchange,
        access: Access,
        recorded: &Answer,
        replayed: &Answer,
        headers: &HeaderMap,
    ) {
        let request = &exchange.request;
        let path = RequestPath::of(&request.path);
        let is_creating = request.method == "POST";
        self.ids
            .learn(path.collection(), is_creating, recorded, replayed);
        let tag = headers.get(header::ETAG).and_then(|tag| tag.to_str().ok());
        if let (Some(recorded), Some(replayed)) = (exchange.response.headers.get("etag"), tag) {
            self.ids.learn_tag(recorded, replayed);
        }
        if access == Access::SignOut && replayed.is_success() {
            self.session.end();
        } else if request.path.contains("/oauth2/token") {
            self.session.adopt_token(replayed.json());
        }
    }

    /// The recorded headers with own credentials, and without those of the connection and of a page in a browser.
    fn headers(&self, exchange: &Exchange, access: Access) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in &header_map(&exchange.request.headers) {
            let text = value.to_str().unwrap_or_default();
            let is_own = [
                "host",
                "connection",
                "keep-alive",
                "transfer-encoding",
                "content-length",
                "expect",
                "accept-encoding",
                "origin",
                "referer",
            ]
            .contains(&name.as_str())
                || name.as_str().starts_with("sec-");
            let is_credential = [header::COOKIE, header::AUTHORIZATION].contains(name);
            let is_kept = match access {
                // Without credentials, or with those that cannot be right.
                Access::AsRecorded => is_credential || !is_masked(text),
                _ => !is_credential && !is_masked(text),
            };
            if is_own || !is_kept {
                continue;
            }
            let known = [header::IF_MATCH, header::IF_NONE_MATCH]
                .contains(name)
                .then(|| self.ids.tag(text))
                .flatten();
            let known = known.and_then(|tag| HeaderValue::try_from(tag).ok());
            headers.append(name.clone(), known.unwrap_or_else(|| value.clone()));
        }
        let token = self.session.token().unwrap_or_default();
        let (name, value) = match access {
            Access::Session | Access::SignOut => (header::COOKIE, self.session.cookies()),
            Access::TokenCookie => (header::COOKIE, format!("{ACCESS_TOKEN_COOKIE}={token}")),
            Access::Bearer => (header::AUTHORIZATION, format!("Bearer {token}")),
            Access::Basic => {
                let pair = self
                    .credentials
                    .basic()
                    .map(|(name, secret)| format!("{name}:{}", secret.expose()));
                let pair = STANDARD.encode(pair.unwrap_or_default());
                (header::AUTHORIZATION, format!("Basic {pair}"))
            }
            Access::AsRecorded | Access::SignIn | Access::Interactive => return headers,
        };
        if let Ok(mut value) = HeaderValue::try_from(value) {
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        headers
    }

    /// Opens a session that the recording does not open, or not any more.
    async fn sign_in(&mut self) -> Result<(), PlayError> {
        let body = self.sign_in_body(None)?;
        let mut request = Request::new(Bytes::from(body));
        *request.method_mut() = Method::POST;
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().insert(header::CONTENT_TYPE, json);
        let response = self.send("/authentication/sign_in", &request).await?;
        if self.session.token().is_none() {
            return Err(PlayError::SignIn {
                server: self.base.clone(),
                status: response.status().as_u16(),
            });
        }
        Ok(())
    }

    fn sign_in_body(&self, recorded: Option<&Value>) -> Result<Vec<u8>, PlayError> {
        let body = self.credentials.sign_in_body(recorded);
        let body = body.ok_or_else(|| PlayError::NoCredentials {
            server: self.base.clone(),
        })?;
        Ok(body.to_string().into())
    }

    async fn send(
        &mut self,
        path: &str,
        request: &Request<Bytes>,
    ) -> Result<Response<Bytes>, PlayError> {
        let mut onward = request.clone();
        // It was valid when it was recorded, and what is put into it is escaped.
        *onward.uri_mut() = format!("{}{path}", self.base).parse().unwrap_or_default();
        let response = self.network.send(onward).await;
        let response = response.map_err(|source| PlayError::Unreachable {
            server: self.base.clone(),
            source,
        })?;
        self.session.update_from(response.headers());
        Ok(response)
    }
}

fn answer(response: &Response<Bytes>) -> Answer {
    let content_type = response.headers().get(header::CONTENT_TYPE);
    let content_type = content_type.and_then(|value| value.to_str().ok());
    Answer::new(response.status().as_u16(), content_type, response.body())
}

/// The bytes of a body, which was checked when its file was read.
fn body_of(body: Option<&RecordedBody>, member: &'static str) -> Vec<u8> {
    let bytes = body.and_then(|body| body.bytes(member).ok());
    bytes.unwrap_or_default()
}

fn packed(body: &[u8]) -> Vec<u8> {
    let mut packing = GzEncoder::new(Vec::new(), Compression::fast());
    // Writing into memory does not fail.
    let _ = packing.write_all(body);
    packing.finish().unwrap_or_default()
}

/// The path without the context path of a reverse proxy.
fn without_context(path: &str) -> &str {
    let end = path.find('?').unwrap_or(path.len());
    let starts = ROOTS.iter().filter_map(|root| path[..end].find(root));
    &path[starts.min().unwrap_or(0)..]
}

/// Whether a request asks for the task of a payload.
fn is_task(method: &str, path: &str) -> bool {
    let path = RequestPath::of(path);
    method == "GET" && path.collection() == "test-results" && path.id().is_some()
}

/// Whether a task has ended; also if the answer is no task.
fn is_ended(answer: &Answer) -> bool {
    let status = answer.json().and_then(|task| task.get("status")?.as_str());
    !status.is_some_and(|status| {
        ["queued", "running"]
            .iter()
            .any(|word| status.eq_ignore_ascii_case(word))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn context_paths_are_removed() {
        for (path, expected) in [
            ("/octane/api/shared_spaces", "/api/shared_spaces"),
            (
                "/api/shared_spaces/1/admin/x",
                "/api/shared_spaces/1/admin/x",
            ),
            ("/a/b", "/a/b"),
            ("/x?y=/api/", "/x?y=/api/"),
        ] {
            assert_eq!(without_context(path), expected);
        }
    }

    #[test]
    fn a_task_is_in_progress_until_it_has_another_status() {
        for (status, expected) in [("queued", false), ("RUNNING", false), ("success", true)] {
            let body = format!("{{\"status\":\"{status}\"}}");
            assert_eq!(is_ended(&Answer::new(200, None, body.as_bytes())), expected);
        }
        assert!(is_ended(&Answer::new(404, None, b"")));
        let tasks = "/api/shared_spaces/1/workspaces/2/test-results";
        assert!(is_task("GET", &format!("{tasks}/5")));
        assert!(!is_task("GET", &format!("{tasks}/5/log")) && !is_task("POST", tasks));
    }
}
