//! Options: durations with units, and connection options where they belong.

use crate::program::Place;

#[test]
fn a_duration_without_a_unit_is_an_error_that_says_what_to_write() {
    let place = Place::new();
    for option in ["--wait", "--deadline", "--timeout"] {
        let done = place.octane(&["upload", "a.csv", "--sandbox", option, "30"]);
        done.fails(2, &[option, "the unit is missing", "`30s`"]);
    }
    place.file("a.csv", "name,status\nx,passed\n");
    let limits = ["--wait", "5m", "--deadline", "1m 30s", "--timeout", "30s"];
    let done = place.octane(&[&["upload", "a.csv", "--sandbox"][..], &limits].concat());
    assert_eq!(done.code, 0, "{done:?}");
}

#[test]
fn a_value_that_is_not_a_choice_lists_the_choices() {
    let place = Place::new();
    for (option, choices) in [
        ("--on-upload-error", "fail, warn"),
        ("--on-unresolved", "warn, fail, ignore"),
        ("--annotate", "auto, off"),
        ("--jira", "auto, off"),
        ("--input-format", "auto, junit, csv"),
        ("--long-names", "shorten, refuse"),
    ] {
        let done = place.octane(&["upload", "a.csv", option, "maybe"]);
        done.fails(2, &[option, &format!("[possible values: {choices}]")]);
    }
}

#[test]
fn offline_commands_have_no_connection_options() {
    let place = Place::new();
    for command in ["validate", "status", "version"] {
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
