//! What marks a database as a sandbox's.

use rusqlite::Connection;

/// SQLite's application ID, which marks a file as a sandbox's: `OcSb`.
const APPLICATION: i32 = 0x4f63_5362;

/// The layout version of the tables. It increases with every change that is incompatible with older files; a
/// new field in the catalog is compatible, because its column is added.
pub(super) const LAYOUT: i32 = 1;

/// Marks an empty database as a sandbox's. There is nothing that could be lost, so this does not wait for the disk.
pub(super) fn mark(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(&format!(
        "PRAGMA synchronous = OFF;
         PRAGMA journal_mode = WAL;
         PRAGMA application_id = {APPLICATION};
         PRAGMA user_version = {LAYOUT};"
    ))
}

/// What a file contains.
pub(super) enum Contents {
    /// Nothing, and it is not marked as a sandbox's.
    Nothing,
    /// Data that this sandbox can use.
    Own,
    /// Data of another version, by its layout, or of another program, which has none: zero, like the first sandboxes.
    Foreign(i32),
}

pub(super) fn contents(connection: &Connection) -> rusqlite::Result<Contents> {
    let number = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    let (application, layout) = (number("application_id")?, number("user_version")?);
    let is_empty = !connection
        .prepare("SELECT 1 FROM sqlite_master")?
        .exists([])?;
    Ok(match (application, layout) {
        (APPLICATION, LAYOUT) => Contents::Own,
        _ if is_empty => Contents::Nothing,
        (APPLICATION, layout) => Contents::Foreign(layout),
        _ => Contents::Foreign(0),
    })
}
