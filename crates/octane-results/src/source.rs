//! The inputs that results are read from.

use std::fmt;
use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;

use crate::format::Format;

pub(crate) mod find;
pub(crate) mod left_out;
mod walk;

/// A named input that can be opened.
#[derive(Debug, Clone)]
pub struct Source {
    name: Arc<str>,
    content: Content,
    pattern: usize,
    is_named: bool,
}

#[derive(Debug, Clone)]
enum Content {
    Path(PathBuf),
    Bytes(Arc<[u8]>),
    Stdin,
}

impl Source {
    /// A file.
    pub fn path(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        Self {
            name: path.display().to_string().into(),
            content: Content::Path(path),
            pattern: 0,
            is_named: true,
        }
    }

    /// Bytes in memory, called `name` in messages.
    pub fn bytes(name: impl Into<Arc<str>>, bytes: impl Into<Arc<[u8]>>) -> Self {
        Self {
            name: name.into(),
            content: Content::Bytes(bytes.into()),
            pattern: 0,
            is_named: true,
        }
    }

    /// Standard input, called `-` in messages. It can be read only once.
    pub fn stdin() -> Self {
        Self {
            name: "-".into(),
            content: Content::Stdin,
            pattern: 0,
            is_named: true,
        }
    }

    /// A file that was found in a folder or by a glob.
    pub(crate) fn found(path: impl Into<PathBuf>) -> Self {
        Self {
            is_named: false,
            ..Self::path(path)
        }
    }

    /// Whether the input was asked for by its own name, and not found in a folder or by a glob.
    pub fn is_named(&self) -> bool {
        self.is_named
    }

    /// The same input with other content, such as that of a pipe, which can be read only once.
    pub fn with_bytes(self, bytes: impl Into<Arc<[u8]>>) -> Self {
        Self {
            content: Content::Bytes(bytes.into()),
            ..self
        }
    }

    /// The number of the pattern that found it, from 0, as they were passed to [`sources`](crate::sources).
    pub fn pattern(&self) -> usize {
        self.pattern
    }

    /// Sets the number of the pattern that found it.
    pub fn with_pattern(mut self, pattern: usize) -> Self {
        self.pattern = pattern;
        self
    }

    /// The path, if the input is a file.
    pub fn as_path(&self) -> Option<&Path> {
        match &self.content {
            Content::Path(path) => Some(path),
            Content::Bytes(_) | Content::Stdin => None,
        }
    }

    /// The name, as shown in messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn shared_name(&self) -> Arc<str> {
        Arc::clone(&self.name)
    }

    /// The extension of the name, without that of compression, which decides the format if the content does not.
    pub fn extension(&self) -> Option<&str> {
        crate::sniff::extension(&self.name)
    }

    /// Whether the input can be opened more than once: pipes cannot.
    pub(crate) fn is_repeatable(&self) -> bool {
        match &self.content {
            Content::Path(path) => path.is_file(),
            Content::Bytes(_) => true,
            Content::Stdin => false,
        }
    }

    /// The file, if the input is one that can be read at any place.
    #[cfg(feature = "arrow")]
    pub(crate) fn regular_file(&self) -> Option<File> {
        match &self.content {
            Content::Path(path) if path.is_file() => File::open(path).ok(),
            _ => None,
        }
    }

    /// Opens the input at its beginning.
    pub fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(match &self.content {
            Content::Path(path) => Box::new(File::open(path)?),
            Content::Bytes(bytes) => Box::new(Cursor::new(Arc::clone(bytes))),
            Content::Stdin => Box::new(io::stdin()),
        })
    }
}

/// Patterns without inputs, with all problems at once.
#[derive(Debug, Error)]
#[error("{}", Listed(problems))]
#[non_exhaustive]
pub struct SourceError {
    /// The problems, in the order of the patterns; never empty.
    pub problems: Vec<SourceProblem>,
    /// The inputs of the other patterns, for callers that continue without the rest.
    pub found: Vec<Source>,
}

/// A problem with a pattern.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SourceProblem {
    /// The file or directory does not exist.
    #[error("no such file or directory: `{pattern}`")]
    Missing {
        /// The pattern.
        pattern: String,
    },
    /// No file matches the glob.
    #[error("no file matches `{pattern}`")]
    NoMatch {
        /// The pattern.
        pattern: String,
    },
    /// The folder contains no file with a supported extension.
    #[error("no results file in the directory `{pattern}`; searched for *.{}", Format::EXTENSIONS.join(", *."))]
    EmptyFolder {
        /// The pattern.
        pattern: String,
    },
    /// All matching files are excluded.
    #[error("all files matching `{pattern}` are excluded")]
    Excluded {
        /// The pattern.
        pattern: String,
    },
    /// An invalid glob, either of files to read or of files to exclude.
    #[error("invalid glob `{pattern}`")]
    Glob {
        /// The pattern.
        pattern: String,
        /// The reason.
        source: globset::Error,
    },
}

impl SourceProblem {
    /// The pattern.
    pub fn pattern(&self) -> &str {
        match self {
            Self::Missing { pattern }
            | Self::NoMatch { pattern }
            | Self::EmptyFolder { pattern }
            | Self::Excluded { pattern }
            | Self::Glob { pattern, .. } => pattern,
        }
    }
}

struct Listed<'a>(&'a [SourceProblem]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.0.iter().enumerate() {
            let separator = if at == 0 { "" } else { "; " };
            write!(f, "{separator}{problem}")?;
            if let Some(source) = std::error::Error::source(problem) {
                write!(f, ": {source}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_files_read_the_same() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.csv"), "a.csv").unwrap();
        let path = Source::path(folder.path().join("a.csv"));
        let bytes = Source::bytes("a.csv", *b"a.csv");
        for source in [path, bytes] {
            let mut text = String::new();
            source.open().unwrap().read_to_string(&mut text).unwrap();
            assert_eq!(text, "a.csv");
            assert_eq!(source.extension(), Some("csv"));
        }
    }
}
