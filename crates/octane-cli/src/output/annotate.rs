//! Annotations for CI systems: problems in the form that the system highlights.

use std::io::Write;

use octane_client::{Report, ReportedProblem};
use octane_model::clean;

use super::{markdown, secrets, stderr};
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
}

/// The system that the process runs in.
fn system(variable: impl Fn(&str) -> Option<String>) -> Option<System> {
    let is_true =
        |name: &str| variable(name).is_some_and(|value| value.eq_ignore_ascii_case("true"));
    if is_true("GITHUB_ACTIONS") {
        Some(System::Github)
    } else if is_true("TF_BUILD") {
        Some(System::Azure)
    } else {
        None
    }
}

impl System {
    /// One line of the log.
    pub(super) fn line(self, is_error: bool, text: &str, position: Option<(&str, u64)>) -> String {
        let level = if is_error { "error" } else { "warning" };
        let position = position.map(|(file, line)| (self.property(file), line));
        let text = self.message(text);
        match self {
            Self::Github => {
                let position = position.map_or_else(String::new, |(file, line)| {
                    format!("file={file},line={line},")
                });
                format!("::{level} {position}title=Octane::{text}")
            }
            Self::Azure => {
                let position = position.map_or_else(String::new, |(file, line)| {
                    format!(";sourcepath={file};linenumber={line}")
                });
                format!("##vso[task.logissue type={level}{position}]{text}")
            }
        }
    }

    /// What follows a command, on the same line.
    fn message(self, text: &str) -> String {
        let text = clean(&secrets::redact(text)).into_owned();
        match self {
            Self::Github => text.replace('%', "%25"),
            Self::Azure => text.replace('%', "%AZP25"),
        }
    }

    /// A value inside of a command.
    fn property(self, text: &str) -> String {
        let text = self.message(text);
        match self {
            Self::Github => text.replace(':', "%3A").replace(',', "%2C"),
            Self::Azure => text.replace(';', "%3B").replace(']', "%5D"),
        }
    }

    /// Problems in detail, each with its test and its position.
    fn print_problems(self, problems: &[ReportedProblem]) {
        for problem in problems.iter().take(PROBLEMS_MAX) {
            let position = problem.position.as_ref();
            let position = position.map(|position| (&*position.file, position.line));
            let message = match &problem.test {
                Some(test) => format!("{test}: {}", problem.message),
                None => problem.message.clone(),
            };
            stderr::print_command(&self.line(false, &message, position));
        }
    }
}

/// Reports an upload that failed, and passes on what later steps of a workflow need.
pub(crate) fn report(report: &Report, exit: Exit, is_error: bool) {
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
        stderr::print_command(&system.line(is_error, &summary, None));
        system.print_problems(&report.problems);
    }
    if system == System::Github {
        let _ = append("GITHUB_OUTPUT", &outputs(report));
        let _ = append("GITHUB_STEP_SUMMARY", &table(report));
    }
}

/// Reports an upload that ended without a report.
pub(crate) fn failure(failure: &Failure, is_error: bool) {
    if let Some(system) = system(env::text) {
        let text = format!("{:#}", failure.error);
        stderr::print_command(&system.line(is_error, &text, None));
        system.print_problems(&failure.problems);
        if system == System::Github {
            let outcome = failure.exit.word();
            // How much was ingested is not known here: an earlier attempt may have delivered some of it.
            let mut outputs = format!("outcome={outcome}\n");
            if let Some(id) = &failure.upload_id {
                outputs.push_str(&format!("upload-id={id}\n"));
            }
            let _ = append("GITHUB_OUTPUT", &outputs);
            let table = format!("### Octane: {outcome}\n\n{}\n", markdown::escaped(&text));
            let _ = append("GITHUB_STEP_SUMMARY", &table);
        }
    }
}

/// Reports an invalid command line.
pub(crate) fn usage(text: &str) {
    if let Some(system) = system(env::text) {
        stderr::print_command(&system.line(true, text, None));
    }
}

/// `outcome`, `ingested`, `upload-id`, `suite-run-id` and `suite-run-url` for later steps.
fn outputs(report: &Report) -> String {
    let outcome = serde_json::to_value(report.outcome).unwrap_or_default();
    let mut text = format!(
        "outcome={}\ningested={}\nupload-id={}\n",
        outcome.as_str().unwrap_or_default(),
        report.counts.ingested,
        report.upload_id
    );
    if let Some(id) = report.target.suite_run.id {
        text.push_str(&format!("suite-run-id={id}\n"));
    }
    if let Some(url) = &report.target.url {
        text.push_str(&format!("suite-run-url={url}\n"));
    }
    text
}

fn table(report: &Report) -> String {
    let counts = &report.counts;
    let name = markdown::escaped(&report.target.suite_run.name);
    let title = match &report.target.url {
        Some(url) => format!("[{name}]({url})"),
        None => name,
    };
    format!(
        "### Octane: {title}\n\n| read | ingested | rejected | invalid | pending |\n| ---: | ---: | ---: | ---: | ---: |\n| {} | {} | {} | {} | {} |\n",
        counts.read, counts.ingested, counts.rejected, counts.invalid, counts.pending
    )
}

fn append(variable: &str, text: &str) -> std::io::Result<()> {
    let Some(path) = env::read(variable) else {
        return Ok(());
    };
    std::fs::File::options()
        .append(true)
        .create(true)
        .open(path)?
        .write_all(text.as_bytes())
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
    }

    #[test]
    fn neither_a_text_nor_a_file_name_starts_another_command() {
        let evil = "a\n##vso[task.setvariable variable=x]y\n::set-output name=x::y";
        let in_github = System::Github.line(true, evil, Some((evil, 1)));
        assert!(in_github.starts_with("::error file="), "{in_github}");
        let in_azure = System::Azure.line(true, evil, Some((evil, 1)));
        assert_eq!(in_azure.matches("##vso[").count(), 1, "{in_azure}");
        for line in [in_github, in_azure] {
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
        assert_eq!(with("HOME"), None);
    }
}
