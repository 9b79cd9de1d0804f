//! Annotations for CI systems: problems in the form that the system highlights.
//!
//! | system | recognised by | problems | summary of the upload | outputs for later steps |
//! | --- | --- | --- | --- | --- |
//! | GitHub Actions | `GITHUB_ACTIONS` | `::error`, `::warning` on standard error | `GITHUB_STEP_SUMMARY` | `GITHUB_OUTPUT` |
//! | Azure Pipelines | `TF_BUILD` | `##vso[task.logissue]` on standard error | `##vso[task.uploadsummary]` | – |
//! | TeamCity | `TEAMCITY_VERSION` | `buildProblem`, `message` on standard output, which is where TeamCity reads them; with `--format json` on standard error | – | – |

use std::io::Write;
use std::path::{Path, PathBuf};

use octane_client::{Comparison, FailedTest, Report, ReportedProblem};
use octane_model::clean;

use super::report::{markdown as rendered, summary};
use super::{markdown, printer, secrets, stderr};
use crate::args::Format;
use crate::env;
use crate::exit::Exit;
use crate::failure::Failure;

/// How many problems are annotated; GitHub shows ten of a kind per step.
const PROBLEMS_MAX: usize = 10;

/// The CI systems that understand annotations in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum System {
    /// GitHub Actions, workflow commands.
    Github,
    /// Azure Pipelines, logging commands.
    Azure,
    /// TeamCity, service messages.
    TeamCity,
}

/// The system that the process runs in.
pub(super) fn system(variable: impl Fn(&str) -> Option<String>) -> Option<System> {
    let is_true =
        |name: &str| variable(name).is_some_and(|value| value.eq_ignore_ascii_case("true"));
    if is_true("GITHUB_ACTIONS") {
        Some(System::Github)
    } else if is_true("TF_BUILD") {
        Some(System::Azure)
    } else {
        let version = variable("TEAMCITY_VERSION").unwrap_or_default();
        (!version.trim().is_empty()).then_some(System::TeamCity)
    }
}

impl System {
    /// One line of the log.
    pub(super) fn line(self, is_error: bool, text: &str, position: Option<(&str, u64)>) -> String {
        let level = if is_error { "error" } else { "warning" };
        match self {
            Self::Github => {
                let position = position.map_or_else(String::new, |(file, line)| {
                    format!("file={},line={line},", self.property(file))
                });
                let text = self.message(text);
                format!("::{level} {position}title=Octane::{text}")
            }
            Self::Azure => {
                let position = position.map_or_else(String::new, |(file, line)| {
                    format!(";sourcepath={};linenumber={line}", self.property(file))
                });
                let text = self.message(text);
                format!("##vso[task.logissue type={level}{position}]{text}")
            }
            Self::TeamCity => {
                let position =
                    position.map_or_else(String::new, |(file, line)| format!(" ({file}:{line})"));
                let text = self.message(&format!("Octane: {text}{position}"));
                if is_error {
                    format!("##teamcity[buildProblem description='{text}']")
                } else {
                    format!("##teamcity[message text='{text}' status='WARNING']")
                }
            }
        }
    }

    /// What follows a command, on the same line.
    fn message(self, text: &str) -> String {
        let text = clean(&secrets::redact(text)).into_owned();
        self.escaped(&text)
    }

    /// A line that is part of a command and means itself.
    pub(super) fn escaped(self, text: &str) -> String {
        match self {
            Self::Github => text.replace('%', "%25"),
            Self::Azure => text.replace('%', "%AZP25"),
            Self::TeamCity => text
                .replace('|', "||")
                .replace('\'', "|'")
                .replace('[', "|[")
                .replace(']', "|]"),
        }
    }

    /// A value inside of a command.
    fn property(self, text: &str) -> String {
        let text = self.message(text);
        match self {
            Self::Github => text.replace(':', "%3A").replace(',', "%2C"),
            Self::Azure => text.replace(';', "%3B").replace(']', "%5D"),
            Self::TeamCity => text,
        }
    }

    /// Prints a command where the system reads it. Standard output in JSON is a document and nothing else.
    fn print(self, command: &str, format: Format) {
        if self == Self::TeamCity && format == Format::Human {
            // If standard output cannot be written, the answer could not be either.
            let _ = printer::write_file(command.as_bytes());
        } else {
            stderr::print_command(command);
        }
    }

    /// Shows a summary in Markdown.
    fn summarize(self, markdown: &str) {
        match self {
            Self::Github => {
                let _ = append("GITHUB_STEP_SUMMARY", markdown);
            }
            Self::Azure => {
                if let Ok(path) = kept("AGENT_TEMPDIRECTORY", markdown) {
                    let path = self.escaped(&path.display().to_string());
                    stderr::print_command(&format!("##vso[task.uploadsummary]{path}"));
                }
            }
            Self::TeamCity => {}
        }
    }

    /// Problems in detail, each with its test and its position.
    fn print_problems(self, problems: &[ReportedProblem], format: Format) {
        for problem in problems.iter().take(PROBLEMS_MAX) {
            let position = problem.position.as_ref();
            let position = position.map(|position| (&*position.file, position.line));
            let message = match &problem.test {
                Some(test) => format!("{test}: {}", problem.message),
                None => problem.message.clone(),
            };
            self.print(&self.line(false, &message, position), format);
        }
    }
}

/// Reports an upload that failed.
pub(crate) fn report(
    report: &Report,
    comparison: Option<&Comparison>,
    failed_tests: Option<&[FailedTest]>,
    exit: Exit,
    is_error: bool,
    format: Format,
) {
    let Some(system) = system(env::text) else {
        return;
    };
    if exit != Exit::Success {
        let counts = &report.counts;
        let summary = format!(
            "{}: {} read, {} ingested, {} rejected, {} invalid, {} pending (upload {})",
            exit.meaning_of(report.journal.is_some()),
            counts.read,
            counts.ingested,
            counts.rejected,
            counts.invalid,
            counts.pending,
            report.upload_id
        );
        system.print(&system.line(is_error, &summary, None), format);
        system.print_problems(&report.problems, format);
    }
    let summary = summary(report, comparison, failed_tests);
    system.summarize(&rendered(&summary, 3));
}

/// Reports an upload that ended without a report.
pub(crate) fn failure(failure: &Failure, is_error: bool, format: Format) {
    if let Some(system) = system(env::text) {
        let text = format!("{:#}", failure.error);
        system.print(&system.line(is_error, &text, None), format);
        system.print_problems(&failure.problems, format);
        let outcome = failure.exit.word();
        let text = markdown::escaped(&text);
        system.summarize(&format!("### Octane: {outcome}\n\n{text}\n"));
    }
}

/// Reports that a command failed whose results were uploaded, or that it did not write all of its reports.
pub(crate) fn command(reason: &str, format: Format) {
    if let Some(system) = system(env::text) {
        system.print(&system.line(true, reason, None), format);
        system.summarize(&format!("\n{}\n", markdown::escaped(reason)));
    }
}

/// Reports an invalid command line.
pub(crate) fn usage(text: &str, format: Format) {
    if let Some(system) = system(env::text) {
        system.print(&system.line(true, text, None), format);
    }
}

pub(super) fn append(variable: &str, text: &str) -> std::io::Result<()> {
    let Some(path) = env::read(variable) else {
        return Ok(());
    };
    std::fs::File::options()
        .append(true)
        .create(true)
        .open(path)?
        .write_all(text.as_bytes())
}

/// Writes a file that stays there for the system to read, into the directory that a variable names.
fn kept(variable: &str, text: &str) -> std::io::Result<PathBuf> {
    let directory = env::read(variable).ok_or(std::io::ErrorKind::NotFound)?;
    let mut named = tempfile::Builder::new();
    let named = named.prefix("octane-").suffix(".md");
    let mut file = named.tempfile_in(Path::new(&directory))?;
    file.write_all(text.as_bytes())?;
    Ok(file.keep()?.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_system_gets_its_own_format() {
        let in_github = System::Github.line(true, "50 %\nlost", Some(("a,b.xml", 7)));
        assert_eq!(
            in_github,
            r"::error file=a%2Cb.xml,line=7,title=Octane::50 %25\nlost"
        );
        let in_azure = System::Azure.line(false, "50 %\nlost", Some(("a;b].xml", 7)));
        assert_eq!(
            in_azure,
            r"##vso[task.logissue type=warning;sourcepath=a%3Bb%5D.xml;linenumber=7]50 %AZP25\nlost"
        );
        let in_teamcity = System::TeamCity.line(false, "it's | [50 %]\nlost", Some(("a'b.xml", 7)));
        assert_eq!(
            in_teamcity,
            r"##teamcity[message text='Octane: it|'s || |[50 %|]\nlost (a|'b.xml:7)' status='WARNING']"
        );
        let fatal = System::TeamCity.line(true, "lost", None);
        assert_eq!(fatal, "##teamcity[buildProblem description='Octane: lost']");
    }

    #[test]
    fn neither_a_text_nor_a_file_name_starts_another_command() {
        let evil = "a\n##vso[task.setvariable variable=x]y\n::set-output name=x::y";
        let in_github = System::Github.line(true, evil, Some((evil, 1)));
        assert!(in_github.starts_with("::error file="), "{in_github}");
        let in_azure = System::Azure.line(true, evil, Some((evil, 1)));
        assert_eq!(in_azure.matches("##vso[").count(), 1, "{in_azure}");
        let in_teamcity = System::TeamCity.line(true, evil, Some((evil, 1)));
        for line in [in_github, in_azure, in_teamcity] {
            assert!(
                !line.contains('\n') && !line.contains("::set-output"),
                "{line}"
            );
            assert!(!line[1..].contains("##vso["), "{line}");
        }
    }

    #[test]
    fn the_system_is_detected_from_the_environment() {
        let with =
            |name: &'static str| system(move |asked| (asked == name).then(|| "true".to_owned()));
        assert_eq!(with("GITHUB_ACTIONS"), Some(System::Github));
        assert_eq!(with("TF_BUILD"), Some(System::Azure));
        assert_eq!(with("TEAMCITY_VERSION"), Some(System::TeamCity));
        assert_eq!(with("HOME"), None);
    }
}
