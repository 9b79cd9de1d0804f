//! The folder through which uploads arrive, by the options.

use std::sync::Arc;

use octane_relay::{DoorSettings, Folder, Store};

use crate::args::FolderArgs;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::names;

/// The door at a folder, if one is named. Fails if it cannot be read.
pub(super) fn open(
    args: &FolderArgs,
    store: &Arc<dyn Store>,
    settings: &DoorSettings,
    on_stored: impl Fn() + Send + Sync + 'static,
) -> Result<Option<Folder>> {
    let Some(folder) = &args.folder else {
        return Ok(None);
    };
    std::fs::read_dir(folder).map_err(|error| {
        Failure::new(Exit::Configuration, error)
            .context(format!("cannot read the folder `{}`", folder.display()))
            .hint("create it, or name another one with `--folder DIR`")
    })?;
    let project = names::optional("--folder-project", args.folder_project.as_deref())?;
    let project = project.map(str::to_owned);
    let (store, settings) = (Arc::clone(store), settings.clone());
    let folder = Folder::new(store, settings, folder, project, on_stored);
    Ok(Some(folder))
}
