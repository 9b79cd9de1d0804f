//! `octane doctor` on a machine that hands results over to a relay.

use octane_test_support::certificates::Validity;
use octane_test_support::forward_proxy::ForwardProxy;

use crate::doctor::{DOCTOR, check, fails, with};
use crate::networks::Secure;
use crate::program::Done;
use crate::relay::{Relay, token};
use crate::server::{SECRET, Server};

/// The checks of Octane that are left to the relay.
const LEFT_TO_THE_RELAY: [&str; 13] = [
    "dns",
    "proxy",
    "connection",
    "tls",
    "clock",
    "version",
    "credentials",
    "sign_in",
    "workspace",
    "roles",
    "jira_field",
    "links",
    "limits",
];

/// An agent, which has no API key, and the relay that it hands results over to.
struct Agent {
    server: Server,
    relay: Relay,
    token: String,
}

impl Agent {
    fn new() -> Self {
        let server = Server::new();
        let token = token(&server, None);
        let relay = Relay::start(&server, &["--port", "0"], None);
        Self {
            server,
            relay,
            token,
        }
    }

    fn octane(&self, arguments: &[&str], more: &[(&str, &str)]) -> Done {
        let url = self.server.url();
        let own = [
            ("OCTANE_URL", &*url),
            ("OCTANE_VIA", &*self.relay.url),
            ("OCTANE_RELAY_TOKEN", &*self.token),
            ("OCTANE_SPOOL", "spool"),
        ];
        let variables = [&own[..], more].concat();
        let done = self.server.place.octane_with(arguments, &variables);
        assert!(
            !format!("{done:?}").contains(&self.token),
            "the token is shown"
        );
        done
    }

    fn examined(&self, more: &[(&str, &str)]) -> Done {
        self.octane(&DOCTOR, more)
    }
}

/// The checks that were not made because of a failure.
fn blocked(done: &Done) -> Vec<String> {
    let left = with(done, "not_checked").into_iter();
    left.filter(|name| !LEFT_TO_THE_RELAY.contains(&&**name))
        .collect()
}

#[test]
fn an_agent_needs_no_api_key_and_each_check_of_the_relay_says_what_it_found() {
    let agent = Agent::new();
    let done = agent.examined(&[]);
    assert_eq!(done.code, 0, "{done:?}");
    let json = done.json();
    assert_eq!(
        (&json["outcome"], &json["relay"]),
        (&"ok".into(), &agent.relay.url.clone().into())
    );
    assert_eq!(with(&done, "not_checked"), LEFT_TO_THE_RELAY, "{done:?}");
    assert_eq!(with(&done, "ok").len(), 13, "{done:?}");
    for (name, part) in [
        ("url", "(space 1001, workspace 1002)"),
        ("relay_url", &*agent.relay.url),
        ("relay_dns", "not needed, because the URL has an address"),
        ("relay_proxy", "none"),
        ("relay_connection", "response after "),
        ("relay_tls", "none, because the relay is on this machine"),
        ("relay_clock", "the relay's"),
        ("relay_health", "ready"),
        ("relay_token", "from OCTANE_RELAY_TOKEN"),
        ("relay_project", "the token is that of `shop`"),
        ("relay_version", env!("CARGO_PKG_VERSION")),
        ("relay_workspace", "delivers to this workspace"),
        ("state", "nothing to resume"),
        (
            "sign_in",
            "not needed: results are handed over to the relay",
        ),
    ] {
        let (_, message) = check(&done, name);
        assert!(message.contains(part), "{name}: {message}");
    }
    let text = agent.octane(&["doctor"], &[]);
    assert_eq!(text.stdout.lines().count(), 26, "{}", text.stdout);
    assert!(
        text.stdout.contains("ok       Relay health     ready\n"),
        "{}",
        text.stdout
    );
    // A key on this machine counts for Octane itself.
    let key = [("OCTANE_CLIENT_ID", "ci"), ("OCTANE_CLIENT_SECRET", SECRET)];
    let octane = agent.octane(&[&DOCTOR[..], &["--via", ""]].concat(), &key);
    assert_eq!(octane.code, 0, "{octane:?}");
    assert_eq!(octane.json()["checks"].as_array().unwrap().len(), 15);
    assert_eq!(check(&octane, "sign_in").0, "ok");
}

#[test]
fn the_relay_may_be_named_in_octane_toml_and_its_token_in_a_file() {
    let agent = Agent::new();
    let toml = format!("[upload]\nvia = \"{}\"\n", agent.relay.url);
    agent.server.place.file("octane.toml", &toml);
    let file = agent.server.place.secret_file("token", &agent.token);
    let url = agent.server.url();
    let done = agent.server.place.octane_with(
        &[&DOCTOR[..], &["--relay-token-file", &file]].concat(),
        &[("OCTANE_URL", &url)],
    );
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(done.json()["relay"], agent.relay.url);
    let (_, origin) = check(&done, "relay_token");
    assert_eq!(origin, format!("from `{file}`"));
}

#[test]
fn a_token_that_does_not_open_the_door_is_told_from_one_that_is_missing() {
    let agent = Agent::new();
    let wrong = format!("octane-relay_00000000_{}", "0".repeat(64));
    let done = agent.examined(&[("OCTANE_RELAY_TOKEN", &wrong)]);
    let parts = ["a valid token is required", "relay token create PROJECT"];
    fails(&done, 7, "relay_project", &parts);
    assert_eq!(blocked(&done), ["relay_version", "relay_workspace"]);
    let done = agent.examined(&[("OCTANE_RELAY_TOKEN", "")]);
    let parts = ["no token for the relay given", "OCTANE_RELAY_TOKEN"];
    fails(&done, 3, "relay_token", &parts);
    assert_eq!(check(&done, "relay_health").0, "ok");
    let arguments = ["relay", "token", "create", "--operator"];
    let place = ["--relay-data", "relay", "--format", "json"];
    let created = agent
        .server
        .place
        .octane(&[&arguments[..], &place].concat());
    let created = created.json();
    let operator = created["token"].as_str().unwrap();
    let done = agent.examined(&[("OCTANE_RELAY_TOKEN", operator)]);
    let parts = ["the token of an operator", "relay token create PROJECT"];
    fails(&done, 7, "relay_project", &parts);
}

#[test]
fn a_relay_that_delivers_elsewhere_is_found_before_an_upload_is_refused() {
    let agent = Agent::new();
    let done = agent.octane(&[&DOCTOR[..], &["--workspace", "4711"]].concat(), &[]);
    let parts = [
        "the relay delivers to http://",
        "(space 1001, workspace 1002)",
        "OCTANE_WORKSPACE",
    ];
    fails(&done, 6, "relay_workspace", &parts);
    let done = agent.examined(&[("OCTANE_URL", "")]);
    fails(&done, 3, "url", &["no server given"]);
    assert_eq!(blocked(&done), ["relay_workspace"]);
    let refused = agent.octane(&["doctor", "--sandbox"], &[]);
    assert_eq!(refused.code, 3, "{refused:?}");
    assert!(refused.stderr.contains("`--sandbox`"), "{refused:?}");
}

#[test]
fn each_step_on_the_way_to_the_relay_can_fail() {
    let agent = Agent::new();
    let octane = format!("http://{}", agent.server.address());
    let after_tls = [
        "relay_clock",
        "relay_health",
        "relay_project",
        "relay_version",
        "relay_workspace",
    ];
    for (variables, code, name, parts) in [
        (
            &[("OCTANE_VIA", "relay example")][..],
            3,
            "relay_url",
            &["`--via`"][..],
        ),
        (
            &[("OCTANE_VIA", "http://relay.invalid")],
            8,
            "relay_dns",
            &["could not resolve `relay.invalid`"],
        ),
        (
            &[("OCTANE_PROXY", "socks5://x")],
            3,
            "relay_proxy",
            &["scheme `socks5`"],
        ),
        (
            &[("OCTANE_PROXY", "http://127.0.0.1:1")],
            8,
            "relay_connection",
            &["could not connect to the proxy", "the relay's host"],
        ),
        (
            &[("OCTANE_VIA", "http://127.0.0.1:1")],
            8,
            "relay_connection",
            &["connection refused", "`--via` or OCTANE_VIA"],
        ),
        (
            &[
                ("OCTANE_VIA", "https://127.0.0.1:1"),
                ("OCTANE_CA_CERT", "nowhere.pem"),
            ],
            3,
            "relay_tls",
            &["`nowhere.pem`"],
        ),
        (
            &[("OCTANE_VIA", &octane)],
            8,
            "relay_health",
            &["something that is not a relay"],
        ),
    ] {
        let done = agent.examined(variables);
        fails(&done, code, name, parts);
        let json = done.json();
        assert_eq!(json["checks"].as_array().unwrap().len(), 26, "{json}");
        if name == "relay_tls" {
            let blocked = blocked(&done);
            assert!(
                blocked.ends_with(&after_tls.map(str::to_owned)),
                "{blocked:?}"
            );
        }
    }
}

#[test]
fn certificates_and_the_clock_of_the_relay_are_judged() {
    let agent = Agent::new();
    let clock = ForwardProxy::at_date("Thu, 01 Jan 2004 00:00:00 GMT");
    let proxy = format!("http://{}", clock.host());
    let done = agent.examined(&[("OCTANE_PROXY", &proxy)]);
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(with(&done, "warning"), ["relay_clock"], "{done:?}");
    let (_, message) = check(&done, "relay_clock");
    assert!(message.contains(" days ahead of the relay's"), "{message}");
    // What answers there is not a relay; its certificate is checked anyway.
    for (validity, status, part) in [
        (Validity::Now, "ok", "issued by `Example Root CA`"),
        (
            Validity::Days(5),
            "warning",
            "ask the relay's administrator",
        ),
        (
            Validity::Past,
            "failed",
            "the relay needs a new certificate",
        ),
    ] {
        let secure = Secure::with(None, |root| root.issue(&["localhost"], validity));
        let url = secure.url();
        let via = url.split("/ui").next().unwrap();
        let variables = [("OCTANE_VIA", via), ("OCTANE_CA_CERT", &secure.ca())];
        let done = agent.examined(&variables);
        let (found, message) = check(&done, "relay_tls");
        assert_eq!(found, status, "{message}");
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn uploads_that_wait_are_handed_over_by_the_command_of_the_state() {
    let agent = Agent::new();
    agent.server.place.file("a.csv", "name,status\na,passed\n");
    let upload = ["upload", "a.csv", "--suite", "S", "-y", "--retries", "0"];
    let away = agent.octane(&upload, &[("OCTANE_VIA", "http://127.0.0.1:1")]);
    assert_eq!(away.code, 8, "{away:?}");
    let done = agent.octane(
        &[&DOCTOR[..], &["--via", &agent.relay.url]].concat(),
        &[("OCTANE_VIA", "")],
    );
    assert_eq!(with(&done, "warning"), ["state"], "{done:?}");
    let json = done.json();
    let checks = json["checks"].as_array().unwrap();
    let hint = checks.last().unwrap()["hint"].as_str().unwrap();
    let command = hint.strip_prefix("run `octane ").unwrap();
    let arguments: Vec<&str> = command.trim_end_matches('`').split(' ').collect();
    let handed = agent.octane(&arguments, &[("OCTANE_VIA", "")]);
    assert_eq!(handed.code, 0, "{handed:?}");
    assert!(handed.stdout.contains("Handed over 1 result"), "{handed:?}");
}
