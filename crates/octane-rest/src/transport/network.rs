//! The network.

mod explain;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::future::BoxFuture;
use http::{Request, Response, StatusCode};
use octane_model::Address;
use reqwest::tls::TlsInfo;
use reqwest::{Client, ClientBuilder, redirect, retry};

use self::explain::{Explained, innermost};
use super::issuer::issuer_of;
use super::proxy::{ProxyError, ServerProxy};
use super::tls::{self, TlsError, Variables};
use super::{Transport, TransportError, TransportErrorKind as Kind};
use crate::settings::EndpointSettings;

/// Sends requests with reqwest.
pub(crate) struct HttpTransport {
    client: Client,
    settings: EndpointSettings,
    proxy: Option<ServerProxy>,
    /// Whether the server has ever responded, so that it is known to speak this protocol.
    has_responded: AtomicBool,
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

impl HttpTransport {
    /// A transport to this server.
    pub(crate) fn new(
        address: &Address,
        settings: &EndpointSettings,
        env: &Variables,
    ) -> Result<Self, NetworkSetupError> {
        let proxy = ServerProxy::of(address.base(), settings, env)?;
        let builder = plain(settings, proxy.as_ref())
            .read_timeout(settings.read_timeout)
            .gzip(true);
        let builder = if address.base().scheme() == "http" && address.is_loopback() {
            // There is nothing to verify, and loading the system's certificates takes a while.
            builder.tls_certs_only([])
        } else {
            tls::trust(builder, settings, env)?
        };
        Ok(Self {
            client: builder.build().map_err(TlsError::Setup)?,
            settings: settings.clone(),
            proxy,
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
        match explain::explain(error, limit, self.proxy.as_ref()) {
            Explained::As(error) => error,
            Explained::NoResponse(error) => {
                let is_https = !self.has_responded.load(Ordering::Relaxed)
                    && origin.starts_with("http://")
                    && self.speaks_tls(origin).await;
                if is_https {
                    let message = "the server expects `https://` on this port, not `http://`";
                    TransportError::new(Kind::Tls, message)
                } else {
                    error
                }
            }
            Explained::UnknownIssuer => {
                let issuer = self.issuer(origin).await;
                let issuer = issuer.map_or_else(
                    || "an unknown CA".to_owned(),
                    |issuer| format!("`{issuer}`"),
                );
                let message = format!(
                    "certificate issued by {issuer}, which is not trusted; add that CA (PEM) via \
                     SSL_CERT_FILE or SSL_CERT_DIR"
                );
                TransportError::new(Kind::Tls, message)
            }
        }
    }

    /// Asks the server once more for its certificate, without verifying it and without sending anything
    /// secret, only to name the issuer.
    async fn issuer(&self, origin: &str) -> Option<String> {
        let response = self.look(origin).await?.ok()?;
        let info: &TlsInfo = response.extensions().get()?;
        issuer_of(info.peer_certificate()?)
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
            .tls_info(true)
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

fn origin(uri: &http::Uri) -> String {
    let scheme = uri.scheme_str().unwrap_or("https");
    let host = uri.authority().map_or("", |authority| authority.as_str());
    format!("{scheme}://{host}/")
}
