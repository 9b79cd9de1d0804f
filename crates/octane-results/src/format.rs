//! The formats of results.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A supported format of results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// `JUnit` XML in all of its dialects.
    Junit,
    /// `NUnit` XML, of version 2 or 3.
    Nunit,
    /// `xUnit.net` XML, of version 1, 2 or 3.
    Xunit,
    /// `TRX` of Visual Studio and `dotnet test`.
    Trx,
    /// `TestNG` XML.
    Testng,
    /// The `output.xml` of Robot Framework.
    Robot,
    /// A payload for Octane.
    Octane,
    /// Cucumber JSON.
    Cucumber,
    /// Cucumber messages, a JSON object a line.
    CucumberMessages,
    /// The JSON report of Playwright.
    Playwright,
    /// The JSON report of Mocha or Mochawesome.
    Mocha,
    /// The JSON report of Jest or Vitest.
    Jest,
    /// The output of `go test -json`.
    GoTest,
    /// The report of `pytest-json-report`.
    PytestJson,
    /// The output of `dart test` or `flutter test` with the JSON reporter.
    Dart,
    /// A result file of Allure, in JSON.
    Allure,
    /// The Common Test Report Format, in JSON.
    Ctrf,
    /// The JSON report of `GoogleTest`; its XML is `JUnit`.
    Googletest,
    /// The XML report of `Catch2`, of version 2 or 3.
    Catch2,
    /// The JSON report of `RSpec`.
    Rspec,
    /// The Test Anything Protocol, of version 12, 13 or 14.
    Tap,
    /// A table with a header line and columns separated by commas, semicolons or tabs.
    Csv,
    /// A table as a JSON array of objects.
    Json,
    /// A table as a JSON object a line.
    Ndjson,
    /// A table in the file or stream format of Arrow, which is Feather 2 as well; needs the feature `arrow`.
    Arrow,
    /// A table in Parquet; needs the feature `arrow`.
    Parquet,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 26] = [
        Self::Junit,
        Self::Nunit,
        Self::Xunit,
        Self::Trx,
        Self::Testng,
        Self::Robot,
        Self::Octane,
        Self::Cucumber,
        Self::CucumberMessages,
        Self::Playwright,
        Self::Mocha,
        Self::Jest,
        Self::GoTest,
        Self::PytestJson,
        Self::Dart,
        Self::Allure,
        Self::Ctrf,
        Self::Googletest,
        Self::Catch2,
        Self::Rspec,
        Self::Tap,
        Self::Csv,
        Self::Json,
        Self::Ndjson,
        Self::Arrow,
        Self::Parquet,
    ];

    /// The extensions of the files that are read from a folder, in lower case; `.gz` may follow.
    pub const EXTENSIONS: [&'static str; 13] = [
        "xml", "trx", "json", "jsonl", "ndjson", "tap", "csv", "tsv", "parquet", "arrow", "arrows",
        "feather", "ipc",
    ];

    /// Whether this build can read the format: Arrow and Parquet need the feature `arrow`.
    pub const fn is_readable(self) -> bool {
        cfg!(feature = "arrow") || !matches!(self, Self::Arrow | Self::Parquet)
    }

    /// The name, for example `junit`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Junit => "junit",
            Self::Nunit => "nunit",
            Self::Xunit => "xunit",
            Self::Trx => "trx",
            Self::Testng => "testng",
            Self::Robot => "robot",
            Self::Octane => "octane",
            Self::Cucumber => "cucumber",
            Self::CucumberMessages => "cucumber-messages",
            Self::Playwright => "playwright",
            Self::Mocha => "mocha",
            Self::Jest => "jest",
            Self::GoTest => "go-test",
            Self::PytestJson => "pytest-json",
            Self::Dart => "dart",
            Self::Allure => "allure",
            Self::Ctrf => "ctrf",
            Self::Googletest => "googletest",
            Self::Catch2 => "catch2",
            Self::Rspec => "rspec",
            Self::Tap => "tap",
            Self::Csv => "csv",
            Self::Json => "json",
            Self::Ndjson => "ndjson",
            Self::Arrow => "arrow",
            Self::Parquet => "parquet",
        }
    }

    /// The format that files with this extension mostly have, ignoring case; the content takes precedence.
    pub fn from_extension(extension: &str) -> Option<Self> {
        match extension.to_ascii_lowercase().as_str() {
            "xml" => Some(Self::Junit),
            "trx" => Some(Self::Trx),
            "json" => Some(Self::Json),
            "jsonl" | "ndjson" => Some(Self::Ndjson),
            "tap" => Some(Self::Tap),
            "csv" | "tsv" => Some(Self::Csv),
            "arrow" | "arrows" | "feather" | "ipc" => Some(Self::Arrow),
            "parquet" => Some(Self::Parquet),
            _ => None,
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The names of all formats, separated by commas.
pub(crate) struct FormatNames;

impl fmt::Display for FormatNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Format::ALL.map(Format::as_str).join(", "))
    }
}

/// A word that is not the name of a [`Format`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("unsupported format `{word}`; supported: {FormatNames}")]
#[non_exhaustive]
pub struct UnknownFormat {
    /// The word.
    pub word: String,
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(word: &str) -> Result<Self, UnknownFormat> {
        Self::ALL
            .into_iter()
            .find(|format| format.as_str().eq_ignore_ascii_case(word))
            .ok_or_else(|| UnknownFormat {
                word: word.to_owned(),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_print_as_they_parse() {
        for format in Format::ALL {
            assert_eq!(format.to_string().to_uppercase().parse(), Ok(format));
        }
        let unknown = "nunit4".parse::<Format>().unwrap_err().to_string();
        assert!(unknown.starts_with("unsupported format `nunit4`; supported: junit, nunit, "));
    }

    #[test]
    fn each_extension_of_results_has_a_format() {
        for extension in Format::EXTENSIONS {
            assert!(Format::from_extension(&extension.to_uppercase()).is_some());
        }
        assert_eq!(Format::from_extension("txt"), None);
    }
}
