//! The options that would make an invalid row or file valid.

use octane_results::{InvalidRow, ReadError, ReadErrorKind, ResultField};

/// The error, with the `--column` options that would help.
pub(crate) fn unreadable(error: &ReadError) -> String {
    match columns(error.kind()) {
        Some(hint) => format!("{error}; {hint}"),
        None => error.to_string(),
    }
}

/// The problems of the row, with the `--status-map` option that would help.
pub(crate) fn invalid_row(row: &InvalidRow) -> String {
    let is_misspelt = |hint: &String| hint.contains("did you mean");
    let mut unknown = row
        .cells
        .iter()
        .filter(|cell| cell.is_unknown_status && !cell.hint.as_ref().is_some_and(is_misspelt));
    match unknown.next() {
        // A shortened word would map another one.
        Some(cell) if !cell.value.ends_with('…') => {
            let mapping = quoted(&format!("{}=skipped", cell.value));
            format!("{row}; to map it, for example: `--status-map {mapping}`")
        }
        _ => row.to_string(),
    }
}

fn columns(kind: &ReadErrorKind) -> Option<String> {
    match kind {
        ReadErrorKind::MissingColumns { missing, header } => {
            let option = |field: &ResultField| {
                let column = field.probable_column(header).unwrap_or("COLUMN");
                format!(
                    "--column {}",
                    quoted(&format!("{column}={}", field.as_str()))
                )
            };
            let options: Vec<String> = missing.iter().map(option).collect();
            Some(format!("name them, for example: `{}`", options.join(" ")))
        }
        ReadErrorKind::DuplicateColumns { first, second, .. } if first != second => {
            let option = quoted(&format!("{second}="));
            Some(format!(
                "for example, ignore the second one: `--column {option}`"
            ))
        }
        ReadErrorKind::DuplicateColumns { .. } => Some("rename one of them".to_owned()),
        _ => None,
    }
}

/// `text` as one word for a shell.
fn quoted(text: &str) -> String {
    let is_plain =
        |char: char| char.is_alphanumeric() || matches!(char, '=' | '_' | '-' | '.' | '/');
    if text.chars().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use octane_results::{ReadOptions, Record, Source, read};

    use super::*;

    fn hints(table: &str) -> String {
        let source = Source::bytes("t.csv", table.as_bytes());
        let records = match read(&source, &ReadOptions::default()) {
            Ok(records) => records,
            Err(error) => return unreadable(&error),
        };
        let rows = records.filter_map(|record| match record {
            Ok(Record::Invalid(row)) => Some(invalid_row(&row)),
            _ => None,
        });
        rows.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_columns_that_are_probably_meant_are_named() {
        insta::assert_snapshot!(hints("v2.id,title,Test Result\n"), @"t.csv:1: required columns `name`, `status` are missing; columns found: `v2.id`, `title`, `Test Result`; name them, for example: `--column title=name --column 'Test Result=status'`");
        insta::assert_snapshot!(hints("id,status\n"), @"t.csv:1: required column `name` is missing; columns found: `id`, `status`; name them, for example: `--column COLUMN=name`");
        insta::assert_snapshot!(hints("name,status,Status\n"), @"t.csv:1: columns `status` and `Status` both contain status; keep one; for example, ignore the second one: `--column Status=`");
        insta::assert_snapshot!(hints("name,status,name\n"), @"t.csv:1: columns `name` and `name` both contain name; keep one; rename one of them");
    }

    #[test]
    fn a_word_for_a_status_can_be_mapped() {
        insta::assert_snapshot!(hints("name,status\na,In Progress\nb,don't know\nc,\n"), @r"
        t.csv:2: column `status`: `In Progress` is not a valid status; use passed, failed, skipped or planned; to map it, for example: `--status-map 'In Progress=skipped'`
        t.csv:3: column `status`: `don't know` is not a valid status; use passed, failed, skipped or planned; to map it, for example: `--status-map 'don'\''t know=skipped'`
        t.csv:4: column `status`: status is empty; use passed, failed, skipped or planned; to map it, for example: `--status-map =skipped`
        ");
    }
}
