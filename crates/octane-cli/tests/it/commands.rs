//! The smaller commands.

use serde_json::{Value, json};
use sha2::Digest;

use crate::program::{Done, Place, sample};

#[test]
fn modules_and_suites_are_created_and_found() {
    let place = Place::new();
    let made = place
        .octane(&[
            "module",
            "ensure",
            "Shop/Refunds",
            "--sandbox",
            "--format",
            "json",
        ])
        .json();
    let got = place
        .octane(&[
            "module",
            "get",
            "Shop/Refunds",
            "--sandbox",
            "--format",
            "json",
        ])
        .json();
    assert_eq!(made["id"], got["id"]);
    let suite = [
        "suite",
        "ensure",
        "Nightly",
        "--module",
        "Shop/Refunds",
        "--sandbox",
        "--format",
        "json",
    ];
    let made = place.octane(&suite).json();
    assert_eq!(made["created"].as_array().unwrap().len(), 1);
    assert_eq!(
        place.octane(&suite).json()["created"]
            .as_array()
            .unwrap()
            .len(),
        0
    );
    assert_eq!(made["schema"], "octane.suite/1");
    assert_eq!(made["modules"], json!([got["id"]]));
    let list = place.octane(&["suite", "list", "--module", "Shop/Refunds", "--sandbox"]);
    assert!(list.stdout.contains("Nightly"), "{list:?}");
}

#[test]
fn json_answers_name_their_schema_and_ids_are_strings() {
    fn check_ids(value: &Value) {
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    let is_id = matches!(&**name, "id" | "parent" | "suite" | "test" | "story");
                    assert!(!(is_id && member.is_number()), "{name}: {value}");
                    check_ids(member);
                }
            }
            Value::Array(values) => values.iter().for_each(check_ids),
            _ => {}
        }
    }
    let place = Place::new();
    place.file("a.csv", "name,status\nx,passed\n");
    place.octane(&["upload", "a.csv", "--suite-run", "a", "--sandbox"]);
    let answer = |command: &[&str]| {
        let done = place.octane(&[command, &["--sandbox", "--format", "json"]].concat());
        let json = done.json();
        check_ids(&json);
        json
    };
    for (command, schema, entities) in [
        ("module", "octane.modules/1", "modules"),
        ("suite", "octane.suites/1", "suites"),
        ("suite-run", "octane.suite_runs/1", "suite_runs"),
    ] {
        let list = answer(&[command, "list"]);
        assert_eq!(list["schema"], schema);
        let entity = list[entities].as_array().unwrap().last().unwrap();
        let one = answer(&[command, "get", entity["id"].as_str().unwrap()]);
        assert_eq!(one["schema"], schema.replace("s/1", "/1"));
        assert_eq!(one["name"], entity["name"]);
    }
    let runs = answer(&["run", "list", "--suite-run", "a"]);
    assert_eq!(runs["schema"], "octane.runs/1");
    let run = runs["runs"][0]["id"].as_str().unwrap();
    assert_eq!(answer(&["run", "get", run])["schema"], "octane.run/1");
    let links = answer(&["link", "--run", run, "--jira", "SHOP-101", "NONE-1"]);
    assert_eq!(links["schema"], "octane.links/1");
    assert_eq!(links["unknown"], json!(["NONE-1"]));
    assert_eq!(links["ambiguous"], json!([]));
}

#[test]
fn runs_are_linked_and_unlinked_by_jira_key() {
    let place = Place::new();
    place.file("a.csv", "name,status\nx,passed\ny,failed\n");
    place.octane(&["upload", "a.csv", "--suite-run", "a", "--sandbox"]);
    let link = [
        "--suite",
        "a",
        "--suite-run",
        "a",
        "--jira",
        "SHOP-101",
        "--sandbox",
        "--format",
        "json",
    ];
    let run =
        |command| place.octane(&[&[command], &link[..]].concat()).json()["stories"][0].clone();
    assert_eq!(run("link")["changed"], 2);
    assert_eq!(run("link")["unchanged"], 2);
    assert_eq!(run("unlink")["changed"], 2);
    assert_eq!(run("unlink")["changed"], 0);
}

#[test]
fn jira_keys_are_resolved_and_a_missing_one_is_reported() {
    let place = Place::new();
    let done = place.octane(&[
        "jira",
        "resolve",
        "SHOP-101",
        "NONE-1",
        "SHOP-150",
        "--sandbox",
        "--format",
        "json",
    ]);
    let json = done.json();
    assert_eq!(done.code, 6);
    assert_eq!(json["found"]["SHOP-101"]["type"], "story");
    assert_eq!(json["schema"], "octane.jira_keys/1");
    assert!(json["found"]["SHOP-101"]["id"].is_string(), "{json}");
    assert_eq!(json["unknown"], json!(["NONE-1"]));
    assert_eq!(json["ambiguous"]["SHOP-150"].as_array().unwrap().len(), 2);
}

#[test]
fn any_request_can_be_sent() {
    let place = Place::new();
    let done = place.octane(&["api", "GET", "releases?limit=1", "--sandbox"]);
    assert_eq!(
        (done.code, &done.json()["data"][0]["type"]),
        (0, &"release".into()),
        "{done:?}"
    );
    let done = place.octane(&["api", "get", "/admin/server/version", "--sandbox"]);
    assert!(
        done.json()["version"].is_string() && done.stderr.contains("HTTP 200"),
        "{done:?}"
    );
    place.file("body.json", r#"{"data":[{"name":"M"}]}"#);
    let done = place.octane(&[
        "api",
        "POST",
        "nonsense",
        "--data",
        "@body.json",
        "--sandbox",
    ]);
    assert_eq!(done.code, 6, "{done:?}");
}

#[test]
fn convert_writes_a_payload_and_validate_counts() {
    let place = Place::new();
    let table = sample("nightly.csv");
    let convert = [
        "convert",
        &table,
        "-o",
        "out.xml",
        "--suite",
        "5001",
        "--suite-run",
        "n",
        "--format",
        "json",
    ];
    let payloads = |done: &Done| done.json()["payloads"].as_array().unwrap().clone();
    let single = place.octane(&convert);
    assert_eq!(payloads(&single).len(), 1, "{single:?}");
    assert_eq!(payloads(&single)[0]["results"], 3200);
    let whole = std::fs::read(place.path().join("out.xml")).unwrap();
    octane_results::check(&whole).unwrap();
    let digest = sha2::Sha256::digest(&whole);
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(payloads(&single)[0]["sha256"], digest);
    let done = place.octane(&[&convert[..], &["--split"]].concat());
    assert_eq!(payloads(&done).len(), 7, "{done:?}");
    let xml = std::fs::read_to_string(place.path().join("out.7.xml")).unwrap();
    assert!(
        xml.contains(r#"<suite_ref id="5001" external_run_id="n"/>"#),
        "{}",
        &xml[..300]
    );
    let done = place.octane(&["validate", &table, "--format", "json"]);
    assert_eq!(
        (done.code, &done.json()["counts"]["read"]),
        (0, &3200.into())
    );
}

#[test]
fn results_are_converted_to_formats_of_other_tools_and_back() {
    let place = Place::new();
    let table = sample("nightly.csv");
    let counts = |file: &str| {
        let done = place.octane(&["validate", file, "--format", "json"]);
        let json = done.json();
        let count = |name: &str| json["counts"][name].as_u64().unwrap();
        ["read", "passed", "failed", "test_skipped"].map(count)
    };
    let expected = counts(&table);
    for (format, file) in [
        ("csv", "out.csv"),
        ("ndjson", "out.ndjson"),
        ("junit", "junit.xml"),
        ("octane", "octane.xml"),
    ] {
        let done = place.octane(&["convert", &table, "-o", file, "--to", format]);
        assert_eq!(done.code, 0, "{done:?}");
        assert_eq!(counts(file), expected, "{format}");
    }
    place
        .octane(&["convert", &table, "-o", "out.csv", "--to", "csv", "--split"])
        .fails(2, &["--split", "--to"]);
}

#[test]
fn tables_in_parquet_need_a_build_that_has_them() {
    let place = Place::new();
    place.file("in.csv", "name,status\nadds,passed\npays,failed\n");
    let convert = ["convert", "in.csv", "-o", "out.parquet", "--to", "parquet"];
    let done = place.octane(&convert);
    if cfg!(feature = "arrow") {
        assert_eq!(done.code, 0, "{done:?}");
        let again = place.octane(&["convert", "out.parquet", "-o", "-", "--to", "csv"]);
        assert_eq!(again.stdout.lines().count(), 3, "{again:?}");
    } else {
        done.fails(2, &["this build cannot write Parquet", "--features arrow"]);
        assert!(!place.path().join("out.parquet").exists());
    }
    if !octane_results::Format::Parquet.is_readable() {
        place.file("in.parquet", "PAR1");
        place.octane(&["convert", "in.parquet", "-o", "x"]).fails(
            4,
            &["in.parquet: is in the format parquet", "--features arrow"],
        );
    }
}

#[test]
fn evidence_is_written_in_the_form_of_its_template() {
    let place = Place::new();
    place.file(
        "a.csv",
        "name,status,started,duration\nx,passed,1795212000000,5\n",
    );
    let done = place.octane(&[
        "convert",
        "a.csv",
        "-o",
        "-",
        "--payload",
        "evidence",
        "--suite",
        "5001",
        "--suite-run",
        "n",
        "--module",
        "1011",
        "--release",
        "R1",
    ]);
    insta::assert_snapshot!(done.stdout, @r#"<?xml version='1.0' encoding='UTF-8'?><test_result><suite_ref id='5001' external_run_id='n'/><release_name>R1</release_name><product_areas><product_area_ref id='1011'/></product_areas><test_runs><test_run package="" module="" class="" name="x" status="Passed" started="1795212000000" duration="5"></test_run></test_runs><test_fields><test_field field_type='Testing_Tool_Type' value='Quartz'/></test_fields></test_result>"#);
}

#[test]
fn a_dry_run_changes_nothing() {
    let place = Place::new();
    place.file("a.csv", "name,status\nx,passed\n");
    let done = place.octane(&[
        "upload",
        "a.csv",
        "--sandbox",
        "--dry-run",
        "--format",
        "json",
    ]);
    assert_eq!(
        (done.code, &done.json()["results"]),
        (0, &1.into()),
        "{done:?}"
    );
    let list = place.octane(&["suite-run", "list", "--sandbox", "--format", "json"]);
    assert_eq!(
        list.json(),
        json!({ "schema": "octane.suite_runs/1", "count": 0, "suite_runs": [] })
    );
}

#[test]
fn the_version_and_the_exit_codes_are_shown() {
    let place = Place::new();
    assert!(place.octane(&["version"]).stdout.starts_with("octane 0."));
    let help = place.octane(&["upload", "--help"]).stdout;
    assert!(
        help.contains("partial: some results")
            && help.contains("octane upload nightly.csv --sandbox"),
        "{help}"
    );
}

#[test]
fn the_runs_of_a_suite_run_are_listed_by_its_name_alone() {
    let place = Place::new();
    place.file("a.csv", "name,status\nx,passed\ny,failed\n");
    place.octane(&[
        "upload",
        "a.csv",
        "--suite",
        "A",
        "--suite-run",
        "n1",
        "-y",
        "--sandbox",
    ]);
    let list = [
        "run",
        "list",
        "--suite-run",
        "n1",
        "--sandbox",
        "--format",
        "json",
    ];
    assert_eq!(
        place.octane(&list).json()["runs"].as_array().unwrap().len(),
        2
    );
    place.octane(&[
        "upload",
        "a.csv",
        "--suite",
        "B",
        "--suite-run",
        "n1",
        "-y",
        "--sandbox",
    ]);
    place
        .octane(&list)
        .fails(6, &["found 2 suite runs named `n1` (IDs "]);
    place
        .octane(&["run", "list", "--suite-run", "none", "--sandbox"])
        .fails(6, &["no suite run named `none`", "hint:"]);
}

#[test]
fn a_shell_accepts_its_completions_and_they_have_the_commands() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let done = place.octane(&["completions", shell]);
        assert_eq!(done.code, 0, "{done:?}");
        for word in ["uploads", "suite-run", "completions"] {
            assert!(done.stdout.contains(word), "no {word} for {shell}");
        }
        place.file(shell, &done.stdout);
    }
    if let Some(bash) = octane_test_support::program("bash", "bash") {
        let script = place.path().join("bash");
        let status = std::process::Command::new(bash)
            .arg("-n")
            .arg(script)
            .status();
        assert!(status.unwrap().success());
    }
    place
        .octane(&["completions", "tcsh"])
        .fails(2, &["possible values: bash"]);
}
