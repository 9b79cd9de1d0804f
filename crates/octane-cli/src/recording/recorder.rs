//! A proxy between a client and a server that writes down what they say.

use std::io::Read as _;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use http::request::Parts;
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri, header};
use jiff::Timestamp;
use octane_model::{Address, Problem};
use octane_rest::{Redactor, Transport, TransportError};
use octane_sandbox::{HttpServer, HttpServerLimits, SandboxError, UnreadBody};
use tokio::sync::Notify;

use super::exchange::{Exchange, Headers, RecordedBody, RecordedRequest, RecordedResponse, SCHEMA};
use super::folder::{EXCHANGES_MAX, Folder, FolderError};
use super::headers::{Sides, to_client, to_server};
use super::mask::{Draft, Masker};
use crate::output::print_note;

/// The longest body, in bytes, packed and unpacked.
pub(crate) const BODY_BYTES_MAX: u32 = 32 << 20;
/// How many requests are passed on at once; others wait unread. With the limit above, this bounds memory.
const REQUESTS_MAX: usize = 16;

/// A proxy that is listening.
pub(crate) struct Recorder {
    server: HttpServer,
    state: Arc<State>,
}

struct State {
    network: Arc<dyn Transport>,
    /// The server's origin, without a slash at the end.
    origin: String,
    folder: Folder,
    masker: Masker,
    arrived: AtomicU32,
    written: AtomicUsize,
    /// Why nothing can be written any more.
    failure: Mutex<Option<FolderError>>,
    failed: Notify,
}

/// A request with what was sent to the server, as they are recorded.
struct Sent {
    number: u32,
    time: Timestamp,
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Bytes,
}

impl Recorder {
    /// Listens on an address, and passes on what arrives to the server.
    pub(crate) async fn bind(
        address: SocketAddr,
        server: &Address,
        network: Arc<dyn Transport>,
        folder: Folder,
        redactor: Redactor,
    ) -> Result<Self, SandboxError> {
        let state = Arc::new(State {
            network,
            origin: server.base().origin().ascii_serialization(),
            folder,
            masker: Masker(redactor),
            arrived: AtomicU32::new(0),
            written: AtomicUsize::new(0),
            failure: Mutex::default(),
            failed: Notify::new(),
        });
        let limits = HttpServerLimits {
            body_bytes_max: BODY_BYTES_MAX as usize,
            requests_max: REQUESTS_MAX,
        };
        let answering = Arc::clone(&state);
        let answer = move |request| {
            let state = Arc::clone(&answering);
            async move {
                // The server has the request even if the client goes away, so it is recorded nevertheless.
                let exchange = tokio::spawn(async move { state.exchange(request).await });
                exchange.await.unwrap_or_else(|_| {
                    let problem = "an internal error of the recorder";
                    refusal(StatusCode::INTERNAL_SERVER_ERROR, problem)
                })
            }
        };
        let refusing = Arc::clone(&state);
        let unread = move |head: &Parts, body: UnreadBody| {
            refusing.warn(&head.method, head.uri.path(), &body.reason);
            refusal(body.status, &format!("the recorder: {}", body.reason))
        };
        let server = HttpServer::bind_with_unread(address, limits, answer, unread).await?;
        Ok(Self { server, state })
    }

    pub(crate) fn url(&self) -> String {
        self.server.url()
    }

    pub(crate) fn folder(&self) -> &Path {
        self.state.folder.path()
    }

    /// Waits until an exchange cannot be written.
    pub(crate) async fn failed(&self) {
        self.state.failed.notified().await;
    }

    /// Finishes the requests in flight. Returns how many exchanges were written.
    pub(crate) async fn shutdown(self) -> Result<usize, FolderError> {
        self.server.shutdown().await;
        let mut failure = self.state.failure();
        match failure.take() {
            Some(error) => Err(error),
            None => Ok(self.state.written.load(Ordering::Relaxed)),
        }
    }
}

impl State {
    fn failure(&self) -> std::sync::MutexGuard<'_, Option<FolderError>> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Passes on a request, and records it with its response.
    async fn exchange(self: Arc<Self>, request: Request<Bytes>) -> Response<Bytes> {
        let start = Instant::now();
        let (head, body) = request.into_parts();
        let path = head.uri.path_and_query();
        let sent = Sent {
            number: self.arrived.fetch_add(1, Ordering::Relaxed) + 1,
            time: Timestamp::now(),
            method: head.method,
            path: path.map_or("/", |path| path.as_str()).to_owned(),
            headers: head.headers,
            body,
        };
        let host = sent.headers.get(header::HOST);
        let host = host.and_then(|host| host.to_str().ok());
        let recorder = format!("http://{}", host.unwrap_or_default());
        let sides = Sides {
            recorder: &recorder,
            server: &self.origin,
        };
        let Ok(uri) = format!("{}{}", self.origin, sent.path).parse::<Uri>() else {
            let problem = "the URL is not valid";
            self.warn(&sent.method, &sent.path, problem);
            return refusal(StatusCode::BAD_REQUEST, problem);
        };
        let mut onward = Request::new(sent.body.clone());
        *onward.method_mut() = sent.method.clone();
        *onward.uri_mut() = uri;
        *onward.headers_mut() = to_server(&sent.headers, sides);
        let response = match self.network.send(onward).await {
            Ok(response) => response,
            Err(error) => return self.not_recorded(&sent, &error),
        };
        let (parts, body) = response.into_parts();
        let is_head = sent.method == Method::HEAD;
        let mut answer = Response::new(body.clone());
        *answer.status_mut() = parts.status;
        *answer.headers_mut() = to_client(&parts.headers, is_head, sides);
        let duration_ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
        let writing = move || self.write(&sent, parts.status, &parts.headers, &body, duration_ms);
        match tokio::task::spawn_blocking(writing).await {
            Ok(()) => answer,
            Err(_) => refusal(
                StatusCode::INTERNAL_SERVER_ERROR,
                "an internal error of the recorder",
            ),
        }
    }

    /// What the client gets instead of a response that did not arrive.
    fn not_recorded(&self, sent: &Sent, error: &TransportError) -> Response<Bytes> {
        let origin = &self.origin;
        let problem = format!("cannot reach {origin}: {error}");
        self.warn(&sent.method, &sent.path, &problem);
        let status = if error.kind().is_timeout() {
            StatusCode::GATEWAY_TIMEOUT
        } else {
            StatusCode::BAD_GATEWAY
        };
        let problem = format!("the recorder {problem}");
        refusal(status, &self.masker.0.redact(&problem))
    }

    /// Says that a request is not recorded.
    fn warn(&self, method: &Method, path: &str, problem: &str) {
        let path = path.split('?').next().unwrap_or_default();
        let path = self.masker.path(path);
        print_note(&format!(
            "warning: not recorded: {method} {path}: {problem}"
        ));
    }

    /// Writes an exchange, unless an earlier one could not be written.
    fn write(
        &self,
        sent: &Sent,
        status: StatusCode,
        headers: &HeaderMap,
        body: &Bytes,
        duration_ms: u64,
    ) {
        if sent.number > EXCHANGES_MAX {
            return;
        }
        // One at a time: making text of a body takes memory.
        let mut failure = self.failure();
        if failure.is_some() {
            return;
        }
        let exchange = self.recorded(sent, status, headers, body, duration_ms);
        match self.folder.write(&exchange) {
            Ok(()) => {
                self.written.fetch_add(1, Ordering::Relaxed);
                if sent.number == EXCHANGES_MAX {
                    print_note(&format!(
                        "warning: {EXCHANGES_MAX} exchanges are recorded; further ones are passed on, but not recorded"
                    ));
                }
            }
            Err(error) => {
                *failure = Some(error);
                self.failed.notify_one();
            }
        }
    }

    /// The exchange without secrets. First all secrets are learned, then whatever repeats them is masked.
    fn recorded(
        &self,
        sent: &Sent,
        status: StatusCode,
        headers: &HeaderMap,
        body: &Bytes,
        duration_ms: u64,
    ) -> Exchange {
        let masker = &self.masker;
        masker.learn_headers(&sent.headers);
        masker.learn_headers(headers);
        let request = self.draft(&sent.path, &sent.headers, &sent.body);
        let response = self.draft(&sent.path, headers, body);
        Exchange {
            schema: SCHEMA.to_owned(),
            number: sent.number,
            time: sent.time,
            duration_ms,
            request: RecordedRequest {
                method: sent.method.to_string(),
                path: masker.path(&sent.path),
                headers: masker.headers(&sent.headers),
                body: self.finished(request),
            },
            response: RecordedResponse {
                status: status.as_u16(),
                headers: masker.headers(headers),
                body: self.finished(response),
            },
        }
    }

    fn draft(&self, path: &str, headers: &HeaderMap, body: &Bytes) -> Option<Draft> {
        if body.is_empty() {
            return None;
        }
        let unpacked = is_packed(headers).then(|| unpack(body)).flatten();
        let bytes = unpacked.as_deref().unwrap_or(body);
        let media_type = headers.get(header::CONTENT_TYPE);
        let media_type = media_type.and_then(|value| value.to_str().ok());
        Some(
            self.masker
                .body(path, media_type.unwrap_or_default(), bytes),
        )
    }

    fn finished(&self, draft: Option<Draft>) -> Option<RecordedBody> {
        self.masker.finished(draft?)
    }
}

/// Whether a body is packed with gzip. Octane's help calls that `application/gzip`.
fn is_packed(headers: &HeaderMap) -> bool {
    let coding = headers.get(header::CONTENT_ENCODING);
    let coding = coding.and_then(|value| value.to_str().ok());
    coding.is_some_and(is_gzip)
}

/// Whether a `Content-Encoding` means gzip.
pub(crate) fn is_gzip(coding: &str) -> bool {
    ["gzip", "x-gzip", "application/gzip"]
        .iter()
        .any(|name| coding.trim().eq_ignore_ascii_case(name))
}

/// The body without gzip, unless it is not valid or too long.
fn unpack(body: &[u8]) -> Option<Vec<u8>> {
    let mut unpacked = Vec::new();
    let bytes_max = u64::from(BODY_BYTES_MAX);
    let mut unpacking = MultiGzDecoder::new(body).take(bytes_max + 1);
    unpacking.read_to_end(&mut unpacked).ok()?;
    (unpacked.len() as u64 <= bytes_max).then_some(unpacked)
}

/// An answer of the recorder itself, in Octane's form.
fn refusal(status: StatusCode, problem: &str) -> Response<Bytes> {
    let problem = Problem::new("recorder.failed", problem);
    let body = serde_json::to_vec(&problem).unwrap_or_default();
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    let json = http::HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

/// The headers of a file, for another request.
pub(crate) fn header_map(headers: &Headers) -> HeaderMap {
    let pairs = headers.iter().filter_map(|(name, value)| {
        let name = http::HeaderName::try_from(name).ok()?;
        Some((name, http::HeaderValue::try_from(value).ok()?))
    });
    let mut map = HeaderMap::new();
    for (name, value) in pairs {
        map.append(name, value);
    }
    map
}
