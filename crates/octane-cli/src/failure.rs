//! An error on its way out: what failed, with which exit code, and what to do next.

use octane_client::{ClientError, PlanError, UploadError, UploadId};
use octane_results::{ReadError, SourceError};

use crate::env;
use crate::exit::Exit;

/// An error on its way out.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    pub(crate) error: anyhow::Error,
    pub(crate) hint: Option<String>,
    /// The upload that is kept.
    pub(crate) upload_id: Option<UploadId>,
}

pub(crate) type Outcome<T> = Result<T, Failure>;

impl Failure {
    pub(crate) fn new(exit: Exit, error: impl Into<anyhow::Error>) -> Self {
        Self {
            exit,
            error: error.into(),
            hint: None,
            upload_id: None,
        }
    }

    pub(crate) fn upload(mut self, id: &UploadId) -> Self {
        self.upload_id = Some(id.clone());
        self
    }

    pub(crate) fn message(exit: Exit, message: impl std::fmt::Display) -> Self {
        Self::new(exit, anyhow::anyhow!("{message}"))
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(crate) fn context(
        mut self,
        context: impl std::fmt::Display + Send + Sync + 'static,
    ) -> Self {
        self.error = self.error.context(context);
        self
    }
}

/// What the server said decides: nobody there, not signed in, or a no.
impl From<octane_rest::Error> for Failure {
    fn from(error: octane_rest::Error) -> Self {
        if error.is_unauthorized() {
            Self::new(Exit::Unauthorized, error).hint(format!(
                "check {} and {}; some spaces accept API keys only",
                env::CLIENT_ID,
                env::CLIENT_SECRET
            ))
        } else if error.is_unreachable() || error.is_throttled() {
            Self::new(Exit::Unreachable, error)
                .hint("check OCTANE_URL and the network, then try again")
        } else if error.is_passing() {
            Self::new(Exit::Unreachable, error).hint(
                "something else than Octane seems to answer: check OCTANE_URL, proxies and the network, then try again",
            )
        } else {
            Self::new(Exit::Refused, error)
        }
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        let hint = match &error {
            ClientError::UnknownId {
                kind: "test suite", ..
            } => Some("`octane suite list` shows the suites that there are"),
            ClientError::UnknownId {
                kind: "application module",
                ..
            } => Some("`octane module list` shows the modules that there are"),
            ClientError::UnknownName { .. } | ClientError::Missing(_) => {
                Some("`--create missing` (or `-y`) creates what is missing")
            }
            ClientError::Ambiguous { .. } => Some("name it by its id"),
            ClientError::NoJiraField
            | ClientError::SeveralJiraFields(_)
            | ClientError::UnknownJiraField(_) => Some("name the field with `--jira-field`"),
            ClientError::NoLinkField(_) => Some("name the field with `--link-field`"),
            _ => None,
        };
        let hint = hint.map(str::to_owned);
        match error {
            ClientError::Rest(error) => error.into(),
            error => Self {
                exit: Exit::Refused,
                error: error.into(),
                hint,
                upload_id: None,
            },
        }
    }
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Self {
        Self::new(Exit::Input, error)
            .hint("give files, folders or globs that exist, or `-` for standard input")
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
            PlanError::Unfit(_) => (
                Exit::Input,
                Some("`--long-names shorten` keeps the start and a digest"),
            ),
            PlanError::Payload(error) => (Exit::Configuration, error.hint()),
            _ => (Exit::Configuration, None),
        };
        let hint = hint.map(str::to_owned);
        Self {
            exit,
            error: error.into(),
            hint,
            upload_id: None,
        }
    }
}

impl From<UploadError> for Failure {
    fn from(error: UploadError) -> Self {
        match error {
            UploadError::Plan(error) => error.into(),
            UploadError::Journal(error) => error.into(),
            error => Self::new(Exit::Internal, error),
        }
    }
}

/// Writing the answer failed; a closed pipe is no failure and never gets here.
impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new(Exit::Internal, error)
    }
}
