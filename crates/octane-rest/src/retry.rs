//! Whether to send a request again.
//!
//! | what happened | a request that may always be repeated | one that creates |
//! |---|---|---|
//! | no connection, in time or at all; proxy trouble | again | again: nothing was sent |
//! | 429 | again | again: it was turned away |
//! | 503 with Octane's own words, such as `testbox.queue_full` | again | again: it was turned away |
//! | 502, 504, other 503, attempt took too long, connection broke | again | no: nobody knows whether it was done |
//! | TLS refused, answer too large | no: it would be so again | no |
//! | all other answers, 500 among them | no | no |
//!
//! A full queue of test results waits longer than other troubles. `Retry-After` is believed to the
//! second, and with 429 and 503 it holds for all requests of the endpoint.

use std::time::Duration;

use http::{HeaderMap, StatusCode, header};
use octane_model::Problem;

use crate::date;
use crate::transport::TransportErrorKind;

/// Whether a request may be sent again when nobody knows whether it was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// Twice is the same as once: reading, changing, deleting, and payloads of test results, whose bytes
    /// the server recognises.
    Always,
    /// Only when surely nothing was done: creating.
    IfNothingWasDone,
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Happened<'a> {
    Answered {
        status: StatusCode,
        problem: Option<&'a Problem>,
        retry_after: Option<Duration>,
    },
    Failed(TransportErrorKind),
}

/// What to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    /// This is the end of it, good or bad.
    Final,
    /// Again, after a wait.
    Again(Wait),
}

/// How long to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wait {
    /// A moment that grows from attempt to attempt.
    Short,
    /// The same, longer.
    Long,
    /// As long as the server said, and everybody else with it.
    Told(Duration),
}

/// Decides after the attempt number `attempt` (from 1) of at most `attempts_max`.
pub(crate) fn decide(
    happened: Happened<'_>,
    repeat: Repeat,
    attempt: u32,
    attempts_max: u32,
) -> Decision {
    if attempt >= attempts_max {
        return Decision::Final;
    }
    let is_safe = repeat == Repeat::Always;
    match happened {
        Happened::Failed(kind) => {
            let may_pass = !matches!(kind, TransportErrorKind::Tls | TransportErrorKind::TooLarge);
            if may_pass && (is_safe || kind.is_nothing_sent()) {
                Decision::Again(Wait::Short)
            } else {
                Decision::Final
            }
        }
        Happened::Answered {
            status,
            problem,
            retry_after,
        } => {
            let was_turned_away = status == StatusCode::TOO_MANY_REQUESTS
                || status == StatusCode::SERVICE_UNAVAILABLE
                    && problem.is_some_and(|problem| !problem.error_code.is_empty());
            let may_pass = matches!(status.as_u16(), 429 | 502 | 503 | 504);
            if !(may_pass && (is_safe || was_turned_away)) {
                return Decision::Final;
            }
            Decision::Again(match retry_after {
                Some(wait) => Wait::Told(wait),
                None if problem.is_some_and(Problem::is_queue_full) => Wait::Long,
                None => Wait::Short,
            })
        }
    }
}

/// Reads `Retry-After`: seconds, or a date that is compared with the answer's own `Date`.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name)?.to_str().ok().map(str::trim);
    let value = text(header::RETRY_AFTER)?;
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let seconds = date::parse(value)? - date::parse(text(header::DATE)?)?;
    Some(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use octane_model::code;

    use super::*;

    fn answered(status: u16, problem: Option<&Problem>) -> Happened<'_> {
        Happened::Answered {
            status: StatusCode::from_u16(status).unwrap(),
            problem,
            retry_after: None,
        }
    }

    /// The decisions for both kinds of request.
    fn both(happened: Happened<'_>) -> (Decision, Decision) {
        (
            decide(happened, Repeat::Always, 1, 5),
            decide(happened, Repeat::IfNothingWasDone, 1, 5),
        )
    }

    const FINAL: Decision = Decision::Final;
    const SHORT: Decision = Decision::Again(Wait::Short);
    const LONG: Decision = Decision::Again(Wait::Long);

    #[test]
    fn trouble_that_may_pass_is_repeated_where_that_is_safe() {
        use TransportErrorKind::{Broken, Connect, ConnectTimeout, Proxy, Timeout, Tls, TooLarge};
        for kind in [Connect, ConnectTimeout, Proxy] {
            assert_eq!(both(Happened::Failed(kind)), (SHORT, SHORT), "{kind:?}");
        }
        for kind in [Timeout, Broken] {
            assert_eq!(both(Happened::Failed(kind)), (SHORT, FINAL), "{kind:?}");
        }
        for kind in [Tls, TooLarge] {
            assert_eq!(both(Happened::Failed(kind)), (FINAL, FINAL), "{kind:?}");
        }
        assert_eq!(both(answered(429, None)), (SHORT, SHORT));
        for status in [502, 503, 504] {
            assert_eq!(both(answered(status, None)), (SHORT, FINAL), "{status}");
        }
        for status in [200, 201, 304, 400, 401, 403, 404, 409, 413, 500, 501] {
            assert_eq!(both(answered(status, None)), (FINAL, FINAL), "{status}");
        }
    }

    #[test]
    fn a_503_in_octanes_own_words_did_nothing_and_a_full_queue_waits_longer() {
        let busy = Problem::new("platform.busy", "");
        assert_eq!(both(answered(503, Some(&busy))), (SHORT, SHORT));
        let full = Problem::new(code::QUEUE_FULL, "");
        assert_eq!(both(answered(503, Some(&full))), (LONG, LONG));
        let page = Problem::new("", "Bad gateway");
        assert_eq!(both(answered(503, Some(&page))), (SHORT, FINAL));
    }

    #[test]
    fn a_server_that_says_when_is_believed() {
        let full = Problem::new(code::QUEUE_FULL, "");
        let happened = Happened::Answered {
            status: StatusCode::SERVICE_UNAVAILABLE,
            problem: Some(&full),
            retry_after: Some(Duration::from_secs(7)),
        };
        let told = Decision::Again(Wait::Told(Duration::from_secs(7)));
        assert_eq!(both(happened), (told, told));
    }

    #[test]
    fn the_last_attempt_is_the_last() {
        let happened = answered(429, None);
        assert_eq!(decide(happened, Repeat::Always, 4, 5), SHORT);
        assert_eq!(decide(happened, Repeat::Always, 5, 5), FINAL);
    }

    #[test]
    fn retry_after_comes_in_seconds_or_as_a_date() {
        let read = |lines: &[(&'static str, &str)]| {
            let pairs = lines
                .iter()
                .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
            retry_after(&pairs.collect())
        };
        let at = ("retry-after", "Sun, 06 Nov 1994 08:50:00 GMT");
        let now = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(
            read(&[("retry-after", " 120")]),
            Some(Duration::from_secs(120))
        );
        assert_eq!(read(&[at, now]), Some(Duration::from_secs(23)));
        assert_eq!(
            read(&[("retry-after", now.1), ("date", at.1)]),
            Some(Duration::ZERO)
        );
        assert_eq!(read(&[at]), None);
        assert_eq!(read(&[("retry-after", "soon"), now]), None);
    }
}
