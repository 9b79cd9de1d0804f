//! Faults: what a server can do to its clients, on purpose.

mod answer;
mod body;
mod kind;
mod pattern;
mod rules;
mod task;
mod throttle;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, Serializer};
use serde_json::{Map, Value};

use kind::Kind;
use pattern::Pattern;

pub use answer::ConnectionReset;
pub(crate) use answer::{Struck, answer, throttled};
pub use kind::Expiry;
pub(crate) use rules::{Faults, Subject};
pub(crate) use task::{TaskFault, TaskFaults};

/// One thing that goes wrong, for which requests, and how often.
///
/// A fault strikes requests to the server that the sandbox plays, never those for `/_sandbox/…` or for
/// pages. One request is struck by one fault at most. Delays pass on the sandbox's [`Clock`](crate::Clock).
///
/// As JSON or TOML it is one table: the `kind` with what belongs to it, and `method`, `path`, `rate` and
/// `times`.
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
#[must_use = "a fault does nothing before a sandbox has it"]
pub struct Fault {
    kind: Kind,
    method: Option<String>,
    path: Option<Pattern>,
    rate: Rate,
    times: Option<u64>,
}

/// Faults that strike by chance, where the same seed and the same sequence of requests give the same
/// faults; the table `[faults]`.
///
/// ```
/// use octane_sandbox::{Fault, FaultPlan, Settings};
///
/// let plan = FaultPlan::seeded(7)
///     .with(Fault::status(503).rate(0.05))
///     .with(Fault::reset_after().path("*/test-results").rate(0.01));
/// let settings = Settings::default().faults(plan);
/// assert_eq!(settings.faults.seed, 7);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
#[non_exhaustive]
pub struct FaultPlan {
    /// What chance begins with; 0 by default. It also decides for faults with a `rate` that are added
    /// later.
    pub seed: u64,
    /// The faults; none by default. Of several that would strike the first one does.
    pub plan: Vec<Fault>,
}

impl FaultPlan {
    /// A plan without faults.
    pub fn seeded(seed: u64) -> Self {
        Self {
            seed,
            plan: Vec::new(),
        }
    }

    /// Adds a fault.
    pub fn with(mut self, fault: Fault) -> Self {
        self.plan.push(fault);
        self
    }

    pub(crate) fn mistake(&self) -> Option<String> {
        self.plan.iter().find_map(Fault::mistake)
    }
}

/// A share, in millionths.
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
    fn new(kind: Kind) -> Self {
        Self {
            kind,
            method: None,
            path: None,
            rate: Rate::ALWAYS,
            times: None,
        }
    }

    /// An answer with this status, in the usual shape, instead of any work.
    pub fn status(status: u16) -> Self {
        Self::new(Kind::status(status))
    }

    /// A page of HTML with this status instead of any work, as of a proxy (502) or a login page (200).
    pub fn html(status: u16) -> Self {
        Self::new(Kind::Html { status })
    }

    /// 503 with `testbox.queue_full` instead of taking a payload.
    pub fn queue_full() -> Self {
        Self::new(Kind::QueueFull { retry_after: None })
    }

    /// 503 with `testbox.request_limit` instead of taking a payload.
    pub fn request_limit() -> Self {
        Self::new(Kind::RequestLimit { retry_after: None })
    }

    /// The work is done at once, and its answer comes so long after the request.
    pub fn delay(delay: Duration) -> Self {
        Self::new(Kind::Delay { delay })
    }

    /// The work is done, and the body of its answer comes so slowly.
    pub fn slow_body(bytes_per_second: u32) -> Self {
        Self::new(Kind::SlowBody { bytes_per_second })
    }

    /// The connection is reset before anything was done.
    pub fn reset_before() -> Self {
        Self::new(Kind::ResetBefore {})
    }

    /// The connection is reset after the work was done, so its answer is lost.
    pub fn reset_after() -> Self {
        Self::new(Kind::ResetAfter {})
    }

    /// The work is done, and the connection ends amid the body of its answer: after so many bytes.
    pub fn truncated_body(bytes: usize) -> Self {
        Self::new(Kind::TruncatedBody { bytes: Some(bytes) })
    }

    /// The session that a request comes with ends, and the request is told so. A request without a session
    /// is not struck.
    pub fn session_expired(expiry: Expiry) -> Self {
        Self::new(Kind::SessionExpired { expiry })
    }

    /// The task of a payload is not worked on before so long after the payload came; those behind it wait.
    pub fn slow_task(delay: Duration) -> Self {
        Self::new(Kind::TaskSlow { delay })
    }

    /// The task of a payload ends `failed`, and nothing is ingested.
    pub fn failed_task() -> Self {
        Self::new(Kind::TaskFailed {})
    }

    /// The task of a payload ends with `error`, and nothing is ingested.
    pub fn broken_task() -> Self {
        Self::new(Kind::TaskError {})
    }

    /// The task of a payload stays `running` until the sandbox is started or a snapshot restored again.
    pub fn stuck_task() -> Self {
        Self::new(Kind::TaskStuck {})
    }

    /// Sets the error code of [`Fault::status`]; other faults stay as they are.
    pub fn code(mut self, code: impl Into<String>) -> Self {
        if let Kind::Status { code: own, .. } = &mut self.kind {
            *own = Some(code.into());
        }
        self
    }

    /// Sets the body of [`Fault::status`] and its media type, in any shape whatever; other faults stay as they
    /// are.
    pub fn body(mut self, body: impl Into<String>, media_type: impl Into<String>) -> Self {
        if let Kind::Status {
            body: own,
            content_type,
            ..
        } = &mut self.kind
        {
            (*own, *content_type) = (Some(body.into()), Some(media_type.into()));
        }
        self
    }

    /// Adds the header `Retry-After`, in whole seconds, to [`Fault::status`], [`Fault::queue_full`] and
    /// [`Fault::request_limit`]; other faults stay as they are.
    pub fn retry_after(mut self, time: Duration) -> Self {
        if let Kind::Status { retry_after, .. }
        | Kind::QueueFull { retry_after }
        | Kind::RequestLimit { retry_after } = &mut self.kind
        {
            *retry_after = Some(time);
        }
        self
    }

    /// Strikes only requests with this method.
    pub fn method(mut self, method: impl Into<String>) -> Self {
        self.method = Some(method.into());
        self
    }

    /// Strikes only requests whose path, without the query, looks so; a `*` stands for any characters.
    pub fn path(mut self, pattern: impl Into<String>) -> Self {
        self.path = Some(Pattern::new(pattern));
        self
    }

    /// Strikes this share of the requests that it could: 1, which is all, by default, in steps of a
    /// millionth. What is more than 1 or less than 0 is taken as that.
    pub fn rate(mut self, share: f64) -> Self {
        self.rate = Rate::new(share);
        self
    }

    /// Strikes so often and then no more. By default once where it is added to a running sandbox, and
    /// without end in a plan.
    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }

    fn matches(&self, subject: &Subject<'_>) -> bool {
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

    /// What is wrong with it.
    pub(crate) fn mistake(&self) -> Option<String> {
        if self.times == Some(0) {
            return Some("`times` is 0, so it would never strike; take at least 1".to_owned());
        }
        self.kind.mistake()
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
            let problem = format!("`rate` is a share between 0 and 1, not {rate}");
            return Err(D::Error::custom(problem));
        }
        let fault = Self {
            kind,
            method: others.method,
            path: others.path.map(Pattern::new),
            rate: others.rate.map_or(Rate::ALWAYS, Rate::new),
            times: others.times,
        };
        match fault.mistake() {
            Some(mistake) => Err(D::Error::custom(mistake)),
            None => Ok(fault),
        }
    }
}

#[cfg(test)]
mod tests;
