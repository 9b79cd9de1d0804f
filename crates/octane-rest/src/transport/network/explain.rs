//! What an error of the network library means for people.
//!
//! The library wraps an error many times ("error sending request", "client error (Connect)", "tcp connect
//! error", …). Only the innermost error says what happened, so it is the only one that is shown, once.

use std::error::Error;
use std::time::Duration;
use std::{fmt, io};

use crate::human_duration::HumanDuration;
use crate::transport::{TransportError, TransportErrorKind as Kind};

/// An error that is explained, or one that needs another look at the server.
pub(super) enum Explained {
    As(TransportError),
    /// The certificate was issued by an unknown CA, whose name would help.
    UnknownIssuer,
}

/// Explains an error of sending a request.
pub(super) fn explain(error: reqwest::Error, connect_timeout: Duration) -> Explained {
    if !error.is_connect() {
        return Explained::As(after_connecting(error));
    }
    let inner = innermost(&error);
    let (kind, message) = if error.is_timeout() {
        let limit = HumanDuration(connect_timeout);
        let message = format!("could not connect within {limit}");
        return Explained::As(TransportError::new(Kind::ConnectTimeout, message));
    } else if any(&error, "invalid peer certificate") {
        if inner.contains("UnknownIssuer") {
            return Explained::UnknownIssuer;
        }
        let reason = inner.trim_start_matches("invalid peer certificate: ");
        let message = format!("the certificate is not valid: {reason}");
        return Explained::As(TransportError::new(Kind::Tls, message));
    } else if any(&error, "tunnel error") || any(&error, "socks") {
        (Kind::Proxy, "the proxy could not connect")
    } else if error.is_dns() {
        (Kind::Connect, "could not resolve the host name")
    } else if is_tls(&error) {
        (Kind::Tls, "the TLS handshake failed")
    } else {
        return Explained::As(TransportError::new(Kind::Connect, inner));
    };
    Explained::As(TransportError::new(kind, message).with_source(Innermost::of(error)))
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
