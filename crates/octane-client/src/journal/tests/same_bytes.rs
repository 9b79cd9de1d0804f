//! The same results and settings make the same bytes and borders, whatever else differs.

use octane_results::{Failure, SuitePath};
use proptest::prelude::*;

use super::*;
use crate::journal::StoredBatch;
use crate::target::ModuleChoice;

/// The payloads of an upload into a suite and module with these ids, and the borders of its batches.
fn delivered(
    runs: Vec<TestRun>,
    settings: &UploadSettings,
    (suite, module): (i64, i64),
) -> (Vec<String>, Vec<usize>) {
    let spec = target_spec().module(ModuleChoice::Path("Shop".into()));
    let id = UploadId::new();
    let planned = CLIENT.prepare(runs, &spec, settings, &Spool::off(), id);
    let journal = planned.unwrap().journal;
    let target = Target::new(SuiteId::new(suite), "nightly-1").module(ModuleId::new(module));
    journal.set_target(&target).unwrap();
    let batches = journal.open_batches().unwrap();
    let text = |batch| String::from_utf8(journal.payload(batch).unwrap().to_vec()).unwrap();
    let payloads = batches.iter().map(text).collect();
    (payloads, batches.iter().map(StoredBatch::rows).collect())
}

fn run() -> impl Strategy<Value = TestRun> {
    let status = prop::sample::select(vec![Status::Passed, Status::Failed, Status::Skipped]);
    let text = "[a-c <&>\"'\u{1}\u{fffe}ü\u{1F600}\n]{0,300}";
    let started = prop::option::of(0..2_000_000_000_000_i64);
    (
        text,
        status,
        started,
        prop::option::of(text),
        prop::bool::ANY,
    )
        .prop_map(|(name, status, started, details, has_key)| {
            let mut run = TestRun::new(format!("t{name}"), status).class("C");
            run.started = started.map(|at| jiff::Timestamp::from_millisecond(at).unwrap());
            if let Some(details) = details {
                let (kind, message) = (None, Some("no".to_owned()));
                run = run.failure(Failure {
                    error_type: kind,
                    message,
                    details,
                });
            }
            if has_key { run.jira(["SHOP-1"]) } else { run }
        })
}

fn settings() -> impl Strategy<Value = UploadSettings> {
    let limits = (1..6_usize, 200..4000_usize);
    (limits, prop::bool::ANY, prop::bool::ANY).prop_map(|((runs_max, bytes_max), path, nonce)| {
        let mut settings = in_batches_of(runs_max);
        settings.batch_limits.bytes_max = bytes_max;
        settings.suite_path = path.then(|| SuitePath::new("Shop/Cart"));
        settings.nonce = nonce.then(|| "repeated".to_owned());
        settings
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn bytes_and_borders_depend_on_results_and_settings_alone(
        runs in prop::collection::vec(run(), 1..20),
        settings in settings(),
        ids in (1..100_i64, 1_000_000..i64::MAX - 2),
    ) {
        let (narrow, borders) = delivered(runs.clone(), &settings, (ids.0, ids.0));
        let again = std::thread::scope(|scope| {
            let again = scope.spawn(|| delivered(runs.clone(), &settings, (ids.0, ids.0)));
            again.join().unwrap()
        });
        prop_assert_eq!((&narrow, &borders), (&again.0, &again.1));
        prop_assert_eq!(borders.iter().sum::<usize>(), runs.len());
        let (wide, borders_of_wide) = delivered(runs, &settings, (ids.1, ids.1));
        prop_assert_eq!(borders, borders_of_wide);
        for (narrow, wide) in narrow.iter().zip(&wide) {
            let digits = |id: i64| format!("ref id=\"{id}\"");
            prop_assert_eq!(&narrow.replace(&digits(ids.0), &digits(ids.1)), wide);
        }
    }
}

#[test]
fn pieces_of_a_batch_with_equal_results_get_different_bytes() {
    let runs = [
        Status::Passed,
        Status::Failed,
        Status::Passed,
        Status::Failed,
    ];
    let runs = runs.map(|status| TestRun::new("flaky", status));
    let journal = ready(runs.to_vec(), &in_batches_of(4));
    let whole = journal.open_batches().unwrap().remove(0);
    let halves = journal.split(&whole).unwrap();
    let [first, last] = halves.map(|half| journal.payload(&half).unwrap());
    let text = |bytes: &bytes::Bytes| String::from_utf8(bytes.to_vec()).unwrap();
    assert_eq!(text(&last).replace("<!-- nonce 1 -->\n", ""), text(&first));
    assert_ne!(first, last);
}

#[test]
fn batches_of_equal_results_get_different_bytes_as_octane_ignores_duplicates() {
    let runs = [
        Status::Passed,
        Status::Failed,
        Status::Passed,
        Status::Passed,
    ];
    let runs = runs.map(|status| TestRun::new("flaky", status));
    let (payloads, _) = delivered(runs.to_vec(), &in_batches_of(1), (1, 1));
    let unlike: std::collections::BTreeSet<_> = payloads.iter().collect();
    assert_eq!(unlike.len(), 4);
    assert_eq!(payloads[2].replace("<!-- nonce 1 -->\n", ""), payloads[0]);
    assert_eq!(payloads[3].replace("<!-- nonce 2 -->\n", ""), payloads[0]);
}
