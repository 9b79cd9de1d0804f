//! One result of one test.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::context::Context;
use crate::identity::Identity;
use crate::metadata::Metadata;
use crate::origin::Origin;
use crate::payload::gherkin::Feature;
use crate::position::Position;
use crate::status::Status;
use crate::step::Steps;

/// One result of one test, independent of the format it was read from.
///
/// Becomes one `test_run` of a payload and, in Octane, one automated run; or, with a `feature`, one `gherkin_test_run` and one
/// Gherkin automated run.
///
/// ```
/// use octane_results::{Status, TestRun};
///
/// let run = TestRun::new("adds_tax", Status::Passed).class("CartTest").jira(["SHOP-12"]);
/// assert_eq!(run.identity.to_string(), "CartTest.adds_tax");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub struct TestRun {
    /// The test that this is a result of.
    pub identity: Identity,
    /// The name of the run, if it differs from the name of the test; part of the run's identity in Octane.
    pub run_name: Option<String>,
    /// The status.
    pub status: Status,
    /// The duration; payloads contain whole milliseconds.
    pub duration: Duration,
    /// The start time; payloads contain milliseconds since 1970-01-01 UTC.
    pub started: Option<Timestamp>,
    /// The failure.
    pub failure: Option<Failure>,
    /// Free text of any length.
    pub description: Option<String>,
    /// The steps, one list per iteration.
    pub steps: Vec<Steps>,
    /// A link to the report, shown on the run: `http(s)://…`, at most 512 characters.
    pub report_url: Option<String>,
    /// The id of the test in another system.
    pub external_test_id: Option<String>,
    /// The id of this result in another system.
    pub external_run_id: Option<String>,
    /// The payload's `run_type`, free text.
    pub run_type: Option<String>,
    /// The payload's `external_assets`, free text.
    pub external_assets: Option<String>,
    /// The payload's `manual`; its meaning is not documented.
    pub manual: bool,
    /// The context of this run only; it takes precedence over the context of the payload.
    pub context: Context,
    /// The feature and its scenarios, if this is the result of a feature file; see [`Features`](crate::Features). Of the
    /// fields above, the payload then contains name, run name, duration, status, start time and `external_run_id`.
    pub feature: Option<Box<Feature>>,
    /// How many results of the report it stands for: those of all scenarios of a feature, otherwise 1. Not part of the payload.
    pub results: usize,
    /// The keys of the Jira issues that this test covers. Not part of the payload.
    pub jira: Vec<String>,
    /// Where it comes from, apart from its test; distinguishes several results of one test. Not part of the payload.
    pub origin: Origin,
    /// The failures of earlier attempts of which this result is the outcome, where the report names them in it. Not
    /// part of the payload.
    pub earlier_failures: Vec<Failure>,
    /// Whether it may be a further attempt at a test that has failed before in the same report, as some writers have each attempt in
    /// a result of its own. Otherwise several results of one test in a report are rows or repetitions; see
    /// [`Reruns`](crate::Reruns). `false` by default. Not part of the payload.
    pub may_be_retry: bool,
    /// Whether it takes the place of the results of this run before it in the same file, whenever they started, as in a payload for
    /// Octane; see [`Reruns`](crate::Reruns). `false` by default. Not part of the payload.
    pub replaces_earlier: bool,
    /// What the report says of the test besides; shared by results of which it says the same. Not part of the payload.
    pub metadata: Option<Arc<Metadata>>,
    /// The position from which it was read. Not part of the payload.
    pub position: Option<Position>,
}

/// The failure of a test.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Failure {
    /// The type of the error, for example the class of the exception.
    pub error_type: Option<String>,
    /// The message, usually one sentence.
    pub message: Option<String>,
    /// The details, for example the stack trace.
    pub details: String,
}

impl Failure {
    /// A failure with this message.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: Some(message.into()),
            ..Self::default()
        }
    }

    /// Sets the type of the error, for example the class of the exception.
    #[must_use]
    pub fn error_type(mut self, error_type: impl Into<String>) -> Self {
        self.error_type = Some(error_type.into());
        self
    }

    /// Sets the details, for example the stack trace.
    #[must_use]
    pub fn details(mut self, details: impl Into<String>) -> Self {
        self.details = details.into();
        self
    }
}

impl TestRun {
    /// A result of the test `name`, with a duration of zero and no other information.
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
            feature: None,
            results: 1,
            jira: Vec::new(),
            origin: Origin::default(),
            earlier_failures: Vec::new(),
            may_be_retry: false,
            replaces_earlier: false,
            metadata: None,
            position: None,
        }
    }

    /// A result of a test that has no name yet.
    pub(crate) fn unnamed() -> Self {
        Self::new("", Status::Passed)
    }

    /// Makes it one of a test that has no name yet, but keeps the memory of its texts. Its Jira keys, its origin and its position
    /// stay, as the next result mostly has similar ones; they have to be set again.
    pub(crate) fn reset(&mut self) {
        let Self {
            identity:
                Identity {
                    module,
                    package,
                    class,
                    name,
                },
            run_name,
            status,
            duration,
            started,
            failure,
            description,
            steps,
            report_url,
            external_test_id,
            external_run_id,
            run_type,
            external_assets,
            manual,
            context,
            feature,
            results,
            jira: _,
            origin: _,
            earlier_failures,
            may_be_retry,
            replaces_earlier,
            metadata,
            position: _,
        } = self;
        for text in [module, package, class, name] {
            text.clear();
        }
        for text in [
            run_name,
            description,
            report_url,
            external_test_id,
            external_run_id,
            run_type,
            external_assets,
        ] {
            *text = None;
        }
        *status = Status::Passed;
        *duration = Duration::ZERO;
        *started = None;
        *failure = None;
        *feature = None;
        *results = 1;
        steps.clear();
        *manual = false;
        if !context.is_empty() {
            *context = Context::default();
        }
        earlier_failures.clear();
        *may_be_retry = false;
        *replaces_earlier = false;
        *metadata = None;
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

    /// Sets the machine that the test ran on.
    pub fn hostname(mut self, hostname: impl Into<Arc<str>>) -> Self {
        self.origin.hostname = Some(hostname.into());
        self
    }

    /// Sets the duration.
    pub fn duration(mut self, duration: Duration) -> Self {
        self.duration = duration;
        self
    }

    /// Sets the start time.
    pub fn started(mut self, started: Timestamp) -> Self {
        self.started = Some(started);
        self
    }

    /// Sets the failure.
    pub fn failure(mut self, failure: Failure) -> Self {
        self.failure = Some(failure);
        self
    }

    /// Adds keys of Jira issues that this test covers.
    pub fn jira<K: Into<String>>(mut self, keys: impl IntoIterator<Item = K>) -> Self {
        self.jira.extend(keys.into_iter().map(Into::into));
        self
    }
}
