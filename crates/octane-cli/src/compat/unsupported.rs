//! Flags that cannot be honoured.

use crate::args::CompatArgs;
use crate::collection_tool::{Config, proxy_url};
use crate::env;
use crate::exit::Exit;
use crate::failure::{Failure, Result};

/// Fails if a flag cannot be honoured.
pub(super) fn check(args: &CompatArgs, config: &Config) -> Result<()> {
    let refuse = |flag: &str, reason: &str, hint: String| {
        let message = format!("`{flag}` is not supported: {reason}");
        Err(Failure::message(Exit::Usage, message).hint(hint))
    };
    let port = args.proxy_port.map(|port| port.to_string());
    let proxy = args
        .proxy_host
        .as_deref()
        .and_then(|host| proxy_url(host, port.as_deref(), args.proxy_user.as_deref()));
    let proxy_hint = || {
        let proxy = proxy.clone().or_else(|| config.proxy());
        format!(
            "set HTTPS_PROXY={}",
            proxy.unwrap_or_else(|| "http://USER:PASSWORD@HOST:PORT".to_owned())
        )
    };
    let has_proxy =
        args.proxy_host.is_some() || args.proxy_port.is_some() || args.proxy_user.is_some();
    if has_proxy && args.output_file.is_none() {
        return refuse(
            "--proxy-host",
            "the proxy is set by the environment",
            proxy_hint(),
        );
    }
    if args.proxy_password.is_some() || args.proxy_password_file.is_some() {
        return refuse(
            "--proxy-password",
            "the proxy is set by the environment",
            proxy_hint(),
        );
    }
    if config.get("proxyhost").is_some() && args.output_file.is_none() && !is_proxy_set() {
        return refuse(
            "proxyhost",
            "the proxy is set by the environment",
            proxy_hint(),
        );
    }
    if args.access_token.is_some() {
        let hint = "set OCTANE_ACCESS_TOKEN instead".to_owned();
        return refuse(
            "--access-token",
            "a token on the command line is visible to others",
            hint,
        );
    }
    if args.bearer_token.is_some() || config.get("bearer-token").is_some() {
        let hint = "use an API key: `-u CLIENT_ID --password-file FILE`".to_owned();
        return refuse(
            "--bearer-token",
            "this program signs in for a session",
            hint,
        );
    }
    if args.started.is_some() {
        let hint = "remove it".to_owned();
        return refuse("--started", "reports say when tests have started", hint);
    }
    if !args.coverage_reports.is_empty() || args.coverage_report_type.is_some() {
        let hint = "upload coverage with the collection tool".to_owned();
        return refuse(
            "--coverage-reports",
            "this program uploads test results only",
            hint,
        );
    }
    if args.product_area.len() > 1 {
        let hint = "use the one that has the others below it".to_owned();
        return refuse(
            "--product-area",
            "results belong to one module, and several are given",
            hint,
        );
    }
    Ok(())
}

/// Whether the environment has a proxy.
fn is_proxy_set() -> bool {
    let names = [
        "HTTPS_PROXY",
        "https_proxy",
        "HTTP_PROXY",
        "http_proxy",
        "ALL_PROXY",
        "all_proxy",
    ];
    names
        .into_iter()
        .any(|name| env::read(name).is_some_and(|value| !value.is_empty()))
}
