//! What can go wrong with one request.

use std::time::Duration;

use octane_rest::TransportErrorKind;
use octane_sandbox::Expiry;

use super::random::Random;

/// What goes wrong with one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// The request does not arrive.
    RequestLost(TransportErrorKind),
    /// The server does the work, but its response does not arrive.
    ResponseLost(TransportErrorKind),
    /// The client gets no response, and the request arrives this much later, even if the client has gone before.
    Late(Duration),
    /// No response until the client times out. The server may have done the work.
    Silence { is_done: bool },
    /// Something between client and server responds. The server may have done the work.
    Status {
        status: u16,
        retry_after: Option<u64>,
        is_done: bool,
    },
    /// The server does the work, but an HTML page arrives instead of its response.
    Page,
    /// The server does the work, but half of its response is missing, without a transport error.
    Truncated,
    /// All sessions have expired.
    Expired(Expiry),
    /// Sign-in is refused.
    SignInRefused,
    /// A valid payload is refused.
    Refused,
    /// The queue of payloads is full.
    QueueFull { retry_after: Option<u64> },
    /// The server no longer knows the task.
    TaskForgotten,
    /// The task waits this long before it is processed.
    TaskSlow(Duration),
    /// The task ends with the status `failed`, and nothing is ingested.
    TaskFailed,
    /// The task ends with the status `error`, and nothing is ingested.
    TaskBroken,
    /// The task does not end before the server restarts.
    TaskStuck,
}

/// The purpose of a request, as far as faults depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RequestKind {
    SignIn,
    Payload,
    Task,
    Other,
}

impl RequestKind {
    pub(super) fn of(method: &http::Method, path: &str) -> Self {
        if path.ends_with("/sign_in") {
            Self::SignIn
        } else if path.ends_with("/test-results") && method == http::Method::POST {
            Self::Payload
        } else if path.contains("/test-results/") {
            Self::Task
        } else {
            Self::Other
        }
    }
}

const REQUEST_ERRORS: [TransportErrorKind; 4] = [
    TransportErrorKind::Connect,
    TransportErrorKind::ConnectTimeout,
    TransportErrorKind::ConnectionBroken,
    TransportErrorKind::Timeout,
];
const RESPONSE_ERRORS: [TransportErrorKind; 2] = [
    TransportErrorKind::ConnectionBroken,
    TransportErrorKind::Timeout,
];

impl Fault {
    /// A random fault that can happen to this kind of request.
    pub(super) fn any(random: &mut Random, kind: RequestKind) -> Self {
        let special = match kind {
            RequestKind::SignIn => random.chance(20).then_some(Self::SignInRefused),
            RequestKind::Payload => random.chance(40).then(|| Self::of_payload(random)),
            RequestKind::Task => random.chance(20).then_some(Self::TaskForgotten),
            RequestKind::Other => None,
        };
        special.unwrap_or_else(|| Self::of_any_request(random))
    }

    fn of_any_request(random: &mut Random) -> Self {
        let retry_after = |random: &mut Random| random.chance(40).then(|| random.within(0..=90));
        match random.within(0..=12) {
            12 => Self::Late(random.milliseconds(1..=90_000)),
            0 | 1 => Self::RequestLost(*random.pick(&REQUEST_ERRORS)),
            2..=4 => Self::ResponseLost(*random.pick(&RESPONSE_ERRORS)),
            5 => Self::Silence {
                is_done: random.chance(50),
            },
            6..=8 => Self::Status {
                status: *random.pick(&[429, 500, 502, 503, 504, 408, 404, 403]),
                retry_after: retry_after(random),
                is_done: random.chance(40),
            },
            9 => *random.pick(&[Self::Page, Self::Truncated]),
            _ => Self::Expired(*random.pick(&[Expiry::Idle, Expiry::Global])),
        }
    }

    fn of_payload(random: &mut Random) -> Self {
        match random.within(0..=10) {
            10 => Self::Refused,
            0..=2 => Self::QueueFull {
                retry_after: random.chance(50).then(|| random.within(1..=60)),
            },
            3..=5 => Self::TaskSlow(random.milliseconds(200..=1_200_000)),
            6 | 7 => Self::TaskFailed,
            8 => Self::TaskBroken,
            _ => Self::TaskStuck,
        }
    }

    /// Whether results may be reported as not ingested because of it.
    pub(super) fn loses_results(self) -> bool {
        matches!(self, Self::TaskFailed | Self::TaskBroken | Self::Refused)
    }
}
