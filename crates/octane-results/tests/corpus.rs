//! Real reports, counted by another project's reader and by ours.
//!
//! The corpus lies beside the workspace, in `shared/corpus`, or where `OCTANE_SHARED` says. Where the
//! numbers differ, the difference stands here with its reason; a difference that is gone fails as well.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use octane_results::{
    ReadErrorKind, ReadOptions, Record, Source, Status, WarningKind, read, sources,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Counts {
    runs: i64,
    passed: i64,
    skipped: i64,
    /// Failures and errors: a payload knows one word for both.
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

/// File, what the other reader counts, what ours counts, and why.
const DIFFERENCES: [(&str, Counts, Counts, &str); 2] = [
    (
        "junit-xml/no-cases-but-tests.xml",
        Counts {
            runs: 6,
            passed: 3,
            skipped: 2,
            failed: 1,
        },
        Counts {
            runs: 0,
            passed: 0,
            skipped: 0,
            failed: 0,
        },
        "the suite states totals and has no case; a total is nothing that could be sent, so ours warns",
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
        "the other reader counts every `failure`, `error` and `skipped` element and takes them off the \
         passed ones; ours makes one run of each of the four cases, a failure beats a skip",
    ),
];

fn shared() -> Option<PathBuf> {
    let named = std::env::var_os("OCTANE_SHARED").map(PathBuf::from);
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let shared = named.clone().unwrap_or_else(beside);
    if shared.join("corpus/expected.tsv").is_file() {
        return Some(shared);
    }
    assert!(
        named.is_none(),
        "OCTANE_SHARED names a folder without a corpus"
    );
    #[expect(
        clippy::print_stderr,
        reason = "a test that did not look at anything must say so"
    )]
    {
        eprintln!("SKIPPED: there is no corpus in {}", shared.display());
    }
    None
}

/// The lines of `expected.tsv` for files of `folder`: file, counts, number of parse errors.
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

/// What ours finds, and what it warns about.
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
                    Status::Planned => panic!("a report plans nothing"),
                }
            }
            Record::Warning(warning) => warnings.push(warning.kind),
            Record::Invalid(row) => panic!("{row}"),
        }
    }
    Ok((counts, warnings))
}

#[test]
fn real_junit_reports_count_as_another_reader_counts_them() {
    let Some(shared) = shared() else { return };
    let files = expected(&shared, "junit-xml/");
    assert!(
        files.len() >= 20,
        "the corpus has shrunk to {}",
        files.len()
    );
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
            (_, Ok((ours, _))) => problems.push(format!("{file}: should not be read, ours {ours}")),
            (_, Err(_)) => {}
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn a_report_that_is_cut_off_or_no_report_says_so() {
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
fn totals_without_cases_are_pointed_out() {
    let Some(shared) = shared() else { return };
    let corpus = shared.join("corpus/junit-xml");
    let (_, warnings) = found(&corpus.join("no-cases-but-tests.xml")).unwrap();
    assert!(
        warnings.iter().any(|kind| matches!(
            kind,
            WarningKind::Totals {
                stated: 6,
                found: 0,
                ..
            }
        )),
        "{warnings:?}"
    );
    let (_, warnings) = found(&corpus.join("no-cases.xml")).unwrap();
    assert_eq!(warnings, [WarningKind::NoResults]);
}

#[test]
fn reports_of_other_kinds_are_refused_by_name() {
    let Some(shared) = shared() else { return };
    for (folder, kind) in [("nunit", "NUnit"), ("trx", "TRX"), ("xunit", "xUnit.net")] {
        for (file, ..) in expected(&shared, &format!("{folder}/")) {
            let error = found(&shared.join("corpus").join(&file)).unwrap_err();
            let hint = format!("{kind} reports are not read yet");
            assert!(error.to_string().contains(&hint), "{file}: {error}");
        }
    }
}

#[test]
fn a_folder_of_reports_is_found_whole() {
    let Some(shared) = shared() else { return };
    let folder = shared.join("corpus/junit-xml").display().to_string();
    let by_folder = sources(&[&folder], &["corrupt-*"]).unwrap();
    let by_glob = sources(&[format!("{folder}/**/*.xml")], &["corrupt-*"]).unwrap();
    let names = |sources: &[Source]| -> Vec<String> {
        sources
            .iter()
            .map(|source| source.name().to_owned())
            .collect()
    };
    assert_eq!(names(&by_folder), names(&by_glob));
    assert_eq!(by_folder.len(), expected(&shared, "junit-xml/").len());
}
