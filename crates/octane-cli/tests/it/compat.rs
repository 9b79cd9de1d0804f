//! `octane compat`: the command line of the vendor's collection tool.

use octane_test_support::forward_proxy::ForwardProxy;
use serde_json::Value;

use crate::program::{Done, Place};
use crate::server::{SECRET, Server};

const REPORT: &str = r#"<testsuite name="s">
<testcase classname="shop.cart.TaxTest" name="adds"/>
<testcase classname="tests/cart.spec.ts" name="shows"><failure message="no"/></testcase>
</testsuite>"#;

/// A server with a suite, and its ID.
fn server() -> (Server, String) {
    let server = Server::new();
    server.place.file("a.xml", REPORT);
    let suite = server.octane(&["suite", "create", "Old", "--format", "json"], SECRET);
    let id = suite.json()["id"].as_str().unwrap().to_owned();
    (server, id)
}

/// Runs a command without any variable.
fn compat(server: &Server, arguments: &[&str]) -> Done {
    let url = format!("http://{}", server.address());
    let usual = ["compat", "-s", &url, "-d", "1001", "-w", "1002"];
    server.place.octane(&[&usual[..], arguments].concat())
}

#[test]
fn the_command_line_of_the_tool_uploads_and_keeps_the_identities_of_its_tests() {
    let (server, suite) = server();
    let usual = [
        "--suite",
        &suite,
        "--suite-external-run-id",
        "old 1",
        "-t",
        "OS:Linux",
        "--check-result",
        "a.xml",
    ];
    server.place.file("key", &format!("{SECRET}\n"));
    let done = compat(
        &server,
        &[&usual[..], &["-u", "ci", "--password-file", "key"]].concat(),
    );
    assert_eq!(done.code, 0, "{done:?}");
    let list = server.octane(
        &[
            "api",
            "GET",
            "tests?fields=package,class_name,name&query=\"name='shows'\"",
        ],
        SECRET,
    );
    let test = &list.json()["data"][0];
    assert_eq!(
        (&test["package"], &test["class_name"]),
        (&Value::from("tests/cart.spec"), &Value::from("ts")),
        "{test}"
    );
}

#[test]
fn settings_of_the_tool_are_read_and_a_secret_is_not_shown() {
    let (server, suite) = server();
    let config = format!(
        "server=http://{}\nsharedspace=1001\nworkspace=1002\nuser=ci\npassword={SECRET}\n",
        server.address()
    );
    server.place.file("config.properties", &config);
    let done = server
        .place
        .octane(&["compat", "--suite", &suite, "-vv", "a.xml"]);
    assert_eq!(done.code, 0, "{done:?}");
    assert!(!format!("{done:?}").contains(SECRET), "{done:?}");
    let typed = compat(
        &server,
        &[
            "-u", "ci", "-p", SECRET, "--suite", &suite, "--format", "json", "-vv", "a.xml",
        ],
    );
    typed.json();
    assert!(
        typed
            .stderr
            .contains("exposes it to other users; use `--password-file`"),
        "{typed:?}"
    );
    assert!(!format!("{typed:?}").contains(SECRET), "{typed:?}");
    let wrong = compat(
        &server,
        &["-u", "ci", "-phushhush", "--suite", &suite, "a.xml"],
    );
    assert_eq!(wrong.code, 7, "{wrong:?}");
    assert!(!format!("{wrong:?}").contains("hushhush"), "{wrong:?}");
}

#[test]
fn a_payload_is_written_instead_and_can_be_uploaded() {
    let (server, suite) = server();
    let done = server.place.octane(&[
        "compat", "-o", "out.xml", "--suite", &suite, "-t", "OS:Linux", "a.xml",
    ]);
    assert_eq!(done.code, 0, "{done:?}");
    let text = std::fs::read_to_string(server.place.path().join("out.xml")).unwrap();
    assert!(
        text.contains("class=\"ts\"") && text.contains("OS"),
        "{text}"
    );
    let done = compat(
        &server,
        &["-u", "ci", "-p", SECRET, "-i", "--suite", &suite, "out.xml"],
    );
    assert_eq!(done.code, 0, "{done:?}");
}

#[test]
fn the_command_that_does_the_same_is_shown_and_works() {
    let (server, suite) = server();
    let arguments = [
        "-u",
        "ci",
        "-p",
        SECRET,
        "--suite",
        &suite,
        "--show-command",
        "a.xml",
    ];
    let done = compat(&server, &arguments);
    assert!(!done.stdout.contains(SECRET), "{done:?}");
    let command = done.stdout.trim().to_owned();
    assert!(
        command.starts_with("octane upload a.xml --url http://127.0.0.1:"),
        "{command}"
    );
    let variables = [("OCTANE_CLIENT_ID", "ci"), ("OCTANE_CLIENT_SECRET", SECRET)];
    #[cfg(unix)]
    assert_eq!(server.place.shell(&command, &variables).code, 0);
    let json = compat(&server, &[&arguments[..], &["--format", "json"]].concat());
    assert_eq!(json.json()["command"], command);
}

/// Whether an upload with these flags succeeds, and how many requests the proxy let through.
fn through(server: &Server, proxy: &ForwardProxy, arguments: &[&str]) -> (Done, usize) {
    let before = proxy.requests().len();
    let done = compat(server, arguments);
    (done, proxy.requests().len() - before)
}

#[test]
fn the_proxy_of_the_flags_or_of_the_file_is_used() {
    const PASSWORD: &str = "hush@proxy";
    let (server, suite) = server();
    server.place.file("key", SECRET);
    let upload = [
        "-u",
        "ci",
        "--password-file",
        "key",
        "--suite",
        &suite,
        "a.xml",
    ];
    let open = ForwardProxy::open();
    let port = |proxy: &ForwardProxy| proxy.host().rsplit_once(':').unwrap().1.to_owned();
    let of = |proxy: &ForwardProxy| {
        ["--proxy-host", "127.0.0.1", "--proxy-port"]
            .map(str::to_owned)
            .into_iter()
            .chain([port(proxy)])
            .collect::<Vec<_>>()
    };
    let flags = of(&open);
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let (done, passed) = through(&server, &open, &[&upload[..], &flags].concat());
    assert_eq!(done.code, 0, "{done:?}");
    assert!(passed > 0);
    let (done, passed) = through(&server, &open, &upload);
    assert_eq!((done.code, passed), (0, 0), "{done:?}");

    // `jane:hush@proxy`
    let closed = ForwardProxy::authenticated("amFuZTpodXNoQHByb3h5");
    let flags = of(&closed);
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    server.place.file("proxy-key", &format!("{PASSWORD}\n"));
    for secret in [
        ["--proxy-password", PASSWORD],
        ["--proxy-password-file", "proxy-key"],
    ] {
        let user = ["--proxy-user", "jane", "-vvv"];
        let line = [&upload[..], &flags, &user, &secret].concat();
        let (done, passed) = through(&server, &closed, &line);
        assert_eq!(done.code, 0, "{done:?}");
        assert!(passed > 0);
        let is_warned = done.stderr.contains("use `--proxy-password-file` instead");
        assert_eq!(is_warned, secret[1] == PASSWORD, "{done:?}");
        assert!(!format!("{done:?}").contains(PASSWORD), "{done:?}");
    }
    let (done, _) = through(&server, &closed, &[&upload[..], &flags].concat());
    done.fails(8, &["(407)"]);

    let host = closed.host();
    let (address, port) = host.split_once(':').unwrap();
    let config = format!(
        "proxyhost={address}\nproxyport={port}\nproxyuser=jane\nproxypassword={PASSWORD}\n"
    );
    server.place.file("config.properties", &config);
    let (done, passed) = through(&server, &closed, &upload);
    assert_eq!(done.code, 0, "{done:?}");
    assert!(passed > 0);
    let (shown, _) = through(
        &server,
        &closed,
        &[&upload[..], &["--show-command"]].concat(),
    );
    assert!(!shown.stdout.contains("--proxy"), "{shown:?}");
    let note = format!("set OCTANE_PROXY to `http://jane:PASSWORD@{host}` before");
    assert!(shown.stderr.contains(&note), "{shown:?}");
}

#[test]
fn what_cannot_be_done_is_said_before_anything_is_sent() {
    let place = Place::new();
    place.file("a.xml", REPORT);
    let usual = [
        "compat",
        "-s",
        "http://127.0.0.1:9",
        "-d",
        "1",
        "-w",
        "2",
        "-u",
        "ci",
        "-p",
        "hush-hush",
        "a.xml",
    ];
    for (arguments, code, part) in [
        (&["--started", "1"][..], 2, "`--started` is not supported"),
        (
            &["--coverage-reports", "x"],
            2,
            "`--coverage-reports` is not supported",
        ),
        (
            &["--bearer-token", "hush-hush"],
            2,
            "`--bearer-token` is not supported",
        ),
        (
            &["-a", "1", "-a", "2"],
            2,
            "`--product-area` is not supported",
        ),
        (&["-r", "x"], 2, "not a whole number"),
        (&["-c", "absent"], 3, "cannot read `absent`"),
        (&[], 3, "no test suite given"),
    ] {
        let done = place.octane(&[&usual[..], arguments].concat());
        done.fails(code, &[part]);
        assert!(!format!("{done:?}").contains("hush-hush"), "{done:?}");
    }
    let done = place.octane(&[
        "compat",
        "-s",
        "http://127.0.0.1:9",
        "-d",
        "1",
        "-w",
        "2",
        "-u",
        "ci",
        "a.xml",
    ]);
    done.fails(3, &["no password given", "--password-file"]);
}

#[test]
fn the_command_that_is_shown_works_with_what_is_said_of_credentials() {
    let (server, suite) = server();
    let config = format!(
        "server=http://{}\nsharedspace=1001\nworkspace=1002\nuser=ci\npassword={SECRET}\n",
        server.address()
    );
    server.place.file("config.properties", &config);
    let shown = server
        .place
        .octane(&["compat", "--show-command", "--suite", &suite, "a.xml"]);
    shown.fails(
        0,
        &["set OCTANE_USERNAME to `ci` and OCTANE_PASSWORD to the password before"],
    );
    assert!(!format!("{shown:?}").contains(SECRET), "{shown:?}");
    let as_said = [("OCTANE_USERNAME", "ci"), ("OCTANE_PASSWORD", SECRET)];
    let done = server.place.shell(&shown.stdout, &as_said);
    assert_eq!(done.code, 0, "{done:?}");
}

#[test]
fn an_upload_that_failed_is_resumed_as_the_hint_says() {
    let (mut server, suite) = server();
    let upload = ["-u", "ci", "-p", SECRET, "--suite", &suite, "a.xml"];
    server.go_away();
    let done = compat(&server, &upload);
    done.fails(
        8,
        &["set OCTANE_USERNAME to `ci` and OCTANE_PASSWORD to the password and run `octane resume u-"],
    );
    server.come_back();
    let (_, command) = done.stderr.split_once("run `octane resume").unwrap();
    let (command, _) = command.split_once('`').unwrap();
    let as_said = [("OCTANE_USERNAME", "ci"), ("OCTANE_PASSWORD", SECRET)];
    // The new server does not have the suite.
    server.octane(&["suite", "create", "Old"], SECRET);
    let done = server
        .place
        .shell(&format!("octane resume{command}"), &as_said);
    assert!(![3, 7].contains(&done.code), "{done:?}");
}

#[test]
fn an_api_key_in_the_environment_is_unset_before_the_command_that_is_shown() {
    let (server, suite) = server();
    let show = [
        "compat",
        "-u",
        "jane",
        "-p",
        "x",
        "--show-command",
        "--suite",
        &suite,
        "a.xml",
    ];
    let done = server.octane(&show, SECRET);
    done.fails(
        0,
        &["to the password, and unset OCTANE_CLIENT_ID and OCTANE_CLIENT_SECRET before"],
    );
}

#[test]
fn a_password_of_the_environment_may_end_with_a_newline_or_be_in_a_file() {
    let (server, suite) = server();
    let url = format!("http://{}", server.address());
    let usual = [
        "compat", "-s", &url, "-d", "1001", "-w", "1002", "-u", "ci", "--suite", &suite, "a.xml",
    ];
    let with_newline = format!("{SECRET}\n");
    let file = server.place.secret_file("password", &with_newline);
    server.place.file("open", &with_newline);
    for (name, value) in [
        ("OCTANE_PASSWORD", &*with_newline),
        ("OCTANE_CLIENT_SECRET", &with_newline),
        ("OCTANE_PASSWORD_FILE", &file),
        ("OCTANE_CLIENT_SECRET_FILE", &file),
    ] {
        let done = server.place.octane_with(&usual, &[(name, value)]);
        assert_eq!(done.code, 0, "{name}: {done:?}");
    }
    let missing = [("OCTANE_PASSWORD_FILE", "gone")];
    server
        .place
        .octane_with(&usual, &missing)
        .fails(3, &["`gone` does not exist"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let open = server.place.path().join("open");
        std::fs::set_permissions(open, PermissionsExt::from_mode(0o644)).unwrap();
        let exposed = [("OCTANE_PASSWORD_FILE", "open")];
        server
            .place
            .octane_with(&usual, &exposed)
            .fails(3, &["other users can access it"]);
    }
}

#[test]
fn hints_are_about_the_options_of_the_tool() {
    let (server, suite) = server();
    let done = compat(
        &server,
        &["-u", "ci", "-p", "wrong-one", "--suite", &suite, "a.xml"],
    );
    done.fails(
        7,
        &["the secret comes from `--password`; check it and the user name"],
    );
    server.place.file("key", "wrong-one");
    let of_file = [
        "-u",
        "ci",
        "--password-file",
        "key",
        "--suite",
        &suite,
        "a.xml",
    ];
    let done = compat(&server, &of_file);
    done.fails(7, &["(`--password-file`); check it and the user name"]);
    let done = compat(&server, &["-u", "ci", "-p", "x", "a.xml"]);
    done.fails(3, &["no test suite given", "use `--suite ID`"]);
    assert!(!done.stderr.contains("-y"), "{done:?}");
    let done = compat(&server, &["-u", "ci", "-p", "x", "-v"]);
    done.fails(2, &["no files with test results are given"]);
    assert!(!done.stderr.contains("octane upload"), "{done:?}");
}
