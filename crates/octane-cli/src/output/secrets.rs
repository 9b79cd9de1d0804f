//! The secrets of this process, which nothing that it prints or reports may contain.

use std::borrow::Cow;
use std::ffi::OsString;
use std::sync::LazyLock;

use clap::builder::StyledStr;
use octane_model::clean;
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
            // Those of `octane compat` as well.
            "--client-secret" | "-p" | "--password" | "--proxy-password" | "--access-token"
            | "--bearer-token" => {
                SECRETS.learn(value);
            }
            "--url" | "--run-url" | "--proxy" => SECRETS.learn_url(value),
            // A URL or a path, whatever it is for.
            _ if value.contains("://") => SECRETS.learn_url(value),
            _ => SECRETS.learn_query(value),
        }
        if let Some(value) = argument
            .strip_prefix("-p")
            .filter(|value| !value.is_empty())
        {
            SECRETS.learn(value.trim_start_matches('='));
        }
        option = argument.into_owned();
    }
}

/// An error about the command line, in which what was typed cannot start a line.
pub(crate) fn clean_arguments(text: &StyledStr) -> String {
    // With its colours, because removing them would also change what was typed.
    let mut text = text.ansi().to_string();
    let values = env::ALL
        .iter()
        .filter_map(|variable| env::text(variable.name));
    let typed = std::env::args_os().skip(1);
    let typed = typed.map(|argument| argument.to_string_lossy().into_owned());
    for value in typed.chain(values) {
        let parts = value.split_once('=').map(|(_, value)| value);
        for part in [Some(&*value), parts].into_iter().flatten() {
            if let Cow::Owned(cleaned) = clean(part) {
                text = text.replace(part, &cleaned);
            }
        }
    }
    anstream::adapter::strip_str(&text).to_string()
}

/// The text without secrets.
pub(super) fn redact(text: &str) -> Cow<'_, str> {
    SECRETS.redact(text)
}
