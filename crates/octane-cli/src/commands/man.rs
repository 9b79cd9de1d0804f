//! `octane man`, for packages.

use std::path::Path;

use crate::args::Args;
use crate::exit::Exit;
use crate::failure::{Failure, Result};

/// Writes `octane.1`, and a page for each command.
pub(super) fn run(folder: &Path) -> Result<Exit> {
    let written = std::fs::create_dir_all(folder)
        .and_then(|()| clap_mangen::generate_to(Args::with_all_commands(), folder));
    written.map_err(|error| {
        let message = format!("cannot write man pages to `{}`", folder.display());
        Failure::new(Exit::Configuration, error).context(message)
    })?;
    Ok(Exit::Success)
}
