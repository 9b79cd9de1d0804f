//! Names: numbers, white space, nothing at all, misspelt ones, and those that Octane cannot hold.

use serde_json::Value;

use crate::program::Place;
use crate::server::{SECRET, Server};

const RESULT: &str = "name,status\nx,passed\n";

fn server() -> Server {
    let server = Server::new();
    server.place.file("a.csv", RESULT);
    server
}

fn upload<'a>(suite: &'a str, suite_run: &'a str) -> [&'a str; 7] {
    [
        "upload",
        "a.csv",
        "--suite",
        suite,
        "--suite-run",
        suite_run,
        "-y",
    ]
}

/// The ID of the entity that an answer shows.
fn id(value: &Value) -> String {
    value["id"].as_str().unwrap().to_owned()
}

#[test]
fn a_number_is_a_name_where_no_entity_has_that_id() {
    let server = server();
    assert_eq!(server.octane(&["suite", "create", "2026"], SECRET).code, 0);
    let done = server.octane(&upload("2026", "4711"), SECRET);
    assert_eq!(done.code, 0, "{done:?}");
    for (arguments, counted) in [
        (&["run", "list", "--suite-run", "4711"][..], "1 run\n"),
        (
            &["run", "list", "--suite", "2026", "--suite-run", "4711"],
            "1 run\n",
        ),
        (&["suite-run", "get", "4711"], ""),
        (&["suite-run", "list", "--suite", "2026"], "1 suite run\n"),
        (&["suite", "get", "2026"], ""),
        (&["link", "--suite-run", "4711", "--jira", "SHOP-101"], ""),
    ] {
        let done = server.octane(arguments, SECRET);
        assert_eq!(done.code, 0, "{arguments:?}: {done:?}");
        assert_eq!(done.stderr, counted, "{arguments:?}");
    }
}

#[test]
fn a_number_that_is_neither_an_id_nor_a_name_is_not_created() {
    let server = server();
    let done = server.octane(&upload("2026", "r"), SECRET);
    done.fails(
        6,
        &[
            "no test suite with the ID or the name `2026`",
            "`octane suite create`",
        ],
    );
    let done = server.octane(&["run", "list", "--suite-run", "4711"], SECRET);
    done.fails(6, &["no suite run with the ID or the name `4711`"]);
}

#[test]
fn an_id_wins_over_a_name_with_a_warning_that_says_how_to_use_the_other() {
    let server = server();
    let nightly = server.octane(&["suite", "create", "Nightly", "--format", "json"], SECRET);
    let nightly = id(&nightly.json());
    let other = server.octane(&["suite", "create", &nightly, "--format", "json"], SECRET);
    let other = id(&other.json());
    let warning = format!("give its ID: {other}");

    let done = server.octane(&["suite", "get", &nightly, "--format", "json"], SECRET);
    assert_eq!(done.json()["name"], "Nightly");
    assert!(done.stderr.contains(&warning), "{done:?}");

    let done = server.octane(
        &[&upload(&nightly, "r")[..], &["--format", "json"]].concat(),
        SECRET,
    );
    let report = done.json();
    assert_eq!(
        (done.code, &report["target"]["suite"]["name"]),
        (0, &"Nightly".into())
    );
    let problem = &report["problems"][0];
    assert_eq!(problem["code"], "ambiguous_name");
    assert!(
        problem["message"].as_str().unwrap().contains(&warning),
        "{problem}"
    );
}

#[test]
fn a_suite_run_of_another_suite_is_not_found_by_its_id() {
    let server = server();
    let done = server.octane(
        &[&upload("One", "r")[..], &["--format", "json"]].concat(),
        SECRET,
    );
    let id = done.json()["target"]["suite_run"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(server.octane(&["suite", "create", "Two"], SECRET).code, 0);
    let done = server.octane(
        &["run", "list", "--suite", "Two", "--suite-run", &id],
        SECRET,
    );
    done.fails(6, &["has no suite run named"]);
}

#[test]
fn white_space_around_names_is_no_part_of_them() {
    let server = server();
    let module = ["--module", " Shop /\u{A0}Cart ", "--format", "json"];
    let done = server.octane(
        &[&upload(" Nightly\u{A0}", "\u{A0}r 1\n")[..], &module].concat(),
        SECRET,
    );
    let report = done.json();
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(report["target"]["suite"]["name"], "Nightly");
    assert_eq!(report["target"]["suite_run"]["name"], "r 1");
    assert_eq!(report["target"]["module"]["name"], "Cart");
    assert_eq!(report["counts"]["repaired"], 0);
    let done = server.octane(
        &["run", "list", "--suite", "Nightly ", "--suite-run", " r 1"],
        SECRET,
    );
    assert_eq!(done.code, 0, "{done:?}");
    let done = server.octane(&["module", "get", "Shop/ Cart"], SECRET);
    assert_eq!(done.code, 0, "{done:?}");
}

#[test]
fn an_empty_name_is_a_configuration_error_that_names_the_option() {
    let server = server();
    let base = ["upload", "a.csv", "--suite", "S", "--suite-run", "r", "-y"];
    for (option, value, name) in [
        ("--suite", "", "`--suite` is empty"),
        ("--suite", "\u{A0} ", "`--suite` is empty"),
        ("--suite-run", "", "`--suite-run` is empty"),
        ("--module", " ", "`--module` is empty"),
        ("--module", " / ", "`--module` has no name"),
        ("--release", "", "`--release` is empty"),
    ] {
        let mut arguments: Vec<&str> = base.into();
        if let Some(at) = arguments.iter().position(|argument| *argument == option) {
            arguments[at + 1] = value;
        } else {
            arguments.extend([option, value]);
        }
        let done = server.octane(&arguments, SECRET);
        done.fails(3, &[name, "is the variable set"]);
    }
    for (arguments, name) in [
        (&["run", "list", "--suite-run", ""][..], "`--suite-run`"),
        (&["suite-run", "list", "--suite", " "], "`--suite`"),
        (&["suite", "list", "--module", "/"], "`--module`"),
        (&["suite", "get", ""], "`ID|NAME`"),
        (&["suite", "create", ""], "`NAME`"),
        (&["suite", "ensure", " "], "`NAME`"),
        (&["module", "ensure", " / "], "`A/B/C`"),
        (&["module", "create", "x", "--parent", ""], "`--parent`"),
    ] {
        let done = server.octane(arguments, SECRET);
        done.fails(3, &[name]);
    }
    let done = server.octane(&["suite", "list", "--format", "json"], SECRET);
    assert_eq!(
        done.json()["suites"].as_array().unwrap().len(),
        0,
        "nothing was created"
    );
}

#[test]
fn a_name_that_is_too_long_is_an_error_before_anything_is_created() {
    let server = server();
    let long = "x".repeat(256);
    let path = format!("Books/{long}");
    for (arguments, kind) in [
        (upload(&long, "r").to_vec(), "test suite"),
        (
            [&upload("S", "r")[..], &["--module", &path]].concat(),
            "application module",
        ),
        (
            [&upload(&long, "r")[..], &["--dry-run"]].concat(),
            "test suite",
        ),
    ] {
        let done = server.octane(&arguments, SECRET);
        let message = format!("the {kind} name is 256 characters long; the limit is 255");
        done.fails(3, &[&message]);
    }
    let done = server.octane(&["module", "list"], SECRET);
    assert!(!done.stdout.contains("Books"), "{done:?}");
}

#[test]
fn a_suite_run_gets_a_name_that_octane_can_hold_once_and_for_every_look_up() {
    let server = server();
    let long = "n".repeat(300);
    for given in ["two\nlines\u{1B}[31m", &long] {
        let arguments = upload("S", given);
        let done = server.octane(&[&arguments[..], &["--format", "json"]].concat(), SECRET);
        assert_eq!(done.code, 0, "{done:?}");
        let report = done.json();
        let name = report["target"]["suite_run"]["name"].as_str().unwrap();
        assert!(
            name.chars().count() <= 255 && !name.contains(char::is_control),
            "{name}"
        );
        assert_eq!(report["counts"]["repaired"], 1);
        let problem = &report["problems"][0];
        assert_eq!(problem["code"], "repaired");
        assert!(
            problem["message"].as_str().unwrap().contains(name),
            "{problem}"
        );
        for look_up in [given, name] {
            let arguments = [
                "run",
                "list",
                "--suite",
                "S",
                "--suite-run",
                look_up,
                "--format",
                "json",
            ];
            let done = server.octane(&arguments, SECRET);
            assert_eq!(done.json()["runs"].as_array().unwrap().len(), 1, "{done:?}");
        }
    }
    let other = "n".repeat(299) + "m";
    assert_eq!(server.octane(&upload("S", &other), SECRET).code, 0);
    let done = server.octane(&["suite-run", "list", "--format", "json"], SECRET);
    assert_eq!(
        done.json()["suite_runs"].as_array().unwrap().len(),
        3,
        "different names stay different"
    );

    let refuse = [&upload("S", &long)[..], &["--long-names", "refuse"]].concat();
    server
        .octane(&refuse, SECRET)
        .fails(3, &["the suite run name is 300 characters long"]);
}

#[test]
fn a_misspelt_name_is_answered_with_the_name_that_was_probably_meant() {
    let server = server();
    assert_eq!(
        server
            .octane(&upload("Nightly", "nightly run"), SECRET)
            .code,
        0
    );
    for misspelt in ["Nigthly", "nightly"] {
        let done = server.octane(&["upload", "a.csv", "--suite", misspelt], SECRET);
        done.fails(
            6,
            &[
                "does not exist",
                "did you mean `Nightly` (4001)?",
                "--create-similar",
            ],
        );
        let done = server.octane(&["suite", "get", misspelt], SECRET);
        done.fails(6, &["did you mean `Nightly` (4001)?"]);
    }
    let done = server.octane(
        &[
            "run",
            "list",
            "--suite",
            "Nightly",
            "--suite-run",
            "nightly-run",
        ],
        SECRET,
    );
    done.fails(6, &["did you mean `nightly run`"]);
    let done = server.octane(&["run", "list", "--suite-run", "Nigthly run"], SECRET);
    done.fails(6, &["did you mean `nightly run`"]);
}

#[test]
fn a_name_like_an_existing_one_is_created_only_on_request() {
    let server = server();
    let with_module = |suite, module| [&upload(suite, "r")[..], &["--module", module]].concat();
    assert_eq!(
        server
            .octane(&with_module("Nightly", "Shopping/Checkout"), SECRET)
            .code,
        0
    );

    let done = server.octane(&upload("nightly", "r"), SECRET);
    done.fails(
        6,
        &[
            "not created, because there is `Nightly` (4001)",
            "`--create-similar`",
        ],
    );
    let done = server.octane(&with_module("Nightly", "Shopping/Chekout/Cards"), SECRET);
    done.fails(6, &["not created, because there is `Shopping/Checkout` ("]);
    for arguments in [
        &["suite", "ensure", "NIGHTLY"][..],
        &["suite", "create", "Nigthly"],
        &["module", "ensure", "Shoping/Cart"],
        &["module", "create", "Shoppings"],
    ] {
        server
            .octane(arguments, SECRET)
            .fails(6, &["was not created, because there "]);
        let anyway = [arguments, &["--create-similar"]].concat();
        assert_eq!(server.octane(&anyway, SECRET).code, 0, "{anyway:?}");
    }
    server
        .octane(&["suite", "create", "Nightly"], SECRET)
        .fails(6, &["already exists (ID 4001)"]);

    let anyway = [&upload("nightly", "r")[..], &["--create-similar"]].concat();
    assert_eq!(server.octane(&anyway, SECRET).code, 0);
    // Names with other numbers are other names.
    assert_eq!(server.octane(&upload("Sprint 1", "r"), SECRET).code, 0);
    assert_eq!(server.octane(&upload("Sprint 2", "r"), SECRET).code, 0);
}

#[test]
fn a_number_ensures_what_has_it_as_its_id_and_creates_nothing() {
    let server = server();
    for [kind, name] in [["suite", "Nightly"], ["module", "Shop"]] {
        let created = server.octane(&[kind, "create", name, "--format", "json"], SECRET);
        let id = created.json()["id"].as_str().unwrap().to_owned();
        for flags in [&[][..], &["--dry-run"]] {
            let done = server.octane(&[&[kind, "ensure", &id], flags].concat(), SECRET);
            assert_eq!(done.code, 0, "{done:?}");
            let says = if flags.is_empty() {
                name
            } else {
                "nothing would change"
            };
            assert!(done.stdout.contains(says), "{done:?}");
        }
        let unknown = server.octane(&[kind, "ensure", "987654"], SECRET);
        unknown.fails(6, &["with the ID or the name `987654`", "a number"]);
        assert_eq!(server.octane(&[kind, "create", "987654"], SECRET).code, 0);
        let named = server.octane(&[kind, "ensure", "987654"], SECRET);
        assert_eq!((named.code, &*named.stderr), (0, ""), "{named:?}");
    }
    for module in ["Shop", "Gone"] {
        // The suite of that name is in no module.
        let done = server.octane(&["suite", "ensure", "987654", "--module", module], SECRET);
        assert_eq!(done.code, 6, "{module}: {done:?}");
    }
    // No ID begins with 0.
    assert_eq!(server.octane(&["suite", "ensure", "007"], SECRET).code, 0);
    // For a suite run it is the number of a build.
    for created in ["created suite run 4711 (", ""] {
        let done = server.octane(
            &["suite-run", "ensure", "4711", "--suite", "Nightly"],
            SECRET,
        );
        assert!(
            done.code == 0 && done.stderr.starts_with(created),
            "{done:?}"
        );
    }
    let slash = server.octane(&["module", "create", "Shop/Cart"], SECRET);
    slash.fails(3, &["contains `/`", "`octane module ensure Shop/Cart`"]);
}

#[test]
fn in_the_sandbox_a_suite_named_after_its_file_is_created_whatever_its_name_is_like() {
    let place = Place::new();
    place
        .file("payment.csv", RESULT)
        .file("payments.csv", RESULT);
    for file in ["payment.csv", "payments.csv"] {
        let done = place.octane(&["upload", file, "--sandbox"]);
        assert_eq!(done.code, 0, "{done:?}");
    }
}
