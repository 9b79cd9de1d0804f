//! The options that would make an invalid row or file valid.

use octane_model::is_unsafe;
use octane_results::{InvalidRow, ReadError, ReadErrorKind, ResultField, Status};

/// The error, with the `--column` options that would help.
pub(crate) fn unreadable(error: &ReadError) -> String {
    match columns(error.kind()) {
        Some(hint) => format!("{error}; {hint}{}", encoding(error.kind())),
        None => format!("{error}{}", encoding(error.kind())),
    }
}

/// What to do if the titles of columns are not in the encoding of the file.
fn encoding(kind: &ReadErrorKind) -> &'static str {
    let (ReadErrorKind::MissingColumns { header, .. }
    | ReadErrorKind::UnknownColumn { header, .. }) = kind
    else {
        return "";
    };
    if header
        .iter()
        .any(|name| name.contains(char::REPLACEMENT_CHARACTER))
    {
        "; the titles are not UTF-8: set the encoding with `--encoding`, for example `--encoding windows-1252`"
    } else {
        ""
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
        Some(cell) if can_be_mapped(&cell.value) => {
            let status = likely_status(&cell.value).as_str().to_lowercase();
            let mapping = quoted(&format!("{}={status}", cell.value));
            // Otherwise a word such as `-x` would be an option.
            let space = if mapping.starts_with('-') { '=' } else { ' ' };
            format!("{row}; to map it, for example: `--status-map{space}{mapping}`")
        }
        _ => row.to_string(),
    }
}

/// Whether the word, as it is shown, is one that a status can be mapped to: not a line of dashes below a header, and as it is in the
/// file, not shortened, and without characters that are shown by their numbers.
fn can_be_mapped(word: &str) -> bool {
    let is_line = word.len() > 1
        && word
            .chars()
            .all(|char| matches!(char, '-' | '=' | '_' | ' '));
    !is_line && !word.ends_with('…') && !word.contains(is_unsafe)
}

/// The status in the example for a word that is not known. Who copies the example must not hide a failure by it:
///
/// | word | status |
/// | --- | --- |
/// | says that the test passed: `True`, `Passed (flaky)` | passed |
/// | says that it has not run, or not to its end, or nothing: `N/A`, `In Progress`, `Untested` | skipped |
/// | anything else: `False`, `not ok`, `warning` | failed |
fn likely_status(word: &str) -> Status {
    const PASSED: [&str; 7] = ["pass", "success", "true", "ok", "yes", "✓", "✔"];
    const NOT_RUN: [&str; 12] = [
        "n/a", "na", "none", "-", "progress", "pending", "waiting", "untested", "retest",
        "blocked", "hold", "run",
    ];
    let word = word.trim().to_lowercase();
    let is_negated = ["not", "no", "un", "im", "in", "never"]
        .iter()
        .any(|start| word.starts_with(start));
    let has_failed = ["fail", "err"].iter().any(|part| word.contains(part));
    if !has_failed && PASSED.iter().any(|start| word.starts_with(start)) {
        Status::Passed
    } else if is_negated && PASSED.iter().any(|part| word.contains(part)) {
        Status::Failed
    } else if word.is_empty() || NOT_RUN.iter().any(|end| word.ends_with(end)) {
        Status::Skipped
    } else {
        Status::Failed
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
        insta::assert_snapshot!(hints("name,status,name\n"), @"t.csv:1: two columns are called `name`; rename one of them");
    }

    #[test]
    fn the_example_for_a_word_hides_no_failure() {
        let passed = ["True", "Passed (flaky)", "✓", "OK!", "yes"];
        let skipped = [
            "",
            "N/A",
            "-",
            "In Progress",
            "Untested",
            "not run",
            "On hold",
        ];
        let failed = [
            "False",
            "0",
            "1",
            "not ok",
            "unsuccessful",
            "not passed",
            "passed with errors",
            "warning",
            "?",
        ];
        for (words, status) in [
            (&passed[..], Status::Passed),
            (&skipped[..], Status::Skipped),
            (&failed[..], Status::Failed),
        ] {
            for word in words {
                assert_eq!(likely_status(word), status, "{word}");
            }
        }
    }

    #[test]
    fn titles_in_another_encoding_are_named() {
        let titles = |table: &[u8]| {
            let source = Source::bytes("t.csv", table);
            unreadable(&read(&source, &ReadOptions::default()).err().unwrap())
        };
        let found = titles(b"Dur\xE9e,Name\n");
        assert!(
            found.contains("set the encoding with `--encoding`"),
            "{found}"
        );
        assert!(!titles(b"Duration,Name\n").contains("--encoding"));
    }

    #[test]
    fn only_what_would_work_is_proposed() {
        let found = hints("name,status\n----,------\na,-x\nb,x\u{200b}y\n");
        let proposals: Vec<_> = found
            .lines()
            .map(|line| line.split_once("--status-map"))
            .collect();
        let proposed = |at: usize| proposals[at].map(|(_, rest)| rest);
        assert_eq!(
            [proposed(0), proposed(1), proposed(2)],
            [None, Some("=-x=failed`"), None]
        );
    }

    #[test]
    fn a_word_for_a_status_can_be_mapped() {
        insta::assert_snapshot!(hints("name,status\na,In Progress\nb,don't know\nc,\n"), @r"
        t.csv:2: column `status`: `In Progress` is not a valid status; use passed, failed, skipped or planned; to map it, for example: `--status-map 'In Progress=skipped'`
        t.csv:3: column `status`: `don't know` is not a valid status; use passed, failed, skipped or planned; to map it, for example: `--status-map 'don'\''t know=failed'`
        t.csv:4: column `status`: status is empty; use passed, failed, skipped or planned; to map it, for example: `--status-map =skipped`
        ");
    }
}
