//! What reports say of an upload.

use octane_client::{
    Comparison, Counts, CoverageState, CoveredKey, FailedTest, Journal, LinkSummary, Report,
    ReportedProblem, ResultState, ShardsReport,
};
use octane_model::plural::{plural, thousands};

use super::document::{Block, Cell, Document, Part, Share, Table, Tone};
use crate::command_run::CommandRun;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::since::{counts as changes, named};

/// How many tests of a kind are named in the summary of a CI job, and in a report.
const NAMED_IN_SUMMARY: usize = 10;
const NAMED: usize = 100;

/// How many failed tests a report has, and how many problems and stories.
pub(super) const ROWS_MAX: usize = 1000;

/// An upload that ended with a report.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UploadReport<'a> {
    pub(crate) report: &'a Report,
    pub(crate) comparison: Option<&'a Comparison>,
    /// What is known of the failed tests, if some are tolerated.
    pub(crate) failed_tests: Option<&'a [FailedTest]>,
    pub(crate) command: Option<&'a CommandRun>,
    /// What the outcome means, whatever policies make of it.
    pub(crate) meant: Exit,
    /// How the process ends.
    pub(crate) exit: Exit,
    /// Where its results are.
    pub(crate) journals: &'a [Journal],
}

/// What is read from the journals for a report.
#[derive(Debug, Default)]
pub(super) struct Details {
    pub(super) coverage: Vec<CoveredKey>,
    /// The first failed results: the test, and what became of the result.
    pub(super) failed: Vec<(String, ResultState)>,
}

/// The summary of a CI job.
pub(crate) fn summary(
    report: &Report,
    comparison: Option<&Comparison>,
    failed_tests: Option<&[FailedTest]>,
) -> Document {
    let mut document = begin(report);
    document.blocks.push(delivery(&report.counts));
    if let Some(comparison) = comparison {
        document.blocks.extend(since(comparison, NAMED_IN_SUMMARY));
    }
    document.blocks.extend(tolerated(failed_tests));
    document
}

/// All that a report has.
pub(super) fn document(upload: &UploadReport<'_>, details: &Details) -> Document {
    let UploadReport {
        report,
        comparison,
        failed_tests,
        command,
        ..
    } = *upload;
    let mut document = begin(report);
    let blocks = &mut document.blocks;
    blocks.extend(outcome(upload));
    if let Some(command) = command {
        let mut text = vec![
            Part::Own("Command: ".to_owned()),
            Part::Foreign(command.program.clone()),
            Part::Own(format!(", exit code {}", command.exit_code)),
        ];
        for (number, missing) in command.missing.iter().enumerate() {
            let before = if number == 0 {
                "; it wrote no report for "
            } else {
                ", "
            };
            text.extend([Part::Own(before.to_owned()), Part::Foreign(missing.clone())]);
        }
        blocks.push(Block::Text(Tone::Neutral, text));
    }
    blocks.push(Block::Heading("Results".to_owned()));
    blocks.push(Block::Chart(shares(&report.counts)));
    blocks.push(Block::Heading("Delivery to Octane".to_owned()));
    blocks.push(delivery(&report.counts));
    if let Some(comparison) = comparison {
        blocks.push(Block::Heading("What has changed".to_owned()));
        blocks.extend(since(comparison, NAMED));
    }
    if upload.journals.is_empty() {
        blocks.extend(unlisted(&report.counts));
    }
    blocks.extend(failed(report, details, failed_tests));
    blocks.extend(stories(details, report.links.as_ref()));
    blocks.extend(report.links.as_ref().and_then(removed_links));
    blocks.extend(report.shards.as_ref().map(shards).unwrap_or_default());
    blocks.extend(problems("Problems", &report.problems));
    document
}

/// An upload that ended without a report, after which the program ended with this code.
pub(super) fn of_failure(failure: &Failure, exit: Exit) -> Document {
    let Failure { error, hint, .. } = failure;
    let mut text = vec![Part::Foreign(format!("{error:#}"))];
    if let Some(hint) = hint {
        text.push(Part::Own("; hint: ".to_owned()));
        text.push(Part::Foreign(hint.clone()));
    }
    let mut blocks = Vec::new();
    if !failure.is_allowed(exit) {
        // Without an ID it is not known whether something is saved.
        let meaning = match failure.upload_id {
            Some(_) => failure.exit.meaning_of(true),
            None => failure.exit.reason().to_owned(),
        };
        let ended = format!("exit {}: {meaning}", failure.exit.code());
        blocks.push(Block::own(Tone::Bad, ended));
    }
    blocks.push(Block::Text(Tone::Neutral, text));
    blocks.extend(other_code(failure.exit, exit));
    if let Some(id) = &failure.upload_id {
        blocks.push(Block::own(
            Tone::Neutral,
            format!("The results are saved as upload {id}"),
        ));
    }
    blocks.extend(problems("Problems", &failure.problems));
    Document {
        title: title_of_failure(failure, exit),
        url: None,
        blocks,
    }
}

/// Only of what was allowed to happen it is known that nothing was uploaded: an earlier attempt may have sent something.
fn title_of_failure(failure: &Failure, exit: Exit) -> String {
    match &failure.upload_id {
        Some(id) => format!("upload {id} is not complete"),
        None if failure.is_allowed(exit) => "nothing was uploaded".to_owned(),
        None => "the upload failed".to_owned(),
    }
}

fn begin(report: &Report) -> Document {
    Document {
        title: title(report),
        url: report.target.url.clone(),
        blocks: Vec::new(),
    }
}

/// The name of the suite run, or that of the upload if it has none.
pub(super) fn title(report: &Report) -> String {
    let suite_run = report.target.suite_run.as_ref();
    suite_run.map_or_else(
        || format!("upload {}", report.upload_id),
        |suite_run| suite_run.name.clone(),
    )
}

/// How the upload ended, how the tests did, and how the process ends. Only what is good is called so.
fn outcome(upload: &UploadReport<'_>) -> Vec<Block> {
    let UploadReport {
        report,
        meant,
        exit,
        ..
    } = *upload;
    let is_saved = report.journal.is_some();
    let mut blocks = vec![match meant {
        Exit::Success => Block::own(
            Tone::Good,
            format!("Upload: {}", meant.meaning_of(is_saved)),
        ),
        _ => Block::own(
            Tone::Bad,
            format!(
                "Upload: exit {}: {}",
                meant.code(),
                meant.meaning_of(is_saved)
            ),
        ),
    }];
    let counts = &report.counts;
    let (tone, tests) = test_outcome(counts);
    blocks.push(Block::own(tone, format!("Tests: {tests}")));
    blocks.extend(other_code(meant, exit));
    blocks
}

/// The exit code of the program, if it is not the one that the upload alone would have.
fn other_code(meant: Exit, exit: Exit) -> Option<Block> {
    let text = format!("The program ended with exit code {}", exit.code());
    (exit != meant).then(|| Block::own(Tone::Neutral, text))
}

/// How the tests did:
///
/// | results | tone | text |
/// | --- | --- | --- |
/// | none has passed or failed | neutral | `no test ran` |
/// | all have passed | good | `all 3 passed` |
/// | one has failed | bad | `1 failed, 2 passed` |
/// | none has failed, but not all have passed | neutral | `2 passed` |
///
/// Those that did not run and those that were invalid, whose end is not known, are added where there are some.
fn test_outcome(counts: &Counts) -> (Tone, String) {
    let Counts {
        failed,
        passed,
        invalid,
        ..
    } = *counts;
    let not_run = counts.test_skipped + counts.planned;
    if failed == 0 && not_run + invalid == 0 && passed > 0 {
        return (Tone::Good, format!("all {} passed", thousands(passed)));
    }
    let tone = if failed > 0 { Tone::Bad } else { Tone::Neutral };
    let kinds = [
        (failed, "failed", failed > 0),
        (passed, "passed", failed + passed > 0),
        (not_run, "did not run", not_run > 0 && failed + passed > 0),
        (invalid, "could not be used", invalid > 0),
    ];
    let mut parts: Vec<String> = (kinds.into_iter())
        .filter(|(_, _, is_said)| *is_said)
        .map(|(count, what, _)| format!("{} {what}", thousands(count)))
        .collect();
    if failed + passed == 0 {
        parts.insert(0, "no test ran".to_owned());
    }
    (tone, parts.join(", "))
}

fn shares(counts: &Counts) -> Vec<Share> {
    [
        ("failed", counts.failed),
        ("passed", counts.passed),
        ("skipped", counts.test_skipped),
        ("planned", counts.planned),
    ]
    .map(|(label, count)| Share { label, count })
    .into()
}

fn delivery(counts: &Counts) -> Block {
    let numbers = [
        counts.read,
        counts.ingested,
        counts.rejected,
        counts.invalid,
        counts.pending,
    ];
    Block::Table(Table {
        caption: "What became of the results",
        header: vec!["read", "ingested", "rejected", "invalid", "pending"],
        rows: vec![numbers.map(Cell::Number).into()],
        more: 0,
    })
}

fn since(comparison: &Comparison, named_max: usize) -> Vec<Block> {
    let mut blocks = vec![Block::Text(
        Tone::Neutral,
        vec![
            Part::Own("Since ".to_owned()),
            Part::Foreign(comparison.suite_run.name.clone()),
            Part::Own(format!(": {}", changes(comparison))),
        ],
    )];
    for (label, mut tests) in named(comparison) {
        let more = tests.len().saturating_sub(named_max);
        tests.truncate(named_max);
        blocks.push(Block::List {
            label: label.to_owned(),
            items: tests,
            more,
        });
    }
    blocks
}

/// How many failures are tolerated, and which.
fn tolerated(failed_tests: Option<&[FailedTest]>) -> Vec<Block> {
    let Some(failed_tests) = failed_tests else {
        return Vec::new();
    };
    let tolerated = failed_tests.iter().filter(|test| test.is_tolerated);
    let items: Vec<String> = tolerated.map(|test| test.test.clone()).collect();
    if items.is_empty() {
        return Vec::new();
    }
    let more = items.len().saturating_sub(NAMED_IN_SUMMARY);
    vec![Block::List {
        label: "failed and tolerated".to_owned(),
        items: items.into_iter().take(NAMED_IN_SUMMARY).collect(),
        more,
    }]
}

/// Says that nothing is listed where no journal can be read: a relay has it, or another process completes the suite run.
fn unlisted(counts: &Counts) -> Vec<Block> {
    if counts.read == counts.invalid {
        return Vec::new();
    }
    let failed = match counts.failed {
        0 => String::new(),
        failed => format!("{} and ", plural(failed, "failed result")),
    };
    let text = format!(
        "{failed}the stories are not listed: a relay has the results, or another process is using them"
    );
    vec![
        Block::Heading("Failed results and stories".to_owned()),
        Block::own(Tone::Neutral, text),
    ]
}

fn failed(report: &Report, details: &Details, failed_tests: Option<&[FailedTest]>) -> Vec<Block> {
    if details.failed.is_empty() {
        return Vec::new();
    }
    let known = |test: &str| failed_tests?.iter().find(|failed| failed.test == test);
    let mut header = vec!["test", "in Octane"];
    if failed_tests.is_some() {
        header.extend(["class", "tolerated"]);
    }
    let rows = details.failed.iter().map(|(test, state)| {
        let mut row = vec![Cell::text(test), state_cell(*state)];
        if failed_tests.is_some() {
            let known = known(test);
            let classes = known.map_or_else(Vec::new, |known| known.classes.clone());
            let classes: Vec<&str> = classes.iter().map(|class| class.words()).collect();
            row.push(Cell::text(classes.join(", ")));
            let is_tolerated = known.is_some_and(|known| known.is_tolerated);
            row.push(Cell::text(if is_tolerated { "yes" } else { "no" }));
        }
        row
    });
    vec![
        Block::Heading("Failed results".to_owned()),
        Block::Table(Table {
            caption: "Results that failed",
            header,
            rows: rows.collect(),
            more: report.counts.failed.saturating_sub(details.failed.len()),
        }),
    ]
}

fn removed_links(links: &LinkSummary) -> Option<Block> {
    let removed = plural(links.removed, "stale link");
    let text = format!("Removed {removed}: no Jira key of the results stands for them any more");
    (links.removed > 0).then(|| Block::own(Tone::Neutral, text))
}

fn state_cell(state: ResultState) -> Cell {
    match state {
        ResultState::Ingested => Cell::State(Tone::Neutral, "yes"),
        ResultState::Rejected => Cell::State(Tone::Bad, "rejected"),
        _ => Cell::State(Tone::Bad, "pending"),
    }
}

/// The traceability matrix: what the tests say of each story.
fn stories(details: &Details, links: Option<&LinkSummary>) -> Vec<Block> {
    if details.coverage.is_empty() {
        return Vec::new();
    }
    let story = |key: &str| -> Cell {
        let found = links.and_then(|links| links.matched.get(key));
        let has = |keys: &[String]| keys.iter().any(|one| one == key);
        match (found, links) {
            (Some(story), _) => Cell::text(format!("{} ({})", story.name, story.id)),
            (None, Some(links)) if has(&links.unknown) => Cell::State(Tone::Bad, "not found"),
            (None, Some(links)) if has(&links.ambiguous) => {
                Cell::State(Tone::Bad, "several stories")
            }
            (None, Some(_)) => Cell::text("–"),
            (None, None) => Cell::State(Tone::Neutral, "not looked up"),
        }
    };
    let rows = details.coverage.iter().take(ROWS_MAX).map(|key| {
        let (tone, word) = verdict(key.state());
        let counts = key
            .tests
            .iter()
            .map(|(state, count)| format!("{} {}", thousands(*count), verdict(*state).1));
        vec![
            Cell::Word(key.key.clone()),
            story(&key.key),
            Cell::State(tone, word),
            Cell::Names {
                summary: counts.collect::<Vec<_>>().join(", "),
                names: key
                    .named
                    .iter()
                    .map(|(state, test)| (verdict(*state).1, test.clone()))
                    .collect(),
                more: key.total() - key.named.len(),
            },
        ]
    });
    vec![
        Block::Heading("Stories".to_owned()),
        Block::Table(Table {
            caption: "What the results say of each story",
            header: vec!["Jira key", "story", "verdict", "tests"],
            rows: rows.collect(),
            more: details.coverage.len().saturating_sub(ROWS_MAX),
        }),
    ]
}

/// The word for what results say of a test or a story.
pub(crate) fn verdict_word(state: CoverageState) -> &'static str {
    verdict(state).1
}

/// The same with its colour.
fn verdict(state: CoverageState) -> (Tone, &'static str) {
    match state {
        CoverageState::Failed => (Tone::Bad, "failed"),
        CoverageState::NotInOctane => (Tone::Bad, "not in Octane"),
        CoverageState::Flaky => (Tone::Bad, "flaky"),
        CoverageState::NotRun => (Tone::Neutral, "not run"),
        CoverageState::PartlyRun => (Tone::Neutral, "partly run"),
        CoverageState::Passed => (Tone::Good, "passed"),
        _ => (Tone::Neutral, "unknown"),
    }
}

/// The parts of the test run, if the report covers all that have arrived.
fn shards(shards: &ShardsReport) -> Vec<Block> {
    let Some(missing) = shards.missing.as_ref().filter(|_| shards.is_merged) else {
        return Vec::new();
    };
    let arrived = shards.uploads.iter().map(|upload| {
        (
            upload.shard.index(),
            vec![
                Cell::Number(upload.shard.index() as usize),
                Cell::text(upload.outcome.to_string()),
                Cell::Number(upload.counts.read),
                Cell::Number(upload.counts.ingested),
            ],
        )
    });
    let missing = missing.iter().map(|index| {
        let row = vec![
            Cell::Number(*index as usize),
            Cell::State(Tone::Bad, "not arrived"),
            Cell::text("–"),
            Cell::text("–"),
        ];
        (*index, row)
    });
    let mut rows: Vec<(u32, Vec<Cell>)> = arrived.chain(missing).collect();
    rows.sort_by_key(|(index, _)| *index);
    vec![
        Block::Heading("Shards".to_owned()),
        Block::Table(Table {
            caption: "The parts of the test run",
            header: vec!["shard", "outcome", "read", "ingested"],
            rows: rows.into_iter().map(|(_, row)| row).collect(),
            more: 0,
        }),
    ]
}

fn problems(heading: &str, problems: &[ReportedProblem]) -> Vec<Block> {
    if problems.is_empty() {
        return Vec::new();
    }
    let rows = problems.iter().take(ROWS_MAX).map(|problem| {
        let place = problem.position.as_ref();
        vec![
            Cell::text(&problem.message),
            Cell::text(problem.test.as_deref().unwrap_or_default()),
            Cell::text(place.map_or_else(String::new, ToString::to_string)),
        ]
    });
    vec![
        Block::Heading(heading.to_owned()),
        Block::own(Tone::Neutral, plural(problems.len(), "problem")),
        Block::Table(Table {
            caption: "What is not as it should be",
            header: vec!["problem", "test", "place"],
            rows: rows.collect(),
            more: problems.len().saturating_sub(ROWS_MAX),
        }),
    ]
}

#[cfg(test)]
mod unit_tests {
    use super::*;

    #[test]
    fn only_tests_that_have_all_passed_are_green() {
        for (failed, passed, skipped, invalid, tone, text) in [
            (0, 0, 0, 0, Tone::Neutral, "no test ran"),
            (0, 0, 3, 0, Tone::Neutral, "no test ran"),
            (
                0,
                0,
                0,
                1,
                Tone::Neutral,
                "no test ran, 1 could not be used",
            ),
            (0, 3, 0, 0, Tone::Good, "all 3 passed"),
            (0, 3, 2, 0, Tone::Neutral, "3 passed, 2 did not run"),
            (0, 3, 0, 1, Tone::Neutral, "3 passed, 1 could not be used"),
            (1, 0, 0, 0, Tone::Bad, "1 failed, 0 passed"),
            (
                1,
                3,
                2,
                1,
                Tone::Bad,
                "1 failed, 3 passed, 2 did not run, 1 could not be used",
            ),
        ] {
            let mut counts = Counts::default();
            (counts.failed, counts.passed) = (failed, passed);
            (counts.test_skipped, counts.invalid) = (skipped, invalid);
            assert_eq!(test_outcome(&counts), (tone, text.to_owned()));
        }
    }

    #[test]
    fn results_that_cannot_be_listed_are_counted() {
        let mut counts = Counts::default();
        assert!(unlisted(&counts).is_empty());
        (counts.read, counts.failed) = (3, 2);
        let said = format!("{:?}", unlisted(&counts));
        let expected = "\"2 failed results and the stories are not listed: a relay has the results";
        assert!(said.contains(expected), "{said}");
        counts.failed = 0;
        let said = format!("{:?}", unlisted(&counts));
        assert!(said.contains("\"the stories are not listed"), "{said}");
    }
}
