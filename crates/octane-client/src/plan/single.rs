//! All results in a single payload.

use std::sync::Arc;

use octane_results::{PayloadWriter, TestRun};

use super::payload_settings::payload_settings;
use super::repairing::RunRepairs;
use super::totals::{PlanError, PlanTotals};
use crate::settings::UploadSettings;
use crate::target::Target;

/// Renders all results as a single payload, one after the other, without keeping them.
///
/// ```
/// use octane_client::{SinglePayload, UploadSettings};
/// use octane_results::{Status, TestRun};
///
/// let mut single = SinglePayload::new(None, &UploadSettings::default())?;
/// let mut payload = single.prefix().to_vec();
/// for number in 1..=3 {
///     let mut run = TestRun::new(format!("test {number}"), Status::Passed);
///     single.write(&mut run, &mut payload)?;
/// }
/// assert_eq!(single.finish(&mut payload)?.counts.read, 3);
/// assert!(octane_results::check(&payload).is_ok());
/// # Ok::<(), octane_client::PlanError>(())
/// ```
#[derive(Debug)]
pub struct SinglePayload {
    writer: Arc<PayloadWriter>,
    repairs: RunRepairs,
    /// Whether it has a run that is not of a feature.
    has_tests: bool,
}

impl SinglePayload {
    /// A payload for `target`, or for no suite and module in particular.
    pub fn new(target: Option<&Target>, settings: &UploadSettings) -> Result<Self, PlanError> {
        let writer = Arc::new(PayloadWriter::new(payload_settings(target, settings))?);
        let repairs = RunRepairs::new(Arc::new(settings.clone()), Arc::clone(&writer));
        Ok(Self {
            writer,
            repairs,
            has_tests: false,
        })
    }

    /// What is before the results.
    pub fn prefix(&self) -> &[u8] {
        self.writer.prefix()
    }

    /// An empty part of the payload, to be written on another thread and [appended](Self::append). Not for results of features.
    #[must_use]
    pub fn part(&self) -> Self {
        Self {
            writer: Arc::clone(&self.writer),
            repairs: self.repairs.part(),
            has_tests: false,
        }
    }

    /// Counts the results of a part, which follow those before. What was rendered of them is appended by the caller.
    pub fn append(&mut self, part: Self) {
        self.repairs.append(part.repairs);
        self.has_tests |= part.has_tests;
    }

    /// Appends a result, repaired where that is allowed. One that exceeds a limit and may not be repaired is skipped, and
    /// [`Self::finish`] fails.
    pub fn write(&mut self, run: &mut TestRun, payload: &mut Vec<u8>) -> Result<(), PlanError> {
        if !self.repairs.collect(run) && self.repairs.repair(run) {
            self.has_tests = true;
            self.writer.write_run(run, payload)?;
        }
        Ok(())
    }

    /// Appends the results of features, and what is after the results. Returns what was written, but for sizes and Jira keys.
    /// Fails if results exceed Octane's limits and may not be repaired, or are of both kinds.
    pub fn finish(mut self, payload: &mut Vec<u8>) -> Result<PlanTotals, PlanError> {
        let features = self.repairs.features();
        if self.has_tests && !features.is_empty() {
            return Err(PlanError::KindsMixed);
        }
        for feature in &features {
            self.writer.write_run(feature, payload)?;
        }
        payload.extend_from_slice(self.writer.suffix());
        let mut totals = PlanTotals {
            batches: 1,
            ..PlanTotals::default()
        };
        self.repairs.add_to(&mut totals)?;
        Ok(totals)
    }
}

#[cfg(test)]
mod tests {
    use octane_results::{Failure, Status};

    use super::*;

    #[test]
    fn parts_make_the_same_payload_as_all_results_at_once() {
        let runs = || {
            (1..=6).map(|number| {
                let name = format!("{number}{}", "x".repeat(60 * number));
                let mut run = TestRun::new(name, Status::Passed);
                if number % 2 == 0 {
                    run.earlier_failures = vec![Failure::new(format!("once {number}"))];
                }
                run
            })
        };
        let settings = UploadSettings::default();
        let mut whole = SinglePayload::new(None, &settings).unwrap();
        let mut expected = whole.prefix().to_vec();
        for mut run in runs() {
            whole.write(&mut run, &mut expected).unwrap();
        }
        let mut single = SinglePayload::new(None, &settings).unwrap();
        let mut payload = single.prefix().to_vec();
        for runs in runs().collect::<Vec<_>>().chunks(4) {
            let mut part = single.part();
            for mut run in runs.iter().cloned() {
                part.write(&mut run, &mut payload).unwrap();
            }
            single.append(part);
        }
        let totals = single.finish(&mut payload).unwrap();
        let expected_totals = whole.finish(&mut expected).unwrap();
        assert_eq!(payload, expected);
        assert_eq!(format!("{totals:?}"), format!("{expected_totals:?}"));
        let counts = totals.counts;
        assert_eq!(
            (
                counts.read,
                counts.flaky,
                counts.repaired,
                totals.problems.len()
            ),
            (6, 3, 2, 4)
        );
    }
}
