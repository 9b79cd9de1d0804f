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
    learn_line(&SECRETS, line);
}

/// Learns what is secret on a command line. `-p` is a password of `octane compat` only: what follows `--` is the command of
/// `octane exec`, to whose programs it means something else, such as a directory.
fn learn_line(secrets: &Redactor, line: impl IntoIterator<Item = OsString>) {
    let mut option = String::new();
    let mut has_short_password = false;
    let mut is_own = true;
    for argument in line {
        let argument = argument.to_string_lossy();
        let (name, value) = match argument.split_once('=') {
            Some((name, value)) if name.starts_with("--") => (name.to_owned(), value),
            _ => (std::mem::take(&mut option), &*argument),
        };
        match name.as_str() {
            // Those of `octane compat` as well.
            "--client-secret" | "--password" | "--proxy-password" | "--access-token"
            | "--bearer-token" => secrets.learn(value),
            "-p" if has_short_password => secrets.learn(value),
            "--url" | "--run-url" | "--proxy" => secrets.learn_url(value),
            // A URL or a path, whatever it is for.
            _ if value.contains("://") => secrets.learn_url(value),
            _ => secrets.learn_query(value),
        }
        if has_short_password && let Some(value) = argument.strip_prefix("-p") {
            secrets.learn(value.trim_start_matches('='));
        }
        is_own &= argument != "--";
        has_short_password = is_own && (has_short_password || argument == "compat");
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_compat_has_a_short_option_for_a_password() {
        let known = |line: &str| {
            let redactor = Redactor::default();
            learn_line(&redactor, line.split(' ').map(OsString::from));
            let secrets = redactor.secrets();
            let mut found: Vec<String> = (secrets.iter())
                .map(|secret| secret.expose().to_owned())
                .collect();
            found.sort();
            found
        };
        for line in [
            "octane compat -p hush-hush a.xml",
            "octane -v compat -phush-hush a.xml",
            "octane compat -p=hush-hush a.xml",
            "octane upload a.xml --client-secret hush-hush",
            "octane exec a.xml -- run --password=hush-hush",
        ] {
            assert!(known(line).contains(&"hush-hush".to_owned()), "{line}");
        }
        for line in [
            "octane exec a.xml -- gradle -p shop-tests test",
            "octane exec a.xml -- pytest -p no:cacheprovider",
            "octane exec a.xml -- go test -parallel 4",
            "octane exec compat -- mkdir -p build/reports",
        ] {
            assert_eq!(known(line), [""; 0], "{line}");
        }
    }
}
