//! Serves the door of a relay.
//!
//! What a client may cost is bounded: how many connections there are, how long a handshake and the head of a request may take (which is
//! also how long a connection may stay idle), how large the head may be, and how long the client may not take what it is sent. Bodies are
//! bounded by those who receive them.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use octane_client::CancellationToken;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tower::ServiceExt;

use crate::patient::Patient;
use crate::tls::DoorTls;

/// How long the handshake of TLS may take.
const HANDSHAKE_TIME_MAX: Duration = Duration::from_secs(10);
/// How long the head of a request may take to arrive.
const HEAD_TIME_MAX: Duration = Duration::from_secs(30);
/// How large the head of a request may be, in bytes; tokens of CI systems have a few thousand.
const HEAD_BYTES_MAX: usize = 64 << 10;
/// How long a client may not take anything of what it is sent.
const STALL_TIME_MAX: Duration = Duration::from_secs(30);
/// How long requests in flight may take when the relay stops.
const SHUTDOWN_TIME_MAX: Duration = Duration::from_secs(10);
/// The pause after a failed accept, which usually means that the process is out of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// More connections wait until others have ended.
const CONNECTIONS_MAX: usize = 1000;

/// A door that listens; it accepts no connection before it [serves](Self::serve).
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    tls: Option<Arc<DoorTls>>,
    connections_max: usize,
}

impl Server {
    /// Listens on an address; port 0 picks a free one.
    pub async fn bind(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok(Self {
            listener,
            address,
            tls: None,
            connections_max: CONNECTIONS_MAX,
        })
    }

    /// Speaks TLS.
    #[must_use]
    pub fn tls(mut self, tls: Arc<DoorTls>) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Has so many connections at the same time; others wait until one of them has ended. Default: 1000.
    #[must_use]
    pub fn connections_max(mut self, connections_max: usize) -> Self {
        self.connections_max = connections_max.max(1);
        self
    }

    /// The address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves these routes until `stop` is cancelled, and then finishes the requests in flight.
    pub async fn serve(self, routes: Router, stop: &CancellationToken) {
        let mut connections = JoinSet::new();
        loop {
            let is_full = connections.len() >= self.connections_max;
            tokio::select! {
                () = stop.cancelled() => break,
                Some(_) = connections.join_next() => {}
                accepted = self.listener.accept(), if !is_full => match accepted {
                    Ok((stream, _)) => {
                        // Small responses should be sent at once. If this fails, they are only slower.
                        let _ = stream.set_nodelay(true);
                        connections.spawn(connection(stream, self.tls.clone(), routes.clone(), stop.clone()));
                    }
                    Err(error) => {
                        tracing::warn!(%error, "failed to accept a connection");
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                },
            }
        }
        drop(self.listener);
        let ended = async { while connections.join_next().await.is_some() {} };
        if timeout(SHUTDOWN_TIME_MAX, ended).await.is_err() {
            tracing::warn!("aborted requests that did not finish in time");
        }
    }
}

async fn connection(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    tls: Option<Arc<DoorTls>>,
    routes: Router,
    stop: CancellationToken,
) {
    let stream = Patient::new(stream, STALL_TIME_MAX);
    let Some(tls) = tls else {
        return requests(stream, routes, stop).await;
    };
    let handshake = tls.acceptor().accept(stream);
    let accepted = tokio::select! {
        accepted = timeout(HANDSHAKE_TIME_MAX, handshake) => accepted,
        () = stop.cancelled() => return,
    };
    match accepted {
        Ok(Ok(stream)) => requests(stream, routes, stop).await,
        Ok(Err(error)) => tracing::debug!(%error, "the TLS handshake failed"),
        Err(_) => tracing::debug!("the TLS handshake took too long"),
    }
}

async fn requests(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    routes: Router,
    stop: CancellationToken,
) {
    let service = service_fn(move |request: Request<Incoming>| respond(routes.clone(), request));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME_MAX)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "connection failed");
    }
}

async fn respond(routes: Router, request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    routes.oneshot(request.map(Body::new)).await
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use octane_test_support::certificates::{Authority, Validity};
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
    use tokio::time::Instant;

    use super::*;
    use crate::tls::TlsFiles;

    const REQUEST: &str = "GET / HTTP/1.1\r\nhost: relay\r\n\r\n";

    /// Sends a text, and returns what is received until the door closes the connection, and after how many seconds that is.
    async fn sent(text: &str, tls: Option<Arc<DoorTls>>) -> (String, u64) {
        let routes = Router::new().route("/", get(async || "hello"));
        let (door, mut client) = duplex(4096);
        let serving = connection(door, tls, routes, CancellationToken::new());
        let since = Instant::now();
        let asking = async move {
            // The door need not read what it refuses.
            let _ = client.write_all(text.as_bytes()).await;
            let mut received = Vec::new();
            let _ = client.read_to_end(&mut received).await;
            String::from_utf8_lossy(&received).into_owned()
        };
        let ((), received) = tokio::join!(serving, asking);
        (received, since.elapsed().as_secs())
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_that_does_not_end_is_given_up() {
        let (received, seconds) = sent("GET / HTTP/1.1\r\nhost: re", None).await;
        assert!(!received.contains("hello"), "{received}");
        assert_eq!(seconds, HEAD_TIME_MAX.as_secs());
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_is_idle_is_closed() {
        let (received, seconds) = sent(REQUEST, None).await;
        assert!(received.ends_with("hello"), "{received}");
        assert_eq!(seconds, HEAD_TIME_MAX.as_secs());
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_that_is_too_large_is_refused_at_once() {
        let large = "x".repeat(HEAD_BYTES_MAX);
        let request = format!("GET / HTTP/1.1\r\nhost: relay\r\nx: {large}\r\n\r\n");
        let (received, seconds) = sent(&request, None).await;
        assert!(received.starts_with("HTTP/1.1 431"), "{received}");
        assert_eq!(seconds, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_handshake_that_does_not_end_is_given_up() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("both.pem");
        let identity = Authority::new("Example Root").issue(&["localhost"], Validity::Now);
        identity.write(&path);
        let tls = Arc::new(DoorTls::load(TlsFiles::new(path)).unwrap());
        let (received, seconds) = sent("", Some(tls)).await;
        assert_eq!((&*received, seconds), ("", HANDSHAKE_TIME_MAX.as_secs()));
    }
}
