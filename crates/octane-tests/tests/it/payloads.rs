//! Payloads of the samples and of other people's reports, checked by a validator that is not ours.

use std::path::{Path, PathBuf};

use octane_client::{Plan, Target, UploadSettings};
use octane_model::SuiteId;
use octane_results::{FindOptions, ReadOptions, Record, Source, TestRun, read, sources};
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
        for batch in Plan::new(runs, Some(&target), &UploadSettings::default()).unwrap() {
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
