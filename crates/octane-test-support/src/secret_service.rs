//! A Secret Service of a test's own: GNOME's keyring on a private D-Bus, with its files in a temporary folder.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::program;

const PASSWORD: &[u8] = b"the password of the keyring";
const START_TIME_MAX: Duration = Duration::from_secs(60);

/// A bus with a keyring, both of which end with the test, also if that is killed.
pub struct SecretService {
    bus: Child,
    address: String,
    keyring: Option<Child>,
    programs: Programs,
    folder: tempfile::TempDir,
}

struct Programs {
    bus: PathBuf,
    send: PathBuf,
    keyring: PathBuf,
}

impl SecretService {
    /// Starts a keyring that is unlocked. If the programs are not installed the test is to be skipped, and that is recorded.
    ///
    /// # Panics
    /// If the programs are not installed on CI, or do not start.
    pub fn start() -> Option<Self> {
        let programs = Programs {
            bus: program("dbus-daemon", "dbus")?,
            send: program("dbus-send", "dbus")?,
            keyring: program("gnome-keyring-daemon", "gnome-keyring")?,
        };
        let folder = tempfile::tempdir().expect("a temporary folder can be created");
        let settings = folder.path().join("bus.conf");
        fs::write(&settings, bus_settings(folder.path())).expect("the settings can be written");
        // Asked to unlock the keyring, it waits for someone at a screen who is not there.
        let prompter = "[D-BUS Service]\nName=org.gnome.keyring.SystemPrompter\n\
                        Exec=/usr/bin/setpriv --pdeathsig KILL sleep 3600\n";
        let service = folder
            .path()
            .join("org.gnome.keyring.SystemPrompter.service");
        fs::write(service, prompter).expect("the service can be written");

        let mut bus = ending_with_test(&programs.bus)
            .arg("--config-file")
            .arg(&settings)
            .args(["--nofork", "--nopidfile", "--print-address"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the bus starts");
        let mut address = String::new();
        let stdout = bus.stdout.take().expect("it is piped");
        let read = BufReader::new(stdout).read_line(&mut address);
        assert!(read.is_ok_and(|bytes| bytes > 0), "D-Bus does not start");
        let mut service = Self {
            bus,
            address: address.trim().to_owned(),
            keyring: None,
            programs,
            folder,
        };
        service.start_keyring(Some(PASSWORD));
        Some(service)
    }

    /// Locks the keyring: it starts again, and no one types its password.
    ///
    /// # Panics
    /// If it does not start.
    pub fn lock(&mut self) {
        self.stop_keyring();
        let since = Instant::now();
        while self.is_there() {
            assert!(
                since.elapsed() < START_TIME_MAX,
                "the keyring does not leave"
            );
            thread::sleep(Duration::from_millis(20));
        }
        self.start_keyring(None);
    }

    /// The variables with which programs find the keyring.
    pub fn variables(&self) -> [(&'static str, &str); 1] {
        [("DBUS_SESSION_BUS_ADDRESS", &self.address)]
    }

    fn start_keyring(&mut self, password: Option<&[u8]>) {
        let mut command = ending_with_test(&self.programs.keyring);
        command
            .args(["--foreground", "--components=secrets"])
            .env_clear()
            .envs(self.variables())
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.folder.path())
            .env("XDG_RUNTIME_DIR", self.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if password.is_some() {
            command.arg("--unlock");
        }
        let mut keyring = command.spawn().expect("the keyring starts");
        let mut stdin = keyring.stdin.take().expect("it is piped");
        stdin
            .write_all(password.unwrap_or_default())
            .expect("the keyring reads its password");
        // It reads to the end.
        drop(stdin);
        self.keyring = Some(keyring);
        let since = Instant::now();
        while !self.is_there() {
            assert!(
                since.elapsed() < START_TIME_MAX,
                "the keyring does not start"
            );
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Whether someone answers for the keyring.
    fn is_there(&self) -> bool {
        let output = Command::new(&self.programs.send)
            .envs(self.variables())
            .args([
                "--session",
                "--print-reply=literal",
                "--dest=org.freedesktop.DBus",
                "/org/freedesktop/DBus",
                "org.freedesktop.DBus.NameHasOwner",
                "string:org.freedesktop.secrets",
            ])
            .output()
            .expect("dbus-send runs");
        assert!(output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stdout).contains("true")
    }

    fn stop_keyring(&mut self) {
        if let Some(mut keyring) = self.keyring.take() {
            // It may have ended by itself.
            let _ = keyring.kill();
            let _ = keyring.wait();
        }
    }
}

impl Drop for SecretService {
    fn drop(&mut self) {
        self.stop_keyring();
        let _ = self.bus.kill();
        let _ = self.bus.wait();
    }
}

/// A bus that starts nothing but what is in this folder.
fn bus_settings(folder: &Path) -> String {
    let folder = folder.display();
    format!(
        "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\" \
         \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n\
         <busconfig>\n<type>session</type>\n<listen>unix:dir={folder}</listen>\n<servicedir>{folder}</servicedir>\n\
         <policy context=\"default\">\n<allow send_destination=\"*\" eavesdrop=\"true\"/>\n<allow eavesdrop=\"true\"/>\n\
         <allow own=\"*\"/>\n</policy>\n</busconfig>\n"
    )
}

/// A command that ends when the thread that starts it does.
fn ending_with_test(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL"]).arg(program);
    command
}
