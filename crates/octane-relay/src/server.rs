//! Serves the door of a relay.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use octane_client::CancellationToken;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tower::ServiceExt;

/// How long the head of a request may take to arrive.
const HEAD_TIME_MAX: Duration = Duration::from_secs(30);
/// How long requests in flight may take when the relay stops.
const SHUTDOWN_TIME_MAX: Duration = Duration::from_secs(10);
/// The pause after a failed accept, which usually means that the process is out of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// More connections wait until others have ended.
const CONNECTIONS_MAX: usize = 1000;

/// A door that listens; nobody is let in before it [serves](Self::serve).
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
}

impl Server {
    /// Listens on an address; port 0 picks a free one.
    pub async fn bind(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// The address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves these routes until `stop` is cancelled, and then finishes the requests in flight.
    pub async fn serve(self, routes: Router, stop: &CancellationToken) {
        let mut connections = JoinSet::new();
        loop {
            let is_full = connections.len() >= CONNECTIONS_MAX;
            tokio::select! {
                () = stop.cancelled() => break,
                Some(_) = connections.join_next() => {}
                accepted = self.listener.accept(), if !is_full => match accepted {
                    Ok((stream, _)) => {
                        connections.spawn(connection(stream, routes.clone(), stop.clone()));
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
        if tokio::time::timeout(SHUTDOWN_TIME_MAX, ended)
            .await
            .is_err()
        {
            tracing::warn!("aborted requests that did not finish in time");
        }
    }
}

async fn connection(stream: TcpStream, routes: Router, stop: CancellationToken) {
    // Small responses should be sent at once. If this fails, they are only slower.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: Request<Incoming>| {
        routes.clone().oneshot(request.map(Body::new))
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME_MAX)
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
