//! Problems found during ingestion.

use octane_model::TaskStatus;

use super::context::Resolved;
use super::result::RunResult;
use crate::store::tasks::Outcome;

/// The problems of a payload, and how they affect its runs.
#[derive(Debug)]
pub(super) struct Log {
    skip_errors: bool,
    has_failed: bool,
    lines: Vec<String>,
}

impl Log {
    pub(super) fn new(skip_errors: bool) -> Self {
        Self {
            skip_errors,
            has_failed: false,
            lines: Vec::new(),
        }
    }

    /// Whether runs can be ingested in the payload's context.
    pub(super) fn accepts_payload(&mut self, context: &Resolved, run_count: usize) -> bool {
        self.accepts("payload", context, || match run_count {
            1 => "its run is skipped".to_owned(),
            _ => format!("its {run_count} runs are skipped"),
        })
    }

    /// Whether a run can be ingested in its own context.
    pub(super) fn accepts_run(&mut self, result: &RunResult<'_>, context: &Resolved) -> bool {
        if context.missing.is_empty() && context.unknown.is_empty() {
            return true;
        }
        let place = result.to_string();
        self.accepts(&place, context, || "the run is skipped".to_owned())
    }

    fn accepts(
        &mut self,
        place: &str,
        context: &Resolved,
        consequence: impl Fn() -> String,
    ) -> bool {
        for unknown in &context.unknown {
            let line = format!("{place}: {unknown}; the value is skipped");
            self.lines.push(line);
        }
        for missing in &context.missing {
            let consequence = if self.skip_errors {
                "the reference is skipped".to_owned()
            } else {
                consequence()
            };
            self.lines
                .push(format!("{place}: {missing}; {consequence}"));
        }
        let is_fine = self.skip_errors || context.missing.is_empty();
        self.has_failed |= !is_fine;
        is_fine
    }

    /// The outcome of the payload: `failed` if a run was skipped, `warning` if anything else was.
    pub(super) fn outcome(self) -> Outcome {
        let status = match (self.has_failed, self.lines.is_empty()) {
            (true, _) => TaskStatus::Failed,
            (false, false) => TaskStatus::Warning,
            (false, true) => TaskStatus::Success,
        };
        Outcome {
            status,
            problems: self.lines,
        }
    }
}
