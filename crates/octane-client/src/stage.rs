//! What ends a stage of an upload early.

use crate::cancellation::CancellationToken;
use crate::error::ClientError;
use crate::journal::JournalError;

/// Why a stage ended early.
#[derive(Debug)]
pub(crate) enum StageError {
    /// The server; the report says so.
    Client(ClientError),
    /// The journal, without which nothing can continue.
    Journal(JournalError),
    /// The upload was cancelled, and the grace period is over.
    Cancelled,
}

impl From<ClientError> for StageError {
    fn from(error: ClientError) -> Self {
        Self::Client(error)
    }
}

impl From<octane_rest::Error> for StageError {
    fn from(error: octane_rest::Error) -> Self {
        Self::Client(error.into())
    }
}

impl From<JournalError> for StageError {
    fn from(error: JournalError) -> Self {
        Self::Journal(error)
    }
}

/// Makes a request that a cancellation ends after the grace period.
pub(crate) async fn request<T, E: Into<StageError>>(
    cancellation: &CancellationToken,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, StageError> {
    match cancellation.within_grace(work).await {
        Some(done) => done.map_err(Into::into),
        None => Err(StageError::Cancelled),
    }
}
