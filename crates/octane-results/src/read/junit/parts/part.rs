//! Reads one part of a report by itself.

use std::io::Empty;
use std::sync::Arc;

use super::super::report::Report;
use super::super::suite::Suite;
use super::split::Part;
use crate::read::commas::Commas;
use crate::read::error::ReadErrorKind;
use crate::read::line_column::LineColumn;
use crate::read::options::ReadOptions;
use crate::read::parts::sink::Sink;
use crate::read::process::{Process, Processed};
use crate::read::xml::XmlReader;

/// What all parts have in common.
pub(crate) struct Setting<P> {
    pub(crate) file: Arc<str>,
    pub(crate) options: ReadOptions,
    pub(crate) commas: Commas,
    pub(crate) process: Arc<P>,
}

impl<P: Process> Setting<P> {
    pub(super) fn report(&self) -> Report {
        let mut report = Report::new(Arc::clone(&self.file), self.options.clone());
        report.commas = self.commas.clone();
        report
    }

    pub(super) fn sink(&self) -> Sink<P> {
        Sink::new(Arc::clone(&self.process), &self.options)
    }
}

/// What a part contains, if it is inside of what it is supposed to be inside of.
pub(super) struct Outcome<T> {
    /// The suites that it is supposed to be inside of.
    pub(super) outer: Vec<Suite>,
    /// The elements that it is supposed to be inside of.
    pub(super) outer_names: Vec<String>,
    pub(super) found: Vec<Found<T>>,
    pub(super) report: Report,
    /// The elements that are open at its end, all of them suites.
    pub(super) names: Vec<String>,
    /// Where it ends.
    pub(super) end: LineColumn,
}

/// What was found in a part.
pub(super) enum Found<T> {
    Processed(Processed<T>),
    /// The end of a suite that was opened before.
    End(Box<Suite>),
}

/// Adds all records that are ready.
pub(super) fn add_ready<P: Process>(
    sink: &mut Sink<P>,
    report: &mut Report,
    found: &mut impl FnMut(Processed<P::Output>),
) {
    while let Some(record) = report.ready.pop_front() {
        if let Some(run) = sink.add(record, found) {
            report.recycle(run);
        }
    }
}

/// Reads a part; `None` if it cannot be read without what is before it, or does not end between test cases. `memory` is used for its
/// text, and for that of the next one.
pub(super) fn read_part<P: Process>(
    part: &Part,
    setting: &Setting<P>,
    memory: &mut String,
) -> Option<Outcome<P::Output>> {
    let file = || Arc::clone(&setting.file);
    let text = str::from_utf8(part.text()).ok()?;
    let mut memory_of_text = std::mem::take(memory);
    memory_of_text.push_str(text);
    let xml = XmlReader::of_text(file(), memory_of_text);
    let mut report = setting.report();
    let mut outer_names = Vec::new();
    let mut xml = if part.is_first {
        xml
    } else {
        let outer = String::from_utf8(part.outer.concat()).ok()?;
        let mut outer = XmlReader::of_text(file(), outer);
        if read_to_end(&mut outer, &mut report, |_| Some(()))? == End::OfReport {
            return None;
        }
        report.inherit();
        outer_names = names(&outer);
        // Where these start is needed for errors only, and a part with an error is read again.
        let open: Vec<_> = outer_names.iter().map(|name| (name.clone(), 0)).collect();
        xml.inside(part.place, &open)
    };
    let outer = report.suites.clone();
    let mut found = Vec::new();
    let mut sink = setting.sink();
    let end = read_to_end(&mut xml, &mut report, |report| {
        let mut push = |processed| found.push(Found::Processed(processed));
        add_ready(&mut sink, report, &mut push);
        if let Some(suite) = report.take_closed() {
            sink.flush(&mut push);
            if suite.has_unnamed() {
                return None;
            }
            found.push(Found::End(Box::new(suite)));
        }
        Some(())
    })?;
    sink.flush(&mut |processed| found.push(Found::Processed(processed)));
    let is_last = end == End::OfReport;
    if is_last != part.is_last || report.has_unnamed_in_outer() {
        return None;
    }
    let (names, end) = (names(&xml), xml.place());
    *memory = xml.into_memory();
    Some(Outcome {
        outer,
        outer_names,
        found,
        report,
        names,
        end,
    })
}

#[derive(PartialEq, Eq)]
enum End {
    OfReport,
    /// The input ends inside of suites, between test cases.
    BetweenCases,
}

/// Reads to the end of the input, and calls `after` after each event until it returns `None`. `None` if there is an error before,
/// or if the input ends elsewhere.
fn read_to_end(
    xml: &mut XmlReader<Empty>,
    report: &mut Report,
    mut after: impl FnMut(&mut Report) -> Option<()>,
) -> Option<End> {
    loop {
        match xml.next_event(report.wants_text()) {
            Ok(Some(event)) => {
                report.feed(event).ok()?;
                if report.has_news() {
                    after(report)?;
                }
            }
            Ok(None) => return Some(End::OfReport),
            Err(error) => {
                let is_end = matches!(error.kind(), ReadErrorKind::Truncated { .. })
                    && xml.is_between_tags()
                    && report.is_between_cases(xml.open_names().count());
                return is_end.then_some(End::BetweenCases);
            }
        }
    }
}

fn names(xml: &XmlReader<Empty>) -> Vec<String> {
    xml.open_names().map(str::to_owned).collect()
}
