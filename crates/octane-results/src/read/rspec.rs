//! The JSON report of `RSpec`, of `--format json`. What the gem `rspec_junit_formatter` writes is `JUnit`.
//!
//! | status of an example | means |
//! | --- | --- |
//! | `passed` | passed, unless it has an exception |
//! | `failed` | failed |
//! | `pending` | skipped |
//! | any other | a word of [`StatusAliases`](crate::StatusAliases), or the result is invalid |
//!
//! Where the format leaves room, this reader decides:
//!
//! - The **class** is the file, without its extension and with dots for slashes, such as `spec.models.cart_spec`, and the **name** is the
//!   full description, as in the reports of `rspec_junit_formatter`. The file is that of the `id`: a shared example belongs to the
//!   file that includes it. It is part of the origin.
//! - The reason of a pending example is its description.
//! - Errors outside of examples, such as a file that could not be loaded, are one failed result, called `[run]`, with the messages of the
//!   report as its details. So is a report that counts failures, although none of its results has failed.
//! - A dry run (`--dry-run`) looks like a run that has passed.

use serde_json::Value;

use super::line_column::LineColumn;
use super::report::fields::{field, plain, shared};
use super::report::json::{JsonFormat, ShownPath, Step, is_path, items, text};
use super::report::xml::Visit;
use super::report::{DeclaredFailures, Draft, Outcome, ReportFile, Took};
use super::run_errors::RUN;
use crate::run::Failure;
use crate::status::Status;

const WORDS: [(&str, Status); 3] = [
    ("passed", Status::Passed),
    ("failed", Status::Failed),
    ("pending", Status::Skipped),
];

/// A report of `RSpec`.
#[derive(Debug, Default)]
pub(crate) struct Rspec {
    failures: DeclaredFailures,
    /// How many errors were outside of examples.
    errors: u64,
    /// Where the report counts them.
    place: LineColumn,
    messages: Vec<String>,
}

impl JsonFormat for Rspec {
    fn visit(&self, path: &[Step]) -> Visit {
        let is_wanted = |names: &[&str]| is_path(path, names);
        if path.is_empty() || is_wanted(&["examples"]) {
            Visit::Enter
        } else if is_wanted(&["examples", "*"])
            || is_wanted(&["summary"])
            || is_wanted(&["messages"])
        {
            Visit::Collect
        } else {
            Visit::Skip
        }
    }

    fn value(&mut self, path: &[Step], value: Value, place: LineColumn, file: &mut ReportFile) {
        match path {
            [_, Step::Index(_)] => {
                let mut draft = draft(&value, file);
                self.failures.see(&draft, &as_reported(&value));
                draft.place = place;
                draft.path = ShownPath(path).to_string();
                file.push(draft);
            }
            [Step::Name(name)] if name == "summary" => {
                let count = |name| value.get(name).and_then(Value::as_u64).unwrap_or_default();
                self.failures.declared = count("failure_count");
                self.errors = count("errors_outside_of_examples_count");
                self.place = place;
            }
            [Step::Name(name)] if name == "messages" => {
                let messages = items(Some(&value)).iter();
                let messages = messages.filter_map(|message| text(Some(message)));
                self.messages = messages.map(|message| plain(&message)).collect();
            }
            _ => {}
        }
    }

    fn end(&mut self, file: &mut ReportFile) {
        let errors = (self.errors > 0).then(|| self.outside());
        let failure = errors.or_else(|| self.failures.unshown("the report"));
        if let Some(failure) = failure {
            file.push(Draft::failed(self.place, RUN, failure));
        }
    }
}

impl Rspec {
    /// The errors outside of examples.
    fn outside(&self) -> Failure {
        let lines = self.messages.iter().flat_map(|message| message.lines());
        let mut errors = lines.filter(|line| line.contains("error occurred"));
        let unknown = "an error occurred outside of the examples";
        Failure::new(errors.next().unwrap_or(unknown)).details(self.messages.join("\n\n"))
    }
}

/// The outcome by the words of the format, whatever the user says of them.
fn as_reported(example: &Value) -> Outcome {
    let word = field(example, "status");
    word.map_or(Outcome::Missing, |word| Draft::outcome_by(&word, &WORDS))
}

fn draft(example: &Value, file: &ReportFile) -> Draft {
    let failure = example.get("exception").and_then(failure);
    let outcome = field(example, "status").map_or(Outcome::Missing, |word| {
        file.outcome_with(&word, &WORDS, failure.is_some())
    });
    let short = field(example, "description").unwrap_or_default();
    let name = field(example, "full_description").unwrap_or_else(|| short.clone());
    let path = path(example);
    let class = class(&path).unwrap_or_else(|| {
        let groups = name.strip_suffix(&*short).unwrap_or_default();
        groups.trim().to_owned()
    });
    let mut draft = Draft::new(LineColumn::START, name, outcome);
    draft.is_class_whole = path.is_empty();
    draft.class = class;
    draft.origin.file = shared(&path);
    draft.duration = field(example, "run_time").map_or(Took::Unknown, Took::Seconds);
    draft.description = field(example, "pending_message");
    draft.failure = failure;
    draft
}

/// The file of the group that an example is in: that of its `id`, such as `./spec/cart_spec.rb[1:2]`.
fn path(example: &Value) -> String {
    let id = field(example, "id").unwrap_or_default();
    let path = id.rsplit_once('[').map(|(path, _)| path.to_owned());
    let path = path.or_else(|| field(example, "file_path"));
    path.unwrap_or_default().replace('\\', "/")
}

/// The class that `rspec_junit_formatter` makes of a path; `None` if nothing of it remains.
fn class(path: &str) -> Option<String> {
    let base = path.rfind('/').map_or(0, |slash| slash + 1);
    let end = path[base..].find('.').map_or(path.len(), |dot| base + dot);
    let class = path[..end].replace('/', ".");
    let class = class.trim_matches('.');
    (!class.is_empty()).then(|| class.to_owned())
}

fn failure(exception: &Value) -> Option<Failure> {
    let error_type = field(exception, "class");
    let message = field(exception, "message").map(|message| plain(&message));
    let message = message.filter(|message| !message.is_empty());
    let backtrace = items(exception.get("backtrace")).iter();
    let backtrace = backtrace.filter_map(|line| text(Some(line)));
    let details: Vec<String> = message.clone().into_iter().chain(backtrace).collect();
    let says_anything = error_type.is_some() || !details.is_empty();
    says_anything.then(|| Failure {
        error_type,
        message,
        details: details.join("\n"),
    })
}

#[cfg(test)]
mod tests {
    use crate::read::report::shown::{assert_shown, results, shown};

    /// A report with these examples and this summary.
    fn report(examples: &str, summary: &str) -> String {
        format!(
            r#"{{"version":"3.13.0","messages":["Run options: include","\nAn error occurred while loading ./spec/b_spec.rb.\nFailure/Error: boom"],
            "examples":[{examples}],"summary":{{"duration":0.01,"example_count":1{summary}}},"summary_line":"1 example"}}"#
        )
    }

    fn example(fields: &str) -> String {
        format!(
            r#"{{"id":"./spec/models/cart_spec.rb[1:1]","description":"adds","full_description":"Cart adds","file_path":"./spec/models/cart_spec.rb",
            "line_number":3,{fields}}}"#
        )
    }

    #[test]
    fn each_status_means_what_the_table_says() {
        let failed = r#""status":"failed","run_time":0.5,"pending_message":null,
            "exception":{"class":"RSpec::Expectations::ExpectationNotMetError","message":"\nexpected: 2\n     got: 1\n","backtrace":["./spec/models/cart_spec.rb:4","x.rb:1"]}"#;
        for (fields, expected) in [
            (
                r#""status":"passed","run_time":0.25"#,
                "Passed spec.models.cart_spec.Cart adds 250ms",
            ),
            (
                r#""status":"pending","pending_message":"No reason given""#,
                "Skipped spec.models.cart_spec.Cart adds (No reason given)",
            ),
            (
                r#""status":"failed""#,
                "Failed spec.models.cart_spec.Cart adds",
            ),
        ] {
            let found = shown(&report(&example(fields), ""));
            assert_eq!(found, expected);
        }
        let runs = results(&report(&example(failed), r#","failure_count":1"#));
        assert_eq!(runs.len(), 1);
        let failure = runs[0].failure.as_ref().unwrap();
        assert_eq!(failure.message.as_deref(), Some("expected: 2\n     got: 1"));
        assert_eq!(
            failure.error_type.as_deref(),
            Some("RSpec::Expectations::ExpectationNotMetError")
        );
        assert!(
            failure
                .details
                .ends_with("./spec/models/cart_spec.rb:4\nx.rb:1")
        );
        let passed = failed.replace(r#""status":"failed""#, r#""status":"passed""#);
        assert!(shown(&report(&example(&passed), "")).starts_with("Failed"));
        for fields in [r#""status":"odd""#, r#""status":"""#, r#""run_time":1"#] {
            let found = shown(&report(&example(fields), ""));
            assert!(found.starts_with("invalid in.json:2"), "{found}");
        }
    }

    #[test]
    fn what_went_wrong_outside_of_examples_is_a_failed_result() {
        let errors = r#","failure_count":0,"errors_outside_of_examples_count":1"#;
        let run = "Failed [run] `An error occurred while loading ./spec/b_spec.rb.`";
        assert_shown(&report("", errors), run);
        let passed = example(r#""status":"passed""#);
        assert_eq!(
            shown(&report(&passed, errors)),
            format!("Passed spec.models.cart_spec.Cart adds\n{run}")
        );
        let unshown = shown(&report(&passed, r#","failure_count":2"#));
        assert!(
            unshown.contains("Failed [run] `the report declares 2 failures"),
            "{unshown}"
        );
        let failed = example(r#""status":"failed""#);
        let found = shown(&report(&failed, r#","failure_count":2"#));
        assert!(!found.contains("[run]"), "{found}");
        let none = shown(&report("", ""));
        assert_eq!(none, "warning in.json:1:1: contains no test results");
    }

    #[test]
    fn a_shared_example_belongs_to_the_file_that_includes_it() {
        let of = |id: &str, path: &str| {
            let example = format!(
                r#"{{"id":"{id}","description":"adds","full_description":"Cart adds","status":"passed","file_path":"{path}"}}"#
            );
            shown(&report(&example, ""))
        };
        let expected = "Passed spec.cart_spec.Cart adds";
        assert_eq!(of("./spec/cart_spec.rb[1:1]", "./spec/shared.rb"), expected);
        assert_eq!(of("", "spec/cart_spec.rb"), expected);
        assert_eq!(of("", "./spec/cart_spec.feature.rb"), expected);
        assert_eq!(of("", ""), "Passed Cart.Cart adds");
    }
}
