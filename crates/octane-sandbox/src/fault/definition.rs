//! One fault: what goes wrong, for which requests, and how often.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::kind::{Expiry, FaultKind};
use super::pattern::Pattern;
use super::subject::Subject;

/// One thing that goes wrong, for which requests, and how often.
///
/// Faults affect requests to the simulated server, never those for `/_sandbox/…` or for pages. A request
/// triggers at most one fault. Delays pass on the sandbox's [`Clock`](crate::Clock).
///
/// As JSON or TOML it is one table: the `kind` with its members, and `method`, `path`, `rate` and `times`.
///
/// ```
/// use std::time::Duration;
/// use octane_sandbox::Fault;
///
/// let fault = Fault::status(503)
///     .code("testbox.queue_full")
///     .retry_after(Duration::from_secs(5))
///     .method("POST")
///     .path("*/test-results")
///     .times(2);
/// let same = serde_json::from_str(
///     r#"{ "kind": "status", "status": 503, "code": "testbox.queue_full", "retry-after": "5s",
///          "method": "POST", "path": "*/test-results", "times": 2 }"#,
/// )?;
/// assert_eq!(fault, same);
/// # Ok::<_, serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a fault has no effect until it is added to a sandbox"]
pub struct Fault {
    kind: FaultKind,
    method: Option<String>,
    path: Option<Pattern>,
    rate: Rate,
    times: Option<u64>,
}

/// A probability, in millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rate(u32);

impl Rate {
    const ALWAYS: Self = Self(1_000_000);

    fn new(share: f64) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it lies between 0 and a million"
        )]
        Self((share.clamp(0.0, 1.0) * 1e6).round() as u32)
    }

    fn share(self) -> f64 {
        f64::from(self.0) / 1e6
    }
}

impl Fault {
    fn new(kind: FaultKind) -> Self {
        Self {
            kind,
            method: None,
            path: None,
            rate: Rate::ALWAYS,
            times: None,
        }
    }

    /// This status in the usual error format; nothing else is done.
    pub fn status(status: u16) -> Self {
        Self::new(FaultKind::status(status))
    }

    /// An HTML page with this status, as from a proxy (502) or a login page (200); nothing else is done.
    pub fn html(status: u16) -> Self {
        Self::new(FaultKind::Html { status })
    }

    /// 503 with `testbox.queue_full`; the payload is not accepted.
    pub fn queue_full() -> Self {
        Self::new(FaultKind::QueueFull { retry_after: None })
    }

    /// 503 with `testbox.request_limit`; the payload is not accepted.
    pub fn request_limit() -> Self {
        Self::new(FaultKind::RequestLimit { retry_after: None })
    }

    /// The request is processed at once, and the response is sent after this delay.
    pub fn delay(delay: Duration) -> Self {
        Self::new(FaultKind::Delay { delay })
    }

    /// The request is processed, and the body of the response is sent at this rate.
    pub fn slow_body(bytes_per_second: u32) -> Self {
        Self::new(FaultKind::SlowBody { bytes_per_second })
    }

    /// The connection is reset before anything is done.
    pub fn reset_before() -> Self {
        Self::new(FaultKind::ResetBefore {})
    }

    /// The connection is reset after the request was processed, so the response is lost.
    pub fn reset_after() -> Self {
        Self::new(FaultKind::ResetAfter {})
    }

    /// The request is processed, and the connection ends after this many bytes of the body.
    pub fn truncated_body(bytes: usize) -> Self {
        Self::new(FaultKind::TruncatedBody { bytes: Some(bytes) })
    }

    /// The session of the request ends, and the response says so. Requests without a session do not trigger
    /// it.
    pub fn session_expired(expiry: Expiry) -> Self {
        Self::new(FaultKind::SessionExpired { expiry })
    }

    /// The task of a payload is processed only after this delay; later tasks wait.
    pub fn slow_task(delay: Duration) -> Self {
        Self::new(FaultKind::TaskSlow { delay })
    }

    /// The task of a payload ends with `failed`, and nothing is ingested.
    pub fn failed_task() -> Self {
        Self::new(FaultKind::TaskFailed {})
    }

    /// The task of a payload ends with `error`, and nothing is ingested.
    pub fn broken_task() -> Self {
        Self::new(FaultKind::TaskError {})
    }

    /// The task of a payload stays `running` until the sandbox is restarted or a snapshot is restored.
    pub fn stuck_task() -> Self {
        Self::new(FaultKind::TaskStuck {})
    }

    /// Sets the error code of [`Fault::status`]; has no effect on other faults.
    pub fn code(mut self, code: impl Into<String>) -> Self {
        if let FaultKind::Status { code: own, .. } = &mut self.kind {
            *own = Some(code.into());
        }
        self
    }

    /// Sets the body of [`Fault::status`] and its media type, in any format; has no effect on other faults.
    pub fn body(mut self, body: impl Into<String>, media_type: impl Into<String>) -> Self {
        if let FaultKind::Status {
            body: own,
            content_type,
            ..
        } = &mut self.kind
        {
            (*own, *content_type) = (Some(body.into()), Some(media_type.into()));
        }
        self
    }

    /// Adds the `Retry-After` header, in whole seconds, to [`Fault::status`], [`Fault::queue_full`] and
    /// [`Fault::request_limit`]; has no effect on other faults.
    pub fn retry_after(mut self, time: Duration) -> Self {
        if let FaultKind::Status { retry_after, .. }
        | FaultKind::QueueFull { retry_after }
        | FaultKind::RequestLimit { retry_after } = &mut self.kind
        {
            *retry_after = Some(time);
        }
        self
    }

    /// Restricts it to requests with this method.
    pub fn method(mut self, method: impl Into<String>) -> Self {
        self.method = Some(method.into());
        self
    }

    /// Restricts it to requests whose path, without the query, matches; `*` matches any characters.
    pub fn path(mut self, pattern: impl Into<String>) -> Self {
        self.path = Some(Pattern::new(pattern));
        self
    }

    /// The probability that a matching request triggers it: 1 (always) by default, with a resolution of one
    /// millionth. Values are clamped to the range from 0 to 1.
    pub fn rate(mut self, share: f64) -> Self {
        self.rate = Rate::new(share);
        self
    }

    /// Triggers this many times, then never again. The default is once for a fault added to a running
    /// sandbox, and unlimited in a plan.
    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }

    pub(super) fn matches(&self, subject: &Subject<'_>) -> bool {
        self.kind.suits(subject)
            && self
                .method
                .as_ref()
                .is_none_or(|method| method.eq_ignore_ascii_case(subject.method))
            && self
                .path
                .as_ref()
                .is_none_or(|pattern| pattern.matches(subject.path))
    }

    pub(super) fn kind(&self) -> &FaultKind {
        &self.kind
    }

    /// How many requests may trigger it; `None` if unlimited.
    pub(super) fn limit(&self) -> Option<u64> {
        self.times
    }

    /// Triggers once unless `times` is set.
    pub(super) fn once_by_default(&mut self) {
        self.times.get_or_insert(1);
    }

    /// The probability that a matching request triggers it, in millionths.
    pub(super) fn millionths(&self) -> u32 {
        self.rate.0
    }

    /// The first problem of the definition.
    pub(crate) fn problem(&self) -> Option<String> {
        if self.times == Some(0) {
            return Some("`times` must be at least 1, got 0".to_owned());
        }
        self.kind.problem()
    }
}

/// The members of a fault that do not belong to its kind.
const OTHERS: [&str; 4] = ["method", "path", "rate", "times"];

impl Serialize for Fault {
    fn serialize<S: Serializer>(&self, target: S) -> Result<S::Ok, S::Error> {
        use serde::ser::Error;
        let kind = serde_json::to_value(&self.kind).map_err(S::Error::custom)?;
        let mut members = match kind {
            Value::Object(members) => members,
            _ => Map::new(),
        };
        let path = self.path.as_ref().map(Pattern::as_str);
        let rate = (self.rate != Rate::ALWAYS).then(|| self.rate.share());
        let values = [
            self.method.as_deref().map(Value::from),
            path.map(Value::from),
            rate.map(Value::from),
            self.times.map(Value::from),
        ];
        for (name, value) in OTHERS.into_iter().zip(values) {
            if let Some(value) = value {
                members.insert(name.to_owned(), value);
            }
        }
        members.serialize(target)
    }
}

impl<'de> Deserialize<'de> for Fault {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        struct Others {
            method: Option<String>,
            path: Option<String>,
            rate: Option<f64>,
            times: Option<u64>,
        }
        let members = BTreeMap::<String, Value>::deserialize(source)?;
        let (others, kind): (Map<_, _>, Map<_, _>) = members
            .into_iter()
            .partition(|(name, _)| OTHERS.contains(&name.as_str()));
        let others: Others =
            serde_json::from_value(Value::Object(others)).map_err(D::Error::custom)?;
        let kind = serde_json::from_value(Value::Object(kind)).map_err(D::Error::custom)?;
        if let Some(rate) = others.rate.filter(|rate| !(0.0..=1.0).contains(rate)) {
            let problem = format!("`rate` must be between 0 and 1, got {rate}");
            return Err(D::Error::custom(problem));
        }
        let fault = Self {
            kind,
            method: others.method,
            path: others.path.map(Pattern::new),
            rate: others.rate.map_or(Rate::ALWAYS, Rate::new),
            times: others.times,
        };
        match fault.problem() {
            Some(problem) => Err(D::Error::custom(problem)),
            None => Ok(fault),
        }
    }
}
