//! How a relay is reached.

use std::fmt;

use bytes::Bytes;
use http::request::Builder;
use http::{Method, Request, Response, header};
use octane_model::{Address, AddressError};
use octane_rest::{
    EndpointSettings, NetworkTransport, Secret, TlsProblem, Transport, TransportError,
    TransportErrorKind, network_transport,
};
use tokio::time::timeout;

use crate::args::ConnectionArgs;
use crate::connect::network_settings;
use crate::env;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::network_hint::{Peer, proxy_authentication_hint, setup_hint, tls_hint};

/// The way to a relay.
pub(crate) struct RelayNetwork {
    pub(crate) address: Address,
    pub(crate) transport: NetworkTransport,
    pub(crate) settings: EndpointSettings,
}

/// Why a request got no response.
#[derive(Debug)]
pub(crate) enum Unanswered {
    InTime,
    Transport(TransportError),
}

impl RelayNetwork {
    /// The way to the relay at this URL, with the certificates, the proxy and the time limits of the options.
    pub(crate) fn to(url: &str, connection: &ConnectionArgs) -> Result<Self> {
        let address: Address = url
            .parse()
            .map_err(|error: AddressError| invalid_url(&error))?;
        let settings = network_settings(connection);
        let transport = network_transport(&address, &settings).map_err(|error| {
            let hint = setup_hint(&error);
            let mut failure = Failure::new(Exit::Configuration, error);
            failure.hint = hint;
            failure
        })?;
        Ok(Self {
            address,
            transport,
            settings,
        })
    }

    /// The start of a request.
    pub(crate) fn request(&self, method: &Method, path: &str, token: Option<&Secret>) -> Builder {
        let uri = format!("{}{path}", self.address.base());
        let request = Request::builder().method(method).uri(uri);
        match token {
            Some(token) => {
                request.header(header::AUTHORIZATION, format!("Bearer {}", token.expose()))
            }
            None => request,
        }
    }

    /// Sends a request once.
    pub(crate) async fn send(
        &self,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, Unanswered> {
        let sending = self.transport.send(request);
        match timeout(self.settings.attempt_timeout, sending).await {
            Ok(sent) => sent.map_err(Unanswered::Transport),
            Err(_) => Err(Unanswered::InTime),
        }
    }
}

/// The failure of a text that is not the URL of a relay.
fn invalid_url(error: &AddressError) -> Failure {
    let (text, reason) = (error.text(), error.reason());
    let message = format!("invalid URL of the relay `{text}`: {reason}");
    Failure::message(Exit::Configuration, message).hint(format!("correct `--via` or {}", env::VIA))
}

/// The failure of a request that cannot be written.
pub(crate) fn unsendable() -> Failure {
    let message = "the token of the relay contains characters that a token cannot have";
    Failure::message(Exit::Configuration, message).hint(format!(
        "set {} (or the file of `--relay-token-file`) to the token alone, on one line and without spaces",
        env::RELAY_TOKEN
    ))
}

impl Unanswered {
    /// What to do about it, if that is known.
    pub(crate) fn hint(&self) -> Option<String> {
        match self {
            Self::InTime => None,
            Self::Transport(error) => match error.kind() {
                TransportErrorKind::ProxyAuthentication => Some(proxy_authentication_hint()),
                kind if kind.is_proxy() => {
                    let hint =
                        "correct the proxy, or list the relay's host in NO_PROXY (or `--no-proxy`)";
                    Some(hint.to_owned())
                }
                _ => tls_hint(error.tls_problem()?, Peer::Relay),
            },
        }
    }

    /// What the connection failed for, where that is known and about encryption.
    pub(crate) fn tls_problem(&self) -> Option<TlsProblem> {
        match self {
            Self::InTime => None,
            Self::Transport(error) => error.tls_problem(),
        }
    }

    /// Whether there was a connection, but no agreement on its encryption.
    pub(crate) fn is_tls(&self) -> bool {
        matches!(self, Self::Transport(error) if error.kind() == TransportErrorKind::Tls)
    }
}

impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InTime => f.write_str("no response in time"),
            Self::Transport(error) => error.fmt(f),
        }
    }
}
