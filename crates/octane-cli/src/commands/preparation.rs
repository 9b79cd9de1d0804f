//! What an upload and its dry run have in common before anything is sent.

use octane_client::{Client, ClientError, JournalError, PrepareError, UploadSettings};
use octane_model::ReleaseEntity;
use octane_results::Release;

use crate::exit::Exit;
use crate::failure::{Failure, Result};

/// Nothing is saved of what could not be prepared, so the hints about resuming would be wrong.
pub(super) fn not_prepared(error: PrepareError) -> Failure {
    match error {
        PrepareError::Journal(error @ (JournalError::Full { .. } | JournalError::Database { .. })) => {
            Failure::new(Exit::Configuration, error).hint(
                "nothing was sent; free disk space, use another directory (`--spool DIR`), or disable it \
                 (`--spool off`)",
            )
        }
        error => error.into(),
    }
}

/// What does not exist would make Octane reject every run that refers to it, so it is reported before.
pub(super) async fn check_context(client: &Client, settings: &UploadSettings) -> Result<()> {
    if let Some(Release::Name(name)) = &settings.context.release
        && name != Release::DEFAULT
    {
        find_release(client, name).await?;
    }
    if settings.skip_errors {
        return Ok(());
    }
    let checked = client.check_references(&settings.context).await;
    checked.map_err(|error| match error {
        error @ ClientError::UnknownId { .. } => Failure::from(error).hint(
            "correct the ID, or use `--skip-errors`, with which Octane ignores what does not exist",
        ),
        error => error.into(),
    })
}

/// The release of this name.
pub(super) async fn find_release(client: &Client, name: &str) -> Result<ReleaseEntity> {
    if let Some(release) = client.releases().find(name).await? {
        return Ok(release);
    }
    let error = ClientError::UnknownName {
        kind: "release",
        name: name.to_owned(),
        similar: client.releases().similar(name).await?,
    };
    Err(Failure::new(Exit::Refused, error)
        .hint("create the release in Octane, or use `--release default`"))
}
