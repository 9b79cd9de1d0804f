//! Making an endpoint.

use std::ffi::OsString;
use std::fmt;
use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, header};
use octane_model::{Address, AddressError, SharedSpaceId, Workspace, WorkspaceId};

use crate::backoff::Backoff;
use crate::endpoint::Inner;
use crate::observe::Observer;
use crate::pace::Pace;
use crate::place::Place;
use crate::seats::Seats;
use crate::session::Session;
use crate::settings::SettingError;
use crate::share::Share;
use crate::transport::{HttpTransport, TlsError, Variables};
use crate::{Chain, CredentialProvider, Endpoint, Finished, Settings, Transport};

/// Makes an [`Endpoint`]; begun by [`Endpoint::builder`] or from [`Settings`].
#[must_use]
pub struct Builder {
    url: Option<String>,
    space: Option<SharedSpaceId>,
    workspace: Option<WorkspaceId>,
    settings: Settings,
    credentials: Box<dyn CredentialProvider>,
    transport: Option<Box<dyn Transport>>,
    variables: Variables,
    observers: Vec<Observer>,
}

/// An endpoint that cannot be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// Nobody said which server.
    #[error("the address of the server is missing, for example `https://octane.example.com`")]
    NoAddress,
    /// The address cannot be used.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// Nobody said which shared space.
    #[error(
        "the shared space is missing; it is the first number behind `?p=` in the browser's address, \
         so the whole address says it too"
    )]
    NoSpace,
    /// Nobody said which workspace.
    #[error(
        "the workspace is missing; it is the second number behind `?p=` in the browser's address, \
         so the whole address says it too"
    )]
    NoWorkspace,
    /// A setting makes no sense.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// A setting cannot be a header.
    #[error("the setting `{name}` holds characters that no header may have")]
    Header {
        /// The setting.
        name: &'static str,
    },
    /// The proxy's address cannot be used.
    #[error("`{address}` is no address of a proxy: {reason}")]
    Proxy {
        /// The address, without its password.
        address: String,
        /// What is wrong with it.
        reason: String,
    },
    /// `no_proxy` is set and `proxy` is not.
    #[error(
        "the setting `no_proxy` excepts hosts from the setting `proxy`, which is missing; beside the \
         variable HTTPS_PROXY stands the variable NO_PROXY"
    )]
    NoProxyAlone,
    /// Certificates cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

impl Builder {
    pub(crate) fn new(address: &str) -> Self {
        Self {
            url: Some(address.to_owned()),
            ..Self::from(Settings::default())
        }
    }

    /// The shared space; wins over the one that the address names.
    pub fn space(mut self, space: impl Into<SharedSpaceId>) -> Self {
        self.space = Some(space.into());
        self
    }

    /// The workspace; wins over the one that the address names.
    pub fn workspace(mut self, workspace: impl Into<WorkspaceId>) -> Self {
        self.workspace = Some(workspace.into());
        self
    }

    /// Who signs in. Without this nobody does, and every request fails.
    pub fn credentials(mut self, credentials: impl CredentialProvider) -> Self {
        self.credentials = Box::new(credentials);
        self
    }

    /// All settings at once. What this builder was told by name still wins over them.
    pub fn settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// Another way to the server than the network, see [`Transport`]. Settings about proxies, certificates,
    /// `connect_seconds_max`, `read_seconds_max` and `answer_bytes_max` are the network's and have no effect
    /// on it.
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.transport = Some(Box::new(transport));
        self
    }

    /// Where `SSL_CERT_FILE` and `SSL_CERT_DIR` are looked up; by default in this process's environment.
    pub fn variables(
        mut self,
        read: impl Fn(&str) -> Option<OsString> + Send + Sync + 'static,
    ) -> Self {
        self.variables = Arc::new(read);
        self
    }

    /// Tells `observer` about every request that has come to its end. Called on the task that sent it,
    /// so it should return at once.
    ///
    /// ```
    /// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/sandbox.rs"));
    /// # fn main() -> Done { with_builder(async |builder| {
    /// use std::sync::mpsc;
    ///
    /// let (tell, told) = mpsc::channel();
    /// let octane = builder.on_finished(move |finished| drop(tell.send(finished.clone()))).build()?;
    /// octane.get("releases?limit=1").await?;
    /// let sign_in = told.recv()?;
    /// assert_eq!(sign_in.path, "/authentication/sign_in");
    /// let finished = told.recv()?;
    /// assert_eq!((finished.method.as_str(), finished.attempts), ("GET", 1));
    /// # Ok(()) }) }
    /// ```
    pub fn on_finished(mut self, observer: impl Fn(&Finished) + Send + Sync + 'static) -> Self {
        self.observers.push(Box::new(observer));
        self
    }

    /// Makes the endpoint. Nothing is sent yet.
    pub fn build(self) -> Result<Endpoint, BuildError> {
        let settings = self.settings;
        settings.check()?;
        let url = self.url.as_ref().or(settings.url.as_ref());
        let address: Address = url.ok_or(BuildError::NoAddress)?.parse()?;
        let space = self.space.or(settings.space).or(address.space());
        let workspace = self
            .workspace
            .or(settings.workspace)
            .or(address.workspace());
        let workspace = Workspace {
            space: space.ok_or(BuildError::NoSpace)?,
            workspace: workspace.ok_or(BuildError::NoWorkspace)?,
        };
        let transport = match self.transport {
            Some(transport) => transport,
            None => Box::new(HttpTransport::new(
                address.base(),
                &settings,
                &self.variables,
            )?),
        };
        let share = Arc::<Share>::default();
        let inner = Inner {
            server: address.to_string().into(),
            place: Place::new(&address, &workspace),
            workspace,
            address,
            headers: headers(&settings)?,
            transport,
            credentials: self.credentials,
            observers: self.observers,
            session: Session::new(&settings),
            pace: Pace::new(settings.requests_per_second, Arc::clone(&share)),
            seats: Seats::new(settings.concurrency_max, Arc::clone(&share)),
            share,
            backoff: Backoff::new(&settings),
            settings,
        };
        Ok(Endpoint {
            inner: Arc::new(inner),
        })
    }
}

/// Everything from settings, the address included; credentials still have to be named.
impl From<Settings> for Builder {
    fn from(settings: Settings) -> Self {
        Self {
            url: None,
            space: None,
            workspace: None,
            settings,
            credentials: Box::new(Chain::new()),
            transport: None,
            variables: Arc::new(|name| std::env::var_os(name)),
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

fn headers(settings: &Settings) -> Result<HeaderMap, BuildError> {
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
    fn what_is_missing_is_named_with_where_to_find_it() {
        let address = "https://octane.example";
        assert!(message(Settings::default().into()).starts_with("the address"));
        assert!(message(Endpoint::builder(address)).starts_with("the shared space is missing"));
        let builder = Endpoint::builder(address).space(1001);
        assert!(message(builder).starts_with("the workspace is missing"));
        assert!(message(Endpoint::builder("ftp://x")).contains("`ftp://x`"));
    }

    #[tokio::test]
    async fn an_address_from_the_browser_says_it_all_and_names_win_over_it() {
        let settings = Settings {
            url: Some("https://octane.example/ui/?p=1001/1002".into()),
            ..Settings::default()
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
        let settings = |proxy: Option<&str>, no_proxy: Option<&str>| Settings {
            proxy: proxy.map(Into::into),
            no_proxy: no_proxy.map(Into::into),
            ..Settings::default()
        };
        let build = |settings| {
            let builder = Endpoint::builder("https://octane.example/ui/?p=1/2");
            message(builder.settings(settings))
        };
        let error = build(settings(Some("http://jane:hunter2@"), None));
        assert!(
            error.contains("is no address of a proxy") && !error.contains("hunter2"),
            "{error}"
        );
        assert!(build(settings(None, Some("a"))).contains("`no_proxy`"));
    }
}
