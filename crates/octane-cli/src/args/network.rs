//! Certificates and proxies, for the commands that connect to a server.

use std::path::PathBuf;

use clap::parser::ValueSource;
use clap::{ArgMatches, Args, FromArgMatches};
use octane_rest::Secret;

use crate::env;

/// Certificates and proxies.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Network")]
pub(crate) struct NetworkArgs {
    // First, because reading an option removes it from what it is read from.
    #[command(flatten)]
    pub(crate) typed: TypedNetwork,
    /// CA certificate (PEM) to trust as well as those of the system: a file, or a directory of files; can be repeated.
    #[arg(long, global = true, env = env::CA_CERT, value_name = "FILE")]
    pub(crate) ca_cert: Vec<PathBuf>,
    /// Client certificate (PEM), for servers that require one; the file also holds its private key, unless `--client-key` is given.
    #[arg(long, global = true, env = env::CLIENT_CERT, value_name = "FILE")]
    pub(crate) client_cert: Option<PathBuf>,
    /// Private key (PEM, not encrypted) of the client certificate; refused if others can read it.
    #[arg(long, global = true, env = env::CLIENT_KEY, value_name = "FILE")]
    pub(crate) client_key: Option<PathBuf>,
    /// Proxy, for example `http://proxy.example:8080`, or `direct` for none [default: `HTTPS_PROXY` or `HTTP_PROXY`].
    #[arg(long, global = true, env = env::PROXY, value_name = "URL")]
    pub(crate) proxy: Option<Secret>,
    /// Hosts to reach without a proxy: names, addresses and networks such as `.example.com,10.0.0.0/8` [default: `NO_PROXY`].
    #[arg(long, global = true, env = env::NO_PROXY, value_name = "HOSTS")]
    pub(crate) no_proxy: Option<String>,
    /// Accept any certificate, without checking it: anyone on the network path can then read the secret and change results. For experiments only.
    #[arg(long, global = true)]
    pub(crate) insecure: bool,
    /// Whether the proxy is that of `octane compat`, whose password must not appear in suggested commands.
    #[arg(skip)]
    pub(crate) is_proxy_of_compat: bool,
}

/// The IDs of the options that were typed; others come from the environment or a file.
#[derive(Debug, Clone, Default)]
pub(crate) struct TypedNetwork(Vec<&'static str>);

const IDS: [&str; 5] = ["ca_cert", "client_cert", "client_key", "proxy", "no_proxy"];

impl TypedNetwork {
    fn has(&self, id: &str) -> bool {
        self.0.contains(&id)
    }
}

impl NetworkArgs {
    /// Whether a proxy was typed together with a password, which others can see.
    pub(crate) fn is_proxy_password_typed(&self) -> bool {
        let proxy = self.proxy.as_ref().map_or("", Secret::expose);
        self.typed.has("proxy") && proxy.contains('@')
    }

    /// Whether another command needs the proxy's password from the environment.
    pub(crate) fn needs_proxy_variable(&self) -> bool {
        self.is_proxy_of_compat || self.is_proxy_password_typed()
    }

    /// The options that were typed, to be typed again elsewhere; no password is among them.
    pub(crate) fn typed_options(&self) -> Vec<(&'static str, Option<String>)> {
        let absolute = |path: &PathBuf| {
            let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
            Some(path.display().to_string())
        };
        let mut options = Vec::new();
        if self.typed.has("ca_cert") {
            options.extend(
                self.ca_cert
                    .iter()
                    .map(|path| ("--ca-cert", absolute(path))),
            );
        }
        if let Some(path) = self
            .client_cert
            .as_ref()
            .filter(|_| self.typed.has("client_cert"))
        {
            options.push(("--client-cert", absolute(path)));
        }
        if let Some(path) = self
            .client_key
            .as_ref()
            .filter(|_| self.typed.has("client_key"))
        {
            options.push(("--client-key", absolute(path)));
        }
        if let Some(proxy) = &self.proxy
            && self.typed.has("proxy")
            && !self.is_proxy_password_typed()
        {
            options.push(("--proxy", Some(proxy.expose().to_owned())));
        }
        if let Some(hosts) = self
            .no_proxy
            .as_ref()
            .filter(|_| self.typed.has("no_proxy"))
        {
            options.push(("--no-proxy", Some(hosts.clone())));
        }
        if self.insecure {
            options.push(("--insecure", None));
        }
        options
    }
}

impl FromArgMatches for TypedNetwork {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let is_typed = |id: &&str| matches.value_source(id) == Some(ValueSource::CommandLine);
        Ok(Self(IDS.into_iter().filter(is_typed).collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// It reads options of others, and has none of its own.
impl Args for TypedNetwork {
    fn augment_args(command: clap::Command) -> clap::Command {
        command
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        command
    }
}
