//! What may not be set in a file, and why.

/// Why a name may not be set in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exclusion {
    /// It is a secret: files are committed, copied and backed up.
    Secret,
    /// It has to be asked for each time, for this reason.
    EachTime(&'static str),
}

/// Options of `octane upload` that are not settings, by the name that they would have in a file. Secrets are recognised by
/// their names ([`looks_secret`]).
///
/// | name | why not |
/// |---|---|
/// | `insecure` | a server whose certificate is not checked can be anyone |
/// | `sandbox` | results would go to the sandbox, and no one would notice |
/// | `dry-run` | nothing would be uploaded, and no one would notice |
/// | `force-new` | each upload would add the same results once more |
/// | `started` | it is the time of one test run |
/// | `yes` | `create = "missing"` says the same |
/// | `no-wait` | `wait = "0s"` says the same |
/// | `strict` | `on-unresolved = "fail"` says the same |
/// | `secret-stdin` | standard input belongs to the one who calls |
/// | `profile` | a file cannot choose what counts in it |
/// | `format`, `quiet`, `verbose`, `color` | scripts rely on what is printed |
const EACH_TIME: &[(&str, &str)] = &[
    (
        "insecure",
        "a server whose certificate is not checked can be anyone",
    ),
    (
        "sandbox",
        "results would go to the sandbox, and no one would notice",
    ),
    (
        "dry-run",
        "nothing would be uploaded, and no one would notice",
    ),
    (
        "force-new",
        "each upload would add the same results once more",
    ),
    ("started", "it is the time of one test run"),
    ("yes", "`create = \"missing\"` says the same"),
    ("no-wait", "`wait = \"0s\"` says the same"),
    ("strict", "`on-unresolved = \"fail\"` says the same"),
    (
        "secret-stdin",
        "standard input belongs to the one who calls",
    ),
    ("profile", "a file cannot choose what counts in it"),
    ("format", "scripts rely on what is printed"),
    ("quiet", "scripts rely on what is printed"),
    ("verbose", "scripts rely on what is printed"),
    ("color", "scripts rely on what is printed"),
];

/// Why this name may not be set in a file, if so.
pub(super) fn exclusion(name: &str) -> Option<Exclusion> {
    let each_time = EACH_TIME.iter().find(|(known, _)| *known == name);
    match each_time {
        Some((_, reason)) => Some(Exclusion::EachTime(reason)),
        None => looks_secret(name).then_some(Exclusion::Secret),
    }
}

/// Whether a setting of this name would hold a secret, and not only say where one is (`secret-file`, `secret-command`).
pub(super) fn looks_secret(name: &str) -> bool {
    let name = name.to_lowercase().replace('_', "-");
    let has_word = [
        "secret",
        "password",
        "passwd",
        "passphrase",
        "token",
        "api-key",
        "apikey",
    ]
    .iter()
    .any(|word| name.contains(word));
    has_word && !name.ends_with("-file") && !name.ends_with("-command")
}

/// Whether a value is a URL with a password in it.
pub(super) fn has_password(value: &str) -> bool {
    let Some((_, rest)) = value.split_once("://") else {
        return false;
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let user = authority.rsplit_once('@').map(|(user, _)| user);
    user.is_some_and(|user| user.contains(':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_recognised_by_their_names() {
        for name in [
            "secret",
            "client-secret",
            "client_secret",
            "Password",
            "access-token",
            "api-key",
        ] {
            assert_eq!(exclusion(name), Some(Exclusion::Secret), "{name}");
        }
        for name in [
            "secret-file",
            "secret_command",
            "password-file",
            "url",
            "client-id",
        ] {
            assert_eq!(exclusion(name), None, "{name}");
        }
    }

    #[test]
    fn what_has_to_be_asked_for_each_time_has_a_reason() {
        for (name, reason) in EACH_TIME {
            assert_eq!(exclusion(name), Some(Exclusion::EachTime(reason)), "{name}");
            assert!(!reason.is_empty());
        }
    }

    #[test]
    fn a_password_in_a_url_is_recognised() {
        assert!(has_password("http://ci:hush@proxy.example:3128"));
        assert!(has_password("https://ci:@octane.example/ui"));
        for value in [
            "https://octane.example:8443/a@b:c",
            "https://ci@octane.example",
            "a:b@c",
            "vault read x",
        ] {
            assert!(!has_password(value), "{value}");
        }
    }
}
