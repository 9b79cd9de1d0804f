//! Every environment variable that the program or one of its libraries reads.
//!
//! The program reads variables through [`read`] alone, which knows no others than those in [`ALL`] and those that describe
//! a CI run ([`ci::SYSTEMS`]).

use std::ffi::OsString;

use crate::ci;

pub(crate) const URL: &str = "OCTANE_URL";
pub(crate) const SHARED_SPACE: &str = "OCTANE_SHARED_SPACE";
pub(crate) const WORKSPACE: &str = "OCTANE_WORKSPACE";
pub(crate) const CLIENT_ID: &str = "OCTANE_CLIENT_ID";
pub(crate) const CLIENT_SECRET: &str = "OCTANE_CLIENT_SECRET";
pub(crate) const USERNAME: &str = "OCTANE_USERNAME";
pub(crate) const PASSWORD: &str = "OCTANE_PASSWORD";
pub(crate) const CLIENT_ID_FILE: &str = "OCTANE_CLIENT_ID_FILE";
pub(crate) const CLIENT_SECRET_FILE: &str = "OCTANE_CLIENT_SECRET_FILE";
pub(crate) const ACCESS_TOKEN: &str = "OCTANE_ACCESS_TOKEN";
pub(crate) const ACCESS_TOKEN_FILE: &str = "OCTANE_ACCESS_TOKEN_FILE";
pub(crate) const USERNAME_FILE: &str = "OCTANE_USERNAME_FILE";
pub(crate) const PASSWORD_FILE: &str = "OCTANE_PASSWORD_FILE";
pub(crate) const CA_CERT: &str = "OCTANE_CA_CERT";
pub(crate) const CLIENT_CERT: &str = "OCTANE_CLIENT_CERT";
pub(crate) const CLIENT_KEY: &str = "OCTANE_CLIENT_KEY";
pub(crate) const PROXY: &str = "OCTANE_PROXY";
pub(crate) const NO_PROXY: &str = "OCTANE_NO_PROXY";
pub(crate) const SESSION_CACHE: &str = "OCTANE_SESSION_CACHE";
pub(crate) const PROFILE: &str = "OCTANE_PROFILE";
pub(crate) const SPOOL: &str = "OCTANE_SPOOL";
pub(crate) const SANDBOX_DATA: &str = "OCTANE_SANDBOX_DATA";
pub(crate) const RATE: &str = "OCTANE_RATE";
pub(crate) const VIA: &str = "OCTANE_VIA";
pub(crate) const RELAY_TOKEN: &str = "OCTANE_RELAY_TOKEN";
pub(crate) const RELAY_TOKEN_FILE: &str = "OCTANE_RELAY_TOKEN_FILE";
pub(crate) const RELAY_DATA: &str = "OCTANE_RELAY_DATA";
#[cfg(feature = "relay")]
pub(crate) const RELAY_DATABASE: &str = "OCTANE_RELAY_DATABASE";
pub(crate) const RELAY_AUDIT_LOG: &str = "OCTANE_RELAY_AUDIT_LOG";
pub(crate) const LOG: &str = "OCTANE_LOG";
#[cfg(all(feature = "relay", target_os = "linux", target_env = "gnu"))]
pub(crate) const MALLOC_ARENA_MAX: &str = "MALLOC_ARENA_MAX";

/// A variable.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Variable {
    pub(crate) name: &'static str,
    /// What it means, in one sentence.
    pub(crate) meaning: &'static str,
    pub(crate) source: Source,
    /// Whether its value must never be shown.
    pub(crate) is_secret: bool,
    /// Whether it is a URL, of which only a password must never be shown.
    pub(crate) is_url: bool,
}

/// Who sets a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// People, to configure the program; help lists these.
    User,
    /// A CI system.
    Ci,
    /// The operating system, the terminal or the session.
    System,
}

/// All variables but those that describe a CI run; those that people set come first, in the order in which help lists them.
pub(crate) const ALL: &[Variable] = &[
    user(CLIENT_SECRET, "Client secret of the API key").secret(),
    user(CLIENT_ID, "Client ID of the API key"),
    user(URL, "Server URL, also one copied from the browser").url(),
    user(
        SHARED_SPACE,
        "Shared space ID; a `--url` that names space and workspace wins",
    ),
    user(
        WORKSPACE,
        "Workspace ID; a `--url` that names space and workspace wins",
    ),
    user(USERNAME, "User name, where there is no API key"),
    user(PASSWORD, "Password of that user").secret(),
    user(
        ACCESS_TOKEN,
        "Access token of Octane; with an API key, one to exchange",
    )
    .secret(),
    user(
        CLIENT_SECRET_FILE,
        "File with the client secret; the other credentials have a `_FILE`, too",
    ),
    user(
        SESSION_CACHE,
        "`1` shares the session with your other processes",
    ),
    user(PROFILE, "Profile in `octane.toml` whose settings count"),
    user(SPOOL, "Directory for uploads in progress, or `off`"),
    user(SANDBOX_DATA, "Directory of the sandbox's data"),
    user(RATE, "Requests per second, or `off`"),
    user(VIA, "URL of a relay that results are handed over to").url(),
    user(RELAY_TOKEN, "Token of that relay").secret(),
    user(RELAY_TOKEN_FILE, "File with the token of that relay"),
    user(RELAY_DATA, "Directory of a relay's files"),
    user("OCTANE_RELAY_DATABASE", "URL of a relay's PostgreSQL").secret(),
    user(
        RELAY_AUDIT_LOG,
        "Audit log of a relay: a file, `-` or `off`",
    ),
    user(
        LOG,
        "What to log, for example `octane_rest=debug`; overrides -v",
    ),
    user(
        CA_CERT,
        "CA certificate (PEM) to trust as well as the system's",
    ),
    user(
        CLIENT_CERT,
        "Client certificate (PEM), for servers that require one",
    ),
    user(CLIENT_KEY, "Private key (PEM) of the client certificate"),
    user(PROXY, "Proxy, or `direct`; may contain a password")
        .secret()
        .url(),
    user(NO_PROXY, "Hosts to reach without a proxy"),
    user("HTTPS_PROXY", "Proxy for HTTPS; may contain a password")
        .secret()
        .url(),
    user("HTTP_PROXY", "Proxy for HTTP; may contain a password")
        .secret()
        .url(),
    user("ALL_PROXY", "Proxy for both; may contain a password")
        .secret()
        .url(),
    user("NO_PROXY", "Same as OCTANE_NO_PROXY, for all programs"),
    user(
        "SSL_CERT_FILE",
        "File of trusted CA certificates (PEM), instead of the system's",
    ),
    user(
        "SSL_CERT_DIR",
        "Directories of trusted CA certificates, instead of the system's",
    ),
    user("NO_COLOR", "Turns colour off if it is not empty"),
    user("CLICOLOR", "Turns colour off if it is `0`"),
    user(
        "CLICOLOR_FORCE",
        "Turns colour on where output is not a terminal",
    ),
    system(CLIENT_ID_FILE, "File with the client ID"),
    system(USERNAME_FILE, "File with the user name"),
    system(PASSWORD_FILE, "File with the password"),
    system(ACCESS_TOKEN_FILE, "File with the access token"),
    // The lower-case names of the proxies are read as well.
    system("https_proxy", "Same as HTTPS_PROXY").secret().url(),
    system("http_proxy", "Same as HTTP_PROXY").secret().url(),
    system("all_proxy", "Same as ALL_PROXY").secret().url(),
    system("no_proxy", "Same as NO_PROXY"),
    system(
        "REQUEST_METHOD",
        "Set in CGI scripts, where HTTP_PROXY is not trusted",
    ),
    ci(
        "GITHUB_ACTIONS",
        "`true` in GitHub Actions: problems are annotated",
    ),
    ci("GITHUB_OUTPUT", "File that gets the step's outputs"),
    ci("GITHUB_STEP_SUMMARY", "File that gets the step's summary"),
    ci(
        "TF_BUILD",
        "`true` in Azure Pipelines: problems are annotated",
    ),
    ci(
        "AGENT_TEMPDIRECTORY",
        "Directory for the summary in Azure Pipelines",
    ),
    ci(
        "TEAMCITY_VERSION",
        "Set in TeamCity: problems are reported to it",
    ),
    ci("CI", "Set in CI systems, whose logs may have colour"),
    system("HOME", "Home directory, where data and state are stored"),
    system(
        "XDG_DATA_HOME",
        "Directory for data, instead of `~/.local/share`",
    ),
    system(
        "XDG_STATE_HOME",
        "Directory for state, instead of `~/.local/state`",
    ),
    system(
        "XDG_CONFIG_HOME",
        "Directory for configuration, instead of `~/.config`",
    ),
    system(
        "XDG_CACHE_HOME",
        "Directory for caches, instead of `~/.cache`",
    ),
    system("USERPROFILE", "Home directory on Windows"),
    system("APPDATA", "Directory for data on Windows"),
    system("LOCALAPPDATA", "Directory for local data on Windows"),
    system("TMPDIR", "Directory for temporary files of the database"),
    system(
        "SQLITE_TMPDIR",
        "Directory for temporary files of the database, before TMPDIR",
    ),
    system("USER", "Who runs a command, for the audit log of a relay"),
    system("USERNAME", "Same as USER, on Windows"),
    system("TERM", "Kind of terminal; `dumb` turns colour off"),
    system("COLORTERM", "How many colours the terminal has"),
    system("COLUMNS", "Width of the terminal, for help"),
    system("LINES", "Height of the terminal, for help"),
    system("RUST_BACKTRACE", "Captures backtraces of crashes"),
    system(
        "RUST_LIB_BACKTRACE",
        "Captures backtraces of errors, instead of RUST_BACKTRACE",
    ),
    system("RUST_MIN_STACK", "Size of the stack of new threads"),
    system("TOKIO_WORKER_THREADS", "Number of worker threads"),
    system(
        "MALLOC_ARENA_MAX",
        "How many arenas glibc has; 2 in a relay unless it is set",
    ),
];

const fn user(name: &'static str, meaning: &'static str) -> Variable {
    Variable::new(name, meaning, Source::User)
}

const fn ci(name: &'static str, meaning: &'static str) -> Variable {
    Variable::new(name, meaning, Source::Ci)
}

const fn system(name: &'static str, meaning: &'static str) -> Variable {
    Variable::new(name, meaning, Source::System)
}

impl Variable {
    const fn new(name: &'static str, meaning: &'static str, source: Source) -> Self {
        Self {
            name,
            meaning,
            source,
            is_secret: false,
            is_url: false,
        }
    }

    const fn secret(mut self) -> Self {
        self.is_secret = true;
        self
    }

    const fn url(mut self) -> Self {
        self.is_url = true;
        self
    }
}

/// Whether the program may read a variable.
fn is_listed(name: &str) -> bool {
    ALL.iter().any(|variable| variable.name == name) || ci::is_variable(name)
}

/// The value of a variable of the list; one that is not in it counts as unset.
pub(crate) fn read(name: &str) -> Option<OsString> {
    debug_assert!(
        is_listed(name),
        "{name} is missing in the list of variables"
    );
    // Most are not set, and a search of the list takes longer than to find that out.
    let value = std::env::var_os(name)?;
    is_listed(name).then_some(value)
}

/// The same as text; what is not UTF-8 counts as unset.
pub(crate) fn text(name: &str) -> Option<String> {
    read(name).and_then(|value| value.into_string().ok())
}

/// The variables that people set, as help shows them.
pub(crate) fn table() -> String {
    let variables = || {
        ALL.iter()
            .filter(|variable| variable.source == Source::User)
    };
    let width = variables().map(|variable| variable.name.len()).max();
    let width = width.unwrap_or_default();
    let rows = variables().map(|variable| {
        let Variable { name, meaning, .. } = variable;
        format!("\n  {name:width$}  {meaning}")
    });
    format!("Environment variables:{}", rows.collect::<String>())
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::*;

    fn sources(directory: &Path) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(directory).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        paths
            .flat_map(|path| {
                if path.is_dir() {
                    sources(&path)
                } else {
                    vec![path]
                }
            })
            .collect()
    }

    /// String literals that look like names of variables: capital letters with underscores in between. Those of
    /// cargo are read when the program is built.
    fn names(source: &str) -> Vec<String> {
        let is_name = |text: &str| {
            let is_upper = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
            text.contains('_')
                && text.len() > 4
                && text.chars().all(is_upper)
                && !text.starts_with("CARGO_")
                && !text.ends_with('_')
        };
        let parts = source.split('"').filter(|part| is_name(part));
        parts.map(str::to_owned).collect()
    }

    #[test]
    fn no_variable_is_read_that_is_not_in_the_list() {
        let own = Path::new(env!("CARGO_MANIFEST_DIR"));
        for path in sources(&own.join("src")) {
            if path.ends_with("ci/tests.rs") {
                // Variables that systems set and that do not matter.
                continue;
            }
            let source = std::fs::read_to_string(&path).unwrap();
            if !path.ends_with("env.rs") {
                for call in ["env::var", "env::vars", "var_os("] {
                    assert!(!source.contains(call), "{call} in {}", path.display());
                }
            }
            for name in names(&source) {
                assert!(
                    is_listed(&name),
                    "{name} in {} is not listed",
                    path.display()
                );
            }
        }
    }

    #[test]
    fn the_list_has_the_variables_of_the_libraries_too() {
        let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let libraries = [
            "octane-model",
            "octane-results",
            "octane-rest",
            "octane-client",
        ];
        for library in libraries {
            for path in sources(&crates.join(library).join("src")) {
                let source = std::fs::read_to_string(&path).unwrap();
                let is_ours = |name: &String| {
                    ["OCTANE_", "SSL_"]
                        .iter()
                        .any(|start| name.starts_with(start))
                };
                for name in names(&source).into_iter().filter(is_ours) {
                    assert!(
                        is_listed(&name),
                        "{name} in {} is not listed",
                        path.display()
                    );
                }
            }
        }
    }

    #[test]
    fn each_variable_is_listed_once_and_has_a_meaning() {
        for (index, variable) in ALL.iter().enumerate() {
            let name = variable.name;
            assert!(!variable.meaning.is_empty(), "{name}");
            let is_repeated = ALL[..index].iter().any(|earlier| earlier.name == name);
            assert!(!is_repeated, "{name}");
            let looks_secret = ["SECRET", "PASSWORD", "TOKEN"]
                .iter()
                .any(|word| name.contains(word) && !name.ends_with("FILE"));
            assert!(variable.is_secret || !looks_secret, "{name}");
        }
    }

    #[test]
    fn help_lists_what_people_set_and_the_secret_first() {
        let table = table();
        let first = table.lines().nth(1).unwrap_or_default();
        assert!(first.contains(CLIENT_SECRET), "{table}");
        assert!(
            table.contains("NO_COLOR") && !table.contains("GITHUB_"),
            "{table}"
        );
    }
}
