//! `octane auth` with a real keyring: GNOME's, on a bus of its own.
#![cfg(target_os = "linux")]
#![allow(
    dead_code,
    reason = "the modules that run the program are those of the other tests"
)]

#[path = "it/json_schema.rs"]
mod json_schema;
#[path = "it/program.rs"]
mod program;
#[path = "it/server.rs"]
mod server;

use octane_test_support::secret_service::SecretService;

use program::Done;
use server::{SECRET, Server};

/// Runs a command of `octane auth` with the keyring, again while a busy machine keeps that from answering within three seconds.
fn auth(server: &Server, service: &SecretService, arguments: &[&str]) -> Done {
    let mut done = ask(server, service, arguments);
    for _ in 1..20 {
        if !done.stderr.contains("no answer within") {
            break;
        }
        done = ask(server, service, arguments);
    }
    done
}

fn ask(server: &Server, service: &SecretService, arguments: &[&str]) -> Done {
    let url = server.url();
    let mut variables = vec![("OCTANE_URL", &*url)];
    variables.extend(service.variables());
    let arguments = [&["auth"], arguments, &["--format", "json"]].concat();
    let input = format!("{SECRET}\n");
    server.place.octane_fed(&arguments, &variables, &input)
}

const LOGIN: [&str; 5] = ["login", "--keyring", "--client-id", "ci", "--secret-stdin"];

#[test]
fn a_key_is_in_the_keyring_from_login_to_logout() {
    let Some(service) = SecretService::start() else {
        return;
    };
    let server = Server::new();
    let login = auth(&server, &service, &LOGIN);
    assert_eq!(login.code, 0, "{login:?}");
    assert_eq!(login.json()["is_in_keyring"], true);
    let file = ".config/octane-client/api-keys.json";
    let saved = std::fs::read_to_string(server.place.path().join(file)).unwrap();
    assert!(
        saved.contains("\"ci\"") && !saved.contains(SECRET),
        "{saved}"
    );

    let status = auth(&server, &service, &["status"]);
    assert_eq!(status.code, 0, "{status:?}");
    let origin = "the keyring (`octane auth login --keyring`)";
    assert_eq!(status.json()["origin"], origin);
    assert_eq!(status.json()["sign_in"], "works");

    let logout = auth(&server, &service, &["logout"]);
    assert_eq!(logout.code, 0, "{logout:?}");
    assert_eq!(logout.json()["client_id"], "ci");
    // The file, found later, contains no secret.
    server.place.secret_file(file, &saved);
    auth(&server, &service, &["status"]).fails(
        7,
        &["the secret of ci is not there any more; run `octane auth login --keyring`"],
    );
}

#[test]
fn nothing_waits_for_a_person_who_could_unlock_the_keyring() {
    let Some(mut service) = SecretService::start() else {
        return;
    };
    let server = Server::new();
    let login = auth(&server, &service, &LOGIN);
    assert_eq!(login.code, 0, "{login:?}");
    service.lock();
    let reason =
        "the keyring: no answer within 3 s; it may be locked, and wait for someone to unlock it";
    for (arguments, code) in [(&["status"][..], 7), (&LOGIN, 3), (&["logout"], 3)] {
        ask(&server, &service, arguments).fails(code, &[reason]);
    }
    // As the hint says, a key can be saved without the keyring.
    let login = [&LOGIN[..1], &LOGIN[2..]].concat();
    let login = ask(&server, &service, &login);
    login.fails(0, &["is still in the keyring", reason]);
    assert_eq!(login.json()["is_in_keyring"], false);
    let status = ask(&server, &service, &["status"]);
    assert_eq!(status.json()["sign_in"], "works");
}
