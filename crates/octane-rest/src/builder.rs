//! Building an endpoint.

use std::ffi::OsString;
use std::fmt;
use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, header};
use octane_model::{Address, AddressError, SharedSpaceId, Workspace, WorkspaceId};

use crate::adaptive_limit::AdaptiveLimit;
use crate::backoff::Backoff;
use crate::base_url::BaseUrl;
use crate::concurrency::ConcurrencyLimit;
use crate::credential::CredentialProvider;
use crate::credential::chain::Chain;
use crate::endpoint::Endpoint;
use crate::endpoint_state::EndpointState;
use crate::observe::{Observer, RequestFinished};
use crate::rate_limiter::RateLimiter;
use crate::redactor::Redactor;
use crate::secret::Secret;
use crate::server_time::ServerTime;
use crate::session::Session;
use crate::session_store::SessionStore;
use crate::settings::{EndpointSettings, InvalidSetting};
use crate::shared_pace::SharedPace;
use crate::transport::Transport;
use crate::transport::network::{NetworkSetupError, connection};
use crate::transport::tls::Variables;

impl Endpoint {
    /// Starts building an endpoint for the server at `address`, in any form that [`Address`] accepts.
    pub fn builder(address: impl AsRef<str>) -> Builder {
        Builder::new(address.as_ref())
    }
}

/// Builds an [`Endpoint`]; created by [`Endpoint::builder`] or from [`EndpointSettings`].
#[must_use]
pub struct Builder {
    url: Option<String>,
    space: Option<SharedSpaceId>,
    workspace: Option<WorkspaceId>,
    settings: EndpointSettings,
    credentials: Box<dyn CredentialProvider>,
    transport: Option<Box<dyn Transport>>,
    env: Variables,
    redactor: Redactor,
    session_store: Option<Box<dyn SessionStore>>,
    pace: Option<Box<dyn SharedPace>>,
    observers: Vec<Observer>,
}

/// Why an endpoint cannot be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// No server was given.
    #[error("no server URL given; for example: `https://octane.example.com`")]
    NoAddress,
    /// The URL is not valid.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// No shared space was given.
    #[error(
        "no shared space given; it is the first number after `?p=` in the browser URL (passing that URL is \
         enough)"
    )]
    NoSpace,
    /// No workspace was given.
    #[error(
        "no workspace given; it is the second number after `?p=` in the browser URL (passing that URL is \
         enough)"
    )]
    NoWorkspace,
    /// The value of a setting is out of range.
    #[error(transparent)]
    Setting(#[from] InvalidSetting),
    /// The value of a setting is not a valid header.
    #[error("`{name}` contains characters not allowed in a header")]
    Header {
        /// The setting.
        name: &'static str,
    },
    /// The network client cannot be set up.
    #[error(transparent)]
    Network(#[from] NetworkSetupError),
}

impl Builder {
    pub(crate) fn new(address: &str) -> Self {
        Self {
            url: Some(address.to_owned()),
            ..Self::from(EndpointSettings::default())
        }
    }

    /// The shared space; overrides the one in the URL.
    pub fn space(mut self, space: impl Into<SharedSpaceId>) -> Self {
        self.space = Some(space.into());
        self
    }

    /// The workspace; overrides the one in the URL.
    pub fn workspace(mut self, workspace: impl Into<WorkspaceId>) -> Self {
        self.workspace = Some(workspace.into());
        self
    }

    /// The credentials for signing in. Without them every request fails.
    pub fn credentials(mut self, credentials: impl CredentialProvider) -> Self {
        self.credentials = Box::new(credentials);
        self
    }

    /// All settings at once. What is set on this builder by name overrides them.
    pub fn settings(mut self, settings: EndpointSettings) -> Self {
        self.settings = settings;
        self
    }

    /// A transport other than the network, see [`Transport`]. The settings for proxies and certificates,
    /// `connect_timeout`, `read_timeout` and `response_bytes_max` belong to the network and have no effect
    /// on it.
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.transport = Some(Box::new(transport));
        self
    }

    /// The environment in which `SSL_CERT_FILE`, `SSL_CERT_DIR` and the variables of proxies are looked up; by default
    /// that of this process.
    pub fn env(mut self, read: impl Fn(&str) -> Option<OsString> + Send + Sync + 'static) -> Self {
        self.env = Arc::new(read);
        self
    }

    /// What learns the secrets of the endpoint: its credentials, the cookies of its sessions and the passwords of URLs.
    /// What the endpoint reports of errors and logs of the server is without them; a program can use the same redactor
    /// for whatever else it prints.
    pub fn redactor(mut self, redactor: Redactor) -> Self {
        self.redactor = redactor;
        self
    }

    /// Shares the session with other processes on this machine, which then sign in once. By default each endpoint has a
    /// session of its own. Has no effect if the credentials are
    /// a token, see [`SessionKey::of`](crate::SessionKey::of).
    pub fn session_store(mut self, store: impl SessionStore) -> Self {
        self.session_store = Some(Box::new(store));
        self
    }

    /// Shares the rate limit with other processes. By default each endpoint has a limit of its own.
    pub fn shared_pace(mut self, pace: impl SharedPace) -> Self {
        self.pace = Some(Box::new(pace));
        self
    }

    /// Calls `observer` for every request that has ended. The call is made on the task that sent the
    /// request, so it should return quickly.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/sandbox.rs"));
    /// # fn main() -> Done { with_builder(async |builder| {
    /// use std::sync::mpsc;
    ///
    /// let (tx, rx) = mpsc::channel();
    /// let octane = builder.on_request_finished(move |finished| drop(tx.send(finished.clone()))).build()?;
    /// octane.get("releases?limit=1").await?;
    /// let sign_in = rx.recv()?;
    /// assert_eq!(sign_in.path, "/authentication/sign_in");
    /// let finished = rx.recv()?;
    /// assert_eq!((finished.method.as_str(), finished.attempts), ("GET", 1));
    /// # Ok(()) }) }
    /// ```
    pub fn on_request_finished(
        mut self,
        observer: impl Fn(&RequestFinished) + Send + Sync + 'static,
    ) -> Self {
        self.observers.push(Box::new(observer));
        self
    }

    /// Builds the network alone, for requests that are not the endpoint's own: with the proxy, the certificates and the limits
    /// of the settings, and without a session, retries and a rate limit. No space and no credentials are needed.
    pub fn build_network(self) -> Result<(Address, Arc<dyn Transport>), BuildError> {
        let (settings, address) = self.checked()?;
        let (transport, _) = connection(&address, &settings, &self.env)?;
        Ok((address, Arc::new(transport)))
    }

    /// The settings and the address, whose secrets the redactor knows from now on.
    fn checked(&self) -> Result<(EndpointSettings, Address), BuildError> {
        let settings = self.settings.clone().clamped();
        settings.check()?;
        let configured = settings.url.as_ref().map(Secret::expose);
        let url = self.url.as_deref().or(configured);
        let url = url.ok_or(BuildError::NoAddress)?;
        self.redactor.learn_url(url);
        if let Some(proxy) = &settings.proxy {
            self.redactor.learn_url(proxy.expose());
        }
        let address = url.parse()?;
        Ok((settings, address))
    }

    /// Builds the endpoint. Nothing is sent yet.
    pub fn build(self) -> Result<Endpoint, BuildError> {
        let (settings, address) = self.checked()?;
        let space = self.space.or(settings.space).or(address.space());
        let workspace = self
            .workspace
            .or(settings.workspace)
            .or(address.workspace());
        let workspace = Workspace {
            space: space.ok_or(BuildError::NoSpace)?,
            workspace: workspace.ok_or(BuildError::NoWorkspace)?,
        };
        let (transport, network): (Box<dyn Transport>, _) = match self.transport {
            Some(transport) => (transport, None),
            None => {
                let (transport, way) = connection(&address, &settings, &self.env)?;
                (Box::new(transport), Some(way))
            }
        };
        let adaptive_limit = Arc::<AdaptiveLimit>::default();
        let state = EndpointState {
            server: address.to_string().into(),
            base_url: BaseUrl::new(&address),
            address,
            headers: headers(&settings)?,
            transport,
            network,
            credentials: self.credentials,
            observers: self.observers,
            redactor: self.redactor,
            session: Session::new(&settings),
            server_time: ServerTime::default(),
            session_store: self.session_store,
            rate_limiter: match self.pace {
                Some(pace) => RateLimiter::shared(pace, Arc::clone(&adaptive_limit)),
                None => RateLimiter::new(settings.requests_per_second, Arc::clone(&adaptive_limit)),
            },
            concurrency: ConcurrencyLimit::new(
                settings.concurrency_max,
                Arc::clone(&adaptive_limit),
            ),
            adaptive_limit,
            backoff: Backoff::new(&settings),
            settings,
        };
        Ok(Endpoint {
            state: Arc::new(state),
            workspace,
        })
    }
}

/// Everything from settings, including the URL; credentials still have to be set.
impl From<EndpointSettings> for Builder {
    fn from(settings: EndpointSettings) -> Self {
        Self {
            url: None,
            space: None,
            workspace: None,
            settings,
            credentials: Box::new(Chain::new()),
            transport: None,
            env: Arc::new(|name| std::env::var_os(name)),
            redactor: Redactor::default(),
            session_store: None,
            pace: None,
            observers: Vec::new(),
        }
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("url", &self.url.as_deref().map(crate::redact::url))
            .field("space", &self.space)
            .field("workspace", &self.workspace)
            .finish_non_exhaustive()
    }
}

fn headers(settings: &EndpointSettings) -> Result<HeaderMap, BuildError> {
    let mut headers = HeaderMap::new();
    let mut put = |header, name, value: &str| {
        let value = HeaderValue::try_from(value).map_err(|_| BuildError::Header { name })?;
        headers.insert(header, value);
        Ok::<(), BuildError>(())
    };
    put(header::USER_AGENT, "user_agent", &settings.user_agent)?;
    if let Some(client_type) = &settings.client_type {
        let header = HeaderName::from_static("hpeclienttype");
        put(header, "client_type", client_type)?;
    }
    if settings.tech_preview {
        let header = HeaderName::from_static("alm-octane-tech-preview");
        put(header, "tech_preview", "true")?;
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(builder: Builder) -> String {
        builder.build().unwrap_err().to_string()
    }

    #[test]
    fn a_missing_part_is_named_with_where_to_find_it() {
        let address = "https://octane.example";
        assert!(message(EndpointSettings::default().into()).starts_with("no server URL given"));
        assert!(message(Endpoint::builder(address)).starts_with("no shared space given"));
        let builder = Endpoint::builder(address).space(1001);
        assert!(message(builder).starts_with("no workspace given"));
        assert!(message(Endpoint::builder("ftp://x")).contains("`ftp://x`"));
    }

    #[tokio::test]
    async fn a_url_from_the_browser_is_enough_and_explicit_ids_override_it() {
        let settings = EndpointSettings {
            url: Some("https://octane.example/ui/?p=1001/1002".into()),
            ..EndpointSettings::default()
        };
        let endpoint = Builder::from(settings).workspace(7).build().unwrap();
        let workspace = endpoint.workspace();
        assert_eq!(
            (workspace.space.get(), workspace.workspace.get()),
            (1001, 7)
        );
        assert_eq!(endpoint.address().to_string(), "https://octane.example");
    }

    #[test]
    fn a_bad_proxy_is_named_without_its_password() {
        let settings = |proxy: Option<&str>, no_proxy: Option<&str>| EndpointSettings {
            proxy: proxy.map(Into::into),
            no_proxy: no_proxy.map(Into::into),
            ..EndpointSettings::default()
        };
        let build = |settings| {
            let builder = Endpoint::builder("https://octane.example/ui/?p=1/2");
            message(builder.settings(settings))
        };
        let error = build(settings(Some("http://jane:hunter2@"), None));
        assert!(
            error.contains("is not a valid proxy URL") && !error.contains("hunter2"),
            "{error}"
        );
    }
}
