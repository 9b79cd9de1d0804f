//! Where uploads are stored.

use std::time::Duration;

use etcetera::BaseStrategy;
use octane_client::{JournalError, Retention, Spool};

use crate::args::SpoolArgs;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::suggest::Suggest;

/// The directory whose uploads are to be resumed. One that was given has to be there: if an artifact is lost, or its name is mistyped,
/// results are missing.
pub(crate) fn spool_to_resume(args: &SpoolArgs) -> Result<Spool> {
    let is_given = (args.spool.as_ref()).is_some_and(|folder| !folder.as_os_str().is_empty());
    let spool = spool(args)?;
    match spool.folder() {
        None => {
            let message = "nothing is stored with `--spool off`, so there is nothing to resume";
            Err(Failure::message(Exit::Configuration, message)
                .hint("use `--spool DIR` with the directory of the uploads"))
        }
        Some(folder) if is_given && !folder.is_dir() => {
            let message = format!(
                "the directory of the uploads, `{}`, does not exist",
                folder.display()
            );
            Err(Failure::message(Exit::Input, message).hint(
                "check `--spool`, and whether the artifact with the directory was downloaded",
            ))
        }
        Some(_) => Ok(spool),
    }
}

/// The given directory, or the one in the user's state directory.
pub(crate) fn spool(args: &SpoolArgs) -> Result<Spool> {
    match &args.spool {
        Some(folder) if folder.as_os_str() == "off" => Ok(Spool::off()),
        Some(folder) if !folder.as_os_str().is_empty() => Ok(Spool::at(folder)),
        _ => {
            let base = etcetera::choose_base_strategy().map_err(|error| {
                Failure::new(Exit::Configuration, error)
                    .context("there is no directory to store uploads in")
                    .hint("use `--spool DIR` or `--spool off`")
            })?;
            // Systems without a directory for state have one for data.
            let state = base.state_dir().unwrap_or_else(|| base.data_dir());
            Ok(Spool::at(state.join("octane-client").join("uploads")))
        }
    }
}

/// Deletes old, finished uploads. An error with old uploads does not affect the new one, and what has not been
/// delivered is never deleted as a side effect, whatever the clock says.
pub(crate) fn prune(spool: &Spool) {
    let mut retention = Retention::default();
    retention.unfinished_age_max = Duration::MAX;
    let _ = spool.prune_if_due(&retention, jiff::Timestamp::now());
}

/// The failure of a command about stored uploads, with the commands that may help.
pub(crate) fn journal_failure(error: JournalError, suggest: &Suggest) -> Failure {
    let is_unknown = matches!(error, JournalError::Unknown { .. });
    let failure = Failure::from(error);
    if is_unknown {
        failure.hint(format!("`{}` lists the stored uploads", suggest.list()))
    } else {
        failure
    }
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
            JournalError::Unknown { .. } => (
                Exit::Usage,
                "check the ID and the directory of the uploads (`--spool`)",
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
            JournalError::DifferentSuite { .. } | JournalError::Fixed { .. } => (
                Exit::Configuration,
                "upload the results again, with the suite of this server",
            ),
            JournalError::Corrupted { .. } => (
                Exit::Configuration,
                "run the upload again; identical results are not duplicated",
            ),
            JournalError::Database { .. } => (
                Exit::Unreachable,
                "fix the disk problem, then run the command again",
            ),
            JournalError::Full { .. } => (
                Exit::Unreachable,
                "free disk space, then run the command again",
            ),
            _ => (
                Exit::Internal,
                "run the upload again; identical results are not duplicated",
            ),
        };
        Self::new(exit, error).hint(hint)
    }
}
