//! Where credentials come from, and `octane auth`.

use crate::server::{SECRET, Server};

const LIST: [&str; 2] = ["suite", "list"];
const STATUS: [&str; 2] = ["auth", "status"];

/// Runs a command with the server's URL and these variables.
fn octane(server: &Server, arguments: &[&str], variables: &[(&str, &str)]) -> crate::program::Done {
    let url = server.url();
    let variables = [&[("OCTANE_URL", &*url)][..], variables].concat();
    server.place.octane_with(arguments, &variables)
}

fn status_of(done: &crate::program::Done) -> [String; 3] {
    let json = done.json();
    ["client_id", "origin", "sign_in"].map(|name| json[name].as_str().unwrap_or("-").to_owned())
}

#[test]
fn each_place_of_a_secret_works_and_is_named() {
    let server = Server::new();
    let file = server.place.secret_file("secret", &format!("{SECRET}\n"));
    let id_file = server.place.secret_file("id", "ci\n");
    let id = ("OCTANE_CLIENT_ID", "ci");
    let origin_of_file = format!("the file `{file}`");
    let command = format!("cat '{file}'");
    for (options, variables, origin) in [
        (
            &["--secret-file", &*file][..],
            &[id][..],
            format!("{origin_of_file} (`--secret-file`)"),
        ),
        (
            &["--secret-command", &command],
            &[id],
            "the command `cat` (`--secret-command`)".to_owned(),
        ),
        (
            &["--secret-command", &command],
            &[
                ("OCTANE_CLIENT_ID_FILE", &id_file),
                ("PATH", "/usr/bin:/bin"),
            ],
            "the command `cat` (`--secret-command`)".to_owned(),
        ),
        (
            &["--client-id", "ci", "--client-secret", SECRET],
            &[],
            "`--client-secret`".to_owned(),
        ),
        (
            &[],
            &[id, ("OCTANE_CLIENT_SECRET", SECRET)],
            "OCTANE_CLIENT_SECRET".to_owned(),
        ),
        (
            &[],
            &[id, ("OCTANE_CLIENT_SECRET_FILE", &file)],
            format!("{origin_of_file} (OCTANE_CLIENT_SECRET_FILE)"),
        ),
        // The typed place wins.
        (
            &["--secret-file", &file],
            &[id, ("OCTANE_CLIENT_SECRET", "wrong")],
            format!("{origin_of_file} (`--secret-file`)"),
        ),
    ] {
        let mut variables = variables.to_vec();
        if !variables.iter().any(|(name, _)| *name == "PATH") {
            variables.push(("PATH", "/usr/bin:/bin"));
        }
        let status = [&STATUS[..], &["--format", "json"], options].concat();
        let done = octane(&server, &status, &variables);
        assert_eq!(done.code, 0, "{done:?}");
        assert_eq!(status_of(&done), ["ci", &*origin, "works"]);
        let done = octane(&server, &[&LIST[..], options].concat(), &variables);
        assert_eq!(done.code, 0, "{done:?}");
        assert!(!format!("{done:?}").contains(SECRET), "{done:?}");
    }
}

#[test]
fn standard_input_can_hold_the_secret() {
    let server = Server::new();
    let url = server.url();
    let variables = [("OCTANE_URL", &*url), ("OCTANE_CLIENT_ID", "ci")];
    server.place.file("a.csv", "name,status\nx,passed\n");
    let upload = ["upload", "a.csv", "--suite", "S", "-y", "--secret-stdin"];
    let input = format!("{SECRET}\r\n");
    let done = server.place.octane_fed(&upload, &variables, &input);
    assert_eq!(done.code, 0, "{done:?}");
    server
        .place
        .octane_fed(&upload, &variables, " \n")
        .fails(3, &["invalid credentials in standard input: it is empty"]);
    let both = ["upload", "-", "--suite", "S", "-y", "--secret-stdin"];
    server
        .place
        .octane_fed(&both, &variables, &input)
        .fails(2, &["standard input cannot hold both"]);
    let both = ["api", "POST", "releases", "--data", "@-", "--secret-stdin"];
    server
        .place
        .octane_fed(&both, &variables, &input)
        .fails(2, &["standard input cannot hold both"]);
}

#[test]
fn a_secret_command_runs_once_for_a_command() {
    let server = Server::new();
    server.place.file("a.csv", "name,status\nx,passed\n");
    let count = server.place.path().join("count");
    let command = format!("sh -c 'echo x >> {}; echo {SECRET}'", count.display());
    let upload = ["upload", "a.csv", "--suite", "S", "-y"];
    let options = ["--client-id", "ci", "--secret-command", &command];
    let path = [("PATH", "/usr/bin:/bin")];
    let done = octane(&server, &[&upload[..], &options].concat(), &path);
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(std::fs::read_to_string(count).unwrap(), "x\n");
}

#[test]
fn a_secret_command_that_fails_says_what_it_said_and_stops_before_anything_is_read() {
    let server = Server::new();
    let command = "sh -c 'printf \"\\033[31mno such key: %s\\n\" hidden-output >&2; echo hidden-output; exit 4'";
    let upload = ["upload", "nowhere.csv", "--suite", "S", "-y"];
    let options = ["--client-id", "ci", "--secret-command", command];
    let path = [("PATH", "/usr/bin:/bin")];
    let done = octane(&server, &[&upload[..], &options].concat(), &path);
    done.fails(
        3,
        &[
            "sh: \\u{1b}[31mno such key: ***",
            "error: the secret command `sh` failed with exit code 4",
            "hint: run the command by itself",
        ],
    );
    assert!(!format!("{done:?}").contains("hidden-output"), "{done:?}");
}

#[cfg(unix)]
#[test]
fn a_secret_file_that_others_can_read_is_refused_with_the_command_that_mends_it() {
    let server = Server::new();
    server.place.file("my secret", SECRET);
    let file = server.place.path().join("my secret").display().to_string();
    let chmod = |mode: &str| format!("chmod {mode} '{file}'");
    let path = [("PATH", "/usr/bin:/bin")];
    let make = server.place.shell(&chmod("644"), &path);
    assert_eq!(make.code, 0, "{make:?}");
    let options = ["--client-id", "ci", "--secret-file", &file];
    let list = [&LIST[..], &options].concat();
    let done = octane(&server, &list, &[]);
    let hint = format!("hint: run `{}`", chmod("600"));
    done.fails(3, &["other users can access it (mode 0644)", &hint]);
    server.place.shell(&chmod("600"), &path);
    assert_eq!(octane(&server, &list, &[]).code, 0);
}

#[test]
fn of_a_secret_file_and_a_secret_command_in_settings_the_stronger_place_counts() {
    let server = Server::new();
    let file = server.place.secret_file("key", SECRET);
    let settings = |user: &str, project: &str| {
        server.place.file(".config/octane-client/octane.toml", user);
        server.place.file("octane.toml", project);
    };
    let path = [("PATH", "/usr/bin:/bin"), ("OCTANE_CLIENT_ID", "ci")];
    let status = [&STATUS[..], &["--format", "json", "--profile", "staging"]].concat();
    let of_file = format!("[profile.staging.octane]\nsecret-file = '{file}'\n");
    for (user, project) in [
        (
            "",
            format!("[octane]\nsecret-command = 'echo weak'\n{of_file}"),
        ),
        ("[octane]\nsecret-command = 'echo weak'\n", of_file.clone()),
        (
            &*of_file,
            "[octane]\nsecret-command = 'echo weak'\n".to_owned(),
        ),
    ] {
        settings(user, &project);
        let done = octane(&server, &status, &path);
        let origin = format!("the file `{file}`");
        assert!(status_of(&done)[1].starts_with(&origin), "{done:?}");
        assert_eq!(done.code, 0, "{done:?}");
    }
    let both = format!("{of_file}secret-command = 'echo x'\n");
    settings("", &both);
    let done = octane(&server, &status, &path);
    assert_eq!(done.code, 7, "{done:?}");
    assert!(done.stderr.contains("are both set"), "{done:?}");
    let environment = [&path[..], &[("OCTANE_CLIENT_SECRET", SECRET)]].concat();
    let done = octane(&server, &status, &environment);
    assert_eq!(status_of(&done)[1], "OCTANE_CLIENT_SECRET", "{done:?}");
}

#[test]
fn a_login_says_what_counts_instead_of_the_saved_key() {
    let server = Server::new();
    let url = server.url();
    server.place.file(
        "octane.toml",
        "[octane]\nclient-id = 'ci'\nsecret-file = 'key.txt'\n",
    );
    let login = ["auth", "login", "--client-id", "ci", "--secret-stdin"];
    let done = server
        .place
        .octane_fed(&login, &[("OCTANE_URL", &*url)], SECRET);
    done.fails(0, &["note: as long as `secret-file` of `"]);
    assert!(
        done.stderr.contains("it counts instead of the saved key"),
        "{done:?}"
    );
    std::fs::remove_file(server.place.path().join("octane.toml")).unwrap();
    let done = server
        .place
        .octane_fed(&login, &[("OCTANE_URL", &*url)], SECRET);
    assert!(!done.stderr.contains("it counts instead"), "{done:?}");
}

#[test]
fn a_key_is_saved_after_it_was_proved_and_used_until_it_is_deleted() {
    let server = Server::new();
    let url = server.url();
    let variables = [("OCTANE_URL", &*url)];
    let login = ["auth", "login", "--client-id", "ci", "--secret-stdin"];
    let file = server
        .place
        .path()
        .join(".config/octane-client/api-keys.json");
    let done = server.place.octane_fed(&login, &variables, "wrong-secret");
    done.fails(7, &["the secret comes from standard input"]);
    assert!(!file.exists() && !format!("{done:?}").contains("wrong-secret"));
    octane(&server, &LIST, &[]).fails(3, &["no credentials given", "`octane auth login`"]);

    let done = server.place.octane_fed(&login, &variables, SECRET);
    assert_eq!(done.code, 0, "{done:?}");
    assert!(
        done.stdout
            .contains(&format!("Saved     {}", file.display())),
        "{done:?}"
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode =
            |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(file.parent().unwrap()), mode(&file)), (0o700, 0o600));
    }
    assert_eq!(octane(&server, &LIST, &[]).code, 0);
    let status = [&STATUS[..], &["--format", "json"]].concat();
    let origin = format!("`octane auth login` (`{}`)", file.display());
    let done = octane(&server, &status, &[]);
    assert_eq!(status_of(&done), ["ci", &*origin, "works"]);
    // The environment wins, and another client ID is another key.
    let other = [
        ("OCTANE_CLIENT_ID", "ci"),
        ("OCTANE_CLIENT_SECRET", "wrong-secret"),
    ];
    octane(&server, &STATUS, &other).fails(7, &["check OCTANE_CLIENT_ID"]);
    octane(&server, &LIST, &[("OCTANE_CLIENT_ID", "other")])
        .fails(3, &["`OCTANE_CLIENT_SECRET` is not"]);

    let done = octane(&server, &["auth", "logout"], &[]);
    assert!(done.stdout.contains("Deleted   API key ci"), "{done:?}");
    assert!(!file.exists());
    let done = octane(&server, &["auth", "logout"], &[]);
    assert!(
        done.code == 0 && done.stdout.contains("no API key was saved"),
        "{done:?}"
    );
}

#[test]
fn status_ends_with_7_where_signing_in_does_not_work() {
    let mut server = Server::new();
    let done = octane(&server, &STATUS, &[]);
    done.fails(
        7,
        &["no credentials given", "hint: run `octane auth login`"],
    );
    assert!(done.stdout.contains("Sign-in   not tried"), "{done:?}");
    let wrong = [
        ("OCTANE_CLIENT_ID", "ci"),
        ("OCTANE_CLIENT_SECRET", "wrong-secret"),
    ];
    let done = octane(&server, &STATUS, &wrong);
    done.fails(7, &["credentials rejected (401)"]);
    assert!(
        done.stdout
            .contains("Secret    from OCTANE_CLIENT_SECRET\nSign-in   rejected"),
        "{done:?}"
    );
    let json = octane(
        &server,
        &[&STATUS[..], &["--format", "json"]].concat(),
        &wrong,
    );
    assert_eq!(status_of(&json), ["ci", "OCTANE_CLIENT_SECRET", "rejected"]);
    // A token is not checked by a sign-in of its own.
    let token = [("OCTANE_ACCESS_TOKEN", "no-such-token")];
    let done = octane(&server, &STATUS, &token);
    assert_eq!(done.code, 7, "{done:?}");
    let exchanged = [
        &token[..],
        &[("OCTANE_CLIENT_ID", "ci"), ("OCTANE_CLIENT_SECRET", SECRET)],
    ]
    .concat();
    let done = octane(&server, &STATUS, &exchanged);
    assert!(
        done.code == 0 && done.stdout.contains("Token     ci"),
        "{done:?}"
    );
    server.go_away();
    let right = [("OCTANE_CLIENT_ID", "ci"), ("OCTANE_CLIENT_SECRET", SECRET)];
    let done = octane(
        &server,
        &[&STATUS[..], &["--retries", "0"]].concat(),
        &right,
    );
    assert!(
        done.code == 8 && done.stdout.contains("Sign-in   unreachable"),
        "{done:?}"
    );
}

#[test]
fn login_asks_only_at_a_terminal() {
    let server = Server::new();
    octane(&server, &["auth", "login"], &[]).fails(
        3,
        &["cannot be asked for without a terminal", "--secret-stdin"],
    );
    octane(&server, &["auth", "login", "--sandbox"], &[]).fails(2, &["API key of its own"]);
    let user = [
        ("OCTANE_USERNAME", "jane"),
        ("OCTANE_PASSWORD", "a-password"),
    ];
    octane(&server, &["auth", "login"], &user).fails(3, &["only API keys can be saved"]);
}

#[test]
fn credentials_that_cannot_be_used_are_not_missing_ones() {
    let server = Server::new();
    let url = server.variables(SECRET)[0].1.clone();
    let only_url = [("OCTANE_URL", &*url)];
    let none = server.place.octane_with(&["auth", "status"], &only_url);
    none.fails(7, &["no credentials given"]);
    assert!(
        none.stdout.contains("as there are no credentials"),
        "{none:?}"
    );
    let faulty = [
        "auth",
        "status",
        "--client-id",
        "ci",
        "--secret-command",
        "false",
    ];
    let done = server.octane(&faulty, SECRET);
    done.fails(7, &["the secret command `false` failed"]);
    assert!(
        done.stdout.contains("as the credentials cannot be used"),
        "{done:?}"
    );
}

#[cfg(unix)]
#[test]
fn a_session_that_cannot_be_shared_is_not_about_credentials() {
    let server = Server::new();
    // A file in the place of the directory, which stops root, too.
    server.place.file("cache", "");
    let cache = server.place.path().join("cache").display().to_string();
    let list = ["suite", "list", "--session-cache"];
    let done = server.octane_with(&list, SECRET, &[("XDG_CACHE_HOME", &cache)]);
    done.fails(
        3,
        &["cannot share sessions in the directory", "XDG_CACHE_HOME"],
    );
    assert!(!done.stderr.contains("credentials"), "{done:?}");
}
