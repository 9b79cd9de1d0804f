//! The network.

use std::error::Error;
use std::io;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::future::BoxFuture;
use http::{Request, Response};
use reqwest::tls::TlsInfo;
use reqwest::{Client, ClientBuilder, NoProxy, Proxy, redirect, retry};
use url::{Host, Url};

use super::issuer::issuer_of;
use super::tls::{self, Variables};
use super::{Transport, TransportError, TransportErrorKind as Kind};
use crate::{BuildError, Settings, redact};

/// Sends requests with reqwest.
pub(crate) struct HttpTransport {
    client: Client,
    answer_bytes_max: u64,
    settings: Settings,
}

/// How long the search for an untrusted issuer's name may take.
const ISSUER_MAX: Duration = Duration::from_secs(5);

impl HttpTransport {
    /// A transport to the server at `base`.
    pub(crate) fn new(
        base: &Url,
        settings: &Settings,
        variables: &Variables,
    ) -> Result<Self, BuildError> {
        let builder = plain(settings)?
            .read_timeout(settings.read_max())
            .gzip(true);
        let builder = if is_plain_loopback(base) {
            // There is nothing to verify, and reading the system's certificates takes a while.
            builder.tls_certs_only([])
        } else {
            tls::trust(builder, settings, variables)?
        };
        Ok(Self {
            client: builder.build().map_err(tls::TlsError::Setup)?,
            answer_bytes_max: settings.answer_bytes_max,
            settings: settings.clone(),
        })
    }

    async fn exchange(&self, request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let origin = origin(request.uri());
        let request = reqwest::Request::try_from(request)
            .map_err(|error| TransportError::new(Kind::Connect, innermost(&error)))?;
        let mut answer = match self.client.execute(request).await {
            Ok(answer) => answer,
            Err(error) => return Err(self.explain(error, &origin).await),
        };
        let body = self.body(&mut answer).await?;
        let mut response = Response::new(body);
        *response.status_mut() = answer.status();
        *response.headers_mut() = std::mem::take(answer.headers_mut());
        Ok(response)
    }

    async fn body(&self, answer: &mut reqwest::Response) -> Result<Bytes, TransportError> {
        let too_large = || {
            let message = format!("the answer is longer than {} bytes", self.answer_bytes_max);
            TransportError::new(Kind::TooLarge, message)
        };
        if answer.content_length() > Some(self.answer_bytes_max) {
            return Err(too_large());
        }
        let mut body = BytesMut::new();
        let mut first = None;
        while let Some(chunk) = answer.chunk().await.map_err(broken)? {
            let length = first.as_ref().map_or(body.len(), Bytes::len) + chunk.len();
            if u64::try_from(length).is_ok_and(|length| length > self.answer_bytes_max) {
                return Err(too_large());
            }
            // Most answers are one chunk, which needs no copy.
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
        if !error.is_connect() {
            return broken(error);
        }
        let inner = innermost(&error);
        let whole = chain(&error);
        let (kind, message) = if error.is_timeout() {
            let seconds = self.settings.connect_seconds_max;
            (
                Kind::ConnectTimeout,
                format!("no connection within {seconds} s"),
            )
        } else if whole.contains("invalid peer certificate") {
            (Kind::Tls, self.untrusted(&inner, origin).await)
        } else if whole.contains("tunnel error") || whole.contains("socks") {
            (Kind::Proxy, format!("the proxy opens no way: {inner}"))
        } else if error.is_dns() {
            (
                Kind::Connect,
                format!("its name cannot be resolved: {inner}"),
            )
        } else if is_tls_trouble(&error) {
            (Kind::Tls, format!("TLS failed: {inner}"))
        } else {
            (Kind::Connect, inner)
        };
        TransportError::new(kind, message).with_source(error.without_url())
    }

    /// Why a certificate is not trusted, and what helps.
    async fn untrusted(&self, reason: &str, origin: &str) -> String {
        if !reason.contains("UnknownIssuer") {
            let reason = reason.trim_start_matches("invalid peer certificate: ");
            return format!("its certificate is not valid: {reason}");
        }
        let issuer = self.issuer(origin).await;
        let issuer = issuer.map_or_else(
            || "an authority that is".to_owned(),
            |issuer| format!("`{issuer}`, which is"),
        );
        format!(
            "its certificate was issued by {issuer} not trusted here; name that authority's \
             certificate (PEM) in SSL_CERT_FILE or its directory in SSL_CERT_DIR"
        )
    }

    /// Asks the server once more for its certificate, without verifying it and without sending
    /// anything that is secret, only to name the issuer.
    async fn issuer(&self, origin: &str) -> Option<String> {
        let client = plain(&self.settings)
            .ok()?
            .tls_danger_accept_invalid_certs(true)
            .tls_info(true)
            .timeout(ISSUER_MAX)
            .build()
            .ok()?;
        let answer = client.head(origin).send().await.ok()?;
        let info: &TlsInfo = answer.extensions().get()?;
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

/// A client that follows, keeps and repeats nothing, and knows its proxy.
fn plain(settings: &Settings) -> Result<ClientBuilder, BuildError> {
    let builder = Client::builder()
        .redirect(redirect::Policy::none())
        .referer(false)
        .retry(retry::never())
        .connect_timeout(settings.connect_max());
    let no_proxy = settings.no_proxy.as_deref();
    match settings.proxy.as_ref().map(|proxy| proxy.expose().trim()) {
        None if no_proxy.is_some() => Err(BuildError::NoProxyAlone),
        None => Ok(builder),
        Some("direct") => Ok(builder.no_proxy()),
        Some(address) => {
            let proxy = Proxy::all(address).map_err(|error| BuildError::Proxy {
                address: redact::url(address),
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

/// An error after the connection stood.
fn broken(error: reqwest::Error) -> TransportError {
    let (kind, message) = if error.is_timeout() {
        (Kind::Timeout, "the server fell silent".to_owned())
    } else if is_badly_packed(&error) {
        let inner = innermost(&error);
        (
            Kind::Broken,
            format!("the answer cannot be unpacked: {inner}"),
        )
    } else {
        (
            Kind::Broken,
            format!("the connection broke: {}", innermost(&error)),
        )
    };
    TransportError::new(kind, message).with_source(error.without_url())
}

fn sources<'a>(
    error: &'a (dyn Error + 'static),
) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

fn innermost(error: &(dyn Error + 'static)) -> String {
    let text = sources(error).last().map(ToString::to_string);
    let text = text.unwrap_or_default();
    // `(os error 111)` means something else on each system.
    let text = text.split(" (os error").next().unwrap_or(&text);
    let mut characters = text.chars();
    let first = characters.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(characters).collect()
}

fn chain(error: &(dyn Error + 'static)) -> String {
    let texts: Vec<String> = sources(error).map(ToString::to_string).collect();
    texts.join(": ")
}

/// Whether a body came, but packed badly: its error comes from the unpacking reader itself, and not from
/// below HTTP.
fn is_badly_packed(error: &(dyn Error + 'static)) -> bool {
    sources(error)
        .filter_map(|error| error.downcast_ref::<reqwest::Error>())
        .filter_map(Error::source)
        .any(<dyn Error>::is::<io::Error>)
}

/// rustls reports what it does not like about the other side as invalid data.
fn is_tls_trouble(error: &(dyn Error + 'static)) -> bool {
    sources(error)
        .filter_map(|error| error.downcast_ref::<io::Error>())
        .any(|error| error.kind() == io::ErrorKind::InvalidData)
}
