//! `octane sandbox replay`: a recording of one server, played against another.

use octane_sandbox::{Settings, User};
use serde_json::{Value, json};

use crate::program::{Done, Place};
use crate::recording::Recording;
use crate::server::{SECRET, Server};

const DEFECT: &str = r#"{"data":[{"name":"broken"}]}"#;

/// A recording of an upload and of some requests, for servers with these settings.
fn recorded(settings: Settings) -> Server {
    let server = Server::with(settings);
    let place = &server.place;
    // Entities from before the recording: it does not begin with the first IDs.
    for name in ["Before", "And before"] {
        assert_eq!(server.octane(&["suite", "create", name], SECRET).code, 0);
        let defect = ["api", "POST", "defects", "--data", DEFECT];
        assert_eq!(server.octane(&defect, SECRET).code, 0);
    }
    place.file(
        "a.csv",
        "name,status,jira\nx,passed,SHOP-101\ny,failed,SHOP-102\n",
    );
    let recording = Recording::of(&server.url(), place, &[]);
    let run = |arguments: &[&str]| {
        let done = recording.octane(arguments, SECRET);
        assert_eq!(done.code, 0, "{arguments:?}: {done:?}");
        done
    };
    run(&["upload", "a.csv", "--suite", "S", "--module", "M", "-y"]);
    let defect = run(&["api", "POST", "defects", "--data", DEFECT]).json();
    let id = defect["data"][0]["id"].as_str().unwrap().to_owned();
    run(&["api", "GET", &format!("defects/{id}")]);
    run(&["api", "GET", &format!("work_items/{id}?fields=name,author")]);
    run(&[
        "api",
        "GET",
        &format!("defects?query=\"id EQ {id}\"&fields=name"),
    ]);
    let change = r#"{"name":"mended"}"#;
    run(&["api", "PUT", &format!("defects/{id}"), "--data", change]);
    let missing = recording.octane(&["api", "GET", "defects/999999"], SECRET);
    assert_eq!(missing.code, 6);
    recording.end();
    server
}

fn replay(place: &Place, options: &[&str]) -> Done {
    place.octane(&[&["sandbox", "replay", "recording"], options].concat())
}

/// `kind method path at fields recorded→replayed` for each difference.
fn found(done: &Done) -> Vec<String> {
    let json = done.json();
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let lines = json["differences"].as_array().unwrap().iter().map(|found| {
        let request = &found["requests"][0];
        let fields: Vec<&str> = found["fields"]
            .as_array()
            .unwrap()
            .iter()
            .map(|f| f.as_str().unwrap())
            .collect();
        format!(
            "{} {} {} {} {} {}→{}",
            text(&found["kind"]),
            text(&request["method"]),
            text(&request["path"]),
            text(&found["at"]),
            if fields.is_empty() {
                "-".to_owned()
            } else {
                fields.join(",")
            },
            text(&found["recorded"]),
            text(&found["replayed"]),
        )
    });
    lines.collect()
}

#[test]
fn a_sandbox_with_the_same_settings_does_not_differ_and_one_with_another_does_in_just_that() {
    let server = recorded(Settings::default());
    let place = &server.place;
    let done = replay(place, &[]);
    assert_eq!(done.code, 0, "{done:?}");
    assert!(
        done.stdout.contains("exchanges compared: no differences"),
        "{done:?}"
    );
    let same = replay(place, &["--format", "json"]);
    let json = same.json();
    assert_eq!(
        (same.code, &json["outcome"]),
        (0, &json!("equal")),
        "{json}"
    );
    let (recorded, compared) = (json["recorded"].as_u64(), json["compared"].as_u64());
    assert!(compared.unwrap() + 1 >= recorded.unwrap(), "{json}");

    // The IDs of tasks.
    let done = replay(
        place,
        &["--set", "results.task-id-as-text=true", "--format", "json"],
    );
    assert_eq!(done.code, 11, "{done:?}");
    let expected = "type GET …/test-results/{id} body.id - number→string";
    assert_eq!(found(&done), [expected]);
    assert_eq!(
        done.json()["differences"][0]["requests"][1]["method"],
        "POST"
    );

    // What is returned without `fields`: of all requests, only these name none.
    let done = replay(
        place,
        &["--set", "entities.default-fields=named", "--format", "json"],
    );
    let fields: Vec<String> = found(&done);
    assert_eq!(done.code, 11, "{done:?}");
    let expected = ["extra_fields GET …/defects/{id} body name -→-"];
    assert_eq!(
        fields
            .iter()
            .filter(|line| line.contains("GET …/defects/{id} "))
            .collect::<Vec<_>>(),
        expected
    );
    assert!(
        fields
            .iter()
            .all(|line| line.starts_with("extra_fields ") && line.contains(" name ")),
        "{fields:#?}"
    );

    let human = replay(place, &["--set", "entities.default-fields=all"]);
    assert_eq!(human.code, 11, "{human:?}");
    let line = human
        .stdout
        .lines()
        .find(|line| line.contains("…/defects/{id}"))
        .unwrap();
    assert!(
        line.trim().starts_with("extra fields") && line.contains("author"),
        "{human:?}"
    );
}

#[test]
fn a_recorded_setting_is_found_from_the_other_side_too() {
    let mut settings = Settings::default();
    settings.entities.lock_stamp_checked = true;
    settings.results.task_id_as_text = true;
    let server = recorded(settings);
    let done = replay(&server.place, &["--format", "json"]);
    assert_eq!(done.code, 11, "{done:?}");
    assert_eq!(
        found(&done),
        ["type GET …/test-results/{id} body.id - string→number"]
    );
    let same = replay(&server.place, &["--set", "results.task-id-as-text=true"]);
    assert_eq!(same.code, 0, "{same:?}");
}

#[test]
fn sessions_of_users_and_rejected_sign_ins_are_played_as_they_were() {
    let mut settings = Settings::default();
    settings.access.users = vec![User::new("jane", "hers")];
    let server = Server::with(settings);
    let recording = Recording::of(&server.url(), &server.place, &[]);
    let list = ["suite", "list"];
    assert_eq!(recording.octane(&list, SECRET).code, 0);
    assert_eq!(recording.octane(&list, "wrong").code, 7);
    recording.end();
    let equal = replay(&server.place, &[]);
    assert_eq!(equal.code, 0, "{equal:?}");
    // A sandbox that accepts API keys only accepts this one.
    let keys = replay(&server.place, &["--set", "access.api-keys-only=true"]);
    assert_eq!(keys.code, 0, "{keys:?}");
}

#[test]
fn what_was_there_before_the_recording_is_not_compared() {
    let server = Server::new();
    let place = &server.place;
    let create = ["api", "POST", "defects", "--data", DEFECT];
    let ids: Vec<String> = (0..40)
        .map(|_| {
            server.octane(&create, SECRET).json()["data"][0]["id"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    let recording = Recording::of(&server.url(), place, &[]);
    let last = format!("defects/{}", ids.last().unwrap());
    assert_eq!(recording.octane(&["api", "GET", &last], SECRET).code, 0);
    recording.end();
    let done = replay(place, &["--format", "json"]);
    assert_eq!(done.code, 0, "{done:?}");
    let not_compared = &done.json()["not_compared"];
    assert_eq!(not_compared[0]["reason"], "unknown_entities", "{done:?}");
    assert_eq!(not_compared[0]["requests"][0]["path"], "…/defects/{id}");
    let human = replay(place, &[]);
    let line =
        "not compared: 1 exchange (GET …/defects/{id}): they use entities that were not created";
    assert!(human.stdout.contains(line), "{human:?}");

    // Nothing that was compared is no success.
    for file in std::fs::read_dir(place.path().join("recording")).unwrap() {
        let file = file.unwrap().path();
        if !file.to_str().unwrap().contains("defects") {
            std::fs::remove_file(file).unwrap();
        }
    }
    let none = replay(place, &[]);
    none.fails(
        4,
        &[
            "none of the 1 recorded exchanges could be compared",
            "not created in the recording",
        ],
    );
}

#[test]
fn a_question_about_an_unknown_version_or_entity_is_not_compared() {
    let server = Server::new();
    let place = &server.place;
    let recording = Recording::of(&server.url(), place, &[]);
    let suites = recording.octane(&["api", "GET", "test_suites"], SECRET);
    assert_eq!(suites.code, 0, "{suites:?}");
    recording.end();
    let exchange = |number: u32, path: &str, tag: Option<&str>, status: u16| {
        let path = format!("/api/shared_spaces/1001/workspaces/1002/{path}");
        let mut headers = vec!["cookie: LWSSO_COOKIE_KEY=***".to_owned()];
        headers.extend(tag.map(|tag| format!("if-none-match: {tag}")));
        let exchange = json!({
            "schema": "octane.exchange/1", "number": number, "time": "2026-01-01T00:00:00Z", "duration_ms": 1,
            "request": { "method": "GET", "path": path, "headers": headers, "body": null },
            "response": { "status": status, "headers": [], "body": null },
        });
        place.file(
            &format!("recording/{number:06}.json"),
            &exchange.to_string(),
        );
    };
    // Read before the recording; another entity than the one with this ID here; and one that only the recorded server had.
    exchange(900_001, "stories", Some("\"of-before\""), 304);
    exchange(900_002, "stories/3005", None, 404);
    exchange(900_003, "stories/999999", Some("\"of-before\""), 304);
    let done = replay(place, &["--format", "json"]).json();
    assert_eq!(done["differences"], json!([]), "{done}");
    let groups = done["not_compared"].as_array().unwrap().iter();
    let reasons: Vec<&Value> = groups.map(|group| &group["reason"]).collect();
    assert_eq!(reasons, ["unknown_entities", "unknown_version"]);
}

#[test]
fn a_recording_can_be_played_against_another_server_with_its_own_ids() {
    let server = recorded(Settings::default());
    let other = Server::with(Settings::default().space(7.into(), 8.into()));
    let url = format!("http://{}/ui/?p=7/8", other.address());
    let own = [("OCTANE_CLIENT_ID", "ci"), ("OCTANE_CLIENT_SECRET", SECRET)];
    let arguments = ["sandbox", "replay", "recording", "--server", &url];
    let done = server.place.octane_with(&arguments, &own);
    assert_eq!(done.code, 0, "{done:?}");
    let none = server.place.octane(&arguments);
    none.fails(3, &["no credentials given"]);
    let wrong = [
        ("OCTANE_CLIENT_ID", "ci"),
        ("OCTANE_CLIENT_SECRET", "wrong"),
    ];
    let set = [&arguments[..], &["--set", "space=1"]].concat();
    server
        .place
        .octane_with(&set, &wrong)
        .fails(2, &["belong to a sandbox of this process"]);
}

#[test]
fn a_broken_recording_is_refused_with_its_file_and_position_before_anything_is_played() {
    let place = Place::new();
    replay(&place, &[]).fails(
        4,
        &["cannot read `recording`", "`octane sandbox --record URL`"],
    );
    place.file("recording/notes.txt", "not of a recording");
    replay(&place, &[]).fails(4, &["`recording` contains no recorded exchanges"]);
    let exchange = json!({
        "schema": "octane.exchange/1", "number": 1, "time": "2026-11-28T22:00:00Z", "duration_ms": 3,
        "request": { "method": "GET", "path": "/admin/server/version", "headers": [], "body": null },
        "response": { "status": 200, "headers": ["content-type: application/json"], "body": { "json": {} } },
    });
    let text = serde_json::to_string_pretty(&exchange).unwrap();
    place.file("recording/000001-GET-version.json", &text);
    place.file(
        "recording/000002-GET-version.json",
        &text.replace("\"status\": 200", "\"status\": \"ok\""),
    );
    let done = replay(&place, &[]);
    let line = 1 + text
        .lines()
        .position(|line| line.contains("\"status\": 200"))
        .unwrap();
    let position = format!("`recording/000002-GET-version.json`, line {line}, column ");
    done.fails(
        4,
        &[
            &position,
            "invalid type: string \"ok\", expected u16",
            "nothing was played",
        ],
    );
    // A file that a person has edited and that is valid is played.
    place.file(
        "recording/000002-GET-version.json",
        &text.replace("\"status\": 200", "\"status\": 404"),
    );
    let done = replay(&place, &["--format", "json"]);
    assert_eq!(done.code, 11, "{done:?}");
    let found = found(&done);
    assert_eq!(
        found[0], "status GET /admin/server/version status - 404→200",
        "{found:#?}"
    );
    assert!(
        found[1].starts_with("extra_fields GET /admin/server/version body "),
        "{found:#?}"
    );
}
