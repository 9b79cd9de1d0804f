//! What can go wrong.

use std::time::Duration;

use http::{HeaderValue, StatusCode};
use jiff::Timestamp;
use octane_model::error_code;
use serde::{Deserialize, Serialize};

use super::subject::Subject;
use super::task::TaskFault;
use crate::settings::duration;

/// What goes wrong, with its parameters. Variants without members have braces because otherwise serde accepts
/// unknown members.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    tag = "kind",
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case",
    deny_unknown_fields
)]
pub(crate) enum FaultKind {
    Status {
        status: u16,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        content_type: Option<String>,
        #[serde(default, with = "duration::optional")]
        #[serde(skip_serializing_if = "Option::is_none")]
        retry_after: Option<Duration>,
    },
    Html {
        status: u16,
    },
    QueueFull {
        #[serde(default, with = "duration::optional")]
        #[serde(skip_serializing_if = "Option::is_none")]
        retry_after: Option<Duration>,
    },
    RequestLimit {
        #[serde(default, with = "duration::optional")]
        #[serde(skip_serializing_if = "Option::is_none")]
        retry_after: Option<Duration>,
    },
    Delay {
        #[serde(with = "duration")]
        delay: Duration,
    },
    SlowBody {
        bytes_per_second: u32,
    },
    ResetBefore {},
    ResetAfter {},
    TruncatedBody {
        /// Half of the body if not set.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bytes: Option<usize>,
    },
    SessionExpired {
        #[serde(default)]
        expiry: Expiry,
    },
    TaskSlow {
        #[serde(with = "duration")]
        delay: Duration,
    },
    TaskFailed {},
    TaskError {},
    TaskStuck {},
}

/// Which of the two lifetimes of a session has expired.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Expiry {
    /// Not used for too long: `VALIDATION_TOKEN_EXPIRED_IDLE_TIME_OUT`.
    #[default]
    Idle,
    /// Too old: `VALIDATION_TOKEN_EXPIRED_GLOBAL_TIME_OUT`.
    Global,
}

impl Expiry {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Idle => error_code::IDLE_TIMEOUT,
            Self::Global => error_code::GLOBAL_TIMEOUT,
        }
    }
}

impl FaultKind {
    pub(super) fn status(status: u16) -> Self {
        Self::Status {
            status,
            code: None,
            body: None,
            content_type: None,
            retry_after: None,
        }
    }

    /// The name in logs and JSON.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Status { .. } => "status",
            Self::Html { .. } => "html",
            Self::QueueFull { .. } => "queue-full",
            Self::RequestLimit { .. } => "request-limit",
            Self::Delay { .. } => "delay",
            Self::SlowBody { .. } => "slow-body",
            Self::ResetBefore {} => "reset-before",
            Self::ResetAfter {} => "reset-after",
            Self::TruncatedBody { .. } => "truncated-body",
            Self::SessionExpired { .. } => "session-expired",
            Self::TaskSlow { .. } => "task-slow",
            Self::TaskFailed {} => "task-failed",
            Self::TaskError {} => "task-error",
            Self::TaskStuck {} => "task-stuck",
        }
    }

    /// Whether such a request can trigger it at all.
    pub(super) fn suits(&self, subject: &Subject<'_>) -> bool {
        match self {
            Self::SessionExpired { .. } => subject.has_session,
            Self::QueueFull { .. }
            | Self::RequestLimit { .. }
            | Self::TaskSlow { .. }
            | Self::TaskFailed {}
            | Self::TaskError {}
            | Self::TaskStuck {} => {
                subject.method == "POST" && subject.path.ends_with("/test-results")
            }
            _ => true,
        }
    }

    /// What happens to the task of a payload that arrives now.
    pub(crate) fn task(&self, now: Timestamp) -> Option<TaskFault> {
        match self {
            Self::TaskSlow { delay } => Some(TaskFault::Slow {
                until: now.saturating_add(*delay).unwrap_or(Timestamp::MAX),
            }),
            Self::TaskFailed {} => Some(TaskFault::Failed),
            Self::TaskError {} => Some(TaskFault::Error),
            Self::TaskStuck {} => Some(TaskFault::Stuck),
            _ => None,
        }
    }

    /// The first problem of its parameters.
    pub(super) fn problem(&self) -> Option<String> {
        match self {
            Self::Status { status, .. } | Self::Html { status }
                if !(200..=599).contains(status) || StatusCode::from_u16(*status).is_err() =>
            {
                Some(format!(
                    "`status` must be between 200 and 599, got {status}"
                ))
            }
            Self::Status {
                content_type: Some(value),
                ..
            } if HeaderValue::from_str(value).is_err() => Some(format!(
                "`content-type` is {value:?}, which is not a valid header value"
            )),
            Self::SlowBody {
                bytes_per_second: 0,
            } => Some("`bytes-per-second` must be at least 1, got 0".to_owned()),
            _ => None,
        }
    }
}
