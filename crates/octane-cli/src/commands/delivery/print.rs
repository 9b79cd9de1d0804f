//! Reports what became of an upload: prints it, annotates it, and writes it to files.

use std::borrow::Cow;

use octane_client::{Comparison, FailedTest, Report};
use serde::Serialize;
use serde_json::Value;

use super::{Codes, Delivered, Delivery, exit_after, worst};
use crate::args::{Annotations, Format, OnUnresolved};
use crate::command_run::{CommandRun, Evidence};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::input::Input;
use crate::input::warnings::WarningsJson;
use crate::output::{
    StepOutputs, Summary, UploadReport, annotate, print_for_people, summary, write_text,
};
use crate::test_failures::Tests;

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
    /// The tests of which a result failed, with what their history says, if some are tolerated.
    failed_tests: Option<&'a [FailedTest]>,
    /// What is unusual about the inputs, as far as they were read now.
    #[serde(flatten)]
    warnings: WarningsJson,
}

/// What became of an upload among others.
pub(crate) struct OneOfSeveral {
    pub(crate) exit: Exit,
    /// What its outcome means, whatever policies make of it.
    pub(crate) meant: Exit,
    /// Its report, for the answer that has all of them.
    pub(crate) json: Value,
}

impl Delivery<'_> {
    /// Prints the report of an upload, annotates it and writes it to files; returns the exit code.
    #[expect(
        clippy::unnecessary_wraps,
        reason = "it is the result of what delivers an upload"
    )]
    pub(crate) fn print_report(
        &self,
        delivered: &Delivered,
        input: Option<&Input>,
    ) -> Result<Exit> {
        Ok(self.judging(delivered).print(delivered, input))
    }

    fn print(&self, delivered: &Delivered, input: Option<&Input>) -> Exit {
        let Delivered {
            report,
            comparison,
            failed_tests,
            ..
        } = delivered;
        let tests = delivered.tests();
        let codes = self.codes(self.meant(delivered), tests);
        let (command, not_tolerated) = self.judged_command(delivered, tests);
        let exit = exit_after(command.as_ref(), codes.of_upload);
        let printed = Printed {
            report,
            exit_code: exit.code(),
            command: command.as_ref(),
            comparison: comparison.as_ref(),
            failed_tests: failed_tests.as_deref(),
            warnings: input.map_or_else(WarningsJson::default, |input| input.warnings.json()),
        };
        // The report of several shards is not about the files of one.
        let is_merged = report
            .shards
            .as_ref()
            .is_some_and(|shards| shards.is_merged);
        let files = input.filter(|_| !is_merged).map(|input| input.files);
        let displayed = self.for_display(report);
        let answered = self.output.answer(
            || {
                let printed = Summary {
                    report: &displayed,
                    comparison: comparison.as_ref(),
                    failed_tests: failed_tests.as_deref(),
                    exit: codes.shown,
                    files,
                };
                summary(&printed, &self.suggest)
            },
            &printed,
        );
        self.annotate_report(&displayed, delivered, codes);
        self.pass_on(&StepOutputs::of_report(report, codes.meant));
        self.say_reason_of(command.as_ref(), codes.of_upload);
        if let Some(reason) = not_tolerated {
            self.output.say(&format!("not tolerated: {reason}"));
        }
        let reported = UploadReport {
            report: &displayed,
            comparison: comparison.as_ref(),
            failed_tests: failed_tests.as_deref(),
            command: command.as_ref(),
            meant: codes.meant,
            exit,
            journals: &delivered.journals,
        };
        let collected = tokio::task::block_in_place(|| self.reports.add_upload(&reported));
        let written = self.write_reports(collected, &printed);
        let unwritten = answered.err().map(|error| unanswered(error, codes.shown));
        let failed = unwritten.or(written);
        failed.map_or(exit, |failed| match exit {
            Exit::Success => exit_after(command.as_ref(), failed),
            exit => exit,
        })
    }

    /// The command, with whether its failure is tolerated; and why not, if that is to be said.
    fn judged_command(
        &self,
        delivered: &Delivered,
        tests: Tests,
    ) -> (Option<CommandRun>, Option<String>) {
        let Some(mut command) = self.command.clone() else {
            return (None, None);
        };
        if command.exit_code == 0 || self.policies.tolerated().is_empty() {
            return (Some(command), None);
        }
        let reason = command.not_tolerated(Evidence {
            outcome: delivered.report.outcome,
            tests,
            comparison: delivered.comparison.as_ref(),
            is_of_shards: (delivered.report.shards.as_ref()).is_some_and(|shards| shards.total > 1),
            incomplete: delivered.incomplete.as_deref(),
        });
        command.is_tolerated = reason.is_none();
        (Some(command), reason)
    }

    /// Prints the report of one upload among others, and annotates it.
    pub(crate) fn print_report_of_several(&self, delivered: &Delivered) -> Result<OneOfSeveral> {
        self.judging(delivered).print_among_others(delivered)
    }

    fn print_among_others(&self, delivered: &Delivered) -> Result<OneOfSeveral> {
        let report = &delivered.report;
        let codes = self.codes(self.meant(delivered), delivered.tests());
        let failed_tests = delivered.failed_tests.as_deref();
        let displayed = self.for_display(report);
        let mut unwritten = None;
        if self.output.format == Format::Human {
            let printed = Summary {
                report: &displayed,
                comparison: delivered.comparison.as_ref(),
                failed_tests,
                exit: codes.shown,
                files: None,
            };
            let written = write_text(summary(&printed, &self.suggest));
            unwritten = written.err().map(|error| unanswered(error, codes.shown));
        }
        self.annotate_report(&displayed, delivered, codes);
        let exit = unwritten.map_or(codes.of_upload, |failed| worst(codes.of_upload, failed));
        let reported = UploadReport {
            report: &displayed,
            comparison: delivered.comparison.as_ref(),
            failed_tests,
            command: None,
            meant: codes.meant,
            exit,
            journals: &delivered.journals,
        };
        let collected = tokio::task::block_in_place(|| self.reports.add_upload(&reported));
        let exit = match collected {
            Ok(()) => exit,
            // The others continue.
            Err(failure) => {
                print_for_people(&failure);
                worst(exit, failure.exit)
            }
        };
        let json = serde_json::to_value(Printed {
            report,
            exit_code: exit.code(),
            command: None,
            comparison: delivered.comparison.as_ref(),
            failed_tests,
            warnings: WarningsJson::default(),
        });
        let json = json.map_err(|error| Failure::new(Exit::Internal, error))?;
        Ok(OneOfSeveral {
            exit,
            meant: codes.meant,
            json,
        })
    }

    fn annotate_report(&self, displayed: &Report, delivered: &Delivered, codes: Codes) {
        let Codes {
            shown, of_upload, ..
        } = codes;
        self.say_overridden(codes.meant, of_upload);
        if self.args.annotate == Annotations::Auto {
            annotate::report(
                displayed,
                delivered.comparison.as_ref(),
                delivered.failed_tests.as_deref(),
                shown,
                of_upload == shown,
                self.output.format,
            );
        }
    }

    /// Writes the answer to the files of `--report`: last, so that nothing is lost if they cannot be written. Returns the
    /// exit code of that error.
    pub(crate) fn write_report(&self, answer: &impl Serialize) -> Option<Exit> {
        self.write_reports(Ok(()), answer)
    }

    /// The same. `collected` may be an error about what some of these files need; the others are still written.
    fn write_reports(&self, collected: Result<()>, answer: &impl Serialize) -> Option<Exit> {
        let written = self.reports.write(answer);
        let failure = collected.and(written).err()?;
        print_for_people(&failure);
        Some(failure.exit)
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
}

/// Says that the report of an upload could not be printed, and what became of the upload. Returns the exit code of that error.
fn unanswered(error: std::io::Error, upload: Exit) -> Exit {
    let reason = upload.meaning();
    let failure = Failure::from(error).context(format!(
        "the report cannot be printed; the upload itself ended with {}: {reason}",
        upload.code()
    ));
    print_for_people(&failure);
    failure.exit
}
