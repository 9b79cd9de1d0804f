//! Invalid input: one clear message, the right exit code, and what to do next.

use crate::program::Place;

#[test]
fn a_missing_file_is_named() {
    let place = Place::new();
    let done = place.octane(&["upload", "nowhere.csv", "also-not/*.xml", "--sandbox"]);
    done.fails(4, &["nowhere.csv", "also-not/*.xml", "hint:"]);
}

#[test]
fn an_empty_directory_has_no_results() {
    let place = Place::new();
    std::fs::create_dir(place.path().join("empty")).unwrap();
    place
        .octane(&["upload", "empty", "--sandbox"])
        .fails(4, &["empty", "hint:"]);
}

#[test]
fn a_table_without_its_columns_names_the_header() {
    let place = Place::new();
    place.file("a.csv", "title,outcome\nx,passed\n");
    place
        .octane(&["upload", "a.csv", "--sandbox"])
        .fails(4, &["a.csv", "name", "title"]);
}

#[test]
fn all_invalid_rows_are_listed_and_nothing_is_sent_unless_they_may_be_skipped() {
    let place = Place::new();
    let table = "name,status,duration\na,passed,1\n,passed,2\nc,,3\nd,passd,4\ne,failed,5\n";
    place.file("bad.csv", table);
    let done = place.octane(&["upload", "bad.csv", "--sandbox"]);
    done.fails(
        4,
        &[
            "3 rows or files are invalid",
            "bad.csv:3",
            "bad.csv:4",
            "bad.csv:5",
            "passd",
            "passed",
            "--skip-invalid",
        ],
    );
    assert!(!place.path().join("sandbox").exists());
    let done = place.octane(&[
        "upload",
        "bad.csv",
        "--sandbox",
        "--skip-invalid",
        "--format",
        "json",
    ]);
    let counts = &done.json()["counts"];
    assert_eq!(
        (
            done.code,
            &counts["read"],
            &counts["ingested"],
            &counts["invalid"]
        ),
        (5, &5.into(), &2.into(), &3.into())
    );
}

#[test]
fn a_server_that_cannot_be_reached_is_exit_8() {
    let place = Place::new();
    place.file("a.csv", "name,status\nx,passed\n");
    // Port 9 of the loopback, where nothing listens.
    let variables = [
        ("OCTANE_URL", "http://127.0.0.1:9/ui/?p=1001/1002"),
        ("OCTANE_CLIENT_ID", "id"),
        ("OCTANE_CLIENT_SECRET", "hush-hush"),
    ];
    let done = place.octane_with(
        &["upload", "a.csv", "--suite", "S", "-y", "--retries", "0"],
        &variables,
    );
    done.fails(8, &["127.0.0.1:9", "hint:"]);
    let causes = done.stderr.to_lowercase();
    assert_eq!(causes.matches("refused").count(), 1, "{done:?}");
    // What was unreachable, and why.
    assert_eq!(causes.matches("caused by").count(), 2, "{done:?}");
    assert!(!done.stderr.contains("hush-hush") && !done.stdout.contains("hush-hush"));
}

#[test]
fn a_missing_server_or_shared_space_is_a_configuration_error() {
    let place = Place::new();
    place.file("a.csv", "name,status\nx,passed\n");
    place
        .octane(&["upload", "a.csv", "--suite", "S"])
        .fails(3, &["OCTANE_URL", "--sandbox"]);
    let url = ("OCTANE_URL", "http://127.0.0.1:9");
    place
        .octane_with(&["suite", "list"], &[url])
        .fails(3, &["shared space"]);
    let bad = ("OCTANE_URL", "http://127.0.0.1:9/?p=a/b");
    place
        .octane_with(&["suite", "list"], &[bad])
        .fails(3, &["`a`"]);
}

#[test]
fn an_unknown_suite_id_is_rejected() {
    let place = Place::new();
    place.file("a.csv", "name,status\nx,passed\n");
    let done = place.octane(&["upload", "a.csv", "--suite", "424242", "--sandbox"]);
    done.fails(
        6,
        &[
            "no test suite with the ID or the name `424242`",
            "octane suite list",
        ],
    );
}

#[test]
fn a_missing_suite_is_not_created_unless_asked_for() {
    let place = Place::new();
    place.file("a.csv", "name,status\nx,passed\n");
    let done = place.octane(&[
        "upload",
        "a.csv",
        "--suite",
        "New one",
        "--create",
        "never",
        "--sandbox",
    ]);
    done.fails(6, &["New one", "-y"]);
    let done = place.octane(&["upload", "a.csv", "--suite", "New one", "-y", "--sandbox"]);
    assert_eq!(done.code, 0, "{done:?}");
}

#[test]
fn an_invalid_command_line_is_exit_2() {
    let place = Place::new();
    place.octane(&["upload"]).fails(2, &["Usage"]);
    place
        .octane(&["upload", "x", "--no-such-flag"])
        .fails(2, &["--no-such-flag"]);
}

#[test]
fn in_json_a_failure_is_an_object_too() {
    let place = Place::new();
    let done = place.octane(&["upload", "nowhere.csv", "--sandbox", "--format", "json"]);
    let object = done.json();
    assert_eq!(
        (done.code, &object["exit_code"], &object["schema"]),
        (4, &4.into(), &"octane.error/1".into())
    );
}

#[test]
fn evidence_without_a_start_time_names_the_run_and_gives_a_hint() {
    let place = Place::new();
    place.file("a.csv", "name,status\nx,passed\n");
    let done = place.octane(&[
        "convert",
        "a.csv",
        "-o",
        "o.xml",
        "--payload",
        "evidence",
        "--suite",
        "1",
        "--module",
        "2",
    ]);
    done.fails(3, &["`x`", "hint:"]);
    let long = format!("name,status\n{},passed\n", "n".repeat(300));
    place.file("b.csv", &long);
    let done = place.octane(&["convert", "b.csv", "-o", "o.xml", "--long-names", "refuse"]);
    done.fails(4, &["300 characters", "--long-names shorten"]);
}

#[test]
fn an_unknown_status_is_invalid_until_it_is_mapped() {
    let place = Place::new();
    place.file(
        "w.xml",
        "<testsuite name='s'>\n<testcase name='a' status='amber'/>\n<testcase name='b'/></testsuite>",
    );
    place.file("w.csv", "name,status\na,amber\n");
    for file in ["w.xml", "w.csv"] {
        let done = place.octane(&["upload", file, "--sandbox"]);
        done.fails(4, &[&format!("{file}:2"), "`amber` is not a valid status"]);
        let done = place.octane(&["upload", file, "--sandbox", "--status-map", "Amber=failed"]);
        assert_eq!(done.code, 0, "{done:?}");
        assert!(done.stdout.contains("1 failed"), "{done:?}");
    }
    for wrong in ["warning", "warning=amber"] {
        let done = place.octane(&["validate", "w.csv", "--status-map", wrong]);
        done.fails(2, &[wrong, "WORD=STATUS"]);
    }
    let line = "validate w.csv --status-map X=failed --status-map x=passed";
    let done = place.octane(&line.split(' ').collect::<Vec<_>>());
    done.fails(
        2,
        &["`--status-map x=passed`: the word is mapped to failed as well"],
    );
    place.file("blank.csv", "name,status\na,\n");
    let done = place.octane(&["validate", "blank.csv"]);
    let said = |text| done.stdout.contains(text);
    assert!(
        said("status is empty") && said("--status-map =skipped"),
        "{done:?}"
    );
    let done = place.octane(&["validate", "blank.csv", "--status-map", "=skipped"]);
    assert!(done.stdout.contains("1 skipped"), "{done:?}");
}

#[test]
fn an_empty_name_is_a_configuration_error_and_spaces_around_one_are_removed() {
    let place = Place::new();
    place.file("a.csv", "name,status\nx,passed\n");
    for option in ["--suite", "--suite-run", "--module"] {
        let done = place.octane(&["upload", "a.csv", "--sandbox", option, " "]);
        done.fails(3, &[&format!("`{option}` is empty")]);
    }
    let done = place.octane(&["upload", "a.csv", "--sandbox", "--suite", " Nightly "]);
    assert!(done.stdout.contains("suite Nightly ("), "{done:?}");
}

#[test]
fn with_skip_invalid_a_file_that_breaks_off_counts_and_its_complete_results_go_in() {
    let place = Place::new();
    place.file(
        "r/a.xml",
        "<testsuite name='s'><testcase name='a'/></testsuite>",
    );
    place.file(
        "r/b.xml",
        "<testsuite name='s'><testcase name='b'><failure/></testcase><testcase name='c'",
    );
    place.file("r/c.xml", "");
    let upload = ["upload", "r", "--sandbox", "--format", "json"];
    place
        .octane(&upload)
        .fails(4, &["b.xml", "c.xml", "nothing was sent"]);
    let done = place.octane(&[&upload[..], &["--skip-invalid"]].concat());
    let report = done.json();
    let counts = &report["counts"];
    assert_eq!(done.code, 5, "{done:?}");
    assert_eq!(
        (&counts["read"], &counts["ingested"], &counts["invalid"]),
        (&4.into(), &2.into(), &2.into()),
        "{report}"
    );
    assert_eq!(counts["failed"], 1);
    let done = place.octane(&["upload", "r", "--sandbox", "--skip-invalid", "--force-new"]);
    assert_eq!(done.code, 5, "{done:?}");
    // Only what can be sent is announced, and the statuses add up to what was read.
    assert!(
        done.stderr.contains("prepared 2 results in 1 batch"),
        "{done:?}"
    );
    assert!(
        (done.stdout).contains("4 results in 3 files: 1 passed, 1 failed, 0 skipped, 2 invalid"),
        "{done:?}"
    );
    let only_broken = place.octane(&["upload", "r/c.xml", "--sandbox", "--skip-invalid"]);
    assert_eq!(only_broken.code, 4, "{only_broken:?}");
    assert!(only_broken.stderr.contains("r/c.xml:"), "{only_broken:?}");
}

#[test]
fn missing_credentials_are_found_before_anything_is_read_or_saved() {
    let place = Place::new();
    let url = ("OCTANE_URL", "http://127.0.0.1:9/ui/?p=1001/1002");
    let upload = ["upload", "missing.csv", "--suite", "S"];
    for (variables, expected) in [
        (vec![url], "no credentials given"),
        (
            vec![url, ("OCTANE_CLIENT_ID", "id")],
            "`OCTANE_CLIENT_SECRET` is not",
        ),
    ] {
        let done = place.octane_with(&upload, &variables);
        done.fails(3, &[expected, "OCTANE_CLIENT_SECRET"]);
        assert!(!place.path().join("spool").exists(), "{done:?}");
        let done = place.octane_with(&["suite", "list"], &variables);
        done.fails(3, &[expected]);
    }
}
