//! Each cell of the table.

use std::time::Duration;

use http::StatusCode;
use octane_model::{Problem, error_code};

use super::{
    AttemptContext, AttemptOutcome, Decision, Delay, Idempotency, SessionAge, decide, properties,
};
use crate::transport::TransportErrorKind;

const BACKOFF: Decision = Decision::Retry(Delay::Backoff);
const QUEUE_FULL: Decision = Decision::Retry(Delay::QueueFull);
const GIVE_UP: Decision = Decision::GiveUp;
const COLUMNS: [Idempotency; 3] = [
    Idempotency::NonIdempotent,
    Idempotency::Idempotent,
    Idempotency::IdempotentSplittable,
];

fn response(status: u16, problem: Option<&Problem>) -> AttemptOutcome<'_> {
    AttemptOutcome::Response {
        status: StatusCode::from_u16(status).unwrap(),
        problem,
        retry_after: None,
        limit_reset: None,
    }
}

fn first(idempotency: Idempotency) -> AttemptContext {
    AttemptContext {
        idempotency,
        attempt: 1,
        attempts_max: 5,
        session: SessionAge::Reused,
    }
}

/// A row of the table, at an attempt and in a session.
fn row_at(outcome: AttemptOutcome<'_>, attempt: u32, session: SessionAge) -> [Decision; 3] {
    COLUMNS.map(|idempotency| {
        let context = AttemptContext {
            attempt,
            session,
            ..first(idempotency)
        };
        decide(outcome, context)
    })
}

/// A row of the table, at the first attempt in a reused session.
fn row(outcome: AttemptOutcome<'_>) -> [Decision; 3] {
    row_at(outcome, 1, SessionAge::Reused)
}

#[test]
fn transport_errors_follow_the_table() {
    use TransportErrorKind::{
        ConnectionBroken, ProxyAuthentication, ResponseTooLarge, Timeout, Tls,
    };
    for kind in properties::KINDS {
        let expected = match kind {
            Timeout | ConnectionBroken => [GIVE_UP, BACKOFF, BACKOFF],
            Tls | ProxyAuthentication | ResponseTooLarge => [GIVE_UP; 3],
            _ => [BACKOFF; 3],
        };
        assert_eq!(row(AttemptOutcome::Failed(kind)), expected, "{kind:?}");
    }
}

#[test]
fn responses_follow_the_table() {
    for status in 100..=599 {
        let expected = match status {
            200..=299 | 304 => [Decision::Done; 3],
            401 => [Decision::Reauthenticate; 3],
            429 => [BACKOFF; 3],
            408 | 500 | 502 | 503 | 504 => [GIVE_UP, BACKOFF, BACKOFF],
            400 | 413 => [GIVE_UP, GIVE_UP, Decision::Split],
            _ => [GIVE_UP; 3],
        };
        assert_eq!(row(response(status, None)), expected, "{status}");
    }
}

#[test]
fn an_error_code_of_octane_matters_only_with_503() {
    let busy = Problem::new("platform.busy", "");
    assert_eq!(row(response(503, Some(&busy))), [BACKOFF; 3]);
    for status in [408, 500, 502, 504] {
        let expected = [GIVE_UP, BACKOFF, BACKOFF];
        assert_eq!(row(response(status, Some(&busy))), expected, "{status}");
    }
    let page = Problem::new("", "Bad gateway");
    assert_eq!(row(response(503, Some(&page))), [GIVE_UP, BACKOFF, BACKOFF]);
}

#[test]
fn a_full_queue_uses_the_longer_backoff() {
    for code in [error_code::QUEUE_FULL, error_code::REQUEST_LIMIT] {
        let full = Problem::new(code, "");
        assert_eq!(row(response(503, Some(&full))), [QUEUE_FULL; 3]);
        assert_eq!(row(response(429, Some(&full))), [QUEUE_FULL; 3]);
    }
}

#[test]
fn a_delay_from_the_server_replaces_every_backoff_of_a_response() {
    let full = Problem::new(error_code::QUEUE_FULL, "");
    let from_server = Decision::Retry(Delay::FromServer(Duration::from_secs(7)));
    let unknown = [GIVE_UP, from_server, from_server];
    for (status, problem, expected) in [
        (503, Some(&full), [from_server; 3]),
        (429, None, [from_server; 3]),
        (408, None, unknown),
        (500, None, unknown),
        (502, None, unknown),
        (503, None, unknown),
        (504, None, unknown),
        (404, None, [GIVE_UP; 3]),
    ] {
        let outcome = AttemptOutcome::Response {
            status: StatusCode::from_u16(status).unwrap(),
            problem,
            retry_after: Some(Duration::from_secs(7)),
            limit_reset: Some(Duration::from_secs(9)),
        };
        assert_eq!(row(outcome), expected, "{status}");
    }
}

#[test]
fn an_exhausted_limit_replaces_the_usual_backoff_but_not_that_of_a_full_queue() {
    let full = Problem::new(error_code::QUEUE_FULL, "");
    let from_server = Decision::Retry(Delay::FromServer(Duration::from_secs(9)));
    for (problem, expected) in [(Some(&full), QUEUE_FULL), (None, from_server)] {
        let outcome = AttemptOutcome::Response {
            status: StatusCode::TOO_MANY_REQUESTS,
            problem,
            retry_after: None,
            limit_reset: Some(Duration::from_secs(9)),
        };
        assert_eq!(row(outcome), [expected; 3]);
    }
}

#[test]
fn a_401_follows_the_table() {
    let rejected = Problem::new("platform.not_authorized", "");
    for problem in [None, Some(&rejected)] {
        let outcome = response(401, problem);
        let row = |session| row_at(outcome, 1, session);
        assert_eq!(row(SessionAge::Reused), [Decision::Reauthenticate; 3]);
        assert_eq!(row(SessionAge::Fresh), [GIVE_UP; 3]);
        assert_eq!(row(SessionAge::None), [GIVE_UP; 3]);
    }
    for code in [error_code::IDLE_TIMEOUT, error_code::GLOBAL_TIMEOUT] {
        let expired = Problem::new(code, "");
        let outcome = response(401, Some(&expired));
        let row = |session| row_at(outcome, 1, session);
        assert_eq!(row(SessionAge::Reused), [Decision::Reauthenticate; 3]);
        assert_eq!(row(SessionAge::Fresh), [BACKOFF; 3]);
        assert_eq!(row(SessionAge::None), [GIVE_UP; 3]);
    }
}

#[test]
fn the_session_matters_only_with_401() {
    for session in [SessionAge::Reused, SessionAge::Fresh, SessionAge::None] {
        for status in (100..=599).filter(|status| *status != 401) {
            let outcome = response(status, None);
            assert_eq!(row_at(outcome, 1, session), row(outcome), "{status}");
        }
        for kind in properties::KINDS {
            let outcome = AttemptOutcome::Failed(kind);
            assert_eq!(row_at(outcome, 1, session), row(outcome), "{kind:?}");
        }
    }
}

#[test]
fn the_last_attempt_gives_up_where_earlier_ones_back_off() {
    let outcomes = [
        response(429, None),
        response(503, None),
        AttemptOutcome::Failed(TransportErrorKind::Connect),
    ];
    for outcome in outcomes {
        assert_eq!(row_at(outcome, 4, SessionAge::Reused), row(outcome));
        for attempt in [5, 6] {
            assert_eq!(row_at(outcome, attempt, SessionAge::Reused), [GIVE_UP; 3]);
        }
    }
}

#[test]
fn the_last_attempt_may_still_reauthenticate_and_split() {
    let at_last = |status| row_at(response(status, None), 5, SessionAge::Reused);
    assert_eq!(at_last(401), [Decision::Reauthenticate; 3]);
    assert_eq!(at_last(400), [GIVE_UP, GIVE_UP, Decision::Split]);
    assert_eq!(at_last(200), [Decision::Done; 3]);
}

#[test]
fn an_outcome_is_unknown_or_known_not_processed_or_neither_but_never_both() {
    let busy = Problem::new("platform.busy", "");
    let page = Problem::new("", "Bad gateway");
    for problem in [None, Some(&busy), Some(&page)] {
        let has_code = problem.is_some_and(|problem| !problem.error_code.is_empty());
        for status in 100..=599 {
            let outcome = response(status, problem);
            let is_not_processed = matches!(status, 401 | 429) || (status == 503 && has_code);
            let is_unknown =
                matches!(status, 408 | 500 | 502 | 504) || (status == 503 && !has_code);
            assert_eq!(
                (outcome.is_known_not_processed(), outcome.is_unknown()),
                (is_not_processed, is_unknown),
                "{status} {problem:?}"
            );
        }
    }
    for kind in properties::KINDS {
        use TransportErrorKind::{Connect, ConnectTimeout, Proxy, ProxyAuthentication, Tls};
        let is_not_sent = matches!(
            kind,
            Connect | ConnectTimeout | Tls | Proxy | ProxyAuthentication
        );
        let outcome = AttemptOutcome::Failed(kind);
        assert_eq!(
            (outcome.is_known_not_processed(), outcome.is_unknown()),
            (is_not_sent, !is_not_sent),
            "{kind:?}"
        );
    }
}
