//! Sending an upload to another place than the one it was prepared for: a server with another URL, or the same server
//! without the suite that it had.

use crate::cancellation::CancellationToken;
use crate::client::Client;
use crate::error::ClientError;
use crate::journal::{Journal, JournalError};
use crate::stage::StageError;
use crate::stage::request;
use crate::target::Target;

/// Sends an upload to the server that `client` is connected to. Suite and module are looked up there, by the names or
/// IDs that were given; an ID has to belong to a suite of the same name.
pub(crate) async fn relocate(
    client: &Client,
    journal: &Journal,
    create_missing: bool,
    cancellation: &CancellationToken,
) -> Result<(), StageError> {
    let server = client.server();
    let Some(old) = journal.run(Journal::target).await? else {
        // Nothing was sent or looked up yet.
        return Ok(journal
            .run(move |journal| journal.relocate(&server, None))
            .await?);
    };
    let mut spec = journal.run(Journal::target_spec).await?;
    if create_missing {
        spec = spec.create_missing(true);
    }
    let new = request(cancellation, client.resolve_target(&spec)).await?;
    if spec.may_be_suite_by_id() && !is_same_name(&old.suite.name, &new.suite.name) {
        return Err(StageError::Journal(JournalError::DifferentSuite {
            id: journal.id().clone(),
            suite: new.suite.id.get(),
            planned: old.suite.name,
            found: new.suite.name,
            server: server.to_string(),
        }));
    }
    Ok(journal
        .run(move |journal| journal.relocate(&server, Some(&new)))
        .await?)
}

/// Whether the suite of an upload is not there any more, or another one has its ID: its server may have been restored
/// from a backup that is older than the suite.
pub(crate) async fn is_suite_gone(
    client: &Client,
    target: &Target,
    cancellation: &CancellationToken,
) -> Result<bool, StageError> {
    match request(cancellation, client.suites().get(target.suite.id)).await {
        Ok(suite) => Ok(!is_same_name(&target.suite.name, &suite.name)),
        Err(StageError::Client(ClientError::UnknownId { .. })) => Ok(true),
        Err(error) => Err(error),
    }
}

/// A name that is not known is no contradiction.
fn is_same_name(planned: &str, found: &str) -> bool {
    planned.is_empty() || planned == found
}
