//! The command that `octane exec` ran, and what its exit code means for that of this program.

use serde::Serialize;

use crate::exit::Exit;

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
}

impl CommandRun {
    /// The exit code of `octane exec`, where the upload alone would end with `upload`.
    ///
    /// | the command | the upload | reports | exit code |
    /// | --- | --- | --- | --- |
    /// | failed | any | any | that of the command |
    /// | succeeded | failed | any | that of the upload |
    /// | succeeded | succeeded | none for some pattern | 4, no usable input |
    /// | succeeded | succeeded | all there | 0 |
    pub(crate) fn exit(&self, upload: Exit) -> Exit {
        if self.exit_code != 0 {
            Exit::Command(self.exit_code)
        } else if upload == Exit::Success && !self.missing.is_empty() {
            Exit::Input
        } else {
            upload
        }
    }

    /// Why the program does not end as the upload did, if so.
    pub(crate) fn reason(&self, upload: Exit) -> Option<String> {
        let exit = self.exit(upload);
        if exit == upload {
            return None;
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
    fn the_upload_decides_after_a_command_that_succeeded() {
        for upload in Exit::ALL {
            assert_eq!(ended(0, &[]).exit(upload), upload);
        }
        assert_eq!(
            ended(0, &["*.xml"]).exit(Exit::Unreachable),
            Exit::Unreachable
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
}
