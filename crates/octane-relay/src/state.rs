//! How far an upload is, and what follows an attempt to deliver it: one function, and this table. The first row that applies decides.
//!
//! | the attempt | attempts so far | next |
//! |---|---|---|
//! | was ended because the relay stops | | `stored`, as before the attempt |
//! | has an end that could not be stored | | `waiting`; the attempt does not count |
//! | everything of a shard is in, and other shards are not | | `awaiting_shards` |
//! | everything is in, and linked as asked | | `delivered` |
//! | Octane could not be reached, or did not accept the credentials | | `waiting` |
//! | failed with an error that another attempt cannot change | | `incomplete` |
//! | Octane has rejected everything, or nothing is left that another attempt could change | | `incomplete` |
//! | something is left that another attempt may change | fewer than 5 | `waiting` |
//! | the same | 5 or more | `incomplete` |
//!
//! The first 5 attempts send results again that Octane has rejected before, and later ones do not: otherwise two batches of which one is
//! always in work when the other is judged would be sent without end.
//!
//! An upload that is `stored`, `delivering` or `waiting` is in the way of the later ones in its lane; an `incomplete` one waits for a
//! person, and is not.

use std::fmt;
use std::time::Duration;

use octane_client::{Outcome, UploadState};
use serde::Serialize;

/// How far an upload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It is in the store, and no relay works on it.
    Stored,
    /// A relay works on it.
    Delivering,
    /// An attempt has failed, and another one follows by itself.
    Waiting,
    /// It is a shard of which everything is in Octane, and is linked once all shards are.
    AwaitingShards,
    /// Everything is in Octane, and linked as asked.
    Delivered,
    /// Results or links are missing, and no attempt follows unless a person asks for it.
    Incomplete,
}

impl State {
    /// All states.
    pub const ALL: [Self; 6] = [
        Self::Stored,
        Self::Delivering,
        Self::Waiting,
        Self::AwaitingShards,
        Self::Delivered,
        Self::Incomplete,
    ];

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Delivering => "delivering",
            Self::Waiting => "waiting",
            Self::AwaitingShards => "awaiting_shards",
            Self::Delivered => "delivered",
            Self::Incomplete => "incomplete",
        }
    }

    /// The state of this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }

    /// Whether later uploads in its lane wait for it.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Stored | Self::Delivering | Self::Waiting)
    }

    /// Whether it waits for another attempt or for a person, who can ask for one.
    pub fn waits(self) -> bool {
        matches!(self, Self::Waiting | Self::Incomplete)
    }

    /// How far an upload is, in words.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Stored => "not delivered yet",
            Self::Delivering => "being delivered",
            Self::Waiting => "waiting for another attempt",
            Self::AwaitingShards => "waiting for other shards",
            Self::Delivered => "delivered",
            Self::Incomplete => "incomplete",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttemptEnd {
    /// With a report.
    Reported {
        /// How the upload ended.
        outcome: Outcome,
        /// Whether another attempt may get further.
        is_resumable: bool,
        /// How far the journal is.
        journal: UploadState,
    },
    /// With an error instead of a report.
    Failed {
        /// Whether another attempt may succeed.
        is_retryable: bool,
    },
    /// The relay stops.
    Stopped,
}

/// What follows an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Next {
    /// How far the upload is now.
    pub state: State,
    /// When the next attempt may begin.
    pub pause: Duration,
}

/// How many attempts change nothing before a person is needed.
const ATTEMPTS_MAX: u32 = 5;
const PAUSE_MIN: Duration = Duration::from_secs(5);
const PAUSE_MAX: Duration = Duration::from_secs(300);

/// Whether the attempt with this number, counted from 1, sends results again that Octane has rejected; see [above](self).
pub const fn retries_rejected(attempt: u32) -> bool {
    attempt <= ATTEMPTS_MAX
}

/// What follows the attempt with this number, counted from 1; see the [table](self).
pub fn next(end: AttemptEnd, attempt: u32) -> Next {
    let state = match end {
        AttemptEnd::Stopped => State::Stored,
        AttemptEnd::Reported {
            journal: UploadState::AwaitingShards,
            ..
        } => State::AwaitingShards,
        AttemptEnd::Reported {
            outcome: Outcome::Success,
            ..
        } => State::Delivered,
        AttemptEnd::Reported {
            outcome: Outcome::Unreachable | Outcome::Unauthorized | Outcome::Interrupted,
            ..
        }
        | AttemptEnd::Failed { is_retryable: true } => State::Waiting,
        AttemptEnd::Failed {
            is_retryable: false,
        }
        | AttemptEnd::Reported {
            outcome: Outcome::Refused,
            ..
        }
        | AttemptEnd::Reported {
            is_resumable: false,
            ..
        } => State::Incomplete,
        AttemptEnd::Reported { .. } if attempt < ATTEMPTS_MAX => State::Waiting,
        AttemptEnd::Reported { .. } => State::Incomplete,
    };
    let pause = match state {
        State::Waiting => pause(attempt),
        _ => Duration::ZERO,
    };
    Next { state, pause }
}

/// Doubles with each attempt.
fn pause(attempt: u32) -> Duration {
    let doublings = attempt.saturating_sub(1).min(16);
    (PAUSE_MIN * (1 << doublings)).min(PAUSE_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reported(outcome: Outcome, is_resumable: bool) -> AttemptEnd {
        AttemptEnd::Reported {
            outcome,
            is_resumable,
            journal: UploadState::Pending,
        }
    }

    fn state(end: AttemptEnd, attempt: u32) -> State {
        next(end, attempt).state
    }

    #[test]
    fn what_the_stop_of_a_relay_has_cut_short_is_as_before() {
        assert_eq!(state(AttemptEnd::Stopped, 9), State::Stored);
        assert_eq!(next(AttemptEnd::Stopped, 9).pause, Duration::ZERO);
    }

    #[test]
    fn a_shard_of_which_everything_is_in_awaits_the_others() {
        let end = AttemptEnd::Reported {
            outcome: Outcome::Success,
            is_resumable: false,
            journal: UploadState::AwaitingShards,
        };
        assert_eq!(state(end, 1), State::AwaitingShards);
    }

    #[test]
    fn only_a_success_is_delivered() {
        for outcome in [
            Outcome::Success,
            Outcome::Partial,
            Outcome::Refused,
            Outcome::Unauthorized,
            Outcome::Unreachable,
            Outcome::LinksIncomplete,
            Outcome::Interrupted,
        ] {
            for is_resumable in [false, true] {
                let is_delivered = state(reported(outcome, is_resumable), 1) == State::Delivered;
                assert_eq!(is_delivered, outcome == Outcome::Success, "{outcome}");
            }
        }
    }

    #[test]
    fn a_server_that_is_away_is_tried_again_however_often() {
        for outcome in [
            Outcome::Unreachable,
            Outcome::Unauthorized,
            Outcome::Interrupted,
        ] {
            for attempt in [1, 5, 1000] {
                assert_eq!(state(reported(outcome, true), attempt), State::Waiting);
            }
        }
        assert_eq!(
            state(AttemptEnd::Failed { is_retryable: true }, 1000),
            State::Waiting
        );
    }

    #[test]
    fn what_no_attempt_can_change_waits_for_a_person() {
        let failed = AttemptEnd::Failed {
            is_retryable: false,
        };
        for end in [
            failed,
            reported(Outcome::Refused, true),
            reported(Outcome::Partial, false),
            reported(Outcome::LinksIncomplete, false),
        ] {
            assert_eq!(state(end, 1), State::Incomplete);
        }
    }

    #[test]
    fn what_an_attempt_may_change_is_tried_five_times() {
        for outcome in [Outcome::Partial, Outcome::LinksIncomplete] {
            assert_eq!(state(reported(outcome, true), 4), State::Waiting);
            assert_eq!(state(reported(outcome, true), 5), State::Incomplete);
        }
    }

    #[test]
    fn results_that_octane_has_rejected_are_sent_again_five_times_at_most() {
        assert!(retries_rejected(1) && retries_rejected(5));
        assert!(!retries_rejected(6));
    }

    #[test]
    fn the_pause_doubles_up_to_five_minutes() {
        let pause = |attempt| next(reported(Outcome::Unreachable, true), attempt).pause;
        let seconds: Vec<u64> = (1..=8).map(|attempt| pause(attempt).as_secs()).collect();
        assert_eq!(seconds, [5, 10, 20, 40, 80, 160, 300, 300]);
        assert_eq!(pause(u32::MAX).as_secs(), 300);
    }

    #[test]
    fn each_state_has_a_word_of_its_own() {
        for state in State::ALL {
            assert_eq!(State::from_word(state.as_str()), Some(state));
            assert_eq!(
                serde_json::to_value(state).unwrap(),
                serde_json::json!(state.as_str())
            );
        }
        assert_eq!(State::from_word("settled"), None);
    }
}
