//! Runs the program in a directory of its own, with none of this machine's variables.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Output, Stdio};

use serde_json::Value;

use crate::json_schema::violations;

/// A directory for inputs and for the sandbox's data.
pub(crate) struct Place {
    folder: tempfile::TempDir,
}

/// What a command did.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes an input.
    pub(crate) fn file(&self, name: &str, text: &str) -> &Self {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    /// Writes a file that only its owner can read, and returns its path.
    pub(crate) fn secret_file(&self, name: &str, text: &str) -> String {
        self.file(name, text);
        let path = self.path().join(name);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(&path, PermissionsExt::from_mode(0o600)).unwrap();
        }
        path.display().to_string()
    }

    /// Runs `octane` here.
    pub(crate) fn octane(&self, arguments: &[&str]) -> Done {
        self.octane_with(arguments, &[])
    }

    /// Runs `octane` here, with these variables and no others.
    pub(crate) fn octane_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Done {
        self.command(arguments, variables).output().unwrap().into()
    }

    /// Runs `octane` here, with this on standard input.
    pub(crate) fn octane_fed(
        &self,
        arguments: &[&str],
        variables: &[(&str, &str)],
        input: &str,
    ) -> Done {
        let mut command = self.command(arguments, variables);
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let written = child.stdin.take().unwrap().write_all(input.as_bytes());
        let done: Done = child.wait_with_output().unwrap().into();
        // A reader that does not read it has closed it.
        assert!(written.is_ok() || done.code != 0, "{done:?}");
        done
    }

    /// Runs `octane` in a folder below, with these variables and no others.
    pub(crate) fn octane_in(
        &self,
        folder: &str,
        arguments: &[&str],
        variables: &[(&str, &str)],
    ) -> Done {
        let mut command = self.command(arguments, variables);
        command.current_dir(self.path().join(folder));
        command.output().unwrap().into()
    }

    /// Starts `octane` here, to be watched while it works.
    pub(crate) fn start(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Started {
        Started::of(self.command(arguments, variables))
    }

    /// The same with a standard input that is open as long as what is returned with it.
    #[cfg(unix)]
    pub(crate) fn start_fed(
        &self,
        arguments: &[&str],
        variables: &[(&str, &str)],
    ) -> (Started, std::process::ChildStdin) {
        let mut command = self.command(arguments, variables);
        command.stdin(Stdio::piped());
        let mut started = Started::of(command);
        let input = started.child.stdin.take().unwrap();
        (started, input)
    }

    /// Runs a command line with `octane` in it as a shell would, with the usual variables and these.
    #[cfg(unix)]
    pub(crate) fn shell(&self, line: &str, variables: &[(&str, &str)]) -> Done {
        let programs = self.path().join("programs");
        if !programs.exists() {
            std::fs::create_dir(&programs).unwrap();
            let octane = env!("CARGO_BIN_EXE_octane");
            std::os::unix::fs::symlink(octane, programs.join("octane")).unwrap();
        }
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", line])
            .stdin(Stdio::null())
            .current_dir(self.path())
            .env_clear()
            .env("PATH", programs)
            .env("HOME", self.path())
            .env("OCTANE_SANDBOX_DATA", self.path().join("sandbox"))
            .env("OCTANE_SPOOL", self.path().join("spool"))
            // Only these tests use their servers.
            .env("OCTANE_RATE", "off")
            .envs(variables.iter().copied());
        command.output().unwrap().into()
    }

    fn command(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_octane"));
        command
            .args(arguments)
            .current_dir(self.path())
            .env_clear()
            .env("HOME", self.path())
            .env("OCTANE_SANDBOX_DATA", self.path().join("sandbox"))
            .env("OCTANE_SPOOL", self.path().join("spool"))
            .envs(variables.iter().copied());
        // Only these tests use their servers. Help would show it.
        let is_paced = variables.iter().any(|(name, _)| *name == "OCTANE_RATE");
        if !is_paced && !arguments.contains(&"--help") {
            command.env("OCTANE_RATE", "off");
        }
        command
    }
}

/// A command that is running.
pub(crate) struct Started {
    child: Child,
    stderr: BufReader<ChildStderr>,
    said: String,
}

impl Started {
    fn of(mut command: Command) -> Self {
        let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        Self {
            child,
            stderr,
            said: String::new(),
        }
    }

    /// The ID of the process.
    #[cfg(unix)]
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The next line of standard error, unless that was the last one.
    pub(crate) fn line(&mut self) -> Option<String> {
        let before = self.said.len();
        let count = self.stderr.read_line(&mut self.said).unwrap();
        (count > 0).then(|| self.said[before..].to_owned())
    }

    /// Reads until a line of standard error has `part`.
    pub(crate) fn says(&mut self, part: &str) -> String {
        loop {
            let line = self.line();
            let line = line.unwrap_or_else(|| panic!("no `{part}` in:\n{}", self.said));
            if line.contains(part) {
                return line;
            }
        }
    }

    /// The first JSON value on standard output, of a server that keeps running.
    pub(crate) fn answer(&mut self) -> Value {
        let stdout = self.child.stdout.as_mut().unwrap();
        let mut values = serde_json::Deserializer::from_reader(stdout).into_iter();
        values.next().unwrap().unwrap()
    }

    /// Reads standard output until a line has `part`, of a server that keeps running.
    #[cfg(unix)]
    pub(crate) fn lines_until(&mut self, part: &str) -> String {
        let mut stdout = BufReader::new(self.child.stdout.as_mut().unwrap());
        let mut text = String::new();
        while !text.contains(part) {
            let count = stdout.read_line(&mut text).unwrap();
            assert!(count > 0, "no `{part}` in:\n{text}");
        }
        text
    }

    /// Sends a signal, for example `INT`.
    #[cfg(unix)]
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        // `kill` is built into every shell; not every system has it as a program.
        let command = format!("kill -s {name} {id}");
        let sent = Command::new("sh").args(["-c", &command]).status();
        assert!(sent.unwrap().success(), "no signal {name} for {id}");
    }

    /// SIGKILL: it cannot clean up.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits for its end.
    pub(crate) fn wait(mut self) -> Done {
        // Both at once: a pipe that is not read fills up, and the command stops.
        let mut stdout = self.child.stdout.take().unwrap();
        let reading = std::thread::spawn(move || {
            let mut bytes = Vec::new();
            stdout.read_to_end(&mut bytes).map(|_| bytes)
        });
        self.stderr.read_to_string(&mut self.said).unwrap();
        let mut output = self.child.wait_with_output().unwrap();
        output.stdout = reading.join().unwrap().unwrap();
        output.stderr = self.said.into_bytes();
        output.into()
    }
}

impl From<Output> for Done {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Done {
    /// The one JSON value on standard output. It matches the schema that it names; only a server's own answers, which
    /// `octane api` prints, name none.
    pub(crate) fn json(&self) -> Value {
        let value: Value =
            serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"));
        if value.get("schema").is_some() {
            assert_eq!(violations(&value), [] as [&str; 0], "{value}");
        }
        value
    }

    /// The same without the lines that ask a CI system to mask secrets, which its log never shows.
    pub(crate) fn without_masks(mut self) -> Self {
        let is_mask = |line: &str| {
            line.starts_with("::add-mask::") || line.starts_with("##vso[task.setsecret]")
        };
        let lines = self.stderr.split_inclusive('\n');
        self.stderr = lines.filter(|line| !is_mask(line)).collect();
        self
    }

    /// Checks the exit code, and that standard error has all of `parts`.
    pub(crate) fn fails(&self, code: i32, parts: &[&str]) {
        assert_eq!(self.code, code, "{self:?}");
        for part in parts {
            assert!(
                self.stderr.contains(part),
                "no `{part}` in:\n{}",
                self.stderr
            );
        }
    }
}

/// The first upload's id in a text.
pub(crate) fn upload_in(text: &str) -> String {
    let at = text
        .find("u-")
        .unwrap_or_else(|| panic!("no upload in: {text}"));
    text[at..at + 16].to_owned()
}

/// The repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

/// A file of `samples/`.
pub(crate) fn sample(name: &str) -> String {
    root().join("samples").join(name).display().to_string()
}

/// The folder of reports that belong to others, if it is there.
pub(crate) fn shared() -> Option<PathBuf> {
    octane_test_support::shared_folder_with("corpus")
}

/// Creates a named pipe; `None` if `mkfifo` is not installed.
#[cfg(unix)]
pub(crate) fn named_pipe(path: &Path) -> Option<()> {
    let mkfifo = octane_test_support::program("mkfifo", "coreutils")?;
    let status = Command::new(mkfifo).arg(path).status().unwrap();
    assert!(status.success(), "no named pipe at {}", path.display());
    Some(())
}
