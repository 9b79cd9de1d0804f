//! What a command line is given besides its options: the credentials of a settings file, and those that were found before.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use octane_rest::{FoundCredential, Origin};

/// What a settings file says about credentials. A secret itself is never in it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Configured {
    pub(crate) client_id: Option<String>,
    pub(crate) secret_file: Option<PathBuf>,
    pub(crate) secret_command: Option<String>,
    /// The settings file, as messages name it.
    pub(crate) file: String,
}

impl Configured {
    /// The setting that says where the secret is, if there is one.
    pub(crate) fn secret_setting(&self) -> Option<&'static str> {
        let of_file = self.secret_file.as_ref().map(|_| "secret-file");
        of_file.or(self.secret_command.as_ref().map(|_| "secret-command"))
    }
}

/// Credentials that were found before they are needed, so that a command is not run twice, and standard input not read twice.
#[derive(Debug, Clone, Default)]
pub(crate) struct Remembered(Arc<Mutex<Option<FoundCredential>>>);

impl Remembered {
    pub(super) fn set(&self, found: FoundCredential) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(found);
    }

    /// What was found. Only standard input cannot be asked again.
    pub(super) fn take(&self) -> Option<FoundCredential> {
        let mut remembered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = remembered.take()?;
        if found.origin == Origin::StandardInput {
            *remembered = Some(found.clone());
        }
        Some(found)
    }

    pub(super) fn is_set(&self) -> bool {
        let remembered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        remembered.is_some()
    }
}
