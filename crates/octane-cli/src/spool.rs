//! Where uploads are stored.

use std::time::Duration;

use etcetera::BaseStrategy;
use octane_client::{JournalError, Retention, Spool, UploadId};

use crate::args::SpoolArgs;
use crate::exit::Exit;
use crate::failure::{Failure, Result};

/// The given directory, or the one in the user's state directory.
pub(crate) fn spool(args: &SpoolArgs) -> Result<Spool> {
    match &args.spool {
        Some(folder) if folder.as_os_str() == "off" => Ok(Spool::off()),
        Some(folder) if !folder.as_os_str().is_empty() => Ok(Spool::at(folder)),
        _ => {
            let base = etcetera::choose_base_strategy().map_err(|error| {
                Failure::new(Exit::Configuration, error).hint("use `--spool DIR` or `--spool off`")
            })?;
            // Systems without a directory for state have one for data.
            let state = base.state_dir().unwrap_or_else(|| base.data_dir());
            Ok(Spool::at(state.join("octane-client").join("uploads")))
        }
    }
}

impl SpoolArgs {
    /// The command that resumes an upload in this spool.
    pub(crate) fn resume(&self, id: &UploadId) -> String {
        self.in_spool(format!("octane resume {id}"))
    }

    /// The command that deletes an unfinished upload in this spool.
    pub(crate) fn delete(&self, id: &UploadId) -> String {
        self.in_spool(format!("octane uploads delete {id} --force"))
    }

    fn in_spool(&self, command: String) -> String {
        match &self.spool {
            Some(folder) => format!("{command} --spool '{}'", folder.display()),
            None => command,
        }
    }
}

/// Deletes old, finished uploads. An error with old uploads does not affect the new one, and what has not been
/// delivered is never deleted as a side effect, whatever the clock says.
pub(crate) fn prune(spool: &Spool) {
    let mut retention = Retention::default();
    retention.unfinished_age_max = Duration::MAX;
    let _ = spool.prune(&retention, jiff::Timestamp::now());
}

impl From<JournalError> for Failure {
    fn from(error: JournalError) -> Self {
        let (exit, hint) = match &error {
            JournalError::Folder { .. } => (
                Exit::Configuration,
                "use a writable directory (`--spool DIR`) or disable saving (`--spool off`)",
            ),
            JournalError::InUse { .. } => (
                Exit::Configuration,
                "wait for the other process to finish, or stop it",
            ),
            JournalError::Unknown { .. } | JournalError::Unprepared { .. } => (
                Exit::Usage,
                "`octane uploads list` lists the stored uploads",
            ),
            JournalError::Newer { .. } => (
                Exit::Configuration,
                "use the version that created it, or a newer one",
            ),
            JournalError::Older { .. } => (
                Exit::Configuration,
                "finish the upload with the version that created it",
            ),
            JournalError::DifferentServer { .. } => (
                Exit::Configuration,
                "use the same `--url`, `--space` and `--workspace` as the upload",
            ),
            JournalError::Corrupted { .. } => (
                Exit::Configuration,
                "run the upload again; identical results are not duplicated",
            ),
            JournalError::Database { .. } => (
                Exit::Unreachable,
                "the results are saved; fix the disk problem, then run `octane resume --all`",
            ),
            JournalError::Full { .. } => (
                Exit::Unreachable,
                "the results are saved; free disk space, then run `octane resume --all`",
            ),
            _ => (
                Exit::Internal,
                "run the upload again; identical results are not duplicated",
            ),
        };
        Self::new(exit, error).hint(hint)
    }
}
