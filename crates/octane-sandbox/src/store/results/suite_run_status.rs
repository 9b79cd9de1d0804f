//! The status of a suite run, decided from those of its runs alone.

use crate::store::pages::NativeStatus;

/// The status of a suite run with runs of these statuses, `None` for one that is not part of the model; what comes first
/// outweighs what follows.
///
/// | runs | suite run |
/// | --- | --- |
/// | one failed | failed |
/// | one is blocked | blocked |
/// | all are planned, or there are none | planned |
/// | one is in progress, planned or of another status | not completed |
/// | one passed | passed |
/// | all were skipped | skipped |
pub(super) fn suite_run_status(present: &[Option<NativeStatus>]) -> NativeStatus {
    let has = |status| present.contains(&Some(status));
    let is_open =
        present.contains(&None) || has(NativeStatus::NotCompleted) || has(NativeStatus::Planned);
    if has(NativeStatus::Failed) {
        NativeStatus::Failed
    } else if has(NativeStatus::Blocked) {
        NativeStatus::Blocked
    } else if present
        .iter()
        .all(|status| *status == Some(NativeStatus::Planned))
    {
        NativeStatus::Planned
    } else if is_open {
        NativeStatus::NotCompleted
    } else if has(NativeStatus::Passed) {
        NativeStatus::Passed
    } else {
        NativeStatus::Skipped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_of_statuses_has_its_suite_run() {
        use NativeStatus::{Blocked, Failed, NotCompleted, Passed, Planned, Skipped};
        let second = [
            Some(Failed),
            Some(Blocked),
            Some(NotCompleted),
            Some(Planned),
            Some(Skipped),
            Some(Passed),
            None,
        ];
        let all = |status| [status; 7];
        let open = NotCompleted;
        for (first, expected) in [
            (Some(Failed), all(Failed)),
            (
                Some(Blocked),
                [Failed, Blocked, Blocked, Blocked, Blocked, Blocked, Blocked],
            ),
            (
                Some(NotCompleted),
                [Failed, Blocked, open, open, open, open, open],
            ),
            (
                Some(Planned),
                [Failed, Blocked, open, Planned, open, open, open],
            ),
            (
                Some(Skipped),
                [Failed, Blocked, open, open, Skipped, Passed, open],
            ),
            (
                Some(Passed),
                [Failed, Blocked, open, open, Passed, Passed, open],
            ),
            (None, [Failed, Blocked, open, open, open, open, open]),
        ] {
            let found = second.map(|second| suite_run_status(&[first, second]));
            assert_eq!(found, expected, "{first:?}");
        }
        assert_eq!(suite_run_status(&[]), Planned);
    }
}
