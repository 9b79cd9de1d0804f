//! What a resume knows of the upload: its sandbox, its policies, and its server however that is written.

use octane_sandbox::Fault;
use serde_json::{Value, json};

use crate::program::{Place, upload_in};
use crate::server::{SECRET, Server};

const TABLE: &str = "name,status,jira\nx,passed,NONE-1\ny,failed,SHOP-101\n";

/// An upload into the sandbox that is not finished, because a Jira key matches no story.
fn unfinished_in_sandbox(place: &Place) -> String {
    place.file("a.csv", TABLE);
    let upload = ["upload", "a.csv", "--sandbox", "--on-unresolved", "fail"];
    let done = place.octane(&upload);
    assert_eq!(done.code, 10, "{done:?}");
    upload_in(&done.stdout)
}

fn json_of(place: &Place, arguments: &[&str]) -> Value {
    place
        .octane(&[arguments, &["--format", "json"]].concat())
        .json()
}

#[test]
fn an_upload_into_the_sandbox_is_resumed_without_naming_the_sandbox() {
    let place = Place::new();
    let id = unfinished_in_sandbox(&place);
    let folder = place.path().join("sandbox").canonicalize().unwrap();
    let status = json_of(&place, &["status", &id]);
    assert_eq!(status["upload"]["sandbox"], json!(folder));
    let shown = place.octane(&["status", &id]).stdout;
    let target = format!("the sandbox in {} 1001/1002", folder.display());
    assert!(shown.contains(&target), "{shown}");

    // Another server in the environment, or another directory, does not matter.
    let elsewhere = [
        ("OCTANE_URL", "https://octane.invalid/ui/?p=1/2"),
        ("OCTANE_SANDBOX_DATA", "elsewhere"),
    ];
    let more = ["--on-unresolved", "warn"];
    let done = place.octane_with(&[&["resume", &id][..], &more].concat(), &elsewhere);
    assert_eq!(done.code, 0, "{done:?}");
    assert!(done.stdout.contains("Ingested  2"), "{done:?}");
    assert!(!place.path().join("elsewhere").exists());
    let runs = place.octane(&["api", "GET", "automated_runs?fields=id", "--sandbox"]);
    assert_eq!(runs.json()["total_count"], 2, "{runs:?}");
}

#[test]
fn all_uploads_are_resumed_each_in_its_own_sandbox_and_on_the_server() {
    let mut server = Server::new();
    let place = &server.place;
    place.file("a.csv", TABLE);
    let fail = ["upload", "a.csv", "--on-unresolved", "fail"];
    for data in ["one", "two"] {
        let sandbox = ["--sandbox", "--sandbox-data", data];
        let done = place.octane(&[&fail[..], &sandbox].concat());
        assert_eq!(done.code, 10, "{done:?}");
    }
    let pending = ["upload", "a.csv", "--suite", "S", "-y", "--retries", "0"];
    server.go_away();
    assert_eq!(server.octane(&pending, SECRET).code, 8);
    server.come_back();
    let all = [
        "resume",
        "--all",
        "--on-unresolved",
        "warn",
        "--format",
        "json",
    ];
    let done = server.octane(&all, SECRET);
    let answer = done.json();
    let uploads = answer["uploads"].as_array().unwrap();
    let outcomes: Vec<_> = uploads.iter().map(|one| &one["outcome"]).collect();
    assert_eq!((done.code, outcomes.len()), (0, 3), "{done:?}");
    assert!(outcomes.iter().all(|one| *one == "success"), "{done:?}");
    assert_eq!(server.runs(), (2, 0));
}

#[test]
fn what_belongs_elsewhere_is_named_and_the_end_is_not_a_success() {
    let server = Server::new();
    let id = unfinished_in_sandbox(&server.place);
    let url = server.variables(SECRET)[0].1.clone();
    let done = server.octane(&["resume", "--all", "--url", &url], SECRET);
    done.fails(3, &[&id, "belongs to the sandbox in"]);
    let json = server.octane(
        &["resume", "--all", "--url", &url, "--format", "json"],
        SECRET,
    );
    assert_eq!(json.json()["problems"][0]["code"], "different_server");
    let warn = ["--on-upload-error", "warn"];
    let done = server.octane(
        &[&["resume", "--all", "--url", &url][..], &warn].concat(),
        SECRET,
    );
    assert_eq!(done.code, 3, "a matter of configuration: {done:?}");
}

#[test]
fn a_sandbox_that_is_gone_is_not_created_again() {
    let place = Place::new();
    let id = unfinished_in_sandbox(&place);
    let folder = place.path().join("sandbox");
    std::fs::remove_dir_all(&folder).unwrap();
    let done = place.octane(&["resume", &id]);
    done.fails(
        3,
        &[
            "which does not exist",
            &format!("octane uploads delete {id} --force"),
        ],
    );
    assert!(!done.stderr.contains("octane resume"), "{done:?}");
    assert!(!folder.exists());
    place.octane(&["resume", "--all"]).fails(3, &[&id]);
}

#[test]
fn a_sandbox_that_is_not_there_is_not_called_that_of_the_upload() {
    let place = Place::new();
    let id = unfinished_in_sandbox(&place);
    let resume = ["resume", &id, "--sandbox", "--sandbox-data", "typo"];
    let done = place.octane(&resume);
    let belongs = format!("upload {id} belongs to the one in ");
    done.fails(
        3,
        &[
            "there is no sandbox in ",
            &belongs,
            "without `--sandbox-data`",
        ],
    );
    assert!(!done.stderr.contains("delete"), "{done:?}");
}

#[test]
fn the_policies_of_an_upload_hold_when_it_is_resumed_unless_others_are_typed() {
    let place = Place::new();
    let id = unfinished_in_sandbox(&place);
    assert_eq!(place.octane(&["resume", &id]).code, 10);
    assert_eq!(place.octane(&["resume", "--all"]).code, 10);
    let warn = ["resume", &id, "--on-upload-error", "warn"];
    assert_eq!(place.octane(&warn).code, 0);
    assert_eq!(
        place.octane(&["resume", &id]).code,
        10,
        "typed for once only"
    );

    let place = Place::new();
    place.file("a.csv", TABLE);
    let upload = ["upload", "a.csv", "--sandbox", "--on-unresolved", "fail"];
    let upload = place.octane(&[&upload[..], &["--on-upload-error", "warn"]].concat());
    assert_eq!(upload.code, 0, "{upload:?}");
    let id = upload_in(&upload.stdout);
    let resumed = place.octane(&["resume", &id]);
    assert_eq!(resumed.code, 0, "{resumed:?}");
    assert!(
        resumed.stderr.contains("--on-upload-error warn"),
        "{resumed:?}"
    );
    let strict = ["resume", &id, "--on-upload-error", "fail"];
    assert_eq!(place.octane(&strict).code, 10);
}

#[test]
fn the_fields_of_an_upload_are_used_again_when_it_is_resumed() {
    let mut server = Server::new();
    server.place.file("a.csv", TABLE);
    let fields = ["--jira-field", "no_such_udf"];
    let upload = ["upload", "a.csv", "--suite", "S", "-y", "--retries", "0"];
    server.go_away();
    let done = server.octane(&[&upload[..], &fields].concat(), SECRET);
    let id = upload_in(&done.stderr);
    server.come_back();
    let done = server.octane(&["resume", &id], SECRET);
    assert!(done.stdout.contains("no_such_udf"), "{done:?}");
    let done = server.octane(&["resume", &id, "--jira-field", "jira_key_udf"], SECRET);
    assert_eq!(done.code, 0, "{done:?}");
}

#[test]
fn the_server_of_an_upload_is_recognised_however_its_url_is_written() {
    let mut server = Server::new();
    server.place.file("a.csv", TABLE);
    server.go_away();
    let upload = ["upload", "a.csv", "--suite", "S", "-y", "--retries", "0"];
    let id = upload_in(&server.octane(&upload, SECRET).stderr);
    server.come_back();
    let url = server.variables(SECRET)[0].1.clone();
    let port = url.rsplit(':').next().unwrap().split('/').next().unwrap();
    for written in [
        format!("HTTP://LocalHost:{port}//ui?p=1001/1002"),
        format!("localhost:{port}/api/shared_spaces/1001/workspaces/1002"),
        format!("http://127.0.0.1:{port}/?p=1001/1002"),
    ] {
        let done = server.octane_with(&["resume", &id], SECRET, &[("OCTANE_URL", &written)]);
        assert_eq!(done.code, 0, "{written}: {done:?}");
    }
    assert_eq!(server.runs(), (2, 0));
}

#[test]
fn a_finished_upload_says_how_many_results_are_not_in_octane() {
    let server = Server::new();
    server
        .place
        .file("a.csv", "name,status\nx,passed\ny,failed\n");
    let skip = "name,status\nx,passed\ny,perhaps\n";
    server.place.file("b.csv", skip);
    let upload = |file| ["upload", file, "--suite", "S", "-y", "--batch-size", "1"];
    server.fail_next(Fault::failed_task());
    assert_eq!(server.octane(&upload("a.csv"), SECRET).code, 5);
    let list = server.octane(&["uploads", "list"], SECRET).stdout;
    assert!(list.contains("finished, 1 rejected"), "{list}");
    let list = server.octane(&["uploads", "list", "--format", "json"], SECRET);
    let list = list.json();
    let upload = &list["uploads"][0];
    assert_eq!(upload["state"], "finished_incomplete", "{list}");
    let id = upload["id"].as_str().unwrap();
    assert_eq!(server.octane(&["resume", id], SECRET).code, 0);
    let status = server.octane(&["status", id], SECRET).stdout;
    assert!(status.contains("(finished)"), "{status}");
}

#[test]
fn where_octane_rejects_every_result_a_resume_is_suggested_only_after_a_change() {
    let server = Server::new();
    server.place.file("a.csv", "name,status\nx,passed\n");
    let refuse = Fault::status(400).path("*/test-results").times(9);
    server.fail_next(refuse);
    let done = server.octane(&["upload", "a.csv", "--suite", "S", "-y"], SECRET);
    assert_eq!(done.code, 6, "{done:?}");
    let id = upload_in(&done.stdout);
    let expected = format!("once Octane accepts these results, run `octane resume {id}");
    assert!(done.stdout.contains(&expected), "{done:?}");
    assert!(!done.stdout.contains("to continue"), "{done:?}");
}

#[test]
fn an_upload_moves_to_another_server_only_where_its_url_is_typed() {
    let mut old = Server::new();
    let new = Server::new();
    let place = &old.place;
    place.file("a.csv", TABLE);
    let upload = ["upload", "a.csv", "--suite", "S", "-y", "--retries", "0"];
    old.go_away();
    let id = upload_in(&old.octane(&upload, SECRET).stderr);
    let spool = old.place.path().join("spool").display().to_string();
    let resume = ["resume", &id, "--spool", &spool];
    let refused = new.octane(&resume, SECRET);
    refused.fails(3, &["you are connected to", "to move it here, run `"]);
    assert_eq!(new.runs(), (0, 0));
    let url = new.variables(SECRET)[0].1.clone();
    let moved = new.octane(&[&resume[..], &["--url", &url]].concat(), SECRET);
    assert_eq!(moved.code, 0, "{moved:?}");
    let note = "note: the upload belonged to http://127.0.0.1:";
    assert!(moved.stderr.contains(note), "{moved:?}");
    assert_eq!(new.runs(), (2, 0));
    let again = new.octane(&resume, SECRET);
    assert!(
        again.code == 0 && !again.stderr.contains("note:"),
        "{again:?}"
    );
    let spooled = ["status", &id, "--spool", &spool];
    let status = new.octane(&spooled, SECRET).stdout;
    assert!(
        status.contains("(finished)") && status.contains(&url[..20]),
        "{status}"
    );
}

#[test]
fn an_upload_is_exported_and_resumed_on_another_machine_and_then_here_again() {
    let mut server = Server::new();
    let place = &server.place;
    place.file("a.csv", TABLE);
    let upload = ["upload", "a.csv", "--suite", "S", "-y", "--retries", "0"];
    server.go_away();
    let id = upload_in(&server.octane(&upload, SECRET).stderr);
    server.come_back();
    let place = &server.place;
    let export = ["uploads", "export", &id, "-o", "bundle"];
    let exported = place.octane(&export);
    assert!(
        exported.stdout.contains("octane uploads import bundle"),
        "{exported:?}"
    );
    place.octane(&export).fails(3, &["`bundle` exists already"]);
    let there = Place::new();
    let bundle = place.path().join("bundle").display().to_string();
    let imported = there.octane(&["uploads", "import", &bundle]);
    assert!(imported.stdout.contains("octane resume u-"), "{imported:?}");
    there
        .octane(&["uploads", "import", &bundle])
        .fails(3, &["is already stored in", "octane status u-"]);
    let variables = server.variables(SECRET);
    let variables: Vec<(&str, &str)> = variables.iter().map(|(k, v)| (*k, &**v)).collect();
    let done = there.octane_with(&["resume", &id], &variables);
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(server.runs(), (2, 0));
    let here = server.octane(&["resume", &id], SECRET);
    assert_eq!(here.code, 0, "{here:?}");
    assert_eq!(server.runs(), (2, 0));
    there.file("text", "no bundle\n");
    let done = there.octane(&["uploads", "import", "text"]);
    done.fails(4, &["it is not an exported upload"]);
}

#[test]
fn a_hint_to_resume_says_first_what_has_to_change() {
    let place = Place::new();
    place.file("a.csv", TABLE);
    let upload = ["upload", "a.csv", "--sandbox", "--on-unresolved", "fail"];
    let done = place.octane(&upload);
    let change = "once each of these Jira keys matches one story, run `octane resume u-";
    assert!(done.stdout.contains(change), "{done:?}");
    let server = Server::new();
    let other = server.place.path().join("other").display().to_string();
    server.place.file("a.csv", "name,status\nx,passed\n");
    server.fail_next(Fault::stuck_task());
    let upload = ["upload", "a.csv", "--suite", "S", "-y", "--wait", "0s"];
    let id = upload_in(&server.octane(&upload, SECRET).stdout);
    let elsewhere = [("OCTANE_SANDBOX_DATA", other.as_str())];
    let done = server.octane_with(&["resume", &id, "--sandbox"], SECRET, &elsewhere);
    done.fails(3, &["--sandbox --sandbox-data"]);
    let credentials = ["resume", &id, "--client-id", ""];
    let missing = [("OCTANE_CLIENT_SECRET", ""), ("OCTANE_CLIENT_ID", "")];
    let done = server.octane_with(&credentials[..2], SECRET, &missing);
    done.fails(3, &["OCTANE_CLIENT_SECRET"]);
}

#[test]
fn a_directory_to_resume_that_is_not_there_is_an_error() {
    let server = Server::new();
    let all = ["resume", "--all"];
    for more in [&[][..], &["--dry-run"]] {
        let of = |folder| {
            let line = [&all[..], &["--spool", folder], more].concat();
            server.octane(&line, SECRET)
        };
        of("no-such").fails(4, &["no-such", "does not exist", "hint:"]);
        of("off").fails(3, &["--spool off", "hint:"]);
        std::fs::create_dir_all(server.place.path().join("empty")).unwrap();
        assert_eq!(of("empty").code, 0);
    }
    // The one that is used where none is given.
    let done = server.octane_with(&all, SECRET, &[("OCTANE_SPOOL", "")]);
    assert_eq!(done.code, 0, "{done:?}");
}

#[test]
fn an_older_upload_is_not_taken_for_the_newest_one_that_cannot_be_read() {
    let place = Place::new();
    let older = unfinished_in_sandbox(&place);
    let newest = unfinished_in_sandbox(&place);
    let status = place.octane(&["status"]);
    assert!(status.stdout.contains(&newest), "{status:?}");
    let damage = |id: &str| {
        place.file(&format!("spool/{id}.db"), &"not a database\n".repeat(99));
    };
    damage(&newest);
    for command in [&["status"][..], &["story", "coverage"]] {
        let done = place.octane(command);
        assert!(done.code != 0 && done.stderr.contains(&newest), "{done:?}");
    }
    // An older one that is damaged is not asked for.
    place.octane(&["uploads", "delete", &newest, "--force"]);
    let newest = unfinished_in_sandbox(&place);
    damage(&older);
    let status = place.octane(&["status"]);
    assert!(
        status.code == 0 && status.stdout.contains(&newest),
        "{status:?}"
    );
}
