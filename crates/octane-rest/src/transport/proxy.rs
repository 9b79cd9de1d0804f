//! Which proxy requests use, and whether it can be used at all.
//!
//! The HTTP library silently ignores a proxy variable that it cannot parse, and then connects directly; and its errors do
//! not say whether it was the proxy or the server that could not be reached. So the proxy is determined here.

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use reqwest::{ClientBuilder, NoProxy, Proxy};
use url::Url;

use super::tls::Variables;
use crate::settings::EndpointSettings;

/// The proxy for the requests to one server.
#[derive(Debug, Clone)]
pub(super) struct ServerProxy {
    /// Its URL, without user and password.
    url: String,
    /// The variable or setting.
    named_by: &'static str,
    /// What the HTTP library is given; nothing if it finds the proxy by itself.
    proxy: Option<Proxy>,
}

/// Why a proxy cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProxyError {
    /// The URL of the proxy is not valid.
    #[error("`{url}` ({named_by}) is not a valid proxy URL: {reason}")]
    Invalid {
        /// The URL, without its user and password.
        url: String,
        /// The variable or setting.
        named_by: &'static str,
        /// Why it is not valid.
        reason: String,
    },
    /// `no_proxy` is set and `proxy` is not.
    #[error("`no_proxy` has no effect without `proxy`; with HTTPS_PROXY use NO_PROXY")]
    NoProxyAlone,
}

impl ServerProxy {
    /// The proxy for a server: that of the settings, or else that of the environment, or else that of the system.
    pub(super) fn of(
        base: &Url,
        settings: &EndpointSettings,
        env: &Variables,
    ) -> Result<Option<Self>, ProxyError> {
        let setting = settings.proxy.as_ref().map(|proxy| proxy.expose().trim());
        let (text, named_by, exceptions) = match (setting, settings.no_proxy.as_deref()) {
            (None, Some(_)) => return Err(ProxyError::NoProxyAlone),
            (Some("direct"), _) => return Ok(None),
            (Some(text), exceptions) => {
                let exceptions = exceptions.unwrap_or_default().to_owned();
                (text.to_owned(), "setting `proxy`", exceptions)
            }
            (None, None) => {
                let Some((text, named_by)) = variable(base, env) else {
                    return Ok(Self::of_system(base));
                };
                let exceptions = first(env, &["NO_PROXY", "no_proxy"]);
                (
                    text,
                    named_by,
                    exceptions.map(|(text, _)| text).unwrap_or_default(),
                )
            }
        };
        if !is_matched(base, &exceptions) {
            return Ok(None);
        }
        let invalid = |reason| ProxyError::Invalid {
            url: shown(&text),
            named_by,
            reason,
        };
        let url = parsed(&text).map_err(invalid)?;
        let proxy = Proxy::all(url.as_str()).map_err(|error| invalid(error.to_string()))?;
        Ok(Some(Self {
            url: shown(&text),
            named_by,
            proxy: Some(proxy.no_proxy(NoProxy::from_string(&exceptions))),
        }))
    }

    /// The proxy that the system's own settings name, which the HTTP library uses without being asked.
    fn of_system(base: &Url) -> Option<Self> {
        let uri: Uri = base.as_str().parse().ok()?;
        let found = Matcher::from_system().intercept(&uri)?;
        Some(Self {
            url: shown(&found.uri().to_string()),
            named_by: "the system's settings",
            proxy: None,
        })
    }

    /// Makes a client use the proxy.
    pub(super) fn configure(proxy: Option<&Self>, builder: ClientBuilder) -> ClientBuilder {
        match proxy {
            None => builder.no_proxy(),
            Some(Self {
                proxy: Some(proxy), ..
            }) => builder.proxy(proxy.clone()),
            Some(Self { proxy: None, .. }) => builder,
        }
    }
}

impl std::fmt::Display for ServerProxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}` ({})", self.url, self.named_by)
    }
}

/// The variable that applies to a server, as `curl` reads them.
fn variable(base: &Url, env: &Variables) -> Option<(String, &'static str)> {
    // In a CGI script a client can set HTTP_PROXY with a header.
    if env("REQUEST_METHOD").is_some() {
        return None;
    }
    let own: &[&'static str] = match base.scheme() {
        "https" => &["HTTPS_PROXY", "https_proxy"],
        _ => &["HTTP_PROXY", "http_proxy"],
    };
    first(env, own).or_else(|| first(env, &["ALL_PROXY", "all_proxy"]))
}

fn first(env: &Variables, names: &[&'static str]) -> Option<(String, &'static str)> {
    names.iter().find_map(|&name| {
        let value = env(name)?.to_string_lossy().trim().to_owned();
        (!value.is_empty()).then_some((value, name))
    })
}

/// Whether a server is reached through a proxy with these exceptions.
fn is_matched(base: &Url, exceptions: &str) -> bool {
    let uri = base.as_str().parse::<Uri>();
    let matcher = Matcher::builder()
        .all("http://proxy.example")
        .no(exceptions);
    uri.is_ok_and(|uri| matcher.build().intercept(&uri).is_some())
}

/// The URL of a proxy, or why it is none.
fn parsed(text: &str) -> Result<Url, String> {
    const ENCODING: &str = "special characters in the user name or the password must be percent-encoded, for example `@` as \
                            `%40`, `#` as `%23`, `%` as `%25` and `\\` as `%5C`";
    let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
    if !matches!(scheme, "http" | "https") {
        return Err(format!(
            "the scheme `{scheme}` is not supported; use `http` or `https`"
        ));
    }
    let (user, _) = rest.rsplit_once('@').unwrap_or_default();
    if user.contains(['@', '/', '\\', '?', '#', ' ']) || has_bare_percent(user) {
        return Err(ENCODING.to_owned());
    }
    let url = Url::parse(&format!("{scheme}://{rest}")).map_err(|error| error.to_string())?;
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return Err(
            "only a host and a port are expected, for example `http://proxy.example:8080`"
                .to_owned(),
        );
    }
    Ok(url)
}

/// Whether a `%` is not followed by two hexadecimal digits.
fn has_bare_percent(text: &str) -> bool {
    text.split('%').skip(1).any(|after| {
        let digits = after.bytes().take(2).filter(u8::is_ascii_hexdigit);
        digits.count() < 2
    })
}

/// The URL without user and password.
fn shown(text: &str) -> String {
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) => (format!("{scheme}://"), rest),
        None => (String::new(), text),
    };
    let host = rest
        .rsplit_once('@')
        .map_or(rest.to_owned(), |(_, host)| format!("***@{host}"));
    format!("{scheme}{}", host.trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::sync::Arc;

    use super::*;

    fn of(url: &str, variables: &'static [(&str, &str)]) -> Result<Option<String>, String> {
        let env: Variables = Arc::new(move |name| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| OsString::from(value))
        });
        let base = Url::parse(url).unwrap();
        let proxy = ServerProxy::of(&base, &EndpointSettings::default(), &env);
        proxy
            .map(|proxy| {
                proxy
                    .filter(|it| it.proxy.is_some())
                    .map(|it| it.to_string())
            })
            .map_err(|error| error.to_string())
    }

    #[test]
    fn the_variable_of_the_scheme_applies_then_the_one_for_all() {
        let all: &[_] = &[
            ("HTTPS_PROXY", "http://secure:1"),
            ("http_proxy", "plain:2"),
            ("ALL_PROXY", "http://all:3"),
            ("NO_PROXY", ".local,10.0.0.0/8"),
        ];
        let named = |text: &str| Ok(Some(text.to_owned()));
        assert_eq!(
            of("https://octane.example", all),
            named("`http://secure:1` (HTTPS_PROXY)")
        );
        assert_eq!(
            of("http://octane.example", all),
            named("`plain:2` (http_proxy)")
        );
        assert_eq!(of("http://octane.local", all), Ok(None));
        assert_eq!(of("http://10.1.2.3", all), Ok(None));
        let others: &[_] = &[("HTTPS_PROXY", ""), ("all_proxy", "http://all:3")];
        assert_eq!(
            of("https://octane.example", others),
            named("`http://all:3` (all_proxy)")
        );
        let cgi: &[_] = &[("REQUEST_METHOD", "GET"), ("HTTP_PROXY", "http://evil:1")];
        assert_eq!(of("http://octane.example", cgi), Ok(None));
    }

    #[test]
    fn a_malformed_proxy_is_an_error_that_says_why_and_hides_the_password() {
        for (value, reason) in [
            (
                r"http://dom\jane:p@ss#w%rd:1@127.0.0.1:3128",
                "percent-encoded",
            ),
            ("http://jane:p@ss@proxy:3128", "percent-encoded"),
            ("jane:100%ss@proxy", "percent-encoded"),
            ("http://jane:pa/ss@proxy", "percent-encoded"),
            ("socks5://jane:ss@proxy:1080", "scheme `socks5`"),
            ("http://", "empty host"),
            ("http://proxy:99999", "port"),
            ("http://proxy/pac?ss", "only a host and a port"),
            ("http://[::1", "IPv6"),
        ] {
            let value: &'static str = value;
            let variables: &'static [(&str, &str)] = Box::leak(Box::new([("HTTP_PROXY", value)]));
            let error = of("http://octane.example", variables).unwrap_err();
            assert!(
                error.contains("(HTTP_PROXY)") && error.contains(reason),
                "{value}: {error}"
            );
            assert!(!error.contains("jane") && !error.contains("ss@"), "{error}");
            // A server that does not need it is not affected.
            assert_eq!(of("https://octane.example", variables), Ok(None), "{value}");
        }
    }

    #[test]
    fn an_encoded_password_is_valid() {
        let encoded: &[_] = &[(
            "HTTP_PROXY",
            "http://dom%5Cjane:p%40ss%23w%25rd%3A1@127.0.0.1:3128/",
        )];
        assert_eq!(
            of("http://octane.example", encoded),
            Ok(Some("`http://***@127.0.0.1:3128` (HTTP_PROXY)".to_owned()))
        );
    }
}
