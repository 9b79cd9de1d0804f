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
    user: Option<User>,
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
        let user = user();
        let folder = new_folder(user);
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
        Some(Self::serve(programs, folder, user))
    }

    /// Starts a server on the data that are in its folder.
    fn serve(programs: PathBuf, folder: PathBuf, user: Option<User>) -> Self {
        let log = fs::File::create(folder.join("log")).expect("a log can be created");
        let server = command(user, &programs.join("postgres"))
            .args(["-c", "listen_addresses=", "-c", "max_connections=60"])
            // In its folder, which is deleted, not where a server that is killed leaves it.
            .args(["-c", "dynamic_shared_memory_type=mmap", "-k"])
            .arg(&folder)
            .arg("-D")
            .arg(folder.join("data"))
            .stdout(log.try_clone().expect("the log can be shared"))
            .stderr(log)
            .spawn()
            .expect("the server starts");
        let mut postgres = Self {
            server,
            programs,
            folder,
            user,
        };
        postgres.wait_until_ready();
        postgres
    }

    /// Starts a standby of this server, without which no commit counts from now on. Until it is promoted it can only be read.
    ///
    /// # Panics
    /// If it does not start.
    pub fn standby(&self) -> Self {
        let folder = new_folder(self.user);
        let mut copying = command(self.user, &self.programs.join("pg_basebackup"));
        let copying = copying
            .args([
                "-U", "postgres", "-R", "-X", "stream", "-c", "fast", "-N", "-h",
            ])
            .arg(&self.folder)
            .arg("-D")
            .arg(folder.join("data"));
        assert!(
            copying.status().expect("pg_basebackup runs").success(),
            "pg_basebackup failed"
        );
        let standby = Self::serve(self.programs.clone(), folder, self.user);
        self.query(
            "postgres",
            "ALTER SYSTEM SET synchronous_standby_names = '*'",
        );
        self.query("postgres", "SELECT pg_reload_conf()");
        let since = Instant::now();
        while self.query("postgres", "SELECT sync_state FROM pg_stat_replication") != "sync" {
            assert!(
                since.elapsed() < START_TIME_MAX,
                "the standby does not follow"
            );
            thread::sleep(Duration::from_millis(50));
        }
        standby
    }

    /// Makes a standby a server of its own.
    ///
    /// # Panics
    /// If it cannot be promoted.
    pub fn promote(&self) {
        let mut promoting = command(self.user, &self.programs.join("pg_ctl"));
        let promoting = promoting
            .args(["promote", "-s", "-D"])
            .arg(self.folder.join("data"));
        assert!(
            promoting.status().expect("pg_ctl runs").success(),
            "pg_ctl promote failed"
        );
    }

    /// Ends the server as if its machine had lost its power.
    ///
    /// # Panics
    /// If it cannot be ended.
    pub fn kill(&mut self) {
        self.server.kill().expect("the server can be killed");
        self.server.wait().expect("the server has ended");
    }

    /// What a statement answers, as text.
    ///
    /// # Panics
    /// If it fails.
    pub fn query(&self, database: &str, statement: &str) -> String {
        let mut psql = Command::new(self.programs.join("psql"));
        let psql = psql
            .args([
                "-X", "-q", "-A", "-t", "-U", "postgres", "-d", database, "-c",
            ])
            .arg(statement)
            .arg("-h")
            .arg(&self.folder);
        let output = psql.output().expect("psql runs");
        let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{statement}: {errors}");
        text
    }

    /// The socket that it listens on.
    pub fn socket(&self) -> PathBuf {
        self.folder.join(".s.PGSQL.5432")
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
        // What it has written is not needed.
        let _ = self.server.kill();
        let _ = self.server.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A new folder of a server.
fn new_folder(user: Option<User>) -> PathBuf {
    // Short: the path of a socket has at most 107 bytes.
    let number = std::process::id();
    let nanoseconds = std::time::SystemTime::now()
        .duration_since(std::time::SystemTime::UNIX_EPOCH)
        .map_or(0, |since| since.subsec_nanos());
    let folder = std::env::temp_dir().join(format!("octane-pg-{number}-{nanoseconds}"));
    fs::create_dir(&folder).expect("a temporary folder can be created");
    if let Some(user) = user {
        own(&folder, user);
    }
    folder
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
