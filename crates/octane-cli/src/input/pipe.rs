//! Inputs that can be read only once: standard input, pipes and devices. What comes from them is kept in memory, up to a
//! limit, because a device may have no end; and a pipe that no process opens for writing is not waited for forever.

use std::fs::{self, Metadata};
use std::io::{self, Read};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use octane_results::Source;

use crate::exit::Exit;
use crate::failure::{Failure, Result};

/// The most that is kept of one input.
const MEBIBYTES_MAX: u64 = 256;

/// How long a pipe may be without a process that writes to it. Once it has one, there is no limit.
const WRITER_WAIT: Duration = Duration::from_secs(30);

/// The same input, with its content in memory if it can be read only once.
pub(super) fn buffered(source: Source) -> Result<Source> {
    let metadata = match source.name() {
        "-" => None,
        name => match fs::metadata(name) {
            Ok(metadata) if metadata.is_file() => return Ok(source),
            Ok(metadata) => Some(metadata),
            // Reading it says what is wrong.
            Err(_) => return Ok(source),
        },
    };
    let input = if metadata.as_ref().is_some_and(is_pipe) {
        open_pipe(&source, WRITER_WAIT)?
    } else {
        source.open().map_err(|error| cannot_read(&source, error))?
    };
    let bytes = read_bounded(&source, input, MEBIBYTES_MAX * 1024 * 1024)?;
    Ok(source.with_bytes(bytes))
}

#[cfg(unix)]
fn is_pipe(metadata: &Metadata) -> bool {
    std::os::unix::fs::FileTypeExt::is_fifo(&metadata.file_type())
}

#[cfg(not(unix))]
fn is_pipe(_: &Metadata) -> bool {
    false
}

/// Opens a pipe, which waits for a process that opens it to write.
fn open_pipe(source: &Source, wait: Duration) -> Result<Box<dyn Read + Send>> {
    let (sender, receiver) = mpsc::channel();
    let opening = source.clone();
    // Nothing can end the call that opens a pipe, so this thread may stay until the process ends.
    std::thread::spawn(move || sender.send(opening.open()));
    match receiver.recv_timeout(wait) {
        Ok(opened) => opened.map_err(|error| cannot_read(source, error)),
        Err(RecvTimeoutError::Timeout) => {
            let message = format!(
                "no process opened the pipe `{}` for writing within {} s",
                source.name(),
                wait.as_secs()
            );
            Err(Failure::message(Exit::Input, message).hint(
                "start the process that writes the results before this one, or let it write a file",
            ))
        }
        Err(RecvTimeoutError::Disconnected) => Err(cannot_read(
            source,
            io::Error::other("the pipe cannot be opened"),
        )),
    }
}

fn read_bounded(source: &Source, input: impl Read, bytes_max: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    input
        .take(bytes_max + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| cannot_read(source, error))?;
    if bytes.len() as u64 > bytes_max {
        let message = format!(
            "{} is larger than {} MiB",
            name(source),
            bytes_max / 1024 / 1024
        );
        return Err(Failure::message(Exit::Input, message)
            .hint("write the results to a file: only what comes from a pipe or a device has to fit into memory"));
    }
    Ok(bytes)
}

fn cannot_read(source: &Source, error: io::Error) -> Failure {
    Failure::new(Exit::Input, error).context(format!("cannot read {}", name(source)))
}

fn name(source: &Source) -> String {
    match source.name() {
        "-" => "standard input".to_owned(),
        name => format!("`{name}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_end_is_refused() {
        let source = Source::path("endless");
        assert_eq!(read_bounded(&source, &b"abc"[..], 3).unwrap(), b"abc");
        let failure = read_bounded(&source, io::repeat(0), 1024 * 1024).unwrap_err();
        assert_eq!(failure.exit, Exit::Input);
        assert_eq!(failure.error.to_string(), "`endless` is larger than 1 MiB");
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_without_a_writer_is_given_up() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        let Some(mkfifo) = octane_test_support::program("mkfifo", "coreutils") else {
            return;
        };
        let made = std::process::Command::new(mkfifo).arg(&path).status();
        assert!(made.unwrap().success());
        assert!(is_pipe(&fs::metadata(&path).unwrap()));
        let opened = open_pipe(&Source::path(&path), Duration::ZERO).map(drop);
        let failure = opened.unwrap_err();
        assert_eq!(failure.exit, Exit::Input);
        assert!(
            failure
                .error
                .to_string()
                .contains("no process opened the pipe")
        );
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_device_of_zeros_is_refused_and_files_are_left_where_they_are() {
        assert!(buffered(Source::path("/dev/zero")).is_err());
        let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        let source = buffered(Source::path(manifest)).unwrap();
        assert_eq!(source.name(), manifest);
    }
}
