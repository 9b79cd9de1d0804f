//! A sandbox in this process.

use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;
use octane_model::{SharedSpaceId, WorkspaceId};
use octane_rest::{ApiKey, Builder, Endpoint};
use octane_sandbox::{Running, Sandbox, SandboxError, Settings, Storage};

use crate::args::SandboxDataArgs;
use crate::credentials::private_file::create_private;
use crate::exit::Exit;
use crate::failure::{Failure, Result};

/// A sandbox that listens on a free port of the loopback.
pub(crate) struct LocalServer {
    running: Running,
    directory: PathBuf,
    space: SharedSpaceId,
    workspace: WorkspaceId,
}

impl LocalServer {
    pub(crate) async fn start(args: &SandboxDataArgs) -> Result<Self> {
        let file = data_file(args)?;
        let settings = Settings::default().storage(Storage::File(file.clone()));
        let (space, workspace) = (settings.space, settings.workspace);
        let running = Sandbox::start_with(settings).await.map_err(failure)?;
        Ok(Self {
            running,
            directory: file.parent().map_or_else(PathBuf::new, real_path),
            space,
            workspace,
        })
    }

    /// An endpoint that speaks to it.
    pub(crate) fn endpoint(&self) -> Builder {
        let running = &self.running;
        Endpoint::builder(running.url())
            .space(self.space)
            .workspace(self.workspace)
            .credentials(ApiKey::new(running.client_id(), running.client_secret()))
    }

    /// Where its data is: an absolute path, the same however it was typed.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Lets it finish what it has accepted.
    pub(crate) async fn shutdown(self) {
        self.running.shutdown().await;
    }
}

/// A sandbox that cannot start is a matter of configuration: its settings, its file or its port.
pub(crate) fn failure(error: SandboxError) -> Failure {
    let hint = match &error {
        SandboxError::Settings { .. } => None,
        SandboxError::Bind { .. } => Some("use another port, or `--port 0` for a free one"),
        SandboxError::InUse { .. } => Some(
            "choose another directory with `--sandbox-data DIR`; only one process can use it at a time",
        ),
        _ => Some(
            "choose another directory with `--sandbox-data DIR`, or move the file that is there",
        ),
    };
    let failure = Failure::new(Exit::Configuration, error).context("could not start the sandbox");
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

/// Whether a directory holds the data of a sandbox.
pub(crate) fn is_sandbox(directory: &Path) -> bool {
    directory.join(DATA_FILE).is_file()
}

/// An absolute path, the same however it was typed.
pub(crate) fn real_path(directory: &Path) -> PathBuf {
    let absolute = || std::path::absolute(directory);
    let path = directory.canonicalize().or_else(|_| absolute());
    path.unwrap_or_else(|_| directory.to_owned())
}

const DATA_FILE: &str = "octane.db";

/// The sandbox's database, in the given directory or in the user's data directory.
pub(crate) fn data_file(args: &SandboxDataArgs) -> Result<PathBuf> {
    let directory = match &args.directory {
        Some(directory) => directory.clone(),
        None => {
            let base = etcetera::choose_base_strategy().map_err(|error| {
                Failure::new(Exit::Configuration, error).hint("use `--sandbox-data DIR`")
            })?;
            base.data_dir().join("octane-client").join("sandbox")
        }
    };
    create_private(&directory).map_err(|error| {
        Failure::new(Exit::Configuration, error)
            .context(format!(
                "cannot create the sandbox directory `{}`",
                directory.display()
            ))
            .hint("use a writable directory with `--sandbox-data DIR`")
    })?;
    Ok(directory.join(DATA_FILE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_directory_is_not_suggested_for_invalid_settings() {
        let error = Sandbox::open(Settings::default().list_limits(0, 5)).unwrap_err();
        assert_eq!(failure(error).hint, None);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("octane.db");
        std::fs::write(&file, [b'x'; 4096]).unwrap();
        let storage = Storage::File(file);
        let error = Sandbox::open(Settings::default().storage(storage)).unwrap_err();
        let hint = failure(error).hint.unwrap_or_default();
        assert!(hint.contains("`--sandbox-data DIR`"), "{hint}");
    }
}
