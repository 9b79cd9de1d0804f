//! The command that `octane exec` ran, and what its exit code means for that of this program.

use octane_client::{Comparison, Outcome};
use octane_model::plural::plural;
use serde::Serialize;

use crate::exit::Exit;
use crate::test_failures::Tests;

/// How the command ended.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct CommandRun {
    /// The program, without its arguments, which may contain anything.
    pub(crate) program: String,
    /// Its exit code; 128 and the number of the signal, if one ended it.
    pub(crate) exit_code: u8,
    pub(crate) duration_ms: u64,
    /// Patterns of reports of which the command wrote none, unless `--allow-missing` allows that.
    pub(crate) missing: Vec<String>,
    /// Whether it failed because of tests whose failures are tolerated, so that its exit code does not count.
    pub(crate) is_tolerated: bool,
    /// The exit code that means that tests failed, and nothing else.
    #[serde(skip)]
    pub(crate) test_failure_code: u8,
}

/// What an upload showed of the command.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Evidence<'a> {
    pub(crate) outcome: Outcome,
    pub(crate) tests: Tests,
    pub(crate) comparison: Option<&'a Comparison>,
    /// Whether other shards, whose failed tests say nothing of this command, belong to the suite run.
    pub(crate) is_of_shards: bool,
    /// What else says that tests may be missing.
    pub(crate) incomplete: Option<&'a str>,
}

impl CommandRun {
    /// The exit code of `octane exec`, where the upload alone would end with `upload`.
    ///
    /// | the command | the upload | reports | exit code |
    /// | --- | --- | --- | --- |
    /// | failed, and that is not tolerated | any | any | that of the command |
    /// | succeeded, or tolerated | failed, or tests failed | any | that of the upload |
    /// | succeeded | succeeded | none for some pattern | 4, no usable input |
    /// | succeeded, or tolerated | succeeded | all there | 0 |
    pub(crate) fn exit(&self, upload: Exit) -> Exit {
        if self.exit_code != 0 && !self.is_tolerated {
            Exit::Command(self.exit_code)
        } else if upload == Exit::Success && !self.missing.is_empty() {
            Exit::Input
        } else {
            upload
        }
    }

    /// Why the failure of the command cannot be tolerated; nothing if it can. A command may fail because of something else than the
    /// tests whose failures it reports, so everything else has to be as it should be. The first row that applies decides.
    ///
    /// | what is known | tolerated |
    /// | --- | --- |
    /// | the exit code is not the one that means failed tests | no |
    /// | the upload did not end with success, which includes results that are invalid | no |
    /// | the upload is one of several shards: the failed tests may be those of another one | no |
    /// | no report was written for a pattern | no |
    /// | no result failed | no |
    /// | a failed test is not of a class that is tolerated | no |
    /// | it is not known whether tests of the suite run before are missing | no |
    /// | tests of the suite run before are missing: perhaps the command gave up | no |
    /// | one of the eight suite runs before has more runs, or that is not known: perhaps the last one gave up, too | no |
    /// | none of these | yes |
    pub(crate) fn not_tolerated(&self, evidence: Evidence<'_>) -> Option<String> {
        let Evidence {
            outcome,
            tests,
            comparison,
            is_of_shards,
            incomplete,
        } = evidence;
        let vanished = comparison.and_then(|comparison| comparison.vanished.as_ref());
        let code = self.test_failure_code;
        Some(match (tests, vanished) {
            _ if self.exit_code != code => {
                format!("only exit code {code} says that tests failed; see `--test-failure-code`")
            }
            _ if outcome != Outcome::Success => "the upload did not succeed".to_owned(),
            _ if is_of_shards => {
                "this is one of several shards, and the failed tests may be those of another one"
                    .to_owned()
            }
            _ if !self.missing.is_empty() => "reports are missing".to_owned(),
            (Tests::Unknown | Tests::NoneFailed, _) => {
                "no report contains a failed test".to_owned()
            }
            (Tests::Failed, _) => "not all failed tests are tolerated".to_owned(),
            (Tests::Tolerated, None) => {
                "it is not known whether all tests of the suite run before were run".to_owned()
            }
            (Tests::Tolerated, Some(vanished)) if !vanished.is_empty() => format!(
                "{} of the suite run before did not run",
                plural(vanished.len(), "test")
            ),
            (Tests::Tolerated, Some(_)) => return incomplete.map(str::to_owned),
        })
    }

    /// Whether its exit code says that tests failed.
    pub(crate) fn says_tests_failed(&self) -> bool {
        self.exit_code != 0 && self.exit_code == self.test_failure_code
    }

    /// Why the program does not end as the upload did, if so.
    pub(crate) fn reason(&self, upload: Exit) -> Option<String> {
        let exit = self.exit(upload);
        if exit == upload {
            return self.is_tolerated.then(|| {
                format!(
                    "`{}` ended with {}, because of tests whose failures are tolerated",
                    self.program, self.exit_code
                )
            });
        }
        let code = exit.code();
        Some(match exit {
            Exit::Command(_) => format!("exiting with {code}, the code of `{}`", self.program),
            _ => {
                let missing: Vec<String> =
                    self.missing.iter().map(|one| format!("`{one}`")).collect();
                format!(
                    "exiting with {code}, because `{}` wrote no report for {}; use `--allow-missing` if none is expected",
                    self.program,
                    missing.join(", ")
                )
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(exit_code: u8, missing: &[&str]) -> CommandRun {
        CommandRun {
            program: "tests".to_owned(),
            exit_code,
            duration_ms: 1,
            missing: missing.iter().map(|&one| one.to_owned()).collect(),
            is_tolerated: false,
            test_failure_code: 1,
        }
    }

    #[test]
    fn the_code_of_a_command_that_failed_wins() {
        for upload in Exit::ALL {
            for missing in [&["*.xml"][..], &[]] {
                assert_eq!(ended(3, missing).exit(upload), Exit::Command(3));
            }
        }
        assert_eq!(Exit::Command(3).code(), 3);
    }

    #[test]
    fn the_upload_decides_after_a_command_that_succeeded_or_is_tolerated() {
        let tolerated = CommandRun {
            is_tolerated: true,
            ..ended(1, &[])
        };
        for upload in Exit::ALL {
            assert_eq!(ended(0, &[]).exit(upload), upload);
            assert_eq!(tolerated.exit(upload), upload);
        }
        assert_eq!(
            ended(0, &["*.xml"]).exit(Exit::Unreachable),
            Exit::Unreachable
        );
        assert!(
            tolerated
                .reason(Exit::Success)
                .unwrap()
                .contains("ended with 1")
        );
    }

    #[test]
    fn a_report_that_is_missing_is_no_success() {
        let ended = ended(0, &["unit/*.xml", "it/*.xml"]);
        assert_eq!(ended.exit(Exit::Success), Exit::Input);
        let reason = ended.reason(Exit::Success).unwrap();
        assert!(reason.contains("`unit/*.xml`, `it/*.xml`"), "{reason}");
        assert_eq!(ended.reason(Exit::Refused), None);
    }

    #[test]
    fn what_is_known_of_the_tests_alone_does_not_excuse_a_command() {
        let of = |tests, outcome| Evidence {
            outcome,
            tests,
            comparison: None,
            is_of_shards: false,
            incomplete: None,
        };
        let reason = |command: &CommandRun, evidence| command.not_tolerated(evidence).unwrap();
        let failed = ended(1, &[]);
        let tolerated = of(Tests::Tolerated, Outcome::Success);
        assert!(reason(&ended(2, &[]), tolerated).starts_with("only exit code 1"));
        assert!(reason(&ended(137, &[]), tolerated).starts_with("only exit code 1"));
        let partial = of(Tests::Tolerated, Outcome::Partial);
        assert_eq!(reason(&failed, partial), "the upload did not succeed");
        assert_eq!(
            reason(&ended(1, &["*.xml"]), tolerated),
            "reports are missing"
        );
        for tests in [Tests::NoneFailed, Tests::Unknown] {
            let none = of(tests, Outcome::Success);
            assert_eq!(reason(&failed, none), "no report contains a failed test");
        }
        let others = of(Tests::Failed, Outcome::Success);
        assert_eq!(
            reason(&failed, others),
            "not all failed tests are tolerated"
        );
        assert!(reason(&failed, tolerated).starts_with("it is not known"));
        let shard = Evidence {
            is_of_shards: true,
            ..tolerated
        };
        let expected =
            "this is one of several shards, and the failed tests may be those of another one";
        assert_eq!(reason(&failed, shard), expected);
    }
}
