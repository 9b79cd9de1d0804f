//! Tables for people.

use comfy_table::{ContentArrangement, Table, presets};
use octane_model::clean;

use super::secrets;
use super::text::Text;

/// A plain table; a row is a line, whatever its cells contain.
pub(crate) fn table<R: IntoIterator<Item = String>>(
    header: &[&str],
    rows: impl IntoIterator<Item = R>,
) -> Text {
    PagedTable::new(header).page(rows)
}

/// A table that is printed while its rows are still read. The columns get their widths from the first rows.
pub(crate) struct PagedTable {
    /// The header; after it was printed, texts that are as wide as the columns.
    header: Vec<String>,
    is_begun: bool,
}

impl PagedTable {
    pub(crate) fn new(header: &[&str]) -> Self {
        Self {
            header: header.iter().map(|name| (*name).to_owned()).collect(),
            is_begun: false,
        }
    }

    /// The next rows; before the first ones, the header.
    pub(crate) fn page<R: IntoIterator<Item = String>>(
        &mut self,
        rows: impl IntoIterator<Item = R>,
    ) -> Text {
        let mut table = Table::new();
        table
            .load_style(presets::NOTHING)
            .set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(&self.header);
        for row in rows {
            // Before the columns get their widths.
            table.add_row(
                row.into_iter()
                    .map(|cell| clean(&secrets::redact(&cell)).into_owned()),
            );
        }
        let hidden = usize::from(self.is_begun);
        self.is_begun = true;
        let widths = table.column_max_content_widths();
        self.header = widths
            .into_iter()
            .map(|width| "-".repeat(width.into()))
            .collect();
        Text::lines(table.to_string().lines().skip(hidden).map(str::trim_end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: Text) -> Vec<String> {
        text.styled().lines().map(str::to_owned).collect()
    }

    #[test]
    fn columns_are_aligned_however_wide_their_characters_are() {
        let rows = [
            ["1", "テスト", "x"],
            ["22", "e\u{301}té", "y"],
            ["3", "ab", "z"],
        ];
        let table = table(
            &["ID", "NAME", "STATUS"],
            rows.map(|row| row.map(str::to_owned)),
        );
        assert_eq!(
            lines(table),
            [
                " ID  NAME    STATUS",
                " 1   テスト  x",
                " 22  e\u{301}té     y",
                " 3   ab      z",
            ]
        );
    }

    #[test]
    fn later_pages_continue_the_columns_of_the_first() {
        let mut table = PagedTable::new(&["ID", "NAME"]);
        let row = |cells: [&str; 2]| [cells.map(str::to_owned)];
        assert_eq!(
            lines(table.page(row(["1000", "a"]))),
            [" ID    NAME", " 1000  a"]
        );
        assert_eq!(lines(table.page(row(["1", "b"]))), [" 1     b"]);
        assert_eq!(lines(table.page(row(["10000", "c"]))), [" 10000  c"]);
    }
}
