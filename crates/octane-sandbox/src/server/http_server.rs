//! The sandbox's server for anything else that answers requests.

use std::error::Error;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::StatusCode;
use http::request::Parts;
use http_body_util::LengthLimitError;
use octane_model::Problem;
use tokio::sync::Semaphore;

use super::host::Hosts;
use super::listening::Listening;
use crate::error::{ApiError, own_code};
use crate::sandbox_error::SandboxError;

/// A server on this machine that answers with what a function returns, for example a proxy.
///
/// It is as tolerant and as careful as the sandbox: request lines with characters that should have been encoded are
/// accepted, and on the loopback interface only requests that name it in `Host`. Memory is bounded: bodies that are too long
/// are rejected with 413, and requests beyond the limit wait unread. Dropping it stops it.
#[must_use = "dropping a server stops it"]
pub struct HttpServer(Listening);

/// How much an [`HttpServer`] takes on at once.
#[derive(Debug, Clone, Copy)]
pub struct HttpServerLimits {
    /// The longest body of a request, in bytes.
    pub body_bytes_max: usize,
    /// How many requests are answered at once; others wait, unread.
    pub requests_max: usize,
}

/// Why the body of a request was not read.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct UnreadBody {
    /// 413 if it is too long, 400 if it is incomplete.
    pub status: StatusCode,
    /// A sentence for people.
    pub reason: String,
}

impl HttpServer {
    /// Listens on an address, of which port 0 picks a free one, and answers each request by calling `answer`.
    pub async fn bind<F>(
        address: SocketAddr,
        limits: HttpServerLimits,
        answer: impl Fn(http::Request<Bytes>) -> F + Clone + Send + Sync + 'static,
    ) -> Result<Self, SandboxError>
    where
        F: Future<Output = http::Response<Bytes>> + Send + 'static,
    {
        let unread = |_: &Parts, unread: UnreadBody| {
            let problem = Problem::new(own_code::BAD_REQUEST, unread.reason);
            ApiError::new(unread.status, problem).into_response()
        };
        Self::listen(address, limits, answer, unread).await
    }

    /// The same, and `unread` answers a request whose body is too long or incomplete.
    pub async fn bind_with_unread<F>(
        address: SocketAddr,
        limits: HttpServerLimits,
        answer: impl Fn(http::Request<Bytes>) -> F + Clone + Send + Sync + 'static,
        unread: impl Fn(&Parts, UnreadBody) -> http::Response<Bytes> + Clone + Send + Sync + 'static,
    ) -> Result<Self, SandboxError>
    where
        F: Future<Output = http::Response<Bytes>> + Send + 'static,
    {
        let unread = move |head: &Parts, body| unread(head, body).map(Body::from);
        Self::listen(address, limits, answer, unread).await
    }

    async fn listen<F>(
        address: SocketAddr,
        limits: HttpServerLimits,
        answer: impl Fn(http::Request<Bytes>) -> F + Clone + Send + Sync + 'static,
        unread: impl Fn(&Parts, UnreadBody) -> Response + Clone + Send + Sync + 'static,
    ) -> Result<Self, SandboxError>
    where
        F: Future<Output = http::Response<Bytes>> + Send + 'static,
    {
        let permits = Arc::new(Semaphore::new(limits.requests_max));
        let app = Router::new().fallback(move |request: Request| {
            let (permits, answer, unread) = (Arc::clone(&permits), answer.clone(), unread.clone());
            async move {
                // It is never closed.
                let _permit = permits.acquire().await;
                let (head, body) = request.into_parts();
                match read(body, limits.body_bytes_max).await {
                    Ok(body) => {
                        let request = http::Request::from_parts(head, body);
                        answer(request).await.map(Body::from)
                    }
                    Err(body) => unread(&head, body),
                }
            }
        });
        let listening = Listening::bind(address, app, Hosts::new(&[])).await?;
        Ok(Self(listening))
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.0.address()
    }

    /// The base URL, without a trailing slash: `http://127.0.0.1:41234`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// Stops listening, and finishes the requests in flight. Those that take longer than ten seconds are aborted.
    pub async fn shutdown(mut self) {
        self.0.stop().await;
    }
}

impl fmt::Debug for HttpServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpServer")
            .field("address", &self.address())
            .finish_non_exhaustive()
    }
}

async fn read(body: Body, bytes_max: usize) -> Result<Bytes, UnreadBody> {
    to_bytes(body, bytes_max).await.map_err(|error| {
        let (status, reason) = if is_too_long(&error) {
            let reason = format!("the body is larger than {bytes_max} bytes");
            (StatusCode::PAYLOAD_TOO_LARGE, reason)
        } else {
            let reason = format!("the body is incomplete: {error}");
            (StatusCode::BAD_REQUEST, reason)
        };
        UnreadBody { status, reason }
    })
}

fn is_too_long(error: &axum::Error) -> bool {
    error
        .source()
        .is_some_and(<dyn Error>::is::<LengthLimitError>)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    use super::*;

    async fn status(server: &HttpServer, request: &str) -> String {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).await.unwrap();
        response
    }

    #[tokio::test]
    async fn what_a_function_returns_is_the_answer_unless_the_request_is_foreign_or_too_long() {
        let limits = HttpServerLimits {
            body_bytes_max: 8,
            requests_max: 1,
        };
        let answer = async |request: http::Request<Bytes>| {
            let text = format!("{} {:?}", request.uri(), request.body());
            http::Response::new(Bytes::from(text))
        };
        let answer = move |request| Box::pin(answer(request));
        let address = (Ipv4Addr::LOCALHOST, 0).into();
        let server = HttpServer::bind(address, limits, answer);
        let server = server.await.unwrap();
        let head = "Host: localhost\r\nConnection: close\r\n";
        let found = status(
            &server,
            &format!("POST /a?b=\"c\" HTTP/1.1\r\n{head}Content-Length: 2\r\n\r\nhi"),
        )
        .await;
        assert!(found.starts_with("HTTP/1.1 200"), "{found}");
        assert!(found.contains(r#"/a?b=%22c%22 b"hi""#), "{found}");
        let long = format!("POST /a HTTP/1.1\r\n{head}Content-Length: 9\r\n\r\n123456789");
        let found = status(&server, &long).await;
        assert!(found.starts_with("HTTP/1.1 413"), "{found}");
        let unread = |head: &Parts, body: UnreadBody| {
            let text = format!("{} {}", head.uri, body.reason);
            http::Response::new(Bytes::from(text))
        };
        let other = HttpServer::bind_with_unread(address, limits, answer, unread);
        let found = status(&other.await.unwrap(), &long).await;
        assert!(
            found.ends_with("/a the body is larger than 8 bytes"),
            "{found}"
        );
        let foreign = "GET /a HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n";
        let found = status(&server, foreign).await;
        assert!(found.starts_with("HTTP/1.1 403"), "{found}");
        server.shutdown().await;
    }
}
