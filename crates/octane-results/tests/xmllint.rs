//! Compares our check with `xmllint`, an independent XML Schema validator: they must agree.
//!
//! `OCTANE_XMLLINT_CASES` sets the number of random documents (400 by default), `OCTANE_XMLLINT_SEED` their
//! seed. The official schema cannot be redistributed; if there is a copy in `$OCTANE_SHARED` (or in `shared`
//! next to the workspace), it is used as well.

mod document;
mod generate;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use document::{Random, every_change, mutated_text, schema_document};
use octane_results::{
    Dialect, PayloadSettings, PayloadWriter, RepairPolicy, check, repair, repair_context,
    test_results_xsd,
};
use proptest::collection::vec;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, TestRng, TestRunner};

/// The number of documents per call of `xmllint`.
const DOCUMENTS_PER_CALL: usize = 500;

#[test]
fn xmllint_and_the_check_agree_on_every_part_of_the_schema() {
    if has_xmllint() {
        let documents = every_change(&mut Random::new(1));
        assert!(
            documents.len() > 3000,
            "{} changes are too few",
            documents.len()
        );
        compare(&documents);
    }
}

#[test]
fn xmllint_and_the_check_agree_on_random_documents() {
    if has_xmllint() {
        let cases = setting("OCTANE_XMLLINT_CASES", 400);
        let seed = setting("OCTANE_XMLLINT_SEED", 1);
        compare(&documents(cases, seed));
    }
}

fn compare(documents: &[String]) {
    let folder = tempfile::tempdir().unwrap();
    let schemas = schemas(folder.path());
    let mut valid = 0;
    let mut tolerated = 0;
    let mut disagreements = Vec::new();
    for chunk in documents.chunks(DOCUMENTS_PER_CALL) {
        let names: Vec<String> = (0..chunk.len())
            .map(|index| format!("{index}.xml"))
            .collect();
        for (name, document) in names.iter().zip(chunk) {
            std::fs::write(folder.path().join(name), document).unwrap();
        }
        for schema in &schemas {
            let verdict = xmllint(folder.path(), schema, &names);
            for (name, document) in names.iter().zip(chunk) {
                let ours = check(document.as_bytes());
                valid += usize::from(ours.is_ok());
                if ours.is_ok() == verdict.valid.contains(name) {
                    continue;
                }
                let errors = verdict.errors(name);
                if ours.is_ok() && are_about_whitespace_of_longs(&errors) {
                    tolerated += 1;
                    continue;
                }
                disagreements.push(format!(
                    "{}\nours: {ours:?}\nxmllint: {errors:?}\n{document}\n",
                    schema.display()
                ));
            }
        }
    }
    assert!(
        disagreements.is_empty(),
        "{} of {} documents, for example\n{}",
        disagreements.len(),
        documents.len(),
        disagreements[..disagreements.len().min(3)].join("\n")
    );
    // The documents are a useful sample: many are valid and many are not.
    let asked = documents.len() * schemas.len();
    assert!(
        valid * 10 > asked && valid * 10 < asked * 9,
        "{valid} of {asked} are valid"
    );
    assert!(
        tolerated * 20 < asked,
        "{tolerated} of {asked} are tolerated"
    );
    #[expect(
        clippy::print_stderr,
        reason = "reports what a long manual run has done"
    )]
    {
        eprintln!(
            "{} documents, {} schemas, {valid} of {asked} verdicts are `valid`, {tolerated} tolerated",
            documents.len(),
            schemas.len()
        );
    }
}

/// Valid payloads of the writer; the same with a few characters changed; and documents generated from the
/// schema, with some nodes changed.
fn documents(cases: usize, seed: u64) -> Vec<String> {
    let mut random = Random::new(seed);
    let rng = TestRng::from_seed(
        proptest::test_runner::RngAlgorithm::ChaCha,
        &random.bytes::<32>(),
    );
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let payload = (generate::context(), vec(generate::run(), 0..3));
    (0..cases)
        .map(|case| match case % 4 {
            0 | 1 => {
                let (mut context, mut runs) = payload.new_tree(&mut runner).unwrap().current();
                let policy = RepairPolicy::default();
                repair_context(&mut context, &policy).unwrap();
                let settings = PayloadSettings::new(Dialect::Standard, context);
                let writer = PayloadWriter::new(settings).unwrap();
                let mut body = Vec::new();
                for run in &mut runs {
                    repair(run, &policy).unwrap();
                    writer.write_run(run, &mut body).unwrap();
                }
                let payload = String::from_utf8(writer.assemble(&body)).unwrap();
                if case % 4 == 0 {
                    assert_eq!(check(payload.as_bytes()), Ok(()), "{payload}");
                    payload
                } else {
                    mutated_text(&payload, &mut random)
                }
            }
            _ => schema_document(&mut random),
        })
        .collect()
}

/// Our own XSD, and the official one if it is available.
fn schemas(folder: &Path) -> Vec<PathBuf> {
    let own = folder.join("own.xsd");
    std::fs::write(&own, test_results_xsd()).unwrap();
    let shared = octane_test_support::shared_folder_with("test-results.xsd");
    let official = shared.map(|shared| shared.join("test-results.xsd").canonicalize().unwrap());
    std::iter::once(own).chain(official).collect()
}

/// The result of `xmllint` for several documents.
struct Verdict {
    valid: BTreeSet<String>,
    lines: Vec<String>,
}

impl Verdict {
    /// The errors of one document.
    fn errors(&self, name: &str) -> Vec<&str> {
        let prefix = format!("{name}:");
        self.lines
            .iter()
            .filter_map(|line| line.strip_prefix(&prefix))
            .collect()
    }
}

fn xmllint(folder: &Path, schema: &Path, names: &[String]) -> Verdict {
    let output = Command::new("xmllint")
        .args(["--nonet", "--noout", "--schema"])
        .arg(schema)
        .args(names)
        .current_dir(folder)
        .output()
        .unwrap();
    let mut lines: Vec<String> = Vec::new();
    for line in String::from_utf8_lossy(&output.stderr).lines() {
        // A value with a line break causes an error of several lines.
        let begins = names.iter().any(|name| line.starts_with(name.as_str()));
        match lines.last_mut() {
            Some(last) if !begins => {
                last.push('\n');
                last.push_str(line);
            }
            _ => lines.push(line.to_owned()),
        }
    }
    let valid: BTreeSet<String> = lines
        .iter()
        .filter_map(|line| line.strip_suffix(" validates"))
        .map(str::to_owned)
        .collect();
    assert!(
        lines
            .iter()
            .all(|line| !line.contains("Schemas parser error")),
        "`xmllint` cannot read `{}`: {lines:?}",
        schema.display()
    );
    Verdict { valid, lines }
}

/// Whether all errors are about whitespace around an `xs:long`. XML Schema allows it, and so do we and Java's
/// validator; libxml2 does not strip it from an `xs:long` (although it does from an `xs:boolean`).
fn are_about_whitespace_of_longs(errors: &[&str]) -> bool {
    let value = |error: &str| -> Option<String> {
        let (head, _) = error.split_once("' is not a valid value of the atomic type 'xs:long'")?;
        let (_, value) = head.rsplit_once("': '")?;
        Some(value.to_owned())
    };
    let values: Vec<_> = errors
        .iter()
        .filter(|error| error.contains("Schemas validity error"))
        .map(|error| value(error))
        .collect();
    !values.is_empty()
        && values.iter().all(|value| {
            value.as_ref().is_some_and(|value| {
                let trimmed = value.trim_matches([' ', '\t', '\n', '\r']);
                trimmed.len() < value.len() && trimmed.parse::<i64>().is_ok()
            })
        })
}

/// Whether `xmllint` is installed. If CI lacks it, that is a failure.
fn has_xmllint() -> bool {
    octane_test_support::program("xmllint", "libxml2-utils").is_some()
}

fn setting<T: std::str::FromStr>(name: &str, default: T) -> T {
    let Ok(value) = std::env::var(name) else {
        return default;
    };
    let number = value.parse();
    number.unwrap_or_else(|_| panic!("`{name}` is `{value}`, not a number"))
}
