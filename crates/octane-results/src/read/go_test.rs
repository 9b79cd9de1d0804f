//! The output of `go test -json`: an event a line.
//!
//! Every test and every subtest is a result, under the path of its Go package, which is kept whole. A test that is run
//! several times (`-count`, or by a tool that repeats failed tests) has as many results; those of one run of the package are
//! repetitions, of which the worst one counts.
//!
//! | event | result |
//! | --- | --- |
//! | `pass`, `bench` of a test | passed |
//! | `fail` of a test | failed |
//! | `skip` of a test | skipped, with the last thing that it logged as the reason |
//! | `run` without an end: a panic, a timeout, `os.Exit` | failed |
//! | `run` of a benchmark without an end | passed if it was measured or its package passed, else failed: Go ends benchmarks only if they fail |
//! | `fail` of a package in which no test failed: it was not built, its `TestMain` or `init` failed | one failed result, called `[package]` |
//! | events of a package without its end, also where it starts again | the same, unless one of its tests failed |
//! | `build-fail` of something that no failed package names | the same, under what was built |
//! | `skip` of a package: it has no tests; since Go 1.22 there may be no more than its coverage | none |
//!
//! An event of any other kind ends no test, so it makes none pass. Other lines are what a build printed;
//! `FAIL shop/cart [build failed]` among them is the failed package of an older Go. A report whose last line is the
//! beginning of an event ends with an invalid result.
//!
//! The output of a failed test is its details: the beginning and the end of a long one. Memory grows with the number of
//! tests that run at the same time, and with the number of packages.

use std::collections::{BTreeMap, HashSet};

use super::error::ReadErrorKind;
use super::line_column::LineColumn;
use super::report::lines::{LineFormat, unmarked};
use super::report::output::Output;
use super::report::{Draft, Outcome, ReportFile, Took};
use crate::run::Failure;
use crate::status::Status;

mod event;
mod output;
mod package;

use event::{Event, NO_END};
use output::{message, plain};
use package::Package;

/// The name of the result of a package that failed without a failed test.
const PACKAGE: &str = "[package]";

#[derive(Debug, Default)]
pub(crate) struct GoTest {
    packages: BTreeMap<String, Package>,
    /// What was built, by its import path.
    builds: BTreeMap<String, Build>,
    /// The packages that have a result of their own.
    failed: HashSet<String>,
    /// What was printed last and belongs to no package.
    plain: Output,
    /// Where the last line is, if it is the beginning of an event.
    cut_off: Option<LineColumn>,
}

/// The build of a package.
#[derive(Debug, Default)]
struct Build {
    place: LineColumn,
    output: Output,
    has_failed: bool,
    /// Whether a failed package names it.
    is_named: bool,
}

impl LineFormat for GoTest {
    fn line(
        &mut self,
        line: &str,
        place: LineColumn,
        file: &mut ReportFile,
    ) -> Result<(), ReadErrorKind> {
        let trimmed = unmarked(line);
        self.cut_off = None;
        match Event::read(trimmed, place) {
            Some(event) => self.event(&event, file),
            None if trimmed.is_empty() => {}
            None => {
                self.cut_off = trimmed.starts_with("{\"").then_some(place);
                self.plain_line(line, place, file);
            }
        }
        Ok(())
    }

    fn end(&mut self, file: &mut ReportFile) {
        for (name, package) in std::mem::take(&mut self.packages) {
            self.end_endless(&name, package, file);
        }
        for (name, build) in std::mem::take(&mut self.builds) {
            if build.has_failed && !build.is_named {
                let failure = Failure::new("build failed").details(plain(&build.output));
                self.push_package(package_of(&name), build.place, failure, Took::Unknown, file);
            }
        }
        if let Some(place) = self.cut_off {
            file.push_cut_off(place);
        }
    }
}

impl GoTest {
    fn event(&mut self, event: &Event, file: &mut ReportFile) {
        let action = event.text("Action");
        if action.starts_with("build-") {
            self.build_event(event);
            return;
        }
        let name = event.text("Package");
        let is_of_package = event.text("Test").is_empty();
        if is_of_package && action == "start" {
            // Streams of several runs may be in one file.
            let has_begun = |earlier: &Package| earlier.has_begun;
            if self.packages.get(name).is_some_and(has_begun)
                && let Some(earlier) = self.packages.remove(name)
            {
                self.end_endless(name, earlier, file);
            }
        }
        let package = self.packages.entry(name.to_owned());
        let package = package.or_insert_with(|| Package::new(event.place));
        if is_of_package {
            match action {
                "start" => package.has_begun = true,
                "output" => package.output.push(event.text("Output")),
                "pass" | "fail" | "skip" => self.end_package(event, file),
                _ => {}
            }
        } else {
            package.test_event(event, file);
        }
    }

    fn build_event(&mut self, event: &Event) {
        let build = self
            .builds
            .entry(event.text("ImportPath").to_owned())
            .or_insert(Build {
                place: event.place,
                ..Build::default()
            });
        match event.text("Action") {
            "build-output" => build.output.push(event.text("Output")),
            "build-fail" => build.has_failed = true,
            _ => {}
        }
    }

    fn end_package(&mut self, event: &Event, file: &mut ReportFile) {
        let name = event.text("Package");
        let Some(mut package) = self.packages.remove(name) else {
            return;
        };
        let is_failed = event.text("Action") == "fail";
        package.end_tests(name, !is_failed, file);
        let failed_build = event.text("FailedBuild");
        let mut details = Output::default();
        if let Some(build) = self.builds.get_mut(failed_build) {
            build.is_named = true;
            details.push(&build.output.text());
            details.push("\n");
        }
        if !is_failed || package.has_failed_test {
            return;
        }
        details.push(&package.output.text());
        if details.is_empty() {
            details = std::mem::take(&mut self.plain);
        }
        let details = plain(&details);
        let message = match message(&details) {
            _ if !failed_build.is_empty() || details.contains("[build failed]") => {
                "build failed".to_owned()
            }
            Some(panic) if panic.starts_with("panic: ") => panic,
            _ => "failed, though none of its tests did".to_owned(),
        };
        let failure = Failure::new(message).details(details);
        self.push_package(name, event.place, failure, event.elapsed(), file);
    }

    /// Ends a package of which there is no end.
    fn end_endless(&mut self, name: &str, mut package: Package, file: &mut ReportFile) {
        package.end_tests(name, false, file);
        if !package.has_failed_test && !package.is_untested() {
            let failure = Failure::new(NO_END).details(plain(&package.output));
            self.push_package(name, package.place, failure, Took::Unknown, file);
        }
    }

    /// A line that is no event.
    fn plain_line(&mut self, line: &str, place: LineColumn, file: &mut ReportFile) {
        let failed = (line.strip_prefix("FAIL"))
            .filter(|rest| rest.starts_with([' ', '\t']))
            .and_then(|rest| rest.trim().split_once(char::is_whitespace))
            .filter(|(_, reason)| {
                let reason = reason.trim();
                reason == "[build failed]" || reason == "[setup failed]"
            });
        let Some((name, reason)) = failed else {
            self.plain.push_line(line);
            return;
        };
        if !self.failed.contains(name) {
            let message = reason.trim().trim_matches(['[', ']']);
            let details = plain(&std::mem::take(&mut self.plain));
            let failure = Failure::new(message).details(details);
            self.push_package(name, place, failure, Took::Unknown, file);
        }
    }

    fn push_package(
        &mut self,
        name: &str,
        place: LineColumn,
        failure: Failure,
        duration: Took,
        file: &mut ReportFile,
    ) {
        self.failed.insert(name.to_owned());
        file.push(Draft {
            package: name.to_owned(),
            duration,
            failure: Some(failure),
            ..Draft::new(place, PACKAGE, Outcome::Known(Status::Failed))
        });
    }
}

/// The package in an import path such as `shop/cart [shop/cart.test]`.
fn package_of(import_path: &str) -> &str {
    import_path
        .split_once(' ')
        .map_or(import_path, |(package, _)| package)
}

#[cfg(test)]
mod tests;
