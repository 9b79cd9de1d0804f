//! Where uploads are kept.

use std::time::Duration;

use etcetera::BaseStrategy;
use octane_client::{JournalError, Retention, Spool, UploadId};

use crate::args::SpoolArgs;
use crate::exit::Exit;
use crate::failure::{Failure, Outcome};

/// The folder that was named, or the one in the user's state folder.
pub(crate) fn spool(args: &SpoolArgs) -> Outcome<Spool> {
    match &args.spool {
        Some(folder) if folder.as_os_str() == "off" => Ok(Spool::off()),
        Some(folder) if !folder.as_os_str().is_empty() => Ok(Spool::at(folder)),
        _ => {
            let base = etcetera::choose_base_strategy().map_err(|error| {
                Failure::new(Exit::Configuration, error)
                    .hint("give `--spool DIR`, or `--spool off`")
            })?;
            // Systems without a folder for states have one for data.
            let state = base.state_dir().unwrap_or_else(|| base.data_dir());
            Ok(Spool::at(state.join("octane-client").join("uploads")))
        }
    }
}

impl SpoolArgs {
    /// The command that goes on with an upload in this spool.
    pub(crate) fn resume(&self, id: &UploadId) -> String {
        match &self.spool {
            Some(folder) => format!("octane resume {id} --spool '{}'", folder.display()),
            None => format!("octane resume {id}"),
        }
    }
}

/// Forgets what is old and done. Trouble with old uploads is none of the new one's business, and what has not been
/// delivered is not forgotten by the way, whatever the clock says.
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
                "name a folder that can be written with `--spool DIR`, or keep nothing with `--spool off`",
            ),
            JournalError::InUse { .. } => (
                Exit::Configuration,
                "wait for it to end, or end it, then try again",
            ),
            JournalError::Unknown { .. } | JournalError::Unplanned { .. } => {
                (Exit::Usage, "`octane uploads list` shows what is kept")
            }
            JournalError::Newer { .. } => (
                Exit::Configuration,
                "go on with the version that wrote it, or a newer one",
            ),
            JournalError::Elsewhere { .. } => (
                Exit::Configuration,
                "name the server, space and workspace that the upload goes to",
            ),
            JournalError::Damaged { .. } => (
                Exit::Configuration,
                "run the upload again from the results: what Octane has byte for byte is not doubled",
            ),
            JournalError::Database { .. } => (
                Exit::Unreachable,
                "what is in the journal is kept: see to the disk, then `octane resume --all`",
            ),
            JournalError::Full { .. } => (
                Exit::Unreachable,
                "what was planned is kept: make room, then `octane resume --all`",
            ),
            _ => (
                Exit::Internal,
                "run the upload again from the results: what Octane has byte for byte is not doubled",
            ),
        };
        Self::new(exit, error).hint(hint)
    }
}
