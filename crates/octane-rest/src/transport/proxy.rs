//! Which proxy requests use, and whether it can be used at all.
//!
//! The HTTP library silently ignores a proxy variable that it cannot parse, and then connects directly; and its errors do
//! not say whether it was the proxy or the server that could not be reached. So the proxy is determined here.

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use octane_model::split_scheme;
use reqwest::{ClientBuilder, Proxy};
use url::Url;

use super::tls::Variables;
use crate::settings::EndpointSettings;

/// The proxy for the requests to one server.
#[derive(Debug, Clone)]
pub(crate) struct ServerProxy {
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
}

/// How the requests to one server get there.
#[derive(Debug, Clone)]
pub(crate) enum Route {
    /// Through no proxy, because none is named.
    Direct,
    /// Through no proxy, although one is named: the server is an exception, by this variable or setting.
    Exception(&'static str),
    /// Through a proxy.
    Proxy(Box<ServerProxy>),
}

impl Route {
    /// The route to a server: by the settings, or else by the environment, or else by the system.
    pub(crate) fn to(
        base: &Url,
        settings: &EndpointSettings,
        env: &Variables,
    ) -> Result<Self, ProxyError> {
        let setting = settings.proxy.as_ref().map(|proxy| proxy.expose().trim());
        let exceptions = match (settings.no_proxy.as_deref(), setting) {
            (Some(exceptions), _) => Some((exceptions.to_owned(), "setting `no_proxy`")),
            (None, Some(_)) => None,
            (None, None) => first(env, &["NO_PROXY", "no_proxy"]),
        };
        let excepting = exceptions
            .filter(|(exceptions, _)| is_exception(base, exceptions))
            .map(|(_, named_by)| named_by);
        let (text, named_by) = match setting {
            Some("direct") => return Ok(Self::Exception("setting `proxy`")),
            Some(text) => (text.to_owned(), "setting `proxy`"),
            None => match variable(base, env) {
                Some(found) => found,
                None => {
                    return Ok(match (ServerProxy::of_system(base), excepting) {
                        (Some(_), Some(named_by)) => Self::Exception(named_by),
                        (Some(proxy), None) => Self::Proxy(Box::new(proxy)),
                        (None, _) => Self::Direct,
                    });
                }
            },
        };
        if let Some(named_by) = excepting {
            return Ok(Self::Exception(named_by));
        }
        let invalid = |reason| ProxyError::Invalid {
            url: shown(&text),
            named_by,
            reason,
        };
        let url = parsed(&text).map_err(invalid)?;
        let proxy = Proxy::all(url.as_str()).map_err(|error| invalid(error.to_string()))?;
        Ok(Self::Proxy(Box::new(ServerProxy {
            url: shown(&text),
            named_by,
            proxy: Some(proxy),
        })))
    }

    /// The proxy, if there is one.
    pub(crate) fn proxy(&self) -> Option<&ServerProxy> {
        match self {
            Self::Proxy(proxy) => Some(proxy),
            Self::Direct | Self::Exception(_) => None,
        }
    }
}

impl ServerProxy {
    /// Whether requests to the proxy itself are encrypted.
    pub(super) fn is_tls(&self) -> bool {
        let (scheme, _) = split_scheme(&self.url);
        scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case("https"))
    }

    /// Whether its URL has a user and a password.
    pub(super) fn has_credentials(&self) -> bool {
        self.url.contains("***@")
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

/// Whether a server is one of the exceptions.
///
/// | entry | matches |
/// |---|---|
/// | `octane.example`, `.octane.example`, `*.octane.example` | this host and those below it |
/// | `10.1.2.3`, `fd00::1`, `[fd00::1]` | this address, if the URL has it |
/// | `10.0.0.0/8`, `fd00::/8` | all addresses of the network |
/// | any of these with a port: `octane.example:8443` | the same on this port |
/// | `*` | everything |
fn is_exception(base: &Url, exceptions: &str) -> bool {
    let port = base.port_or_known_default();
    let hosts = exceptions
        .split([',', ' '])
        .map(str::trim)
        .filter(|entry| !entry.is_empty())
        .filter_map(|entry| {
            let (host, of_entry) = match entry.rsplit_once(':') {
                // An IPv6 address without brackets has colons of its own.
                Some((host, digits)) if !host.contains(':') || host.ends_with(']') => {
                    (host, digits.parse::<u16>().ok())
                }
                _ => (entry, None),
            };
            let host = host.trim_start_matches('[').trim_end_matches(']');
            let is_port = of_entry.is_none() || of_entry == port;
            is_port.then(|| host.strip_prefix("*.").unwrap_or(host))
        });
    let hosts: Vec<&str> = hosts.collect();
    if hosts.contains(&"*") {
        return true;
    }
    let uri = base.as_str().parse::<Uri>();
    let matcher = Matcher::builder()
        .all("http://proxy.example")
        .no(hosts.join(","));
    uri.is_ok_and(|uri| matcher.build().intercept(&uri).is_none())
}

/// The URL of a proxy, or why it is none.
fn parsed(text: &str) -> Result<Url, String> {
    const ENCODING: &str = "special characters in the user name or the password must be percent-encoded, for example `@` as \
                            `%40`, `#` as `%23`, `%` as `%25` and `\\` as `%5C`";
    let (scheme, rest) = split_scheme(text);
    let scheme = scheme.unwrap_or("http");
    let is_supported = ["http", "https"]
        .iter()
        .any(|it| it.eq_ignore_ascii_case(scheme));
    if !is_supported {
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
    let (scheme, rest) = split_scheme(text);
    let scheme = scheme.map_or_else(String::new, |scheme| format!("{scheme}://"));
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
        let route = Route::to(&base, &EndpointSettings::default(), &env);
        route
            .map(|route| {
                let proxy = route.proxy().filter(|it| it.proxy.is_some());
                proxy.map(ToString::to_string)
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
    fn each_kind_of_exception_matches_as_the_table_says() {
        for (exceptions, url, expected) in [
            ("octane.example", "https://octane.example", true),
            ("octane.example", "https://eu.octane.example", true),
            ("OCTANE.example", "https://octane.EXAMPLE", true),
            (".octane.example", "https://octane.example", true),
            ("*.octane.example", "https://eu.octane.example", true),
            ("ane.example", "https://octane.example", false),
            ("10.0.0.0/8", "https://10.200.0.1", true),
            ("10.0.0.0/8", "https://11.0.0.1", false),
            ("10.1.2.3", "http://10.1.2.3:8080", true),
            ("fd00::/8", "https://[fd12::1]", true),
            ("[fd00::1]:8443", "https://[fd00::1]:8443", true),
            ("fd00::1", "https://[fd00::1]:8443", true),
            ("octane.example:8443", "https://octane.example:8443", true),
            ("octane.example:8443", "https://octane.example", false),
            ("octane.example:443", "https://octane.example", true),
            ("*", "https://10.1.2.3", true),
            ("a.example, ,b.example c.example", "https://c.example", true),
            ("", "https://octane.example", false),
        ] {
            let base = Url::parse(url).unwrap();
            assert_eq!(
                is_exception(&base, exceptions),
                expected,
                "{exceptions} {url}"
            );
        }
    }

    #[test]
    fn exceptions_of_the_settings_replace_those_of_the_environment() {
        let route = |no_proxy: Option<&str>, proxy: Option<&str>| {
            let settings = EndpointSettings {
                no_proxy: no_proxy.map(str::to_owned),
                proxy: proxy.map(Into::into),
                ..EndpointSettings::default()
            };
            let env: Variables = Arc::new(|name| match name {
                "HTTPS_PROXY" => Some("http://proxy:1".into()),
                "NO_PROXY" => Some("octane.example".into()),
                _ => None,
            });
            let base = Url::parse("https://octane.example").unwrap();
            match Route::to(&base, &settings, &env).unwrap() {
                Route::Direct => "direct".to_owned(),
                Route::Exception(named_by) => format!("not, by {named_by}"),
                Route::Proxy(proxy) => proxy.to_string(),
            }
        };
        assert_eq!(route(None, None), "not, by NO_PROXY");
        assert_eq!(
            route(Some("other.example"), None),
            "`http://proxy:1` (HTTPS_PROXY)"
        );
        assert_eq!(route(Some("*"), None), "not, by setting `no_proxy`");
        assert_eq!(
            route(None, Some("http://own:2")),
            "`http://own:2` (setting `proxy`)"
        );
        assert_eq!(
            route(Some("octane.example"), Some("http://own:2")),
            "not, by setting `no_proxy`"
        );
        assert_eq!(route(None, Some("direct")), "not, by setting `proxy`");
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
    fn a_scheme_may_be_in_capitals() {
        let capitals: &[_] = &[("HTTPS_PROXY", "HTTP://proxy:8080")];
        assert_eq!(
            of("https://octane.example", capitals),
            Ok(Some("`HTTP://proxy:8080` (HTTPS_PROXY)".to_owned()))
        );
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
