//! What an error of the network library means for people.
//!
//! The library wraps an error many times ("error sending request", "client error (Connect)", "tcp connect
//! error", …). Only the innermost error says what happened, so it is the only one that is shown, once.

use std::error::Error;
use std::time::Duration;
use std::{fmt, io};

use crate::human_duration::HumanDuration;
use crate::transport::proxy::ServerProxy;
use crate::transport::tls_problem::{self, TlsProblem};
use crate::transport::{TransportError, TransportErrorKind as Kind};

/// An error that is explained, or one that needs another look at the server.
pub(super) enum Explained {
    As(TransportError),
    /// There was a connection, and no HTTP response on it.
    NoResponse(TransportError),
}

/// Explains an error of sending a request. `tls` is what the TLS library says of it.
pub(super) fn explain(
    error: reqwest::Error,
    tls: Option<(TlsProblem, String)>,
    connect_timeout: Duration,
    proxy: Option<&ServerProxy>,
) -> Explained {
    if let Some((problem, message)) = tls {
        return Explained::As(TransportError::tls(problem, message));
    }
    if !error.is_connect() {
        let is_response_missing = !error.is_timeout() && !error.is_body() && !error.is_decode();
        let error = after_connecting(error);
        return if is_response_missing {
            Explained::NoResponse(error)
        } else {
            Explained::As(error)
        };
    }
    let inner = innermost(&error);
    let is_tunnel = any(&error, "tunnel error");
    Explained::As(if any(&error, "invalid peer certificate") {
        TransportError::new(Kind::Tls, certificate(&inner))
    } else if is_tls(&error) {
        TransportError::new(Kind::Tls, format!("the TLS handshake failed: {inner}"))
    } else if any(&error, "proxy authorization required") {
        match proxy {
            Some(proxy) => proxy_authentication(proxy),
            None => TransportError::new(Kind::ProxyAuthentication, inner),
        }
    } else if let Some(proxy) = proxy {
        let limit = HumanDuration(connect_timeout);
        let message = if error.is_timeout() {
            format!("could not connect within {limit} through the proxy {proxy}")
        } else if is_tunnel && !any(&error, "failed to create underlying connection") {
            let reason = match inner.as_str() {
                "unsuccessful" | "tunnel error: unsuccessful" => String::new(),
                inner => format!(": {inner}"),
            };
            format!("the proxy {proxy} refused or failed to connect to the server{reason}")
        } else if error.is_dns() {
            format!("could not resolve the host name of the proxy {proxy}: {inner}")
        } else {
            format!("could not connect to the proxy {proxy}: {inner}")
        };
        TransportError::new(Kind::Proxy, message)
    } else if error.is_timeout() {
        let limit = HumanDuration(connect_timeout);
        let message = format!("could not connect within {limit}");
        TransportError::new(Kind::ConnectTimeout, message)
    } else if error.is_dns() {
        TransportError::new(Kind::Connect, "could not resolve the host name")
            .with_source(Innermost::of(error))
    } else {
        TransportError::new(Kind::Connect, inner)
    })
}

/// The error of a proxy that wants other credentials, or any at all.
pub(super) fn proxy_authentication(proxy: &ServerProxy) -> TransportError {
    let message = format!(
        "the proxy {proxy} requires authentication (407); {}",
        if proxy.has_credentials() {
            "check the user name and the password in its URL"
        } else {
            "add a user name and a password to its URL: `http://USER:PASSWORD@…`"
        }
    );
    TransportError::new(Kind::ProxyAuthentication, message)
}

/// What nginx says of a client certificate: it completes the handshake, and answers each request with a page (400).
pub(super) fn refusal_by_page(body: &[u8]) -> Option<(TlsProblem, String)> {
    let contains = |text: &str| body.windows(text.len()).any(|it| it == text.as_bytes());
    if contains("No required SSL certificate was sent") {
        Some(tls_problem::client_certificate_missing())
    } else if contains("The SSL certificate error") {
        let message = "the server does not accept the client certificate (400)".to_owned();
        Some((TlsProblem::ClientCertificateRefused, message))
    } else {
        None
    }
}

/// What is wrong with a certificate, for other reasons than those of [`TlsProblem`].
fn certificate(inner: &str) -> String {
    let reason = inner.trim_start_matches("invalid peer certificate: ");
    let mut characters = reason.chars();
    let first = characters.next().map(|first| first.to_ascii_lowercase());
    let reason: String = first.into_iter().chain(characters).collect();
    let reason = match reason.as_str() {
        "unsupportedCertVersion" => {
            "its version is not supported; give the server one of version 3"
        }
        reason => reason,
    };
    format!("the certificate is not valid: {reason}")
}

/// Explains an error after the connection was established.
pub(super) fn after_connecting(error: reqwest::Error) -> TransportError {
    if error.is_timeout() {
        return TransportError::new(Kind::Timeout, "the server stopped responding");
    }
    let message = if is_compression(&error) {
        "could not decompress the response"
    } else {
        "connection lost"
    };
    TransportError::new(Kind::ConnectionBroken, message).with_source(Innermost::of(error))
}

/// The text of the innermost error, as a lower-case fragment.
pub(super) fn innermost(error: &(dyn Error + 'static)) -> String {
    let text = sources(error).last().map(ToString::to_string);
    let text = text.unwrap_or_default();
    // `(os error 111)` means something else on each system.
    let text = text.split(" (os error").next().unwrap_or(&text);
    // The TLS library explains an end without a goodbye to programmers.
    let text = text.split(": https://docs.rs/").next().unwrap_or(text);
    let mut characters = text.chars();
    let first = characters.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(characters).collect()
}

/// An error that displays only its innermost cause; `Debug` shows all of it.
#[derive(Debug)]
struct Innermost(reqwest::Error);

impl Innermost {
    fn of(error: reqwest::Error) -> Self {
        // The URL may hold secrets.
        Self(error.without_url())
    }
}

impl fmt::Display for Innermost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&innermost(&self.0))
    }
}

impl Error for Innermost {}

fn sources<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

fn any(error: &(dyn Error + 'static), text: &str) -> bool {
    sources(error).any(|error| error.to_string().contains(text))
}

/// Whether a complete body could not be decompressed: the error then comes from the decompressing reader,
/// and not from below HTTP.
fn is_compression(error: &(dyn Error + 'static)) -> bool {
    sources(error)
        .filter_map(|error| error.downcast_ref::<reqwest::Error>())
        .filter_map(Error::source)
        .any(<dyn Error>::is::<io::Error>)
}

/// rustls reports what it rejects as invalid data.
fn is_tls(error: &(dyn Error + 'static)) -> bool {
    sources(error)
        .filter_map(|error| error.downcast_ref::<io::Error>())
        .any(|error| error.kind() == io::ErrorKind::InvalidData)
}
