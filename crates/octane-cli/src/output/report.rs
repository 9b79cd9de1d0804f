//! The files of `--report`.

mod content;
mod document;
mod html;
mod junit;
mod markdown;

use std::fs::File;
use std::io::{self, BufWriter, Seek, Write};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use octane_client::coverage;
use octane_results::Status;
use serde::Serialize;

pub(crate) use content::{UploadReport, summary, verdict_word};
pub(crate) use markdown::markdown;

use self::content::{Details, ROWS_MAX};
use self::document::Document;
use self::junit::failed;
use super::json;
use crate::args::{ReportKind, ReportPath};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output_file::{OutputFile, REPORT_MARK};

/// The reports of a command, collected upload by upload and written at the end.
#[derive(Debug)]
pub(crate) struct Reports {
    files: Vec<ReportPath>,
    collected: Mutex<Collected>,
}

#[derive(Debug, Default)]
struct Collected {
    documents: Vec<Document>,
    /// The suites of JUnit, which may be large.
    suites: Option<File>,
    suites_count: usize,
    /// Whether something is missing, so that only JSON has everything.
    is_incomplete: bool,
}

impl Reports {
    /// The reports in these files. Fails if one cannot be written: before the work, not after it.
    pub(crate) fn check(files: &[ReportPath], inputs: &[String]) -> Result<()> {
        for file in files {
            OutputFile::new(&file.path, "--report", inputs)?;
        }
        Ok(())
    }

    /// Fails unless all are JSON, which alone can say what would be done.
    pub(crate) fn check_dry_run(files: &[ReportPath]) -> Result<()> {
        for file in files {
            if file.kind != ReportKind::Json {
                let message = format!(
                    "cannot use `--report {}` with `--dry-run`: nothing is uploaded that it could report",
                    file.path.display()
                );
                return Err(Failure::message(Exit::Usage, message)
                    .hint("use a file that ends with `.json`, which says what would be done"));
            }
        }
        Ok(())
    }

    /// The reports in these files.
    pub(crate) fn new(files: &[ReportPath]) -> Self {
        Self {
            files: files.to_vec(),
            collected: Mutex::default(),
        }
    }

    fn has(&self, kind: ReportKind) -> bool {
        self.files.iter().any(|file| file.kind == kind)
    }

    fn has_documents(&self) -> bool {
        self.has(ReportKind::Markdown) || self.has(ReportKind::Html)
    }

    /// Adds an upload. Reads its journals. If that fails, no other file than one of JSON is written.
    pub(crate) fn add_upload(&self, upload: &UploadReport<'_>) -> Result<()> {
        self.add(|collected| {
            if self.has_documents() {
                let details = details(upload)?;
                let document = content::document(upload, &details);
                collected.documents.push(document);
            }
            if self.has(ReportKind::Junit) {
                collected.add_suite(|out, number| {
                    junit::write_upload(out, upload, number, Timestamp::now())
                })?;
            }
            Ok(())
        })
    }

    /// Adds an upload that ended without a report, in a process that ends with `exit`.
    pub(crate) fn add_failure(&self, failure: &Failure, exit: Exit) -> Result<()> {
        self.add(|collected| {
            if self.has_documents() {
                collected.documents.push(content::of_failure(failure, exit));
            }
            if self.has(ReportKind::Junit) {
                collected.add_suite(|out, number| {
                    junit::write_failure(out, failure, exit, number, Timestamp::now())
                })?;
            }
            Ok(())
        })
    }

    fn add(&self, add: impl FnOnce(&mut Collected) -> Result<()>) -> Result<()> {
        let mut collected = self
            .collected
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let added = add(&mut collected);
        collected.is_incomplete |= added.is_err();
        added
    }

    /// Writes the files; those of JSON have `answer`. If one cannot be written, the others are.
    pub(crate) fn write(&self, answer: &impl Serialize) -> Result<()> {
        let mut collected = self
            .collected
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let mut written = Ok(());
        for ReportPath { path, kind } in &self.files {
            if collected.is_incomplete && *kind != ReportKind::Json {
                continue;
            }
            let done = collected.write(path, *kind, answer).map_err(|error| {
                Failure::new(Exit::Configuration, error)
                    .context(format!("cannot write the report to `{}`", path.display()))
            });
            written = written.and(done);
        }
        written
    }
}

impl Collected {
    fn add_suite(
        &mut self,
        write: impl FnOnce(&mut BufWriter<&File>, usize) -> Result<()>,
    ) -> Result<()> {
        let suites = match &mut self.suites {
            Some(suites) => suites,
            none => none.insert(tempfile::tempfile().map_err(failed)?),
        };
        let mut out = BufWriter::new(&*suites);
        write(&mut out, self.suites_count)?;
        out.flush().map_err(failed)?;
        drop(out);
        self.suites_count += 1;
        Ok(())
    }

    fn write(&mut self, path: &Path, kind: ReportKind, answer: &impl Serialize) -> io::Result<()> {
        match kind {
            ReportKind::Json => std::fs::write(path, json::pretty(answer)? + "\n"),
            ReportKind::Markdown => {
                let documents = self.documents.iter();
                let texts = documents.map(|document| markdown(document, 1));
                let text = texts.collect::<Vec<_>>().join("\n");
                std::fs::write(path, format!("{REPORT_MARK}\n\n{text}"))
            }
            ReportKind::Html => std::fs::write(path, html::page(&self.documents, REPORT_MARK)),
            ReportKind::Junit => {
                let mut out = BufWriter::new(File::create(path)?);
                writeln!(
                    out,
                    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{REPORT_MARK}\n<testsuites>"
                )?;
                if let Some(suites) = &mut self.suites {
                    suites.rewind()?;
                    io::copy(suites, &mut out)?;
                }
                writeln!(out, "</testsuites>")?;
                out.flush()
            }
        }
    }
}

fn details(upload: &UploadReport<'_>) -> Result<Details> {
    let mut details = Details {
        coverage: coverage(upload.journals)?,
        failed: Vec::new(),
    };
    if upload.report.counts.failed == 0 {
        return Ok(details);
    }
    for journal in upload.journals {
        let _ = journal.visit_results(|result| {
            if result.status == Status::Failed {
                let name = result.run_name.as_ref();
                let test = match name.filter(|name| **name != result.name) {
                    Some(name) => format!("{} ({name})", result.test),
                    None => result.test.clone(),
                };
                details.failed.push((test, result.state));
            }
            if details.failed.len() < ROWS_MAX {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        })?;
    }
    details.failed.truncate(ROWS_MAX);
    Ok(details)
}
