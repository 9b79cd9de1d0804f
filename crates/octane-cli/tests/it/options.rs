//! Options: durations, and connection options where they belong.

use crate::program::Place;

#[test]
fn every_duration_takes_a_unit_or_is_in_seconds_and_an_error_names_its_option() {
    let place = Place::new();
    for option in ["--wait", "--deadline", "--timeout"] {
        let done = place.octane(&["upload", "a.csv", "--sandbox", option, "soon"]);
        done.fails(2, &[option, "not a duration", "`5m`"]);
    }
    place.file("a.csv", "name,status\nx,passed\n");
    for [wait, deadline, timeout] in [["5m", "1m 30s", "30s"], ["300", "90", "30"]] {
        let limits = ["--wait", wait, "--deadline", deadline, "--timeout", timeout];
        let done = place.octane(&[&["upload", "a.csv", "--sandbox"][..], &limits].concat());
        assert_eq!(done.code, 0, "{done:?}");
    }
}

#[test]
fn an_option_wins_over_a_variable_that_it_excludes_with_a_note() {
    let place = Place::new();
    place.file("a.csv", "name,status\nx,passed\n");
    let elsewhere = [("OCTANE_URL", "https://octane.example")];
    let note = "note: OCTANE_URL is ignored because of `--sandbox`\n";
    for arguments in [
        &["upload", "a.csv", "--sandbox"][..],
        &["suite", "list", "--sandbox"],
        &["jira", "resolve", "SHOP-101", "--sandbox"],
    ] {
        let done = place.octane_with(arguments, &elsewhere);
        assert_eq!(
            (done.code, done.stderr.contains(note)),
            (0, true),
            "{done:?}"
        );
        let quiet = place.octane_with(&[arguments, &["--quiet"]].concat(), &elsewhere);
        assert_eq!((quiet.code, &*quiet.stderr), (0, ""));
    }
    let done = place.octane_with(&["suite", "list", "--sandbox"], &[("OCTANE_URL", "")]);
    assert_eq!((done.code, &*done.stderr), (0, "1 suite\n"));
}

#[test]
fn a_value_that_is_not_a_choice_lists_the_choices() {
    let place = Place::new();
    for (option, choices) in [
        ("--on-upload-error", "fail, warn"),
        ("--on-unresolved", "warn, fail, ignore"),
        ("--annotate", "auto, off"),
        ("--jira", "auto, off"),
        (
            "--input-format",
            "auto, junit, nunit, xunit, trx, testng, robot, octane, cucumber, cucumber-messages, playwright, mocha, jest, \
             go-test, pytest-json, dart, allure, ctrf, googletest, catch2, rspec, tap, csv, json, ndjson, arrow, parquet",
        ),
        ("--long-names", "shorten, refuse"),
    ] {
        let done = place.octane(&["upload", "a.csv", option, "maybe"]);
        done.fails(2, &[option, &format!("[possible values: {choices}]")]);
    }
}

#[test]
fn offline_commands_have_no_connection_options() {
    let place = Place::new();
    for command in ["validate", "schema", "version"] {
        let done = place.octane(&[command, "--url", "https://octane.example"]);
        done.fails(2, &["unexpected argument '--url'"]);
    }
}

#[test]
fn help_names_the_variable_of_the_secret_first() {
    let place = Place::new();
    let help = place.octane(&["--help"]).stdout;
    let variables = help.split("Environment variables:\n").nth(1).unwrap();
    assert!(
        variables.trim_start().starts_with("OCTANE_CLIENT_SECRET"),
        "{help}"
    );
}
