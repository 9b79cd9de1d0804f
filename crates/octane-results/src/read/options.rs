//! How inputs are read.

use jiff::tz::TimeZone;

use crate::format::Format;
use crate::identity::SuitePath;
use crate::identity_template::IdentityTemplate;
use crate::read::columns::Columns;
use crate::read::encoding::TextEncoding;
use crate::read::jira_map::JiraMap;
use crate::read::jira_sources::JiraSources;
use crate::read::status_aliases::StatusAliases;
use crate::scrub::Scrub;

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
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use]
#[non_exhaustive]
pub struct ReadOptions {
    /// The format; detected from content and extension if absent.
    pub format: Option<Format>,
    /// The encoding; by the byte order mark or the XML declaration if absent, and UTF-8 without either.
    pub encoding: Option<TextEncoding>,
    /// The fields of columns, in addition to those that are recognised by their names.
    pub columns: Columns,
    /// The separator of the columns of a table; detected from the header line if absent.
    pub delimiter: Option<u8>,
    /// The words for a status, in addition to those that are built in.
    pub status_aliases: StatusAliases,
    /// The path that provides the module and the package of results without one.
    pub suite_path: SuitePath,
    /// The time zone of start times without an offset; if absent, they count as UTC, with a warning in each input.
    pub time_zone: Option<TimeZone>,
    /// Where Jira keys are looked for.
    pub jira_sources: JiraSources,
    /// How the identity of each test is made from what its report says; as the format has it by default.
    pub identity: IdentityTemplate,
    /// What is removed from names because it differs from run to run.
    pub scrub: Scrub,
    /// Jira keys by the identity of tests.
    pub jira_map: Option<JiraMap>,
}

impl ReadOptions {
    /// Reads every input as this format.
    pub fn format(mut self, format: Format) -> Self {
        self.format = Some(format);
        self
    }

    /// Reads every input without a byte order mark in this encoding, whatever it declares.
    pub fn encoding(mut self, encoding: TextEncoding) -> Self {
        self.encoding = Some(encoding);
        self
    }

    /// Sets the fields of columns.
    pub fn columns(mut self, columns: Columns) -> Self {
        self.columns = columns;
        self
    }

    /// Sets the separator of the columns of a table.
    pub fn delimiter(mut self, delimiter: u8) -> Self {
        self.delimiter = Some(delimiter);
        self
    }

    /// Sets the words for a status.
    pub fn status_aliases(mut self, words: StatusAliases) -> Self {
        self.status_aliases = words;
        self
    }

    /// Sets the path that provides the module and the package of results without one.
    pub fn suite_path(mut self, path: &str) -> Self {
        self.suite_path = SuitePath::new(path);
        self
    }

    /// Sets the time zone of start times without an offset.
    pub fn time_zone(mut self, zone: TimeZone) -> Self {
        self.time_zone = Some(zone);
        self
    }

    /// Sets where Jira keys are looked for.
    pub fn jira_sources(mut self, sources: JiraSources) -> Self {
        self.jira_sources = sources;
        self
    }

    /// Sets how the identity of each test is made.
    pub fn identity(mut self, template: IdentityTemplate) -> Self {
        self.identity = template;
        self
    }

    /// Adds the Jira keys of a table.
    pub fn jira_map(mut self, map: JiraMap) -> Self {
        self.jira_map = Some(map);
        self
    }

    /// Sets what is removed from names because it differs from run to run.
    pub fn scrub(mut self, scrub: Scrub) -> Self {
        self.scrub = scrub;
        self
    }
}
