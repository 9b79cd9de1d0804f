//! A dry run ends with the exit code of the upload, and changes nothing.

use octane_sandbox::Settings;

use crate::server::{SECRET, Server};

/// A server with the suite `Nightly` and the module `Shop`, and inputs.
fn server() -> Server {
    let server = Server::new();
    server
        .place
        .file("a.csv", "name,status\nx,passed\n")
        .file(
            "keys.csv",
            "name,status,jira\nx,passed,\"SHOP-101,NONE-1\"\n",
        )
        .file("bad.csv", "name,status\nx,passed\ny,gone\n")
        .file("empty.csv", "name,status\n");
    for arguments in [
        ["suite", "create", "Nightly"],
        ["module", "ensure", "Shopping"],
    ] {
        assert_eq!(server.octane(&arguments, SECRET).code, 0);
    }
    server
}

fn entities(server: &Server) -> [String; 3] {
    ["module", "suite", "suite-run"].map(|group| {
        server
            .octane(&[group, "list", "--rate", "1000"], SECRET)
            .stdout
    })
}

#[test]
fn a_dry_run_ends_with_the_exit_code_of_the_upload_and_creates_nothing() {
    let long = "x".repeat(256);
    for (code, arguments) in [
        (0, &["a.csv", "--suite", "Nightly"][..]),
        (0, &["a.csv", "--suite", "New", "-y"]),
        (
            0,
            &[
                "a.csv", "--suite", "Nightly", "--module", "New/Tree", "--create", "missing",
            ],
        ),
        (0, &["empty.csv", "--suite", "Nightly", "--allow-empty"]),
        (3, &["a.csv"]),
        (3, &["a.csv", "--suite", ""]),
        (3, &["a.csv", "--suite", &long]),
        (4, &["bad.csv", "--suite", "Nightly"]),
        (4, &["empty.csv", "--suite", "Nightly"]),
        (5, &["bad.csv", "--suite", "Nightly", "--skip-invalid"]),
        (
            0,
            &[
                "bad.csv",
                "--suite",
                "Nightly",
                "--skip-invalid",
                "--on-upload-error",
                "warn",
            ],
        ),
        (6, &["a.csv", "--suite", "New"]),
        (6, &["a.csv", "--suite", "New", "--create", "never"]),
        (6, &["a.csv", "--suite", "nightly", "-y"]),
        (
            0,
            &["a.csv", "--suite", "nightly", "-y", "--create-similar"],
        ),
        (
            6,
            &["a.csv", "--suite", "Nightly", "--module", "Shoping", "-y"],
        ),
        (6, &["a.csv", "--suite", "424242"]),
        (6, &["a.csv", "--suite", "Nightly", "--release", "None"]),
        (6, &["a.csv", "--suite", "Nightly", "--release", "424242"]),
        (6, &["a.csv", "--suite", "Nightly", "--milestone", "424242"]),
        (6, &["a.csv", "--suite", "Nightly", "--program", "424242"]),
        (
            6,
            &["a.csv", "--suite", "Nightly", "--backlog-item", "424242"],
        ),
        (
            0,
            &[
                "a.csv",
                "--suite",
                "Nightly",
                "--backlog-item",
                "424242",
                "--skip-errors",
            ],
        ),
        (0, &["a.csv", "--suite", "New", "--on-upload-error", "warn"]),
        (0, &["keys.csv", "--suite", "Nightly"]),
        (
            10,
            &["keys.csv", "--suite", "Nightly", "--on-unresolved", "fail"],
        ),
        (
            0,
            &[
                "keys.csv",
                "--suite",
                "Nightly",
                "--on-unresolved",
                "fail",
                "--jira",
                "off",
            ],
        ),
        (
            10,
            &[
                "keys.csv",
                "--suite",
                "Nightly",
                "--link-field",
                "nowhere_udf",
            ],
        ),
    ] {
        let server = server();
        let before = entities(&server);
        let options = ["--suite-run", "r", "--rate", "1000"];
        let upload = [&["upload"], arguments, &options].concat();
        let dry = server.octane(&[&upload[..], &["--dry-run"]].concat(), SECRET);
        assert_eq!(dry.code, code, "dry: {arguments:?}: {dry:?}");
        assert_eq!(entities(&server), before, "{arguments:?}");
        assert!(!server.place.path().join("spool").exists(), "{arguments:?}");
        let done = server.octane(&upload, SECRET);
        assert_eq!(done.code, code, "upload: {arguments:?}: {done:?}");
    }
}

#[test]
fn a_dry_run_without_permission_to_sign_in_ends_like_the_upload() {
    let server = server();
    let upload = ["upload", "a.csv", "--suite", "Nightly"];
    for more in [&["--dry-run"][..], &[]] {
        let done = server.octane(&[&upload[..], more].concat(), "wrong");
        assert_eq!(done.code, 7, "{done:?}");
    }
    let mut away = Server::with(Settings::default());
    away.place.file("a.csv", "name,status\nx,passed\n");
    away.go_away();
    for more in [&["--dry-run"][..], &[]] {
        let arguments = [&upload[..], &["--retries", "0"], more].concat();
        let done = away.octane(&arguments, SECRET);
        assert_eq!(done.code, 8, "{done:?}");
    }
}

#[test]
fn a_dry_run_shows_what_would_happen_and_what_is_wrong() {
    let server = server();
    let dry = |arguments: &[&str]| {
        let arguments = [&["upload"], arguments, &["--suite-run", "r", "--dry-run"]].concat();
        server.octane(&arguments, SECRET)
    };
    let done = dry(&["keys.csv", "--suite", "New", "-y"]);
    for part in [
        "would send 1 result in 1 batch",
        "to suite run `r`",
        "stories of 2 Jira keys",
        "test suite `New` does not exist in this workspace; it would be created",
        "not found: NONE-1",
    ] {
        assert!(done.stdout.contains(part), "no `{part}` in {done:?}");
    }
    let done = dry(&["a.csv", "--suite", "New"]);
    done.fails(6, &["test suite `New` does not exist", "hint:"]);
    let done = dry(&[
        "bad.csv",
        "--suite",
        "Nightly",
        "--skip-invalid",
        "--format",
        "json",
    ]);
    let plan = done.json();
    assert_eq!(
        (&plan["results"], &plan["exit_code"]),
        (&1.into(), &5.into())
    );
    assert_eq!(plan["problems"][0]["code"], "invalid_row");
}

#[test]
fn what_is_missing_is_counted() {
    let server = Server::new();
    server.place.file("a.csv", "name,status\nx,passed\n");
    let one = ["upload", "a.csv", "--suite", "New", "-y", "--dry-run"];
    let done = server.octane(&one, SECRET);
    assert!(done.stdout.contains("; it would be created"), "{done:?}");
    let two = [&one[..], &["--module", "Other"]].concat();
    let done = server.octane(&two, SECRET);
    assert!(done.stdout.contains("; they would be created"), "{done:?}");
}
