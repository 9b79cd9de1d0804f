//! The fields that the columns of a table can contain.

use std::str::FromStr;

use thiserror::Error;

use crate::read::spelling::{folded, is_same, nearest};

macro_rules! fields {
    ($($variant:ident $name:literal [$($synonym:literal),*] $doc:literal;)*) => {
        /// A field of a result, as the columns of a table contain it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum ResultField {
            $(#[doc = $doc] $variant,)*
        }

        impl ResultField {
            /// All fields.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name of the field and of its column.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Alternative names of the column, without `_`, `-` and spaces.
            pub const fn synonyms(self) -> &'static [&'static str] {
                match self { $(Self::$variant => &[$($synonym),*],)* }
            }
        }
    };
}

fields! {
    Name "name" ["testname"] "The name of the test; required.";
    Status "status" [] "The status, one of the words in [`StatusAliases`](crate::StatusAliases); required.";
    Class "class" ["classname", "testclass"] "The class, file or fixture.";
    Package "package" [] "The package or namespace.";
    Module "module" ["component"] "The component under test.";
    RunName "run_name" [] "The name of the run, if it differs from the name of the test.";
    Duration "duration" ["durationms", "durationmsec", "durationmsecs", "durationmillis", "durationmilliseconds"] "The duration in milliseconds, as in Octane, or with a unit of its own.";
    DurationSeconds "duration_s" ["durationsec", "durationsecs", "durationseconds"] "The duration in seconds, or with a unit of its own.";
    Started "started" [] "The start time: ISO 8601, or seconds or milliseconds since the epoch.";
    ErrorType "error_type" [] "The type of the failure, for example an exception class.";
    ErrorMessage "error_message" [] "The message of the failure.";
    ErrorDetails "error_details" [] "The details of the failure, for example a stack trace.";
    Description "description" [] "Free text.";
    ExternalTestId "external_test_id" ["externalid"] "The id of the test in another system.";
    ExternalRunId "external_run_id" [] "The id of the result in another system.";
    ReportUrl "report_url" ["externalreporturl"] "A link to the report.";
    Jira "jira" ["jirakey", "jirakeys"] "Keys of Jira issues, separated by commas, semicolons or spaces.";
    Tags "tags" [] "The environment of the run, for example `OS:Linux; Browser:Firefox`.";
}

impl ResultField {
    pub(crate) const REQUIRED: [Self; 2] = [Self::Name, Self::Status];

    /// Names of columns that often hold this required field, though they may mean something else; without `_`, `-` and
    /// spaces.
    pub(crate) const fn look_alikes(self) -> &'static [&'static str] {
        match self {
            Self::Name => &[
                "title",
                "test",
                "testcase",
                "testtitle",
                "testmethod",
                "displayname",
                "nodeid",
                "case",
                "scenario",
                "summary",
                "method",
                "function",
            ],
            Self::Status => &[
                "result",
                "outcome",
                "verdict",
                "state",
                "teststatus",
                "testresult",
                "runstatus",
                "conclusion",
                "passfail",
                "finalstatus",
                "executionstatus",
            ],
            _ => &[],
        }
    }

    /// The unit of a duration in brackets at the end of a column's name, if it is seconds or milliseconds: `Dauer (s)`.
    pub(crate) fn with_unit(header: &str) -> Option<Self> {
        let unit = in_brackets(header)?;
        let named = Self::from_header(&format!("duration {unit}"));
        named.filter(|_| !unit.trim().is_empty())
    }

    /// The column of `header` that probably holds this field, although it has another name.
    ///
    /// ```
    /// use octane_results::ResultField;
    ///
    /// let header = ["ID".to_owned(), "Title".to_owned(), "Result".to_owned()];
    /// assert_eq!(ResultField::Name.probable_column(&header), Some("Title"));
    /// assert_eq!(ResultField::Status.probable_column(&header), Some("Result"));
    /// ```
    pub fn probable_column(self, header: &[String]) -> Option<&str> {
        let similar = self.look_alikes().iter();
        let mut similar =
            similar.filter_map(|known| header.iter().find(|name| is_same(known, name)));
        let misspelt = || nearest(self.as_str(), header.iter().map(String::as_str));
        similar.next().map(String::as_str).or_else(misspelt)
    }

    /// Whether the field is the duration, in whatever unit.
    pub(crate) const fn is_duration(self) -> bool {
        matches!(self, Self::Duration | Self::DurationSeconds)
    }

    /// The field whose column is called `header`, ignoring case, `_`, `-` and spaces. A duration may have its unit in
    /// brackets: `Duration (ms)`, `duration[seconds]`.
    pub fn from_header(header: &str) -> Option<Self> {
        let mut header = folded(header);
        if header.starts_with("duration") {
            header.retain(|char| !matches!(char, '(' | ')' | '[' | ']'));
        }
        (Self::ALL.iter().copied())
            .find(|field| is_same(&header, field.as_str()) || field.synonyms().contains(&&*header))
    }
}

/// A unit in brackets at the end of a column's name that [`ResultField::with_unit`] does not know, as durations have it.
pub(crate) fn unit_in(header: &str) -> Option<&'static str> {
    let unit = folded(in_brackets(header)?);
    match unit.trim_end_matches('.') {
        "sek" | "sekunde" | "sekunden" => Some("s"),
        "millisekunden" => Some("ms"),
        "m" | "min" | "mins" | "minute" | "minutes" | "minuten" => Some("min"),
        "h" | "hr" | "hrs" | "hour" | "hours" | "std" | "stunden" => Some("h"),
        "d" | "day" | "days" | "tage" => Some("d"),
        "us" | "\u{b5}s" | "\u{3bc}s" | "microseconds" | "mikrosekunden" => Some("us"),
        "ns" | "nanoseconds" | "nanosekunden" => Some("ns"),
        _ => None,
    }
}

/// What is in brackets at the end of a column's name.
fn in_brackets(header: &str) -> Option<&str> {
    let open = header.rfind(['(', '['])?;
    header[open + 1..].trim_end().strip_suffix([')', ']'])
}

impl FromStr for ResultField {
    type Err = UnknownResultField;

    fn from_str(word: &str) -> Result<Self, UnknownResultField> {
        Self::from_header(word).ok_or_else(|| UnknownResultField {
            word: word.to_owned(),
        })
    }
}

/// A word that is not the name of a [`ResultField`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("unknown field `{word}`; supported: {}", names())]
#[non_exhaustive]
pub struct UnknownResultField {
    /// The word.
    pub word: String,
}

fn names() -> String {
    let names: Vec<_> = ResultField::ALL
        .iter()
        .map(|field| field.as_str())
        .collect();
    names.join(", ")
}
