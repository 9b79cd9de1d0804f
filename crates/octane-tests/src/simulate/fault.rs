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
    /// The work is done, and the answer does not arrive.
    AnswerLost(TransportErrorKind),
    /// The client hears nothing, and the request arrives so much later, be there a client or not.
    Late(Duration),
    /// Nothing is heard until the client has had enough. The work may have been done.
    Silence { is_done: bool },
    /// Something on the way answers. The work may have been done.
    Status {
        status: u16,
        retry_after: Option<u64>,
        is_done: bool,
    },
    /// The work is done, and a page in HTML comes in place of the answer.
    Page,
    /// The work is done, and half of the answer is missing, which nobody on the way notices.
    Garbled,
    /// All sessions have ended.
    Expired(Expiry),
    /// Signing in is refused.
    SignInRefused,
    /// A payload is refused that there is nothing wrong with.
    Refused,
    /// The queue of payloads is full.
    QueueFull { retry_after: Option<u64> },
    /// The task is forgotten when somebody asks for it.
    TaskForgotten,
    /// The task is not worked on for so long.
    TaskSlow(Duration),
    /// The task ends as failed, and nothing is ingested.
    TaskFailed,
    /// The task ends with an error, and nothing is ingested.
    TaskBroken,
    /// The task does not end before the server starts again.
    TaskStuck,
}

/// What a request is about, as far as faults differ by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Errand {
    SignIn,
    Payload,
    Task,
    Other,
}

impl Errand {
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

const BEFORE: [TransportErrorKind; 4] = [
    TransportErrorKind::Connect,
    TransportErrorKind::ConnectTimeout,
    TransportErrorKind::Broken,
    TransportErrorKind::Timeout,
];
const AFTER: [TransportErrorKind; 2] = [TransportErrorKind::Broken, TransportErrorKind::Timeout];

impl Fault {
    /// A fault that suits the errand.
    pub(super) fn any(random: &mut Random, errand: Errand) -> Self {
        let special = match errand {
            Errand::SignIn => random.chance(20).then_some(Self::SignInRefused),
            Errand::Payload => random.chance(40).then(|| Self::of_payload(random)),
            Errand::Task => random.chance(20).then_some(Self::TaskForgotten),
            Errand::Other => None,
        };
        special.unwrap_or_else(|| Self::of_any(random))
    }

    fn of_any(random: &mut Random) -> Self {
        let retry_after = |random: &mut Random| random.chance(40).then(|| random.within(0..=90));
        match random.within(0..=12) {
            12 => Self::Late(random.milliseconds(1..=90_000)),
            0 | 1 => Self::RequestLost(*random.pick(&BEFORE)),
            2..=4 => Self::AnswerLost(*random.pick(&AFTER)),
            5 => Self::Silence {
                is_done: random.chance(50),
            },
            6..=8 => Self::Status {
                status: *random.pick(&[429, 500, 502, 503, 504, 408, 404, 403]),
                retry_after: retry_after(random),
                is_done: random.chance(40),
            },
            9 => *random.pick(&[Self::Page, Self::Garbled]),
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
