//! The loop that accepts connections and serves them.
//!
//! axum has such a loop, but its router can neither reset a connection nor see bytes before the HTTP library
//! does.

use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;
use tower::ServiceExt;

use super::host::Hosts;
use super::socket::{Reset, Socket};
use crate::fault::ConnectionReset;

/// How long the head of a request may take to arrive.
const HEAD_TIME_MAX: Duration = Duration::from_secs(60);
/// How long requests in flight may take when the server is stopped.
const SHUTDOWN_TIME_MAX: Duration = Duration::from_secs(10);
/// The pause after a failed accept, which usually means that the process is out of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until `stopped` is sent or dropped, and then finishes the requests in flight.
pub(super) async fn serve(
    listener: TcpListener,
    app: Router,
    hosts: Hosts,
    mut stopped: oneshot::Receiver<()>,
) {
    let (stop, stopping) = watch::channel(false);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    let connection = connection(stream, app.clone(), hosts.clone(), stopping.clone());
                    connections.spawn(connection);
                }
                Err(error) => {
                    tracing::warn!(%error, "failed to accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
            Some(_) = connections.join_next() => {}
            _ = &mut stopped => break,
        }
    }
    drop(listener);
    stop.send_replace(true);
    let ended = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(SHUTDOWN_TIME_MAX, ended)
        .await
        .is_err()
    {
        tracing::warn!("aborted requests that did not finish in time");
    }
}

async fn connection(
    stream: TcpStream,
    app: Router,
    hosts: Hosts,
    mut stopping: watch::Receiver<bool>,
) {
    let Ok(local) = stream.local_addr() else {
        return;
    };
    // Small responses should be sent at once. If this fails, they are only slower.
    let _ = stream.set_nodelay(true);
    let reset = Reset::default();
    let socket = TokioIo::new(Socket::new(stream, reset.clone()));
    let service = service_fn(move |request| {
        let refusal = hosts.refusal(local.ip(), request.uri(), request.headers());
        respond(app.clone(), request, refusal, reset.clone())
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME_MAX)
        .serve_connection(socket, service);
    let mut connection = pin!(connection);
    let stopped = async {
        // Dropping the sender has the same effect as sending.
        let _ = stopping.wait_for(|stop| *stop).await;
    };
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stopped => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "connection failed");
    }
}

/// The error closes the connection without a response.
async fn respond(
    app: Router,
    request: Request<Incoming>,
    refusal: Option<Response>,
    reset: Reset,
) -> Result<Response, ConnectionReset> {
    if let Some(refusal) = refusal {
        return Ok(refusal);
    }
    let response = match app.oneshot(request.map(Body::new)).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    if let Some(broken) = response.extensions().get::<ConnectionReset>() {
        reset.ask();
        return Err(*broken);
    }
    Ok(response)
}
