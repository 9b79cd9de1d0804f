//! What a search for inputs does not read, and why.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use crate::read::error::{ReadError, ReadErrorKind};
use crate::sniff::is_report;

/// Something that a folder or a glob contains and that is not read; nothing of it is missing that can be used.
///
/// Prints as `` `build/out` is a symbolic link that points outside the directory ``.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LeftOut {
    /// The path, as shown in messages.
    pub path: Arc<str>,
    /// The reason.
    pub reason: LeftOutReason,
}

/// Why something is not read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LeftOutReason {
    /// A link to something outside of the folder.
    LinkOutside,
    /// A pipe, a device or a socket.
    NotRegular,
    /// A file that looks like a report but has an unsupported extension.
    UnusualExtension,
    /// A compressed file, which may contain a report.
    Compressed,
    /// A file of another kind, such as a coverage report or a configuration.
    OtherKind {
        /// Why it is none: ``root element is `coverage` ``.
        found: String,
    },
}

/// A file or folder that cannot be read, so that results may be missing.
///
/// Prints as `` `build/sub` cannot be read: permission denied ``.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnreadablePath {
    /// The path, as shown in messages.
    pub path: Arc<str>,
    /// The reason: `cannot be read: permission denied`.
    pub reason: String,
}

impl LeftOut {
    pub(super) fn new(path: &Path, reason: LeftOutReason) -> Self {
        Self {
            path: path.display().to_string().into(),
            reason,
        }
    }
}

impl LeftOut {
    /// An input that is of another kind than results, as the [error](ReadError::is_other_kind) says.
    pub fn other_kind(error: &ReadError) -> Self {
        let found = match error.kind() {
            ReadErrorKind::UnknownRoot { root, .. } => format!("root element is `{root}`"),
            kind => kind.to_string(),
        };
        Self {
            path: error.file().into(),
            reason: LeftOutReason::OtherKind { found },
        }
    }
}

impl UnreadablePath {
    pub(super) fn new(path: &Path, reason: String) -> Self {
        Self {
            path: path.display().to_string().into(),
            reason,
        }
    }
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.path, self.reason)
    }
}

impl fmt::Display for LeftOutReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LinkOutside => {
                f.write_str("is a symbolic link that points outside the directory")
            }
            Self::NotRegular => f.write_str("is not a regular file"),
            Self::UnusualExtension => {
                f.write_str("looks like a report but has an unsupported extension")
            }
            Self::Compressed => f.write_str("is compressed"),
            Self::OtherKind { found } => write!(f, "contains no test results: {found}"),
        }
    }
}

impl fmt::Display for UnreadablePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` {}", self.path, self.reason)
    }
}

/// Why a file of a folder that does not have the extension of results should be mentioned, if it should.
pub(super) fn overlooked(path: &Path) -> Option<LeftOutReason> {
    const HEAD_BYTES: u64 = 8 * 1024;
    const WORDS: [&str; 7] = ["xml", "csv", "trx", "junit", "test", "result", "report"];
    let name = path.file_name()?.to_string_lossy().to_lowercase();
    if path.extension().is_some() && !WORDS.iter().any(|word| name.contains(word)) {
        return None;
    }
    let mut head = Vec::new();
    // A file that cannot be read and does not look like results is none of our business.
    let file = File::open(path).ok()?;
    file.take(HEAD_BYTES).read_to_end(&mut head).ok()?;
    overlooked_head(&head)
}

fn overlooked_head(head: &[u8]) -> Option<LeftOutReason> {
    const COMPRESSED: [&[u8]; 6] = [
        b"PK\x03\x04",
        b"\x1F\x8B",
        b"BZh",
        b"\xFD7zXZ",
        b"\x28\xB5\x2F\xFD",
        b"7z\xBC\xAF",
    ];
    if COMPRESSED.iter().any(|magic| head.starts_with(magic)) {
        return Some(LeftOutReason::Compressed);
    }
    is_report(head).then_some(LeftOutReason::UnusualExtension)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_may_be_results_are_mentioned_and_others_are_not() {
        let head = |bytes: &[u8]| overlooked_head(bytes);
        for report in [
            &b"<?xml version='1.0'?>\n<testsuites>"[..],
            b"<test-run id='2'>",
            b"\xFF\xFE<\0T\0e\0s\0t\0R\0u\0n\0>\0",
            b"{\"numFailedTestSuites\":0,\"numFailedTests\":0,\"testRes",
            b"[{\"name\":\"pays\",\"status\":\"failed\"},{\"na",
            b"Name;Status\npays;failed\n",
            b"TAP version 14\n",
            b"PAR1",
        ] {
            assert_eq!(head(report), Some(LeftOutReason::UnusualExtension));
        }
        assert_eq!(head(b"\x1F\x8B\x08"), Some(LeftOutReason::Compressed));
        for other in [
            &b""[..],
            b"text <testsuite",
            b"<html>",
            b"\xCA\xFE\xBA\xBE",
            b"{\"scripts\":{\"test\":\"jest\"}}",
            b"assert_eq(name, status, \"failed\")",
            b"[testenv]\nok = 1\n",
        ] {
            assert_eq!(head(other), None);
        }
    }
}
