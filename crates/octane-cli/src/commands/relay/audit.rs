//! Where the audit log of a relay is, and who runs a command.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use octane_relay::Audit;

use crate::env;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::secrets;

/// Its name in the directory of the relay's files.
const FILE: &str = "audit.jsonl";

/// The audit log of the options, for a relay with its files in `folder`. Fails if it cannot be written.
pub(super) fn open(log: Option<&Path>, folder: &Path) -> Result<Audit> {
    let log = log.filter(|log| !log.as_os_str().is_empty());
    let file = match log.and_then(Path::to_str) {
        Some("off") => return Ok(Audit::default()),
        Some("-") => {
            return Ok(Audit::new(|line| {
                let mut stdout = io::stdout().lock();
                stdout.write_all(redacted(line).as_bytes())?;
                stdout.flush()
            }));
        }
        _ => log.map_or_else(|| folder.join(FILE), Path::to_owned),
    };
    let opened = options().open(&file).map(drop);
    opened.map_err(|error| {
        Failure::new(Exit::Configuration, error)
            .context(format!("cannot write the audit log `{}`", file.display()))
            .hint("use another file, `-` for standard output, or `off` with `--audit-log`")
    })?;
    // Opened for each line, so that it can be rotated by renaming it.
    Ok(Audit::new(move |line| {
        let line = redacted(line);
        append(&mut options().open(&file)?, |log| {
            log.write_all(line.as_bytes())
        })
    }))
}

/// A new file can be read by its owner alone.
fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options
}

/// In one piece, so that lines of several processes do not mix.
fn redacted(line: &str) -> String {
    format!("{}\n", secrets::redactor().redact(line))
}

/// Appends what `write` does, or nothing: half a line would make the next one unreadable. Other processes wait for their turn.
fn append(log: &mut File, write: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    // A pipe or a terminal has neither a lock nor a length, and some file systems have no locks. Without one, half a line stays.
    let is_locked = log.metadata()?.is_file() && log.lock().is_ok();
    let length = log.metadata()?.len();
    let written = write(log);
    if written.is_err() && is_locked {
        log.set_len(length)?;
    }
    written
}

/// The user who runs this process.
pub(super) fn user() -> String {
    let name = env::text("USER").or_else(|| env::text("USERNAME"));
    #[cfg(unix)]
    let name = {
        let id = rustix::process::getuid().as_raw();
        let users = || std::fs::read_to_string("/etc/passwd").ok();
        let name = name.or_else(|| name_of(id, &users()?));
        Some(format!(
            "{} (uid {id})",
            name.as_deref().unwrap_or("unknown")
        ))
    };
    name.unwrap_or_else(|| "unknown".to_owned())
}

/// The name of a user in the list of users of the system.
#[cfg(unix)]
fn name_of(id: u32, users: &str) -> Option<String> {
    let mut names = users.lines().filter_map(|line| {
        let mut fields = line.split(':');
        let (name, _, found) = (fields.next()?, fields.next()?, fields.next()?);
        (found.parse() == Ok(id)).then(|| name.to_owned())
    });
    names.next()
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn half_a_line_is_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.jsonl");
        let full = io::ErrorKind::StorageFull;
        for (line, is_full) in [("one\n", false), ("tw", true), ("three\n", false)] {
            let mut log = options().open(&path).unwrap();
            let done = append(&mut log, |log| {
                log.write_all(line.as_bytes())?;
                if is_full { Err(full.into()) } else { Ok(()) }
            });
            assert_eq!(
                done.err().map(|error| error.kind()),
                is_full.then_some(full)
            );
        }
        assert_eq!(std::fs::read_to_string(path).unwrap(), "one\nthree\n");
    }

    #[test]
    fn a_user_has_a_name_also_where_no_variable_has_it() {
        let users =
            "root:x:0:0:root:/root:/bin/sh\nbroken\nrelay:x:999:999::/var/lib/relay:/bin/false\n";
        assert_eq!(name_of(0, users).as_deref(), Some("root"));
        assert_eq!(name_of(999, users).as_deref(), Some("relay"));
        assert_eq!(name_of(1, users), None);
    }
}
