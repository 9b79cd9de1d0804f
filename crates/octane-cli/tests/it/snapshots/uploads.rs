//! Uploads, and what is stored of them.

use crate::program::upload_in;
use crate::server::{SECRET, Server};
use crate::transcript::{Transcript, server};

#[test]
fn upload() {
    let mut server = server();
    server
        .place
        .file("bad.csv", "name,status\na,passed\n,failed\nb,passd\n")
        .file("more.csv", "name,status\nships,passed\n")
        .file(
            "unknown.csv",
            "name,status,jira\ngives,passed,NONE-1\ntakes,passed,SHOP-150\n",
        )
        .file("cut.xml", "<testsuite name='s'><testcase name='a'/>");
    {
        let place = &server.place;
        let mut transcript = Transcript::of(place);
        let upload = ["upload", "a.csv", "--suite", "Nightly", "--suite-run", "n1"];
        transcript.online(&server, &[&upload[..], &["-y"]].concat());
        transcript.online(&server, &upload);
        transcript.online(&server, &["upload", "more.csv", "--suite", "Nightly", "-v"]);
        transcript.online(
            &server,
            &["upload", "more.csv", "--suite", "Nightly", "--dry-run"],
        );
        transcript.online(&server, &["upload", "a.csv", "--suite", "New", "--dry-run"]);
        transcript.online(&server, &["upload", "unknown.csv", "--suite", "Nightly"]);
        transcript.check("upload");
    }
    let mut transcript = Transcript::of(&server.place);
    transcript.offline(&["upload"]);
    transcript.offline(&["upload", "a.csv", "--suite", "Nightly"]);
    transcript.online(&server, &["upload", "nowhere.csv", "--suite", "Nightly"]);
    transcript.online(&server, &["upload", "bad.csv", "--suite", "Nightly"]);
    transcript.online(&server, &["upload", "cut.xml", "--suite", "Nightly"]);
    transcript.online(&server, &["upload", "a.csv"]);
    transcript.online(&server, &["upload", "a.csv", "--suite", "Unknown"]);
    transcript.online(&server, &["upload", "a.csv", "--suite", "424242"]);
    transcript.online(
        &server,
        &[
            "upload", "a.csv", "--suite", "Nightly", "--module", "No/Such",
        ],
    );
    transcript.online(
        &server,
        &["upload", "a.csv", "--suite", "Nightly", "--release", "None"],
    );
    transcript.online(
        &server,
        &["upload", "a.csv", "--suite", "Nightly", "--wait", "soon"],
    );
    transcript.online(
        &server,
        &["upload", "a.csv", "--suite", "Nightly", "--tag", "Linux"],
    );
    transcript.online(
        &server,
        &[
            "upload",
            "a.csv",
            "--suite",
            "Nightly",
            "--field",
            "Level:System",
        ],
    );
    transcript.online(
        &server,
        &["upload", "a.csv", "--suite", "Nightly", "--column", "Owner"],
    );
    transcript.online(
        &server,
        &[
            "upload",
            "a.csv",
            "--suite",
            "Nightly",
            "--client-secret",
            "not-the-secret",
        ],
    );
    let text = std::mem::take(&mut transcript.text);
    server.go_away();
    let mut transcript = Transcript::of(&server.place);
    transcript.text = text;
    let away = ["upload", "a.csv", "--suite", "Nightly", "--retries", "0"];
    transcript.online(&server, &away);
    transcript.online(
        &server,
        &[&away[..], &["--on-upload-error", "warn"]].concat(),
    );
    transcript.online(&server, &[&away[..], &["--spool", "off"]].concat());
    transcript.check("upload_mistakes");
}

#[test]
fn mistakes_with_stored_uploads() {
    let server = server();
    let mut transcript = Transcript::of(&server.place);
    for arguments in [
        &["status"][..],
        &["status", "u-0"],
        &["status", "u-00000000000000"],
        &["status", "--all"],
    ] {
        transcript.offline(arguments);
    }
    transcript.check("status_mistakes");
    let mut transcript = Transcript::of(&server.place);
    for arguments in [
        &["uploads", "list"][..],
        &["uploads"],
        &["uploads", "show", "u-00000000000000"],
        &["uploads", "show", "nightly"],
        &["uploads", "delete"],
        &["uploads", "delete", "u-00000000000000"],
        &["uploads", "drop", "u-00000000000000"],
        &["uploads", "prune", "--all"],
        &["uploads", "list", "--sandbox"],
    ] {
        transcript.offline(arguments);
    }
    transcript.check("uploads_mistakes");
    let mut transcript = Transcript::of(&server.place);
    for arguments in [
        &["resume"][..],
        &["resume", "u-0"],
        &["resume", "u-00000000000000"],
        &["resume", "--all"],
        &["resume", "--all", "u-00000000000000"],
    ] {
        transcript.online(&server, arguments);
    }
    transcript.check("resume_mistakes");
}

#[test]
fn resume_status_and_uploads() {
    let mut server = server();
    server.place.file("b.csv", "name,status\nships,passed\n");
    let done = server.octane(&["upload", "b.csv", "--suite", "Nightly", "-y"], SECRET);
    assert_eq!(done.code, 0, "{done:?}");
    let finished = upload_in(&server.place.octane(&["uploads", "list"]).stdout);
    server.go_away();
    let upload = ["upload", "a.csv", "--suite", "Nightly", "--retries", "0"];
    let pending = upload_in(&server.octane(&upload, SECRET).stderr);

    let mut transcript = Transcript::of(&server.place);
    transcript.offline(&["status"]);
    transcript.offline(&["status", &finished]);
    transcript.check("status");

    let mut transcript = Transcript::of(&server.place);
    transcript.online(&server, &["resume", &pending, "--retries", "0"]);
    let elsewhere = Server::new();
    let mut variables = elsewhere.variables(SECRET);
    let spool = server.place.path().join("spool").display().to_string();
    variables.push(("OCTANE_SPOOL", spool));
    let variables: Vec<_> = variables
        .iter()
        .map(|(name, value)| (*name, &**value))
        .collect();
    let arguments = ["resume", &*pending];
    let done = server.place.octane_with(&arguments, &variables);
    transcript.add(&arguments, &done);
    transcript.check("resume_failures");

    let mut transcript = Transcript::of(&server.place);
    transcript.offline(&["uploads", "list"]);
    transcript.offline(&["uploads", "show", &pending]);
    transcript.offline(&["uploads", "delete", &pending]);
    transcript.offline(&["uploads", "delete", &finished]);
    transcript.offline(&["uploads", "prune"]);
    transcript.check("uploads");

    server.come_back();
    // It is empty now, so the suite has to be created again.
    let suite = server.octane(&["suite", "ensure", "Nightly"], SECRET);
    assert_eq!(suite.code, 0, "{suite:?}");
    let mut transcript = Transcript::of(&server.place);
    transcript.online(&server, &["resume", "--all"]);
    transcript.online(&server, &["resume", &pending]);
    transcript.online(&server, &["resume", "--all"]);
    transcript.check("resume");
}

#[test]
fn an_unfinished_upload_is_deleted_with_the_command_of_the_hint() {
    let mut server = server();
    server.go_away();
    let upload = ["upload", "a.csv", "--suite", "Nightly", "--retries", "0"];
    let pending = upload_in(&server.octane(&upload, SECRET).stderr);
    let done = server.place.octane(&["uploads", "delete", &pending]);
    let command = done.stderr.rsplit("or `octane ").next().unwrap();
    let command = command.split('`').next().unwrap().replace('\'', "");
    let arguments: Vec<&str> = command.split(' ').collect();
    let done = server.place.octane(&arguments);
    assert_eq!(
        (done.code, done.stdout),
        (0, format!("deleted {pending}\n"))
    );
}
