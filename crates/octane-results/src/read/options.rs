//! How inputs are read.

use crate::{Columns, Format, StatusWords, SuitePath};

/// How inputs are read.
///
/// ```
/// use octane_results::{Format, ReadOptions};
///
/// let options = ReadOptions::default()
///     .format(Format::Csv)
///     .suite_path("Shop/Checkout");
/// # let _ = options;
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadOptions {
    /// The format; found out from content and extension if there is none.
    pub format: Option<Format>,
    /// Which columns of a table mean what, beyond those that are known.
    pub columns: Columns,
    /// What parts the columns of a table; found out from the header line if there is none.
    pub delimiter: Option<u8>,
    /// Which words mean which status, beyond those that are known.
    pub status_words: StatusWords,
    /// Where results without a module or package get theirs from.
    pub suite_path: SuitePath,
    /// Names of properties in reports that hold Jira keys; case does not matter. By default `jira`,
    /// `jira_key`, `jira-key`, `test_key` and `requirement`.
    pub jira_properties: Vec<String>,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            format: None,
            columns: Columns::default(),
            delimiter: None,
            status_words: StatusWords::default(),
            suite_path: SuitePath::default(),
            jira_properties: ["jira", "jira_key", "jira-key", "test_key", "requirement"]
                .map(str::to_owned)
                .to_vec(),
        }
    }
}

impl ReadOptions {
    /// Takes every input for this format.
    pub fn format(mut self, format: Format) -> Self {
        self.format = Some(format);
        self
    }

    /// Assigns columns.
    pub fn columns(mut self, columns: Columns) -> Self {
        self.columns = columns;
        self
    }

    /// Sets what parts the columns of a table.
    pub fn delimiter(mut self, delimiter: u8) -> Self {
        self.delimiter = Some(delimiter);
        self
    }

    /// Sets the words for a status.
    pub fn status_words(mut self, words: StatusWords) -> Self {
        self.status_words = words;
        self
    }

    /// Sets where results without a module or package get theirs from.
    pub fn suite_path(mut self, path: &str) -> Self {
        self.suite_path = SuitePath::new(path);
        self
    }

    /// Sets which properties hold Jira keys.
    pub fn jira_properties<N: Into<String>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
        self.jira_properties = names.into_iter().map(Into::into).collect();
        self
    }
}
