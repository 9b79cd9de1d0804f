//! What later steps of a workflow get from an upload.

use octane_client::{Report, TargetReport, UploadId};

use super::annotate::{System, append, system};
use crate::env;
use crate::exit::Exit;
use crate::failure::Failure;

/// The values that they get. They are written once, at the end: of several values of one name, the last one counts.
#[derive(Debug)]
pub(crate) struct StepOutputs<'a> {
    /// What became of the upload, or the worst of several.
    pub(crate) outcome: Exit,
    /// How many results were ingested; `None` if it is not known, because an earlier attempt may have delivered some.
    pub(crate) ingested: Option<usize>,
    /// The upload, unless there are several.
    pub(crate) upload_id: Option<&'a UploadId>,
    pub(crate) suite_run: Option<&'a TargetReport>,
}

impl<'a> StepOutputs<'a> {
    /// Of an upload whose outcome means this.
    pub(crate) fn of_report(report: &'a Report, outcome: Exit) -> Self {
        Self {
            outcome,
            ingested: Some(report.counts.ingested),
            upload_id: Some(&report.upload_id),
            suite_run: Some(&report.target),
        }
    }

    /// Of an upload that ended without a report.
    pub(crate) fn of_failure(failure: &'a Failure) -> Self {
        Self {
            outcome: failure.exit,
            ingested: None,
            upload_id: failure.upload_id.as_ref(),
            suite_run: None,
        }
    }

    /// Of several uploads, of which this is the worst outcome.
    pub(crate) fn of_several(outcome: Exit, ingested: Option<usize>) -> Self {
        Self {
            outcome,
            ingested,
            upload_id: None,
            suite_run: None,
        }
    }

    /// Writes them where the system reads them.
    pub(crate) fn write(&self) {
        if system(env::text) == Some(System::Github) {
            let _ = append("GITHUB_OUTPUT", &self.text());
        }
    }

    fn text(&self) -> String {
        let suite_run = self.suite_run;
        let values = [
            ("outcome", Some(self.outcome.word().to_owned())),
            ("ingested", self.ingested.map(|count| count.to_string())),
            ("upload-id", self.upload_id.map(ToString::to_string)),
            (
                "suite-run-id",
                suite_run.and_then(|target| Some(target.suite_run_id()?.to_string())),
            ),
            (
                "suite-run-url",
                suite_run.and_then(|target| target.url.clone()),
            ),
        ];
        let known = values
            .into_iter()
            .filter_map(|(name, value)| Some(format!("{name}={}\n", value?)));
        known.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_known_is_passed_on() {
        let several = StepOutputs::of_several(Exit::Unreachable, Some(7));
        assert_eq!(several.text(), "outcome=unreachable\ningested=7\n");
        let id = UploadId::from_parts(0, 0);
        let failure = Failure::message(Exit::Refused, "no").upload(&id);
        let expected = format!("outcome=refused\nupload-id={id}\n");
        assert_eq!(StepOutputs::of_failure(&failure).text(), expected);
    }
}
