//! Runs the program in a folder of its own, with none of this machine's variables.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// A folder for inputs and for the sandbox's data.
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

    /// Runs `octane` here.
    pub(crate) fn octane(&self, arguments: &[&str]) -> Done {
        self.octane_with(arguments, &[])
    }

    /// Runs `octane` here, with these variables and no others.
    pub(crate) fn octane_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Done {
        let output = Command::new(env!("CARGO_BIN_EXE_octane"))
            .args(arguments)
            .current_dir(self.path())
            .env_clear()
            .env("HOME", self.path())
            .env("OCTANE_SANDBOX_DATA", self.path().join("sandbox"))
            .env("OCTANE_SPOOL", self.path().join("spool"))
            .envs(variables.iter().copied())
            .output()
            .unwrap();
        Done {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Done {
    /// The one JSON value on standard output.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
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

/// The folder of reports that belong to others, if it is here.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
pub(crate) fn shared() -> Option<PathBuf> {
    let folder = std::env::var_os("OCTANE_SHARED")
        .map_or_else(|| root().join("../shared"), |path| root().join(path));
    let is_here = folder.join("corpus").exists();
    if !is_here {
        eprintln!(
            "SKIPPED: no reports of others at {} (set OCTANE_SHARED)",
            folder.display()
        );
    }
    is_here.then_some(folder)
}
