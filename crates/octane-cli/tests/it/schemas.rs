//! The published schemas, and the answers of every command.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use octane_sandbox::Fault;
use serde_json::{Map, Value, json};

use crate::json_schema::{names, schema, text, violations, violations_of};
use crate::program::{Place, root, upload_in};
use crate::recording::Recording;
use crate::relay::{Relay, audit_log};
use crate::server::{SECRET, Server};

/// All objects in a schema that describe something.
fn visit<'a>(schema: &'a Value, path: &str, see: &mut impl FnMut(&str, &'a Map<String, Value>)) {
    match schema {
        Value::Object(members) => {
            see(path, members);
            for (name, member) in members {
                visit(member, &format!("{path}/{name}"), see);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| visit(item, path, see)),
        _ => {}
    }
}

/// Every `octane.NAME/1` in the Rust files of a folder.
fn names_in(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            names_in(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let pieces = text.split("\"octane.").skip(1);
            let names = pieces.filter_map(|piece| piece.split('"').next()?.strip_suffix("/1"));
            found.extend(names.map(str::to_owned));
        }
    }
}

#[test]
fn every_schema_named_in_the_sources_has_a_file_and_every_file_is_named() {
    let mut named = BTreeSet::new();
    for library in ["cli", "client", "relay"] {
        let folder = root().join(format!("crates/octane-{library}/src"));
        names_in(&folder, &mut named);
    }
    assert_eq!(Vec::from_iter(named), names());
}

#[test]
fn the_program_lists_the_schemas_and_prints_them_as_they_are_published() {
    let place = Place::new();
    let list = place.octane(&["schema"]);
    assert_eq!(list.stdout.lines().collect::<Vec<_>>(), names());
    let list = place.octane(&["schema", "--format", "json"]).json();
    assert_eq!(list["names"], json!(names()));
    for name in names() {
        assert_eq!(place.octane(&["schema", &name]).stdout, text(&name));
        let id = format!("urn:octane:{name}:1");
        assert_eq!(schema(&name)["$id"], id);
        assert_eq!(schema(&name)["title"], format!("octane.{name}/1"));
    }
    place
        .octane(&["schema", "nonsense"])
        .fails(2, &["possible values: auth_login"]);
}

#[test]
fn schemas_describe_all_members_and_require_them() {
    for name in names() {
        visit(&schema(&name), &name, &mut |path, schema| {
            let Some(Value::Object(properties)) = schema.get("properties") else {
                return;
            };
            if path.ends_with("/properties") {
                return;
            }
            let required: BTreeSet<&str> = schema["required"]
                .as_array()
                .unwrap()
                .iter()
                .map(|name| name.as_str().unwrap())
                .collect();
            let all: BTreeSet<&str> = properties.keys().map(String::as_str).collect();
            assert_eq!(required, all, "{path}");
            for (member, property) in properties {
                let is_described = property.get("description").or(property.get("$ref"));
                assert!(is_described.is_some(), "{path}/{member}");
            }
            assert!(schema.get("additionalProperties").is_none(), "{path}");
        });
    }
}

#[test]
fn booleans_ids_and_problems_have_one_form_everywhere() {
    for name in names() {
        visit(&schema(&name), &name, &mut |path, schema| {
            let Some(Value::Object(properties)) = schema.get("properties") else {
                return;
            };
            for (member, property) in properties {
                let place = format!("{path}/{member}");
                let is_question = member.starts_with("is_") || member.starts_with("has_");
                assert_eq!(property["type"] == "boolean", is_question, "{place}");
                if matches!(
                    member.as_str(),
                    "id" | "task" | "story" | "space" | "workspace"
                ) || member.ends_with("_id")
                {
                    let is_text = property["type"] == "string"
                        || property["type"] == json!(["string", "null"]);
                    assert!(is_text, "{place}");
                }
                if matches!(member.as_str(), "problems" | "warnings") {
                    assert_eq!(property["items"]["$ref"], "#/$defs/problem", "{place}");
                }
            }
        });
    }
}

#[test]
fn a_definition_is_the_same_in_all_schemas_that_have_it() {
    let mut known: BTreeMap<String, (String, Value)> = BTreeMap::new();
    for name in names() {
        let schema = schema(&name);
        let Some(Value::Object(definitions)) = schema.get("$defs") else {
            continue;
        };
        for (definition, value) in definitions {
            let first = known.entry(definition.clone());
            let (owner, first) = first.or_insert_with(|| (name.clone(), value.clone()));
            assert_eq!(first, value, "`{definition}` in {owner} and {name}");
        }
    }
}

#[test]
fn documents_that_do_not_match_are_recognised() {
    let error = json!({
        "schema": "octane.error/1", "code": "no_input", "exit_code": 4, "message": "no", "causes": [],
        "hint": null, "upload_id": null, "problems": [],
        "warnings": [], "warning_counts": {},
    });
    assert_eq!(violations(&error), [] as [&str; 0]);
    let with = |member: &str, value: Value| {
        let mut changed = error.clone();
        changed[member] = value;
        violations(&changed)
    };
    for (member, value, reason) in [
        ("code", json!("nonsense"), "(enum"),
        ("message", Value::Null, "(type"),
        ("exit_code", json!("4"), "(type"),
        ("upload_id", json!("7"), "(pattern"),
        ("problems", json!(["no"]), "/problems/0"),
        (
            "problems",
            json!([{ "code": "x" }]),
            "\"message\" is missing",
        ),
        ("more", Value::Null, "`more` is not described"),
    ] {
        let found = with(member, value).join("; ");
        assert!(found.contains(reason), "{member}: {found}");
    }
    let schema =
        json!({ "type": "object", "additionalProperties": { "type": "integer", "minimum": 1 } });
    assert_eq!(violations_of(&schema, &json!({ "a": 1 })), [] as [&str; 0]);
    assert_eq!(
        violations_of(&schema, &json!({ "a": 0, "b": "1" })).len(),
        2
    );
    assert!(!violations(&json!({ "answer": 1 })).is_empty());
}

/// Runs commands with `--format json`, and records which schemas their answers have.
struct Answers {
    server: Server,
    seen: BTreeSet<String>,
}

impl Answers {
    /// Runs a command that ends with `code`; its answer is one document that matches its schema.
    fn answer(&mut self, code: i32, name: &str, arguments: &[&str]) -> Value {
        let arguments = [arguments, &["--format", "json"]].concat();
        let done = self.server.octane(&arguments, SECRET);
        assert_eq!(done.code, code, "{arguments:?}: {done:?}");
        self.see(name, done.json())
    }

    fn see(&mut self, name: &str, document: Value) -> Value {
        assert_eq!(document["schema"], format!("octane.{name}/1"), "{document}");
        assert_eq!(violations(&document), [] as [&str; 0], "{document}");
        self.seen.insert(name.to_owned());
        document
    }
}

#[test]
fn the_answers_of_all_commands_match_their_schemas() {
    let server = Server::new();
    server
        .place
        .file(
            "a.csv",
            "name,status,jira\nx,passed,SHOP-101\ny,failed,NONE-1\n",
        )
        .file(
            "bad.csv",
            "name,status,owner\nx,passed,me\ny,passd,me\nx,failed,me\n",
        );
    let mut answers = Answers {
        server,
        seen: BTreeSet::new(),
    };
    answers.answer(0, "version", &["version"]);
    answers.answer(0, "schemas", &["schema"]);
    answers.answer(0, "ci_env", &["ci", "env"]);
    let found = answers.answer(4, "validate", &["validate", "bad.csv"]);
    assert_eq!(found["problems"][0]["line"], 3, "{found}");
    assert_eq!(found["warnings"][0]["code"], "unused_column", "{found}");
    assert_eq!(found["repeated"][0]["results"], 2, "{found}");
    answers.answer(0, "convert", &["convert", "a.csv", "-o", "out.xml"]);
    answers.answer(0, "config", &["config", "show", "--tag", "OS:Linux"]);
    answers.answer(0, "config_files", &["config", "path"]);
    answers.answer(0, "config_init", &["config", "init", "-o", "new.toml"]);
    answers.answer(0, "compat", &["compat", "--show-command", "a.csv"]);

    let module = answers.answer(0, "module", &["module", "create", "Shop"]);
    assert_eq!(module["created"][0]["id"], module["id"]);
    let module = answers.answer(0, "module", &["module", "ensure", "Shop/Refunds"]);
    assert_eq!(module["created"].as_array().unwrap().len(), 1);
    let module = answers.answer(0, "module", &["module", "get", "Shop/Refunds"]);
    assert_eq!(module["created"], json!([]));
    answers.answer(0, "modules", &["module", "list"]);
    answers.answer(0, "suite", &["suite", "create", "A"]);
    let changes = ["suite", "create", "C", "--dry-run"];
    answers.answer(0, "changes", &changes);
    answers.answer(0, "suite", &["suite", "ensure", "B", "--module", "Shop"]);
    answers.answer(0, "suite", &["suite", "get", "B"]);
    answers.answer(0, "suites", &["suite", "list"]);

    let target = ["--suite", "S", "--suite-run", "r", "-y"];
    let upload = |file, more: &[&'static str]| [&["upload", file], &target[..], more].concat();
    let plan = ["upload", "a.csv", "--suite", "S", "--dry-run"];
    let plan = answers.answer(6, "plan", &plan);
    assert_eq!(plan["problems"][0]["code"], "missing_target");
    answers.answer(0, "upload", &upload("a.csv", &[]));
    answers.answer(0, "plan", &upload("a.csv", &["--dry-run"]));
    let partial = answers.answer(5, "upload", &upload("bad.csv", &["--skip-invalid"]));
    assert_eq!(partial["outcome"], "partial");
    let refusal = Fault::status(403).path("*/test-results");
    answers.server.fail_next(refusal);
    let refused = answers.answer(6, "upload", &upload("a.csv", &["--force-new"]));
    assert_eq!(refused["batches"][0]["task"], Value::Null);
    let id = refused["upload_id"].as_str().unwrap();
    let delete = ["uploads", "delete", id, "--force"];
    answers.answer(0, "deleted_uploads", &delete);
    answers.answer(
        0,
        "upload",
        &upload("a.csv", &["--jira", "off", "--force-new"]),
    );

    let suite_runs = answers.answer(0, "suite_runs", &["suite-run", "list"]);
    let suite_run = suite_runs["suite_runs"][0]["id"].as_str().unwrap();
    answers.answer(0, "suite_run", &["suite-run", "get", suite_run]);
    let runs = answers.answer(0, "runs", &["run", "list", "--suite-run", "r"]);
    let run = runs["runs"][0]["id"].as_str().unwrap();
    answers.answer(0, "run", &["run", "get", run]);
    answers.answer(0, "jira_keys", &["jira", "resolve", "SHOP-101"]);
    let keys = ["jira", "resolve", "SHOP-101", "NONE-1", "SHOP-150"];
    answers.answer(6, "jira_keys", &keys);
    let links = ["--run", run, "--jira", "SHOP-101"];
    answers.answer(0, "links", &[&["link"], &links[..]].concat());
    answers.answer(0, "links", &[&["unlink"], &links[..]].concat());
    let links = [
        "link", "--run", "1", "--jira", "SHOP-101", "NONE-1", "SHOP-150",
    ];
    let links = answers.answer(10, "links", &links);
    assert_eq!(links["stories"][0]["failed_ids"], json!(["1"]));
    assert_eq!(links["problems"].as_array().unwrap().len(), 3, "{links}");

    answers.answer(0, "stories", &["story", "list"]);
    answers.answer(0, "story", &["story", "get", "SHOP-101"]);
    let story = ["story", "get", "SHOP-101", "--suite-run", "r"];
    answers.answer(0, "story", &story);
    answers.answer(0, "story_coverage", &["story", "coverage"]);
    let task = partial["batches"][0]["task"].as_str().unwrap();
    answers.answer(0, "task", &["status", task]);
    answers.answer(0, "status", &["status"]);
    answers.answer(0, "uploads", &["uploads", "list"]);
    answers.answer(0, "deleted_uploads", &["uploads", "prune"]);
    answers.answer(0, "doctor", &["doctor"]);
    let status = answers.answer(0, "auth_status", &["auth", "status"]);
    assert_eq!(status["session"], Value::Null);
    answers.answer(0, "auth_login", &["auth", "login"]);
    answers.answer(0, "auth_logout", &["auth", "logout"]);
    answers.see_sandbox();
    answers.see_recording();
    answers.see_relay();
    answers.see_saved_uploads();
    answers.see_errors();
    assert_eq!(Vec::from_iter(answers.seen), names());
}

impl Answers {
    fn see_relay(&mut self) {
        let create = ["relay", "token", "create", "shop", "--relay-data", "relay"];
        let token = self.answer(0, "relay_token", &create);
        let token = token["token"].as_str().unwrap();
        let file = self.server.place.secret_file("token", token);
        let list = ["relay", "token", "list", "--relay-data", "relay"];
        self.answer(0, "relay_tokens", &list);
        // It checks the answer of the relay itself.
        let relay = Relay::start(&self.server, &["--port", "0"], None);
        self.seen.insert("relay".to_owned());
        let via = ["--via", &relay.url, "--relay-token-file", &file];
        let upload = ["upload", "a.csv", "--suite", "S", "--suite-run", "via"];
        let handed = self.answer(0, "hand_over", &[&upload[..], &via].concat());
        let id = handed["uploads"][0]["upload_id"].as_str().unwrap();
        let status = ["relay", "status", "--relay-data", "relay"];
        while self.answer(0, "relay_status", &status)["lanes"][0]["state"] != "delivered" {
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        let upload = relay.get(&format!("/v1/uploads/{id}"), token);
        assert_eq!(violations(&upload["report"]), Vec::<String>::new());
        self.see("relay_upload", upload);
        self.see("relay_lanes", relay.get("/v1/status", token));
        self.see("relay_error", relay.get("/v1/status", "none"));
        let part = ["--suite-run", "parts", "--shard", "1/2"];
        let upload = ["upload", "a.csv", "--suite", "S"];
        self.answer(0, "hand_over", &[&upload[..], &part, &via].concat());
        let close = [
            "relay",
            "close",
            "parts",
            "--relay-data",
            "relay",
            "--dry-run",
        ];
        while self.server.place.octane(&close).code != 0 {
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        self.answer(0, "relay_close", &close);
        let delete = ["relay", "delete", id, "--relay-data", "relay"];
        self.answer(0, "relay_change", &delete);
        for line in audit_log(&self.server) {
            self.see("relay_audit", line);
        }
    }

    fn see_sandbox(&mut self) {
        let arguments = ["sandbox", "--port", "0", "--format", "json"];
        let mut sandbox = self.server.start(&arguments);
        let answer = sandbox.answer();
        sandbox.kill();
        let answer = self.see("sandbox", answer);
        assert!(answer["data"].is_string(), "{answer}");
        // Without the variable that names a directory for the data.
        let mut sandbox = Command::new(env!("CARGO_BIN_EXE_octane"))
            .args(arguments)
            .arg("--memory")
            .env_clear()
            .env("OCTANE_RATE", "off")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut stdout = BufReader::new(sandbox.stdout.take().unwrap());
        stdout.read_line(&mut line).unwrap();
        sandbox.kill().unwrap();
        sandbox.wait().unwrap();
        let answer = self.see("sandbox", serde_json::from_str(&line).unwrap());
        assert_eq!(answer["data"], Value::Null);
    }

    /// A recording of this server, and what a sandbox makes of it.
    fn see_recording(&mut self) {
        let recording = Recording::of(&self.server.url(), &self.server.place, &[]);
        let answer = recording.answer.clone();
        let version = ["api", "GET", "/admin/server/version"];
        assert_eq!(recording.octane(&version, SECRET).code, 0);
        recording.end();
        self.see("recording", answer);
        for exchange in Recording::exchanges(&self.server.place) {
            self.see("exchange", exchange);
        }
        self.answer(0, "replay", &["sandbox", "replay", "recording"]);
    }

    /// An upload that waits for its server.
    fn save(&mut self) -> String {
        self.server.go_away();
        let upload = ["upload", "a.csv", "--suite", "S", "-y", "--retries", "0"];
        let error = self.answer(8, "error", &upload);
        assert_eq!(error["code"], "unreachable");
        self.server.come_back();
        upload_in(error["upload_id"].as_str().unwrap())
    }

    fn see_saved_uploads(&mut self) {
        let id = self.save();
        self.answer(0, "status", &["uploads", "show", &id]);
        let delete = ["uploads", "delete", &id];
        self.answer(2, "error", &delete);
        let deleted = self.answer(0, "deleted_uploads", &[&delete[..], &["--force"]].concat());
        assert_eq!(deleted["upload_ids"], json!([id]));

        let id = self.save();
        let export = ["uploads", "export", &id, "-o", "upload.octane"];
        let exported = self.answer(0, "upload_bundle", &export);
        assert_eq!(exported["upload_id"], json!(id));
        let import = ["uploads", "import", "upload.octane", "--spool", "other"];
        self.answer(0, "upload_bundle", &import);
        self.answer(3, "error", &import);
        let upload = self.answer(0, "upload", &["resume", &id]);
        assert_eq!(upload["upload_id"], json!(id));

        let id = self.save();
        let other = self.save();
        self.server
            .place
            .file(&format!("spool/{other}.db"), &"not a database\n".repeat(99));
        let list = self.answer(0, "uploads", &["uploads", "list"]);
        assert_eq!(list["problems"][0]["code"], "unreadable", "{list}");
        let all = ["resume", "--all", "--report", "report.json"];
        let resumed = self.answer(3, "resume", &all);
        assert_eq!(resumed["uploads"][0]["upload_id"], json!(id), "{resumed}");
        assert_eq!(resumed["errors"][0]["exit_code"], 3, "{resumed}");
        let file = std::fs::read(self.server.place.path().join("report.json")).unwrap();
        assert_eq!(serde_json::from_slice::<Value>(&file).unwrap(), resumed);
    }

    fn see_errors(&mut self) {
        let usage = self.answer(2, "error", &["upload", "a.csv", "--no-such-flag"]);
        let message = usage["message"].as_str().unwrap();
        assert!(message.contains("unexpected argument"), "{usage}");
        let invalid = self.answer(4, "error", &["upload", "bad.csv", "--suite", "S"]);
        assert_eq!(invalid["problems"][0]["file"], "bad.csv");
        self.answer(3, "error", &["upload", "a.csv"]);
        self.answer(6, "error", &["suite", "get", "Nonsense"]);
        let done = self
            .server
            .octane(&["suite", "list", "--format", "json"], "wrong");
        let error = self.see("error", done.json());
        assert_eq!(error["code"], "unauthorized");
    }
}

#[test]
fn uploads_for_another_server_are_named_as_problems() {
    let server = Server::new();
    let mut away = Server::new();
    away.place.file("a.csv", "name,status\nx,passed\n");
    away.go_away();
    let upload = ["upload", "a.csv", "--suite", "S", "-y", "--retries", "0"];
    away.octane(&upload, SECRET).fails(8, &["octane resume u-"]);
    let spool = away.place.path().join("spool").display().to_string();
    let all = ["resume", "--all", "--spool", &spool, "--format", "json"];
    let done = server.octane(&all, SECRET);
    let resumed = done.json();
    assert_eq!(
        (done.code, &resumed["uploads"]),
        (3, &json!([])),
        "{done:?}"
    );
    assert_eq!(resumed["problems"][0]["code"], "different_server");
}

#[test]
fn an_invalid_command_line_has_a_document_only_where_json_is_asked_for() {
    let place = Place::new();
    assert_eq!(place.octane(&["nonsense"]).stdout, "");
    let done = place.octane(&["--format", "json"]);
    assert_eq!(done.code, 2, "{done:?}");
    let json = done.json();
    let message = json["message"].as_str().unwrap();
    assert!(
        message.starts_with("'octane' requires a subcommand"),
        "{message}"
    );
    let done = place.octane(&["validate", "--format=json"]);
    let message = &done.json()["message"];
    assert_eq!(
        message,
        "the following required arguments were not provided: <FILES>..."
    );
}
