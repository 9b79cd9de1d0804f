//! What a resume sends of a batch: one function, and this table.
//!
//! | the batch | its results | what is sent |
//! |---|---|---|
//! | ready, in flight | – | the whole batch, the same bytes |
//! | accepted | – | nothing; its task is asked |
//! | accepted, and the server has lost what it had confirmed or accepted | – | the whole batch, the same bytes: the task may be another one's now |
//! | ended as refused | those that are not ingested and not superseded | the same bytes, or a piece of them |
//! | ended with rejected results, and the runs were read just now | those that are not ingested and not superseded | new bytes, as Octane ignores those it has received |
//! | ended, of bytes that Octane had received from an earlier upload, with rejected or unconfirmed results, and the runs were read just now | the same | new bytes |
//! | ended with rejected results, and the runs were not read | – | nothing |
//! | ended as success with unconfirmed results, and what is missing is asked for | those that are not ingested and not superseded | new bytes: Octane has confirmed them and lost them, and it may still know those it has received |
//! | forgotten, with unconfirmed results, none of the batch superseded | – | the whole batch, the same bytes, as Octane may still be working on them |
//! | the same for the second time, and what is missing is asked for | those that are not ingested and not superseded | new bytes: those it has received lead nowhere |
//! | forgotten, and a piece of a batch of which other results were sent again, and what is missing is asked for | the same | new bytes |
//! | the same, and nothing is asked for | – | nothing: the bytes of the piece itself were never sent, so the server would not recognise them |
//! | forgotten, with superseded results | – | nothing: the later result would be replaced by the earlier one |
//! | ended in any other way | – | nothing; the runs are read again |
//!
//! Where rejected results are left as they are, none of a batch that ended as refused are sent, and the results that a task has rejected
//! are no reason to send any.
//!
//! Octane ignores bytes that it has received before. If the suite run shows something else than such a batch holds, and
//! nothing that is newer, then those results are not what counts in Octane, and only new bytes change that.
//!
//! A result is superseded if a later one of the same test has been sent, and is not sent again itself: sent now, the
//! earlier one would take its place. Nor is one sent again whose run shows a result of another upload that started later for
//! certain. "What is missing is asked for" means that the runs were read just now, and some
//! time ago, and that the caller wants results again that Octane had confirmed: after it was restored from a backup.

use crate::verdict::BatchEnd;

/// How far a batch is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum BatchState {
    /// Not sent.
    Ready,
    /// Sent, perhaps; the server has not answered.
    InFlight,
    /// A task of the server is working on it.
    Accepted,
    /// Nothing more will happen to it.
    Ended(BatchEnd),
}

impl BatchState {
    /// Whether nothing more will happen to it.
    pub(crate) const fn is_ended(&self) -> bool {
        matches!(self, Self::Ended(_))
    }
}

impl std::fmt::Display for BatchState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Ready => f.pad("ready"),
            Self::InFlight => f.pad("in_flight"),
            Self::Accepted => f.pad("accepted"),
            Self::Ended(end) => end.fmt(f),
        }
    }
}

/// What is known of the runs when an upload is resumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// They could not be read.
    Unread,
    /// They were read just now.
    Read,
    /// They were read just now, and what they do not show is asked for.
    ReadForMissing,
    /// The same, and the server has lost results that it had confirmed, or a task.
    Lost,
}

impl Look {
    const fn asks_for_missing(self) -> bool {
        matches!(self, Self::ReadForMissing | Self::Lost)
    }
}

/// What a resume goes by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Resume {
    pub(crate) look: Look,
    /// Whether results that the server has rejected are sent again.
    pub(crate) retries_rejected: bool,
}

impl From<Look> for Resume {
    fn from(look: Look) -> Self {
        Self {
            look,
            retries_rejected: true,
        }
    }
}

impl Resume {
    /// Decides what it sends of a batch; see the [table](self).
    pub(crate) fn of(self, state: &BatchState, rows: RowsLeft) -> Resend {
        if self.retries_rejected {
            return resend(state, rows, self.look);
        }
        let others = RowsLeft {
            has_rejected: false,
            ..rows
        };
        match state {
            BatchState::Ended(BatchEnd::Refused) => Resend::Nothing,
            _ => resend(state, others, self.look),
        }
    }
}

/// What kinds of results a batch holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct RowsLeft {
    pub(crate) has_rejected: bool,
    pub(crate) has_unconfirmed: bool,
    pub(crate) has_superseded: bool,
    /// Whether Octane had received the bytes of the batch from an earlier upload, so that it ignored them.
    pub(crate) are_duplicates: bool,
    /// The same bytes were sent once more, and the server forgot that task too.
    pub(crate) is_forgotten_again: bool,
    /// It is a piece of a batch that was forgotten, and was never sent itself: its bytes are new to the server.
    pub(crate) is_unsent_piece: bool,
}

impl RowsLeft {
    /// Whether the server ignored results that it does not show.
    fn is_ignored(self) -> bool {
        self.are_duplicates && (self.has_rejected || self.has_unconfirmed)
    }
}

/// What is sent of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Resend {
    /// Nothing.
    Nothing,
    /// Nothing; its task is asked how far it is.
    AskTask,
    /// All of it, with the same bytes.
    Batch,
    /// The results that are neither ingested nor superseded.
    Rows {
        /// Whether they need bytes that the server has not received.
        new_bytes: bool,
    },
}

/// The same, of a resume that sends rejected results again.
pub(crate) fn resend(state: &BatchState, rows: RowsLeft, look: Look) -> Resend {
    let asks_for_missing = look.asks_for_missing() && rows.has_unconfirmed;
    match state {
        BatchState::Ready | BatchState::InFlight => Resend::Batch,
        BatchState::Accepted if look == Look::Lost => Resend::Batch,
        BatchState::Accepted => Resend::AskTask,
        BatchState::Ended(BatchEnd::Refused) => Resend::Rows { new_bytes: false },
        BatchState::Ended(_) if rows.is_ignored() && look != Look::Unread => {
            Resend::Rows { new_bytes: true }
        }
        BatchState::Ended(BatchEnd::Forgotten)
            if (rows.is_forgotten_again || rows.is_unsent_piece) && asks_for_missing =>
        {
            Resend::Rows { new_bytes: true }
        }
        BatchState::Ended(BatchEnd::Forgotten) if rows.is_unsent_piece => Resend::Nothing,
        BatchState::Ended(BatchEnd::Success) if asks_for_missing => {
            Resend::Rows { new_bytes: true }
        }
        BatchState::Ended(BatchEnd::Forgotten) => {
            if rows.has_unconfirmed && !rows.has_superseded {
                Resend::Batch
            } else {
                Resend::Nothing
            }
        }
        BatchState::Ended(_) if rows.has_rejected && look != Look::Unread => {
            Resend::Rows { new_bytes: true }
        }
        BatchState::Ended(_) => Resend::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOKS: [Look; 4] = [Look::Unread, Look::Read, Look::ReadForMissing, Look::Lost];

    /// All combinations of what a batch may hold.
    fn all_rows() -> impl Iterator<Item = RowsLeft> {
        (0..32).map(|bits| RowsLeft {
            has_rejected: bits & 1 > 0,
            has_unconfirmed: bits & 2 > 0,
            has_superseded: bits & 4 > 0,
            are_duplicates: false,
            is_forgotten_again: bits & 8 > 0,
            is_unsent_piece: bits & 16 > 0,
        })
    }

    fn task_ends() -> [BatchEnd; 5] {
        let other = BatchEnd::Other("cancelled".to_owned());
        [
            BatchEnd::Success,
            BatchEnd::Warning,
            BatchEnd::Failed,
            BatchEnd::Error,
            other,
        ]
    }

    #[test]
    fn a_state_is_shown_as_one_word_and_an_end_as_how_it_ended() {
        for (state, expected) in [
            (BatchState::Ready, "ready"),
            (BatchState::InFlight, "in_flight"),
            (BatchState::Accepted, "accepted"),
            (BatchState::Ended(BatchEnd::Refused), "refused"),
        ] {
            assert_eq!(state.to_string(), expected);
        }
    }

    #[test]
    fn what_may_not_have_arrived_is_sent_with_the_same_bytes() {
        for state in [BatchState::Ready, BatchState::InFlight] {
            for rows in all_rows() {
                for look in LOOKS {
                    assert_eq!(resend(&state, rows, look), Resend::Batch);
                }
            }
        }
    }

    #[test]
    fn the_task_of_an_accepted_batch_is_asked_unless_the_server_has_lost_things() {
        for rows in all_rows() {
            for look in LOOKS {
                let decided = resend(&BatchState::Accepted, rows, look);
                let expected = match look {
                    Look::Lost => Resend::Batch,
                    _ => Resend::AskTask,
                };
                assert_eq!(decided, expected);
            }
        }
    }

    #[test]
    fn refused_results_are_sent_again_with_the_same_bytes() {
        let refused = BatchState::Ended(BatchEnd::Refused);
        for rows in all_rows() {
            for look in LOOKS {
                let decided = resend(&refused, rows, look);
                assert_eq!(decided, Resend::Rows { new_bytes: false });
            }
        }
    }

    #[test]
    fn results_that_a_task_rejected_get_new_bytes_once_the_runs_were_read() {
        for end in task_ends() {
            let is_success = end == BatchEnd::Success;
            let state = BatchState::Ended(end);
            for rows in all_rows() {
                for look in LOOKS {
                    let is_missing = is_success && rows.has_unconfirmed && look.asks_for_missing();
                    let expected = match look {
                        Look::Unread => Resend::Nothing,
                        _ if rows.has_rejected || is_missing => Resend::Rows { new_bytes: true },
                        _ => Resend::Nothing,
                    };
                    assert_eq!(
                        resend(&state, rows, look),
                        expected,
                        "{state} {rows:?} {look:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn rejected_results_are_left_where_they_are_not_to_be_sent_again_and_others_are_sent_as_ever() {
        for look in LOOKS {
            let leaving = Resume {
                look,
                retries_rejected: false,
            };
            for rows in all_rows() {
                let refused = BatchState::Ended(BatchEnd::Refused);
                assert_eq!(leaving.of(&refused, rows), Resend::Nothing);
                let without = RowsLeft {
                    has_rejected: false,
                    ..rows
                };
                let ends = [&task_ends()[..], &[BatchEnd::Forgotten]].concat();
                let ended = ends.into_iter().map(BatchState::Ended);
                let open = [
                    BatchState::Ready,
                    BatchState::InFlight,
                    BatchState::Accepted,
                ];
                for state in ended.chain(open) {
                    let expected = Resume::from(look).of(&state, without);
                    assert_eq!(leaving.of(&state, rows), expected, "{state} {rows:?}");
                }
            }
        }
    }

    #[test]
    fn a_forgotten_batch_is_sent_again_as_a_whole_if_results_are_missing_and_none_is_superseded() {
        let forgotten = BatchState::Ended(BatchEnd::Forgotten);
        for rows in all_rows() {
            for look in LOOKS {
                let is_missing = rows.has_unconfirmed && look.asks_for_missing();
                let expected = match (rows.has_unconfirmed, rows.has_superseded) {
                    _ if is_missing && (rows.is_forgotten_again || rows.is_unsent_piece) => {
                        Resend::Rows { new_bytes: true }
                    }
                    _ if rows.is_unsent_piece => Resend::Nothing,
                    (true, false) => Resend::Batch,
                    _ => Resend::Nothing,
                };
                assert_eq!(
                    resend(&forgotten, rows, look),
                    expected,
                    "{rows:?} {look:?}"
                );
            }
        }
    }

    #[test]
    fn results_that_octane_ignored_and_does_not_show_get_new_bytes_once_the_runs_were_read() {
        let ends = [&task_ends()[..], &[BatchEnd::Forgotten]].concat();
        for end in ends {
            let state = BatchState::Ended(end);
            for rows in all_rows() {
                let duplicates = RowsLeft {
                    are_duplicates: true,
                    ..rows
                };
                let decided = resend(&state, duplicates, Look::Read);
                if rows.has_rejected || rows.has_unconfirmed {
                    assert_eq!(
                        decided,
                        Resend::Rows { new_bytes: true },
                        "{state} {rows:?}"
                    );
                } else {
                    assert_eq!(decided, Resend::Nothing, "{state} {rows:?}");
                }
                let unread = resend(&state, duplicates, Look::Unread);
                assert_eq!(
                    unread,
                    resend(&state, rows, Look::Unread),
                    "{state} {rows:?}"
                );
            }
        }
    }
}
