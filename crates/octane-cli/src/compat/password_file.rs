//! Files with a password, of the collection tool's flags.

use std::path::Path;

use octane_rest::Secret;

use crate::exit::Exit;
use crate::failure::{Failure, Result};

/// The password in a file. A line break at its end does not count.
pub(super) fn read_password(path: &Path) -> Result<Secret> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        Failure::new(Exit::Configuration, error)
            .context(format!("cannot read `{}`", path.display()))
    })?;
    Ok(Secret::from(text.trim_end_matches(['\r', '\n'])))
}
