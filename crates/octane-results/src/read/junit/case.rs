//! Test cases.

use std::time::Duration;

use jiff::Timestamp;

use super::attempt::{Attempt, AttemptKind, failure};
use super::suite::Suite;
use crate::duration::{DurationError, seconds};
use crate::invalid::{InvalidCell, shortened};
use crate::read::line_column::LineColumn;
use crate::read::options::ReadOptions;
use crate::read::status_aliases::StatusAliases;
use crate::run::TestRun;
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
            "success" if value.eq_ignore_ascii_case("false") => {
                self.status_attributes.push("failed".to_owned());
            }
            "executed" if value.eq_ignore_ascii_case("false") => {
                self.status_attributes.push("notexecuted".to_owned());
            }
            _ => {}
        }
    }

    /// Converts the case to a run; fails if its status is unknown, which must not pass for any other one.
    pub(super) fn into_run(
        mut self,
        suite: &mut Suite,
        options: &ReadOptions,
        warn: &mut dyn FnMut(WarningKind),
    ) -> Result<TestRun, InvalidCell> {
        let status = self.status(&options.status_aliases)?;
        if self.name.is_empty() {
            suite.unnamed += 1;
            self.name = format!("unnamed test {}", suite.unnamed);
            let given = self.name.clone();
            warn(WarningKind::Unnamed { given });
        }
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
        Ok(run)
    }

    /// The status by the child elements, and by the attributes if there are none that decide. An attribute that says
    /// "failed" wins over others, and an unknown word never counts as passed.
    fn status(&self, aliases: &StatusAliases) -> Result<Status, InvalidCell> {
        if self.attempts.iter().any(|attempt| attempt.kind.is_failed()) {
            return Ok(Status::Failed);
        }
        let is_skipped = |attempt: &Attempt| attempt.kind == AttemptKind::Skipped;
        if self.attempts.iter().any(is_skipped) {
            return Ok(Status::Skipped);
        }
        let mut found = Status::Passed;
        let mut unknown = None;
        for word in &self.status_attributes {
            match aliases.status(word).or_else(|| native_status(word)) {
                Some(Status::Failed) => return Ok(Status::Failed),
                Some(Status::Passed) => {}
                Some(status) => found = status,
                None => unknown = Some(word),
            }
        }
        match unknown {
            Some(word) => Err(aliases.unknown(None, word)),
            None => Ok(found),
        }
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
}
