//! Names that are the same in each run.

use memchr::{memchr_iter, memchr2};

use crate::colors::without_colors;
use crate::read::error::ReadError;
use crate::read::record::{Record, RecordReader};
use crate::run::TestRun;
use crate::scrub::{Scrub, Scrubber};
use crate::warning::{Warning, WarningKind};

/// The records of an input, with names without colours and without what differs from run to run.
pub(crate) struct Cleaned<I> {
    records: I,
    cleaner: Cleaner,
    /// A result whose warning was returned before it.
    pending: Option<Record>,
}

impl<I> Cleaned<I> {
    pub(crate) fn new(records: I, scrub: &Scrub) -> Self {
        Self {
            records,
            cleaner: Cleaner::new(scrub),
            pending: None,
        }
    }
}

/// Cleans the names of one input.
#[derive(Debug)]
pub(crate) struct Cleaner {
    scrubber: Option<Scrubber>,
    has_warned: bool,
}

impl Cleaner {
    pub(crate) fn new(scrub: &Scrub) -> Self {
        Self {
            scrubber: (!scrub.is_empty()).then(|| Scrubber::new(scrub.clone())),
            has_warned: false,
        }
    }

    /// Cleans the names of a result, and says once that they differ from run to run.
    pub(crate) fn clean(&mut self, run: &mut TestRun) -> Option<Warning> {
        let identity = &mut run.identity;
        for name in [&mut identity.class, &mut identity.name] {
            // The first bytes of U+001B and U+009B.
            if memchr2(0x1B, 0xC2, name.as_bytes()).is_some() {
                let clean = without_colors(name);
                if !clean.trim().is_empty() {
                    *name = clean.into_owned();
                }
            }
        }
        if let Some(scrubber) = &mut self.scrubber {
            scrubber.run(run);
        } else if !self.has_warned
            && let Some(address) = memory_address(&run.identity.name)
            && let Some(position) = run.position.clone()
        {
            self.has_warned = true;
            let address = address.to_owned();
            let kind = WarningKind::MemoryAddress { address };
            return Some(Warning { position, kind });
        }
        None
    }
}

impl<I: RecordReader> RecordReader for Cleaned<I> {
    fn recycle(&mut self, run: Box<TestRun>) {
        self.records.recycle(run);
    }
}

impl<I: RecordReader> Iterator for Cleaned<I> {
    type Item = Result<Record, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(record) = self.pending.take() {
            return Some(Ok(record));
        }
        match self.records.next()? {
            Ok(Record::Run(mut run)) => {
                let warning = self.cleaner.clean(&mut run);
                let run = Record::Run(run);
                let Some(warning) = warning else {
                    return Some(Ok(run));
                };
                self.pending = Some(run);
                Some(Ok(Record::Warning(warning)))
            }
            other => Some(other),
        }
    }
}

/// What is probably a memory address: `0x` and at least six hexadecimal digits.
fn memory_address(name: &str) -> Option<&str> {
    const DIGITS_MIN: usize = 6;
    memchr_iter(b'x', name.as_bytes()).find_map(|x| {
        let at = x.checked_sub(1).filter(|at| name.as_bytes()[*at] == b'0')?;
        let digits = name[at + 2..]
            .bytes()
            .take_while(u8::is_ascii_hexdigit)
            .count();
        (digits >= DIGITS_MIN).then(|| &name[at..at + 2 + digits])
    })
}

#[cfg(test)]
mod tests {
    use regex::Regex;

    use super::*;
    use crate::read::options::ReadOptions;
    use crate::read::read;
    use crate::source::Source;

    fn shown(options: &ReadOptions, table: &'static str) -> String {
        let records = read(&Source::bytes("in.csv", table.as_bytes()), options).unwrap();
        let lines = records.map(|record| match record.unwrap() {
            Record::Run(run) => run.identity.to_string(),
            Record::Warning(warning) => format!("warning {warning}"),
            Record::Invalid(row) => format!("invalid {row}"),
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn memory_addresses_are_reported_once_and_can_be_scrubbed() {
        let table = "name,status\nt[0x5257a0],ok\nt[0x7711c8],ok\nt[0x12],ok\n";
        insta::assert_snapshot!(shown(&ReadOptions::default(), table), @r"
        warning in.csv:2: the name contains `0x5257a0`; if that differs from run to run, each run is a new test: `--scrub '0x[0-9a-fA-F]+'` removes it
        t[0x5257a0]
        t[0x7711c8]
        t[0x12]
        ");
        let scrub = Scrub::default().with(Regex::new("0x[0-9a-f]+").unwrap());
        insta::assert_snapshot!(shown(&ReadOptions::default().scrub(scrub), table), @r"
        t[*]
        t[*] (2)
        t[*] (3)
        ");
    }

    #[test]
    fn names_have_no_colours() {
        let table = "name,status\n\u{1b}[31mred\u{1b}[0m [5m],ok\n\u{1b}[0m,ok\n";
        assert_eq!(shown(&ReadOptions::default(), table), "red [5m]\n\u{1b}[0m");
    }
}
