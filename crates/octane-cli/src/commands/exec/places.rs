//! Where reports are searched for if no files are named.

use crate::args::UploadArgs;

/// Where tools write JUnit or TRX reports by default, relative to any directory below the current one.
///
/// Formats that are often written in addition to these, such as Allure's, are not searched for, so that no result counts twice.
const USUAL: [&str; 14] = [
    // Maven
    "surefire-reports/TEST-*.xml",
    "failsafe-reports/TEST-*.xml",
    // Gradle
    "test-results/*/TEST-*.xml",
    // Ant, sbt
    "TEST-*.xml",
    // .NET
    "TestResults/*.trx",
    "TestResults/*/*.trx",
    // jest-junit, Vitest, Playwright, cargo-nextest, gotestsum, …
    "junit.xml",
    "junit-*.xml",
    "*-junit.xml",
    "test-results.xml",
    // pytest, PHPUnit, Karma, …
    "test-results/*.xml",
    "test-reports/*.xml",
    "reports/*.xml",
    "junit-reports/*.xml",
];

/// Directories of other people's packages, which may contain reports.
const FOREIGN: [&str; 3] = ["**/node_modules", "**/.git", "**/.venv"];

/// The arguments of an upload that searches the usual places, unless they name files.
pub(super) fn search(mut args: UploadArgs) -> UploadArgs {
    if args.input.inputs.is_empty() {
        // One pattern: of several results of a test in different files, none is the later one.
        args.input.inputs = vec![format!("**/{{{}}}", USUAL.join(","))];
        args.input.exclude.extend(FOREIGN.map(str::to_owned));
    }
    args
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_lists_the_usual_places() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/ci.md");
        let text = std::fs::read_to_string(path).unwrap();
        for place in USUAL {
            assert!(
                text.contains(&format!("`{place}`")),
                "docs/ci.md lacks {place}"
            );
        }
    }
}
