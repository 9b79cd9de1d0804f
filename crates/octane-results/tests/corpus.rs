//! Real reports, counted by the reader of another project and by ours.
//!
//! The corpus is in `shared/corpus` next to the workspace, or in the folder named by `OCTANE_SHARED`. Known
//! differences are listed here with their reasons; a difference that no longer exists fails as well.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use octane_results::{
    FindOptions, ReadErrorKind, ReadOptions, Record, Source, Status, WarningKind, read, sources,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Counts {
    runs: i64,
    passed: i64,
    skipped: i64,
    /// Failures and errors, which payloads do not distinguish.
    failed: i64,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            runs,
            passed,
            skipped,
            failed,
        } = self;
        write!(
            f,
            "{runs} runs, {passed} passed, {skipped} skipped, {failed} failed"
        )
    }
}

/// File, the counts of the other reader, the counts of ours, and the reason.
const DIFFERENCES: [(&str, Counts, Counts, &str); 5] = [
    (
        "nunit/nunit3/jenkins/NUnit-simple.xml",
        Counts {
            runs: 2,
            passed: 2,
            skipped: 0,
            failed: 0,
        },
        Counts {
            runs: 3,
            passed: 2,
            skipped: 0,
            failed: 1,
        },
        "the report counts a failure that is not in it, for which ours has a failed result",
    ),
    (
        "xunit/mstest/jenkinsci/testcase2.xml",
        Counts {
            runs: 3,
            passed: 1,
            skipped: 1,
            failed: 1,
        },
        Counts {
            runs: 2,
            passed: 1,
            skipped: 0,
            failed: 1,
        },
        "two results are missing; the other reader counts what the assembly declares, ours has a failed result for the failure",
    ),
    (
        "nunit/nunit3/jenkins/NUnit-issue33493.xml",
        Counts {
            runs: 2,
            passed: 2,
            skipped: 0,
            failed: 0,
        },
        Counts {
            runs: 2,
            passed: 1,
            skipped: 1,
            failed: 0,
        },
        "the other reader counts an inconclusive test as passed, ours as skipped",
    ),
    (
        "junit-xml/no-cases-but-tests.xml",
        Counts {
            runs: 6,
            passed: 3,
            skipped: 2,
            failed: 1,
        },
        Counts {
            runs: 1,
            passed: 0,
            skipped: 0,
            failed: 1,
        },
        "the suite declares totals but has no cases; ours warns, and has one failed result for the failures that no \
         case shows",
    ),
    (
        "junit-xml/junit.multiresult.xml",
        Counts {
            runs: 4,
            passed: -2,
            skipped: 3,
            failed: 3,
        },
        Counts {
            runs: 4,
            passed: 1,
            skipped: 1,
            failed: 2,
        },
        "the other reader counts every `failure`, `error` and `skipped` element and subtracts them from the \
         passed ones; ours creates one run for each of the four cases, and a failure overrides a skip",
    ),
];

fn shared() -> Option<PathBuf> {
    octane_test_support::shared_folder_with("corpus/expected.tsv")
}

/// The lines of `expected.tsv` about `folder`: file, counts, number of parse errors.
fn expected(shared: &Path, folder: &str) -> Vec<(String, Counts, i64)> {
    let table = fs::read_to_string(shared.join("corpus/expected.tsv")).unwrap();
    let lines = table
        .lines()
        .skip(1)
        .filter(|line| line.starts_with(folder));
    let parsed = lines.map(|line| {
        let (file, numbers) = line.split_once('\t').unwrap();
        let numbers: Vec<i64> = numbers
            .split('\t')
            .map(|number| number.parse().unwrap())
            .collect();
        let [runs, passed, skipped, failed, errored, parse_errors] = numbers[..] else {
            panic!("{line}")
        };
        let failed = failed + errored;
        (
            file.to_owned(),
            Counts {
                runs,
                passed,
                skipped,
                failed,
            },
            parse_errors,
        )
    });
    parsed.collect()
}

/// The counts and the warnings of our reader.
fn found(path: &Path) -> Result<(Counts, Vec<WarningKind>), octane_results::ReadError> {
    let (mut counts, mut warnings) = (Counts::default(), Vec::new());
    for record in read(&Source::path(path), &ReadOptions::default())? {
        match record? {
            Record::Run(run) => {
                assert!(!run.identity.name.is_empty());
                counts.runs += 1;
                match run.status {
                    Status::Passed => counts.passed += 1,
                    Status::Failed => counts.failed += 1,
                    Status::Skipped => counts.skipped += 1,
                    Status::Planned => panic!("reports contain no planned tests"),
                }
            }
            Record::Warning(warning) => warnings.push(warning.kind),
            Record::Invalid(row) => panic!("{row}"),
        }
    }
    Ok((counts, warnings))
}

#[test]
fn real_reports_count_as_another_reader_counts_them() {
    let Some(shared) = shared() else { return };
    for (folder, at_least) in [
        ("junit-xml/", 20),
        ("nunit/", 1),
        ("trx/", 1),
        ("xunit/", 1),
    ] {
        let files = expected(&shared, folder);
        assert!(files.len() >= at_least, "{folder}: {} files", files.len());
        let mut problems = Vec::new();
        for (file, theirs, parse_errors) in files {
            let ours = found(&shared.join("corpus").join(&file));
            match (parse_errors, ours) {
                (0, Ok((ours, _))) => {
                    let difference = DIFFERENCES.iter().find(|(name, ..)| *name == file);
                    let is_right = difference.map_or(ours == theirs, |(_, other, own, _)| {
                        theirs == *other && ours == *own
                    });
                    if !is_right {
                        problems.push(format!("{file}: theirs {theirs}, ours {ours}"));
                    }
                }
                (0, Err(error)) => problems.push(format!("{file}: {error}")),
                (_, Ok((ours, _))) => {
                    problems.push(format!("{file}: expected an error, ours {ours}"));
                }
                (_, Err(_)) => {}
            }
        }
        assert!(problems.is_empty(), "{}", problems.join("\n"));
    }
}

#[test]
fn a_truncated_report_and_a_foreign_document_are_recognised() {
    let Some(shared) = shared() else { return };
    let corpus = shared.join("corpus/junit-xml");
    let cut = found(&corpus.join("pytest/corrupt-xml.xml")).unwrap_err();
    assert!(
        matches!(cut.kind(), ReadErrorKind::Truncated { element, opened: 9 } if element == "skipped"),
        "{cut}"
    );
    assert_eq!(
        cut.position().map(|position| position.line),
        Some(11),
        "{cut}"
    );
    assert_eq!(
        cut.element_path(),
        Some("testsuites/testsuite/testcase/skipped")
    );

    let foreign = found(&corpus.join("non-junit.xml")).unwrap_err();
    assert!(
        matches!(foreign.kind(), ReadErrorKind::UnknownRoot { root, .. } if root == "suites"),
        "{foreign}"
    );
}

#[test]
fn totals_without_cases_cause_a_warning() {
    let Some(shared) = shared() else { return };
    let corpus = shared.join("corpus/junit-xml");
    let (_, warnings) = found(&corpus.join("no-cases-but-tests.xml")).unwrap();
    assert!(
        warnings.iter().any(|kind| matches!(
            kind,
            WarningKind::Totals {
                declared: 6,
                found: 0,
                ..
            }
        )),
        "{warnings:?}"
    );
    let (_, warnings) = found(&corpus.join("no-cases.xml")).unwrap();
    assert!(warnings.contains(&WarningKind::NoResults), "{warnings:?}");
    let is_of_a_test = |kind: &&WarningKind| {
        !matches!(
            kind,
            WarningKind::NoTimeZone { .. } | WarningKind::NoResults
        )
    };
    assert_eq!(warnings.iter().find(is_of_a_test), None);
}

#[test]
fn all_reports_of_a_folder_are_found() {
    let Some(shared) = shared() else { return };
    let folder = shared.join("corpus/junit-xml").display().to_string();
    let options = FindOptions::default().excludes(["corrupt-*"]);
    let by_folder = sources(&[&folder], &options).unwrap().sources;
    let by_glob = sources(&[format!("{folder}/**/*.xml")], &options)
        .unwrap()
        .sources;
    let names = |sources: &[Source]| -> Vec<String> {
        sources
            .iter()
            .map(|source| source.name().to_owned())
            .collect()
    };
    assert_eq!(names(&by_folder), names(&by_glob));
    assert_eq!(by_folder.len(), expected(&shared, "junit-xml/").len());
}
