//! What holds for any sequence of events.

use std::time::Duration;

use http::StatusCode;
use octane_model::{Problem, error_code};
use proptest::prelude::*;

use super::{AttemptContext, AttemptOutcome, Decision, Idempotency, SessionAge, decide};
use crate::transport::TransportErrorKind;

pub(super) const KINDS: [TransportErrorKind; 8] = {
    use TransportErrorKind::{
        Connect, ConnectTimeout, ConnectionBroken, Proxy, ProxyAuthentication, ResponseTooLarge,
        Timeout, Tls,
    };
    [
        Connect,
        ConnectTimeout,
        Proxy,
        ProxyAuthentication,
        Timeout,
        ConnectionBroken,
        Tls,
        ResponseTooLarge,
    ]
};

/// A response (status, error code, seconds to wait) or a transport error, as owned values.
type Event = Result<(u16, Option<&'static str>, Option<u64>), TransportErrorKind>;

fn event() -> impl Strategy<Value = Event> {
    let status = prop_oneof![
        proptest::sample::select(vec![400, 401, 408, 413, 429, 500, 502, 503, 504]),
        300u16..600,
    ];
    let code = proptest::sample::select(vec![
        None,
        Some(""),
        Some("platform.busy"),
        Some(error_code::QUEUE_FULL),
        Some(error_code::IDLE_TIMEOUT),
    ]);
    let response = (status, code, proptest::option::of(0u64..100)).prop_map(Ok);
    let failure = proptest::sample::select(KINDS.to_vec()).prop_map(Err);
    prop_oneof![3 => response, 1 => failure]
}

fn idempotency() -> impl Strategy<Value = Idempotency> {
    proptest::sample::select(vec![
        Idempotency::Idempotent,
        Idempotency::IdempotentSplittable,
        Idempotency::NonIdempotent,
    ])
}

/// Decides after one event after the other, as sending does, and returns the decisions.
fn decisions(idempotency: Idempotency, attempts_max: u32, events: &[Event]) -> Vec<Decision> {
    let mut context = AttemptContext {
        attempts_max,
        idempotency,
        attempt: 1,
        session: SessionAge::Reused,
    };
    let mut decisions = Vec::new();
    for event in events {
        let problem;
        let outcome = match *event {
            Err(kind) => AttemptOutcome::Failed(kind),
            Ok((status, code, retry_after)) => {
                problem = code.map(|code| Problem::new(code, "words"));
                AttemptOutcome::Response {
                    status: StatusCode::from_u16(status).unwrap(),
                    problem: problem.as_ref(),
                    retry_after: retry_after.map(Duration::from_secs),
                    limit_reset: None,
                }
            }
        };
        let decision = decide(outcome, context);
        decisions.push(decision);
        match decision {
            Decision::Reauthenticate => context.session = SessionAge::Fresh,
            Decision::Retry(_) => {
                context.attempt += 1;
                context.session = SessionAge::Reused;
            }
            _ => break,
        }
    }
    decisions
}

fn continues(decision: Decision) -> bool {
    matches!(decision, Decision::Retry(_) | Decision::Reauthenticate)
}

proptest! {
    #[test]
    fn it_always_ends(
        idempotency in idempotency(),
        attempts_max in 1u32..8,
        events in proptest::collection::vec(event(), 20),
    ) {
        let decisions = decisions(idempotency, attempts_max, &events);
        prop_assert!(decisions.len() <= 2 * attempts_max as usize);
        prop_assert!(!continues(*decisions.last().unwrap()));
    }

    #[test]
    fn what_is_not_idempotent_is_not_retried_once_its_outcome_is_unknown(
        events in proptest::collection::vec(event(), 20),
    ) {
        let decisions = decisions(Idempotency::NonIdempotent, 8, &events);
        for (decision, event) in decisions.iter().zip(&events) {
            let is_not_processed = match event {
                Ok((401 | 429, ..)) => true,
                Ok((503, code, _)) => code.is_some_and(|code| !code.is_empty()),
                Ok(_) => false,
                Err(kind) => kind.is_known_not_sent(),
            };
            prop_assert!(is_not_processed || !continues(*decision), "{event:?}");
        }
    }

    #[test]
    fn only_splittable_requests_are_split(idempotency in idempotency(), event in event()) {
        let decisions = decisions(idempotency, 5, &[event]);
        prop_assert!(decisions[0] != Decision::Split || idempotency == Idempotency::IdempotentSplittable);
    }
}
