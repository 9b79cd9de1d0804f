//! Test cases.

use std::time::Duration;

use jiff::Timestamp;

use super::suite::Suite;
use crate::duration::{DurationError, seconds};
use crate::invalid::shortened;
use crate::read::line_column::LineColumn;
use crate::read::options::ReadOptions;
use crate::run::{Failure, TestRun};
use crate::status::Status;
use crate::warning::WarningKind;

/// An open `testcase`.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) place: LineColumn,
    pub(super) started: Option<Timestamp>,
    pub(super) jira: Vec<String>,
    pub(super) attempts: Vec<Attempt>,
    name: String,
    class: String,
    time: Option<String>,
    /// The values of the attributes `status` and `result`.
    status_attributes: Vec<String>,
}

/// The result of one attempt: a `failure`, an `error`, a `skipped` or one of several reruns.
#[derive(Debug)]
pub(super) struct Attempt {
    kind: AttemptKind,
    type_name: Option<String>,
    message: Option<String>,
    text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AttemptKind {
    Failure,
    Error,
    Skipped,
    RerunFailure,
    RerunError,
    /// An earlier attempt of a case that passed in the end.
    Flaky,
}

impl AttemptKind {
    fn from_element(name: &str) -> Option<Self> {
        Some(match name {
            "failure" => Self::Failure,
            "error" => Self::Error,
            "skipped" => Self::Skipped,
            "rerunFailure" => Self::RerunFailure,
            "rerunError" => Self::RerunError,
            "flakyFailure" | "flakyError" => Self::Flaky,
            _ => return None,
        })
    }

    /// The heading of a failure that is appended to another one.
    fn title(self) -> &'static str {
        match self {
            Self::Failure => "failure",
            Self::Error => "error",
            Self::RerunFailure => "failure of a further attempt",
            Self::RerunError => "error of a further attempt",
            Self::Skipped | Self::Flaky => "",
        }
    }

    fn is_failed(self) -> bool {
        match self {
            Self::Failure | Self::Error | Self::RerunFailure | Self::RerunError => true,
            Self::Skipped | Self::Flaky => false,
        }
    }
}

impl Attempt {
    pub(super) fn is_attempt(element: &str) -> bool {
        AttemptKind::from_element(element).is_some()
    }

    pub(super) fn new(element: &str) -> Self {
        Self {
            kind: AttemptKind::from_element(element).unwrap_or(AttemptKind::Error),
            type_name: None,
            message: None,
            text: String::new(),
        }
    }

    /// Sets an attribute.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        let field = match name {
            "type" => &mut self.type_name,
            "message" => &mut self.message,
            _ => return,
        };
        *field = Some(value.trim().to_owned()).filter(|value| !value.is_empty());
    }

    /// Sets the text between the tags, without empty lines around it.
    pub(super) fn set_text(&mut self, text: &str) {
        let text = text.trim_end();
        let leading = text.len() - text.trim_start().len();
        let start = text[..leading].rfind('\n').map_or(0, |at| at + 1);
        text[start..].clone_into(&mut self.text);
    }

    /// Appends the whole failure to the details of another one.
    fn append_to(&self, details: &mut String) {
        let title = Some(self.kind.title());
        let parts = [title, self.type_name.as_deref(), self.message.as_deref()];
        let heading = parts.into_iter().flatten().collect::<Vec<_>>().join(": ");
        for part in [heading.as_str(), &self.text] {
            if !part.is_empty() {
                details.push_str(part);
                details.push('\n');
            }
        }
    }
}

impl Case {
    pub(super) fn new(place: LineColumn) -> Self {
        Self {
            place,
            started: None,
            jira: Vec::new(),
            attempts: Vec::new(),
            name: String::new(),
            class: String::new(),
            time: None,
            status_attributes: Vec::new(),
        }
    }

    /// Sets an attribute.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        let value = value.trim();
        match name {
            "name" => value.clone_into(&mut self.name),
            "classname" if !value.is_empty() => value.clone_into(&mut self.class),
            "class" if self.class.is_empty() => value.clone_into(&mut self.class),
            "time" => self.time = Some(value.to_owned()),
            "status" | "result" => self.status_attributes.push(value.to_owned()),
            _ => {}
        }
    }

    /// Converts the case to a run.
    pub(super) fn into_run(
        mut self,
        suite: &mut Suite,
        options: &ReadOptions,
        warn: &mut dyn FnMut(WarningKind),
    ) -> TestRun {
        if self.name.is_empty() {
            suite.unnamed += 1;
            self.name = format!("unnamed test {}", suite.unnamed);
            let given = self.name.clone();
            warn(WarningKind::Unnamed { given });
        }
        let status = self.status(options, warn);
        let mut run = TestRun::new(std::mem::take(&mut self.name), status);
        self.identify(&mut run, suite, options);
        run.duration = self.duration(warn);
        run.started = self.started.or(suite.started);
        run.failure = failure(&self.attempts);
        if status == Status::Skipped {
            run.description = (self.attempts.into_iter())
                .find(|attempt| attempt.kind == AttemptKind::Skipped)
                .and_then(|skipped| skipped.message.or(Some(skipped.text)))
                .filter(|reason| !reason.is_empty());
        }
        run.jira = self.jira;
        for key in &suite.jira {
            if !run.jira.contains(key) {
                run.jira.push(key.clone());
            }
        }
        run
    }

    fn status(&self, options: &ReadOptions, warn: &mut dyn FnMut(WarningKind)) -> Status {
        let has = |kind| self.attempts.iter().any(|attempt| attempt.kind == kind);
        if self.attempts.iter().any(|attempt| attempt.kind.is_failed()) {
            return Status::Failed;
        }
        if has(AttemptKind::Skipped) {
            return Status::Skipped;
        }
        if has(AttemptKind::Flaky) {
            return Status::Passed;
        }
        let mut status = Status::Passed;
        for word in &self.status_attributes {
            match options
                .status_aliases
                .status(word)
                .or_else(|| native_status(word))
            {
                Some(Status::Failed) => return Status::Failed,
                Some(Status::Passed) => {}
                Some(other) => status = other,
                None => warn(WarningKind::StatusWord {
                    value: shortened(word),
                }),
            }
        }
        status
    }

    fn identify(&self, run: &mut TestRun, suite: &Suite, options: &ReadOptions) {
        let identity = &mut run.identity;
        suite.package.clone_into(&mut identity.package);
        if self.class.is_empty() {
            suite.class.clone_into(&mut identity.class);
        } else {
            let package = if suite.package.is_empty() {
                options.suite_path.package()
            } else {
                &suite.package
            };
            let (prefix, class) = split_class(&self.class, package);
            class.clone_into(&mut identity.class);
            if identity.package.is_empty() {
                prefix.clone_into(&mut identity.package);
            }
        }
        options.suite_path.complete(identity);
    }

    fn duration(&self, warn: &mut dyn FnMut(WarningKind)) -> Duration {
        let Some(time) = &self.time else {
            return Duration::ZERO;
        };
        match seconds(time) {
            Ok(duration) => duration,
            Err(DurationError::Empty) => Duration::ZERO,
            Err(reason) => {
                let value = shortened(time);
                warn(WarningKind::Duration { value, reason });
                Duration::ZERO
            }
        }
    }
}

/// Values of `status` and `result` that are specific to `GoogleTest` and Bazel.
fn native_status(word: &str) -> Option<Status> {
    match word {
        "" | "run" | "completed" => Some(Status::Passed),
        "suppressed" => Some(Status::Skipped),
        _ => None,
    }
}

/// The first failure, with further ones appended to its details.
fn failure(attempts: &[Attempt]) -> Option<Failure> {
    let mut failed = attempts.iter().filter(|attempt| attempt.kind.is_failed());
    let first = failed.next()?;
    let mut details = first.text.clone();
    for further in failed {
        if !details.is_empty() {
            details.push_str("\n\n");
        }
        further.append_to(&mut details);
        details.truncate(details.trim_end().len());
    }
    Some(Failure {
        error_type: first.type_name.clone(),
        message: first.message.clone(),
        details,
    })
}

/// Splits a `classname` into package and class, as described in the module documentation.
///
/// If `package` is already known, only this prefix is removed.
fn split_class<'c>(classname: &'c str, package: &str) -> (&'c str, &'c str) {
    if !package.is_empty() {
        let below = classname.strip_prefix(package);
        let class = below
            .and_then(|below| below.strip_prefix('.'))
            .filter(|class| !class.is_empty());
        return ("", class.unwrap_or(classname));
    }
    let is_identifier = |segment: &str| {
        segment.starts_with(|char: char| char.is_alphabetic() || char == '_')
            && segment
                .chars()
                .all(|char| char.is_alphanumeric() || matches!(char, '_' | '$'))
    };
    match classname.rsplit_once('.') {
        Some((prefix, class))
            if classname.split('.').all(is_identifier) && !is_file_extension(class) =>
        {
            (prefix, class)
        }
        _ => ("", classname),
    }
}

/// Whether the last segment is a file extension, as in the `classname` of JavaScript tools.
fn is_file_extension(segment: &str) -> bool {
    const EXTENSIONS: [&str; 24] = [
        "bats", "c", "cc", "cjs", "cpp", "cs", "cts", "dart", "ex", "exs", "feature", "go", "java",
        "js", "jsx", "kt", "mjs", "mts", "php", "py", "rb", "rs", "ts", "tsx",
    ];
    EXTENSIONS.contains(&segment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn class_names_are_split_where_a_package_ends() {
        for (classname, package, expected) in [
            ("shop.cart.TaxTest", "", ("shop.cart", "TaxTest")),
            ("test.test_spark", "", ("test", "test_spark")),
            ("a.Outer$Inner", "", ("a", "Outer$Inner")),
            ("TaxTest", "", ("", "TaxTest")),
            ("widget.test.js", "", ("", "widget.test.js")),
            ("Cart shows. totals", "", ("", "Cart shows. totals")),
            ("tests/cart.spec", "", ("", "tests/cart.spec")),
            ("v1.2.Test", "", ("", "v1.2.Test")),
            (".Test", "", ("", ".Test")),
            ("shop.cart.TaxTest", "shop.cart", ("", "TaxTest")),
            ("shop.cart.TaxTest", "shop", ("", "cart.TaxTest")),
            ("shop.cart.TaxTest", "Checkout", ("", "shop.cart.TaxTest")),
            ("shopping.TaxTest", "shop", ("", "shopping.TaxTest")),
        ] {
            assert_eq!(
                split_class(classname, package),
                expected,
                "{classname} in {package}"
            );
        }
    }

    #[test]
    fn empty_lines_around_a_text_are_removed_and_its_indent_is_kept() {
        let mut attempt = Attempt::new("failure");
        attempt.set_text("\n  \n    at a\n  at b\n  ");
        assert_eq!(attempt.text, "    at a\n  at b");
        attempt.set_text(" \n ");
        assert_eq!(attempt.text, "");
    }
}
