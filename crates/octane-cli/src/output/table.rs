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
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(header);
    for row in rows {
        // Before the columns get their widths.
        table.add_row(
            row.into_iter()
                .map(|cell| clean(&secrets::redact(&cell)).into_owned()),
        );
    }
    Text::lines(table.to_string().lines().map(str::trim_end))
}
