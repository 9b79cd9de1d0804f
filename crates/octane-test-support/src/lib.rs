//! What tests need and a machine may not have: programs, files that belong to others, certificates, a network with proxies, a keyring, and a
//! PostgreSQL server.
//!
//! A test that cannot run is skipped, never silently: it is recorded in the file that
//! [`SKIPPED_TESTS`] names, and `cargo xtask test` ends with the list. On CI (where the variable
//! `CI` is set) a missing program is a failure.

#![forbid(unsafe_code)]

pub mod certificates;
pub mod forward_proxy;
pub mod postgres;
pub mod secret_service;
pub mod tls_server;
pub mod tokens;

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::thread;

/// The variable with the path of the file that lists skipped tests: the reason, a tab, and the test's name.
pub const SKIPPED_TESTS: &str = "OCTANE_SKIPPED_TESTS";

/// Records that the test that runs in this thread, or a part of it, is skipped.
#[expect(
    clippy::print_stderr,
    reason = "a test that does not check anything must say so"
)]
pub fn skip(reason: &str) {
    let thread = thread::current();
    let test = thread.name().unwrap_or("a test");
    eprintln!("SKIPPED: {test}: {reason}");
    let Some(path) = std::env::var_os(SKIPPED_TESTS) else {
        return;
    };
    // A single write appends whole lines, although several processes share the file.
    let line = format!("{reason}\t{test}\n");
    let file = OpenOptions::new().create(true).append(true).open(&path);
    file.and_then(|mut file| file.write_all(line.as_bytes()))
        .unwrap_or_else(|error| panic!("cannot write to `{}`: {error}", path.display()));
}

/// The path of a program. If it is not installed the test is to be skipped, and that is recorded. `package` is
/// the Debian package that has it.
///
/// # Panics
/// If the program is not installed on CI.
pub fn program(name: &str, package: &str) -> Option<PathBuf> {
    let path = find(name);
    if path.is_none() {
        let reason = format!("`{name}` is not installed (Debian package: {package})");
        assert!(std::env::var_os("CI").is_none(), "on CI, {reason}");
        skip(&reason);
    }
    path
}

/// Searches the folders of `PATH`.
fn find(name: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    let mut paths = std::env::split_paths(&folders).map(|folder| folder.join(&file));
    paths.find(|path| path.is_file())
}

/// The folder with files that belong to others and are not part of the repository: `OCTANE_SHARED`, or `../shared`
/// next to the repository. If it does not contain `name` the test is to be skipped, and that is recorded.
///
/// # Panics
/// If `OCTANE_SHARED` is set and its folder does not contain `name`.
pub fn shared_folder_with(name: &str) -> Option<PathBuf> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let named = std::env::var_os("OCTANE_SHARED");
    let folder = repository.join(named.as_deref().unwrap_or("../shared".as_ref()));
    if folder.join(name).exists() {
        return Some(folder);
    }
    assert!(
        named.is_none(),
        "OCTANE_SHARED names `{}`, which does not contain `{name}`",
        folder.display()
    );
    skip(&format!(
        "there is no `{name}` in `../shared` (set OCTANE_SHARED)"
    ));
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_searched_in_the_folders_of_path() {
        assert!(find("cargo").is_some());
        assert_eq!(find("a-program-that-does-not-exist"), None);
    }
}
