//! The network.

mod explain;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::future::BoxFuture;
use http::{HeaderMap, Request, Response, StatusCode, header};
use octane_model::Address;
use reqwest::{Client, ClientBuilder, redirect, retry};

use self::explain::{Explained, innermost};
use super::handshakes::Handshakes;
use super::proxy::{ProxyError, Route, ServerProxy};
use super::tls::{self, TlsError, Variables};
use super::tls_problem::{self, TlsProblem};
use super::{Transport, TransportError, TransportErrorKind as Kind};
use crate::settings::EndpointSettings;

/// Sends requests with reqwest.
pub(crate) struct HttpTransport {
    client: Client,
    settings: EndpointSettings,
    proxy: Option<ServerProxy>,
    handshakes: Arc<Handshakes>,
    /// Whether the server has ever responded, so that it is known to speak this protocol.
    has_responded: AtomicBool,
}

/// The way to a server.
#[derive(Debug)]
pub(crate) struct Network {
    pub(crate) route: Route,
    /// What has been seen on it.
    pub(crate) handshakes: Arc<Handshakes>,
    /// The host of the server.
    pub(crate) host: String,
}

/// Why the network client cannot be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkSetupError {
    /// The proxy cannot be used.
    #[error(transparent)]
    Proxy(#[from] ProxyError),
    /// Certificates cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// The time limit for another look at the server, to explain an error.
const LOOK_TIMEOUT: Duration = Duration::from_secs(5);

/// A transport to an HTTP server that is not Octane.
pub struct NetworkTransport {
    transport: HttpTransport,
    /// How it gets there.
    pub(crate) network: Network,
}

/// A transport to any HTTP server, with the proxy, the certificates and the time limits of an endpoint's settings. Of the URL only
/// scheme, host and port count.
pub fn network_transport(
    address: &Address,
    settings: &EndpointSettings,
) -> Result<NetworkTransport, NetworkSetupError> {
    let env: Variables = Arc::new(|name| std::env::var_os(name));
    let (transport, network) = connection(address, settings, &env)?;
    Ok(NetworkTransport { transport, network })
}

/// A transport to a server, and how it gets there.
pub(crate) fn connection(
    address: &Address,
    settings: &EndpointSettings,
    env: &Variables,
) -> Result<(HttpTransport, Network), NetworkSetupError> {
    let network = Network {
        route: Route::to(address.base(), settings, env)?,
        handshakes: Arc::default(),
        host: address.base().host_str().unwrap_or_default().to_owned(),
    };
    let transport = HttpTransport::new(address, settings, env, &network)?;
    Ok((transport, network))
}

impl Transport for NetworkTransport {
    fn send(
        &self,
        request: Request<Bytes>,
    ) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        self.transport.send(request)
    }
}

impl HttpTransport {
    /// A transport to this server, on this way.
    fn new(
        address: &Address,
        settings: &EndpointSettings,
        env: &Variables,
        Network {
            route, handshakes, ..
        }: &Network,
    ) -> Result<Self, NetworkSetupError> {
        let proxy = route.proxy().cloned();
        let builder = plain(settings, proxy.as_ref())
            .read_timeout(settings.read_timeout)
            .gzip(true);
        let is_tls =
            address.base().scheme() == "https" || proxy.as_ref().is_some_and(ServerProxy::is_tls);
        let builder = if is_tls {
            builder.tls_backend_preconfigured(tls::config(settings, env, handshakes)?)
        } else {
            // There is nothing to verify, and the system may have no certificates; loading them takes a while.
            builder.tls_certs_only([])
        };
        Ok(Self {
            client: builder.build().map_err(TlsError::Setup)?,
            settings: settings.clone(),
            proxy,
            handshakes: Arc::clone(handshakes),
            has_responded: AtomicBool::new(false),
        })
    }

    async fn exchange(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let origin = origin(request.uri());
        let request = reqwest::Request::try_from(request)
            .map_err(|error| TransportError::new(Kind::Connect, innermost(&error)))?;
        let mut response = match self.client.execute(request).await {
            Ok(response) => response,
            Err(error) => return Err(self.explain(error, &origin).await),
        };
        self.has_responded.store(true, Ordering::Relaxed);
        if let (StatusCode::PROXY_AUTHENTICATION_REQUIRED, Some(proxy)) =
            (response.status(), &self.proxy)
        {
            return Err(explain::proxy_authentication(proxy));
        }
        let body = self.body(&mut response).await?;
        if response.status() == StatusCode::BAD_REQUEST
            && self.handshakes.is_client_certificate_requested()
            && is_html(response.headers())
            && let Some((problem, message)) = explain::refusal_by_page(&body)
        {
            return Err(TransportError::tls(problem, message));
        }
        let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
        let mut response = Response::new(body);
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Ok(response)
    }

    async fn body(&self, response: &mut reqwest::Response) -> Result<Bytes, TransportError> {
        let bytes_max = self.settings.response_bytes_max;
        let too_large = || {
            let message = format!("the response is larger than {bytes_max} bytes");
            TransportError::new(Kind::ResponseTooLarge, message)
        };
        if response.content_length() > Some(bytes_max) {
            return Err(too_large());
        }
        let mut body = BytesMut::new();
        let mut first = None;
        while let Some(chunk) = response.chunk().await.map_err(explain::after_connecting)? {
            let length = first.as_ref().map_or(body.len(), Bytes::len) + chunk.len();
            if u64::try_from(length).is_ok_and(|length| length > bytes_max) {
                return Err(too_large());
            }
            // Most responses are one chunk, which needs no copy.
            if first.is_none() && body.is_empty() {
                first = Some(chunk);
            } else {
                body.extend_from_slice(&first.take().unwrap_or_default());
                body.extend_from_slice(&chunk);
            }
        }
        Ok(first.unwrap_or_else(|| body.freeze()))
    }

    async fn explain(&self, error: reqwest::Error, origin: &str) -> TransportError {
        let limit = self.settings.connect_timeout;
        let is_certificate_given = self.settings.client_cert.is_some();
        let tls = tls_problem::find(&error)
            .and_then(|error| tls_problem::explain(error, &self.handshakes, is_certificate_given));
        match explain::explain(error, tls, limit, self.proxy.as_ref()) {
            Explained::As(error) => error,
            // Perhaps the connection just broke, so the kind of error stays and with it the retries.
            Explained::NoResponse(error) if self.lacks_client_certificate() => {
                let (problem, message) = tls_problem::client_certificate_missing();
                TransportError {
                    message: format!("the connection was lost; perhaps {message}"),
                    tls_problem: Some(problem),
                    ..error
                }
            }
            Explained::NoResponse(error) => {
                let is_https = !self.has_responded.load(Ordering::Relaxed)
                    && origin.starts_with("http://")
                    && self.speaks_tls(origin).await;
                if is_https {
                    let message = "the server expects `https://` on this port, not `http://`";
                    TransportError::tls(TlsProblem::HttpsExpected, message)
                } else {
                    error
                }
            }
        }
    }

    /// Whether a server has asked for a client certificate, got none, and has never responded: some that require one close the
    /// connection so quickly that the reason does not arrive.
    fn lacks_client_certificate(&self) -> bool {
        self.settings.client_cert.is_none()
            && self.handshakes.is_client_certificate_requested()
            && !self.has_responded.load(Ordering::Relaxed)
    }

    /// Whether the server at an `http` origin speaks TLS on this port. Nothing secret is sent.
    async fn speaks_tls(&self, origin: &str) -> bool {
        let origin = origin.replacen("http://", "https://", 1);
        match self.look(&origin).await {
            Some(Ok(_)) => true,
            // It failed after the TLS handshake, for example because a client certificate is required.
            Some(Err(error)) => !error.is_connect() && !error.is_timeout(),
            None => false,
        }
    }

    /// A request without anything secret, to a server that need not be trusted.
    async fn look(&self, origin: &str) -> Option<reqwest::Result<reqwest::Response>> {
        let client = plain(&self.settings, self.proxy.as_ref())
            .tls_danger_accept_invalid_certs(true)
            .timeout(LOOK_TIMEOUT)
            .build()
            .ok()?;
        Some(client.head(origin).send().await)
    }
}

impl Transport for HttpTransport {
    fn send(
        &self,
        request: Request<Bytes>,
    ) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        Box::pin(self.exchange(request))
    }
}

/// A client that follows no redirects, stores no cookies and retries nothing, with its proxy.
fn plain(settings: &EndpointSettings, proxy: Option<&ServerProxy>) -> ClientBuilder {
    let builder = Client::builder()
        .redirect(redirect::Policy::none())
        .referer(false)
        .retry(retry::never())
        .connect_timeout(settings.connect_timeout);
    ServerProxy::configure(proxy, builder)
}

/// Whether a response is a page, as those of web servers and proxies are.
fn is_html(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE);
    content_type.is_some_and(|value| value.as_bytes().starts_with(b"text/html"))
}

fn origin(uri: &http::Uri) -> String {
    let scheme = uri.scheme_str().unwrap_or("https");
    let host = uri.authority().map_or("", |authority| authority.as_str());
    format!("{scheme}://{host}/")
}
