//! Delivers an upload and reports the outcome; shared by `upload` and `resume`.

mod look_back;
mod print;

use std::sync::{Arc, OnceLock};

use crate::args::{Annotations, DeliveryArgs};
use crate::command_run::CommandRun;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::{
    Begins, Output, Progress, Reports, StepOutputs, annotate, failure_json, print_failure,
    print_for_people,
};
use crate::policies::Policies;
use crate::signals::{Signals, Stopping};
use crate::suggest::Suggest;
use crate::test_failures::{self, Tests};
use octane_client::{
    CancellationToken, Client, ClientError, Comparison, DeliveryError, Event, FailedTest, Journal,
    JournalError, Outcome, Report, ReportedProblem, UploadSettings,
};

/// What became of an upload, or of the shards of one.
pub(crate) struct Delivered {
    pub(crate) report: Report,
    /// Where its results are; empty if another process works on them now.
    pub(crate) journals: Vec<Journal>,
    pub(crate) comparison: Option<Comparison>,
    /// The tests of which a result failed, if some are tolerated and their history is known.
    pub(crate) failed_tests: Option<Vec<FailedTest>>,
    /// Why tests may be missing that the suite run before does not have either, if the failure of a command depends on that.
    incomplete: Option<String>,
    /// Those that hold for all shards of it, if it is more than one upload.
    policies: Option<Policies>,
    /// What it means that a shard could not be merged with others, as they do not belong together.
    not_merged: Option<Exit>,
}

impl Delivered {
    pub(crate) fn new(report: Report, journals: Vec<Journal>) -> Self {
        Self {
            report,
            journals,
            comparison: None,
            failed_tests: None,
            incomplete: None,
            policies: None,
            not_merged: None,
        }
    }

    /// The same, judged by the policies of all shards.
    pub(super) fn judged_by(mut self, policies: Policies) -> Self {
        self.policies = Some(policies);
        self
    }

    /// The same, of a shard that was not merged with the others for this reason.
    pub(super) fn not_merged(mut self, failure: &Failure) -> Self {
        let (error, hint) = (&failure.error, failure.hint.as_deref().unwrap_or_default());
        let message = format!("not merged with the other shards: {error:#}; {hint}");
        let problem = ReportedProblem::new("shard_mismatch", message);
        self.report.problems.push(problem);
        self.not_merged = Some(failure.exit);
        self
    }

    /// The same, where uploads that were given are not sent: this is not a success, even if the shards are.
    pub(super) fn leaving(mut self, unfinished: Vec<ReportedProblem>) -> Self {
        if !unfinished.is_empty() && self.report.outcome == Outcome::Success {
            self.report.outcome = Outcome::Partial;
        }
        self.report.problems.extend(unfinished);
        self
    }

    fn tests(&self) -> Tests {
        Tests::of(self.report.counts.failed, self.failed_tests.as_deref())
    }
}

/// The codes of an upload.
#[derive(Debug, Clone, Copy)]
pub(super) struct Codes {
    /// What became of it, whatever policies say.
    pub(super) meant: Exit,
    /// What is printed: that tests failed, if nothing else went wrong.
    pub(super) shown: Exit,
    /// With the policies.
    pub(super) of_upload: Exit,
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
    reports: Arc<Reports>,
    /// How many results failed, once they were read.
    failed_results: Arc<OnceLock<usize>>,
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
            reports: Arc::new(Reports::new(&args.report)),
            failed_results: Arc::default(),
            suggest,
            signals: Arc::new(Signals::new()?.stopping(cancellation.clone())),
            cancellation,
        })
    }

    /// Runs the command of `octane exec`, for whose end a signal waits.
    pub(crate) async fn during_command<T>(&self, command: impl Future<Output = T>) -> T {
        self.signals.set_command_running(true);
        let ended = command.await;
        self.signals.set_command_running(false);
        ended
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
        exit_after(self.command.as_ref(), upload)
    }

    /// Says why the program does not end as the upload did, if so.
    pub(crate) fn say_reason(&self, upload: Exit) {
        self.say_reason_of(self.command.as_ref(), upload);
    }

    fn say_reason_of(&self, command: Option<&CommandRun>, upload: Exit) {
        let Some((command, reason)) =
            command.and_then(|command| Some((command, command.reason(upload)?)))
        else {
            return;
        };
        self.output.say(&reason);
        if self.args.annotate == Annotations::Auto && !command.is_tolerated {
            annotate::command(&reason, self.output.format);
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

    /// The same for an upload with this many failed results.
    pub(crate) fn knowing_failed(self, failed_results: usize) -> Self {
        Self {
            failed_results: Arc::new(OnceLock::from(failed_results)),
            ..self
        }
    }

    /// The results of the upload were read, and so many failed.
    pub(crate) fn know_failed(&self, failed_results: usize) {
        let _ = self.failed_results.set(failed_results);
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

    /// Does what comes before anything is sent or saved, unless a signal ends it: a secret on standard input may never come.
    pub(crate) async fn unless_stopped<T>(
        &self,
        work: impl Future<Output = Result<T>>,
    ) -> Result<T> {
        let done = self.cancellation.within_grace(work).await;
        done.unwrap_or_else(|| Err(self.nothing_sent()))
    }

    /// The same for uploads that are saved already.
    pub(crate) async fn unconnected<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let done = self.cancellation.within_grace(work).await;
        done.unwrap_or_else(|| {
            let message = "interrupted before anything was sent";
            Err(Failure::message(self.signals.exit(), message))
        })
    }

    /// The error of an upload that a signal ended before it was delivered.
    pub(crate) fn interrupted(&self) -> Failure {
        self.interrupted_while("looking up the module and suite")
    }

    /// The error of what a signal ended while the program was doing this.
    pub(super) fn interrupted_while(&self, doing: &str) -> Failure {
        Failure::message(self.signals.exit(), format!("interrupted while {doing}"))
    }

    /// Says something to people.
    pub(crate) fn say(&self, note: &str) {
        self.output.say(note);
    }

    /// The progress of what begins now; `prepared` says how much a new upload is.
    pub(crate) fn progress(&self, begins: Begins, prepared: Option<&Event>) -> Progress {
        let progress = Progress::new(self.output);
        if let Some(event) = prepared {
            progress.show(event);
        }
        progress.start(begins);
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
            resumed = self.progress(Begins::Resume, None);
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

    /// The same with the policies by which this is judged.
    fn judging(&self, delivered: &Delivered) -> Self {
        Self {
            policies: delivered.policies.unwrap_or(self.policies),
            ..self.clone()
        }
    }

    /// The policies of an upload.
    pub(super) fn policies(&self) -> Policies {
        self.policies
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

    /// What became of an upload, or of the shards of one.
    fn meant(&self, delivered: &Delivered) -> Exit {
        match (delivered.report.outcome, delivered.not_merged) {
            (Outcome::Interrupted, _) => self.signals.exit(),
            (Outcome::Success, Some(exit)) => exit,
            (outcome, _) => outcome.into(),
        }
    }

    /// Whether an upload that failed, or one whose tests failed, fails the pipeline is decided by the policies.
    pub(crate) fn apply_exit_policy(&self, meant: Exit, tests: Tests) -> Exit {
        test_failures::exit(meant, tests, self.policies)
    }

    /// The codes of an upload whose outcome means this.
    pub(super) fn codes(&self, meant: Exit, tests: Tests) -> Codes {
        let of_upload = self.apply_exit_policy(meant, tests);
        let shown = if meant == Exit::Success {
            of_upload
        } else {
            meant
        };
        Codes {
            meant,
            shown,
            of_upload,
        }
    }

    /// What is known of the tests of an upload that ended without a report.
    fn known_tests(&self) -> Tests {
        let failed = self.failed_results.get();
        failed.map_or(Tests::Unknown, |failed| Tests::of(*failed, None))
    }

    /// Reports an upload that ended without a report; the exit policy applies to its error as well.
    pub(crate) fn report_failure(&self, failure: Failure) -> Result<Exit> {
        let of_upload = self.annotate_failure(&failure);
        self.pass_on(&StepOutputs::of_failure(&failure));
        let exit = self.exit_after_command(of_upload);
        // Otherwise the file of an earlier upload could be mistaken for this one's. Reporting the error matters more than
        // writing it.
        let _ = self.reports.add_failure(&failure, exit);
        let _ = self.reports.write(&failure_json(&failure, exit));
        if exit == failure.exit {
            return Err(failure);
        }
        print_failure(&failure, self.output.format, exit);
        self.say_overridden(failure.exit, of_upload);
        self.say_reason(of_upload);
        Ok(exit)
    }

    /// Annotates an error, and returns the exit code that it leads to.
    pub(super) fn annotate_failure(&self, failure: &Failure) -> Exit {
        let exit = self.apply_exit_policy(failure.exit, self.known_tests());
        if self.args.annotate == Annotations::Auto {
            annotate::failure(failure, exit == failure.exit, self.output.format);
        }
        exit
    }

    /// Gives these values to later steps of a workflow.
    pub(super) fn pass_on(&self, outputs: &StepOutputs<'_>) {
        if self.args.annotate == Annotations::Auto {
            outputs.write();
        }
    }

    /// Reports the error of one upload among others that continue. The answer in JSON has it too.
    pub(crate) fn report_failure_and_continue(&self, failure: &Failure) -> Exit {
        let exit = self.annotate_failure(failure);
        print_for_people(failure);
        self.say_overridden(failure.exit, exit);
        self.add_to_reports(failure, exit);
        exit
    }

    /// Adds an upload without a report of its own to the files of `--report`, with the exit code that it leads to.
    pub(super) fn add_to_reports(&self, failure: &Failure, exit: Exit) {
        if let Err(failure) = self.reports.add_failure(failure, exit) {
            print_for_people(&failure);
        }
    }

    /// Says why the exit code is not the one that is meant.
    pub(super) fn say_overridden(&self, meant: Exit, exit: Exit) {
        match exit {
            Exit::Success if meant != exit => self.output.say(EXIT_CODE_OVERRIDDEN),
            Exit::TestsFailed if meant != Exit::Success => {
                self.output
                    .say("exiting with 9 because tests failed (`--on-test-failure fail`)");
            }
            _ => {}
        }
    }
}

/// The one with the higher code.
pub(super) fn worst(one: Exit, other: Exit) -> Exit {
    std::cmp::max_by_key(one, other, |exit| exit.code())
}

/// The exit code of the program after a command, if there is one.
fn exit_after(command: Option<&CommandRun>, upload: Exit) -> Exit {
    command.map_or(upload, |command| command.exit(upload))
}

/// Fails if a file of `--report` cannot be written: before the work, not after it.
pub(super) fn check_report(args: &DeliveryArgs, inputs: &[String], is_dry_run: bool) -> Result<()> {
    if is_dry_run {
        // First, as the other check removes what an earlier command has written.
        Reports::check_dry_run(&args.report)?;
    }
    Reports::check(&args.report, inputs)
}

/// Printed where the policy changes the exit code.
const EXIT_CODE_OVERRIDDEN: &str = "exiting with 0 because of `--on-upload-error warn`";
