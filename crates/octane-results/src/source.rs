//! Where results come from.

use std::fmt;
use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;

use crate::Format;

mod find;

pub use find::sources;

/// A named input that can be opened.
#[derive(Debug, Clone)]
pub struct Source {
    name: Arc<str>,
    content: Content,
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
        }
    }

    /// Bytes in memory, shown under `name`.
    pub fn bytes(name: impl Into<Arc<str>>, bytes: impl Into<Arc<[u8]>>) -> Self {
        Self {
            name: name.into(),
            content: Content::Bytes(bytes.into()),
        }
    }

    /// Standard input, shown as `-`. It can be read once.
    pub fn stdin() -> Self {
        Self {
            name: "-".into(),
            content: Content::Stdin,
        }
    }

    /// The name that messages show.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn shared_name(&self) -> Arc<str> {
        Arc::clone(&self.name)
    }

    /// The extension of the name, which tells the format where the content does not.
    pub fn extension(&self) -> Option<&str> {
        Path::new(&*self.name).extension()?.to_str()
    }

    /// Opens the input at its start.
    pub fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(match &self.content {
            Content::Path(path) => Box::new(File::open(path)?),
            Content::Bytes(bytes) => Box::new(Cursor::new(Arc::clone(bytes))),
            Content::Stdin => Box::new(io::stdin()),
        })
    }
}

/// Why patterns did not lead to inputs; all problems at once.
#[derive(Debug, Error)]
#[error("{}", Listed(problems))]
#[non_exhaustive]
pub struct SourceError {
    /// What is wrong, in the order of the patterns; never empty.
    pub problems: Vec<SourceProblem>,
    /// What the other patterns led to, for callers that go on without the rest.
    pub found: Vec<Source>,
}

/// A pattern that is of no use.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SourceProblem {
    /// There is no such file or folder.
    #[error("there is no file or folder `{pattern}`")]
    Missing {
        /// The pattern as given.
        pattern: String,
    },
    /// A glob that no file matches.
    #[error("no file matches `{pattern}`")]
    NoMatch {
        /// The pattern as given.
        pattern: String,
    },
    /// A folder without a file of a known kind.
    #[error("no results file in the folder `{pattern}`; looked for *.{}", Format::EXTENSIONS.join(", *."))]
    EmptyFolder {
        /// The pattern as given.
        pattern: String,
    },
    /// Everything that matches is excluded.
    #[error("all files that match `{pattern}` are excluded")]
    Excluded {
        /// The pattern as given.
        pattern: String,
    },
    /// A glob that cannot be understood, of those to read or of those to exclude.
    #[error("`{pattern}` is no valid pattern")]
    Glob {
        /// The pattern as given.
        pattern: String,
        /// What is wrong with it.
        source: globset::Error,
    },
    /// A folder that cannot be listed.
    #[error("cannot list the files of `{pattern}`")]
    Walk {
        /// The pattern as given.
        pattern: String,
        /// The folder and what is wrong with it.
        source: walkdir::Error,
    },
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
