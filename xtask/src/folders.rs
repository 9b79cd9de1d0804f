//! Folders.

use std::path::{Path, PathBuf};

/// The folder in which cargo builds.
pub(crate) fn target(root: &Path) -> PathBuf {
    let folder = std::env::var_os("CARGO_TARGET_DIR").unwrap_or("target".into());
    root.join(folder)
}
