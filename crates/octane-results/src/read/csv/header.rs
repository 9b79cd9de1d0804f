//! Finds the header of a table: its separator, and the lines before it.

use super::chunks::MARK;
use super::row::Row;
use crate::read::error::ReadErrorKind;
use crate::read::options::ReadOptions;

/// How many rows may be before the header.
const ROWS_MAX: usize = 50;

/// Where the header of a table is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct HeaderPosition {
    /// The separator of the columns.
    pub(super) delimiter: u8,
    /// How many rows are before the header.
    pub(super) rows_before: usize,
    /// Whether the first row is a `sep=;`, which Excel writes and reads.
    pub(super) has_separator_line: bool,
    /// Whether there are carriage returns in its names: they are the line ends of the table, below lines that end otherwise.
    pub(super) has_returns: bool,
    /// How many bytes are before it; `None` if no row has the required columns.
    pub(super) above: Option<usize>,
}

/// Finds the header in the first bytes of a table.
///
/// Usually it is the first row. Exports may begin with a title, the time or the query: the header is then the first
/// row that has the required columns. If there is none, it is the first row, which is reported.
pub(super) fn find_header(head: &[u8], options: &ReadOptions) -> HeaderPosition {
    let whole = head.len();
    let mut head = head;
    while let Some(text) = head.strip_prefix(MARK) {
        head = text;
    }
    let marks = whole - head.len();
    let declared = declared_separator(head);
    let below_type = below_type_line(head);
    let first = usize::from(declared.is_some() || below_type.is_some());
    let chosen = options.delimiter.or(declared);
    let delimiter = chosen.unwrap_or_else(|| delimiter(below_type.unwrap_or(head)));
    let others: &[u8] = if chosen.is_some() { &[] } else { b",;\t|" };
    let candidates = std::iter::once(delimiter).chain(others.iter().copied());
    let found = candidates.into_iter().find_map(|delimiter| {
        let position = first_header(head, delimiter, first, options)?;
        let above = position.above.map(|above| marks + above);
        Some(HeaderPosition { above, ..position })
    });
    let position = found.unwrap_or(HeaderPosition {
        delimiter,
        rows_before: first,
        has_separator_line: false,
        has_returns: false,
        above: None,
    });
    HeaderPosition {
        has_separator_line: declared.is_some(),
        ..position
    }
}

/// The position of the first row that has the required columns, starting with `first`.
fn first_header(
    head: &[u8],
    delimiter: u8,
    first: usize,
    options: &ReadOptions,
) -> Option<HeaderPosition> {
    let mut row = Row::default();
    let (mut at, mut line) = (0, 1);
    for rows_before in 0..ROWS_MAX {
        let above = at;
        if !row.read(head, &mut at, &mut line, delimiter) {
            break;
        }
        // A header with a problem of its own, such as a repeated column, is the header too.
        let names = names(&row, head);
        let is_header = !matches!(
            options.columns.map_header(&names),
            Err(ReadErrorKind::MissingColumns { .. } | ReadErrorKind::UnknownColumn { .. })
        );
        if rows_before >= first && is_header {
            return Some(HeaderPosition {
                delimiter,
                rows_before,
                has_separator_line: false,
                has_returns: names.iter().any(|name| name.contains('\r')),
                above: Some(above),
            });
        }
    }
    None
}

/// The names of the columns in a row of `text`.
pub(super) fn names(row: &Row, text: &[u8]) -> Vec<String> {
    let name = |cell| String::from_utf8_lossy(cell).trim().to_owned();
    row.cells(text).map(name).collect()
}

/// What is below a first line such as `#TYPE System.Data.DataRow`, which PowerShell writes.
fn below_type_line(head: &[u8]) -> Option<&[u8]> {
    const TYPE: &[u8] = b"#TYPE ";
    let is_type = head.get(..TYPE.len())?.eq_ignore_ascii_case(TYPE);
    let end = head.iter().position(|byte| *byte == b'\n')?;
    is_type.then(|| &head[end + 1..])
}

/// The separator in a first line such as `sep=;`, perhaps in quotes.
fn declared_separator(head: &[u8]) -> Option<u8> {
    let end = head
        .iter()
        .position(|byte| matches!(byte, b'\n' | b'\r'))
        .unwrap_or(head.len());
    let line = head[..end].strip_prefix(b"\"").unwrap_or(&head[..end]);
    let (name, rest) = line.split_at_checked(4)?;
    let (separator, rest) = rest.split_first()?;
    let is_end = |byte: &u8| matches!(byte, b'"' | b' ') || byte == separator;
    let is_separator = !separator.is_ascii_alphanumeric() && !matches!(separator, b'"' | b' ');
    (name.eq_ignore_ascii_case(b"sep=") && is_separator && rest.iter().all(is_end))
        .then_some(*separator)
}

/// The most frequent separator in the first line, outside quotes; a comma if there is none.
fn delimiter(head: &[u8]) -> u8 {
    let mut counts = [b',', b';', b'\t', b'|'].map(|kind| (kind, 0_u32));
    let mut is_quoted = false;
    let text = head.trim_ascii_start();
    for byte in text
        .iter()
        .take_while(|byte| !matches!(byte, b'\n' | b'\r'))
    {
        is_quoted ^= *byte == b'"';
        if let Some((_, count)) = (counts.iter_mut()).find(|(kind, _)| kind == byte && !is_quoted) {
            *count += 1;
        }
    }
    let [comma, others @ ..] = counts;
    let most = |best: (u8, u32), other: (u8, u32)| if other.1 > best.1 { other } else { best };
    others.into_iter().fold(comma, most).0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::columns::Columns;
    use crate::read::field::ResultField;

    fn found(head: &str, options: &ReadOptions) -> (char, usize) {
        let position = find_header(head.as_bytes(), options);
        (char::from(position.delimiter), position.rows_before)
    }

    #[test]
    fn the_header_is_the_first_row_with_the_required_columns() {
        let plain = ReadOptions::default();
        for (head, expected) in [
            ("name,status\na,ok\n", (',', 0)),
            ("name;status\na;ok\n", (';', 0)),
            ("name|status\na|ok\n", ('|', 0)),
            ("Total: a, b, c\nname|status|x\na|ok\n", ('|', 1)),
            ("sep=;\r\nname;status\r\n", (';', 1)),
            ("\u{FEFF}SEP=\t\nname\tstatus\n", ('\t', 1)),
            ("\"sep=;\"\nname;status\n", (';', 1)),
            ("sep=,,,\nname,status\n", (',', 1)),
            ("Report of 2026-01-23\n\nID;Name;Status\n1;a;ok\n", (';', 1)),
            ("Exported on,today\nQuery,(a:b)\n\nName,Status\n", (',', 2)),
            ("sep=;\nTitle, with a comma\nName;Status\n", (';', 2)),
            ("nmae,status\nb,ok\n", (',', 0)),
            ("#TYPE Shop.Result\r\nName;Result\r\na;ok\r\n", (';', 1)),
            ("#type Shop.Result\nName,Status\na,ok\n", (',', 1)),
            ("status,name,Status\nname,status,x\n", (',', 0)),
            ("", (',', 0)),
            ("sep=", (',', 0)),
        ] {
            assert_eq!(found(head, &plain), expected, "{head:?}");
        }
    }

    #[test]
    fn given_columns_and_separators_are_respected() {
        let columns = Columns::default()
            .with("Title", ResultField::Name)
            .with("Verdict", ResultField::Status);
        let options = ReadOptions::default().columns(columns);
        assert_eq!(found("a,b\nTitle,Verdict\n", &options), (',', 1));
        assert_eq!(found("name,status\nx,y\n", &options), (',', 0));
        let semicolon = ReadOptions::default().delimiter(b';');
        assert_eq!(found("sep=,\nname,status\n", &semicolon), (';', 1));
    }
}
