//! The vendor's test result collection tool: what its `config.properties` means.

use std::net::Ipv6Addr;
use std::path::Path;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::properties::{Property, parse};

/// What a property of `config.properties` means.
///
/// | property | meaning |
/// |---|---|
/// | `server`, `sharedspace`, `workspace` | the settings `url`, `space`, `workspace` |
/// | `user` | the client ID of an API key, or a user name |
/// | `password` | the secret of that API key, or the user's password |
/// | `bearer-token`, `access-token`, `proxypassword` | another secret |
/// | `proxyhost`, `proxyport`, `proxyuser` | parts of the proxy's URL |
/// | `build_context_server_id`, `build_context_job_id`, `build_context_build_id` | parts of the build that the results belong to |
/// | any other | unknown |
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// The setting of this ID.
    Setting(&'static str),
    User,
    Password,
    OtherSecret,
    Proxy,
    Build,
    Unknown,
}

impl Meaning {
    pub(crate) fn of(key: &str) -> Self {
        match key {
            "server" => Self::Setting("url"),
            "sharedspace" => Self::Setting("space"),
            "workspace" => Self::Setting("workspace"),
            "user" => Self::User,
            "password" => Self::Password,
            "bearer-token" | "access-token" | "proxypassword" => Self::OtherSecret,
            "proxyhost" | "proxyport" | "proxyuser" => Self::Proxy,
            "build_context_server_id" | "build_context_job_id" | "build_context_build_id" => {
                Self::Build
            }
            _ => Self::Unknown,
        }
    }
}

/// The properties of a file. Of a key that occurs twice the last one counts, as in Java, and empty ones do not.
#[derive(Debug, Clone, Default)]
pub(crate) struct Config(Vec<Property>);

impl Config {
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).map_err(|error| {
            Failure::new(Exit::Configuration, error)
                .context(format!("cannot read `{}`", path.display()))
        })?;
        Ok(Self::of(&bytes))
    }

    pub(crate) fn of(bytes: &[u8]) -> Self {
        let mut properties: Vec<Property> = Vec::new();
        for mut property in parse(bytes) {
            property.value.truncate(property.value.trim_end().len());
            properties.retain(|earlier| earlier.key != property.key);
            properties.push(property);
        }
        properties.retain(|property| !property.value.is_empty());
        Self(properties)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Property> {
        self.0.iter()
    }

    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        let found = self.iter().find(|property| property.key == key);
        found.map(|property| property.value.as_str())
    }

    /// The URL of the proxy, without a password.
    pub(crate) fn proxy(&self) -> Option<String> {
        proxy_url(
            self.get("proxyhost")?,
            self.get("proxyport"),
            self.get("proxyuser"),
        )
    }
}

/// The URL of a proxy.
pub(crate) fn proxy_url(host: &str, port: Option<&str>, user: Option<&str>) -> Option<String> {
    let user = user.map(|user| format!("{}@", encoded_user(user)));
    let user = user.unwrap_or_default();
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    let host = host.trim_start_matches("http://").trim_end_matches('/');
    let host = match host.parse::<Ipv6Addr>() {
        Ok(address) => format!("[{address}]"),
        Err(_) => host.to_owned(),
    };
    (!host.is_empty()).then(|| format!("http://{user}{host}{port}"))
}

/// A user or password as part of a URL.
pub(crate) fn encoded_user(text: &str) -> String {
    const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
        .remove(b'-')
        .remove(b'.')
        .remove(b'_')
        .remove(b'~');
    utf8_percent_encode(text, ESCAPED).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_property_of_the_documentation_has_its_meaning() {
        for (key, meaning) in [
            ("server", Meaning::Setting("url")),
            ("sharedspace", Meaning::Setting("space")),
            ("workspace", Meaning::Setting("workspace")),
            ("user", Meaning::User),
            ("password", Meaning::Password),
            ("bearer-token", Meaning::OtherSecret),
            ("access-token", Meaning::OtherSecret),
            ("proxypassword", Meaning::OtherSecret),
            ("proxyhost", Meaning::Proxy),
            ("proxyport", Meaning::Proxy),
            ("proxyuser", Meaning::Proxy),
            ("build_context_server_id", Meaning::Build),
            ("build_context_job_id", Meaning::Build),
            ("build_context_build_id", Meaning::Build),
            ("sharedSpace", Meaning::Unknown),
        ] {
            assert_eq!(Meaning::of(key), meaning, "{key}");
        }
    }

    #[test]
    fn the_last_of_several_values_counts_and_an_empty_one_does_not() {
        let config = Config::of(
            b"server=one\nserver=two \nuser=\nproxyhost=proxy.example\nproxyport=3128\n",
        );
        assert_eq!(config.get("server"), Some("two"));
        assert_eq!(config.get("user"), None);
        assert_eq!(config.proxy().as_deref(), Some("http://proxy.example:3128"));
        let config = Config::of(b"proxyhost=::1\nproxyport=3128\nproxyuser=corp\\\\jane\n");
        let url = config.proxy();
        assert_eq!(url.as_deref(), Some("http://corp%5Cjane@[::1]:3128"));
    }
}
