use std::time::Duration;

use super::*;

/// Results cannot be made by hand, so they come from a journal that nothing was sent of.
fn stored() -> Vec<StoredResult> {
    use octane_client::{Client, Spool, SuiteChoice, TargetSpec, UploadId, UploadSettings};
    use octane_results::TestRun;

    let endpoint = octane_rest::Endpoint::builder("http://octane.invalid")
        .space(1001)
        .workspace(1002)
        .credentials(octane_rest::ApiKey::new("id", "secret"))
        .build();
    let client = Client::new(endpoint.unwrap());
    let runs = [
        TestRun::new("pays", Status::Failed)
            .package("shop")
            .class("Cart")
            .duration(Duration::from_millis(1250)),
        TestRun::new("pays", Status::Passed)
            .package("shop")
            .class("Cart"),
        TestRun::new("later", Status::Planned),
    ];
    let spec = TargetSpec::new(SuiteChoice::Named("Nightly".into()), "n 1");
    let settings = UploadSettings::default();
    let prepared = client.prepare(runs, &spec, &settings, &Spool::off(), UploadId::new());
    let mut stored = Vec::new();
    let visited = prepared.unwrap().journal.visit_results(|result| {
        stored.push(result.clone());
        ControlFlow::<()>::Continue(())
    });
    assert!(visited.unwrap().is_continue());
    stored
}

fn in_state(result: &StoredResult, state: ResultState) -> StoredResult {
    let mut result = result.clone();
    result.state = state;
    result
}

#[test]
fn only_a_result_that_passed_and_is_in_octane_is_green() {
    for result in stored() {
        for state in [
            ResultState::Ingested,
            ResultState::Rejected,
            ResultState::Pending,
        ] {
            let case = case_of(&in_state(&result, state));
            let expected = match (state, result.status) {
                (ResultState::Ingested, Status::Passed) => "passed",
                (ResultState::Ingested, Status::Failed) => "failure",
                (ResultState::Ingested, _) => "skipped",
                _ => "error",
            };
            let found = match case {
                Case::Passed => "passed",
                Case::Skipped => "skipped",
                Case::Failure(..) => "failure",
                Case::Error(..) => "error",
            };
            assert_eq!(found, expected, "{state:?} {:?}", result.status);
        }
    }
}

#[test]
fn every_result_has_a_name_of_its_own() {
    let mut cases = Cases {
        out: Vec::new(),
        counts: Counts::default(),
    };
    for result in stored() {
        let result = in_state(&result, ResultState::Ingested);
        cases.result(&result, "Nightly").unwrap();
    }
    let text = String::from_utf8(cases.out).unwrap();
    let expected = "\
<testcase classname=\"shop.Cart\" name=\"pays\" time=\"1.250\"><failure type=\"failed\" message=\"the test failed\"/></testcase>
<testcase classname=\"shop.Cart\" name=\"pays (attempt 2)\" time=\"0.000\"/>
<testcase classname=\"Nightly\" name=\"later\" time=\"0.000\"><skipped/></testcase>
";
    assert_eq!(text, expected);
    let counts = Counts {
        tests: 3,
        failures: 1,
        errors: 0,
        skipped: 1,
        milliseconds: 1250,
    };
    assert_eq!(cases.counts, counts);
}

#[test]
fn every_row_of_the_table_of_problems_holds() {
    for code in ["rejected", "unconfirmed", "superseded"] {
        assert_eq!(
            weight(code, false, Exit::Partial),
            Weight::OfResult,
            "{code}"
        );
    }
    assert_eq!(weight("flaky", true, Exit::Success), Weight::Flaky);
    for code in [
        "flaky",
        "repaired",
        "duplicate",
        "resent",
        "unsupported",
        "ambiguous_name",
        "uncompared",
        "unknown_history",
        "repeated_shard",
        "late_shards",
        "unknown_key",
        "ambiguous_key",
    ] {
        assert_eq!(weight(code, false, Exit::Success), Weight::Note, "{code}");
    }
    assert_eq!(
        weight("unknown_key", false, Exit::LinksIncomplete),
        Weight::Error
    );
    for code in [
        "invalid_row",
        "unreadable",
        "missing_shards",
        "unlinked",
        "task",
        "anything new",
    ] {
        assert_eq!(weight(code, true, Exit::Success), Weight::Error, "{code}");
    }
}

#[test]
fn foreign_text_is_no_markup() {
    let mut cases = Cases {
        out: Vec::new(),
        counts: Counts::default(),
    };
    let evil = "\"/><testcase name='x'/>\u{1b}\u{ffff}\n";
    let case = Case::Error(evil.to_owned(), evil.to_owned());
    cases.add(evil, evil, 0, &case).unwrap();
    let text = String::from_utf8(cases.out).unwrap();
    assert_eq!(text.matches("<testcase").count(), 1, "{text}");
    assert!(
        !text.contains('\u{1b}') && !text.contains('\u{ffff}'),
        "{text}"
    );
}
