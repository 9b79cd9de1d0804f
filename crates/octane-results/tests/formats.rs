//! Real reports of all formats, counted by others and by our readers.
//!
//! The corpus is in `shared/corpus/more` next to the workspace, or in the folder named by `OCTANE_SHARED`. Where a format
//! leaves room, the corpus names the other counts that are legitimate, with their convention.

use std::collections::HashMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use octane_results::{
    FindOptions, ReadError, ReadOptions, Record, Source, Status, TestRun, read, sources,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Counts {
    runs: u64,
    passed: u64,
    skipped: u64,
    /// Failures and errors, which payloads do not distinguish.
    failed: u64,
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            runs,
            passed,
            skipped,
            failed,
        } = self;
        write!(f, "{runs},{passed},{skipped},{failed}")
    }
}

impl Counts {
    /// From `runs,passed,skipped,failed`.
    fn parse(text: &str) -> Option<Self> {
        let numbers: Vec<u64> = text
            .split(',')
            .map(|number| number.trim().parse().ok())
            .collect::<Option<_>>()?;
        let [runs, passed, skipped, failed] = numbers[..] else {
            return None;
        };
        Some(Self {
            runs,
            passed,
            skipped,
            failed,
        })
    }
}

/// A line of `expected.tsv`.
struct Expected {
    file: String,
    counts: Vec<Counts>,
    is_error: bool,
}

fn expected(corpus: &Path, format: &str) -> Vec<Expected> {
    let table = fs::read_to_string(corpus.join("expected.tsv")).unwrap();
    let lines = table.lines().skip(1).map(|line| {
        let cells: Vec<&str> = line.split('\t').collect();
        let number = |index: usize| cells[index].parse::<u64>().unwrap();
        let counts = Counts {
            runs: number(2),
            passed: number(3),
            skipped: number(4),
            failed: number(5) + number(6),
        };
        let others = cells[8].split(" | ").filter_map(|other| {
            let (counts, _) = other.split_once(':')?;
            Counts::parse(counts)
        });
        let expected = Expected {
            file: cells[0].to_owned(),
            counts: std::iter::once(counts).chain(others).collect(),
            is_error: number(7) > 0,
        };
        (cells[1].to_owned(), expected)
    });
    lines
        .filter(|(known, _)| known == format)
        .map(|(_, expected)| expected)
        .collect()
}

/// The results in a file, or in a folder of which each result is the last one of its test.
fn results(path: &Path) -> Result<Vec<TestRun>, ReadError> {
    let found = sources(&[path.display().to_string()], &FindOptions::default()).unwrap();
    let is_folder = path.is_dir();
    let mut runs = Vec::new();
    for source in &found.sources {
        runs.extend(results_in(source)?);
    }
    if !is_folder {
        return Ok(runs);
    }
    let mut last: HashMap<String, TestRun> = HashMap::new();
    for run in runs {
        let key = format!("{} {:?} {:?}", run.identity, run.run_name, run.origin);
        if last
            .get(&key)
            .is_none_or(|known| known.started <= run.started)
        {
            last.insert(key, run);
        }
    }
    Ok(last.into_values().collect())
}

fn results_in(source: &Source) -> Result<Vec<TestRun>, ReadError> {
    let mut runs = Vec::new();
    for record in read(source, &ReadOptions::default())? {
        match record? {
            Record::Run(run) => runs.push(*run),
            Record::Warning(_) => {}
            Record::Invalid(row) => panic!("{row}"),
        }
    }
    Ok(runs)
}

fn counts(runs: &[TestRun]) -> Counts {
    let count = |status: Status| runs.iter().filter(|run| run.status == status).count() as u64;
    Counts {
        runs: runs.len() as u64,
        passed: count(Status::Passed),
        skipped: count(Status::Skipped),
        failed: count(Status::Failed),
    }
}

/// Files that are read in another way than by the readers that counted them, with what we count and why.
const DEVIATIONS: [(&str, &str); 3] = [
    // Tests after the plan at the end, four of which failed. The others drop them, so that what is left is green.
    ("tap/action__tap-10-results-after-trailer.tap", "10,4,2,4"),
    // Two plans whose tests did not run.
    (
        "tap/tap4j__consumer-invalid_plan_header_plan.tap",
        "2,0,0,2",
    ),
    // With the error of the run that the file of globals has.
    ("allure/gen__cucumber-js", "14,9,1,4"),
];

/// Compares all files of a format.
fn check(format: &str, at_least: usize) {
    let Some(shared) = octane_test_support::shared_folder_with("corpus/more/expected.tsv") else {
        return;
    };
    let corpus: PathBuf = shared.join("corpus/more");
    let files = expected(&corpus, format);
    assert!(files.len() >= at_least, "{format}: {} files", files.len());
    let mut problems = Vec::new();
    for expected in files {
        let Expected {
            file,
            counts: mut others,
            is_error,
        } = expected;
        if let Some((_, ours)) = DEVIATIONS.iter().find(|(known, _)| *known == file) {
            others = Counts::parse(ours).into_iter().collect();
        }
        match results(&corpus.join(&file)) {
            Ok(runs) => {
                let ours = counts(&runs);
                if is_error || !others.contains(&ours) {
                    let others: Vec<String> = others.iter().map(ToString::to_string).collect();
                    problems.push(format!(
                        "{file}: ours {ours}, expected {}",
                        others.join(" or ")
                    ));
                }
                assert!(
                    runs.iter().all(|run| !run.identity.name.is_empty()),
                    "{file}"
                );
            }
            Err(_) if is_error => {}
            Err(error) => problems.push(format!("{file}: {error}")),
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

macro_rules! formats {
    ($($test:ident: $format:literal, $at_least:literal;)+) => {$(
        #[test]
        fn $test() {
            check($format, $at_least);
        }
    )+};
}

formats! {
    allure: "allure", 4;
    ctrf: "ctrf", 4;
    cucumber_json: "cucumber-json", 8;
    cucumber_messages: "cucumber-messages", 8;
    dart: "dart", 3;
    go_test: "gotest", 6;
    junit: "junit", 40;
    mocha: "mocha", 1;
    nunit_2: "nunit2", 1;
    nunit_3: "nunit3", 1;
    playwright: "playwright", 1;
    pytest_json: "pytest-json", 1;
    robot: "robot", 3;
    tap: "tap", 8;
    testng: "testng", 6;
    trx: "trx", 8;
    xunit: "xunit", 4;
}
