//! Writes results in formats that other tools read; payloads for Octane are written by
//! [`PayloadWriter`](crate::PayloadWriter).

use crate::run::TestRun;

mod csv;
mod environment;
mod junit;
mod ndjson;
#[cfg(feature = "arrow")]
pub(crate) mod parquet;

/// A format in which results are written for other tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ExportFormat {
    /// `JUnit` XML.
    Junit,
    /// A JSON object a line, with the columns of [`ResultField`](crate::ResultField) as names.
    Ndjson,
    /// A table with the columns of [`ResultField`](crate::ResultField).
    Csv,
}

/// Writes results in an [`ExportFormat`]: what is before them, each of them, and what is after them.
///
/// What is written can be read again by [`read`](crate::read()). The formats hold less than a [`TestRun`]: steps, metadata and
/// the context of a run, apart from its environment, are omitted. In `JUnit`, module and environment are properties, which are not
/// read as such; a planned run is read as skipped, and a dotted class without a package as package and class.
///
/// ```
/// use octane_results::{ExportFormat, Exporter, ReadOptions, Record, Source, Status, TestRun, read};
///
/// let run = TestRun::new("adds_tax", Status::Passed).class("CartTest").jira(["SHOP-12"]);
/// let exporter = Exporter::new(ExportFormat::Csv);
/// let mut table = exporter.prefix().to_vec();
/// exporter.write(&run, &mut table);
/// table.extend_from_slice(exporter.suffix());
/// let source = Source::bytes("out.csv", table);
/// let records: Vec<Record> = read(&source, &ReadOptions::default())?.collect::<Result<_, _>>()?;
/// let [Record::Run(again)] = &records[..] else { panic!("{records:?}") };
/// assert_eq!((&again.identity, &again.jira), (&run.identity, &run.jira));
/// # Ok::<(), octane_results::ReadError>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Exporter {
    format: ExportFormat,
}

impl Exporter {
    /// An exporter for this format.
    pub fn new(format: ExportFormat) -> Self {
        Self { format }
    }

    /// What is before all results.
    pub fn prefix(&self) -> &'static [u8] {
        match self.format {
            ExportFormat::Junit => junit::PREFIX,
            ExportFormat::Ndjson => b"",
            ExportFormat::Csv => csv::PREFIX,
        }
    }

    /// Appends a result.
    pub fn write(&self, run: &TestRun, out: &mut Vec<u8>) {
        match self.format {
            ExportFormat::Junit => junit::write(run, out),
            ExportFormat::Ndjson => ndjson::write(run, out),
            ExportFormat::Csv => csv::write(run, out),
        }
    }

    /// What is after all results.
    pub fn suffix(&self) -> &'static [u8] {
        match self.format {
            ExportFormat::Junit => junit::SUFFIX,
            ExportFormat::Ndjson | ExportFormat::Csv => b"",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::context::Tag;
    use crate::read::options::ReadOptions;
    use crate::read::read;
    use crate::read::record::Record;
    use crate::run::Failure;
    use crate::source::Source;
    use crate::status::Status;

    fn written(format: ExportFormat, runs: &[TestRun]) -> Vec<u8> {
        let exporter = Exporter::new(format);
        let mut out = exporter.prefix().to_vec();
        for run in runs {
            exporter.write(run, &mut out);
        }
        out.extend_from_slice(exporter.suffix());
        out
    }

    /// What is read of what was written, without positions and origins.
    fn again(format: ExportFormat, runs: &[TestRun]) -> Vec<TestRun> {
        let source = Source::bytes("out", written(format, runs));
        let records = read(&source, &ReadOptions::default()).unwrap();
        let runs = records.filter_map(|record| match record.unwrap() {
            Record::Run(mut run) => {
                run.position = None;
                run.may_be_retry = false;
                let is_last_meant = std::mem::take(&mut run.replaces_earlier);
                assert_eq!(is_last_meant, format == ExportFormat::Junit);
                run.origin = crate::origin::Origin::default();
                run.metadata = None;
                Some(*run)
            }
            Record::Invalid(row) => panic!("{row}"),
            Record::Warning(_) => None,
        });
        runs.collect()
    }

    fn failed() -> TestRun {
        let mut run = TestRun::new("adds, \"tax\" <1>", Status::Failed)
            .package("shop.cart")
            .class("CartTest")
            .duration(Duration::from_millis(1250))
            .started("2026-11-28T05:00:00.5Z".parse().unwrap())
            .failure(
                Failure::new("1 != 2 & more")
                    .error_type("AssertionError")
                    .details("  at a\n  at b"),
            )
            .jira(["SHOP-1", "SHOP-2"]);
        run.description = None;
        run
    }

    #[test]
    fn each_format_looks_as_its_readers_expect() {
        let mut skipped = TestRun::new("pays", Status::Skipped);
        skipped.description = Some("not today".to_owned());
        skipped.context.environment = vec![Tag::new("OS", "Linux")];
        let mut planned = TestRun::new("later", Status::Planned).module("Shop & Co");
        planned.run_name = Some("later [firefox]".to_owned());
        planned.external_test_id = Some("T-1".to_owned());
        let mut passed = TestRun::new("ships", Status::Passed);
        passed.description = Some("in two\nlines".to_owned());
        let runs = [failed(), skipped, planned, passed];
        let text = |format| String::from_utf8(written(format, &runs)).unwrap();
        insta::assert_snapshot!(text(ExportFormat::Csv));
        insta::assert_snapshot!(text(ExportFormat::Ndjson));
        insta::assert_snapshot!(text(ExportFormat::Junit));
    }

    #[test]
    fn what_is_written_reads_as_what_it_was() {
        let mut planned = TestRun::new("later", Status::Planned).module("Shop");
        planned.run_name = Some("later [firefox]".to_owned());
        for format in [ExportFormat::Csv, ExportFormat::Ndjson] {
            let runs = [failed(), planned.clone()];
            assert_eq!(again(format, &runs), runs, "{format:?}");
        }
        assert_eq!(again(ExportFormat::Junit, &[failed()]), [failed()]);
        let identities = [
            ("shop", "Cart 1.2"),
            ("p", "cart.test.ts"),
            ("p", ""),
            ("a b", "C"),
            ("p", "p.x y"),
            ("a.b", "C"),
            ("", "C"),
            ("", ""),
        ];
        let runs = identities.map(|(package, class)| {
            let run = TestRun::new("t", Status::Passed);
            run.package(package).class(class)
        });
        assert_eq!(again(ExportFormat::Junit, &runs), runs);
    }

    #[test]
    fn a_tag_with_a_separator_can_be_read_again() {
        let mut run = TestRun::new("t", Status::Passed);
        run.context.environment = vec![Tag::new("OS", "Linux; 6.1"), Tag::new("DB", "x")];
        for format in [ExportFormat::Csv, ExportFormat::Ndjson] {
            let again = again(format, std::slice::from_ref(&run));
            let expected = [Tag::new("OS", "Linux, 6.1"), Tag::new("DB", "x")];
            assert_eq!(again[0].context.environment, expected, "{format:?}");
        }
    }

    proptest! {
        /// Whatever the texts are, no result is lost, and none becomes another one.
        #[test]
        fn no_text_breaks_a_format(
            name in "[ -~é\n\t]{0,12}x",
            class in "[ -~]{0,8}",
            details in "[ -~\n\r<>&\"]{0,20}",
            status in prop::sample::select(vec![Status::Passed, Status::Failed, Status::Skipped]),
        ) {
            let mut run = TestRun::new(name, status).class(class);
            if status == Status::Failed {
                run = run.failure(Failure::new("m").details(details));
            }
            for format in [ExportFormat::Csv, ExportFormat::Ndjson, ExportFormat::Junit] {
                let again = again(format, &[run.clone(), failed()]);
                prop_assert_eq!(again.len(), 2, "{:?}", format);
                prop_assert_eq!(again[0].status, status);
                prop_assert_eq!(&again[1].identity.name, &failed().identity.name);
            }
        }
    }
}
