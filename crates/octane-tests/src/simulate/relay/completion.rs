//! When a suite run of shards may be completed, and with what: one function, and this table.
//!
//! | a suite run that is completed | |
//! | --- | --- |
//! | has all shards | may be |
//! | has not, and a person has closed it, or a shard has awaited the others for long enough | may be |
//! | has not, otherwise | was completed too early |
//! | leaves out a shard that was stored when the attempt began, or that was part of it before | has lost it |
//! | was completed before with the same uploads, and no other attempt was asked for | was completed twice |
//! | reports the wrong shards as missing: not exactly those without an upload | has a wrong report |

use std::collections::BTreeSet;
use std::time::Duration;

use octane_client::UploadId;
use octane_relay::{State, Time};
use tokio::time::Instant;

use super::sharded_run::ShardedRun;

/// What the store has done in a lane.
#[derive(Debug, Clone)]
pub(super) struct LaneEvent {
    /// When it happened, by the clock that relays measure time with.
    pub(super) at: Instant,
    /// The same by the clock of the store.
    pub(super) store_time: Time,
    pub(super) what: LaneChange,
}

#[derive(Debug, Clone)]
pub(super) enum LaneChange {
    /// An upload was stored.
    Stored(UploadId),
    /// An attempt was begun; the suite run `is_closing` if it is completed now, whatever is missing.
    Begun { is_closing: bool },
    /// A person has closed the suite run while shards were awaiting others.
    Closed,
    /// A person has asked for another attempt.
    Retried,
    /// Attempts have ended together.
    Ended(Vec<Ended>),
}

/// How an attempt has ended.
#[derive(Debug, Clone)]
pub(super) struct Ended {
    pub(super) id: UploadId,
    pub(super) state: State,
    /// What its report covers, if it is one of all shards that have arrived.
    pub(super) merged: Option<Merged>,
}

/// What the report of a suite run covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Merged {
    pub(super) uploads: Vec<UploadId>,
    pub(super) missing: Vec<u32>,
}

/// Checks all completions of a suite run; see the [table](self).
pub(super) fn check(run: &ShardedRun, events: &[LaneEvent]) -> Result<(), String> {
    let (mut stored, mut at_begin) = (BTreeSet::new(), BTreeSet::new());
    let (mut awaiting, mut latest) = (None, Time::EPOCH);
    let (mut is_closed, mut is_asked_for) = (false, false);
    let mut last: Option<BTreeSet<usize>> = None;
    for event in events {
        latest = latest.max(event.store_time);
        match &event.what {
            LaneChange::Stored(id) => stored.extend(run.number(id)),
            LaneChange::Begun { .. } => at_begin.clone_from(&stored),
            LaneChange::Closed => is_closed = true,
            LaneChange::Retried => is_asked_for = true,
            LaneChange::Ended(ends) => {
                let awaits = |end: &Ended| end.state == State::AwaitingShards;
                if ends.iter().any(awaits) {
                    awaiting.get_or_insert(latest);
                }
                let Some(set) = completed(run, ends)? else {
                    continue;
                };
                let must_have = at_begin.iter().chain(last.iter().flatten());
                if let Some(left_out) = must_have.copied().find(|number| !set.contains(number)) {
                    return Err(format!(
                        "a suite run was completed without upload {left_out}, which was stored before"
                    ));
                }
                let is_due = run
                    .timeout
                    .zip(awaiting)
                    .is_some_and(|(time, since): (Duration, Time)| since.after(time) <= latest);
                if !run.missing(&set).is_empty() && !is_closed && !is_due {
                    return Err(format!(
                        "a suite run was completed with the uploads {set:?} alone, too early"
                    ));
                }
                if last.as_ref() == Some(&set) && !is_asked_for {
                    return Err(format!(
                        "a suite run was completed twice with the uploads {set:?}"
                    ));
                }
                (last, is_asked_for) = (Some(set), false);
            }
        }
    }
    Ok(())
}

/// The uploads with which a suite run was completed by attempts that have ended together, if it was.
fn completed(run: &ShardedRun, ends: &[Ended]) -> Result<Option<BTreeSet<usize>>, String> {
    let is_final = |end: &Ended| matches!(end.state, State::Delivered | State::Incomplete);
    let merged = ends
        .iter()
        .find(|end| is_final(end) && end.merged.is_some());
    let Some((first, merged)) = merged.and_then(|end| Some((end, end.merged.as_ref()?))) else {
        return Ok(None);
    };
    let differs = |end: &&Ended| end.state != first.state || end.merged.as_ref() != Some(merged);
    if let Some(other) = ends.iter().find(differs) {
        return Err(format!(
            "shards of a suite run have ended as {first:?} and {other:?}"
        ));
    }
    let numbers = |ids: &mut dyn Iterator<Item = &UploadId>| -> Vec<usize> {
        ids.filter_map(|id| run.number(id)).collect()
    };
    let mut ended = numbers(&mut ends.iter().map(|end| &end.id));
    let mut reported = numbers(&mut merged.uploads.iter());
    ended.sort_unstable();
    reported.sort_unstable();
    let set: BTreeSet<usize> = ended.iter().copied().collect();
    if ended != reported || set.len() != ended.len() || merged.missing != run.missing(&set) {
        return Err(format!(
            "the uploads {ended:?} have ended with a report of {merged:?}"
        ));
    }
    Ok(Some(set))
}

/// From when on the runs of a suite run may be linked: all of its shards are stored, or it is completed without some.
pub(super) fn linked_from(run: &ShardedRun, events: &[LaneEvent]) -> Option<Instant> {
    let mut stored = BTreeSet::new();
    let opened = events.iter().find(|event| match &event.what {
        LaneChange::Stored(id) => {
            stored.extend(run.number(id));
            run.missing(&stored).is_empty()
        }
        LaneChange::Begun { is_closing } => *is_closing,
        _ => false,
    });
    opened.map(|event| event.at)
}

/// Whether each attempt has ended before the next one in the lane was begun.
pub(super) fn is_undisturbed(events: &[LaneEvent]) -> bool {
    let mut is_begun = false;
    events.iter().all(|event| match &event.what {
        LaneChange::Begun { .. } => !std::mem::replace(&mut is_begun, true),
        LaneChange::Ended(_) => {
            is_begun = false;
            true
        }
        _ => true,
    })
}

/// Whether a suite run with a shard that is delivered is completed at some time.
pub(super) fn must_follow(run: &ShardedRun, events: &[LaneEvent]) -> bool {
    let mut stored = BTreeSet::new();
    let mut is_closed = false;
    for event in events {
        match &event.what {
            LaneChange::Stored(id) => stored.extend(run.number(id)),
            LaneChange::Closed => is_closed = true,
            _ => {}
        }
    }
    run.timeout.is_some() || is_closed || run.missing(&stored).is_empty()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::upload_id::upload_id;
    use super::*;

    /// Three shards, of which the second one is uploaded twice; each awaits the others for ten seconds.
    fn run() -> ShardedRun {
        ShardedRun {
            total: 3,
            shards: BTreeMap::from([(0, 1), (1, 2), (2, 3), (3, 2)]),
            timeout: Some(Duration::from_secs(10)),
            closed_after: None,
        }
    }

    fn ids(numbers: &[usize]) -> Vec<UploadId> {
        numbers.iter().map(|number| upload_id(*number)).collect()
    }

    fn stored(number: usize) -> LaneChange {
        LaneChange::Stored(upload_id(number))
    }

    fn begun() -> LaneChange {
        LaneChange::Begun { is_closing: false }
    }

    fn awaiting(number: usize) -> LaneChange {
        LaneChange::Ended(vec![Ended {
            id: upload_id(number),
            state: State::AwaitingShards,
            merged: None,
        }])
    }

    fn completed(numbers: &[usize], missing: &[u32]) -> LaneChange {
        let ended = ids(numbers).into_iter().map(|id| Ended {
            id,
            state: State::Incomplete,
            merged: Some(Merged {
                uploads: ids(numbers),
                missing: missing.to_vec(),
            }),
        });
        LaneChange::Ended(ended.collect())
    }

    /// Events of which each is a second after the one before.
    fn events(changes: Vec<LaneChange>) -> Vec<LaneEvent> {
        let (start, mut seconds) = (Instant::now(), 0);
        let events = changes.into_iter().map(|what| {
            seconds += 1;
            LaneEvent {
                at: start + Duration::from_secs(seconds),
                store_time: Time::from_micros(i64::try_from(seconds).unwrap() * 1_000_000),
                what,
            }
        });
        events.collect()
    }

    fn problem(changes: Vec<LaneChange>) -> String {
        check(&run(), &events(changes)).err().unwrap_or_default()
    }

    #[test]
    fn a_suite_run_is_completed_once_all_shards_are_in() {
        let all = || {
            vec![
                stored(0),
                stored(1),
                stored(2),
                begun(),
                completed(&[0, 1, 2], &[]),
            ]
        };
        assert_eq!(problem(all()), "");
        let twice = [all(), vec![begun(), completed(&[0, 1, 2], &[])]].concat();
        assert!(problem(twice).contains("completed twice"));
        let asked = [
            all(),
            vec![LaneChange::Retried, begun(), completed(&[0, 1, 2], &[])],
        ]
        .concat();
        assert_eq!(problem(asked), "");
        // One that is uploaded again is one more.
        let again = [
            all(),
            vec![stored(3), begun(), completed(&[0, 1, 2, 3], &[])],
        ]
        .concat();
        assert_eq!(problem(again), "");
    }

    #[test]
    fn a_suite_run_is_not_completed_before_its_time_without_all_shards() {
        let early = vec![
            stored(0),
            begun(),
            awaiting(0),
            begun(),
            completed(&[0], &[2, 3]),
        ];
        assert!(problem(early.clone()).contains("too early"));
        let mut closed = early.clone();
        closed.insert(3, LaneChange::Closed);
        assert_eq!(problem(closed), "");
        let mut timely = events(early);
        for event in &mut timely[3..] {
            event.store_time = event.store_time.after(Duration::from_secs(10));
        }
        assert_eq!(check(&run(), &timely), Ok(()));
    }

    #[test]
    fn no_shard_that_was_stored_is_left_out() {
        let left_out = vec![
            stored(0),
            stored(2),
            LaneChange::Closed,
            begun(),
            completed(&[0], &[2, 3]),
        ];
        assert!(problem(left_out).contains("without upload 2"));
        // It has arrived while the suite run was being completed.
        let late = vec![
            stored(0),
            LaneChange::Closed,
            begun(),
            stored(2),
            completed(&[0], &[2, 3]),
        ];
        assert_eq!(problem(late.clone()), "");
        let lost = [late, vec![begun(), completed(&[2], &[1, 2])]].concat();
        assert!(problem(lost).contains("without upload 0"));
    }

    #[test]
    fn all_shards_have_one_report_which_names_what_is_missing() {
        let other = |change: fn(&mut Vec<Ended>)| {
            let LaneChange::Ended(mut ends) = completed(&[0, 2], &[2]) else {
                unreachable!("it has ended");
            };
            change(&mut ends);
            problem(vec![
                stored(0),
                stored(2),
                LaneChange::Closed,
                begun(),
                LaneChange::Ended(ends),
            ])
        };
        assert_eq!(other(|_| {}), "");
        assert!(other(|ends| ends[1].state = State::Delivered).contains("have ended as"));
        assert!(other(|ends| ends[1].merged = None).contains("have ended as"));
        let of_all = |ends: &mut Vec<Ended>, change: fn(&mut Merged)| {
            ends.iter_mut()
                .filter_map(|end| end.merged.as_mut())
                .for_each(change);
        };
        assert!(other(|ends| drop(ends.pop())).contains("with a report of"));
        let unnamed = vec![
            stored(0),
            stored(2),
            LaneChange::Closed,
            begun(),
            completed(&[0, 2], &[]),
        ];
        assert!(problem(unnamed).contains("with a report of"));
        let LaneChange::Ended(mut ends) = completed(&[0, 2], &[2]) else {
            unreachable!("it has ended");
        };
        of_all(&mut ends, |merged| merged.uploads.push(upload_id(2)));
        let doubled = vec![
            stored(0),
            stored(2),
            LaneChange::Closed,
            begun(),
            LaneChange::Ended(ends),
        ];
        assert!(problem(doubled).contains("with a report of"));
    }

    #[test]
    fn runs_are_linked_once_all_shards_are_stored_or_the_suite_run_is_completed_without_some() {
        let seconds = |changes: Vec<LaneChange>| {
            let events = events(changes);
            linked_from(&run(), &events).map(|at| (at - events[0].at).as_secs())
        };
        assert_eq!(
            seconds(vec![stored(0), begun(), stored(3), begun(), stored(2)]),
            Some(4)
        );
        assert_eq!(
            seconds(vec![stored(0), begun(), awaiting(0), LaneChange::Closed]),
            None
        );
        let closing = LaneChange::Begun { is_closing: true };
        assert_eq!(
            seconds(vec![stored(0), LaneChange::Closed, closing]),
            Some(2)
        );
    }

    #[test]
    fn an_attempt_that_has_not_ended_before_the_next_one_was_disturbed() {
        assert!(is_undisturbed(&events(vec![
            begun(),
            awaiting(0),
            begun(),
            awaiting(1)
        ])));
        assert!(!is_undisturbed(&events(vec![
            begun(),
            begun(),
            awaiting(1)
        ])));
    }
}
