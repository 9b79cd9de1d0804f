//! What is known of the results of a planned batch, in a few bytes each.
//!
//! A row of a table would cost more than reading and rendering the result. So the results of a batch are stored together, each as
//! what differs from the one before it, and [become rows](crate::journal) only where single results are looked up. The numbers
//! are of variable length, seven bits a byte, the lowest first:
//!
//! | what | how |
//! |---|---|
//! | status, and what the result has | a byte: two bits of status, then whether it has a start, a file, a column, Jira keys, a name of its own |
//! | module, package, class, name | how many bytes are those of the result before it; how many follow; these |
//! | the name of the run | how many bytes follow; these |
//! | start in milliseconds since 1970-01-01 UTC | the difference to the last one |
//! | duration in milliseconds | the number |
//! | number of the file, line | the number, the difference to the last line |
//! | column | the number |
//! | Jira keys | how many; for each how many bytes follow, and these |
//! | its bytes in the body | how many |
//!
//! Differences have their sign in the lowest bit. The CRC-32 of everything is in the last four bytes.

use std::borrow::Cow;

use octane_results::{Identity, Status, TestRun};

const STATUSES: [Status; 4] = [
    Status::Passed,
    Status::Failed,
    Status::Skipped,
    Status::Planned,
];

const STATUS_BITS: u8 = 0b11;
const HAS_START: u8 = 1 << 2;
const HAS_FILE: u8 = 1 << 3;
const HAS_COLUMN: u8 = 1 << 4;
const HAS_JIRA: u8 = 1 << 5;
const HAS_RUN_NAME: u8 = 1 << 6;

/// How long the checksum is.
const CRC_BYTES: usize = 4;

/// Facts that are not as they were written.
#[derive(Debug, thiserror::Error)]
#[error("what is known of the results cannot be read")]
pub(crate) struct UnreadableFacts;

/// What is known of one result. Until one is read, it is what the first one is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fact {
    pub(crate) identity: Identity,
    /// Where it is not that of the test.
    pub(crate) run_name: Option<String>,
    pub(crate) status: Status,
    /// Milliseconds since 1970-01-01 UTC.
    pub(crate) started: Option<i64>,
    /// Milliseconds.
    pub(crate) duration: i64,
    /// The number of the file, and the line.
    pub(crate) place: Option<(i64, i64)>,
    pub(crate) column: Option<i64>,
    pub(crate) jira: Vec<String>,
    /// Where its bytes end in the body.
    pub(crate) body_end: usize,
}

impl Default for Fact {
    fn default() -> Self {
        Self {
            identity: Identity::named(""),
            run_name: None,
            status: Status::Passed,
            started: None,
            duration: 0,
            place: None,
            column: None,
            jira: Vec::new(),
            body_end: 0,
        }
    }
}

/// What is known of a result, before it is stored.
#[derive(Debug)]
pub(crate) struct KnownRun<'a> {
    /// Module, package, class and name.
    pub(crate) identity: [&'a str; 4],
    /// Where it is not that of the test.
    pub(crate) run_name: Option<&'a str>,
    pub(crate) status: Status,
    /// Milliseconds since 1970-01-01 UTC.
    pub(crate) started: Option<i64>,
    /// Milliseconds.
    pub(crate) duration: u64,
    /// The line, and the column if that is known, in the file that it has.
    pub(crate) place: Option<(i64, Option<u64>)>,
    /// As [`jira_keys`] writes them; empty if there are none.
    pub(crate) jira: Cow<'a, [u8]>,
}

impl<'a> KnownRun<'a> {
    pub(crate) fn of(run: &'a TestRun) -> Self {
        let mut jira = Vec::new();
        jira_keys(&run.jira, &mut jira);
        Self {
            jira: Cow::Owned(jira),
            ..Self::without_jira(run)
        }
    }

    /// The same, but for its Jira keys.
    pub(crate) fn without_jira(run: &'a TestRun) -> Self {
        let Identity {
            module,
            package,
            class,
            name,
        } = &run.identity;
        let duration = i64::try_from(run.duration.as_millis()).unwrap_or(i64::MAX);
        let place = run.position.as_ref().map(|position| {
            let line = i64::try_from(position.line).unwrap_or(i64::MAX);
            (line, position.column)
        });
        Self {
            identity: [module, package, class, name],
            run_name: run.run_name.as_deref(),
            status: run.status,
            started: run.started.map(jiff::Timestamp::as_millisecond),
            duration: duration.unsigned_abs(),
            place,
            jira: Cow::default(),
        }
    }
}

/// Writes the Jira keys of a result; nothing if there are none.
pub(crate) fn jira_keys(keys: &[String], bytes: &mut Vec<u8>) {
    if !keys.is_empty() {
        number(bytes, keys.len() as u64);
        keys.iter().for_each(|key| put(bytes, key.as_bytes()));
    }
}

/// Writes what is known of the results of a batch.
#[derive(Debug, Default)]
pub(crate) struct FactsWriter {
    bytes: Vec<u8>,
    /// Module, package, class and name of the last result.
    texts: [String; 4],
    last: Last,
}

/// The last of what is stored as a difference.
#[derive(Debug, Default)]
struct Last {
    started: i64,
    line: i64,
    body_end: usize,
}

impl FactsWriter {
    /// Adds a result, with the number of its file, and where its bytes end in the body.
    pub(crate) fn add(&mut self, run: &KnownRun<'_>, file: Option<i64>, body_end: usize) {
        let Self { bytes, texts, last } = self;
        let column = run.place.and_then(|(_, column)| column);
        let has = |flag: u8, has: bool| if has { flag } else { 0 };
        let status = STATUSES.iter().position(|status| *status == run.status);
        bytes.push(
            u8::try_from(status.unwrap_or_default()).unwrap_or_default()
                | has(HAS_START, run.started.is_some())
                | has(HAS_FILE, file.is_some())
                | has(HAS_COLUMN, column.is_some())
                | has(HAS_JIRA, !run.jira.is_empty())
                | has(HAS_RUN_NAME, run.run_name.is_some()),
        );
        for (last, text) in texts.iter_mut().zip(run.identity) {
            let shared = shared(last, text);
            number(bytes, shared as u64);
            put(bytes, &text.as_bytes()[shared..]);
            last.truncate(shared);
            last.push_str(&text[shared..]);
        }
        if let Some(name) = run.run_name {
            put(bytes, name.as_bytes());
        }
        if let Some(started) = run.started {
            difference(bytes, started, &mut last.started);
        }
        number(bytes, run.duration);
        if let (Some(file), Some((line, _))) = (file, run.place) {
            number(bytes, file.unsigned_abs());
            difference(bytes, line, &mut last.line);
        }
        if let Some(column) = column {
            number(bytes, column);
        }
        bytes.extend_from_slice(&run.jira);
        number(bytes, body_end.wrapping_sub(last.body_end) as u64);
        last.body_end = body_end;
    }

    /// All of it; the writer is as new.
    pub(crate) fn finish(&mut self) -> Vec<u8> {
        let Self { mut bytes, .. } = std::mem::take(self);
        let crc = crc32fast::hash(&bytes);
        bytes.extend_from_slice(&crc.to_le_bytes());
        bytes
    }
}

/// How many bytes two texts have in common at the beginning; never a part of a character.
fn shared(before: &str, text: &str) -> usize {
    let mut shared = if before == text {
        text.len()
    } else {
        let pairs = before.bytes().zip(text.bytes());
        pairs.take_while(|(one, other)| one == other).count()
    };
    while !text.is_char_boundary(shared) {
        shared -= 1;
    }
    shared
}

fn number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    bytes.push(number.to_le_bytes()[0]);
}

fn difference(bytes: &mut Vec<u8>, value: i64, last: &mut i64) {
    let difference = value.wrapping_sub(*last);
    number(
        bytes,
        ((difference << 1) ^ (difference >> 63)).cast_unsigned(),
    );
    *last = value;
}

fn put(bytes: &mut Vec<u8>, text: &[u8]) {
    number(bytes, text.len() as u64);
    bytes.extend_from_slice(text);
}

/// Reads what a [`FactsWriter`] has written.
#[derive(Debug)]
pub(crate) struct Facts<'a> {
    rest: &'a [u8],
    fact: Fact,
    last: Last,
}

impl<'a> Facts<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Result<Self, UnreadableFacts> {
        let (rest, crc) = bytes
            .split_last_chunk::<CRC_BYTES>()
            .ok_or(UnreadableFacts)?;
        if crc32fast::hash(rest) != u32::from_le_bytes(*crc) {
            return Err(UnreadableFacts);
        }
        Ok(Self {
            rest,
            fact: Fact::default(),
            last: Last::default(),
        })
    }

    /// The next result.
    pub(crate) fn read(&mut self) -> Result<Option<&Fact>, UnreadableFacts> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        self.advance().ok_or(UnreadableFacts)?;
        Ok(Some(&self.fact))
    }

    /// `None` if it is not as it should be.
    fn advance(&mut self) -> Option<()> {
        let Self { rest, fact, last } = self;
        let (flags, after) = rest.split_first()?;
        *rest = after;
        let has = |flag: u8| flags & flag != 0;
        fact.status = STATUSES[usize::from(flags & STATUS_BITS)];
        let Identity {
            module,
            package,
            class,
            name,
        } = &mut fact.identity;
        for text in [module, package, class, name] {
            let shared = usize::try_from(take_number(rest)?).ok()?;
            if !text.is_char_boundary(shared) {
                return None;
            }
            text.truncate(shared);
            text.push_str(take(rest)?);
        }
        fact.run_name = if has(HAS_RUN_NAME) {
            Some(take(rest)?.to_owned())
        } else {
            None
        };
        fact.started = if has(HAS_START) {
            Some(take_difference(rest, &mut last.started)?)
        } else {
            None
        };
        fact.duration = i64::try_from(take_number(rest)?).ok()?;
        fact.place = if has(HAS_FILE) {
            let file = i64::try_from(take_number(rest)?).ok()?;
            Some((file, take_difference(rest, &mut last.line)?))
        } else {
            None
        };
        fact.column = if has(HAS_COLUMN) {
            Some(i64::try_from(take_number(rest)?).ok()?)
        } else {
            None
        };
        fact.jira.clear();
        if has(HAS_JIRA) {
            for _ in 0..take_number(rest)? {
                fact.jira.push(take(rest)?.to_owned());
            }
        }
        let length = usize::try_from(take_number(rest)?).ok()?;
        last.body_end = last.body_end.checked_add(length)?;
        fact.body_end = last.body_end;
        Some(())
    }
}

fn take_number(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..u64::BITS).step_by(7) {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

fn take_difference(rest: &mut &[u8], last: &mut i64) -> Option<i64> {
    let number = take_number(rest)?;
    let difference = (number >> 1).cast_signed() ^ -((number & 1).cast_signed());
    *last = last.wrapping_add(difference);
    Some(*last)
}

fn take<'a>(rest: &mut &'a [u8]) -> Option<&'a str> {
    let length = usize::try_from(take_number(rest)?).ok()?;
    let (text, after) = rest.split_at_checked(length)?;
    *rest = after;
    std::str::from_utf8(text).ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use octane_results::Position;
    use proptest::prelude::*;

    use super::*;

    /// A result, the number of its file, and where its bytes end.
    type Given = (TestRun, Option<i64>, usize);

    /// A file, a line and a column.
    type At = Option<(i64, u64, Option<u64>)>;

    fn written(runs: &[Given]) -> Vec<u8> {
        let mut writer = FactsWriter::default();
        for (run, file, body_end) in runs {
            writer.add(&KnownRun::of(run), *file, *body_end);
        }
        writer.finish()
    }

    fn read(bytes: &[u8]) -> Result<Vec<Fact>, UnreadableFacts> {
        let mut facts = Facts::new(bytes)?;
        let mut all = Vec::new();
        while let Some(fact) = facts.read()? {
            all.push(fact.clone());
        }
        Ok(all)
    }

    /// What is stored of a result.
    fn fact((run, file, body_end): &Given) -> Fact {
        let position = run.position.as_ref().filter(|_| file.is_some());
        let whole = |number: u64| i64::try_from(number).unwrap();
        Fact {
            identity: run.identity.clone(),
            run_name: run.run_name.clone(),
            status: run.status,
            started: run.started.map(jiff::Timestamp::as_millisecond),
            duration: i64::try_from(run.duration.as_millis()).unwrap(),
            place: file.zip(position.map(|position| whole(position.line))),
            column: position.and_then(|position| position.column).map(whole),
            jira: run.jira.clone(),
            body_end: *body_end,
        }
    }

    fn run() -> impl Strategy<Value = (TestRun, At, usize)> {
        let texts = [
            "[aä\u{1F600}]{0,4}",
            "(com.shop(.cart)?)?",
            "[AÄ]{0,3}",
            "[aä]{1,5}",
        ];
        let place = prop::option::of((1..300_i64, 1..70_000_u64, prop::option::of(1..300_u64)));
        let rest = (
            prop::option::of("[a-z]{0,3}"),
            0..4_usize,
            prop::option::of(-9_000_000_000_000_i64..9_000_000_000_000),
            0..u64::from(u32::MAX),
            prop::collection::vec("[A-Z]{1,3}-[1-9]", 0..3),
        );
        (texts, rest, place, 0..100_000_usize).prop_map(|(texts, rest, place, length)| {
            let [module, package, class, name] = texts;
            let (run_name, status, started, millis, jira) = rest;
            let mut run = TestRun::new(name, STATUSES[status])
                .package(package)
                .class(class)
                .duration(Duration::from_millis(millis))
                .jira(jira);
            run.identity.module = module;
            run.run_name = run_name;
            run.started = started.map(|at| jiff::Timestamp::from_millisecond(at).unwrap());
            (run, place, length)
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        #[test]
        fn what_is_written_is_read_back(runs in prop::collection::vec(run(), 0..12)) {
            let mut end = 0;
            let runs: Vec<_> = runs
                .into_iter()
                .map(|(mut run, place, length)| {
                    end += length;
                    run.position = place.map(|(_, line, column)| Position::new("f", line).column(column));
                    (run, place.map(|(file, ..)| file), end)
                })
                .collect();
            let facts: Vec<Fact> = runs.iter().map(fact).collect();
            prop_assert_eq!(read(&written(&runs)).unwrap(), facts);
        }

        #[test]
        fn what_is_damaged_is_an_error_or_other_facts_and_never_a_panic(
            bytes in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            let mut sealed = bytes.clone();
            sealed.extend_from_slice(&crc32fast::hash(&bytes).to_le_bytes());
            let _ = read(&sealed);
            prop_assert!(bytes.is_empty() || read(&bytes).is_err() || bytes.len() == CRC_BYTES);
        }
    }

    #[test]
    fn a_changed_byte_is_noticed() {
        let runs: Vec<_> = (1..=3)
            .map(|number| {
                (
                    TestRun::new(format!("t{number}"), Status::Failed),
                    None,
                    10 * number,
                )
            })
            .collect();
        let bytes = written(&runs);
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            assert!(read(&damaged).is_err(), "{at}");
        }
        assert!(read(&bytes[..bytes.len() - 1]).is_err());
        assert!(read(&[]).is_err());
    }

    #[test]
    fn similar_results_take_a_few_bytes_each() {
        let runs: Vec<_> = (1..=1000)
            .map(|number| {
                let run = TestRun::new(format!("adds the item {number}"), Status::Passed);
                (
                    run.package("com.example.shop").class("CartTest"),
                    None,
                    300 * number,
                )
            })
            .collect();
        let bytes = written(&runs).len();
        assert!(bytes < 20 * runs.len(), "{bytes}");
    }
}
