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
/// payload.extend_from_slice(single.suffix());
/// assert!(octane_results::check(&payload).is_ok());
/// assert_eq!(single.finish()?.counts.read, 3);
/// # Ok::<(), octane_client::PlanError>(())
/// ```
#[derive(Debug)]
pub struct SinglePayload {
    writer: Arc<PayloadWriter>,
    repairs: RunRepairs,
}

impl SinglePayload {
    /// A payload for `target`, or for no suite and module in particular.
    pub fn new(target: Option<&Target>, settings: &UploadSettings) -> Result<Self, PlanError> {
        let writer = Arc::new(PayloadWriter::new(payload_settings(target, settings))?);
        let repairs = RunRepairs::new(settings.clone(), Arc::clone(&writer));
        Ok(Self { writer, repairs })
    }

    /// What is before the results.
    pub fn prefix(&self) -> &[u8] {
        self.writer.prefix()
    }

    /// What is after the results.
    pub fn suffix(&self) -> &[u8] {
        self.writer.suffix()
    }

    /// Appends a result, repaired where that is allowed. One that exceeds a limit and may not be repaired is left out, and
    /// [`Self::finish`] fails.
    pub fn write(&mut self, run: &mut TestRun, payload: &mut Vec<u8>) -> Result<(), PlanError> {
        if self.repairs.repair(run) {
            self.writer.write_run(run, payload)?;
        }
        Ok(())
    }

    /// What was written, but for sizes and Jira keys. Fails if results exceed Octane's limits and may not be repaired.
    pub fn finish(self) -> Result<PlanTotals, PlanError> {
        let mut totals = PlanTotals {
            batches: 1,
            ..PlanTotals::default()
        };
        self.repairs.add_to(&mut totals)?;
        Ok(totals)
    }
}
