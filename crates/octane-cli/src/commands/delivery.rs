//! Delivering an upload and telling how it went; shared by `upload` and `resume`.

use std::borrow::Cow;
use std::path::Path;

use octane_client::{
    Client, Event, Journal, JournalError, Outcome as Ended, Report, Stop, UploadSettings,
};
use serde::Serialize;

use crate::args::{DeliveryArgs, Format};
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};
use crate::output::{Output, Progress, annotate, failure_json, print_failure, summary};
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

    /// What to say of an upload that a signal ended before anything was kept.
    pub(crate) fn nothing_sent(&self) -> Failure {
        Failure::message(self.signals.exit(), "interrupted; nothing was sent or kept")
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
        let report = delivered.map_err(|error| self.journal_failed(error, journal))?;
        let meant = self.exit(&report);
        let exit = self.after_policy(meant);
        self.tell(&report, meant, exit, files)
    }

    /// A journal that failed in the middle; what is in it is kept.
    fn journal_failed(&self, error: JournalError, journal: &Journal) -> Failure {
        let failure = Failure::from(error);
        if journal.kept_path().is_none() {
            return failure.hint("nothing is kept, as `--spool off` says: upload again");
        }
        let id = journal.id();
        let again = self.args.spool.resume(id);
        failure
            .hint(format!("see to the disk, then `{again}`"))
            .upload(id)
    }

    /// The exit code of a report.
    fn exit(&self, report: &Report) -> Exit {
        if report.outcome == Ended::Interrupted {
            return self.signals.exit();
        }
        report.outcome.into()
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
        if let Some(file) = &self.args.report {
            // Otherwise the file of an earlier upload would be taken for the one of this. That the error is told
            // matters more than that it is written.
            let _ = write_json(file, &failure_json(&failure, exit));
        }
        if exit == failure.exit {
            return Err(failure);
        }
        print_failure(&failure, self.output.format, exit);
        self.output.say(FORGIVEN);
        Ok(exit)
    }

    /// The same of one upload among others, which go on: its error is printed here.
    pub(crate) fn given_up(&self, failure: Failure) -> Exit {
        self.failed(failure).unwrap_or_else(|failure| {
            print_failure(&failure, self.output.format, failure.exit);
            failure.exit
        })
    }

    /// What people are told of a report: not what they do not want to hear.
    fn told<'r>(&self, report: &'r Report) -> Cow<'r, Report> {
        if self.args.on_unresolved != "ignore" {
            return Cow::Borrowed(report);
        }
        let mut report = report.clone();
        if let Some(links) = &mut report.links {
            links.unknown.clear();
            links.ambiguous.clear();
        }
        let is_about_keys = |code: &str| matches!(code, "unknown_key" | "ambiguous_key");
        report
            .problems
            .retain(|problem| !is_about_keys(&problem.code));
        Cow::Owned(report)
    }

    /// Tells of a report, and gives the exit code in the end.
    fn tell(
        &self,
        report: &Report,
        meant: Exit,
        exit: Exit,
        files: Option<usize>,
    ) -> Outcome<Exit> {
        let printed = Printed {
            report,
            exit_code: exit.code(),
        };
        let told = self.told(report);
        self.output
            .answer(|| summary(&told, meant, files, &self.args.spool), &printed)?;
        if exit != meant {
            self.output.say(FORGIVEN);
        }
        if self.args.annotate == "auto" {
            annotate::report(&told, meant, exit == meant);
        }
        // Last, so that a file that cannot be written hides nothing.
        let written = self
            .args
            .report
            .as_deref()
            .map(|file| write_json(file, &printed));
        if let Some(Err(failure)) = written {
            print_failure(&failure, Format::Human, failure.exit);
            return Ok(failure.exit);
        }
        Ok(exit)
    }
}

/// Said where the policy changes the exit code.
const FORGIVEN: &str = "the exit code is 0 all the same, as `--on-upload-error warn` says";

fn write_json(file: &Path, value: &impl Serialize) -> Outcome<()> {
    let text =
        serde_json::to_string_pretty(value).map_err(|error| Failure::new(Exit::Internal, error))?;
    std::fs::write(file, text + "\n").map_err(|error| {
        Failure::new(Exit::Configuration, error)
            .context(format!("cannot write the report to `{}`", file.display()))
    })
}
