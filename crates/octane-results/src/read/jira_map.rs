//! Jira keys of tests, by a table of its own.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::{fs, io};

use csv::{ReaderBuilder, StringRecord};

use crate::identity::Identity;
use crate::invalid::shortened;
use crate::nfc::nfc;
use crate::position::Position;
use crate::read::distinct::remove_repeated;
use crate::read::jira_keys::jira_keys;
use crate::read::spelling::is_same;
use crate::run::TestRun;
use crate::warning::{Warning, WarningKind};
use crate::wildcard::{Wildcard, WildcardIndex};

/// The Jira keys of tests, from a table with commas, semicolons or tabs and a header line.
///
/// | column | what it contains |
/// |---|---|
/// | `test` | the identity as it is printed: `module/package.class.name`, without the empty parts |
/// | `module`, `package`, `class`, `name` | the parts of the identity, instead of `test` or in addition to it; an empty cell fits any |
/// | `jira` | one or more keys, separated by commas, semicolons or spaces; addresses of issues count |
///
/// A `*` stands for any text. A test has the keys of all lines that it matches, besides those that its report gives.
///
/// ```
/// use octane_results::{JiraMap, ReadOptions, Record, Source, read};
///
/// let map = "test,jira\nCartTest.*,SHOP-12\nCartTest.adds_tax,SHOP-13 SHOP-14\n";
/// let map = JiraMap::parse("map.csv", map.as_bytes())?;
/// let table = Source::bytes("in.csv", *b"class,name,status\nCartTest,adds_tax,passed\n");
/// for record in read(&table, &ReadOptions::default().jira_map(map.clone()))? {
///     let Record::Run(run) = record? else { panic!() };
///     assert_eq!(run.jira, ["SHOP-12", "SHOP-13", "SHOP-14"]);
/// }
/// assert_eq!(map.unused().count(), 0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct JiraMap {
    table: Arc<Table>,
}

#[derive(Debug)]
struct Table {
    file: Arc<str>,
    lines: Vec<Line>,
    /// One for each of [`COLUMNS`]; a line is in that of the first cell that it has, in the order of [`ORDER`].
    indexes: [WildcardIndex; COLUMNS.len()],
    /// What is wrong with single keys.
    warnings: Vec<Warning>,
}

/// The columns of a pattern. `jira` is the one after them.
const COLUMNS: [&str; 5] = ["test", "module", "package", "class", "name"];

/// Which column is looked up first: the one that differs most.
const ORDER: [usize; 5] = [0, 4, 3, 2, 1];

/// The names of the column with the keys.
const JIRA: [&str; 7] = [
    "jira", "jirakey", "jirakeys", "key", "keys", "issue", "issues",
];

#[derive(Debug)]
struct Line {
    number: u64,
    /// What each column has to match; all if there is nothing in it.
    patterns: [Option<Wildcard>; COLUMNS.len()],
    keys: Vec<String>,
    is_used: AtomicBool,
}

/// Why a table of Jira keys cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JiraMapError {
    /// It cannot be read.
    #[error("cannot read `{file}`: {error}")]
    Io {
        /// The file.
        file: String,
        /// The reason.
        error: io::Error,
    },
    /// It has no header, or one without the columns that are needed.
    #[error(
        "{file}:{line}: {reason}; expected the columns `test` (or `module`, `package`, `class`, `name`) and `jira`"
    )]
    Header {
        /// The file.
        file: String,
        /// The line, counted from 1.
        line: u64,
        /// The reason.
        reason: String,
    },
    /// A line of it is malformed.
    #[error("{file}:{line}: {reason}")]
    Line {
        /// The file.
        file: String,
        /// The line, counted from 1.
        line: u64,
        /// The reason.
        reason: String,
    },
}

impl PartialEq for JiraMap {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.table, &other.table)
    }
}

impl Eq for JiraMap {}

impl JiraMap {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or is not such a table.
    pub fn read(path: &Path) -> Result<Self, JiraMapError> {
        let file = path.display().to_string();
        match fs::read(path) {
            Ok(bytes) => Self::parse(&file, &bytes),
            Err(error) => Err(JiraMapError::Io { file, error }),
        }
    }

    /// Parses the content of `file`, which is used in messages only.
    ///
    /// # Errors
    ///
    /// If it is not such a table.
    pub fn parse(file: &str, bytes: &[u8]) -> Result<Self, JiraMapError> {
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        let header = bytes.split(|byte| matches!(byte, b'\n' | b'\r')).next();
        let delimiter = header.and_then(|header| {
            let is_delimiter = |byte: &&u8| matches!(byte, b',' | b';' | b'\t');
            header.iter().find(is_delimiter).copied()
        });
        let mut rows = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter.unwrap_or(b','))
            .from_reader(bytes);
        let mut row = StringRecord::new();
        let mut columns = None;
        let mut table = Table {
            file: file.into(),
            lines: Vec::new(),
            indexes: Default::default(),
            warnings: Vec::new(),
        };
        while next(&mut rows, &mut row, file)? {
            let line = row.position().map_or(1, csv::Position::line);
            match &columns {
                None => columns = Some(Columns::new(&row, file, line)?),
                Some(columns) => table.add(columns, &row, line)?,
            }
        }
        if columns.is_none() {
            return Err(JiraMapError::Header {
                file: file.to_owned(),
                line: 1,
                reason: "the file is empty".to_owned(),
            });
        }
        Ok(Self {
            table: Arc::new(table),
        })
    }

    /// What is wrong with single keys, which are ignored.
    pub fn warnings(&self) -> impl Iterator<Item = &Warning> {
        self.table.warnings.iter()
    }

    /// The lines that no test has matched so far.
    pub fn unused(&self) -> impl Iterator<Item = Warning> {
        let unused = self.table.lines.iter();
        let unused = unused.filter(|line| !line.is_used.load(Ordering::Relaxed));
        unused.map(|line| Warning {
            position: self.table.position(line.number),
            kind: WarningKind::UnusedJiraLine,
        })
    }

    /// Adds the keys of `run`.
    pub(crate) fn apply(&self, run: &mut TestRun) {
        run.jira.extend(self.keys(&run.identity));
        remove_repeated(&mut run.jira);
    }

    /// The keys of a test, in the order of the lines; a key that several lines have is there several times.
    pub fn keys(&self, test: &Identity) -> Vec<String> {
        self.find(test).unwrap_or_default()
    }

    /// The same, or `None` if no line matches the test. The cell of a line that does may be empty: the test has no key then.
    pub fn find(&self, test: &Identity) -> Option<Vec<String>> {
        let Identity {
            module,
            package,
            class,
            name,
        } = test;
        let whole = test.to_string();
        let texts: [&str; COLUMNS.len()] = [&whole, module, package, class, name];
        let mut matching: Vec<usize> = Vec::new();
        for (index, text) in self.table.indexes.iter().zip(texts) {
            matching.extend(index.candidates(text).filter(|number| {
                let patterns = self.table.lines[*number].patterns.iter();
                let mut cells = patterns.zip(texts);
                cells.all(|(pattern, text)| pattern.as_ref().is_none_or(|it| it.matches(text)))
            }));
        }
        if matching.is_empty() {
            return None;
        }
        matching.sort_unstable();
        let lines = matching.iter().map(|number| &self.table.lines[*number]);
        let used = lines.inspect(|line| line.is_used.store(true, Ordering::Relaxed));
        Some(used.flat_map(|line| line.keys.iter().cloned()).collect())
    }
}

impl Table {
    fn position(&self, line: u64) -> Position {
        Position::new(Arc::clone(&self.file), line)
    }

    fn add(
        &mut self,
        columns: &Columns,
        row: &StringRecord,
        line: u64,
    ) -> Result<(), JiraMapError> {
        let cell = |at: Option<usize>| at.and_then(|at| row.get(at)).unwrap_or("").trim();
        if row.iter().all(|cell| cell.trim().is_empty()) {
            return Ok(());
        }
        let invalid = |reason: &str| JiraMapError::Line {
            file: self.file.to_string(),
            line,
            reason: reason.to_owned(),
        };
        let is_last = columns.jira + 1 == columns.count;
        let mut further = row.iter().skip(columns.count);
        if !is_last && further.any(|cell| !cell.trim().is_empty()) {
            return Err(invalid("there are more cells than columns"));
        }
        // Keys that are separated as the columns are.
        let end = if is_last { row.len() } else { columns.jira + 1 };
        let keys: Vec<&str> = (columns.jira..end).filter_map(|at| row.get(at)).collect();
        let keys = keys.join(" ");
        let patterns = columns.patterns.map(|at| {
            let pattern = cell(at);
            (!pattern.is_empty()).then(|| Wildcard::new(&nfc(pattern)))
        });
        let found = jira_keys(&keys);
        let has_lines = |at: Option<usize>| cell(at).contains('\n');
        let has_swallowed = columns.patterns.into_iter().any(has_lines)
            || keys.contains('\n') && !found.others.is_empty();
        if has_swallowed {
            let reason = "a cell in quotes has several lines; write each quote inside a cell twice, and close each cell that begins with one";
            return Err(invalid(reason));
        }
        let number = self.lines.len();
        let Some(first) = ORDER.into_iter().find(|at| patterns[*at].is_some()) else {
            return Err(invalid("there is no test; use `*` for all tests"));
        };
        let position = self.position(line);
        let others = found.others.iter().map(|word| WarningKind::JiraKey {
            value: shortened(word),
        });
        self.warnings.extend(others.map(|kind| Warning {
            position: position.clone(),
            kind,
        }));
        if let Some(pattern) = &patterns[first] {
            self.indexes[first].add(pattern, number);
        }
        self.lines.push(Line {
            number: line,
            patterns,
            keys: found.keys,
            is_used: AtomicBool::new(false),
        });
        Ok(())
    }
}

/// Where the columns of a table are.
struct Columns {
    patterns: [Option<usize>; COLUMNS.len()],
    jira: usize,
    count: usize,
}

impl Columns {
    fn new(header: &StringRecord, file: &str, line: u64) -> Result<Self, JiraMapError> {
        let position = |is_wanted: &dyn Fn(&str) -> bool| header.iter().position(is_wanted);
        let patterns = COLUMNS.map(|name| position(&|cell| is_same(name, cell)));
        let jira = position(&|cell| JIRA.iter().any(|name| is_same(name, cell)));
        let is_known = |at: usize| patterns.contains(&Some(at)) || jira == Some(at);
        let invalid = |reason: String| JiraMapError::Header {
            file: file.to_owned(),
            line,
            reason,
        };
        let named = || {
            (0..)
                .zip(header)
                .filter(|(_, name)| !name.trim().is_empty())
        };
        if let Some((_, name)) = named().find(|(at, _)| !is_known(*at)) {
            let is_repeated = COLUMNS
                .iter()
                .chain(&JIRA)
                .any(|known| is_same(known, name));
            let name = shortened(name);
            return Err(invalid(if is_repeated {
                format!(
                    "column `{name}` is there twice, or next to another one with the same meaning"
                )
            } else {
                format!("column `{name}` has no meaning here")
            }));
        }
        match jira {
            None => Err(invalid("there is no column `jira`".to_owned())),
            Some(_) if patterns.iter().all(Option::is_none) => {
                Err(invalid("there is no column for the test".to_owned()))
            }
            Some(jira) => Ok(Self {
                patterns,
                jira,
                count: header.len(),
            }),
        }
    }
}

/// Reads the next row, if there is one.
fn next(
    rows: &mut csv::Reader<&[u8]>,
    row: &mut StringRecord,
    file: &str,
) -> Result<bool, JiraMapError> {
    rows.read_record(row).map_err(|error| {
        let line = error.position().map_or(1, csv::Position::line);
        let reason = match error.kind() {
            csv::ErrorKind::Utf8 { .. } => "is not valid UTF-8; save the file as UTF-8".to_owned(),
            _ => error.to_string(),
        };
        JiraMapError::Line {
            file: file.to_owned(),
            line,
            reason,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::Status;

    fn parsed(map: &str) -> JiraMap {
        JiraMap::parse("map.csv", map.as_bytes()).unwrap()
    }

    fn keys(map: &JiraMap, module: &str, class: &str, name: &str) -> String {
        let mut run = TestRun::new(name, Status::Passed)
            .module(module)
            .class(class)
            .jira(["OWN-1"]);
        map.apply(&mut run);
        run.jira.join(" ")
    }

    fn unused(map: &JiraMap) -> Vec<u64> {
        map.unused().map(|warning| warning.position.line).collect()
    }

    #[test]
    fn tests_get_the_keys_of_all_lines_that_they_match() {
        let map = parsed(
            "test;jira\nShop/Cart.adds;SHOP-1\nShop/*;SHOP-2, own-1\n\n*.pays;SHOP-3 SHOP-4\nPay/x;SHOP-5\n",
        );
        assert_eq!(keys(&map, "Shop", "Cart", "adds"), "OWN-1 SHOP-1 SHOP-2");
        assert_eq!(keys(&map, "", "Cart", "pays"), "OWN-1 SHOP-3 SHOP-4");
        assert_eq!(keys(&map, "", "Cart", "adds"), "OWN-1");
        assert_eq!(unused(&map), [6]);
    }

    #[test]
    fn the_parts_of_an_identity_may_be_columns() {
        let map = parsed(
            "class\tName\tJira Keys\tmodule\nCart\tadds*\tSHOP-1\t\nCart\t\tSHOP-2\tShop\n\tadds\tSHOP-3\tPay\n",
        );
        assert_eq!(
            keys(&map, "Shop", "Cart", "adds tax"),
            "OWN-1 SHOP-1 SHOP-2"
        );
        assert_eq!(keys(&map, "", "Cart", "pays"), "OWN-1");
        assert_eq!(unused(&map), [4]);
    }

    #[test]
    fn keys_may_be_separated_as_the_columns_are() {
        let map = parsed("test,jira\na,SHOP-1,SHOP-2,\n");
        assert_eq!(keys(&map, "", "", "a"), "OWN-1 SHOP-1 SHOP-2");
    }

    #[test]
    fn a_bad_key_is_named_and_costs_nothing() {
        let map =
            parsed("test,jira\na,\"SHOP-1, SHOP 2\"\nb,\nc,https://x.example/browse/SHOP-3\n");
        assert_eq!(keys(&map, "", "", "a"), "OWN-1 SHOP-1");
        assert_eq!(keys(&map, "", "", "c"), "OWN-1 SHOP-3");
        let warnings: Vec<String> = map.warnings().map(ToString::to_string).collect();
        insta::assert_snapshot!(warnings.join("\n"), @r"
        map.csv:2: ignored `SHOP`: not a Jira key (expected e.g. `SHOP-12`)
        map.csv:2: ignored `2`: not a Jira key (expected e.g. `SHOP-12`)
        ");
        insta::assert_snapshot!(map.unused().next().unwrap().to_string(), @"map.csv:3: this line matches no test");
    }

    #[test]
    fn a_composed_and_a_decomposed_name_are_one() {
        let map = parsed("test,jira\ncafe\u{301},SHOP-1\n");
        assert_eq!(keys(&map, "", "", "caf\u{e9}"), "OWN-1 SHOP-1");
    }

    #[test]
    fn a_table_of_another_kind_is_refused_with_file_and_line() {
        let error = |map: &[u8]| JiraMap::parse("map.csv", map).unwrap_err().to_string();
        insta::assert_snapshot!(error(b""), @"map.csv:1: the file is empty; expected the columns `test` (or `module`, `package`, `class`, `name`) and `jira`");
        insta::assert_snapshot!(error(b"test,story\na,SHOP-1\n"), @"map.csv:1: column `story` has no meaning here; expected the columns `test` (or `module`, `package`, `class`, `name`) and `jira`");
        insta::assert_snapshot!(error(b"jira\nSHOP-1\n"), @"map.csv:1: there is no column for the test; expected the columns `test` (or `module`, `package`, `class`, `name`) and `jira`");
        insta::assert_snapshot!(error(b"test\na\n"), @"map.csv:1: there is no column `jira`; expected the columns `test` (or `module`, `package`, `class`, `name`) and `jira`");
        insta::assert_snapshot!(error(b"jira,test\nSHOP-1,a\nSHOP-1,SHOP-2,b\n"), @"map.csv:3: there are more cells than columns");
        insta::assert_snapshot!(error(b"test,jira\nA,\"SHOP-1\nB,SHOP-2\nC,SHOP-3\n"), @"map.csv:2: a cell in quotes has several lines; write each quote inside a cell twice, and close each cell that begins with one");
        insta::assert_snapshot!(error(b"jira,test\nSHOP-1,\"A\nSHOP-2,B\n"), @"map.csv:2: a cell in quotes has several lines; write each quote inside a cell twice, and close each cell that begins with one");
        insta::assert_snapshot!(error(b"test,jira\n,SHOP-1\n"), @"map.csv:2: there is no test; use `*` for all tests");
        insta::assert_snapshot!(error(b"test,jira\na,SHOP-1\n\xE9,SHOP-1\n"), @"map.csv:3: is not valid UTF-8; save the file as UTF-8");
    }
}
