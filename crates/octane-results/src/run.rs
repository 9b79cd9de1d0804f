//! One result of one test.

use std::time::Duration;

use jiff::Timestamp;

use crate::{Context, Identity, Position, Status, Steps};

/// One result of one test, whatever it was read from.
///
/// Becomes one `test_run` of a payload and, in Octane, one automated run.
///
/// ```
/// use octane_results::{Status, TestRun};
///
/// let run = TestRun::new("adds_tax", Status::Passed).class("CartTest").jira(["SHOP-12"]);
/// assert_eq!(run.identity.to_string(), "CartTest.adds_tax");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TestRun {
    /// Which test this is a result of.
    pub identity: Identity,
    /// The name of the run where it differs from the test's; part of the run's identity in Octane.
    pub run_name: Option<String>,
    /// How the test ended.
    pub status: Status,
    /// How long it took; the payload has whole milliseconds.
    pub duration: Duration,
    /// When it started; the payload has milliseconds since 1970-01-01 UTC.
    pub started: Option<Timestamp>,
    /// What went wrong.
    pub failure: Option<Failure>,
    /// Free text, any length.
    pub description: Option<String>,
    /// Steps, one list an iteration.
    pub steps: Vec<Steps>,
    /// A link to the report, shown on the run: `http(s)://…`, at most 512 characters.
    pub report_url: Option<String>,
    /// The id that the test has elsewhere.
    pub external_test_id: Option<String>,
    /// The id that this result has elsewhere.
    pub external_run_id: Option<String>,
    /// The payload's `run_type`, free text.
    pub run_type: Option<String>,
    /// The payload's `external_assets`, free text.
    pub external_assets: Option<String>,
    /// The payload's `manual`; its meaning is not documented.
    pub manual: bool,
    /// Context of this run alone; it wins over that of the payload.
    pub context: Context,
    /// Keys of the Jira issues that this test proves. Not part of the payload.
    pub jira: Vec<String>,
    /// Where it was read. Not part of the payload.
    pub position: Option<Position>,
}

/// What went wrong in a test.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Failure {
    /// The kind, for example the exception's class.
    pub kind: Option<String>,
    /// One sentence.
    pub message: Option<String>,
    /// Everything else, for example the stack trace.
    pub details: String,
}

impl TestRun {
    /// A result of the test `name`, with no time taken and nothing else known.
    pub fn new(name: impl Into<String>, status: Status) -> Self {
        Self {
            identity: Identity::named(name),
            run_name: None,
            status,
            duration: Duration::ZERO,
            started: None,
            failure: None,
            description: None,
            steps: Vec::new(),
            report_url: None,
            external_test_id: None,
            external_run_id: None,
            run_type: None,
            external_assets: None,
            manual: false,
            context: Context::default(),
            jira: Vec::new(),
            position: None,
        }
    }

    /// Sets the module of the test.
    pub fn module(mut self, module: impl Into<String>) -> Self {
        self.identity.module = module.into();
        self
    }

    /// Sets the package of the test.
    pub fn package(mut self, package: impl Into<String>) -> Self {
        self.identity.package = package.into();
        self
    }

    /// Sets the class of the test.
    pub fn class(mut self, class: impl Into<String>) -> Self {
        self.identity.class = class.into();
        self
    }

    /// Sets how long the test took.
    pub fn duration(mut self, duration: Duration) -> Self {
        self.duration = duration;
        self
    }

    /// Sets when the test started.
    pub fn started(mut self, started: Timestamp) -> Self {
        self.started = Some(started);
        self
    }

    /// Sets what went wrong.
    pub fn failure(mut self, failure: Failure) -> Self {
        self.failure = Some(failure);
        self
    }

    /// Adds keys of Jira issues that this test proves.
    pub fn jira<K: Into<String>>(mut self, keys: impl IntoIterator<Item = K>) -> Self {
        self.jira.extend(keys.into_iter().map(Into::into));
        self
    }
}
