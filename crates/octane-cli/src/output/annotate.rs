//! Annotations for CI systems: problems in the form that the system highlights.

use std::io::Write;

use octane_client::Report;

use crate::env;
use crate::exit::Exit;
use crate::failure::Failure;

/// How many problems are annotated; GitHub shows ten of a kind per step.
const PROBLEMS_MAX: usize = 10;

/// The CI systems that understand annotations in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum System {
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
    fn line(self, is_error: bool, text: &str, position: Option<(&str, u64)>) -> String {
        let level = if is_error { "error" } else { "warning" };
        match self {
            Self::Github => {
                let position = position.map_or_else(String::new, |(file, line)| {
                    format!("file={},line={line},", escaped(file, true))
                });
                let text = escaped(text, false);
                format!("::{level} {position}title=Octane::{text}")
            }
            Self::Azure => {
                let position = position.map_or_else(String::new, |(file, line)| {
                    format!(
                        ";sourcepath={};linenumber={line}",
                        file.replace([';', ']'], "_")
                    )
                });
                let text = text.replace(['\r', '\n'], " ");
                format!("##vso[task.logissue type={level}{position}]{text}")
            }
        }
    }
}

/// A command of GitHub's ends with the line; a property also ends at a comma or colon.
fn escaped(text: &str, is_property: bool) -> String {
    let text = text
        .replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A");
    if is_property {
        text.replace(':', "%3A").replace(',', "%2C")
    } else {
        text
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
        say(&system.line(is_error, &summary, None));
        for problem in report.problems.iter().take(PROBLEMS_MAX) {
            let position = problem.position.as_ref();
            let position = position.map(|position| (&*position.file, position.line));
            let message = match &problem.test {
                Some(test) => format!("{test}: {}", problem.message),
                None => problem.message.clone(),
            };
            say(&system.line(false, &message, position));
        }
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
        say(&system.line(is_error, &text, None));
        if system == System::Github {
            let outcome = failure.exit.word();
            // How much was ingested is not known here: an earlier attempt may have delivered some of it.
            let mut outputs = format!("outcome={outcome}\n");
            if let Some(id) = &failure.upload_id {
                outputs.push_str(&format!("upload-id={id}\n"));
            }
            let _ = append("GITHUB_OUTPUT", &outputs);
            let table = format!("### Octane: {outcome}\n\n{text}\n");
            let _ = append("GITHUB_STEP_SUMMARY", &table);
        }
    }
}

/// Reports an invalid command line.
pub(crate) fn usage(text: &str) {
    if let Some(system) = system(env::text) {
        say(&system.line(true, text, None));
    }
}

fn say(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// `outcome`, `ingested`, `upload-id` and `suite-run-id` for later steps.
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
    text
}

fn table(report: &Report) -> String {
    let counts = &report.counts;
    format!(
        "### Octane: {}\n\n| read | ingested | rejected | invalid | pending |\n| ---: | ---: | ---: | ---: | ---: |\n| {} | {} | {} | {} | {} |\n",
        report.target.suite_run.name.replace('|', "\\|"),
        counts.read,
        counts.ingested,
        counts.rejected,
        counts.invalid,
        counts.pending
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
            "::error file=a%2Cb.xml,line=7,title=Octane::50 %25%0Alost"
        );
        let in_azure = System::Azure.line(false, "a\nb", Some(("a.xml", 7)));
        assert_eq!(
            in_azure,
            "##vso[task.logissue type=warning;sourcepath=a.xml;linenumber=7]a b"
        );
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
