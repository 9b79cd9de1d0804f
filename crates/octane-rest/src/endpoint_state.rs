//! What all clones of an endpoint share, whichever workspace they are in.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, header};
use octane_model::Address;

use crate::adaptive_limit::AdaptiveLimit;
use crate::backoff::Backoff;
use crate::base_url::BaseUrl;
use crate::concurrency::ConcurrencyLimit;
use crate::credential::CredentialProvider;
use crate::observe::Observer;
use crate::rate_limiter::RateLimiter;
use crate::redactor::Redactor;
use crate::request_context::RequestContext;
use crate::server_time::ServerTime;
use crate::session::Session;
use crate::session_store::SessionStore;
use crate::settings::EndpointSettings;
use crate::transport::Transport;
use crate::transport::network::Network;

/// The state behind an endpoint. [`send`](Self::send) and [`sign_in`](Self::sign_in) are in the modules of
/// these names.
pub(crate) struct EndpointState {
    pub(crate) server: Arc<str>,
    pub(crate) address: Address,
    pub(crate) base_url: BaseUrl,
    pub(crate) settings: EndpointSettings,
    /// The headers of every request that does not set them itself.
    pub(crate) headers: HeaderMap,
    pub(crate) transport: Box<dyn Transport>,
    /// The way to the server, unless the transport is not ours.
    pub(crate) network: Option<Network>,
    pub(crate) credentials: Box<dyn CredentialProvider>,
    pub(crate) observers: Vec<Observer>,
    pub(crate) redactor: Redactor,
    pub(crate) session: Session,
    /// Shares the session with other processes.
    pub(crate) session_store: Option<Box<dyn SessionStore>>,
    /// Reduces the rate and the concurrency while the server is overloaded.
    pub(crate) adaptive_limit: Arc<AdaptiveLimit>,
    pub(crate) rate_limiter: RateLimiter,
    pub(crate) concurrency: ConcurrencyLimit,
    pub(crate) backoff: Backoff,
    pub(crate) server_time: ServerTime,
}

impl EndpointState {
    /// What is known about a request before it is sent.
    pub(crate) fn context(&self, method: Method, path: &str) -> RequestContext {
        let values_max = self.settings.response_values_max;
        RequestContext::new(&self.server, &self.redactor, values_max, method, path)
    }

    /// The request with its absolute URI and the default headers.
    pub(crate) fn with_defaults(
        &self,
        mut request: Request<Bytes>,
    ) -> Result<Request<Bytes>, String> {
        *request.uri_mut() = self.base_url.uri(request.uri())?;
        let headers = request.headers_mut();
        for (name, value) in &self.headers {
            if !headers.contains_key(name) {
                headers.insert(name, value.clone());
            }
        }
        // Only the session sets these.
        headers.remove(header::COOKIE);
        Ok(request)
    }
}
