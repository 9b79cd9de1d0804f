//! What to do about credentials that are missing or cannot be used.

use octane_rest::CredentialError;

use super::keyring::KEYRING;
use crate::env;
use crate::suggest::quoted;

/// What to do about credentials that cannot be used.
pub(crate) fn credential_error_hint(error: &CredentialError) -> String {
    match error {
        CredentialError::Exposed { path, .. } => {
            let mode = if path.is_dir() { "700" } else { "600" };
            format!("run `chmod {mode} {}`", quoted(&path.display().to_string()))
        }
        CredentialError::Command { program, .. } => format!(
            "run the command by itself; `{program}` has to print the secret as its first line and end with exit code 0"
        ),
        CredentialError::Invalid { location, .. } if location == KEYRING => {
            "unlock the keyring, or save the key in a file: run `octane auth login` without `--keyring`"
                .to_owned()
        }
        CredentialError::Unreadable { .. } | CredentialError::Invalid { .. } => {
            "correct it, then try again; `octane auth status` shows which credentials are used"
                .to_owned()
        }
        CredentialError::Incomplete {
            present, missing, ..
        } => format!("set `{missing}` as well, or remove `{present}`"),
        _ => credentials_hint(),
    }
}

/// Where credentials may be.
pub(crate) fn credentials_hint() -> String {
    format!(
        "set {} and {} to the API key, or {} and {}, or run `octane auth login`",
        env::CLIENT_ID,
        env::CLIENT_SECRET,
        env::USERNAME,
        env::PASSWORD
    )
}
