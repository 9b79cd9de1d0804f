//! A plan of results that were planned where they were read.

use std::sync::Arc;

use octane_results::{BatchLimits, PayloadWriter};

use super::batch::PlannedBatch;
use super::batching::Batching;
use super::part::{Cursor, PlanPart};
use super::payload_settings::payload_settings;
use super::repairing::RunRepairs;
use super::totals::{PlanError, PlanTotals};
use crate::settings::UploadSettings;
use crate::target::Target;

/// Like [`Plan`](super::Plan), of parts: the same batches, byte for byte.
///
/// ```
/// use octane_client::{PartPlanner, PartsPlan, Target, UploadSettings};
/// use octane_results::{Process, Status, TestRun};
///
/// let settings = UploadSettings::default();
/// let planner = PartPlanner::new(&settings)?;
/// let mut part = planner.begin();
/// planner.run(&mut TestRun::new("adds tax", Status::Passed), &mut part);
/// let target = Target::new(7.into(), "nightly");
/// let mut plan = PartsPlan::new([part].into_iter(), &target, &settings)?;
/// assert_eq!(plan.by_ref().count(), 1);
/// assert_eq!(plan.finish()?.counts.passed, 1);
/// # Ok::<(), octane_client::PlanError>(())
/// ```
#[derive(Debug)]
pub struct PartsPlan<I> {
    parts: I,
    /// The part that is being cut into batches.
    part: Option<PlanPart>,
    /// How far that is.
    at: Cursor,
    /// Where the next run begins in its body.
    begin: usize,
    number: usize,
    limits: BatchLimits,
    batching: Batching,
    repairs: RunRepairs,
}

impl<I: Iterator<Item = PlanPart>> PartsPlan<I> {
    /// Plans what will be sent to `target`; the parts were planned with the same settings.
    pub fn new(parts: I, target: &Target, settings: &UploadSettings) -> Result<Self, PlanError> {
        let writer = Arc::new(PayloadWriter::new(payload_settings(
            Some(target),
            settings,
        ))?);
        let repairs = RunRepairs::new(Arc::new(settings.clone()), Arc::clone(&writer));
        Ok(Self {
            parts,
            part: None,
            at: Cursor::default(),
            begin: 0,
            number: 0,
            limits: settings.batch_limits,
            batching: Batching::new(writer, settings.nonce.clone()),
            repairs,
        })
    }

    pub(crate) fn writer(&self) -> Arc<PayloadWriter> {
        Arc::clone(&self.batching.writer)
    }

    /// The totals, once all batches were taken. Fails if results exceed Octane's limits and may not be repaired.
    pub fn finish(self) -> Result<PlanTotals, PlanError> {
        let mut totals = self.batching.totals;
        self.repairs.add_to(&mut totals)?;
        Ok(totals)
    }

    /// Adds runs of the current part to the batch until that is full, or the part is used up; returns whether it is full.
    fn fill(&mut self, body: &mut Vec<u8>, results: &mut usize) -> bool {
        let Some(part) = &self.part else {
            return false;
        };
        let BatchLimits {
            runs_max,
            bytes_max,
            ..
        } = self.limits;
        let body_max = bytes_max.saturating_sub(self.batching.writer.envelope_bytes());
        let from = self.begin;
        let before = body.len();
        let mut is_full = false;
        while let Some(run) = part.runs.get(self.at.run) {
            let end = before + self.begin + run.bytes - from;
            is_full = *results > 0 && (*results >= runs_max || end > body_max);
            if is_full {
                break;
            }
            let file = run.file.and_then(|file| part.files.get(file));
            if let Some(known) = part.known(&mut self.at) {
                self.batching.add(&known, file, end);
            }
            self.begin += run.bytes;
            *results += 1;
        }
        body.extend_from_slice(part.body.get(from..self.begin).unwrap_or_default());
        is_full
    }

    /// Takes the next part; `false` after the last one.
    fn take_part(&mut self) -> Result<bool, PlanError> {
        let Some(mut part) = self.parts.next() else {
            return Ok(false);
        };
        if let Some(failed) = part.failed.take() {
            return Err(failed);
        }
        let counted = self.repairs.part();
        self.repairs
            .append(std::mem::replace(&mut part.repairs, counted));
        let keys = &mut self.batching.totals.jira_keys;
        keys.extend(part.jira_keys.drain());
        self.part = Some(part);
        self.at = Cursor::default();
        self.begin = 0;
        Ok(true)
    }
}

impl<I: Iterator<Item = PlanPart>> Iterator for PartsPlan<I> {
    type Item = Result<PlannedBatch, PlanError>;

    fn next(&mut self) -> Option<Self::Item> {
        let (mut body, mut results) = (Vec::new(), 0);
        while !self.fill(&mut body, &mut results) {
            match self.take_part() {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => return Some(Err(error)),
            }
        }
        if results == 0 {
            return None;
        }
        self.number += 1;
        Some(Ok(self.batching.complete(self.number, body, results)))
    }
}

#[cfg(test)]
mod tests {
    use octane_results::{Failure, Position, Process, Status, TestRun};
    use proptest::prelude::*;

    use super::*;
    use crate::plan::{PartPlanner, Plan};

    /// A result of one of two files, which may be flaky, have a name to be shortened, and Jira keys.
    fn run() -> impl Strategy<Value = TestRun> {
        let name = ("[a-zä]{1,3}", 1..200_usize);
        let rest = (any::<bool>(), any::<bool>(), 0..3_u8, 0..3_u64);
        let keys = prop::collection::vec("[AB]-[1-3]", 0..3);
        (name, rest, keys).prop_map(|((text, times), (is_flaky, has_name, file, line), keys)| {
            let mut run = TestRun::new(text.repeat(times), Status::Passed)
                .class(&text)
                .jira(keys);
            if is_flaky {
                run.earlier_failures = vec![Failure::new(text.clone())];
            }
            run.run_name = has_name.then_some(text);
            run.started = (line > 0).then_some(jiff::Timestamp::UNIX_EPOCH);
            run.position = (file > 0)
                .then(|| Position::new(format!("{file}.xml"), line).column(line.checked_sub(1)));
            run
        })
    }

    fn parts(planner: &PartPlanner, runs: &[TestRun], size: usize) -> Vec<PlanPart> {
        let parts = runs.chunks(size).map(|runs| {
            let mut part = planner.begin();
            for run in runs {
                planner.run(&mut run.clone(), &mut part);
            }
            part
        });
        parts.collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(120))]

        #[test]
        fn parts_make_the_same_batches_as_all_results_one_by_one(
            runs in prop::collection::vec(run(), 0..30),
            size in 1..9_usize,
            runs_max in 0..9_usize,
            bytes_max in 300..3000_usize,
        ) {
            let settings = UploadSettings {
                batch_limits: BatchLimits::default().runs_max(runs_max).bytes_max(bytes_max),
                ..UploadSettings::default()
            };
            let target = Target::new(1.into(), "nightly");
            let mut plan = Plan::new(runs.clone(), Some(&target), &settings).unwrap();
            let planner = PartPlanner::new(&settings).unwrap();
            let parts = parts(&planner, &runs, size);
            prop_assert_eq!(
                parts.first().and_then(PlanPart::first_started),
                runs.first().and_then(|run| run.started)
            );
            let mut of_parts = PartsPlan::new(parts.into_iter(), &target, &settings).unwrap();
            let text = |batches: Vec<Result<PlannedBatch, PlanError>>| format!("{batches:?}");
            prop_assert_eq!(text(of_parts.by_ref().collect()), text(plan.by_ref().collect()));
            let totals = [plan.finish(), of_parts.finish()].map(Result::unwrap);
            prop_assert_eq!(format!("{:?}", totals[0]), format!("{:?}", totals[1]));
        }
    }

    #[test]
    fn a_result_that_cannot_be_written_is_an_error() {
        let settings = UploadSettings {
            dialect: octane_results::Dialect::Evidence,
            ..UploadSettings::default()
        };
        let target = Target::new(1.into(), "nightly").module(2.into());
        let planner = PartPlanner::new(&settings);
        let runs = [TestRun::new("no start", Status::Passed)];
        let parts = parts(&planner.unwrap(), &runs, 1);
        let mut plan = PartsPlan::new(parts.into_iter(), &target, &settings).unwrap();
        assert!(matches!(plan.next(), Some(Err(PlanError::Payload(_)))));
    }
}
