//! An error on its way out: what failed, with which exit code, and what to do next.

use octane_client::{ClientError, PlanError, PrepareError, ReportedProblem, UploadId};
use octane_rest::Origin;
use octane_results::{PayloadError, ReadError, SourceError, SourceProblem};

use crate::credentials::hint::credential_error_hint;
use crate::env;
use crate::exit::Exit;
use crate::input::warnings::WarningsJson;
use crate::network_hint::{Peer, proxy_authentication_hint, tls_hint};
use crate::unwritten::Unwritten;

/// What to do if a name was not created because it looks like an existing one.
pub(crate) const CREATE_SIMILAR: &str =
    "use the existing name, or add `--create-similar` to create the new one as well";

/// An error on its way out.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) error: anyhow::Error,
    pub(crate) hint: Option<String>,
    /// The upload that was saved.
    pub(crate) upload_id: Option<UploadId>,
    /// What is wrong in detail, where that is more than one thing.
    pub(crate) problems: Vec<ReportedProblem>,
    /// What is unusual about the inputs, as far as they were read.
    pub(crate) warnings: Box<WarningsJson>,
}

/// What commands return.
pub(crate) type Result<T, E = Failure> = std::result::Result<T, E>;

impl Failure {
    pub(crate) fn new(exit: Exit, error: impl Into<anyhow::Error>) -> Self {
        Self {
            exit,
            error: error.into(),
            hint: None,
            upload_id: None,
            problems: Vec::new(),
            warnings: Box::default(),
        }
    }

    pub(crate) fn upload(mut self, id: &UploadId) -> Self {
        self.upload_id = Some(id.clone());
        self
    }

    pub(crate) fn problems(mut self, problems: Vec<ReportedProblem>) -> Self {
        self.problems = problems;
        self
    }

    /// Adds what is unusual about the inputs.
    pub(crate) fn warnings(mut self, warnings: WarningsJson) -> Self {
        self.warnings = Box::new(warnings);
        self
    }

    pub(crate) fn message(exit: Exit, message: impl std::fmt::Display) -> Self {
        Self::new(exit, anyhow::anyhow!("{message}"))
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Whether it was allowed to happen, as the process ends with `exit` and nothing else makes that a success.
    pub(crate) fn is_allowed(&self, exit: Exit) -> bool {
        exit == Exit::Success && !self.exit.is_upload_error()
    }

    pub(crate) fn context(
        mut self,
        context: impl std::fmt::Display + Send + Sync + 'static,
    ) -> Self {
        self.error = self.error.context(context);
        self
    }
}

/// What the server answered decides: unreachable, not signed in, or rejected.
impl From<octane_rest::Error> for Failure {
    fn from(error: octane_rest::Error) -> Self {
        if error.is_unauthorized() {
            let hint = unauthorized_hint(&error);
            Self::new(Exit::Unauthorized, error).hint(hint)
        } else if let Some(hint) = error
            .tls_problem()
            .and_then(|problem| tls_hint(problem, Peer::Server))
        {
            Self::new(Exit::Unreachable, error).hint(hint)
        } else if error.is_proxy_authentication_error() {
            Self::new(Exit::Unreachable, error).hint(proxy_authentication_hint())
        } else if error.is_proxy_error() {
            Self::new(Exit::Unreachable, error).hint(
                "correct the proxy, or list the server's host in NO_PROXY (or `--no-proxy`), then try again",
            )
        } else if error.is_throttled() {
            Self::new(Exit::Unreachable, error).hint(
                "wait a while, or give each program that uses this server a lower `--rate`, then try again",
            )
        } else if error.is_unreachable() {
            Self::new(Exit::Unreachable, error).hint(format!(
                "check the URL (`--url` or {}) and the network, then try again",
                env::URL
            ))
        } else if error.is_retryable() {
            Self::new(Exit::Unreachable, error).hint(format!(
                "the response does not look like Octane's; check the URL (`--url` or {}) and any proxy, then try again",
                env::URL
            ))
        } else if error.is_invalid_request() {
            Self::new(Exit::Usage, error)
        } else if error.is_forbidden() {
            Self::new(Exit::Refused, error)
                .hint("give the API key (or the user) a role with this permission, then try again")
        } else {
            Self::new(Exit::Refused, error)
        }
    }
}

/// What to check, where signing in does not work.
fn unauthorized_hint(error: &octane_rest::Error) -> String {
    if let Some(error) = error.credential_error() {
        return credential_error_hint(error);
    }
    rejected_hint(error.rejected_credentials(), env::text)
}

/// What to check about credentials that were rejected; where they came from is not known if a session was.
fn rejected_hint(origin: Option<&Origin>, variable: impl Fn(&str) -> Option<String>) -> String {
    const ONLY_KEYS: &str = "(some spaces accept only API keys)";
    let is_set = |name| variable(name).is_some_and(|value| !value.trim().is_empty());
    let name = match origin {
        Some(Origin::Variable(name)) => name.as_str(),
        Some(origin @ (Origin::File { named_by, .. } | Origin::Command { named_by, .. })) => {
            let named_by = named_by.as_deref().unwrap_or_default();
            let also = match named_by {
                env::ACCESS_TOKEN_FILE => {
                    return format!("the token comes from {origin}; check it");
                }
                _ if named_by.to_uppercase().contains("PASSWORD") => "user name",
                _ => "client ID",
            };
            return format!("the secret comes from {origin}; check it and the {also} {ONLY_KEYS}");
        }
        Some(origin) => {
            let also = match origin {
                Origin::Option(name) if name.contains("password") => "user name",
                _ => "client ID",
            };
            return format!("the secret comes from {origin}; check it and the {also} {ONLY_KEYS}");
        }
        None if is_set(env::CLIENT_SECRET) => env::CLIENT_SECRET,
        None if is_set(env::ACCESS_TOKEN) => env::ACCESS_TOKEN,
        None if is_set(env::PASSWORD) => env::PASSWORD,
        None => env::CLIENT_SECRET,
    };
    suspicion(&variable).unwrap_or_else(|| match name {
        env::ACCESS_TOKEN => format!("check {name}; it may have expired"),
        env::PASSWORD => format!("check {} and {name} {ONLY_KEYS}", env::USERNAME),
        name => format!("check {} and {name} {ONLY_KEYS}", env::CLIENT_ID),
    })
}

/// What is probably wrong with credentials that were rejected.
fn suspicion(variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    let names = [
        env::CLIENT_ID,
        env::CLIENT_SECRET,
        env::USERNAME,
        env::PASSWORD,
        env::ACCESS_TOKEN,
    ];
    names.into_iter().find_map(|name| {
        let value = variable(name)?;
        let value = value.trim();
        let is_between = |start, end| {
            value.len() > 1 && value.starts_with::<&str>(start) && value.ends_with::<&str>(end)
        };
        if is_between("\"", "\"") || is_between("'", "'") {
            Some(format!(
                "{name} has quotes around its value, which count as part of it; remove them"
            ))
        } else if is_between("$(", ")") || is_between("${", "}") || is_between("%", "%") {
            Some(format!(
                "set {name} to a value: it looks like the name of a variable"
            ))
        } else {
            None
        }
    })
}

/// What to do if nothing has the field that holds the links, which is the usual one unless another was given.
pub(crate) fn link_field_hint(field: &str) -> &'static str {
    if field == "covered_content" {
        "set the field with `--link-field`"
    } else {
        r#"`octane api GET 'metadata/fields?query="entity_name EQ ^run_automated^"'` lists the fields of runs; the usual one is `covered_content`"#
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        let hint = match &error {
            ClientError::UnknownId {
                kind: "test suite", ..
            } => Some("`octane suite list` lists all test suites"),
            ClientError::UnknownId {
                kind: "application module",
                ..
            } => Some("`octane module list` lists all application modules"),
            ClientError::UnknownId {
                kind: "suite run", ..
            } => Some("`octane suite-run list` lists all suite runs"),
            ClientError::UnknownId {
                kind: "automated run",
                ..
            } => Some("`octane run list --suite-run NAME` lists the runs of a suite run"),
            ClientError::UnknownId {
                kind: "backlog item",
                ..
            } => Some(
                "`octane jira resolve KEY` shows the ID of the backlog item that matches a Jira key",
            ),
            ClientError::Missing(missing)
                if missing.iter().any(|missing| !missing.similar.is_empty()) =>
            {
                Some("use the existing name, or create the new one with `-y --create-similar`")
            }
            ClientError::UnknownName { .. } | ClientError::Missing(_) => {
                Some("use `--create missing` (or `-y`) to create it")
            }
            ClientError::UnknownIdOrName {
                kind: "test suite", ..
            } => Some(
                "`octane suite list` lists all test suites; `octane suite create` creates one whose name is a number",
            ),
            ClientError::UnknownIdOrName {
                kind: "application module",
                ..
            } => Some(
                "`octane module list` lists all application modules; `octane module create` creates one whose name is a number",
            ),
            ClientError::Similar(_) => Some(CREATE_SIMILAR),
            ClientError::EmptyName { .. } => Some("is the variable set that should provide it?"),
            ClientError::NameTooLong { .. } => Some("use a shorter name"),
            ClientError::Ambiguous { .. } => Some("use the ID instead of the name"),
            ClientError::NoJiraField | ClientError::AmbiguousJiraField(_) => {
                Some("set the field with `--jira-field`")
            }
            ClientError::UnknownJiraField(_) => Some(
                r#"`octane api GET 'metadata/fields?query="entity_name EQ ^story^"'` lists the fields of stories"#,
            ),
            ClientError::NoDefaultRelease => Some("name one with `--release`"),
            ClientError::NoLinkField(field) => Some(link_field_hint(field)),
            _ => None,
        };
        let hint = hint.map(str::to_owned);
        match error {
            ClientError::Rest(error) => error.into(),
            // What the error is decides; it begins with what was created.
            ClientError::AfterCreating { created, error } => {
                let message = ClientError::created(&created);
                Self::from(*error).context(message)
            }
            error => Self {
                // What is wrong with a name is found without the server.
                exit: match error {
                    ClientError::EmptyName { .. }
                    | ClientError::EmptyPath { .. }
                    | ClientError::NameTooLong { .. } => Exit::Configuration,
                    _ => Exit::Refused,
                },
                error: error.into(),
                hint,
                upload_id: None,
                problems: Vec::new(),
                warnings: Box::default(),
            },
        }
    }
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Self {
        let with_slashes = (error.problems.iter())
            .map(SourceProblem::pattern)
            .find(|pattern| cfg!(unix) && pattern.contains('\\'))
            .map(|pattern| pattern.replace('\\', "/"));
        let hint = match with_slashes {
            Some(pattern) => format!("directories are separated by `/` here: `{pattern}`"),
            None => {
                "pass existing files, directories or globs, or `-` for standard input".to_owned()
            }
        };
        Self::new(Exit::Input, error).hint(hint)
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        Self::new(Exit::Input, error)
    }
}

impl From<PlanError> for Failure {
    fn from(error: PlanError) -> Self {
        let (exit, hint) = match &error {
            PlanError::LimitExceeded(_) => (
                Exit::Input,
                Some(
                    "use `--long-names shorten` to keep the start of each name and a digest of the rest",
                ),
            ),
            PlanError::KindsMixed => (
                Exit::Input,
                Some("use `--split`, which writes a file for each kind, or `--gherkin scenarios`"),
            ),
            PlanError::Payload(error) => (Exit::Configuration, payload_hint(error)),
            _ => (Exit::Configuration, None),
        };
        let hint = hint.map(str::to_owned);
        Self {
            exit,
            error: error.into(),
            hint,
            upload_id: None,
            problems: Vec::new(),
            warnings: Box::default(),
        }
    }
}

/// The library's hints, with the names of the options.
fn payload_hint(error: &PayloadError) -> Option<&'static str> {
    match error {
        PayloadError::SuiteMissing => Some("set the test suite with `--suite`"),
        PayloadError::ProductAreas { .. } => Some("set one application module with `--module`"),
        PayloadError::ReleaseById(_) => {
            Some("give the release by name, or use `--payload standard`, which accepts IDs")
        }
        PayloadError::FeatureStartMissing { .. } => Some(
            "give one with `--started`, use a report with start times, such as Cucumber messages, or `--gherkin scenarios`",
        ),
        PayloadError::StartMissing { .. } => Some(
            "add start times to the results, or use `--payload standard`, which does not need them",
        ),
        PayloadError::Unsupported { .. } => Some("remove it, or use `--payload standard`"),
        error => error.hint(),
    }
}

impl From<PrepareError> for Failure {
    fn from(error: PrepareError) -> Self {
        match error {
            PrepareError::Plan(error) => error.into(),
            PrepareError::Target(error) => error.into(),
            PrepareError::Journal(error) => error.into(),
            error => Self::new(Exit::Internal, error),
        }
    }
}

/// Writing the answer failed. A closed pipe is not a failure and never gets here.
impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        if matches!(error.get_ref(), Some(inner) if inner.is::<Unwritten>()) {
            Self::new(Exit::Configuration, error).hint("free disk space, or write it elsewhere")
        } else {
            Self::new(Exit::Internal, error)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hint_names_the_credentials_that_were_rejected() {
        let hint = |origin: Option<Origin>, set: &str| {
            rejected_hint(origin.as_ref(), |name| {
                (name == set).then(|| "x".to_owned())
            })
        };
        for name in [env::CLIENT_SECRET, env::PASSWORD, env::ACCESS_TOKEN] {
            let user = match name {
                env::CLIENT_SECRET => "OCTANE_CLIENT_ID and ",
                env::PASSWORD => "OCTANE_USERNAME and ",
                _ => "",
            };
            let expected = format!("check {user}{name}");
            let of_sign_in = hint(Some(Origin::Variable(name.to_owned())), "");
            assert!(of_sign_in.starts_with(&expected), "{of_sign_in}");
            // A session that has ended: what is set decides.
            let of_session = hint(None, name);
            assert!(of_session.starts_with(&expected), "{of_session}");
        }
        let file = |named_by: &str| {
            let path = "secret".into();
            let named_by = Some(named_by.to_owned());
            hint(Some(Origin::File { path, named_by }), "")
        };
        assert!(file("OCTANE_PASSWORD_FILE").contains("check it and the user name"));
        assert!(file("`--secret-file`").contains("check it and the client ID"));
        assert!(file("OCTANE_ACCESS_TOKEN_FILE").starts_with("the token comes from"));
    }

    #[test]
    fn rejected_credentials_in_quotes_are_recognised() {
        let hint =
            |value: &str| suspicion(|name| (name == env::CLIENT_SECRET).then(|| value.to_owned()));
        assert!(
            hint("\"s3cret\"\n")
                .unwrap()
                .starts_with("OCTANE_CLIENT_SECRET has quotes")
        );
        assert!(
            hint("$(OCTANE_SECRET)")
                .unwrap()
                .starts_with("set OCTANE_CLIENT_SECRET to a value")
        );
        assert_eq!(hint("s3cret"), None);
        assert_eq!(hint("\""), None);
        for value in ["'s3cret'", "${s3cret}"] {
            assert!(!hint(value).unwrap().contains("s3cret"));
        }
    }
}
