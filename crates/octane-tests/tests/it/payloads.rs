//! Payloads of the samples and of other people's reports, checked by a validator that is not ours.

use std::path::{Path, PathBuf};

use octane_client::{Plan, Target, UploadSettings};
use octane_model::SuiteId;
use octane_results::{
    FindOptions, Format, GherkinUnit, PayloadRuns, ReadOptions, Record, Source, Status, TestRun,
    read, read_payload, sources,
};
use octane_test_support::shared_folder_with;
use octane_tests::xmllint;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// All results of a file, or why it cannot be read.
fn results(source: &Source) -> Result<Vec<TestRun>, String> {
    let records = read(source, &ReadOptions::default()).map_err(|error| error.to_string())?;
    let mut runs = Vec::new();
    for record in records {
        match record.map_err(|error| error.to_string())? {
            Record::Run(run) => runs.push(*run),
            Record::Invalid(row) => return Err(row.to_string()),
            Record::Warning(_) => {}
        }
    }
    Ok(runs)
}

/// Validates the payloads of `files` against the project's schema, and against the official one if it is available.
fn validate(files: &[PathBuf]) -> usize {
    validate_with(files, GherkinUnit::Scenarios)
}

fn validate_with(files: &[PathBuf], unit: GherkinUnit) -> usize {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("own.xsd");
    std::fs::write(&own, octane_results::test_results_xsd()).unwrap();
    let official = shared_folder_with("test-results.xsd");
    let official = official.map(|shared| shared.join("test-results.xsd"));
    let mut payloads = 0;
    for file in files {
        let Ok(runs) = results(&Source::path(file)) else {
            continue;
        };
        let target = Target::new(SuiteId::new(5001), "nightly");
        let mut settings = UploadSettings::default();
        settings.gherkin = unit;
        for batch in Plan::new(dated(runs), Some(&target), &settings).unwrap() {
            let batch = batch.unwrap();
            octane_results::check(&batch.payload()).unwrap();
            let document = folder.path().join("payload.xml");
            std::fs::write(&document, batch.payload()).unwrap();
            for schema in [Some(&own), official.as_ref()].into_iter().flatten() {
                if let Some(verdict) = xmllint(schema, &document) {
                    assert_eq!(
                        verdict,
                        Ok(()),
                        "{} against {}",
                        file.display(),
                        schema.display()
                    );
                }
            }
            payloads += 1;
        }
    }
    payloads
}

#[test]
fn the_payloads_of_both_samples_are_valid() {
    let samples = root().join("samples");
    let payloads = validate(&[samples.join("nightly.csv"), samples.join("self-junit.xml")]);
    assert!(payloads >= 8, "only {payloads} payloads");
}

#[test]
fn the_payloads_of_other_peoples_reports_are_valid() {
    let Some(shared) = shared_folder_with("corpus/junit-xml") else {
        return;
    };
    let folder = shared.join("corpus/junit-xml").display().to_string();
    let files = sources(&[folder], &FindOptions::default()).unwrap().sources;
    let files: Vec<PathBuf> = files
        .iter()
        .map(|source| PathBuf::from(source.name()))
        .collect();
    assert!(files.len() >= 20, "{files:?}");
    let payloads = validate(&files);
    assert!(payloads >= 15, "only {payloads} payloads");
}

/// Gives those a start time that have none, since the run of a feature requires one.
fn dated(mut runs: Vec<TestRun>) -> Vec<TestRun> {
    for run in &mut runs {
        run.started = run.started.or("2026-11-28T05:00:00Z".parse().ok());
    }
    runs
}

#[test]
fn the_features_of_other_peoples_reports_are_valid_and_keep_the_status_of_each_scenario() {
    let Some(shared) = shared_folder_with("corpus/more/cucumber-messages") else {
        return;
    };
    let folders = ["cucumber-json", "cucumber-messages"];
    let folders = folders.map(|name| {
        let folder = shared.join("corpus/more").join(name);
        folder.display().to_string()
    });
    let files = sources(&folders, &FindOptions::default()).unwrap().sources;
    let paths: Vec<PathBuf> = files.iter().map(|source| source.name().into()).collect();
    let payloads = validate_with(&paths, GherkinUnit::Features);
    assert!(payloads >= 15, "only {payloads} payloads");
    let mut compared = 0;
    for source in &files {
        let Ok(runs) = results(source) else {
            continue;
        };
        let expected = statuses(&runs);
        let mut settings = UploadSettings::default();
        settings.gherkin = GherkinUnit::Features;
        let mut again = Vec::new();
        for batch in Plan::new(dated(runs), None, &settings).unwrap() {
            let payload = batch.unwrap().payload();
            check_features(&payload);
            let mut options = ReadOptions::default();
            options.format = Some(Format::Octane);
            let records = read(&Source::bytes("payload.xml", payload), &options).unwrap();
            again.extend(records.filter_map(|record| match record.unwrap() {
                Record::Run(run) => Some(*run),
                Record::Warning(_) => None,
                Record::Invalid(row) => panic!("{row}"),
            }));
        }
        assert_eq!(statuses(&again), expected, "{}", source.name());
        compared += 1;
    }
    assert!(compared >= 15, "only {compared} reports");
}

/// How many results have each status.
fn statuses(runs: &[TestRun]) -> [usize; 4] {
    let all = [
        Status::Passed,
        Status::Failed,
        Status::Skipped,
        Status::Planned,
    ];
    all.map(|status| runs.iter().filter(|run| run.status == status).count())
}

/// A feature has passed only if all of its scenarios have, and failed only if one of them has.
fn check_features(payload: &[u8]) {
    let PayloadRuns::Gherkin(features) = read_payload(payload).unwrap().runs else {
        return;
    };
    for run in features {
        let scenarios = &run.feature.scenarios;
        let has_only_passed = scenarios.iter().all(|one| one.status == Status::Passed);
        let has_failed = scenarios.iter().any(|one| one.status == Status::Failed);
        assert_eq!(run.status == Status::Passed, has_only_passed, "{run:?}");
        assert_eq!(run.status == Status::Failed, has_failed, "{run:?}");
    }
}
