//! The formats of the files of `--report`.

use std::path::{Path, PathBuf};

use clap::builder::{PathBufValueParser, TypedValueParser};

/// A format of reports.
///
/// | extension | kind |
/// | --- | --- |
/// | `.json`, or none | the answer of `--format json` |
/// | `.md`, `.markdown` | Markdown, as the summary of a CI job with more details |
/// | `.html`, `.htm` | a page that needs no network |
/// | `.xml` | JUnit XML, for the test view of a CI system |
/// | any other | an error |
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReportKind {
    Json,
    Markdown,
    Html,
    Junit,
}

impl ReportKind {
    /// The one that the file's extension means; none if it means none.
    fn of(file: &Path) -> Option<Self> {
        let Some(extension) = file.extension() else {
            return Some(Self::Json);
        };
        match &*extension.to_string_lossy().to_lowercase() {
            "json" => Some(Self::Json),
            "md" | "markdown" => Some(Self::Markdown),
            "html" | "htm" => Some(Self::Html),
            "xml" => Some(Self::Junit),
            _ => None,
        }
    }
}

/// A file of `--report`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReportPath {
    pub(crate) path: PathBuf,
    pub(crate) kind: ReportKind,
}

/// Parses the path of a report.
pub(super) fn report_path() -> impl TypedValueParser<Value = ReportPath> {
    PathBufValueParser::new().try_map(|path| match ReportKind::of(&path) {
        Some(kind) => Ok(ReportPath { path, kind }),
        None => {
            let extension = path.extension().unwrap_or_default().display();
            Err(format!(
                "unknown extension `.{extension}`; use `.json`, `.md` (Markdown), `.html` or `.xml` (JUnit)"
            ))
        }
    })
}
