//! Names that are the same in each run.

use std::borrow::Cow;

use memchr::memchr_iter;

use crate::colors::without_colors;
use crate::identity::Identity;
use crate::identity_template::IdentityTemplate;
use crate::nfc::nfc;
use crate::origin::Origin;
use crate::read::error::ReadError;
use crate::read::jira_map::JiraMap;
use crate::read::options::ReadOptions;
use crate::read::record::{Record, RecordReader};
use crate::run::TestRun;
use crate::scrub::Scrubber;
use crate::text::position;
use crate::warning::{Warning, WarningKind};

/// The records of an input with their final identities: without colours, in one spelling, as the template wants it, and
/// without what differs from run to run. What is looked up by identity is added here.
pub(crate) struct Cleaned<I> {
    records: I,
    cleaner: Cleaner,
    /// A result whose warning was returned before it.
    pending: Option<Record>,
}

impl<I> Cleaned<I> {
    pub(crate) fn new(records: I, options: &ReadOptions) -> Self {
        Self::with(records, Cleaner::new(options))
    }

    /// The records after those that `cleaner` has seen.
    pub(crate) fn with(records: I, cleaner: Cleaner) -> Self {
        Self {
            records,
            cleaner,
            pending: None,
        }
    }
}

/// Makes the identities of one input final.
#[derive(Debug)]
pub(crate) struct Cleaner {
    template: Option<IdentityTemplate>,
    scrubber: Option<Scrubber>,
    jira_map: Option<JiraMap>,
    has_warned: bool,
}

impl Cleaner {
    pub(crate) fn new(options: &ReadOptions) -> Self {
        let ReadOptions {
            identity, scrub, ..
        } = options;
        Self {
            template: (!identity.is_empty()).then(|| identity.clone()),
            scrubber: (!scrub.is_empty()).then(|| Scrubber::new(scrub.clone())),
            jira_map: options.jira_map.clone(),
            has_warned: false,
        }
    }

    /// Whether these are the first names that differ from run to run, which are warned of.
    pub(crate) fn warns_first(&mut self) -> bool {
        !std::mem::replace(&mut self.has_warned, true)
    }

    /// Makes the identity of a result final, and says once that names differ from run to run.
    pub(crate) fn clean(&mut self, run: &mut TestRun) -> Option<Warning> {
        let Identity {
            module,
            package,
            class,
            name,
        } = &mut run.identity;
        for text in [class, name] {
            // One look shows of most names that there is nothing to do.
            if position(text.as_bytes(), |byte| (byte == 0x1B) | (byte >= 0x80)).is_none() {
                continue;
            }
            // The first bytes of U+001B and U+009B.
            if text.bytes().any(|byte| matches!(byte, 0x1B | 0xC2)) {
                let clean = without_colors(text);
                // The spaces around them were not those of the name.
                if clean != *text && !clean.trim().is_empty() {
                    *text = clean.trim().to_owned();
                }
            }
            compose(text);
        }
        compose(module);
        compose(package);
        if let Some(name) = &mut run.run_name {
            compose(name);
        }
        let Origin {
            project,
            hostname,
            suite,
            file,
        } = &mut run.origin;
        for text in [project, hostname, suite, file].into_iter().flatten() {
            if let Cow::Owned(composed) = nfc(text) {
                *text = composed.into();
            }
        }
        if let Some(template) = &self.template {
            template.apply(run);
        }
        if let Some(scrubber) = &mut self.scrubber {
            scrubber.run(run);
        }
        if let Some(map) = &self.jira_map {
            map.apply(run);
        }
        if self.scrubber.is_none()
            && !self.has_warned
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

/// Writes a name in one way: with composed characters.
fn compose(text: &mut String) {
    if let Cow::Owned(composed) = nfc(text) {
        *text = composed;
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
    use crate::read::read;
    use crate::scrub::Scrub;
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
        warning in.csv:2: the name contains `0x5257a0`; if that differs from run to run, each run is a new test: `--normalize addresses` replaces it
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
        let table =
            "name,status\n\u{1b}[31mred\u{1b}[0m [5m],ok\n\u{1b}[0m,ok\nadds \u{1b}[0m,ok\n";
        assert_eq!(
            shown(&ReadOptions::default(), table),
            "red [5m]\n\u{1b}[0m\nadds"
        );
    }

    #[test]
    fn one_name_in_two_spellings_is_one_test() {
        let table = "name,status,class\ncaf\u{e9},ok,A\ncafe\u{301},ok,A\n";
        assert_eq!(
            shown(&ReadOptions::default(), table),
            "A.caf\u{e9}\nA.caf\u{e9}"
        );
    }

    #[test]
    fn names_are_made_by_the_template_and_then_normalized_and_looked_up() {
        let template = IdentityTemplate::default();
        let template = template.with("class= name={class}.{name}").unwrap();
        let map = JiraMap::parse("m.csv", b"test,jira\nA.t[<address>],SHOP-1\n").unwrap();
        let options = ReadOptions::default()
            .identity(template)
            .scrub(Scrub::default().normalize(crate::volatile::Volatile::Addresses))
            .jira_map(map);
        let table = "name,status,class\nt[0x5257a0],ok,A\n";
        assert_eq!(shown(&options, table), "A.t[<address>]");
        let records = read(&Source::bytes("in.csv", table.as_bytes()), &options).unwrap();
        let keys: Vec<Vec<String>> = records
            .filter_map(|record| match record.unwrap() {
                Record::Run(run) => Some(run.jira),
                _ => None,
            })
            .collect();
        assert_eq!(keys, [["SHOP-1"]]);
    }
}
