//! Modules, suites, runs and their links.

use crate::server::{SECRET, Server};
use crate::transcript::{Transcript, server};

#[test]
fn modules_and_suites() {
    let server = server();
    let mut transcript = Transcript::of(&server.place);
    for arguments in [
        &["module", "create", "Billing"][..],
        &["module", "ensure", "Billing/Invoices/Print"],
        &["module", "ensure", "Billing/Invoices/Print"],
        &["module", "get", "Billing/Invoices"],
        &["module", "list", "--parent", "Billing"],
        &["module", "list", "--parent", "Billing/Invoices/Print"],
        &["module", "get", "424242"],
        &["module", "get", "No/Such"],
        &["module", "get"],
        &["module", "create", "Billing"],
        &["module", "create", ""],
        &["module", "create", "Billing", "--parent", "None"],
        &["module", "ensure", "/"],
        &["module", "list", "--parent", "424242"],
        &["module", "delete", "Billing"],
    ] {
        transcript.online(&server, arguments);
    }
    transcript.offline(&["module", "list"]);
    transcript.check("module");
    let mut transcript = Transcript::of(&server.place);
    for arguments in [
        &["suite", "create", "Nightly", "--module", "Billing"][..],
        &["suite", "ensure", "Weekly"],
        &["suite", "ensure", "Weekly"],
        &["suite", "get", "Nightly"],
        &["suite", "list", "--module", "Billing"],
        &["suite", "list", "--module", "Billing/Invoices"],
        &["suite", "get", "424242"],
        &["suite", "get", "None"],
        &["suite", "create", "Weekly"],
        &["suite", "ensure", "weekly"],
        &["suite", "create", "Weekly", "--create-similar"],
        &["suite", "get", "Weekly"],
        &["suite", "create"],
        &["suite", "create", &"n".repeat(300)],
        &["suite", "ensure", "Other", "--module", "No/Such"],
        &["suite", "list", "--suite", "Nightly"],
        &["suite", "list", "--space", "x"],
    ] {
        transcript.online(&server, arguments);
    }
    transcript.offline(&["suite", "list", "--url", "octane.example"]);
    transcript.offline(&["suite", "list", "--url", "https://octane.example/?p=a/b"]);
    transcript.offline(&["suite", "list", "--url", "https://octane.example/?p=1/2"]);
    transcript.offline(&[
        "suite",
        "list",
        "--url",
        "https://octane.example/?p=1/2",
        "--client-secret",
        "x",
    ]);
    transcript.offline(&[
        "suite",
        "list",
        "--url",
        "https://octane.example/?p=1/2",
        "--client-id",
        "x",
    ]);
    transcript.offline(&[
        "suite",
        "list",
        "--url",
        "https://octane.example/?p=1/2",
        "--sandbox",
    ]);
    transcript.check("suite");
}

/// A server with the suite run `n1`, and the IDs of its runs.
pub(super) fn server_with_runs() -> (Server, Vec<String>) {
    let server = server();
    let upload = [
        "upload",
        "a.csv",
        "--suite",
        "Nightly",
        "--suite-run",
        "n1",
        "-y",
    ];
    let done = server.octane(&[&upload[..], &["--jira", "off"]].concat(), SECRET);
    assert_eq!(done.code, 0, "{done:?}");
    let done = server.octane(&["run", "list", "--suite-run", "n1"], SECRET);
    let ids = done.stdout.lines().skip(1).map(|line| {
        let id = line.split_whitespace().next().unwrap();
        id.to_owned()
    });
    (server, ids.collect())
}

#[test]
fn suite_runs_and_runs() {
    let (server, ids) = server_with_runs();
    let mut transcript = Transcript::of(&server.place);
    for arguments in [
        &["suite-run", "list"][..],
        &["suite-run", "list", "--suite", "Nightly"],
        &["suite-run", "get", "n1"],
        &["suite-run", "get", "n1", "--suite", "Nightly"],
        &["suite-run", "get", "n2"],
        &["suite-run", "get", "n2", "--suite", "Nightly"],
        &["suite-run", "get", "424242"],
        &["suite-run", "get", "n1", "--suite", "None"],
        &["suite-run", "list", "--suite", "None"],
        &["suite-run", "get"],
        &["suite-run", "create", "n1"],
        &["suite-run", "create", "n1", "--suite", "Nightly"],
        &["suite-run", "create", "n9", "--suite", "Nightly"],
        &["suite-run", "ensure", "n9", "--suite", "Nightly"],
        &["suite-run", "ensure", "n10", "--suite", "Nightly"],
        &["suite-run", "create", "", "--suite", "Nightly"],
        &["suite-run", "create", "n11", "--suite", "None"],
        &[
            "suite-run",
            "create",
            "n11",
            "--suite",
            "Nightly",
            "--release",
            "None",
        ],
        &[
            "suite-run",
            "ensure",
            "n11",
            "--suite",
            "Nightly",
            "--release",
            "424242",
        ],
    ] {
        transcript.online(&server, arguments);
    }
    transcript.check("suite-run");
    let mut transcript = Transcript::of(&server.place);
    for arguments in [
        &["run", "list", "--suite-run", "n1"][..],
        &["run", "list", "--suite-run", "n1", "--skip", "3"],
        &["run", "get", &ids[0]],
        &["run", "get", "424242"],
        &["run", "get", "pays"],
        &["run", "get"],
        &["run", "list"],
        &["run", "list", "--suite-run", "n2"],
        &["run", "list", "--suite-run", "n1", "--skip", "x"],
    ] {
        transcript.online(&server, arguments);
    }
    transcript.offline(&["run", "create", "pays", "--suite-run", "n1"]);
    transcript.offline(&["run", "ensure"]);
    transcript.check("run");
}

#[test]
fn jira_keys_and_links() {
    let (server, ids) = server_with_runs();
    let mut transcript = Transcript::of(&server.place);
    for arguments in [
        &["jira", "resolve", "SHOP-101"][..],
        &["jira", "resolve", "SHOP-101", "NONE-1", "SHOP-150"],
        &["jira", "resolve"],
        &["jira", "resolve", "shop"],
        &["jira", "resolve", "SHOP-101", "--jira-field", "nothing_udf"],
        &["jira", "get", "SHOP-101"],
    ] {
        transcript.online(&server, arguments);
    }
    transcript.check("jira");
    for command in ["link", "unlink"] {
        let mut transcript = Transcript::of(&server.place);
        for arguments in [
            &[
                "--suite",
                "Nightly",
                "--suite-run",
                "n1",
                "--jira",
                "SHOP-101",
            ][..],
            &[
                "--suite",
                "Nightly",
                "--suite-run",
                "n1",
                "--jira",
                "SHOP-101",
            ],
            &["--run", &ids[0], "--jira", "SHOP-102", "NONE-1", "SHOP-150"],
            &["--run", &ids[0], "--jira", "NONE-1"],
            &["--run", &ids[0], "--jira", "SHOP-150"],
            &["--run", &ids[0]],
            &["--jira", "SHOP-101"],
            &["--run", "424242", "--jira", "SHOP-101"],
            &["--run", &ids[0], "--story", "424242"],
            &["--run", &ids[0], "--story", "SHOP-101"],
            &["--suite-run", "n2", "--jira", "SHOP-101"],
            &["--run", &ids[0], "--suite-run", "n1", "--jira", "SHOP-101"],
            &[
                "--suite-run",
                "n1",
                "--jira",
                "SHOP-101",
                "--link-field",
                "nothing",
            ],
        ] {
            transcript.online(&server, &[&[command], arguments].concat());
        }
        transcript.check(command);
    }
}
