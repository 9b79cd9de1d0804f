//! Errors, as they become Python exceptions.
//!
//! The exceptions are Python classes in `octane_client.errors`: classes made here could neither have data before Python 3.12 nor
//! be pickled.

use std::any::Any;
use std::error::Error as StdError;

use octane_client::{
    BundleError, ClientError, DeliveryError, JournalError, PlanError, PrepareError, UploadError,
};
use octane_model::Problem;
use octane_rest::{BuildError, TlsProblem, TransportError, TransportErrorKind};
use octane_results::{PayloadError, ReadError, SourceError};
use octane_sandbox::SandboxError;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use serde_json::{Map, Value};

use crate::{gate, json};

/// Why something failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// An exception of `octane_client.errors`.
    Octane(Box<Exception>),
    /// An exception that Python code of the caller has raised.
    Python(PyErr),
}

/// An exception of `octane_client.errors` that is yet to be made.
#[derive(Debug)]
pub(crate) struct Exception {
    /// The name of the class.
    class: &'static str,
    message: String,
    hint: Option<String>,
    data: Map<String, Value>,
}

impl Failure {
    pub(crate) fn new(class: &'static str, message: impl Into<String>) -> Self {
        Self::Octane(Box::new(Exception {
            class,
            message: message.into(),
            hint: None,
            data: Map::new(),
        }))
    }

    /// A bug of ours.
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::new("InternalError", message)
            .hint("this is a bug of octane-client; please report it with this message")
    }

    /// The columns of a table cannot be used.
    pub(crate) fn table(error: &ReadError) -> Self {
        Self::new("SchemaError", error.to_string())
            .hint("say what columns mean with `columns=`, for example `{\"Test Name\": \"name\"}`")
    }

    /// What a panic said.
    pub(crate) fn panic(panic: &(dyn Any + Send)) -> Self {
        let text = panic.downcast_ref::<&str>().copied();
        let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        Self::internal(format!("internal error: {}", text.unwrap_or("unknown")))
    }

    /// What to do about it.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        if let Self::Octane(exception) = &mut self {
            exception.hint = Some(hint.into());
        }
        self
    }

    /// Adds to what to do about it.
    pub(crate) fn also_hint(self, hint: &str) -> Self {
        let before = match &self {
            Self::Octane(exception) => exception.hint.clone(),
            Self::Python(_) => None,
        };
        let hint = before.map_or_else(|| hint.to_owned(), |before| format!("{before}; {hint}"));
        self.hint(hint)
    }

    /// Adds an attribute of the exception.
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        if let Self::Octane(exception) = &mut self {
            exception.data.insert(name.to_owned(), value.into());
        }
        self
    }

    pub(crate) fn into_exception(self, py: Python<'_>) -> PyErr {
        match self {
            Self::Python(error) => error,
            Self::Octane(exception) => exception.make(py).unwrap_or_else(|error| error),
        }
    }
}

impl Exception {
    fn make(self, py: Python<'_>) -> PyResult<PyErr> {
        let Self {
            class,
            message,
            hint,
            data,
        } = self;
        let errors = py.import("octane_client.errors")?;
        let data = json::to_python(py, &Value::Object(data))?;
        let made = errors.call_method1("_new", (class, &message, hint, data));
        // Without the package around it there are no classes.
        let made = made.map_err(|error| {
            let raised = PyRuntimeError::new_err(message);
            raised.set_cause(py, Some(error));
            raised
        })?;
        Ok(PyErr::from_value(made))
    }
}

impl From<PyErr> for Failure {
    fn from(error: PyErr) -> Self {
        Self::Python(error)
    }
}

/// An error and its causes, in one line.
pub(crate) fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let part = error.to_string();
        if !text.ends_with(&part) {
            text.push_str(": ");
            text.push_str(&part);
        }
        cause = error.source();
    }
    text
}

/// The class of a request's error.
///
/// | what happened | class |
/// | --- | --- |
/// | no response: TLS, proxy, no connection, too late, anything else | `TlsError`, `ProxyError`, `ConnectError`, `DeadlineExceeded`, `TransportError` |
/// | not signed in | `AuthError` |
/// | 403, 404, 429 or a full queue | `PermissionDenied`, `NotFound`, `RateLimited` |
/// | the server failed | `ServerError` |
/// | any other 4xx, or a request that cannot be built | `Rejected` |
/// | a response that is not what was expected | `ApiError` |
fn class(error: &octane_rest::Error) -> &'static str {
    let mut cause: Option<&dyn StdError> = error.source();
    while let Some(error) = cause {
        if let Some(transport) = error.downcast_ref::<TransportError>() {
            return match transport.kind() {
                TransportErrorKind::Tls => "TlsError",
                TransportErrorKind::Proxy | TransportErrorKind::ProxyAuthentication => "ProxyError",
                TransportErrorKind::ConnectTimeout | TransportErrorKind::Timeout => {
                    "DeadlineExceeded"
                }
                TransportErrorKind::Connect => "ConnectError",
                _ => "TransportError",
            };
        }
        cause = error.source();
    }
    match error {
        error if error.is_unauthorized() => "AuthError",
        error if error.is_forbidden() => "PermissionDenied",
        error if error.is_not_found() => "NotFound",
        error if error.is_throttled() => "RateLimited",
        error
            if error
                .status()
                .is_some_and(|status| status.is_server_error()) =>
        {
            "ServerError"
        }
        error
            if error
                .status()
                .is_some_and(|status| status.is_client_error()) =>
        {
            "Rejected"
        }
        error if error.is_timeout() => "DeadlineExceeded",
        error if !error.is_retryable() => "Rejected",
        _ => "ApiError",
    }
}

fn details(problem: &Problem) -> Value {
    serde_json::to_value(problem).unwrap_or_default()
}

/// What the function that provides credentials has raised, if that is an exception of this package, which says what to do.
fn raised(error: &octane_rest::Error) -> Option<PyErr> {
    let error = error
        .credential_error()?
        .source()?
        .downcast_ref::<PyErr>()?;
    gate::attach(|py| {
        let own = py.import("octane_client.errors").ok()?;
        let own = own.getattr("OctaneError").ok()?;
        error.matches(py, own).ok()?.then(|| error.clone_ref(py))
    })?
}

impl From<octane_rest::Error> for Failure {
    fn from(error: octane_rest::Error) -> Self {
        if let Some(raised) = raised(&error) {
            return Self::Python(raised);
        }
        let class = class(&error);
        let failure = Self::new(class, chain(&error))
            .with("status", error.status().map(|status| status.as_u16()))
            .with("code", error.code())
            .with("correlation_id", error.correlation_id())
            .with("method", error.method().as_str())
            .with("url", error.path())
            .with("attempts", error.attempts())
            .with(
                "retry_after",
                error.retry_after().map(|time| time.as_secs_f64()),
            )
            .with("details", error.problem().map(details));
        match class {
            "AuthError" if error.credential_error().is_some() => {
                failure.hint("check what the function returns that is given as the credentials")
            }
            "AuthError" => failure.hint("check the client ID and the client secret of the API key"),
            "TlsError" => match error.tls_problem() {
                Some(TlsProblem::UnknownIssuer | TlsProblem::CaCertificate) => failure.hint(
                    "name your company's certificates with `ca_files=`, or set SSL_CERT_FILE or SSL_CERT_DIR",
                ),
                Some(TlsProblem::ClientCertificateMissing) => {
                    failure.hint("name certificate and key (PEM) with `client_cert=`")
                }
                _ => failure,
            },
            _ => failure,
        }
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        let hint = match &error {
            ClientError::Similar(_) => Some("use the existing name, or `create_similar=True`"),
            ClientError::Missing(_) => Some("use `create=\"missing\"` to create it"),
            ClientError::Ambiguous(_) => Some("use the ID instead of the name"),
            ClientError::NoJiraField | ClientError::AmbiguousJiraField(_) => {
                Some("set the field with `jira_field=`")
            }
            ClientError::UnknownJiraField(_) => {
                Some("without `jira_field=`, the field whose name contains `jira` is used")
            }
            ClientError::NoLinkField(_) => Some("set the field with `link_field=`"),
            _ => None,
        };
        let failure = match error {
            ClientError::Rest(error) => return error.into(),
            ClientError::AfterCreating { created, error } => {
                let before = ClientError::created(&created);
                let created = serde_json::to_value(&created).unwrap_or_default();
                let mut failure = Self::from(*error).with("created", created);
                if let Self::Octane(exception) = &mut failure {
                    exception.message = format!("{before}: {}", exception.message);
                }
                return failure;
            }
            ClientError::Ambiguous(name) => {
                let ids: Vec<Value> = name.ids.iter().map(|id| id.as_str().into()).collect();
                Self::new("Ambiguous", name.to_string()).with("candidates", ids)
            }
            error @ (ClientError::EmptyName { .. }
            | ClientError::EmptyPath { .. }
            | ClientError::NameTooLong { .. }) => Self::new("InputError", error.to_string()),
            error if error.is_not_found() => Self::new("NotFound", chain(&error)),
            error => Self::new("ConfigError", chain(&error)),
        };
        match hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

impl From<BuildError> for Failure {
    fn from(error: BuildError) -> Self {
        let failure = Self::new("ConfigError", chain(&error));
        match error {
            BuildError::NoAddress => failure.hint("give `url=`, or set OCTANE_URL"),
            BuildError::NoSpace => failure.hint("give `space=`, or set OCTANE_SHARED_SPACE"),
            BuildError::NoWorkspace => failure.hint("give `workspace=`, or set OCTANE_WORKSPACE"),
            _ => failure,
        }
    }
}

impl From<JournalError> for Failure {
    fn from(error: JournalError) -> Self {
        let hint = match &error {
            JournalError::Folder { .. } => {
                "use a writable directory (`spool=`), or keep nothing (`spool=\"off\"`)"
            }
            JournalError::InUse { .. } => "wait until the other upload has ended",
            JournalError::Unknown { .. } => "`client.uploads.list()` lists the stored uploads",
            JournalError::Newer { .. } => "use the version that created it, or a newer one",
            JournalError::DifferentServer { .. } => {
                "connect to the server, space and workspace of the upload"
            }
            JournalError::Full { .. } => "free disk space, then try again",
            _ => "upload the results again; what Octane has received is not duplicated",
        };
        let class = match &error {
            JournalError::Unknown { .. } => "NotFound",
            _ => "SpoolError",
        };
        Self::new(class, chain(&error)).hint(hint)
    }
}

impl From<BundleError> for Failure {
    fn from(error: BundleError) -> Self {
        Self::new("SpoolError", chain(&error))
    }
}

impl From<PayloadError> for Failure {
    fn from(error: PayloadError) -> Self {
        let hint = error.hint();
        let failure = Self::new("InputError", chain(&error));
        match hint {
            Some(hint) => failure.hint(hint),
            None => failure,
        }
    }
}

impl From<PlanError> for Failure {
    fn from(error: PlanError) -> Self {
        match error {
            PlanError::Payload(error) => error.into(),
            error => Self::new("InputError", chain(&error)),
        }
    }
}

impl From<PrepareError> for Failure {
    fn from(error: PrepareError) -> Self {
        match error {
            PrepareError::Plan(error) => error.into(),
            PrepareError::Target(error) => error.into(),
            PrepareError::Journal(error) => error.into(),
            error => Self::internal(chain(&error)),
        }
    }
}

impl From<DeliveryError> for Failure {
    fn from(error: DeliveryError) -> Self {
        match error {
            DeliveryError::Target(error) => error.into(),
            DeliveryError::Journal(error) => error.into(),
            error => Self::new("Cancelled", error.to_string()),
        }
    }
}

impl From<UploadError> for Failure {
    fn from(error: UploadError) -> Self {
        match error {
            UploadError::Prepare(error) => error.into(),
            UploadError::Delivery(error) => error.into(),
            error => Self::internal(chain(&error)),
        }
    }
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Self {
        Self::new("InputError", chain(&error)).hint("pass existing files, directories or globs")
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        let position = error.position();
        Self::new("ReportParseError", error.to_string())
            .with("file", error.file())
            .with("line", position.map(|position| position.line))
    }
}

impl From<SandboxError> for Failure {
    fn from(error: SandboxError) -> Self {
        Self::new("ConfigError", chain(&error))
    }
}
