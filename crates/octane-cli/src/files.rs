//! How many files the process may have open.

use crate::failure::Result;

/// What uploading with some connections at once needs, with a journal.
#[cfg(unix)]
const FILES_MIN: usize = 32;

/// Fails if the limit of open files (`ulimit -n`) is so low that something would fail halfway, at a place that says nothing
/// about the limit.
#[cfg(unix)]
pub(crate) fn check_limit() -> Result<()> {
    use std::fs::File;

    use crate::exit::Exit;
    use crate::failure::Failure;

    let mut open = Vec::with_capacity(FILES_MIN);
    for _ in 0..FILES_MIN {
        match File::open("/dev/null") {
            Ok(file) => open.push(file),
            Err(error) if is_limit(&error) => {
                let message = format!(
                    "too few files can be open at once: {FILES_MIN} are needed, and {} are left",
                    open.len()
                );
                return Err(Failure::new(Exit::Configuration, error)
                    .context(message)
                    .hint("raise the limit, for example with `ulimit -n 1024`"));
            }
            // A system without this file; nothing is known about its limit.
            Err(_) => break,
        }
    }
    Ok(())
}

/// Whether the process (EMFILE) or the system (ENFILE) has too many open files.
#[cfg(unix)]
fn is_limit(error: &std::io::Error) -> bool {
    matches!(error.raw_os_error(), Some(23 | 24))
}

#[cfg(not(unix))]
#[expect(
    clippy::unnecessary_wraps,
    reason = "has the signature of the other one"
)]
pub(crate) fn check_limit() -> Result<()> {
    Ok(())
}
