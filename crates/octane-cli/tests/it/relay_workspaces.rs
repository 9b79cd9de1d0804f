//! A relay that delivers to several workspaces of one server.

use octane_sandbox::Settings;
use octane_tests::SeveralWorkspaces;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::program::{Done, Place};
use crate::relay::{Relay, token_at};
use crate::server::SECRET;

/// A server with the workspaces 1002, 1003 and 1004, and a relay that delivers to the first two.
struct World {
    place: Place,
    server: SeveralWorkspaces,
    relay: Relay,
    token: String,
    // Dropped last: the server runs on it.
    _runtime: Runtime,
}

impl World {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .unwrap();
        let settings = Settings::default().api_key("ci", SECRET);
        let server = SeveralWorkspaces::start(&[1002, 1003, 1004], &settings);
        let server = runtime.block_on(server);
        let place = Place::new();
        let token = token_at(&place, None);
        let url = format!("{}/ui/?p=1001/1002", server.url());
        let more = ["--also-workspace", "1003", "--rate", "1000", "--port", "0"];
        let relay = Relay::start_at(&place, &url, &more, None);
        Self {
            place,
            server,
            relay,
            token,
            _runtime: runtime,
        }
    }

    fn url(&self, workspace: u32) -> String {
        format!("{}/ui/?p=1001/{workspace}", self.server.url())
    }

    /// Runs a command as an agent of a workspace: without an API key.
    fn agent(&self, workspace: u32, line: &str) -> Done {
        let arguments: Vec<&str> = line.split(' ').collect();
        let url = self.url(workspace);
        let variables = [
            ("OCTANE_URL", &*url),
            ("OCTANE_VIA", &*self.relay.url),
            ("OCTANE_RELAY_TOKEN", &*self.token),
            ("OCTANE_SPOOL", "spool"),
        ];
        self.place.octane_with(&arguments, &variables)
    }

    /// Runs a command on the relay's machine, whose variables name the first workspace.
    fn on_relay(&self, line: &str) -> Done {
        let line = format!("{line} --relay-data relay");
        let arguments: Vec<&str> = line.split(' ').collect();
        let url = self.url(1002);
        let variables = [
            ("OCTANE_URL", &*url),
            ("OCTANE_SHARED_SPACE", "1001"),
            ("OCTANE_WORKSPACE", "1002"),
        ];
        self.place.octane_with(&arguments, &variables)
    }

    /// The runs of a workspace, each with how many stories it covers.
    fn runs(&self, workspace: u32) -> Vec<(String, usize)> {
        let url = self.url(workspace);
        let variables = [
            ("OCTANE_URL", &*url),
            ("OCTANE_CLIENT_ID", "ci"),
            ("OCTANE_CLIENT_SECRET", SECRET),
        ];
        let path = "automated_runs?fields=name,covered_content&order_by=id";
        let list = self.place.octane_with(&["api", "GET", path], &variables);
        let list = list.json();
        let runs = list["data"].as_array().unwrap().iter().map(|run| {
            let covered = run["covered_content"]["total_count"].as_u64().unwrap();
            let name = run["name"].as_str().unwrap().to_owned();
            (name, usize::try_from(covered).unwrap())
        });
        runs.collect()
    }

    fn payloads(&self, workspace: usize) -> usize {
        let requests = self.server.requests(workspace);
        let payloads = requests
            .iter()
            .filter(|request| request.method == "POST" && request.path.ends_with("/test-results"));
        payloads.count()
    }
}

#[test]
fn results_and_links_land_in_the_workspace_of_their_agent_with_one_sign_in() {
    let world = World::new();
    for (workspace, test, key) in [(1003, "pays", "SHOP-102"), (1002, "refunds", "SHOP-101")] {
        let table = format!("name,status,jira\n{test},passed,{key}\n");
        world.place.file("a.csv", &table);
        // The names are the same in both.
        let line = "upload a.csv --suite S --suite-run r -y --format json --wait 5m";
        let waited = world.agent(workspace, line);
        assert_eq!(waited.code, 0, "{waited:?}");
        let report = waited.json();
        assert_eq!(report["counts"]["ingested"], 1);
        assert_eq!(report["links"]["linked"], 1);
        assert_eq!(report["target"]["workspace"], workspace.to_string());
    }
    let sign_ins = world.server.requests(0);
    let sign_ins = sign_ins
        .iter()
        .filter(|request| request.path.ends_with("/sign_in"));
    assert_eq!(sign_ins.count(), 1);
    assert_eq!([0, 1, 2].map(|place| world.payloads(place)), [1, 1, 0]);
    assert_eq!(world.runs(1002), [("refunds".to_owned(), 1)]);
    assert_eq!(world.runs(1003), [("pays".to_owned(), 1)]);
    let status = world.on_relay("relay status --format json").json();
    let lanes = status["lanes"].as_array().unwrap().iter();
    let workspaces: Vec<&Value> = lanes.map(|lane| &lane["workspace"]).collect();
    assert_eq!(workspaces, ["1003", "1002"]);
    let human = world.on_relay("relay status").stdout;
    let words = |line: usize| human.lines().nth(line).unwrap().split_whitespace();
    let head: Vec<&str> = words(0).collect();
    assert_eq!(head[..2], ["PROJECT", "WORKSPACE"], "{human}");
    assert_eq!(words(1).nth(1), Some("1001/1003"), "{human}");
    assert_eq!(words(2).nth(1), Some("1001/1002"), "{human}");
}

#[test]
fn uploads_to_a_workspace_that_the_relay_does_not_name_are_refused() {
    let world = World::new();
    world.place.file("a.csv", "name,status\na,passed\n");
    let refused = world.agent(1004, "upload a.csv --suite S --suite-run r -y");
    refused.fails(6, &["1001/1004", "1001/1002, 1001/1003"]);
    let examined = |workspace| {
        let done = world.agent(workspace, "doctor --format json").json();
        let mut checks = done["checks"].as_array().unwrap().iter();
        let found = checks.find(|check| check["check"] == "relay_workspace");
        found.unwrap()["status"].clone()
    };
    assert_eq!(examined(1003), "ok");
    assert_eq!(examined(1004), "failed");
}

#[test]
fn a_token_for_none_of_the_workspaces_of_the_relay_is_found_before_an_upload_is_refused() {
    let mut world = World::new();
    let create = "relay token create depot --for-workspace 1004 --format json";
    let created = world.on_relay(create).json();
    world.token = created["token"].as_str().unwrap().to_owned();
    let done = world.agent(1002, "doctor --format json");
    assert_eq!(done.code, 7, "{done:?}");
    let done = done.json();
    let mut checks = done["checks"].as_array().unwrap().iter();
    let found = checks.find(|check| check["check"] == "relay_workspace");
    let message = found.unwrap()["message"].as_str().unwrap();
    assert!(message.contains("for none of the workspaces"), "{message}");
}

#[test]
fn a_suite_run_of_the_same_name_in_two_workspaces_is_closed_in_one() {
    let world = World::new();
    world.place.file("a.csv", "name,status\na,passed\n");
    for workspace in [1002, 1003] {
        let line = "upload a.csv --suite S --suite-run r --shard 1/2 -y --format json --wait 5m";
        let awaiting = world.agent(workspace, line);
        assert_eq!(awaiting.code, 0, "{awaiting:?}");
    }
    // The variables of the relay's machine choose none.
    let several = world.on_relay("relay close r");
    several.fails(
        2,
        &[
            "in several workspaces",
            "--workspace",
            "1001/1002, 1001/1003",
        ],
    );
    let none = world.on_relay("relay close r --workspace 1004");
    none.fails(2, &["no shards of a suite run `r`"]);
    let closed = world.on_relay("relay close r --workspace 1003 --format json");
    assert_eq!(closed.code, 0, "{closed:?}");
    let closed = closed.json();
    assert_eq!(
        (&closed["workspace"], &closed["shards"]),
        (&json!("1003"), &json!(1))
    );
    let lanes = loop {
        let stored = world.on_relay("relay status --format json").json();
        let lanes = stored["lanes"].as_array().unwrap().iter();
        let lanes = lanes.map(|lane| {
            let text = |name: &str| lane[name].as_str().unwrap().to_owned();
            (text("workspace"), text("state"))
        });
        let lanes: Vec<(String, String)> = lanes.collect();
        if lanes.iter().any(|(_, state)| state == "incomplete") {
            break lanes;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    };
    let expected = [("1002", "awaiting_shards"), ("1003", "incomplete")];
    let expected = expected.map(|(workspace, state)| (workspace.to_owned(), state.to_owned()));
    assert_eq!(lanes, expected);
    let closed = world.on_relay("relay close r");
    assert_eq!(closed.code, 0, "{closed:?}");
}

#[test]
fn a_token_for_one_workspace_is_of_no_use_in_another() {
    let mut world = World::new();
    world.place.file("a.csv", "name,status\na,passed\n");
    let line = "relay token create shop --for-workspace 1003 --format json";
    let created = world.on_relay(line).json();
    assert_eq!(created["workspaces"], json!(["1001/1003"]));
    created["token"]
        .as_str()
        .unwrap()
        .clone_into(&mut world.token);
    let upload = "upload a.csv --suite S --suite-run r -y";
    world.agent(1002, upload).fails(7, &["but for 1001/1003"]);
    let handed = world.agent(1003, upload);
    assert_eq!(handed.code, 0, "{handed:?}");
    let listed = world.on_relay("relay token list").stdout;
    let columns: Vec<Vec<&str>> = listed
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    let workspaces: Vec<&str> = columns.iter().map(|cells| cells[2]).collect();
    assert_eq!(workspaces, ["WORKSPACES", "all", "1001/1003"], "{listed}");
    // The shared space would come from the URL.
    let arguments = [
        "relay",
        "token",
        "create",
        "shop",
        "--for-workspace",
        "1003",
        "--relay-data",
        "relay",
    ];
    world
        .place
        .octane(&arguments)
        .fails(2, &["--for-workspace SPACE/WORKSPACE"]);
}

#[test]
fn a_workspace_is_an_id_with_or_without_a_shared_space() {
    let place = Place::new();
    for wrong in ["shop", "1001/", "1/2/3", ""] {
        let done = place.octane(&["relay", "--also-workspace", wrong]);
        done.fails(2, &["--also-workspace", "`1003` or `1001/1003`"]);
    }
}
