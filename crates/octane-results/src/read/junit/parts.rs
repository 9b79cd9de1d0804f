//! Large reports, of which several threads read parts at once.
//!
//! A report is cut before test cases, into parts that are read each by itself: inside of the suites that seem to be open there. Only
//! what is before a part shows whether that is true. So each part ends with the state in which its reader is, and the next one is
//! used if it began in this state: at this place, between elements, and inside of suites that say the same of themselves.
//! Otherwise it is read again, with all that follows, after what is before it. So the records are those of a single reader.
//!
//! What a suite says of itself is compared with what it contains when all of its parts are known.

use std::collections::VecDeque;
use std::io::{Cursor, Read};
use std::sync::Arc;

use encoding_rs::UTF_8;

use super::Junit;
use super::report::Report;
use crate::read::cleaned::Cleaned;
use crate::read::encoding::encoding;
use crate::read::error::ReadError;
use crate::read::line_column::LineColumn;
use crate::read::options::ReadOptions;
use crate::read::parts::can_be_shared;
use crate::read::parts::crew::Crew;
use crate::read::parts::sink::Sink;
use crate::read::process::{Process, ProcessEach, Processed};
use crate::read::record::Records;
use crate::read::report::file::Input;
use crate::read::xml::XmlReader;
use crate::warning::WarningKind;

pub(crate) mod part;
mod split;

use part::{Found, Outcome, Setting, add_ready, read_part};
use split::{Part, Splitter};

/// How large the parts are.
const PART_BYTES: usize = 128 * 1024;

/// Whether several threads may read parts of a report that begins with `head`.
pub(crate) fn can_be_cut(head: &[u8], options: &ReadOptions) -> bool {
    let is_utf_8 = || encoding(head, None).is_ok_and(|encoding| encoding == UTF_8);
    options.encoding.is_none() && can_be_shared(options) && is_utf_8()
}

/// The records of a report that is read in parts.
pub(crate) struct Parts<P: Process> {
    setting: Arc<Setting<P>>,
    head: Vec<u8>,
    splitter: Splitter,
    count: usize,
    crew: Crew<Arc<Part>, Option<Outcome<P::Output>>>,
    /// The parts that are being read, in order.
    reading: VecDeque<Arc<Part>>,
    /// What is known of the report so far, without its results.
    report: Report,
    sink: Sink<P>,
    /// What has not been returned yet.
    ready: VecDeque<Processed<P::Output>>,
    /// The elements that are open where that ends.
    names: Vec<String>,
    /// Where it ends; `None` if nothing was read.
    end: Option<LineColumn>,
    /// What cannot be read in parts.
    rest: Option<ProcessEach<P>>,
    has_ended: bool,
}

impl<P: Process> Parts<P> {
    /// Starts to read a report in UTF-8, which begins with `head`.
    pub(crate) fn new(setting: Setting<P>, input: Input, head: Vec<u8>, count: usize) -> Self {
        Self::of_size(setting, input, head, count, PART_BYTES)
    }

    fn of_size(
        setting: Setting<P>,
        input: Input,
        head: Vec<u8>,
        count: usize,
        part_bytes: usize,
    ) -> Self {
        Self {
            report: setting.report(),
            sink: setting.sink(),
            setting: Arc::new(setting),
            head,
            splitter: Splitter::new(input, part_bytes),
            count,
            crew: Crew::default(),
            reading: VecDeque::new(),
            ready: VecDeque::new(),
            names: Vec::new(),
            end: None,
            rest: None,
            has_ended: false,
        }
    }

    /// Reads on: another part, or what cannot be read in parts.
    fn advance(&mut self) -> Result<(), ReadError> {
        self.cut();
        let outcome = self.crew.take().flatten();
        let Some(outcome) = outcome.filter(|outcome| self.is_next(outcome)) else {
            return self.read_rest();
        };
        let Some(part) = self.reading.pop_front() else {
            return Ok(());
        };
        for found in outcome.found {
            match found {
                Found::Processed(processed) => self.take(processed),
                Found::End(suite) => {
                    self.report.end_suite(*suite);
                    self.take_records();
                }
            }
        }
        self.report.continue_with(outcome.report);
        self.names = outcome.names;
        self.end = Some(outcome.end);
        if part.is_last {
            self.report.end();
            self.take_records();
            self.has_ended = true;
        }
        if let Ok(part) = Arc::try_unwrap(part) {
            self.splitter.recycle(part);
        }
        Ok(())
    }

    /// Takes what was found in a part, unless it was said before.
    fn take(&mut self, processed: Processed<P::Output>) {
        let is_worth_saying = match &processed {
            Processed::Warning(warning) => match &warning.kind {
                WarningKind::MemoryAddress { .. } => self.sink.cleaner.warns_first(),
                kind => self.report.is_worth_saying(kind),
            },
            Processed::Runs(_) | Processed::Invalid(_) => true,
        };
        if is_worth_saying {
            self.ready.push_back(processed);
        }
    }

    /// Takes the records that only the whole report has.
    fn take_records(&mut self) {
        let Self {
            sink,
            report,
            ready,
            ..
        } = self;
        let mut found = |processed| ready.push_back(processed);
        add_ready(sink, report, &mut found);
        sink.flush(&mut found);
    }

    /// Gives further parts to the threads, unless there is only one.
    fn cut(&mut self) {
        while (self.crew.wants_more() || self.reading.is_empty())
            && let Some(part) = self.splitter.next_part()
        {
            if part.is_first && !part.is_last {
                self.crew = Crew::start(self.count, || {
                    let setting = Arc::clone(&self.setting);
                    let mut memory = String::new();
                    move |part: Arc<Part>| read_part(&part, &setting, &mut memory)
                });
            }
            let part = Arc::new(part);
            self.crew.give(Arc::clone(&part));
            self.reading.push_back(part);
        }
    }

    /// Whether the first part that is being read began in the state in which what is before it ends.
    fn is_next(&self, outcome: &Outcome<P::Output>) -> bool {
        let end = self.end.unwrap_or_default();
        let mut suites = self.report.suites.iter().zip(&outcome.outer);
        (self.reading.front()).is_some_and(|part| part.place == end)
            && outcome.outer_names == self.names
            && outcome.outer.len() == self.report.suites.len()
            && suites.all(|(suite, outer)| suite.is_like(outer))
    }

    /// Begins to read what is not known yet on one thread.
    fn read_rest(&mut self) -> Result<(), ReadError> {
        self.crew = Crew::default();
        let mut bytes = Vec::new();
        for part in self.reading.drain(..) {
            bytes.extend_from_slice(&part.bytes);
        }
        let input: Input = Box::new(Cursor::new(bytes).chain(self.splitter.rest()));
        let mut report = std::mem::replace(&mut self.report, self.setting.report());
        let file = Arc::clone(&self.setting.file);
        let xml = match self.end {
            None => XmlReader::new(file, input, &self.head, None)?,
            Some(end) => {
                let names = std::mem::take(&mut self.names).into_iter();
                let open: Vec<_> = names.zip(report.go_on_inside()).collect();
                XmlReader::new(file, input, b"", None)?.inside(end, &open)
            }
        };
        let sink = std::mem::replace(&mut self.sink, self.setting.sink());
        let records = Records::new(Cleaned::with(Junit::rest(xml, report), sink.cleaner));
        let process = Arc::clone(&self.setting.process);
        self.rest = Some(ProcessEach::new(records, process));
        Ok(())
    }
}

impl<P: Process> Iterator for Parts<P> {
    type Item = Result<Processed<P::Output>, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(processed) = self.ready.pop_front() {
                return Some(Ok(processed));
            }
            if let Some(rest) = &mut self.rest {
                return rest.next();
            }
            if self.has_ended {
                return None;
            }
            if let Err(error) = self.advance() {
                self.has_ended = true;
                return Some(Err(error));
            }
        }
    }
}

#[cfg(test)]
mod tests;
