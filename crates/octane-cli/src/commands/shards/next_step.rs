//! What a shard does once its results are in Octane: a rule, and this table. The first row that applies decides.
//!
//! | what is seen | step |
//! | --- | --- |
//! | another process has merged this shard with the others | leave |
//! | all shards have arrived | merge, once no other process has one of them open |
//! | others were merged without this one | the same, because it is late |
//! | shards are missing, and no `--shard-timeout` is given | leave it to the last one |
//! | shards are missing, and there is time left | wait |
//! | shards are missing, and the time is over | merge without them, once no other process has one of the others open |
//!
//! A process that has a shard open that was delivered only reads it, for example for its report, and ends soon. It does not come back to
//! merge it. One that still delivers its shard does: that shard has not arrived yet.

use std::time::Duration;

/// What a shard sees of the others.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    pub(super) is_merged_by_another: bool,
    pub(super) is_complete: bool,
    pub(super) is_closed: bool,
    /// How much longer to wait for processes that have shards open which have arrived; `None` if there are none.
    pub(super) open_left: Option<Duration>,
    /// What is left of `--shard-timeout`, if that is given.
    pub(super) time_left: Option<Duration>,
}

/// What a shard does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Leave,
    Merge,
    Wait(Duration),
}

/// Decides; see the [table](self).
pub(super) fn next_step(seen: &Seen) -> Step {
    let Seen {
        is_merged_by_another,
        is_complete,
        is_closed,
        open_left,
        time_left,
    } = *seen;
    let merge = match open_left {
        None | Some(Duration::ZERO) => Step::Merge,
        Some(left) => Step::Wait(left),
    };
    match time_left {
        _ if is_merged_by_another => Step::Leave,
        _ if is_complete || is_closed => merge,
        None => Step::Leave,
        Some(Duration::ZERO) => merge,
        Some(left) => Step::Wait(left),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MISSING: Seen = Seen {
        is_merged_by_another: false,
        is_complete: false,
        is_closed: false,
        open_left: None,
        time_left: None,
    };
    const SOME: Duration = Duration::from_secs(1);

    fn step(change: impl Fn(&mut Seen)) -> Step {
        let mut seen = MISSING;
        change(&mut seen);
        next_step(&seen)
    }

    #[test]
    fn each_row_of_the_table_holds() {
        for time_left in [None, Some(SOME), Some(Duration::ZERO)] {
            let by_another = step(|seen| {
                *seen = Seen {
                    is_merged_by_another: true,
                    is_complete: true,
                    is_closed: true,
                    open_left: Some(SOME),
                    time_left,
                }
            });
            assert_eq!(by_another, Step::Leave);
            let complete = step(|seen| (seen.is_complete, seen.time_left) = (true, time_left));
            assert_eq!(complete, Step::Merge);
            let late = step(|seen| (seen.is_closed, seen.time_left) = (true, time_left));
            assert_eq!(late, Step::Merge);
        }
        let is_due: [fn(&mut Seen); 3] = [
            |seen| seen.is_complete = true,
            |seen| seen.is_closed = true,
            |seen| seen.time_left = Some(Duration::ZERO),
        ];
        for is_due in is_due {
            for (open_left, expected) in [(SOME, Step::Wait(SOME)), (Duration::ZERO, Step::Merge)] {
                let open = step(|seen| {
                    seen.open_left = Some(open_left);
                    is_due(seen);
                });
                assert_eq!(open, expected);
            }
        }
        assert_eq!(step(|seen| seen.open_left = Some(SOME)), Step::Leave);
        assert_eq!(step(|_| {}), Step::Leave);
        assert_eq!(step(|seen| seen.time_left = Some(SOME)), Step::Wait(SOME));
        assert_eq!(
            step(|seen| seen.time_left = Some(Duration::ZERO)),
            Step::Merge
        );
    }
}
