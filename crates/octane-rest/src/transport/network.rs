//! The network.

mod explain;

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::future::BoxFuture;
use http::{Request, Response};
use reqwest::tls::TlsInfo;
use reqwest::{Client, ClientBuilder, NoProxy, Proxy, redirect, retry};
use url::{Host, Url};

use self::explain::{Explained, innermost};
use super::issuer::issuer_of;
use super::tls::{self, TlsError, Variables};
use super::{Transport, TransportError, TransportErrorKind as Kind};
use crate::redact;
use crate::settings::EndpointSettings;

/// Sends requests with reqwest.
pub(crate) struct HttpTransport {
    client: Client,
    settings: EndpointSettings,
}

/// Why the network client cannot be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkSetupError {
    /// The proxy's URL is not valid.
    #[error("`{url}` is not a valid proxy URL: {reason}")]
    Proxy {
        /// The URL, without its password.
        url: String,
        /// Why it is not valid.
        reason: String,
    },
    /// `no_proxy` is set and `proxy` is not.
    #[error("`no_proxy` has no effect without `proxy`; with HTTPS_PROXY use NO_PROXY")]
    NoProxyAlone,
    /// Certificates cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// The time limit for finding out the name of an untrusted issuer.
const ISSUER_TIMEOUT: Duration = Duration::from_secs(5);

impl HttpTransport {
    /// A transport to the server at `base`.
    pub(crate) fn new(
        base: &Url,
        settings: &EndpointSettings,
        env: &Variables,
    ) -> Result<Self, NetworkSetupError> {
        let builder = plain(settings)?
            .read_timeout(settings.read_timeout)
            .gzip(true);
        let builder = if is_plain_loopback(base) {
            // There is nothing to verify, and loading the system's certificates takes a while.
            builder.tls_certs_only([])
        } else {
            tls::trust(builder, settings, env)?
        };
        Ok(Self {
            client: builder.build().map_err(TlsError::Setup)?,
            settings: settings.clone(),
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
        match explain::explain(error, self.settings.connect_timeout) {
            Explained::As(error) => error,
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
        let client = plain(&self.settings)
            .ok()?
            .tls_danger_accept_invalid_certs(true)
            .tls_info(true)
            .timeout(ISSUER_TIMEOUT)
            .build()
            .ok()?;
        let response = client.head(origin).send().await.ok()?;
        let info: &TlsInfo = response.extensions().get()?;
        issuer_of(info.peer_certificate()?)
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
fn plain(settings: &EndpointSettings) -> Result<ClientBuilder, NetworkSetupError> {
    let builder = Client::builder()
        .redirect(redirect::Policy::none())
        .referer(false)
        .retry(retry::never())
        .connect_timeout(settings.connect_timeout);
    let no_proxy = settings.no_proxy.as_deref();
    match settings.proxy.as_ref().map(|proxy| proxy.expose().trim()) {
        None if no_proxy.is_some() => Err(NetworkSetupError::NoProxyAlone),
        None => Ok(builder),
        Some("direct") => Ok(builder.no_proxy()),
        Some(url) => {
            let proxy = Proxy::all(url).map_err(|error| NetworkSetupError::Proxy {
                url: redact::url(url),
                reason: innermost(&error),
            })?;
            Ok(builder.proxy(proxy.no_proxy(no_proxy.and_then(NoProxy::from_string))))
        }
    }
}

fn is_plain_loopback(base: &Url) -> bool {
    let is_loopback = match base.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    base.scheme() == "http" && is_loopback
}

fn origin(uri: &http::Uri) -> String {
    let scheme = uri.scheme_str().unwrap_or("https");
    let host = uri.authority().map_or("", |authority| authority.as_str());
    format!("{scheme}://{host}/")
}
