//! Delivering an upload and telling how it went; shared by `upload` and `resume`.

use octane_client::{Client, Event, Journal, Outcome as Ended, Report, Stop, UploadSettings};
use serde::Serialize;

use crate::args::DeliveryArgs;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::output::{Output, Progress, annotate, summary};
use crate::signals::{Signals, Stopping};

/// The report as it is printed: with the exit code that belongs to it.
#[derive(Serialize)]
struct Printed<'a> {
    #[serde(flatten)]
    report: &'a Report,
    exit_code: u8,
}

/// How uploads are delivered and told about in this process.
pub(crate) struct Delivery<'a> {
    args: &'a DeliveryArgs,
    output: Output,
    verbosity: u8,
    pub(crate) stop: Stop,
    signals: Stopping,
}

impl<'a> Delivery<'a> {
    /// From here on signals stop the work in an orderly way.
    pub(crate) fn new(args: &'a DeliveryArgs, output: Output, verbosity: u8) -> Outcome<Self> {
        let stop = Stop::new();
        Ok(Self {
            args,
            output,
            verbosity,
            signals: Signals::new()?.stopping(stop.clone()),
            stop,
        })
    }

    /// The code of the signal that came, if one did.
    pub(crate) fn stopped(&self) -> Option<Exit> {
        self.stop.is_asked().then(|| self.signals.exit())
    }

    /// What to say of an upload that a signal ended before it was delivered.
    pub(crate) fn interrupted(&self) -> Failure {
        let message = "interrupted while looking for module and suite";
        Failure::message(self.signals.exit(), message)
    }

    /// Delivers what is in the journal, and prints what became of it.
    pub(crate) async fn deliver(
        &self,
        client: &Client,
        journal: &Journal,
        settings: &UploadSettings,
        planned: Option<&Event>,
        files: Option<usize>,
    ) -> Outcome<Exit> {
        let progress = Progress::new(self.output, self.verbosity > 0);
        if let Some(event) = planned {
            progress.show(event);
        }
        let delivered = client
            .deliver(journal, settings, &self.stop, &|event| progress.show(event))
            .await;
        progress.finish();
        let report = delivered?;
        let meant = self.exit(&report);
        let exit = self.after_policy(meant);
        self.tell(&report, meant, exit, files)?;
        Ok(exit)
    }

    /// The exit code of a report, where unresolved keys count as the flags say.
    fn exit(&self, report: &Report) -> Exit {
        if report.outcome == Ended::Interrupted {
            return self.signals.exit();
        }
        let exit = Exit::from(report.outcome);
        let is_unresolved = report
            .links
            .as_ref()
            .is_some_and(|links| !links.unknown.is_empty() || !links.ambiguous.is_empty());
        if exit == Exit::Success && is_unresolved && self.args.on_unresolved == "fail" {
            return Exit::LinksIncomplete;
        }
        exit
    }

    /// What an upload that did not go well means for the pipeline is the pipeline's business.
    pub(crate) fn after_policy(&self, exit: Exit) -> Exit {
        if self.args.on_upload_error == "warn" && exit.is_upload_error() {
            Exit::Success
        } else {
            exit
        }
    }

    /// An upload that came to no report: its error is told, and the policy applies to it as well.
    pub(crate) fn failed(&self, failure: Failure) -> Outcome<Exit> {
        let exit = self.after_policy(failure.exit);
        if self.args.annotate == "auto" {
            annotate::failure(&failure, exit == failure.exit);
        }
        if exit == failure.exit {
            return Err(failure);
        }
        crate::output::print_failure(&failure, self.output.format);
        Ok(exit)
    }

    fn tell(&self, report: &Report, meant: Exit, exit: Exit, files: Option<usize>) -> Outcome<()> {
        let printed = Printed {
            report,
            exit_code: exit.code(),
        };
        self.output
            .answer(|| summary(report, meant, files, &self.args.spool), &printed)?;
        if self.args.annotate == "auto" {
            annotate::report(report, meant, exit == meant);
        }
        // Last, so that a file that cannot be written hides nothing.
        if let Some(file) = &self.args.report {
            let text = serde_json::to_string_pretty(&printed)
                .map_err(|error| Failure::new(Exit::Internal, error))?;
            std::fs::write(file, text + "\n").map_err(|error| {
                Failure::new(Exit::Configuration, error)
                    .context(format!("cannot write the report to `{}`", file.display()))
            })?;
        }
        Ok(())
    }
}
