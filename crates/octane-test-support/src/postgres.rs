//! A PostgreSQL server of a test's own, in a temporary folder and without a port.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::skip;

/// Where Debian puts the programs of each version.
const VERSIONS: &str = "/usr/lib/postgresql";
const START_TIME_MAX: Duration = Duration::from_secs(60);

/// A server that ends with the test, also if that is killed.
pub struct Postgres {
    server: Child,
    programs: PathBuf,
    folder: PathBuf,
}

/// Who runs the server: it refuses to run as root.
#[derive(Clone, Copy)]
struct User {
    uid: u32,
    gid: u32,
}

impl Postgres {
    /// Starts a server. If PostgreSQL is not installed the test is to be skipped, and that is recorded.
    ///
    /// # Panics
    /// If PostgreSQL is not installed on CI, or does not start.
    pub fn start() -> Option<Self> {
        let Some(programs) = programs() else {
            let reason = "PostgreSQL is not installed (Debian package: postgresql-15)";
            assert!(std::env::var_os("CI").is_none(), "on CI, {reason}");
            skip(reason);
            return None;
        };
        // Short: the path of a socket has at most 107 bytes.
        let number = std::process::id();
        let nanoseconds = std::time::SystemTime::now()
            .duration_since(std::time::SystemTime::UNIX_EPOCH)
            .map_or(0, |since| since.subsec_nanos());
        let folder = std::env::temp_dir().join(format!("octane-pg-{number}-{nanoseconds}"));
        fs::create_dir(&folder).expect("a temporary folder can be created");
        let user = user();
        if let Some(user) = user {
            own(&folder, user);
        }
        let data = folder.join("data");
        let mut initdb = command(user, &programs.join("initdb"));
        let initdb = initdb
            .args([
                "-U",
                "postgres",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--no-locale",
                "-N",
                "-D",
            ])
            .arg(&data)
            .stdout(Stdio::null());
        assert!(
            initdb.status().expect("initdb runs").success(),
            "initdb failed"
        );
        let log = fs::File::create(folder.join("log")).expect("a log can be created");
        let server = command(user, &programs.join("postgres"))
            .args(["-c", "listen_addresses=", "-c", "max_connections=60", "-k"])
            .arg(&folder)
            .arg("-D")
            .arg(&data)
            .stdout(log.try_clone().expect("the log can be shared"))
            .stderr(log)
            .spawn()
            .expect("the server starts");
        let mut postgres = Self {
            server,
            programs,
            folder,
        };
        postgres.wait_until_ready();
        Some(postgres)
    }

    fn wait_until_ready(&mut self) {
        let since = Instant::now();
        loop {
            let mut ready = Command::new(self.programs.join("pg_isready"));
            let ready = ready.args(["-q", "-U", "postgres", "-h"]).arg(&self.folder);
            if ready.status().is_ok_and(|status| status.success()) {
                return;
            }
            let ended = self.server.try_wait().ok().flatten();
            if ended.is_some() || since.elapsed() > START_TIME_MAX {
                let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
                panic!("PostgreSQL does not start: {ended:?}\n{log}");
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Creates an empty database, and returns its URL.
    ///
    /// # Panics
    /// If it cannot be created.
    pub fn database(&self, name: &str) -> String {
        let mut createdb = Command::new(self.programs.join("createdb"));
        let createdb = createdb
            .args(["-U", "postgres", "-h"])
            .arg(&self.folder)
            .arg(name);
        assert!(
            createdb.status().expect("createdb runs").success(),
            "createdb failed"
        );
        let folder = self.folder.display().to_string().replace('/', "%2F");
        format!("postgres:///{name}?user=postgres&host={folder}")
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // Nobody needs what it has written.
        let _ = self.server.kill();
        let _ = self.server.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The folder with the programs of the newest version that is installed.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir(VERSIONS).ok()?.flatten();
    let folders = versions.map(|version| version.path().join("bin"));
    folders
        .filter(|folder| folder.join("initdb").is_file())
        .max()
}

/// Whom to run the server as, if this is root.
fn user() -> Option<User> {
    let id = |arguments: &[&str]| {
        let output = Command::new("id").args(arguments).output().ok()?;
        String::from_utf8(output.stdout).ok()?.trim().parse().ok()
    };
    if id(&["-u"]) != Some(0) {
        return None;
    }
    let found = |name| {
        Some(User {
            uid: id(&["-u", name])?,
            gid: id(&["-g", name])?,
        })
    };
    found("postgres").or_else(|| found("nobody"))
}

#[cfg(unix)]
fn own(folder: &Path, user: User) {
    let owned = std::os::unix::fs::chown(folder, Some(user.uid), Some(user.gid));
    owned.expect("root can give a folder away");
}

#[cfg(not(unix))]
fn own(_: &Path, _: User) {}

/// A command that runs as this user, and ends when the thread that starts it does.
fn command(user: Option<User>, program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL"]);
    if let Some(User { uid, gid }) = user {
        command.args([
            "--reuid",
            &uid.to_string(),
            "--regid",
            &gid.to_string(),
            "--clear-groups",
        ]);
    }
    // A folder that the user may not enter is a warning of initdb.
    command.arg(program).current_dir("/").env_remove("PGDATA");
    command
}
