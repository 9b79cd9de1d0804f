//! What a relay leaves on its machine, logs, and suggests to run there.
#![cfg(unix)]

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use octane_sandbox::Settings;

use crate::relay::{Relay, agent, token};
use crate::server::Server;

const UPLOAD: &str = "upload a.csv --suite S --suite-run r -y";
const TABLE: &str = "name,status\na,passed\n";

/// The directories of this directory that are called like temporary ones.
fn temporary(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    paths
        .filter(|path| path.is_dir() && path.to_string_lossy().contains(".tmp"))
        .collect()
}

#[test]
fn what_a_killed_relay_has_unpacked_was_private_and_is_removed_by_the_next_one() {
    let hour = Duration::from_secs(3600);
    let server = Server::with(Settings::default().ingest_delay(hour));
    server.place.file("a.csv", TABLE);
    let folder = server.place.path().join("relay");
    std::fs::create_dir(&folder).unwrap();
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).unwrap();
    let token = token(&server, None);
    let relay = Relay::start(&server, &["--port", "0"], None);
    assert_eq!(agent(&server, &relay.url, &token, UPLOAD).code, 0);
    let delivering = folder.join("delivering");
    let left = loop {
        let found = temporary(&delivering).into_iter();
        let mut found = found.filter(|path| path.join("uploads").is_dir());
        if let Some(found) = found.next() {
            break found;
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    let mode = std::fs::metadata(&left).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    relay.kill();
    assert!(left.join("uploads").is_dir());
    let _relay = Relay::start(&server, &["--port", "0"], None);
    assert!(!left.exists());
    assert!(temporary(&folder.join("received")).is_empty());
}
