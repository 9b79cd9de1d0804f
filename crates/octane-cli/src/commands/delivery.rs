//! Delivers an upload and reports the outcome; shared by `upload` and `resume`.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use octane_client::{
    CancellationToken, Client, ClientError, Comparison, DeliveryError, Event, Journal,
    JournalError, Outcome, Report, ReportedProblem, UploadSettings,
};
use serde::Serialize;
use serde_json::Value;

use super::command_run::CommandRun;
use crate::args::{Annotations, DeliveryArgs, Format, OnUnresolved, OnUploadError};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::input::Input;
use crate::input::warnings::WarningsJson;
use crate::output::{
    Output, Progress, annotate, failure_json, json, print_failure, print_for_people, summary,
    write_text,
};
use crate::output_file::OutputFile;
use crate::policies::Policies;
use crate::signals::{Signals, Stopping};
use crate::suggest::Suggest;

/// The report as it is printed: with the exit code that belongs to it.
#[derive(Serialize)]
struct Printed<'a> {
    #[serde(flatten)]
    report: &'a Report,
    exit_code: u8,
    /// The command that wrote the results, if this program ran it.
    command: Option<&'a CommandRun>,
    /// What has changed since the suite run before.
    comparison: Option<&'a Comparison>,
    /// What is unusual about the inputs, as far as they were read now.
    #[serde(flatten)]
    warnings: WarningsJson,
}

/// What a delivery begins with.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Start<'a> {
    /// A new upload, whose progress is shown since it was prepared.
    New(&'a Progress),
    /// A certain upload. Results that were confirmed and have vanished since are sent again.
    Resume {
        /// Whether it is sent to the server that was typed, whatever server it belongs to.
        may_move: bool,
    },
    /// One of all unfinished uploads.
    ResumeAll,
}

/// How uploads are delivered and reported in this process.
#[derive(Clone)]
pub(crate) struct Delivery<'a> {
    args: &'a DeliveryArgs,
    output: Output,
    policies: Policies,
    /// The command whose results these are, if this program ran it.
    command: Option<CommandRun>,
    pub(crate) suggest: Suggest,
    pub(crate) cancellation: CancellationToken,
    signals: Arc<Stopping>,
}

impl<'a> Delivery<'a> {
    /// From here on, signals end the work in an orderly way.
    pub(crate) fn new(args: &'a DeliveryArgs, suggest: Suggest, output: Output) -> Result<Self> {
        let cancellation = CancellationToken::new();
        Ok(Self {
            args,
            output,
            policies: Policies::new(args),
            command: None,
            suggest,
            signals: Arc::new(Signals::new()?.stopping(cancellation.clone())),
            cancellation,
        })
    }

    /// For the results of a command that has ended, whose exit code counts.
    pub(crate) fn after(self, command: CommandRun) -> Self {
        Self {
            command: Some(command),
            ..self
        }
    }

    /// The exit code of the program, where that of the upload is `upload`.
    pub(crate) fn exit_after_command(&self, upload: Exit) -> Exit {
        let command = self.command.as_ref();
        command.map_or(upload, |command| command.exit(upload))
    }

    /// Says why the program does not end as the upload did, if so.
    pub(crate) fn say_reason(&self, upload: Exit) {
        let command = self.command.as_ref();
        if let Some(reason) = command.and_then(|command| command.reason(upload)) {
            self.output.say(&reason);
        }
    }

    /// The same for a single upload, with the policies that hold for it and with what its commands need.
    pub(crate) fn of_upload(&self, policies: Policies, suggest: Suggest) -> Self {
        Self {
            policies,
            suggest,
            ..self.clone()
        }
    }

    /// The exit code of the signal that arrived, if any.
    pub(crate) fn stopped(&self) -> Option<Exit> {
        self.cancellation
            .is_cancelled()
            .then(|| self.signals.exit())
    }

    /// The error of an upload that a signal ended before anything was saved.
    pub(crate) fn nothing_sent(&self) -> Failure {
        Failure::message(
            self.signals.exit(),
            "interrupted; nothing was sent or saved",
        )
    }

    /// The error of an upload that a signal ended before it was delivered.
    pub(crate) fn interrupted(&self) -> Failure {
        let message = "interrupted while looking up the module and suite";
        Failure::message(self.signals.exit(), message)
    }

    /// Says something to people.
    pub(crate) fn say(&self, note: &str) {
        self.output.say(note);
    }

    /// The progress of an upload that starts now; `prepared` says how much it is.
    pub(crate) fn progress(&self, prepared: Option<&Event>) -> Progress {
        let progress = Progress::new(self.output);
        if let Some(event) = prepared {
            progress.show(event);
        }
        progress.start();
        progress
    }

    /// Delivers what is in the journal.
    pub(crate) async fn deliver(
        &self,
        client: &Client,
        journal: &Journal,
        settings: &UploadSettings,
        start: Start<'_>,
    ) -> Result<Report> {
        let resumed;
        let progress = if let Start::New(progress) = start {
            progress
        } else {
            resumed = self.progress(None);
            &resumed
        };
        let delivery = client
            .delivery(journal)
            .settings(settings.clone())
            .relocate(matches!(start, Start::Resume { may_move: true }))
            .resend_missing(matches!(start, Start::Resume { .. }))
            .cancellation(self.cancellation.clone())
            .on_event(|event| progress.show(event));
        let delivered = progress.during(delivery.run()).await;
        progress.finish();
        delivered.map_err(|error| match error {
            DeliveryError::Journal(error @ JournalError::DifferentServer { .. }) => {
                let suggest = self.suggest.clone().moved_to(client);
                let command = suggest.resume(journal.id());
                Failure::from(error).hint(format!(
                    "use the same `--url`, `--space` and `--workspace` as the upload; to move it here, run `{command}`"
                ))
            }
            error => self.delivery_failed(error, journal),
        })
    }

    /// Compares the upload with the suite run before. That it is not possible is a problem without an effect on the exit code.
    pub(crate) async fn compare(
        &self,
        client: &Client,
        journal: &Journal,
        report: &mut Report,
    ) -> Option<Comparison> {
        if self.cancellation.is_cancelled() {
            return None;
        }
        let compared = client.compare(journal, report, &self.cancellation).await;
        compared.unwrap_or_else(|error| {
            let error = anyhow::Error::from(error);
            let message = format!("not compared with the suite run before: {error:#}");
            let problem = ReportedProblem::new("uncompared", message);
            report.problems.push(problem);
            None
        })
    }

    /// Why an upload could not be delivered.
    pub(crate) fn failure(&self, error: DeliveryError) -> Failure {
        match error {
            DeliveryError::Cancelled => self.interrupted(),
            DeliveryError::Target(error) => error.into(),
            DeliveryError::Journal(error) => error.into(),
            error => Failure::new(Exit::Internal, error),
        }
    }

    /// The same, with how to continue: what is in the journal stays saved.
    fn delivery_failed(&self, error: DeliveryError, journal: &Journal) -> Failure {
        let is_missing = matches!(error, DeliveryError::Target(ClientError::Missing(_)));
        let is_broken = match &error {
            DeliveryError::Journal(error) => !matches!(
                error,
                JournalError::InUse { .. }
                    | JournalError::DifferentServer { .. }
                    | JournalError::DifferentSuite { .. }
                    | JournalError::Fixed { .. }
            ),
            _ => false,
        };
        let failure = self.failure(error);
        let id = journal.id();
        let again = self.suggest.run_resume(id);
        match journal.saved_path() {
            None if is_broken => {
                failure.hint("nothing was saved (`--spool off`); run the upload again")
            }
            Some(_) if is_broken => failure
                .hint(format!("fix the disk problem, then {again}"))
                .upload(id),
            Some(_) if is_missing => failure.hint(format!("create it, then {again}")),
            _ => failure,
        }
    }

    /// The exit code of a report.
    fn exit(&self, report: &Report) -> Exit {
        if report.outcome == Outcome::Interrupted {
            return self.signals.exit();
        }
        report.outcome.into()
    }

    /// Whether an upload that failed fails the pipeline is decided by `--on-upload-error`.
    pub(crate) fn apply_exit_policy(&self, exit: Exit) -> Exit {
        if self.policies.on_upload_error == OnUploadError::Warn && exit.is_upload_error() {
            Exit::Success
        } else {
            exit
        }
    }

    /// Reports an upload that ended without a report; the exit policy applies to its error as well.
    pub(crate) fn report_failure(&self, failure: Failure) -> Result<Exit> {
        let of_upload = self.annotate_failure(&failure);
        let exit = self.exit_after_command(of_upload);
        if let Some(file) = &self.args.report {
            // Otherwise the file of an earlier upload could be mistaken for this one's. Reporting the error matters
            // more than writing it.
            let _ = write_json(file, &failure_json(&failure, exit));
        }
        if exit == failure.exit {
            return Err(failure);
        }
        print_failure(&failure, self.output.format, exit);
        if of_upload != failure.exit {
            self.output.say(EXIT_CODE_OVERRIDDEN);
        }
        self.say_reason(of_upload);
        Ok(exit)
    }

    /// Annotates an error, and returns the exit code that it leads to.
    fn annotate_failure(&self, failure: &Failure) -> Exit {
        let exit = self.apply_exit_policy(failure.exit);
        if self.args.annotate == Annotations::Auto {
            annotate::failure(failure, exit == failure.exit, self.output.format);
        }
        exit
    }

    /// Reports the error of one upload among others that continue. The answer in JSON has it too.
    pub(crate) fn report_failure_and_continue(&self, failure: &Failure) -> Exit {
        let exit = self.annotate_failure(failure);
        print_for_people(failure);
        if exit != failure.exit {
            self.output.say(EXIT_CODE_OVERRIDDEN);
        }
        exit
    }

    /// The report without what `--on-unresolved ignore` hides from people.
    fn for_display<'r>(&self, report: &'r Report) -> Cow<'r, Report> {
        if self.policies.on_unresolved != OnUnresolved::Ignore {
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

    /// Prints the report of an upload, annotates it and writes it to a file; returns the exit code.
    pub(crate) fn print_report(
        &self,
        report: &Report,
        input: Option<&Input>,
        comparison: Option<&Comparison>,
    ) -> Result<Exit> {
        let meant = self.exit(report);
        let of_upload = self.apply_exit_policy(meant);
        let exit = self.exit_after_command(of_upload);
        let printed = Printed {
            report,
            exit_code: exit.code(),
            command: self.command.as_ref(),
            comparison,
            warnings: input.map_or_else(WarningsJson::default, |input| input.warnings.json()),
        };
        // The report of several shards is not about the files of one.
        let is_merged = report
            .shards
            .as_ref()
            .is_some_and(|shards| shards.is_merged);
        let files = input.filter(|_| !is_merged).map(|input| input.files);
        let displayed = self.for_display(report);
        self.output.answer(
            || summary(&displayed, comparison, meant, files, &self.suggest),
            &printed,
        )?;
        self.annotate_report(&displayed, comparison, meant, of_upload);
        self.say_reason(of_upload);
        let written = self.write_report(&printed);
        Ok(written.map_or(exit, |failed| self.exit_after_command(failed)))
    }

    /// Prints the report of one upload among others, and annotates it; returns the exit code, and the report as JSON
    /// for the answer that has all of them.
    pub(crate) fn print_report_of_several(&self, report: &Report) -> Result<(Exit, Value)> {
        let meant = self.exit(report);
        let exit = self.apply_exit_policy(meant);
        let displayed = self.for_display(report);
        if self.output.format == Format::Human {
            write_text(summary(&displayed, None, meant, None, &self.suggest))?;
        }
        self.annotate_report(&displayed, None, meant, exit);
        let json = serde_json::to_value(Printed {
            report,
            exit_code: exit.code(),
            command: None,
            comparison: None,
            warnings: WarningsJson::default(),
        });
        let json = json.map_err(|error| Failure::new(Exit::Internal, error))?;
        Ok((exit, json))
    }

    fn annotate_report(
        &self,
        displayed: &Report,
        comparison: Option<&Comparison>,
        meant: Exit,
        exit: Exit,
    ) {
        if exit != meant {
            self.output.say(EXIT_CODE_OVERRIDDEN);
        }
        if self.args.annotate == Annotations::Auto {
            annotate::report(
                displayed,
                comparison,
                meant,
                exit == meant,
                self.output.format,
            );
        }
    }

    /// Writes the answer to the file of `--report`: last, so that nothing is lost if it cannot be written. Returns the
    /// exit code of that error.
    pub(crate) fn write_report(&self, answer: &impl Serialize) -> Option<Exit> {
        let file = self.args.report.as_deref()?;
        let failure = write_json(file, answer).err()?;
        print_for_people(&failure);
        Some(failure.exit)
    }
}

/// Fails if the file of `--report` cannot be written: before the work, not after it.
pub(super) fn check_report(args: &DeliveryArgs, inputs: &[String]) -> Result<()> {
    let report = args.report.as_deref();
    report.map_or(Ok(()), |file| {
        OutputFile::new(file, "--report", inputs).map(drop)
    })
}

/// Printed where the policy changes the exit code.
pub(super) const EXIT_CODE_OVERRIDDEN: &str = "exiting with 0 because of `--on-upload-error warn`";

fn write_json(file: &Path, value: &impl Serialize) -> Result<()> {
    let text = json::pretty(value).map_err(|error| Failure::new(Exit::Internal, error))?;
    std::fs::write(file, text + "\n").map_err(|error| {
        Failure::new(Exit::Configuration, error)
            .context(format!("cannot write the report to `{}`", file.display()))
    })
}
