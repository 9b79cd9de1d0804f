//! Files with a password.

use std::path::Path;

use octane_rest::Secret;

use crate::connect::credential_failure;
use crate::credentials::private_file;
use crate::exit::Exit;
use crate::failure::{Failure, Result};

/// The password in a file of the collection tool's flags. A line break at its end does not count.
pub(super) fn read_password(path: &Path) -> Result<Secret> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        Failure::new(Exit::Configuration, error)
            .context(format!("cannot read `{}`", path.display()))
    })?;
    Ok(Secret::from(text.trim_end_matches(['\r', '\n'])))
}

/// The password in a file that a variable names. As everywhere, others must not be able to read it.
pub(super) fn read_private(path: &Path) -> Result<Secret> {
    let text = private_file::read(path).map_err(credential_failure)?;
    let text = text.unwrap_or_default();
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.is_empty() {
        let message = format!("`{}` does not exist or is empty", path.display());
        return Err(Failure::message(Exit::Configuration, message));
    }
    Ok(text.into())
}
