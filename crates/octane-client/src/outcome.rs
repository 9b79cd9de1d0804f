//! How an upload ended: one function, and this table. The first row that applies decides.
//!
//! | what is known | outcome |
//! |---|---|
//! | cancelled, and work is left or was cut short | interrupted |
//! | work is left, and signing in failed | unauthorized |
//! | work is left | unreachable |
//! | results were rejected, and none is ingested or pending | refused |
//! | results are rejected, invalid or pending, the runs may not be read, shards are missing, or one hides a failure of another | partial |
//! | links are missing | links incomplete |
//! | none of these | success |
//!
//! "Work is left" means: results that are not sent or not judged yet, results whose task the server forgot and that a
//! resume sends again, or runs that could not be read this time.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How an upload ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// Every result is in, and links are as asked.
    Success,
    /// Some results were rejected, invalid or not confirmed.
    Partial,
    /// The server understood and rejected all of them.
    Refused,
    /// Signing in failed.
    Unauthorized,
    /// The server could not be reached or did not finish in time.
    Unreachable,
    /// All results are in; some links are missing.
    LinksIncomplete,
    /// It was cancelled before it was done.
    Interrupted,
}

impl Outcome {
    /// The exit code of the program `octane` for it.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Partial => 5,
            Self::Refused => 6,
            Self::Unauthorized => 7,
            Self::Unreachable => 8,
            Self::LinksIncomplete => 10,
            Self::Interrupted => 130,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Success => "success",
            Self::Partial => "partial",
            Self::Refused => "refused",
            Self::Unauthorized => "unauthorized",
            Self::Unreachable => "unreachable",
            Self::LinksIncomplete => "links incomplete",
            Self::Interrupted => "interrupted",
        })
    }
}

/// What an outcome depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Facts {
    /// The upload was cancelled.
    pub(crate) is_cancelled: bool,
    /// Something was not done because of that.
    pub(crate) is_cut_short: bool,
    /// Something is left that another attempt may do.
    pub(crate) is_work_left: bool,
    /// The server did not accept the credentials.
    pub(crate) is_unauthorized: bool,
    /// The API key may not read the runs.
    pub(crate) is_unverified: bool,
    /// Links are missing that should be there.
    pub(crate) is_unlinked: bool,
    /// Shards are missing from the suite run, or the failure of one is hidden by another.
    pub(crate) is_incomplete: bool,
    pub(crate) ingested: usize,
    pub(crate) rejected: usize,
    pub(crate) invalid: usize,
    pub(crate) pending: usize,
    /// Of those pending: superseded by a later result of the same test, so never sent again.
    pub(crate) superseded: usize,
    /// Of those pending: of a payload that names no suite run and whose task has ended, so that nothing will ever show them.
    pub(crate) unnamed: usize,
}

impl Facts {
    /// Whether everything was tried that there was to do.
    pub(crate) fn is_through(&self) -> bool {
        !(self.is_work_left || self.is_cancelled && self.is_cut_short)
    }

    /// What is known of several uploads together.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            is_cancelled: self.is_cancelled || other.is_cancelled,
            is_cut_short: self.is_cut_short || other.is_cut_short,
            is_work_left: self.is_work_left || other.is_work_left,
            is_unauthorized: self.is_unauthorized || other.is_unauthorized,
            is_unverified: self.is_unverified || other.is_unverified,
            is_unlinked: self.is_unlinked || other.is_unlinked,
            is_incomplete: self.is_incomplete || other.is_incomplete,
            ingested: self.ingested + other.ingested,
            rejected: self.rejected + other.rejected,
            invalid: self.invalid + other.invalid,
            pending: self.pending + other.pending,
            superseded: self.superseded + other.superseded,
            unnamed: self.unnamed + other.unnamed,
        }
    }
}

/// Decides how an upload ended; see the [table](self).
pub(crate) fn outcome(facts: &Facts) -> Outcome {
    let Facts {
        is_cancelled,
        is_cut_short,
        is_work_left,
        is_unauthorized,
        is_unverified,
        is_unlinked,
        is_incomplete,
        ingested,
        rejected,
        invalid,
        pending,
        superseded: _,
        unnamed: _,
    } = *facts;
    if is_cancelled && (is_work_left || is_cut_short) {
        Outcome::Interrupted
    } else if is_work_left && is_unauthorized {
        Outcome::Unauthorized
    } else if is_work_left {
        Outcome::Unreachable
    } else if rejected > 0 && ingested == 0 && pending == 0 {
        Outcome::Refused
    } else if rejected > 0 || invalid > 0 || pending > 0 || is_unverified || is_incomplete {
        Outcome::Partial
    } else if is_unlinked {
        Outcome::LinksIncomplete
    } else {
        Outcome::Success
    }
}

/// Whether nothing is left that another attempt could change: the outcome is success or partial, what should be
/// linked is linked, the runs were read, and what is pending is superseded for good, or nothing will ever show it.
pub(crate) fn is_finished(facts: &Facts) -> bool {
    matches!(outcome(facts), Outcome::Success | Outcome::Partial)
        && !facts.is_unlinked
        && !facts.is_unverified
        && facts.pending == facts.superseded + facts.unnamed
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL_IN: Facts = Facts {
        is_cancelled: false,
        is_cut_short: false,
        is_work_left: false,
        is_unauthorized: false,
        is_unverified: false,
        is_unlinked: false,
        is_incomplete: false,
        ingested: 3,
        rejected: 0,
        invalid: 0,
        pending: 0,
        superseded: 0,
        unnamed: 0,
    };

    #[test]
    fn everything_in_is_a_success_and_nothing_read_is_one_too() {
        assert_eq!(outcome(&ALL_IN), Outcome::Success);
        assert_eq!(outcome(&Facts::default()), Outcome::Success);
        assert!(is_finished(&ALL_IN));
    }

    #[test]
    fn a_cancelled_upload_is_interrupted_only_if_something_was_left_undone() {
        let cancelled = Facts {
            is_cancelled: true,
            ..ALL_IN
        };
        assert_eq!(outcome(&cancelled), Outcome::Success);
        let left = Facts {
            is_work_left: true,
            is_unauthorized: true,
            ..cancelled
        };
        assert_eq!(outcome(&left), Outcome::Interrupted);
        let cut = Facts {
            is_cut_short: true,
            rejected: 1,
            ..cancelled
        };
        assert_eq!(outcome(&cut), Outcome::Interrupted);
        // Without a cancellation nothing was cut short.
        let never = Facts {
            is_cut_short: true,
            ..ALL_IN
        };
        assert_eq!(outcome(&never), Outcome::Success);
    }

    #[test]
    fn work_that_is_left_means_that_the_server_was_away_or_did_not_let_us_in() {
        let left = Facts {
            is_work_left: true,
            rejected: 1,
            pending: 1,
            is_unlinked: true,
            ..ALL_IN
        };
        assert_eq!(outcome(&left), Outcome::Unreachable);
        let unauthorized = Facts {
            is_unauthorized: true,
            ..left
        };
        assert_eq!(outcome(&unauthorized), Outcome::Unauthorized);
        // Everything is in, however often signing in failed on the way.
        let done = Facts {
            is_unauthorized: true,
            ..ALL_IN
        };
        assert_eq!(outcome(&done), Outcome::Success);
    }

    #[test]
    fn refused_means_that_nothing_is_in_or_may_be() {
        let refused = Facts {
            ingested: 0,
            rejected: 3,
            ..ALL_IN
        };
        assert_eq!(outcome(&refused), Outcome::Refused);
        assert_eq!(
            outcome(&Facts {
                invalid: 1,
                ..refused
            }),
            Outcome::Refused
        );
        assert_eq!(
            outcome(&Facts {
                ingested: 1,
                ..refused
            }),
            Outcome::Partial
        );
        assert_eq!(
            outcome(&Facts {
                pending: 1,
                ..refused
            }),
            Outcome::Partial
        );
    }

    #[test]
    fn anything_rejected_invalid_pending_or_unverified_is_partial() {
        for facts in [
            Facts {
                rejected: 1,
                ..ALL_IN
            },
            Facts {
                invalid: 1,
                ..ALL_IN
            },
            Facts {
                pending: 1,
                ..ALL_IN
            },
            Facts {
                is_unverified: true,
                ..ALL_IN
            },
            Facts {
                is_incomplete: true,
                ..ALL_IN
            },
        ] {
            assert_eq!(outcome(&facts), Outcome::Partial, "{facts:?}");
            let unlinked = Facts {
                is_unlinked: true,
                ..facts
            };
            assert_eq!(outcome(&unlinked), Outcome::Partial, "{facts:?}");
        }
    }

    #[test]
    fn missing_links_alone_make_links_incomplete() {
        let unlinked = Facts {
            is_unlinked: true,
            ..ALL_IN
        };
        assert_eq!(outcome(&unlinked), Outcome::LinksIncomplete);
        assert!(!is_finished(&unlinked));
    }

    #[test]
    fn an_upload_is_finished_once_nothing_is_left_that_could_change() {
        let rejected = Facts {
            rejected: 1,
            ..ALL_IN
        };
        assert!(is_finished(&rejected));
        assert!(!is_finished(&Facts {
            is_unlinked: true,
            ..rejected
        }));
        assert!(!is_finished(&Facts {
            is_unverified: true,
            ..ALL_IN
        }));
        assert!(!is_finished(&Facts {
            pending: 2,
            superseded: 1,
            ..ALL_IN
        }));
        assert!(is_finished(&Facts {
            pending: 2,
            superseded: 2,
            ..ALL_IN
        }));
        let unnamed = Facts {
            pending: 2,
            unnamed: 2,
            ..ALL_IN
        };
        assert!(is_finished(&unnamed));
        assert_eq!(outcome(&unnamed), Outcome::Partial);
        assert!(!is_finished(&Facts {
            is_work_left: true,
            ..ALL_IN
        }));
        assert!(!is_finished(&Facts {
            ingested: 0,
            rejected: 1,
            ..ALL_IN
        }));
    }

    #[test]
    fn of_several_uploads_the_worst_counts_and_a_missing_shard_is_never_a_success() {
        let missing = Facts {
            is_incomplete: true,
            ..Facts::default()
        };
        assert_eq!(outcome(&ALL_IN.and(ALL_IN)), Outcome::Success);
        assert_eq!(outcome(&ALL_IN.and(missing)), Outcome::Partial);
        let left = Facts {
            is_work_left: true,
            pending: 1,
            ..ALL_IN
        };
        assert_eq!(outcome(&missing.and(left)), Outcome::Unreachable);
        let refused = Facts {
            ingested: 0,
            rejected: 3,
            ..ALL_IN
        };
        assert_eq!(outcome(&refused.and(refused)), Outcome::Refused);
        assert_eq!(outcome(&refused.and(ALL_IN)), Outcome::Partial);
        let unlinked = Facts {
            is_unlinked: true,
            ..ALL_IN
        };
        assert_eq!(outcome(&ALL_IN.and(unlinked)), Outcome::LinksIncomplete);
    }
}
