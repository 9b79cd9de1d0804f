//! The proxy of the collection tool's flags, or of its `config.properties`.

use super::password_file::read_password;
use crate::args::CompatArgs;
use crate::collection_tool::{Config, encoded_user, proxy_url};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::secrets;
use octane_rest::Secret;

/// The proxy that is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ToolProxy {
    /// `http://HOST:PORT`
    pub(super) url: String,
    /// Who may use it, if not everyone.
    pub(super) user: Option<String>,
}

impl ToolProxy {
    /// The proxy, if there is one. Flags win over the file.
    ///
    /// | flags | proxy |
    /// |---|---|
    /// | none | that of the file; without one, that of the environment and the settings |
    /// | host and port | `http://HOST:PORT`, for all servers |
    /// | host, no port | an error |
    /// | port, user or password, no host | an error |
    /// | password, no user | an error |
    /// | `--output-file` | none: nothing is sent |
    ///
    /// Parts in the file mean nothing without its `proxyhost`.
    pub(super) fn of(args: &CompatArgs, config: &Config) -> Result<Option<Self>> {
        if args.output_file.is_some() {
            return Ok(None);
        }
        let refuse = |flag: &str, missing: &str| {
            let message = format!("`{flag}` needs `{missing}`");
            let hint = "a proxy is given by `--proxy-host HOST --proxy-port PORT`";
            Err(Failure::message(Exit::Usage, message).hint(hint))
        };
        let host = args.proxy_host.as_deref().or(config.get("proxyhost"));
        let Some(host) = host.filter(|host| !host.trim().is_empty()) else {
            return match part_without_host(args) {
                Some(flag) => refuse(flag, "--proxy-host"),
                None => Ok(None),
            };
        };
        let port = args.proxy_port.map(|port| port.to_string());
        let Some(port) = port.as_deref().or(config.get("proxyport")) else {
            return refuse("--proxy-host", "--proxy-port");
        };
        let user = args.proxy_user.as_deref().or(config.get("proxyuser"));
        if user.is_none() && (args.proxy_password.is_some() || args.proxy_password_file.is_some()) {
            return refuse("--proxy-password", "--proxy-user");
        }
        let url = proxy_url(host.trim(), Some(port), None);
        let user = user.map(str::to_owned);
        Ok(url.map(|url| Self { url, user }))
    }

    /// The URL with user and password, if it needs a user. A user without a password has an empty one.
    pub(super) fn with_password(
        &self,
        args: &CompatArgs,
        config: &Config,
    ) -> Result<Option<Secret>> {
        let Some(user) = &self.user else {
            return Ok(None);
        };
        let typed = args.proxy_password.clone();
        let of_file = args.proxy_password_file.as_deref();
        let password = match (typed, of_file) {
            (Some(typed), _) => Some(typed),
            (None, Some(path)) => Some(read_password(path)?),
            (None, None) => config.get("proxypassword").map(Secret::from),
        };
        let password = password.unwrap_or_else(|| Secret::from(""));
        let (name, secret) = (encoded_user(user), encoded_user(password.expose()));
        let redactor = secrets::redactor();
        redactor.learn(password.expose());
        redactor.learn(&secret);
        let host = self.url.trim_start_matches("http://");
        Ok(Some(Secret::from(format!("http://{name}:{secret}@{host}"))))
    }
}

/// A flag that was typed and means nothing without a host.
fn part_without_host(args: &CompatArgs) -> Option<&'static str> {
    [
        ("--proxy-port", args.proxy_port.is_some()),
        ("--proxy-user", args.proxy_user.is_some()),
        ("--proxy-password", args.proxy_password.is_some()),
        ("--proxy-password-file", args.proxy_password_file.is_some()),
    ]
    .into_iter()
    .find_map(|(flag, is_typed)| is_typed.then_some(flag))
}
