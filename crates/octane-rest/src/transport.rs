//! The interface to the network: one method.

pub(crate) mod certificate;
pub(crate) mod certified_key;
pub(crate) mod client_certificate;
pub(crate) mod handshakes;
pub(crate) mod network;
pub(crate) mod proxy;
pub(crate) mod tls;
pub(crate) mod tls_problem;
mod verifier;

use std::error::Error;
use std::fmt;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response};

use self::tls_problem::TlsProblem;

/// Sends a request to a server and returns the response: the network, or a script in a test.
///
/// The request's URI is absolute. A transport follows no redirects, stores no cookies and retries
/// nothing; all of that is decided above it.
pub trait Transport: Send + Sync + 'static {
    /// Sends one request once.
    fn send(
        &self,
        request: Request<Bytes>,
    ) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>>;
}

/// A request without a response, or without a complete one.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct TransportError {
    kind: TransportErrorKind,
    message: String,
    tls_problem: Option<TlsProblem>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// What went wrong in transit, and so what is known about the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// There was no connection; nothing was sent.
    Connect,
    /// There was no connection in time; nothing was sent.
    ConnectTimeout,
    /// TLS failed, for example because the certificate is not trusted; nothing was sent.
    Tls,
    /// The proxy could not be reached, or could not connect; the server received nothing.
    Proxy,
    /// The proxy rejected the user name and password for it; the server received nothing.
    ProxyAuthentication,
    /// The response took too long; the outcome is unknown.
    Timeout,
    /// The connection was lost, or the response was incomplete or not HTTP; the outcome is unknown.
    ConnectionBroken,
    /// The response was larger than the settings allow; the server has processed the request.
    ResponseTooLarge,
}

impl TransportError {
    /// An error of this kind. The message is the cause of "cannot reach `https://…`".
    pub fn new(kind: TransportErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            tls_problem: None,
            source: None,
        }
    }

    /// An error of TLS, with what is wrong.
    pub(crate) fn tls(problem: TlsProblem, message: impl Into<String>) -> Self {
        Self {
            tls_problem: Some(problem),
            ..Self::new(TransportErrorKind::Tls, message)
        }
    }

    /// Adds the cause, which should not repeat the message.
    pub fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What is wrong with TLS, if it is something that can be corrected.
    pub fn tls_problem(&self) -> Option<TlsProblem> {
        self.tls_problem
    }

    /// What went wrong.
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }
}

impl TransportErrorKind {
    /// Whether the request is known not to have been sent.
    pub fn is_known_not_sent(self) -> bool {
        matches!(
            self,
            Self::Connect
                | Self::ConnectTimeout
                | Self::Tls
                | Self::Proxy
                | Self::ProxyAuthentication
        )
    }

    /// Whether the proxy failed, so that nothing is known about the server.
    pub fn is_proxy(self) -> bool {
        matches!(self, Self::Proxy | Self::ProxyAuthentication)
    }

    /// Whether a time limit was exceeded.
    pub fn is_timeout(self) -> bool {
        matches!(self, Self::ConnectTimeout | Self::Timeout)
    }
}

impl fmt::Display for TransportErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Connect => "connection failed",
            Self::ConnectTimeout => "connection timed out",
            Self::Tls => "TLS error",
            Self::Proxy => "proxy error",
            Self::ProxyAuthentication => "proxy authentication failed",
            Self::Timeout => "response timed out",
            Self::ConnectionBroken => "connection broken",
            Self::ResponseTooLarge => "response too large",
        })
    }
}

impl<T: Transport + ?Sized> Transport for std::sync::Arc<T> {
    fn send(
        &self,
        request: Request<Bytes>,
    ) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        (**self).send(request)
    }
}
