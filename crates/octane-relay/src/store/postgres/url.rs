//! The URL of a database.

use octane_rest::Secret;
use tokio_postgres::Config;
use tokio_postgres::config::Host;

use crate::store::interface::StoreError;

/// The values of `sslmode`. Certificates and names are verified whenever there is TLS, so the last three are the same.
const TLS_MODES: [&str; 5] = ["disable", "prefer", "require", "verify-ca", "verify-full"];

/// Reads a URL. What is wrong with it is said without the URL, which has a password.
pub(super) fn parse(url: &Secret) -> Result<Config, StoreError> {
    let invalid = |problem: String| StoreError::InvalidUrl { problem };
    let text = url.expose();
    if let Some(mode) = tls_mode(text).filter(|mode| !TLS_MODES.contains(mode)) {
        let modes = TLS_MODES.join("`, `");
        return Err(invalid(format!(
            "`sslmode` is `{mode}`; it can be `{modes}`"
        )));
    }
    let scheme = text.split_once("://").map(|(scheme, _)| scheme.trim());
    if scheme.is_some_and(|scheme| !matches!(scheme, "postgres" | "postgresql")) {
        return Err(invalid("it does not begin with `postgres://`".to_owned()));
    }
    let text = ["verify-ca", "verify-full"]
        .iter()
        .fold(text.to_owned(), |text, mode| {
            text.replace(&format!("sslmode={mode}"), "sslmode=require")
        });
    let config: Config = text.parse().map_err(|error: tokio_postgres::Error| {
        let source = std::error::Error::source(&error);
        invalid(source.map_or_else(|| error.to_string(), ToString::to_string))
    })?;
    if config.get_hosts().is_empty() {
        return Err(invalid("it names no host".to_owned()));
    }
    Ok(config)
}

/// The value of `sslmode` in a URL or in a list of `key=value`.
fn tls_mode(text: &str) -> Option<&str> {
    let (_, rest) = text.split_once("sslmode=")?;
    let end = rest.find(['&', ' ']).unwrap_or(rest.len());
    Some(rest[..end].trim_matches('\''))
}

/// Where the database is, for people.
pub(super) fn place(config: &Config) -> String {
    let ports = config.get_ports();
    let port = |index: usize| ports.get(index).or(ports.first()).copied().unwrap_or(5432);
    let hosts = config.get_hosts().iter().enumerate();
    let hosts = hosts.map(|(index, host)| match host {
        Host::Tcp(host) => format!("{host}:{}", port(index)),
        #[cfg(unix)]
        Host::Unix(folder) => folder.display().to_string(),
    });
    let hosts: Vec<String> = hosts.collect();
    let name = config.get_dbname().unwrap_or_default();
    format!("{name} at {}", hosts.join(", "))
        .trim_start()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use tokio_postgres::config::SslMode;

    use super::*;

    fn parsed(url: &str) -> Result<Config, String> {
        parse(&Secret::from(url.to_owned())).map_err(|error| error.to_string())
    }

    #[test]
    fn all_modes_of_tls_that_verify_are_one() {
        for (mode, expected) in [
            ("disable", SslMode::Disable),
            ("prefer", SslMode::Prefer),
            ("require", SslMode::Require),
            ("verify-ca", SslMode::Require),
            ("verify-full", SslMode::Require),
        ] {
            let url = format!(
                "postgres://relay:secret@db.example/octane?sslmode={mode}&connect_timeout=3"
            );
            assert_eq!(parsed(&url).unwrap().get_ssl_mode(), expected, "{mode}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_url_is_said_without_its_password() {
        for (url, expected) in [
            (
                "postgres://relay:secret@db.example/octane?sslmode=allow",
                "`verify-full`",
            ),
            ("postgres://relay:secret@db.example/octane?ssl=on", "ssl"),
            ("postgres://relay:secret@db.example:port/octane", "port"),
            ("postgres:///octane", "it names no host"),
            ("", "it names no host"),
        ] {
            let error = parsed(url).unwrap_err();
            assert!(error.contains(expected), "{url}: {error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn a_place_names_all_hosts_and_no_password() {
        let config = parsed("postgres://relay:secret@db1.example,db2.example:5433/octane").unwrap();
        assert_eq!(
            place(&config),
            "octane at db1.example:5432, db2.example:5433"
        );
    }
}
