//! The secrets of this process, which nothing that it prints or reports may contain.

use std::borrow::Cow;
use std::ffi::OsString;
use std::sync::LazyLock;

use octane_rest::Redactor;

use crate::env;

static SECRETS: LazyLock<Redactor> = LazyLock::new(Redactor::default);

/// Knows the secrets of this process; the connection adds those of its session.
pub(crate) fn redactor() -> &'static Redactor {
    &SECRETS
}

/// Learns the secrets that the environment and the command line contain, whether or not they are used.
pub(crate) fn learn(line: impl IntoIterator<Item = OsString>) {
    for variable in env::ALL {
        let value = || env::read(variable.name).unwrap_or_default();
        match (variable.is_url, variable.is_secret) {
            (true, _) => SECRETS.learn_url(&value().to_string_lossy()),
            (false, true) => SECRETS.learn(&value().to_string_lossy()),
            (false, false) => {}
        }
    }
    let mut option = String::new();
    for argument in line {
        let argument = argument.to_string_lossy();
        let (name, value) = match argument.split_once('=') {
            Some((name, value)) if name.starts_with("--") => (name.to_owned(), value),
            _ => (std::mem::take(&mut option), &*argument),
        };
        match name.as_str() {
            "--client-secret" => SECRETS.learn(value),
            "--url" => SECRETS.learn_url(value),
            _ => {}
        }
        option = argument.into_owned();
    }
}

/// The text without secrets.
pub(super) fn redact(text: &str) -> Cow<'_, str> {
    SECRETS.redact(text)
}
