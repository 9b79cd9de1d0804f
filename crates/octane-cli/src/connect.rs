//! From what was typed to a client that speaks to a server.

use std::collections::BTreeMap;
use std::time::Duration;

use octane_client::{Client, ClientSettings, OnAmbiguous};
use octane_rest::{BuildError, Builder, CredentialError, Endpoint, EndpointSettings};

use crate::args::{self, ConnectionArgs, NetworkArgs};
use crate::credentials::Credentials;
use crate::credentials::hint::{credential_error_hint, credentials_hint};
use crate::credentials::session_cache::SessionCache;
use crate::env;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::network_hint::setup_hint;
use crate::output::{Output, mask, print_note, secrets};
use crate::sandbox::LocalServer;

/// How long signing out may take.
const SIGN_OUT_MAX: Duration = Duration::from_secs(3);

/// A client, and the sandbox that it speaks to if there is one in this process.
pub(crate) struct Connection {
    pub(crate) client: Client,
    sandbox: Option<LocalServer>,
    /// Others may use the session, so it is not ended.
    is_session_shared: bool,
}

impl Connection {
    /// Connects as requested. Nothing is sent before the first request.
    pub(crate) async fn open(args: &ConnectionArgs, output: Output) -> Result<Self> {
        Self::open_with(args, output, |builder| builder).await
    }

    /// The same, with an endpoint that `change` changes before it is built.
    pub(crate) async fn open_with(
        args: &ConnectionArgs,
        output: Output,
        change: impl FnOnce(Builder) -> Builder,
    ) -> Result<Self> {
        warn_about_typed_secret(args, output);
        warn_about_insecure(args);
        let mut fields = ClientSettings::default();
        let (builder, sandbox) = if args.sandbox {
            let sandbox = LocalServer::start(&args.sandbox_data).await?;
            fields = fields.sandbox(sandbox.directory());
            (sandbox.endpoint(), Some(sandbox))
        } else {
            check(args).await?;
            (remote_endpoint(args, Credentials::new(args))?, None)
        };
        let endpoint = build(change(builder), args)?;
        warn_about_address(&endpoint, output);
        mask::secrets_in_use();
        let fields = with_fields(fields, args, &BTreeMap::new());
        let client = Client::with_settings(endpoint, fields);
        Ok(Self {
            client: client.on_ambiguous_name(move |ambiguous| {
                output.say(&format!("warning: {}", ambiguous.resolved()));
            }),
            is_session_shared: args.session_cache && sandbox.is_none(),
            sandbox,
        })
    }

    /// Knows the server of the options without any credentials: uploads can be planned for it, and not sent.
    pub(crate) fn for_planning(args: &ConnectionArgs) -> Result<Self> {
        let endpoint = build(remote_endpoint(args, Credentials::new(args))?, args)?;
        let fields = with_fields(ClientSettings::default(), args, &BTreeMap::new());
        Ok(Self {
            client: Client::with_settings(endpoint, fields),
            is_session_shared: true,
            sandbox: None,
        })
    }

    /// The client for an upload that was stored with these options. Those that are typed win.
    pub(crate) fn client_for(
        &self,
        args: &ConnectionArgs,
        stored: &BTreeMap<String, String>,
    ) -> Client {
        let mut fields = ClientSettings::default();
        if let Some(sandbox) = &self.sandbox {
            fields = fields.sandbox(sandbox.directory());
        }
        let fields = with_fields(fields, args, stored);
        Client::with_settings(self.client.endpoint().clone(), fields)
    }

    /// The workspace's URL as in the browser, unless it is a sandbox of this process.
    pub(crate) fn url(&self) -> Option<String> {
        let endpoint = self.client.endpoint();
        let workspace = endpoint.workspace();
        self.sandbox.is_none().then(|| {
            let (space, workspace) = (workspace.space, workspace.workspace);
            format!("{}/ui/?p={space}/{workspace}", endpoint.address())
        })
    }

    /// Signs out, and lets the sandbox finish what it has accepted. The answer has been printed already, so
    /// an error here changes nothing.
    pub(crate) async fn close(self) {
        if let Some(sandbox) = self.sandbox {
            // Its API key is the same everywhere, and no secret.
            return sandbox.shutdown().await;
        }
        // Some are only known once they were needed.
        mask::secrets_in_use();
        if !self.is_session_shared {
            // A session that is not ended expires by itself; there is no point in waiting for a server that is away.
            let _ = tokio::time::timeout(SIGN_OUT_MAX, self.client.endpoint().sign_out()).await;
        }
    }
}

/// The options under which fields and policies are stored with an upload.
const JIRA_FIELD: &str = "jira-field";
const LINK_FIELD: &str = "link-field";
const ON_AMBIGUOUS: &str = "on-ambiguous";
const FIRST: &str = "first";
const FAIL: &str = "fail";

/// The options of a connection that a resume should use again.
pub(crate) fn stored_options(args: &ConnectionArgs) -> impl Iterator<Item = (String, String)> {
    let policy = args.on_ambiguous.map(|policy| match policy {
        args::OnAmbiguous::First => FIRST.to_owned(),
        args::OnAmbiguous::Fail => FAIL.to_owned(),
    });
    let options = [
        (JIRA_FIELD, args.jira_field.clone()),
        (LINK_FIELD, args.link_field.clone()),
        (ON_AMBIGUOUS, policy),
    ];
    options
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
}

/// The fields and policies of the options.
pub(crate) fn client_settings(args: &ConnectionArgs) -> ClientSettings {
    with_fields(ClientSettings::default(), args, &BTreeMap::new())
}

fn with_fields(
    mut settings: ClientSettings,
    args: &ConnectionArgs,
    stored: &BTreeMap<String, String>,
) -> ClientSettings {
    if let Some(field) = args.jira_field.as_ref().or_else(|| stored.get(JIRA_FIELD)) {
        settings = settings.jira_field(field);
    }
    if let Some(field) = args.link_field.as_ref().or_else(|| stored.get(LINK_FIELD)) {
        settings = settings.link_field(field);
    }
    let stored_fail = || {
        stored
            .get(ON_AMBIGUOUS)
            .is_some_and(|policy| policy == FAIL)
    };
    let fails = match args.on_ambiguous {
        Some(policy) => policy == args::OnAmbiguous::Fail,
        None => stored_fail(),
    };
    if fails {
        settings = settings.on_ambiguous(OnAmbiguous::Fail);
    }
    settings
}

/// Says that others can see a secret that was typed.
pub(crate) fn warn_about_typed_secret(args: &ConnectionArgs, output: Output) {
    if args.client_secret.is_some() {
        output.say(&format!(
            "warning: passing a secret on the command line exposes it to other users; set {} or use `--secret-file` instead",
            env::CLIENT_SECRET
        ));
    }
    warn_about_typed_proxy(&args.network, output);
}

/// The same for the password of a proxy.
pub(crate) fn warn_about_typed_proxy(args: &NetworkArgs, output: Output) {
    if args.is_proxy_password_typed() {
        output.say(&format!(
            "warning: passing a password on the command line exposes it to other users; set {} instead of `--proxy`",
            env::PROXY
        ));
    }
}

/// Says that certificates are ignored, even with `--quiet`.
pub(crate) fn warn_about_insecure(args: &ConnectionArgs) {
    if !args.sandbox {
        warn_about_insecure_network(&args.network);
    }
}

/// The same for requests that are not the client's own.
pub(crate) fn warn_about_insecure_network(args: &NetworkArgs) {
    if args.insecure {
        print_note(
            "warning: the server's certificate is not verified (`--insecure`); anyone on the way can read the secret and change \
             the results",
        );
    }
}

/// Says that others on the network can read everything, if they can.
pub(crate) fn warn_about_address(endpoint: &Endpoint, output: Output) {
    if endpoint.address().is_exposed() {
        output.say(&format!(
            "warning: {} is not encrypted; others on the network can read the secret and the results (use `https://`)",
            endpoint.address()
        ));
    }
}

/// An endpoint that reaches its server as requested.
pub(crate) fn build(builder: Builder, args: &ConnectionArgs) -> Result<Endpoint> {
    let built = builder
        .settings(network_settings(args))
        .redactor(secrets::redactor().clone())
        .build();
    built.map_err(|error| {
        let hint = match &error {
            BuildError::Network(_) | BuildError::Setting(_) => None,
            BuildError::Address(_) => Some(format!(
                "correct the URL (`--url` or {}); one that is copied from the browser works",
                env::URL
            )),
            _ => Some(format!(
                "set {}, {} and {}, or try `--sandbox`",
                env::URL,
                env::SHARED_SPACE,
                env::WORKSPACE
            )),
        };
        let failure = setup_failure(error);
        match hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    })
}

/// The network to a server, for requests that are not the client's own.
#[cfg(feature = "sandbox")]
pub(crate) fn network(
    url: &str,
    settings: EndpointSettings,
) -> Result<(
    octane_model::Address,
    std::sync::Arc<dyn octane_rest::Transport>,
)> {
    let builder = Endpoint::builder(url).settings(settings);
    let built = builder
        .redactor(secrets::redactor().clone())
        .build_network();
    built.map_err(setup_failure)
}

/// The error of a network that cannot be used as it is set up.
fn setup_failure(error: BuildError) -> Failure {
    let hint = match &error {
        BuildError::Network(error) => setup_hint(error),
        _ => None,
    };
    let mut failure = Failure::new(Exit::Configuration, error);
    failure.hint = hint;
    failure
}

/// How servers are reached: time limits, proxy and certificates.
pub(crate) fn network_settings(args: &ConnectionArgs) -> EndpointSettings {
    let mut settings = EndpointSettings::default();
    if args.sandbox {
        // The rate limit spares a server that others use; this one is ours alone.
        settings.requests_per_second = None;
        // It is on this machine, whatever proxy the environment names.
        settings.proxy = Some("direct".into());
    }
    if let Some(rate) = args.rate {
        settings.requests_per_second = rate.0;
    }
    if let Some(retries) = args.retries {
        settings.attempts_max = retries.saturating_add(1);
    }
    if let Some(deadline) = args.deadline {
        settings.deadline = deadline;
    }
    if let Some(timeout) = args.timeout {
        settings.attempt_timeout = timeout;
    }
    if let Some(concurrency) = args.concurrency {
        settings.concurrency_max = concurrency.into();
    }
    if !args.sandbox {
        apply_network(&args.network, &mut settings);
    }
    settings
}

/// The client of a workspace for an upload that was stored with these options. Those that are typed win.
#[cfg(feature = "relay")]
pub(crate) fn client_for(
    endpoint: Endpoint,
    args: &ConnectionArgs,
    stored: &BTreeMap<String, String>,
) -> Client {
    let fields = with_fields(ClientSettings::default(), args, stored);
    Client::with_settings(endpoint, fields)
}

/// The address of the server of the options.
#[cfg(feature = "relay")]
pub(crate) fn address(args: &ConnectionArgs) -> Result<octane_model::Address> {
    let endpoint = build(remote_endpoint(args, Credentials::new(args))?, args)?;
    Ok(endpoint.address().clone())
}

/// The certificates and the proxy of the options.
pub(crate) fn apply_network(args: &NetworkArgs, settings: &mut EndpointSettings) {
    let given = args
        .ca_cert
        .iter()
        .filter(|path| !path.as_os_str().is_empty());
    (settings.ca_dirs, settings.ca_files) = given.cloned().partition(|path| path.is_dir());
    settings.client_cert.clone_from(&args.client_cert);
    settings.client_key.clone_from(&args.client_key);
    settings.proxy.clone_from(&args.proxy);
    settings.no_proxy.clone_from(&args.no_proxy);
    settings.insecure = args.insecure;
}

/// The server of the options, with these credentials.
pub(crate) fn remote_endpoint(args: &ConnectionArgs, credentials: Credentials) -> Result<Builder> {
    let Some(url) = args.url.as_deref().filter(|url| !url.trim().is_empty()) else {
        let message = format!("no server given: set `--url` or {}", env::URL);
        return Err(Failure::message(Exit::Configuration, message).hint(format!(
            "for example: {}=https://octane.example.com; or try `--sandbox`, which needs no server",
            env::URL
        )));
    };
    let mut builder = Endpoint::builder(url);
    if let Some(space) = number(args.space.as_deref(), "--space", env::SHARED_SPACE)? {
        builder = builder.space(space);
    }
    if let Some(workspace) = number(args.workspace.as_deref(), "--workspace", env::WORKSPACE)? {
        builder = builder.workspace(workspace);
    }
    builder = match &args.user {
        Some(user) => builder.credentials(user.clone()),
        None => builder.credentials(credentials),
    };
    if args.session_cache {
        let cache = SessionCache::of_user().map_err(session_failure)?;
        builder = builder.session_store(cache);
    }
    Ok(builder)
}

/// Fails if standard input would have to hold the secret and something else.
pub(crate) fn check_standard_input(args: &ConnectionArgs, is_read: bool) -> Result<()> {
    if !(args.secret_stdin && is_read) {
        return Ok(());
    }
    let message = "standard input cannot hold both the secret (`--secret-stdin`) and data (`-`)";
    Err(Failure::message(Exit::Usage, message)
        .hint("use `--secret-file` or `--secret-command` for the secret"))
}

/// Fails if something is missing that every request to the server needs. Nothing is sent.
pub(crate) async fn check(args: &ConnectionArgs) -> Result<()> {
    if args.sandbox {
        return Ok(());
    }
    build(remote_endpoint(args, Credentials::new(args))?, args)?;
    if args.user.is_some() {
        return Ok(());
    }
    match Credentials::new(args).check().await {
        Ok(true) => Ok(()),
        Ok(false) => {
            let failure = Failure::message(Exit::Configuration, "no credentials given");
            Err(failure.hint(credentials_hint()))
        }
        Err(error) => Err(credential_failure(error)),
    }
}

/// Credentials that cannot be used are a matter of configuration.
pub(crate) fn credential_failure(error: CredentialError) -> Failure {
    let hint = credential_error_hint(&error);
    Failure::new(Exit::Configuration, error).hint(hint)
}

/// Sessions that cannot be shared. It is not about credentials.
fn session_failure(error: CredentialError) -> Failure {
    match error {
        CredentialError::Unreadable { location, source } => {
            let message = format!("cannot share sessions in {location}: {source}");
            Failure::message(Exit::Configuration, message).hint(
                "make it writable, or set XDG_CACHE_HOME to a directory that is; without `--session-cache` nothing is shared",
            )
        }
        error => credential_failure(error),
    }
}

/// An ID that may have been typed or set; an empty one counts as absent, as CI systems set those.
pub(crate) fn number(text: Option<&str>, flag: &str, variable: &str) -> Result<Option<i64>> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let number = text.parse::<i64>().map_err(|_| {
        let message = format!("`{text}` is not a number ({flag} or {variable})");
        Failure::message(Exit::Configuration, message)
    });
    number.map(Some)
}
