//! What to do after an attempt: the one place that decides.
//!
//! | what happened | creating | may always be repeated | test results |
//! |---|---|---|---|
//! | 2xx, 304 | done | done | done |
//! | 401 in a session that worked so far | sign in, then at once: it was turned away | the same | the same |
//! | 401 in a new session, which the server says has expired | short pause, then sign in | the same | the same |
//! | any other 401: in a new session, or of a sign-in | give up | give up | give up |
//! | no connection, in time or at all; proxy trouble | short pause: nothing was sent | short pause | short pause |
//! | 429 | short pause: it was turned away | short pause | short pause |
//! | 503 `testbox.queue_full`, `testbox.request_limit` | long pause: it was turned away | long pause | long pause |
//! | 503 with other words of Octane's own | short pause: it was turned away | short pause | short pause |
//! | 408, 500, 502, 504, any other 503 | give up: nobody knows whether it was done | short pause | short pause |
//! | connection broke, attempt took too long | give up: nobody knows whether it was done | short pause | short pause |
//! | 400, 413 | give up | give up | split: a part may be taken |
//! | TLS refused, answer too large | give up: it would be so again | give up | give up |
//! | all other answers | give up | give up | give up |
//!
//! After a pause the request is sent again. `Retry-After`, or a `RateLimit` that is used up, replaces
//! the pause of an answer. What has been tried as often as the settings allow is given up where the
//! table says pause; a sign-in does not count as a try.

use std::time::Duration;

use http::StatusCode;
use octane_model::Problem;

use crate::transport::TransportErrorKind;

/// Whether a request may be sent again when nobody knows whether it was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// Twice is the same as once: reading, changing, deleting.
    Always,
    /// As [`Always`](Self::Always), and if the whole is refused, its parts may be taken: payloads of test
    /// results, whose bytes the server recognises. See [`Error::is_divisible`](crate::Error::is_divisible).
    AlwaysOrDivided,
    /// Only when surely nothing was done: creating.
    IfNothingWasDone,
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Happened<'a> {
    Answered {
        status: StatusCode,
        /// What the server says about a failure.
        problem: Option<&'a Problem>,
        /// How long it wants to be left alone.
        told: Option<Duration>,
    },
    Failed(TransportErrorKind),
}

/// What was tried.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tried {
    pub(crate) repeat: Repeat,
    /// The number of this attempt, from 1; attempts that only brought a new session do not count.
    pub(crate) attempt: u32,
    pub(crate) attempts_max: u32,
    pub(crate) session: Session,
}

/// What an attempt went with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Session {
    /// A session that may have expired by now.
    Used,
    /// One from a sign-in that an earlier attempt of this request led to.
    New,
    /// None, or one that is not worth a sign-in.
    None,
}

/// What to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    /// It went well.
    Done,
    /// Again, after a pause.
    Again(Wait),
    /// Again, at once, with a new session.
    SignIn,
    /// The whole is refused; its parts may be taken.
    Split,
    /// The error is final.
    GiveUp,
}

/// How long to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wait {
    /// A moment that grows from attempt to attempt.
    Short,
    /// The same, longer.
    Long,
    /// As long as the server said.
    Told(Duration),
}

impl Happened<'_> {
    /// Whether the server surely did nothing: it never saw the request, or turned it away unread.
    pub(crate) fn is_nothing_done(&self) -> bool {
        match self {
            Self::Failed(kind) => kind.is_nothing_sent(),
            Self::Answered {
                status, problem, ..
            } => match status.as_u16() {
                401 | 429 => true,
                // Without words of its own it may be a proxy that gave up on the server.
                503 => problem.is_some_and(|problem| !problem.error_code.is_empty()),
                _ => false,
            },
        }
    }

    /// Whether nobody knows what the server did.
    pub(crate) fn is_in_doubt(&self) -> bool {
        let is_clear = match self {
            Self::Failed(_) => false,
            Self::Answered { status, .. } => !matches!(status.as_u16(), 408 | 500 | 502..=504),
        };
        !is_clear && !self.is_nothing_done()
    }
}

/// Decides after an attempt. See the table above.
pub(crate) fn decide(happened: Happened<'_>, tried: Tried) -> Decision {
    let pause = match happened {
        Happened::Failed(kind) => match kind {
            TransportErrorKind::Tls | TransportErrorKind::TooLarge => return Decision::GiveUp,
            TransportErrorKind::Connect
            | TransportErrorKind::ConnectTimeout
            | TransportErrorKind::Proxy
            | TransportErrorKind::Timeout
            | TransportErrorKind::Broken => Wait::Short,
        },
        Happened::Answered {
            status,
            problem,
            told,
        } => match status.as_u16() {
            200..=299 | 304 => return Decision::Done,
            401 if tried.session == Session::Used => return Decision::SignIn,
            401 if tried.session == Session::New
                && problem.is_some_and(Problem::is_session_expired) =>
            {
                Wait::Short
            }
            400 | 413 if tried.repeat == Repeat::AlwaysOrDivided => return Decision::Split,
            408 | 429 | 500 | 502 | 503 | 504 => match told {
                Some(wait) => Wait::Told(wait),
                None if problem.is_some_and(Problem::is_queue_full) => Wait::Long,
                None => Wait::Short,
            },
            _ => return Decision::GiveUp,
        },
    };
    let is_safe = tried.repeat != Repeat::IfNothingWasDone || happened.is_nothing_done();
    if is_safe && tried.attempt < tried.attempts_max {
        Decision::Again(pause)
    } else {
        Decision::GiveUp
    }
}

#[cfg(test)]
mod properties;

#[cfg(test)]
mod tests {
    use octane_model::code;

    use super::*;

    const SHORT: Decision = Decision::Again(Wait::Short);
    const LONG: Decision = Decision::Again(Wait::Long);
    const GIVE_UP: Decision = Decision::GiveUp;

    fn answered(status: u16, problem: Option<&Problem>) -> Happened<'_> {
        Happened::Answered {
            status: StatusCode::from_u16(status).unwrap(),
            problem,
            told: None,
        }
    }

    fn first(repeat: Repeat) -> Tried {
        Tried {
            repeat,
            attempt: 1,
            attempts_max: 5,
            session: Session::Used,
        }
    }

    /// The three columns of the table.
    fn row(happened: Happened<'_>) -> [Decision; 3] {
        [
            Repeat::IfNothingWasDone,
            Repeat::Always,
            Repeat::AlwaysOrDivided,
        ]
        .map(|repeat| decide(happened, first(repeat)))
    }

    #[test]
    fn failures_follow_the_table() {
        use TransportErrorKind::{Broken, Timeout, Tls, TooLarge};
        for kind in properties::KINDS {
            let expected = match kind {
                Timeout | Broken => [GIVE_UP, SHORT, SHORT],
                Tls | TooLarge => [GIVE_UP; 3],
                _ => [SHORT; 3],
            };
            assert_eq!(row(Happened::Failed(kind)), expected, "{kind:?}");
        }
    }

    #[test]
    fn answers_follow_the_table() {
        for status in 100..=599 {
            let expected = match status {
                200..=299 | 304 => [Decision::Done; 3],
                401 => [Decision::SignIn; 3],
                429 => [SHORT; 3],
                408 | 500 | 502 | 503 | 504 => [GIVE_UP, SHORT, SHORT],
                400 | 413 => [GIVE_UP, GIVE_UP, Decision::Split],
                _ => [GIVE_UP; 3],
            };
            assert_eq!(row(answered(status, None)), expected, "{status}");
        }
    }

    #[test]
    fn a_503_in_octanes_own_words_did_nothing_and_a_full_queue_waits_longer() {
        let busy = Problem::new("platform.busy", "");
        assert_eq!(row(answered(503, Some(&busy))), [SHORT; 3]);
        for code in [code::QUEUE_FULL, code::REQUEST_LIMIT] {
            let full = Problem::new(code, "");
            assert_eq!(row(answered(503, Some(&full))), [LONG; 3]);
        }
        let page = Problem::new("", "Bad gateway");
        assert_eq!(row(answered(503, Some(&page))), [GIVE_UP, SHORT, SHORT]);
    }

    #[test]
    fn a_server_that_says_when_is_believed() {
        let full = Problem::new(code::QUEUE_FULL, "");
        let happened = Happened::Answered {
            status: StatusCode::SERVICE_UNAVAILABLE,
            problem: Some(&full),
            told: Some(Duration::from_secs(7)),
        };
        let told = Decision::Again(Wait::Told(Duration::from_secs(7)));
        assert_eq!(row(happened), [told; 3]);
    }

    #[test]
    fn a_401_in_a_new_session_is_final_unless_that_has_expired_as_well() {
        let with = |session, code: Option<&str>| {
            let tried = Tried {
                session,
                ..first(Repeat::Always)
            };
            let problem = code.map(|code| Problem::new(code, ""));
            decide(answered(401, problem.as_ref()), tried)
        };
        let refused = Some("platform.not_authorized");
        for code in [None, refused] {
            assert_eq!(with(Session::New, code), GIVE_UP);
            assert_eq!(with(Session::None, code), GIVE_UP);
        }
        for expired in [code::IDLE_TIMEOUT, code::GLOBAL_TIMEOUT].map(Some) {
            assert_eq!(with(Session::New, expired), SHORT);
            assert_eq!(with(Session::None, expired), GIVE_UP);
            assert_eq!(with(Session::Used, expired), Decision::SignIn);
        }
    }

    #[test]
    fn the_last_attempt_is_the_last_but_may_still_sign_in() {
        let at = |attempt, status| {
            let tried = Tried {
                attempt,
                ..first(Repeat::Always)
            };
            decide(answered(status, None), tried)
        };
        assert_eq!((at(4, 429), at(5, 429)), (SHORT, GIVE_UP));
        assert_eq!(at(5, 401), Decision::SignIn);
    }
}
