//! Detects the format of an input.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A supported format of results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// `JUnit` XML in all of its dialects.
    Junit,
    /// A table with a header line and columns separated by commas, semicolons or tabs.
    Csv,
}

impl Format {
    /// All formats.
    pub const ALL: [Self; 2] = [Self::Junit, Self::Csv];

    /// The extensions of the files that are read from a folder, in lower case.
    pub const EXTENSIONS: [&'static str; 3] = ["xml", "csv", "tsv"];

    /// The name, for example `junit`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Junit => "junit",
            Self::Csv => "csv",
        }
    }

    /// The usual format of files with this extension; case-insensitive.
    pub fn from_extension(extension: &str) -> Option<Self> {
        match extension.to_ascii_lowercase().as_str() {
            "xml" => Some(Self::Junit),
            "csv" | "tsv" => Some(Self::Csv),
            _ => None,
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A word that is not the name of a [`Format`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("unsupported format `{word}`; supported: junit, csv")]
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

/// Detects the format from the first bytes and the extension; on failure describes the bytes.
///
/// The bytes take precedence, since a wrong extension is more common than a table that starts with `<`.
pub(crate) fn sniff(head: &[u8], extension: Option<&str>) -> Result<Format, &'static str> {
    if let Some(kind) = foreign_bytes(head) {
        return Err(kind);
    }
    let by_extension = extension.and_then(Format::from_extension);
    match first_byte(head) {
        Some(b'<') => Ok(Format::Junit),
        Some(b'{' | b'[') if by_extension != Some(Format::Csv) => Err("JSON"),
        _ => Ok(by_extension.unwrap_or(Format::Csv)),
    }
}

/// The first byte that is neither part of a byte order mark nor whitespace; also works for UTF-16.
fn first_byte(head: &[u8]) -> Option<u8> {
    let rest = [&b"\xEF\xBB\xBF"[..], b"\xFF\xFE", b"\xFE\xFF"]
        .into_iter()
        .find_map(|mark| head.strip_prefix(mark))
        .unwrap_or(head);
    (rest.iter().copied()).find(|byte| *byte != 0 && !byte.is_ascii_whitespace())
}

/// Describes `head` if it is certainly in an unsupported format.
fn foreign_bytes(head: &[u8]) -> Option<&'static str> {
    let known: [(&[u8], &str); 6] = [
        (b"PK\x03\x04", "a ZIP archive"),
        (b"\x1F\x8B", "gzip-compressed data"),
        (b"PAR1", "a Parquet file"),
        (b"ARROW1", "an Arrow file"),
        (b"%PDF", "a PDF document"),
        (b"\xD0\xCF\x11\xE0", "an old Office document"),
    ];
    (known.into_iter())
        .find(|(magic, _)| head.starts_with(magic))
        .map(|(_, kind)| kind)
}

/// Describes the document with the root element `root`, if it is a known unsupported one.
pub(crate) fn foreign_root(root: &str) -> Option<&'static str> {
    match root {
        "test-results" | "test-run" => Some("NUnit reports are not supported yet"),
        "TestRun" => Some("TRX reports are not supported yet"),
        "assemblies" | "assembly" => Some("xUnit.net reports are not supported yet"),
        "robot" => Some("Robot Framework reports are not supported yet"),
        "test_result" => Some("this is a payload for Octane, not a report"),
        "html" => Some("this is a web page, not a report"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_take_precedence_over_the_extension() {
        for head in ["<testsuites/>", "\u{FEFF}<?xml", " \n<a>"] {
            assert_eq!(sniff(head.as_bytes(), Some("csv")), Ok(Format::Junit));
            assert_eq!(sniff(head.as_bytes(), None), Ok(Format::Junit));
        }
        assert_eq!(sniff(b"\xFF\xFE<\0?\0", None), Ok(Format::Junit));
        assert_eq!(sniff(b"name,status\n", Some("txt")), Ok(Format::Csv));
        assert_eq!(sniff(b"", Some("XML")), Ok(Format::Junit));
        assert_eq!(sniff(b"[a],status", Some("csv")), Ok(Format::Csv));
    }

    #[test]
    fn unsupported_formats_are_described() {
        assert_eq!(sniff(b"PK\x03\x04..", Some("csv")), Err("a ZIP archive"));
        assert_eq!(sniff(b"{\"name\": 1}", None), Err("JSON"));
        assert_eq!(
            foreign_root("TestRun"),
            Some("TRX reports are not supported yet")
        );
    }

    #[test]
    fn formats_print_as_they_parse() {
        for format in Format::ALL {
            assert_eq!(format.to_string().to_uppercase().parse(), Ok(format));
        }
        assert!("nunit".parse::<Format>().is_err());
    }
}
