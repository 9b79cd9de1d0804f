//! What ends a stage of an upload early: the server, which the report tells of, or the journal, without which
//! nothing goes on.

use crate::{ClientError, JournalError};

/// Why a stage ended early.
pub(crate) enum Trouble {
    Client(ClientError),
    Journal(JournalError),
}

impl From<ClientError> for Trouble {
    fn from(error: ClientError) -> Self {
        Self::Client(error)
    }
}

impl From<octane_rest::Error> for Trouble {
    fn from(error: octane_rest::Error) -> Self {
        Self::Client(error.into())
    }
}

impl From<JournalError> for Trouble {
    fn from(error: JournalError) -> Self {
        Self::Journal(error)
    }
}
