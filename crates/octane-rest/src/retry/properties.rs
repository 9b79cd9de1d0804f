//! What holds for every course of events.

use std::time::Duration;

use http::StatusCode;
use octane_model::{Problem, code};
use proptest::prelude::*;

use super::{Decision, Happened, Repeat, Session, Tried, decide};
use crate::transport::TransportErrorKind;

pub(super) const KINDS: [TransportErrorKind; 7] = {
    use TransportErrorKind::{Broken, Connect, ConnectTimeout, Proxy, Timeout, Tls, TooLarge};
    [
        Connect,
        ConnectTimeout,
        Proxy,
        Timeout,
        Broken,
        Tls,
        TooLarge,
    ]
};

/// An answer or a failure, as owned values.
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
        Some(code::QUEUE_FULL),
        Some(code::IDLE_TIMEOUT),
    ]);
    let answer = (status, code, proptest::option::of(0u64..100)).prop_map(Ok);
    let failure = proptest::sample::select(KINDS.to_vec()).prop_map(Err);
    prop_oneof![3 => answer, 1 => failure]
}

fn repeat() -> impl Strategy<Value = Repeat> {
    proptest::sample::select(vec![
        Repeat::Always,
        Repeat::AlwaysOrDivided,
        Repeat::IfNothingWasDone,
    ])
}

/// Decides about one event after the other, as sending does, and returns the decisions made.
fn decisions(repeat: Repeat, attempts_max: u32, events: &[Event]) -> Vec<Decision> {
    let mut tried = Tried {
        attempts_max,
        repeat,
        attempt: 1,
        session: Session::Used,
    };
    let mut decisions = Vec::new();
    for event in events {
        let problem;
        let happened = match *event {
            Err(kind) => Happened::Failed(kind),
            Ok((status, code, told)) => {
                problem = code.map(|code| Problem::new(code, "words"));
                Happened::Answered {
                    status: StatusCode::from_u16(status).unwrap(),
                    problem: problem.as_ref(),
                    told: told.map(Duration::from_secs),
                }
            }
        };
        let decision = decide(happened, tried);
        decisions.push(decision);
        match decision {
            Decision::SignIn => tried.session = Session::New,
            Decision::Again(_) => {
                tried.attempt += 1;
                tried.session = Session::Used;
            }
            _ => break,
        }
    }
    decisions
}

fn goes_on(decision: Decision) -> bool {
    matches!(decision, Decision::Again(_) | Decision::SignIn)
}

proptest! {
    #[test]
    fn it_always_ends(
        repeat in repeat(),
        attempts_max in 1u32..8,
        events in proptest::collection::vec(event(), 20),
    ) {
        let decisions = decisions(repeat, attempts_max, &events);
        prop_assert!(decisions.len() <= 2 * attempts_max as usize);
        prop_assert!(!goes_on(*decisions.last().unwrap()));
    }

    #[test]
    fn what_creates_is_not_repeated_once_its_outcome_is_unknown(
        events in proptest::collection::vec(event(), 20),
    ) {
        let decisions = decisions(Repeat::IfNothingWasDone, 8, &events);
        for (decision, event) in decisions.iter().zip(&events) {
            let is_surely_nothing_done = match event {
                Ok((401 | 429, ..)) => true,
                Ok((503, code, _)) => code.is_some_and(|code| !code.is_empty()),
                Ok(_) => false,
                Err(kind) => kind.is_nothing_sent(),
            };
            prop_assert!(is_surely_nothing_done || !goes_on(*decision), "{event:?}");
        }
    }

    #[test]
    fn only_test_results_are_split(repeat in repeat(), event in event()) {
        let decisions = decisions(repeat, 5, &[event]);
        prop_assert!(decisions[0] != Decision::Split || repeat == Repeat::AlwaysOrDivided);
    }
}
