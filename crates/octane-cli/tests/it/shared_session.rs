//! Processes that share a session sign in once.

use std::path::PathBuf;

use crate::server::{SECRET, Server};

const CACHED: [&str; 3] = ["suite", "list", "--session-cache"];

/// Starts as many processes as CI jobs may start on one machine, and waits for all of them.
fn many(server: &Server) {
    let started: Vec<_> = (0..8).map(|_| server.start(&CACHED)).collect();
    for process in started {
        let done = process.wait();
        assert_eq!(done.code, 0, "{done:?}");
    }
}

fn session_file(server: &Server) -> PathBuf {
    let folder = server.place.path().join(".cache/octane-client/sessions");
    let files = std::fs::read_dir(&folder).unwrap();
    let mut files = files.map(|entry| entry.unwrap().path());
    let is_session = |path: &PathBuf| path.extension().is_some_and(|end| end == "json");
    files.find(is_session).unwrap()
}

#[test]
fn jobs_that_start_at_once_on_one_machine_sign_in_once() {
    let server = Server::new();
    many(&server);
    assert_eq!(server.sign_ins(), 1);
    // Later ones find the session.
    many(&server);
    assert_eq!(server.sign_ins(), 1);
    server.octane(&["suite", "list"], SECRET);
    assert_eq!(server.sign_ins(), 2, "sharing is not the default");
    let by_variable = [("OCTANE_SESSION_CACHE", "1")];
    server.octane_with(&["suite", "list"], SECRET, &by_variable);
    let off = [("OCTANE_SESSION_CACHE", "off")];
    assert_eq!(server.sign_ins(), 2);
    server.octane_with(&["suite", "list"], SECRET, &off);
    assert_eq!(server.sign_ins(), 3);
}

#[test]
fn a_session_that_the_server_no_longer_knows_is_renewed_once() {
    let mut server = Server::new();
    many(&server);
    // It signs everyone out.
    server.go_away();
    server.come_back();
    assert_eq!(server.sign_ins(), 0);
    many(&server);
    assert_eq!(server.sign_ins(), 1);
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_a_shared_session() {
    use std::os::unix::fs::PermissionsExt;
    let server = Server::new();
    many(&server);
    let mode =
        |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let file = session_file(&server);
    let folder = file.parent().unwrap();
    assert_eq!((mode(folder), mode(&file)), (0o700, 0o600));
    std::fs::set_permissions(folder, PermissionsExt::from_mode(0o770)).unwrap();
    let hint = format!("run `chmod 700 {}`", folder.display());
    server
        .octane(&CACHED, SECRET)
        .fails(3, &["other users can access it (mode 0770)", &hint]);
    // The command works as it is printed.
    std::fs::set_permissions(folder, PermissionsExt::from_mode(0o700)).unwrap();
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o644)).unwrap();
    assert_eq!(server.octane(&CACHED, SECRET).code, 0);
    assert_eq!((server.sign_ins(), mode(&file)), (2, 0o600));
}

/// Whether the shared session is used: with another secret, nothing else works.
fn is_alive(server: &Server) -> bool {
    server.octane(&CACHED, "wrong-secret").code == 0
}

#[test]
fn logging_out_ends_the_shared_session_whatever_credentials_there_are() {
    let server = Server::new();
    let url = server.url();
    for variables in [
        &[("OCTANE_CLIENT_ID", "other"), ("OCTANE_CLIENT_SECRET", "x")][..],
        &[],
    ] {
        many(&server);
        let file = session_file(&server);
        let cookies = std::fs::read(&file).unwrap();
        assert!(is_alive(&server));
        let variables = [&[("OCTANE_URL", &*url)], variables].concat();
        let done = server.place.octane_with(&["auth", "logout"], &variables);
        assert!(
            done.code == 0 && !done.stderr.contains("warning"),
            "{done:?}"
        );
        assert!(!file.exists());
        // It has ended on the server, too.
        std::fs::write(&file, cookies).unwrap();
        #[cfg(unix)]
        std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600))
            .unwrap();
        assert!(!is_alive(&server));
    }
}

#[cfg(unix)]
#[test]
fn logging_out_says_so_if_a_shared_session_could_not_be_ended_or_deleted() {
    use std::os::unix::fs::PermissionsExt;
    let mut server = Server::new();
    many(&server);
    let file = session_file(&server);
    let folder = file.parent().unwrap();
    std::fs::set_permissions(folder, PermissionsExt::from_mode(0o775)).unwrap();
    let logout = ["auth", "logout"];
    server
        .octane(&logout, SECRET)
        .fails(3, &["other users can access it (mode 0775)"]);
    std::fs::set_permissions(folder, PermissionsExt::from_mode(0o700)).unwrap();
    server.go_away();
    let done = server.octane(&logout, SECRET);
    done.fails(
        0,
        &["warning: the shared session of ci is deleted here, but"],
    );
    assert!(!file.exists());
}

#[test]
fn logging_out_ends_the_shared_session() {
    let server = Server::new();
    many(&server);
    let file = session_file(&server);
    let status = ["auth", "status", "--session-cache", "--format", "json"];
    let shared = server.octane(&status, SECRET).json()["session"].clone();
    assert_eq!(shared["file"], file.display().to_string());
    let done = server.octane(&["auth", "logout"], SECRET);
    assert_eq!(done.code, 0, "{done:?}");
    assert!(!file.exists());
    let before = server.sign_ins();
    many(&server);
    assert_eq!(server.sign_ins(), before + 1);
}
