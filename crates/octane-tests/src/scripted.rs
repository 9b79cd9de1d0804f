//! Servers that give prepared responses, over plain TCP and in memory.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use octane_rest::{BoxFuture, Transport, TransportError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A server on a free loopback port: gives its responses one after the other and records the requests. The last
/// response is repeated.
pub struct Scripted {
    address: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Scripted {
    /// Serves `responses`, each the whole text of one.
    pub async fn new(responses: impl IntoIterator<Item = String>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("bound"));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let responses = Arc::new(Mutex::new(responses.into_iter().collect::<VecDeque<_>>()));
        let received = Arc::clone(&requests);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&responses), Arc::clone(&received)));
            }
        });
        Self { address, requests }
    }

    /// The server's address.
    pub fn url(&self) -> &str {
        &self.address
    }

    /// The head and body of each request so far.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("no panic while locked").clone()
    }
}

/// The same in memory, for a paused clock. A response is a status and a JSON body; each has a session cookie.
#[derive(Debug)]
pub struct ScriptedTransport(Mutex<VecDeque<(u16, &'static str)>>);

impl ScriptedTransport {
    /// Gives `responses`, and repeats the last one.
    pub fn new(responses: impl IntoIterator<Item = (u16, &'static str)>) -> Self {
        Self(Mutex::new(responses.into_iter().collect()))
    }
}

impl Transport for ScriptedTransport {
    fn send(&self, _: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        let (status, body) = next(&self.0).unwrap_or((404, ""));
        let mut response = Response::new(Bytes::from_static(body.as_bytes()));
        *response.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
        let headers = response.headers_mut();
        let json = header::HeaderValue::from_static("application/json");
        headers.insert(header::CONTENT_TYPE, json);
        let cookie = header::HeaderValue::from_static("LWSSO_COOKIE_KEY=c; Path=/");
        headers.insert(header::SET_COOKIE, cookie);
        Box::pin(async { Ok(response) })
    }
}

/// The next response; the last one is repeated.
fn next<T: Clone>(responses: &Mutex<VecDeque<T>>) -> Option<T> {
    let mut responses = responses.lock().expect("no panic while locked");
    if responses.len() > 1 {
        responses.pop_front()
    } else {
        responses.front().cloned()
    }
}

/// A response with this status and JSON body, and a session cookie.
pub fn response(status: u16, body: &str) -> String {
    format!(
        "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nSet-Cookie: LWSSO_COOKIE_KEY=c; Path=/\r\n\
         Connection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

async fn serve(
    mut stream: TcpStream,
    responses: Arc<Mutex<VecDeque<String>>>,
    requests: Arc<Mutex<Vec<String>>>,
) {
    let Some(request) = read_request(&mut stream).await else {
        return;
    };
    requests
        .lock()
        .expect("no panic while locked")
        .push(request);
    let response = next(&responses);
    let _ = stream
        .write_all(response.unwrap_or_default().as_bytes())
        .await;
    let _ = stream.shutdown().await;
}

/// One request: its head, and a body of the length that the head states.
pub(crate) async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let count = stream
            .read(&mut buffer)
            .await
            .ok()
            .filter(|count| *count > 0)?;
        bytes.extend_from_slice(&buffer[..count]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .and_then(|(_, length)| length.trim().parse::<usize>().ok())
            .unwrap_or(0);
        if body.len() >= length {
            return Some(text);
        }
    }
}
