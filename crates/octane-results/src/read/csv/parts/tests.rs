//! What is read in parts is what is read at once.

use std::io::{Cursor, Read};

use proptest::prelude::*;

use super::*;
use crate::format::Format;
use crate::read::cleaned::Cleaned;
use crate::read::commas::Commas;
use crate::read::options::ReadOptions;
use crate::read::process::ProcessEach;
use crate::read::record::Records;
use crate::run::TestRun;
use crate::sniff::sniff;
use crate::source::find::{FindOptions, sources};

/// Shows each result.
struct Show;

impl Process for Show {
    type Output = Vec<String>;

    fn begin(&self) -> Self::Output {
        Vec::new()
    }

    fn run(&self, run: &mut TestRun, shown: &mut Self::Output) {
        assert_ne!(run.identity.name, "panics", "expected in a test");
        shown.push(format!("{run:?}"));
    }
}

fn shown(record: Result<Processed<Vec<String>>, ReadError>) -> Vec<String> {
    match record {
        Ok(Processed::Runs(runs)) => runs,
        Ok(other) => vec![format!("{other:?}")],
        Err(error) => vec![error.to_string()],
    }
}

fn table(input: Input, head: &[u8], chunk_bytes: usize) -> Result<Csv<Input>, ReadError> {
    let head = &head[..head.len().min(8192)];
    let options = ReadOptions::default();
    let table = Csv::in_chunks("in.csv".into(), input, head, &options, chunk_bytes)?;
    // That of another duration of the file.
    Ok(table.with_commas(Commas::new(|see| _ = see("0,5"))))
}

fn at_once(input: Input, head: &[u8]) -> Vec<String> {
    let table = match table(input, head, 1 << 20) {
        Ok(table) => table,
        Err(error) => return vec![error.to_string()],
    };
    let records = Records::new(Cleaned::new(table, &ReadOptions::default()));
    ProcessEach::new(records, Arc::new(Show))
        .flat_map(shown)
        .collect()
}

/// The records of a table that is read in chunks of this size, and whether that was done by several threads.
fn in_parts(input: Input, head: &[u8], chunk_bytes: usize) -> (Vec<String>, bool) {
    let table = match table(input, head, chunk_bytes) {
        Ok(table) => table,
        Err(error) => return (vec![error.to_string()], false),
    };
    match crew(&table, &Arc::new(Show), 2) {
        Some(crew) => (
            Parts::<Show>::new(table, crew).flat_map(shown).collect(),
            true,
        ),
        None => (Vec::new(), false),
    }
}

/// Asserts that both ways lead to the same records, and returns whether several threads were used.
fn is_shared(text: &[u8], chunk_bytes: usize) -> bool {
    let input = || -> Input { Box::new(Cursor::new(text.to_vec())) };
    let (found, is_shared) = in_parts(input(), text, chunk_bytes);
    if is_shared || !found.is_empty() {
        let expected = at_once(input(), text);
        let first = found
            .iter()
            .zip(&expected)
            .position(|(found, expected)| found != expected);
        let first = first.unwrap_or(found.len().min(expected.len()));
        assert_eq!(
            (found.len(), found.get(first)),
            (expected.len(), expected.get(first)),
            "{chunk_bytes}: {}",
            String::from_utf8_lossy(text)
        );
    }
    is_shared
}

const HEADER: &str = "name,status,class,duration_s,started,description,jira,colour\n";

/// A table with these lines among others.
fn table_with(odd: &str) -> String {
    let plain = "a,ok,C,1.5,2026-11-20T10:00:00Z,\"x, y\",SHOP-1,red\n".repeat(5);
    format!("{HEADER}{plain}{odd}\n{plain}")
}

#[test]
fn rows_are_read_in_parts_whatever_is_in_them() {
    for odd in [
        "",
        "\n\r\n\n",
        "a,\"failed\",\"C\"\"D\",,,\"one\r\ntwo\n\n\"\"three\"\"\",,",
        "a,ok,\"C\"D,,,\"x\"\",\"y\",,",
        "a,ok,5\" wide,,,\"\n\n\",,",
        "a,ok,C,1,2026-11-20T10:00:00,x,SHOP-1,\nb,ok,C,1,2026-11-20T10:00:00,x,SHOP-1,",
        "0x12345678,ok,C,,,,,\n0x12345679,ok,C,,,,,",
        "a,ok,C,,1970-01-01,,,\n",
        "a,passd,C,fast,yesterday,,no key,",
        "a,ok,C\na,ok,C,1,,,,,,,",
        "a,ok,C,1,,,,,,x",
        "a,ok,C,\"1,250\",,,,\n",
        " ,ok,C,,,,,",
        "a,ok,C,,,\"x,,\nb,ok,C,,,,,",
        "a,ok,C,,,\"x\"\"",
        "\u{FEFF}a,ok,\u{FEFF},,,,,",
        "\r",
        "a,ok\rb,ok",
        "\"a\"\r\"b\",ok",
    ] {
        let table = table_with(odd);
        for text in [
            table.clone(),
            table.replace('\n', "\r\n"),
            format!("\u{FEFF}{table}"),
            format!("sep=,\n{table}"),
            format!("Report,\"of\n2026\"\n\n{table}"),
            format!("a,failed,,,,,,\n{table}"),
            table.trim_end().to_owned(),
            table.replace("\r\n", "\n").replace('\n', "\r"),
        ] {
            for chunk_bytes in [1, 30, 60, 100] {
                assert!(is_shared(text.as_bytes(), chunk_bytes), "{odd:?}");
            }
            is_shared(text.as_bytes(), 10_000);
        }
    }
}

#[test]
fn invalid_bytes_are_counted_in_all_parts() {
    let mut table = table_with("").into_bytes();
    for text in ["b,ok,C,,,K", "c,ok,D,,,L", "d,ok,"] {
        table.extend_from_slice(text.as_bytes());
        table.extend_from_slice(b"\xF6\xFF,,\n");
        table.extend_from_slice(b"e,ok,C,,,,,\n");
    }
    let found = in_parts(Box::new(Cursor::new(table.clone())), &table, 50).0;
    let last = found.last().unwrap();
    assert!(last.contains("InvalidBytes { bytes: 4,"), "{last}");
    assert!(is_shared(&table, 50));
}

#[test]
fn a_table_without_rows_says_so_at_its_end() {
    let table = format!("{HEADER}{}", "\n".repeat(300));
    assert!(is_shared(table.as_bytes(), 10));
    let (found, _) = in_parts(Box::new(Cursor::new(table)), HEADER.as_bytes(), 10);
    assert!(found.last().unwrap().contains("NoResults"), "{found:?}");
}

#[test]
fn other_encodings_and_small_tables_are_read_at_once() {
    let unit = |unit: u16| unit.to_le_bytes();
    let text = table_with("").repeat(20);
    let utf_16: Vec<u8> = text.encode_utf16().flat_map(unit).collect();
    assert!(!is_shared(&utf_16, 30));
    assert!(is_shared(text.as_bytes(), 30));
    assert!(!is_shared(text.as_bytes(), 1 << 20));
}

#[test]
fn an_input_that_cannot_be_read_on_fails_where_it_does() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _into: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("gone"))
        }
    }
    for end in ["", "a,ok,C", "a,ok,\"C\n\n", "\n\n"] {
        let text = table_with("") + end;
        let input = || -> Input { Box::new(Cursor::new(text.clone()).chain(Broken)) };
        let expected = at_once(input(), text.as_bytes());
        let last = expected.last().unwrap();
        assert!(expected.len() == 12 && last.contains("gone"), "{last}");
        for chunk_bytes in [20, 100] {
            let (found, is_shared) = in_parts(input(), text.as_bytes(), chunk_bytes);
            assert!(is_shared);
            assert_eq!(found, expected);
        }
    }
}

#[test]
fn nothing_is_left_out_silently_if_a_thread_ends_early() {
    let table = table_with("panics,ok,C,,,,,");
    let input = Box::new(Cursor::new(table.clone()));
    let (found, _) = in_parts(input, table.as_bytes(), 100);
    let last = found.last().unwrap();
    assert!(last.contains("has ended unexpectedly"), "{last}");
}

/// Pieces of tables, well-formed or not.
const PIECES: [&str; 24] = [
    "a,ok,C,1.5,2026-11-20T10:00:00Z,x,SHOP-1,red\n",
    "b,failed,C,2,2026-11-20 10:00:00,\"x, \"\"y\"\"\",SHOP-1,\r\n",
    "c,ok,C,\"1,250\",,\"one\ntwo\",,\n",
    "d,ok,0x12345678,,,,,\n",
    "0x12345678,ok,,,,,,\n",
    "e,odd,,,,,,\n",
    "\u{FEFF}f,ok,,,,,no key,\n",
    "g,ok\n",
    ",,,,,,,\n",
    "\"",
    "\"\"",
    "\",\"",
    "\n\"",
    "\"\n",
    ",",
    "\n",
    "\r\n",
    "\r",
    "é",
    "x",
    "h,ok,",
    "name,status",
    ",\"z",
    ";",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]
    #[test]
    fn any_pieces_are_read_in_parts_as_at_once(
        before in proptest::option::weighted(0.2, 0..PIECES.len()),
        pieces in proptest::collection::vec(0..PIECES.len(), 0..40),
        chunk_bytes in 1_usize..400,
        damaged in proptest::option::weighted(0.2, any::<proptest::sample::Index>()),
    ) {
        let mut text = before.map(|piece| PIECES[piece].to_owned()).unwrap_or_default();
        text.push_str(HEADER);
        pieces.iter().for_each(|piece| text.push_str(PIECES[*piece]));
        let mut bytes = text.into_bytes();
        if let Some(at) = damaged {
            let at = at.index(bytes.len());
            bytes[at] = 0xFF;
        }
        is_shared(&bytes, chunk_bytes);
    }
}

#[test]
fn real_tables_are_read_in_parts_as_at_once() {
    let Some(shared) = octane_test_support::shared_folder_with("cases/index.tsv") else {
        return;
    };
    let folders = ["corpus", "cases"].map(|name| shared.join(name).display().to_string());
    let found = sources(&folders, &FindOptions::default()).unwrap();
    let (mut files, mut in_parts) = (0, 0);
    for source in found.sources {
        let mut text = Vec::new();
        source.open().unwrap().read_to_end(&mut text).unwrap();
        let head = &text[..text.len().min(8192)];
        if sniff(head, source.extension()) == Ok(Format::Csv) {
            files += 1;
            for chunk_bytes in [1, 50, 300, 3000] {
                in_parts += usize::from(is_shared(&text, chunk_bytes));
            }
        }
    }
    assert!(
        files > 5 && in_parts > 10,
        "{files} files, {in_parts} in parts"
    );
}
