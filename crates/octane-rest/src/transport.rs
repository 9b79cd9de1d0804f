//! The seam to the network: one method.

mod http;
mod issuer;
mod tls;

use std::error::Error;
use std::fmt;

use ::http::{Request, Response};
use bytes::Bytes;
use futures_util::future::BoxFuture;

pub(crate) use self::http::HttpTransport;
pub use self::tls::TlsError;
pub(crate) use self::tls::Variables;

/// Something that takes a request to a server and brings the answer: the network, or a script in a
/// test.
///
/// The request's URI is absolute. A transport follows no redirects, keeps no cookies and repeats
/// nothing; all of that is decided above it.
pub trait Transport: Send + Sync + 'static {
    /// Sends one request once.
    fn send(
        &self,
        request: Request<Bytes>,
    ) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>>;
}

/// A request that got no answer, or no whole one.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct TransportError {
    kind: TransportErrorKind,
    message: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

/// What went wrong on the way, and so what is known about the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// No connection came about; nothing was sent.
    Connect,
    /// No connection came about in time; nothing was sent.
    ConnectTimeout,
    /// The server, or what claims to be it, is not trusted; nothing was sent.
    Tls,
    /// The proxy opened no way; nothing was sent.
    Proxy,
    /// The answer took too long; the outcome is unknown.
    Timeout,
    /// The connection broke, or the answer ended early or was no HTTP; the outcome is unknown.
    Broken,
    /// The answer was longer than the settings allow; the request was done.
    TooLarge,
}

impl TransportError {
    /// An error of this kind. The message completes "cannot reach `https://…`: ".
    pub fn new(kind: TransportErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            source: None,
        }
    }

    /// Adds what caused it.
    pub fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What went wrong.
    pub fn kind(&self) -> TransportErrorKind {
        self.kind
    }
}

impl TransportErrorKind {
    /// Whether the request surely never left.
    pub fn is_nothing_sent(self) -> bool {
        matches!(
            self,
            Self::Connect | Self::ConnectTimeout | Self::Tls | Self::Proxy
        )
    }

    /// Whether time ran out.
    pub fn is_timeout(self) -> bool {
        matches!(self, Self::ConnectTimeout | Self::Timeout)
    }
}

impl fmt::Display for TransportErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Connect => "no connection",
            Self::ConnectTimeout => "no connection in time",
            Self::Tls => "not trusted",
            Self::Proxy => "proxy trouble",
            Self::Timeout => "no answer in time",
            Self::Broken => "broken connection",
            Self::TooLarge => "answer too large",
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
