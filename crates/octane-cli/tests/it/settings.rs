//! Settings in files, profiles, and `octane config`.

use serde_json::Value;

use crate::json_schema::violations_of;
use crate::program::{Done, Place, upload_in};
use crate::server::{SECRET, Server};

/// The value and the origin of a setting, as `octane config show --format json` prints them.
fn setting(done: &Done, name: &str) -> (Value, String) {
    assert_eq!(done.code, 0, "{done:?}");
    let answer = done.json();
    let settings = answer["settings"].as_array().unwrap().clone();
    let found = settings.iter().find(|setting| setting["name"] == name);
    let found = found.unwrap_or_else(|| panic!("no {name}"));
    let origin = match (&found["file"], &found["line"]) {
        (Value::String(file), line) => {
            let file = file.rsplit('/').next().unwrap();
            format!("{} {file}:{line}", found["origin"].as_str().unwrap())
        }
        _ => found["origin"].as_str().unwrap().to_owned(),
    };
    (found["value"].clone(), origin)
}

#[test]
fn a_value_comes_from_the_strongest_place_that_has_one() {
    let place = Place::new();
    place.file(
        ".config/octane-client/octane.toml",
        "[upload]\nsuite = 'of the user'\n",
    );
    let show = |more: &[&str], variables: &[(&str, &str)]| {
        let done = place.octane_with(
            &[&["config", "show", "--format", "json"], more].concat(),
            variables,
        );
        (
            setting(&done, "upload.suite"),
            setting(&done, "octane.space"),
        )
    };
    let github = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_REPOSITORY", "acme/shop"),
        ("GITHUB_WORKFLOW", "nightly"),
        ("GITHUB_RUN_NUMBER", "7"),
    ];
    let in_ci = place.octane_with(&["config", "show", "--format", "json"], &github);
    assert_eq!(setting(&in_ci, "upload.suite-run").1, "ci");
    assert_eq!(
        show(&[], &[]).0,
        ("of the user".into(), "user_file octane.toml:2".to_owned())
    );
    place.file(
        "octane.toml",
        "[octane]\nspace = 1001\n\n[upload]\nsuite = 'of the project'\nsuite-run = 'fixed'\n",
    );
    assert_eq!(
        show(&[], &[]).0,
        (
            "of the project".into(),
            "project_file octane.toml:5".to_owned()
        )
    );
    assert_eq!(
        show(&[], &[]).1,
        ("1001".into(), "project_file octane.toml:2".to_owned())
    );
    assert_eq!(
        show(&[], &[("OCTANE_SHARED_SPACE", "7")]).1,
        ("7".into(), "env".to_owned())
    );
    // CI systems set empty variables.
    assert_eq!(show(&[], &[("OCTANE_SHARED_SPACE", "")]).1.0, "1001");
    let typed = show(
        &["--suite", "typed", "--space", "8"],
        &[("OCTANE_SHARED_SPACE", "7")],
    );
    assert_eq!(
        typed,
        (
            ("typed".into(), "flag".to_owned()),
            ("8".into(), "flag".to_owned())
        )
    );
    let in_ci = place.octane_with(&["config", "show", "--format", "json"], &github);
    assert_eq!(
        setting(&in_ci, "upload.suite-run"),
        ("fixed".into(), "project_file octane.toml:6".to_owned())
    );
}

#[test]
fn a_typed_url_that_names_its_workspace_is_not_mixed_with_that_of_the_environment() {
    let place = Place::new();
    let of_job = [
        ("OCTANE_SHARED_SPACE", "1001"),
        ("OCTANE_WORKSPACE", "1003"),
    ];
    let show = |arguments: &[&str]| {
        let show = ["config", "show", "--format", "json"];
        let done = place.octane_with(&[&show, arguments].concat(), &of_job);
        setting(&done, "octane.workspace")
    };
    let full = "https://octane.example/ui/?p=1001/1002";
    assert_eq!(show(&["--url", full]), (Value::Null, "default".to_owned()));
    assert_eq!(
        show(&["--url", full, "--workspace", "1004"]),
        ("1004".into(), "flag".to_owned())
    );
    assert_eq!(
        show(&["--url", "https://octane.example"]),
        ("1003".into(), "env".to_owned())
    );
    let list = [
        "suite",
        "list",
        "--client-id",
        "i",
        "--retries",
        "0",
        "--url",
    ];
    let away = "http://127.0.0.1:1/ui/?p=1001/1002";
    let credentials = [("OCTANE_CLIENT_SECRET", "s")];
    let done = place.octane_with(
        &[&list[..], &[away]].concat(),
        &[&of_job[..], &credentials].concat(),
    );
    let note = "OCTANE_WORKSPACE is ignored because of `--url`";
    assert!(done.stderr.contains(note), "{done:?}");
    assert!(!done.stderr.contains("OCTANE_SHARED_SPACE"), "{done:?}");
}

#[test]
fn a_profile_is_chosen_by_option_or_variable_and_has_to_exist() {
    let place = Place::new();
    place.file(
        "octane.toml",
        "[octane]\nurl = 'https://octane.example/ui/?p=1/2'\nworkspace = 2\n[profile.staging.octane]\nurl = 'https://stage.example/ui/?p=3/4'\n",
    );
    let url = |arguments: &[&str], variables: &[(&str, &str)]| {
        let show = ["config", "show", "--format", "json"];
        let done = place.octane_with(&[&show, arguments].concat(), variables);
        let workspace = setting(&done, "octane.workspace").0;
        (setting(&done, "octane.url").0, workspace)
    };
    let stage = Value::from("https://stage.example/ui/?p=3/4");
    assert_eq!(url(&[], &[]).1, "2");
    // The workspace of the other server does not count with it.
    assert_eq!(
        url(&["--profile", "staging"], &[]),
        (stage.clone(), Value::Null)
    );
    assert_eq!(url(&[], &[("OCTANE_PROFILE", "staging")]).0, stage);
    assert_eq!(url(&[], &[("OCTANE_PROFILE", "")]).1, "2");
    let done = place.octane(&["suite", "list", "--profile", "stagng"]);
    done.fails(3, &["there is no profile `stagng`; known: `staging`"]);
    // A command without settings does not need it.
    assert_eq!(place.octane(&["version", "--profile", "stagng"]).code, 0);
}

#[test]
fn an_upload_takes_everything_from_the_file_of_its_repository() {
    let server = Server::new();
    let place = &server.place;
    place.file("reports/a.csv", "name,status\nx,passed\n");
    place.file(".git/HEAD", "");
    let url = format!("http://{}/ui/?p=1001/1002", server.address());
    let settings = format!(
        "[octane]\nurl = '{url}'\nclient-id = 'ci'\n[upload]\npaths = ['reports/*.csv']\nsuite = 'Nightly'\nsuite-run = 'n 1'\ncreate = 'missing'\nspool = 'uploads'\n"
    );
    place.file("octane.toml", &settings);
    place.file("shop/tests/x", "");
    let secret = [("OCTANE_CLIENT_SECRET", SECRET), ("OCTANE_SPOOL", "")];
    let done = place.octane_in("shop/tests", &["upload"], &secret);
    assert_eq!(done.code, 0, "{done:?}");
    assert!(done.stdout.contains("n 1"), "{done:?}");
    assert!(place.path().join("uploads").is_dir());
    // Other commands find the server and the stored uploads there, too.
    let list = place.octane_in("shop", &["uploads", "list", "--format", "json"], &secret);
    assert_eq!(
        list.json()["uploads"].as_array().unwrap().len(),
        1,
        "{list:?}"
    );
    let suites = place.octane_in("shop", &["suite", "list"], &secret);
    assert!(suites.stdout.contains("Nightly"), "{suites:?}");
    // Options of other commands that only have the same name are not meant.
    let runs = place.octane_in("shop", &["run", "list"], &secret);
    runs.fails(2, &["--suite-run"]);
    // A typed file replaces those of the settings.
    let other = place.octane_in("shop", &["upload", "absent.csv"], &secret);
    other.fails(4, &["absent.csv"]);
}

#[test]
fn what_a_file_excludes_is_excluded_in_each_directory_below_it() {
    let place = Place::new();
    place.file(".git/HEAD", "");
    place.file("reports/a.csv", "name,status\nx,passed\n");
    place.file("reports/old/b.csv", "name,status\ny,failed\n");
    place.file("shop/tests/x", "");
    for paths in ["reports", "./reports", "reports/**/*.csv", "."] {
        let settings = format!("[upload]\npaths = ['{paths}']\nexclude = ['reports/old/**']\n");
        place.file("octane.toml", &settings);
        for directory in [".", "shop/tests"] {
            let done = place.octane_in(directory, &["validate", "--format", "json"], &[]);
            let counts = &done.json()["counts"];
            let found = (&counts["passed"], &counts["failed"]);
            assert_eq!(
                found,
                (&1.into(), &0.into()),
                "{paths} in {directory}: {done:?}"
            );
        }
    }
}

#[test]
fn an_upload_reads_its_results_and_validate_does_so_in_the_same_way() {
    let place = Place::new();
    place.file("a.csv", "Title,Result\nx,weird\n");
    place.file("octane.toml", "[upload]\npaths = ['a.csv']\ncolumn = ['Title=name', 'Result=status']\nstatus-map = ['weird=failed']\n");
    let done = place.octane(&["validate", "--format", "json"]);
    assert_eq!(done.json()["counts"]["failed"], 1, "{done:?}");
    let sent = place.octane(&["upload", "--sandbox", "--format", "json"]);
    assert_eq!(sent.json()["counts"]["failed"], 1, "{sent:?}");
}

#[test]
fn what_is_wrong_in_a_file_is_named_with_its_place_before_anything_is_done() {
    let place = Place::new();
    place.file("a.csv", "name,status\nx,passed\n");
    place.file("octane.toml", "[upload]\nsutie = 'x'\ncreate = 'maybe'\n");
    for command in [
        &["upload", "a.csv", "--sandbox"][..],
        &["validate", "a.csv"],
        &["status"],
        &["config", "show"],
    ] {
        let done = place.octane(command);
        done.fails(
            3,
            &[
                "2 settings are not valid",
                "octane.toml:2:1: unknown key `sutie` in `[upload]`; did you mean `suite`?",
                "octane.toml:3:10: `upload.create`: `maybe` is not one of `ask`, `never`, `missing`",
            ],
        );
    }
    let json = place.octane(&["validate", "a.csv", "--format", "json"]);
    assert_eq!(json.json()["problems"][0]["line"], 2);
    // What needs no settings works, and so does help.
    for command in [
        &["version"][..],
        &["upload", "--help"],
        &["config", "path"],
        &["config", "schema"],
        &["schema"],
    ] {
        assert_eq!(place.octane(command).code, 0, "{command:?}");
    }
    // What was typed is looked at first.
    place
        .octane(&["upload", "--no-such"])
        .fails(2, &["--no-such"]);
}

#[cfg(unix)]
#[test]
fn a_command_of_the_file_is_asked_for_the_secret_unless_the_environment_has_one() {
    let server = Server::new();
    let place = &server.place;
    place.file("secret", SECRET);
    let url = format!("http://{}/ui/?p=1001/1002", server.address());
    let settings = |command: &str| {
        format!("[octane]\nurl = '{url}'\nclient-id = 'ci'\nsecret-command = '{command}'\n")
    };
    place.file("octane.toml", &settings("cat secret"));
    let path = [("PATH", "/usr/bin:/bin")];
    let done = place.octane_with(&["suite", "list"], &path);
    assert_eq!(done.code, 0, "{done:?}");
    place.file("octane.toml", &settings("false"));
    assert_ne!(place.octane_with(&["suite", "list"], &path).code, 0);
    let set = [("PATH", "/usr/bin:/bin"), ("OCTANE_CLIENT_SECRET", SECRET)];
    let done = place.octane_with(&["suite", "list"], &set);
    assert_eq!(done.code, 0, "{done:?}");
}

#[test]
fn a_secret_in_a_file_is_refused_and_not_shown() {
    let place = Place::new();
    for (text, part) in [
        (
            "[octane]\nclient-secret = 'hush-hush'\n",
            "octane.toml:2:1: `client-secret` is a secret",
        ),
        (
            "[octane]\nurl = 'https://ci:hush-hush@octane.example'\n",
            "octane.toml:2:7: `octane.url` contains a password",
        ),
        (
            "[octane]\ninsecure = true\n",
            "octane.toml:2:1: `insecure` cannot be set in a file",
        ),
    ] {
        place.file("octane.toml", text);
        for format in ["human", "json"] {
            let done = place.octane(&["suite", "list", "--format", format]);
            done.fails(3, &[part]);
            assert!(!format!("{done:?}").contains("hush-hush"), "{done:?}");
        }
    }
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let place = Place::new();
    std::fs::write(
        place.path().join("octane.toml"),
        b"[octane]\nurl = '\xff'\n",
    )
    .unwrap();
    place
        .octane(&["suite", "list"])
        .fails(3, &["octane.toml`", "UTF-8"]);
    std::fs::remove_file(place.path().join("octane.toml")).unwrap();
    std::fs::create_dir(place.path().join("octane.toml")).unwrap();
    place
        .octane(&["suite", "list"])
        .fails(3, &["cannot read", "octane.toml`"]);
}

#[test]
fn policies_that_are_stored_with_an_upload_win_over_the_file_when_it_is_resumed() {
    let mut server = Server::new();
    server
        .place
        .file("a.csv", "name,status,jira\nx,passed,NONE-1\n")
        .file("octane.toml", "[jira]\non-unresolved = 'fail'\n");
    let upload = ["upload", "a.csv", "--suite", "S", "-y", "--retries", "0"];
    let typed = [&upload[..], &["--on-unresolved", "warn"]].concat();
    assert_eq!(server.octane(&upload, SECRET).code, 10);
    server.go_away();
    let done = server.octane(&typed, SECRET);
    assert_eq!(done.code, 8, "{done:?}");
    server.come_back();
    let resume = ["resume", &upload_in(&done.stderr)];
    let done = server.octane(&resume, SECRET);
    assert_eq!(done.code, 0, "{done:?}");
}

#[test]
fn settings_are_shown_with_their_origin_and_secrets_are_counted() {
    let place = Place::new();
    place.file(
        "octane.toml",
        "[octane]\nurl = 'https://octane.example'\n[upload]\ntags = ['OS:Linux', 'DB:x']\n",
    );
    let secret = [
        ("OCTANE_CLIENT_SECRET", "a-secret-of-some-length"),
        ("HTTPS_PROXY", "http://me:hush-hush@proxy.example:3128"),
    ];
    let done = place.octane_with(&["config", "show", "--origin"], &secret);
    assert_eq!(done.code, 0, "{done:?}");
    let row = |name: &str| {
        let line = done
            .stdout
            .lines()
            .find(|line| line.trim_start().starts_with(name));
        let line = line.unwrap_or_else(|| panic!("no {name} in {}", done.stdout));
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert!(
        row("octane.url").ends_with("octane.toml:2"),
        "{}",
        row("octane.url")
    );
    assert!(row("upload.tags").contains("OS:Linux, DB:x"));
    assert_eq!(row("octane.retries"), "octane.retries (4) default");
    assert!(row("OCTANE_CLIENT_SECRET").contains("set (env OCTANE_CLIENT_SECRET, 23 chars)"));
    let plain = place.octane_with(&["config", "show"], &secret);
    assert!(!plain.stdout.contains("ORIGIN") && !plain.stdout.contains("octane.toml:2"));
    let json = place.octane_with(&["config", "show", "--format", "json"], &secret);
    json.json();
    for done in [&done, &plain, &json] {
        assert!(
            !format!("{done:?}").contains("a-secret-of") && !format!("{done:?}").contains("hush"),
            "{done:?}"
        );
    }
}

#[test]
fn the_files_that_are_looked_for_are_listed() {
    let place = Place::new();
    place.file(".git/HEAD", "");
    place.file("octane.toml", "");
    place.file("a/octane.toml", "");
    place.file("a/b/x", "");
    let done = place.octane_in("a/b", &["config", "path", "--format", "json"], &[]);
    let answer = done.json();
    let files = answer["files"].as_array().unwrap();
    let states: Vec<_> = files
        .iter()
        .map(|file| {
            (
                file["is_there"].as_bool().unwrap(),
                file["is_used"].as_bool().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        states,
        [(false, false), (true, true), (true, false), (false, false)]
    );
    let text = place.octane_in("a/b", &["config", "path"], &[]).stdout;
    assert!(text.contains("not used (a nearer file is there)"), "{text}");
}

#[test]
fn a_new_file_is_valid_and_never_replaces_another_one() {
    let place = Place::new();
    let done = place.octane(&["config", "init"]);
    assert_eq!(done.code, 0, "{done:?}");
    let written = std::fs::read_to_string(place.path().join("octane.toml")).unwrap();
    assert_eq!(place.octane(&["config", "show"]).code, 0);
    place
        .octane(&["config", "init"])
        .fails(3, &["`octane.toml` exists already", "--output"]);
    let after = std::fs::read_to_string(place.path().join("octane.toml")).unwrap();
    assert_eq!(after, written);
    place
        .octane(&["config", "init", "-o", "no/where.toml"])
        .fails(3, &["cannot write `no/where.toml`"]);
}

#[test]
fn the_settings_of_the_collection_tool_are_taken_over_without_the_password() {
    let place = Place::new();
    place.file(
        "config.properties",
        "# old\nserver=http\\://octane.example\\:8080\nsharedspace=1001\nworkspace = 1002\nuser=ci_key\npassword=hush-hush\nproxyhost=proxy.example\nproxyport=3128\nsome.thing=1\n",
    );
    let done = place.octane(&["config", "init", "--from", "config.properties"]);
    assert_eq!(done.code, 0, "{done:?}");
    for part in [
        "set: octane.url, octane.space, octane.workspace, octane.client-id, octane.proxy",
        "config.properties:6: `password` (9 chars) is a secret, and not copied; set OCTANE_CLIENT_SECRET",
        "config.properties:9: `some.thing` is not known",
    ] {
        assert!(done.stdout.contains(part), "no `{part}` in {}", done.stdout);
    }
    let written = std::fs::read_to_string(place.path().join("octane.toml")).unwrap();
    assert!(!written.contains("hush") && !done.stdout.contains("hush"));
    let show = place.octane(&["config", "show", "--format", "json"]);
    assert_eq!(setting(&show, "octane.url").0, "http://octane.example:8080");
    assert_eq!(setting(&show, "octane.workspace").0, "1002");
    assert_eq!(
        setting(&show, "octane.proxy").0,
        "http://proxy.example:3128"
    );
    let json = place.octane(&[
        "config",
        "init",
        "--from",
        "config.properties",
        "-o",
        "b.toml",
        "--format",
        "json",
    ]);
    assert_eq!(json.json()["settings"].as_array().unwrap().len(), 5);
    place
        .octane(&["config", "init", "--from", "absent"])
        .fails(3, &["cannot read `absent`"]);
}

/// Without the rules that the checker of the tests does not know, because the published schemas do not use them.
fn simplify(schema: &mut Value) {
    if let Value::Object(members) = schema {
        members.retain(|name, value| name != "additionalProperties" || !value.is_boolean());
    }
    match schema {
        Value::Object(members) => members.values_mut().for_each(simplify),
        Value::Array(items) => items.iter_mut().for_each(simplify),
        _ => {}
    }
}

#[test]
fn the_schema_of_the_file_accepts_what_the_program_accepts() {
    let place = Place::new();
    let done = place.octane(&["config", "schema"]);
    let mut schema: Value = serde_json::from_str(&done.stdout).unwrap();
    simplify(&mut schema);
    let check = |text: &str| {
        let value: toml::Table = toml::from_str(text).unwrap();
        let is_valid = violations_of(&schema, &serde_json::to_value(value).unwrap()).is_empty();
        place.file("octane.toml", text);
        assert_eq!(
            place.octane(&["config", "show"]).code == 0,
            is_valid,
            "{text}"
        );
        is_valid
    };
    for text in [
        "[octane]\nurl = 'https://octane.example'\nspace = 1001\ndeadline = '5m'\nrate = 'off'",
        "[upload]\npaths = 'a.xml'\ntags = ['OS:Linux']\nskip-errors = true\ncreate = 'never'",
        "[profile.x.jira]\nfrom = ['name']\nlinks = 'off'",
    ] {
        assert!(check(text), "{text}");
    }
    for text in [
        "[octane]\nurl = 5",
        "[octane]\nzzz = 5",
        "[upload]\ncreate = 'maybe'",
        "[upload]\nskip-errors = 'yes'",
        "[upload]\ntags = [1]",
        "[profile.x.jira]\nlinks = true",
        "[zzz]",
    ] {
        assert!(!check(text), "{text}");
    }
}

#[test]
fn a_value_that_is_not_valid_is_named_where_it_is() {
    let server = Server::new();
    server.place.file("a.csv", "name,status\nx,passed\n");
    let list = ["suite", "list"];
    for name in ["OCTANE_RATE", "OCTANE_SESSION_CACHE"] {
        let done = server.octane_with(&list, SECRET, &[(name, "bogus")]);
        done.fails(3, &[&format!("the value of {name} is not valid: `bogus`")]);
        assert!(!done.stderr.contains("--"), "{done:?}");
    }
    let typed = server.octane_with(
        &["suite", "list", "--rate", "bogus"],
        SECRET,
        &[("OCTANE_RATE", "bogus")],
    );
    typed.fails(2, &["--rate"]);
    server
        .place
        .file("octane.toml", "[octane]\nspace = 'bogus'\n");
    let done = server.octane(&list, SECRET);
    done.fails(
        3,
        &["octane.toml:2:9", "`octane.space`: `bogus` is not a number"],
    );
}

#[test]
fn a_shard_of_a_file_has_the_timeout_that_is_typed() {
    let server = Server::new();
    server.place.file("a.csv", "name,status\nx,passed\n");
    let upload = ["upload", "a.csv", "--suite", "S", "-y", "--suite-run", "R"];
    let timeout = [&upload[..], &["--shard-timeout", "0s"]].concat();
    server
        .octane(&timeout, SECRET)
        .fails(2, &["needs '--shard'"]);
    server
        .place
        .file("octane.toml", "[upload]\nshard-timeout = '1h'\n");
    let done = server.octane(&upload, SECRET);
    done.fails(0, &["`shard-timeout` has no effect without `--shard`"]);
    server
        .place
        .file("octane.toml", "[upload]\nshard = '1/2'\n");
    let done = server.octane(&timeout, SECRET);
    done.fails(5, &[]);
    assert!(done.stdout.contains("shard 2 has not arrived"), "{done:?}");
}

#[test]
fn a_secret_in_a_file_belongs_into_the_variable_of_that_name() {
    let server = Server::new();
    for (key, variable) in [
        ("relay-token", "OCTANE_RELAY_TOKEN"),
        ("proxy-password", "OCTANE_PROXY"),
        ("password", "OCTANE_PASSWORD"),
        ("access-token", "OCTANE_ACCESS_TOKEN"),
        ("client-secret", "OCTANE_CLIENT_SECRET"),
    ] {
        let text = format!("[octane]\n{key} = 'x'\n");
        server.place.file("octane.toml", &text);
        let done = server.octane(&["suite", "list"], SECRET);
        done.fails(3, &[&format!("set {variable} in the environment")]);
    }
}

#[test]
fn a_profile_without_a_name_is_not_looked_for() {
    let server = Server::new();
    server.place.file("octane.toml", "[octane]\nrate = 'off'\n");
    let done = server.octane(&["suite", "list", "--profile", ""], SECRET);
    done.fails(3, &["the name of the profile is empty"]);
    let done = server.octane(&["suite", "list", "--profile", "a b"], SECRET);
    done.fails(3, &["`[profile.\"a b\".octane]`"]);
}
