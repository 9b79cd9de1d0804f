//! The first bytes of a source, from which its format is detected.

use std::io::{self, Cursor, Read};

use flate2::read::MultiGzDecoder;

use super::report::file::Input;
use crate::sniff::is_undecided;
use crate::source::Source;

/// How many bytes say what the format is, for most inputs.
const BYTES: usize = 8 * 1024;

/// How many are looked at before the format is given up.
const BYTES_MAX: usize = 1024 * 1024;

/// By how much more is looked at each time.
const FACTOR: usize = 8;

/// The first bytes of compressed files.
const GZIP: &[u8] = b"\x1F\x8B";

/// The first bytes of a source, and all of it.
pub(super) type Opened = (Vec<u8>, Input);

/// The first bytes of `source`, and all of it, unpacked.
pub(super) fn open(source: &Source) -> io::Result<Opened> {
    let (head, input) = with_head(source.open()?, source.extension())?;
    if head.starts_with(GZIP) {
        let unpacked = Box::new(MultiGzDecoder::new(input));
        return with_head(unpacked, source.extension());
    }
    Ok((head, input))
}

/// As many of the first bytes as most inputs need.
pub(super) fn first(head: &[u8]) -> &[u8] {
    &head[..head.len().min(BYTES)]
}

fn with_head(mut input: Input, extension: Option<&str>) -> io::Result<Opened> {
    let mut head = Vec::new();
    let mut wanted = BYTES;
    loop {
        let missing = u64::try_from(wanted - head.len()).unwrap_or(u64::MAX);
        input.by_ref().take(missing).read_to_end(&mut head)?;
        let is_whole = head.len() < wanted;
        let has_enough = is_whole || wanted >= BYTES_MAX || head.starts_with(GZIP);
        if has_enough || !is_undecided(&head, extension) {
            break;
        }
        wanted = (wanted * FACTOR).min(BYTES_MAX);
    }
    let input = Cursor::new(head.clone()).chain(input);
    Ok((head, Box::new(input)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::report::listing::listing;

    #[test]
    fn a_long_text_at_the_beginning_does_not_hide_the_format() {
        let long = "long ".repeat(10_000);
        for (name, document, expected) in [
            (
                "in.xml",
                format!(
                    "<!-- {long} --><test-run><test-case name='pays' result='Failed'/></test-run>"
                ),
                "pays = Failed",
            ),
            (
                "in.json",
                format!(
                    r#"{{"note":"{long}","stats":{{"passes":0}},"failures":[{{"title":"pays","fullTitle":"pays"}}]}}"#
                ),
                "pays = Failed",
            ),
            (
                "in.json",
                format!(
                    "{}{}\n",
                    "go: downloading example.com/x v1.0.0\n".repeat(1000),
                    r#"{"Time":"2026-01-01T00:00:00Z","Action":"fail","Package":"shop","Elapsed":1}"#
                ),
                " = Failed",
            ),
        ] {
            let found = listing(name, &document);
            assert!(found.contains(expected), "{name}: {found}");
        }
    }

    #[test]
    fn no_more_is_looked_at_than_the_format_needs() {
        let size = |name: &str, bytes: Vec<u8>| open(&Source::bytes(name, bytes)).unwrap().0.len();
        let long = "a".repeat(2 * BYTES_MAX);
        for (name, start, expected) in [
            ("in.json", "[{\"name\":\"a\"},", BYTES),
            ("in.csv", "name,status\n", BYTES),
            ("in.csv", "{", BYTES_MAX),
            ("in.csv", "name,status,", BYTES_MAX),
            ("in.csv", "Report\nname,status\n", BYTES_MAX),
            ("in.csv", &"name,state\n".repeat(60), BYTES),
            ("in.xml", "<testsuite><!--", BYTES),
            ("in.xml", "<!--", BYTES_MAX),
            ("in.json", "{\"note\":\"", BYTES_MAX),
            ("in.txt", "name,status\n", BYTES),
            ("in.txt", "name,status,", BYTES_MAX),
            ("in.tap", "", BYTES),
            ("in.txt", "", BYTES_MAX),
        ] {
            assert_eq!(
                size(name, format!("{start}{long}").into()),
                expected,
                "{start}"
            );
        }
        let short = BYTES + 5;
        assert_eq!(
            size("in.xml", format!("<{}", "!".repeat(short - 1)).into()),
            short
        );
    }
}
