//! Reports and tables in all formats.

use octane_results::{Format, ReadOptions, Record, Source, read};

/// Whatever the bytes are, reading them as any format ends, and each result and each problem has its place.
///
/// The first byte chooses the format; 255 lets it be recognised.
///
/// # Panics
///
/// If that does not hold.
pub fn report(bytes: &[u8]) {
    if let Some((first, bytes)) = bytes.split_first() {
        report_as(Format::ALL.get(usize::from(*first)).copied(), bytes);
    }
}

/// The same for one format; without one, it is recognised.
///
/// # Panics
///
/// If that does not hold.
pub fn report_as(format: Option<Format>, bytes: &[u8]) {
    let options = match format {
        Some(format) => ReadOptions::default().format(format),
        None => ReadOptions::default(),
    };
    let Ok(records) = read(&Source::bytes("report", bytes), &options) else {
        return;
    };
    for record in records {
        match record {
            Ok(Record::Run(run)) => {
                assert!(!run.identity.name.is_empty());
                assert!(run.position.is_some_and(|position| position.line >= 1));
            }
            Ok(Record::Invalid(row)) => assert!(!row.cells.is_empty() && row.position.line >= 1),
            Ok(Record::Warning(warning)) => assert!(!warning.to_string().is_empty()),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
}
