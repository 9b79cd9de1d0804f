//! The URL of an Octane server, in any form that people copy.

use std::fmt;
use std::str::FromStr;

use url::{Host, Url};

use crate::id::{SharedSpaceId, WorkspaceId};

/// The base URL of a server, with the shared space and the workspace if the address contains them.
///
/// Accepts a bare host, a URL copied from the browser (`…/ui/?p=1001/1002`, with anything after it) and
/// the URL of an API resource. The default scheme is `https`, or `http` for a loopback address.
///
/// ```
/// use octane_model::{Address, WorkspaceId};
///
/// let address: Address = "https://octane.example/ui/entity-navigation?p=1001/1002&id=7".parse()?;
/// assert_eq!(address.base().as_str(), "https://octane.example/");
/// assert_eq!(address.workspace(), Some(WorkspaceId::new(1002)));
/// # Ok::<(), octane_model::AddressError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    base: Url,
    space: Option<SharedSpaceId>,
    workspace: Option<WorkspaceId>,
}

/// An invalid address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid Octane URL `{text}`: {reason}")]
pub struct AddressError {
    text: String,
    reason: String,
}

impl AddressError {
    /// The text that is not an address, without secrets.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What is wrong with it.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

/// Path segments that belong to Octane itself; the segments before them are part of the base URL.
const OCTANE_SEGMENTS: [&str; 6] = [
    "ui",
    "api",
    "internal-api",
    "admin",
    "authentication",
    "osp",
];

impl Address {
    /// The server's base URL, ending in `/`; the context path of a reverse proxy is kept.
    pub fn base(&self) -> &Url {
        &self.base
    }

    /// Whether both addresses lead to the same server, however they are written. Upper and lower case of the host,
    /// its dot at the end, default ports and international names make no difference, and the names of the own
    /// machine (`localhost`, `127.0.0.1`, `[::1]`) are one. Space and workspace do not count.
    ///
    /// ```
    /// use octane_model::Address;
    ///
    /// let one: Address = "https://octane.example/ui/?p=1001/1002".parse()?;
    /// assert!(one.is_same_server(&"HTTPS://Octane.Example:443".parse()?));
    /// assert!(!one.is_same_server(&"http://octane.example".parse()?));
    /// # Ok::<(), octane_model::AddressError>(())
    /// ```
    pub fn is_same_server(&self, other: &Self) -> bool {
        let parts = |url: &Url| {
            (
                url.scheme().to_owned(),
                host(url),
                url.port_or_known_default(),
                url.path().to_owned(),
            )
        };
        parts(&self.base) == parts(&other.base)
    }

    /// Whether the server is on this machine.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.base)
    }

    /// Whether others can read what is sent on its way: it leaves this machine without TLS.
    pub fn is_exposed(&self) -> bool {
        self.base.scheme() == "http" && !self.is_loopback()
    }

    /// The shared space, if the address contains one.
    pub fn space(&self) -> Option<SharedSpaceId> {
        self.space
    }

    /// The workspace, if the address contains one.
    pub fn workspace(&self) -> Option<WorkspaceId> {
        self.workspace
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let invalid = |reason: &str| AddressError {
            text: without_secrets(text),
            reason: reason.to_owned(),
        };
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return Err(invalid(
                "it is empty; use e.g. `https://octane.example.com`",
            ));
        }
        let url = if split_scheme(trimmed).0.is_some() {
            Url::parse(trimmed)
        } else {
            match Url::parse(&format!("http://{trimmed}")) {
                Ok(url) if is_loopback(&url) => Ok(url),
                _ => Url::parse(&format!("https://{trimmed}")),
            }
        };
        let mut base = url.map_err(|error| invalid(&error.to_string()))?;
        if !matches!(base.scheme(), "http" | "https") {
            return Err(invalid("it must start with `https://` (or `http://`)"));
        }
        if base.host_str().is_none_or(str::is_empty) {
            return Err(invalid("it has no host"));
        }
        if !base.username().is_empty() || base.password().is_some() {
            return Err(invalid("it must not contain credentials"));
        }
        let segments: Vec<String> = base
            .path_segments()
            .into_iter()
            .flatten()
            .map(str::to_owned)
            .collect();
        let own = segments
            .iter()
            .take_while(|segment| !OCTANE_SEGMENTS.contains(&segment.as_str()));
        let context: Vec<&str> = own
            .map(String::as_str)
            .filter(|segment| !segment.is_empty())
            .collect();
        let (space, workspace) = numbers(&base, &segments).map_err(|reason| invalid(&reason))?;
        let path = context
            .iter()
            .fold("/".to_owned(), |path, segment| path + segment + "/");
        base.set_path(&path);
        base.set_query(None);
        base.set_fragment(None);
        Ok(Self {
            base,
            space,
            workspace,
        })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.base.as_str().trim_end_matches('/'))
    }
}

/// The host, in lower case and without a dot at its end; `localhost` for all names of the own machine.
fn host(url: &Url) -> String {
    let is_own_machine = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(_)) | None => false,
    };
    if is_own_machine {
        return "localhost".to_owned();
    }
    let host = url.host_str().unwrap_or_default();
    host.trim_end_matches('.').to_ascii_lowercase()
}

fn is_loopback(url: &Url) -> bool {
    let host = host(url);
    host == "localhost" || host.ends_with(".localhost")
}

/// The scheme of a URL, if it has one, and what follows `://`. That a parameter is a URL, too, gives it no scheme.
pub fn split_scheme(text: &str) -> (Option<&str>, &str) {
    let is_scheme = |text: &str| {
        let mut bytes = text.bytes();
        !text.is_empty() && bytes.all(|it| it.is_ascii_alphanumeric() || b"+-.".contains(&it))
    };
    match text.split_once("://") {
        Some((scheme, rest)) if is_scheme(scheme) => (Some(scheme), rest),
        _ => (None, text),
    }
}

type Numbers = (Option<SharedSpaceId>, Option<WorkspaceId>);

/// The space and the workspace from `?p=1001/1002` (in the query or the fragment) or from an API path.
fn numbers(url: &Url, segments: &[String]) -> Result<Numbers, String> {
    let fragment = url
        .fragment()
        .and_then(|fragment| fragment.split_once('?'))
        .map(|(_, query)| query);
    let pairs = [url.query(), fragment].into_iter().flatten();
    let place = pairs
        .flat_map(|query| url::form_urlencoded::parse(query.as_bytes()))
        .find_map(|(key, value)| (key == "p").then(|| value.into_owned()));
    let after = |name: &str| {
        let position = segments.iter().position(|segment| segment == name)?;
        segments
            .get(position + 1)
            .filter(|segment| !segment.is_empty())
            .cloned()
    };
    let (space, workspace) = match place {
        Some(place) => {
            let mut parts = place
                .split('/')
                .filter(|part| !part.is_empty())
                .map(str::to_owned);
            (parts.next(), parts.next())
        }
        None => (after("shared_spaces"), after("workspaces")),
    };
    Ok((number(space)?, number(workspace)?))
}

fn number<T: FromStr<Err = crate::id::IdError>>(text: Option<String>) -> Result<Option<T>, String> {
    text.map(|text| {
        text.parse()
            .map_err(|error: crate::id::IdError| error.to_string())
    })
    .transpose()
}

/// The text without the user name and the password before the host, and without what follows the path except `p`, for
/// messages. A password without its escapes may contain anything.
fn without_secrets(text: &str) -> String {
    let (scheme, rest) = split_scheme(text.trim());
    let scheme = scheme.map_or_else(String::new, |scheme| format!("{scheme}://"));
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let is_user = |user: &str| user.contains(':');
    let user = authority
        .rsplit_once('@')
        .or_else(|| rest.rsplit_once('@').filter(|(user, _)| is_user(user)))
        .map(|(user, _)| user);
    let (user, rest) = match user {
        Some(user) => ("…@", &rest[user.len() + 1..]),
        None => ("", rest),
    };
    let end = rest.find(['?', '#']).unwrap_or(rest.len());
    let (path, parameters) = rest.split_at(end);
    let mut parameters = parameters.split(['?', '&', '#']).skip(1);
    let place = parameters
        .clone()
        .find(|parameter| parameter.starts_with("p="));
    let has_others = parameters.any(|parameter| Some(parameter) != place);
    let place = place.map_or_else(String::new, |place| format!("?{place}"));
    let others = match (has_others, place.is_empty()) {
        (false, _) => "",
        (true, true) => "?…",
        (true, false) => "&…",
    };
    format!("{scheme}{user}{path}{place}{others}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (String, Option<i64>, Option<i64>) {
        let address: Address = text.parse().unwrap();
        (
            address.base().to_string(),
            address.space().map(SharedSpaceId::get),
            address.workspace().map(WorkspaceId::get),
        )
    }

    #[test]
    fn any_address_that_people_copy_is_parsed() {
        let host = "https://octane.example/".to_owned();
        for text in [
            "https://octane.example/ui/?p=1001/1002",
            "https://octane.example/ui/?p=1001%2F1002#/quality",
            "https://octane.example/ui/#/entity?p=1001/1002",
            "octane.example/ui/entity-navigation?entityType=run&p=1001/1002&id=5",
            "https://octane.example/api/shared_spaces/1001/workspaces/1002/tests?limit=1",
        ] {
            assert_eq!(read(text), (host.clone(), Some(1001), Some(1002)), "{text}");
        }
        assert_eq!(
            read(" https://octane.example// "),
            (host.clone(), None, None)
        );
        assert_eq!(
            read("https://octane.example/ui/?p=1001"),
            (host, Some(1001), None)
        );
        assert_eq!(
            read("https://proxy.example/octane/ui"),
            ("https://proxy.example/octane/".into(), None, None)
        );
        for own in ["127.0.0.1:8484", "[::1]:8484", "x.localhost:8484"] {
            assert_eq!(read(own), (format!("http://{own}/"), None, None));
        }
        assert_eq!(read("octane.example:80").0, "https://octane.example:80/");
        assert_eq!(
            read("octane.example/ui/?p=1/2&r=http://x"),
            ("https://octane.example/".into(), Some(1), Some(2))
        );
    }

    #[test]
    fn addresses_are_compared_by_what_they_lead_to() {
        let is_same = |one: &str, other: &str| {
            let (one, other): (Address, Address) = (one.parse().unwrap(), other.parse().unwrap());
            assert_eq!(one.is_same_server(&other), other.is_same_server(&one));
            one.is_same_server(&other)
        };
        let plain = "https://octane.example";
        for written in [
            "https://octane.example/",
            "https://octane.example:443",
            "HTTPS://OCTANE.Example//",
            "https://octane.example./ui/?p=1001/1002",
            "octane.example",
        ] {
            assert!(is_same(plain, written), "{written}");
        }
        for written in [
            "http://octane.example",
            "https://octane.example:8443",
            "https://octane.example/octane",
            "https://octane.example.com",
        ] {
            assert!(!is_same(plain, written), "{written}");
        }
        assert!(is_same(
            "https://bücher.example",
            "https://XN--BCHER-KVA.example/"
        ));
        assert!(is_same("http://host/octane/", "http://HOST:80/octane/ui/"));
        assert!(!is_same("http://host/octane", "http://host/Octane"));
        for own in ["LOCALHOST:8484", "127.0.0.1:8484", "http://[::1]:8484/"] {
            assert!(is_same("http://localhost:8484", own), "{own}");
        }
        assert!(!is_same("http://localhost:8484", "http://localhost:8485"));
    }

    #[test]
    fn an_invalid_address_is_rejected_with_a_reason() {
        for (text, reason) in [
            ("", "empty"),
            ("ftp://octane.example", "https://"),
            ("https://", "host"),
            (
                "https://octane.example/ui/?p=a/b",
                "`a` is not a shared space id",
            ),
        ] {
            let error = text.parse::<Address>().unwrap_err().to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }

    #[test]
    fn a_password_in_an_address_is_rejected_and_not_repeated() {
        for text in [
            "https://jane:hunter2@octane.example",
            "jane:hunter2@octane.example",
            "https://jane:hunter2/x#y@octane.example/ui/?p=1/2",
            "http://octane.example/ui/?p=a/b&token=hunter2#hunter2",
            "ftp://octane.example?hunter2",
            "octane.example/ui/?p=a/b&token=hunter2&r=http://x",
        ] {
            let error = text.parse::<Address>().unwrap_err().to_string();
            assert!(!error.contains("hunter2"), "{text}: {error}");
            assert!(error.contains("octane.example"), "{text}: {error}");
        }
        let error = "https://jane:hunter2@octane.example/ui/?p=1/2&x=y"
            .parse::<Address>()
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "invalid Octane URL `https://…@octane.example/ui/?p=1/2&…`: it must not contain credentials"
        );
    }

    #[test]
    fn http_to_another_machine_is_exposed() {
        let is_exposed = |text: &str| text.parse::<Address>().unwrap().is_exposed();
        assert!(is_exposed("http://octane.example") && is_exposed("http://10.0.0.1:8080"));
        for text in [
            "https://octane.example",
            "octane.example",
            "http://localhost:1",
            "http://octane.localhost",
            "http://127.3.2.1",
            "http://[::1]:8080",
        ] {
            assert!(!is_exposed(text), "{text}");
        }
    }
}
