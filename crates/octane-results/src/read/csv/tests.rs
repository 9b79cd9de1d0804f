//! Tables and the records read from them.

use std::fmt::Write as _;
use std::time::Duration;

use indoc::indoc;
use proptest::prelude::*;

use crate::context::Tag;
use crate::read::columns::Columns;
use crate::read::field::ResultField;
use crate::read::options::ReadOptions;
use crate::read::read;
use crate::read::record::Record;
use crate::read::status_aliases::StatusAliases;
use crate::run::{Failure, TestRun};
use crate::source::Source;
use crate::status::Status;

/// All records of a table, one per line.
fn shown_with(options: &ReadOptions, table: &[u8]) -> String {
    let records = match read(&Source::bytes("in.csv", table), options) {
        Ok(records) => records,
        Err(error) => return error.to_string(),
    };
    let lines = records.map(|record| match record {
        Ok(Record::Run(run)) => {
            let position = run.position.as_ref().unwrap();
            format!("{position}: {} {}", run.identity, run.status)
        }
        Ok(Record::Invalid(row)) => format!("invalid {row}"),
        Ok(Record::Warning(warning)) => format!("warning {warning}"),
        Err(error) => format!("error {error}"),
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn shown(table: impl AsRef<[u8]>) -> String {
    shown_with(&ReadOptions::default(), table.as_ref())
}

#[test]
fn a_row_that_ends_in_nul_characters_is_invalid_whatever_its_last_column_is() {
    insta::assert_snapshot!(shown("name,status,class\nb,passed,Cart\na,passed,Ca\0\0\0\0"), @r"
    in.csv:2: Cart.b Passed
    invalid in.csv:3: row contains NUL characters: the file is damaged; write the file again; the rows before this one are complete
    ");
}

#[test]
fn a_cell_with_lines_of_another_format_does_not_hide_the_table() {
    let columns = Columns::default().with("Result", ResultField::Status);
    let given = ReadOptions::default().columns(columns);
    let plain = ReadOptions::default();
    for (options, table, failed) in [
        (
            &plain,
            "My export\nname,status,error_message\nok login,failed,\"range\n1..1\n\"\nlogout,failed,\n",
            2,
        ),
        (
            &plain,
            "sep=,\nname,status\nok button,failed\nz,failed\n",
            2,
        ),
        (&plain, "#TYPE X\nname,status\nok,failed\n", 1),
        (&given, "name,Result\nnot ok 1,failed\nok,failed\n", 2),
        (
            &plain,
            "x\nname,status,error_message\na,failed,\"\n{\"\"Action\"\":1}\n\"\n",
            1,
        ),
        // Results of TAP, before and after something else.
        (&plain, "not ok 1 - a\n# name,status\nname,status\n", 1),
    ] {
        let records = read(&Source::bytes("in.txt", table.as_bytes()), options).unwrap();
        let runs = records.filter_map(|record| match record.unwrap() {
            Record::Run(run) => Some(run.status),
            _ => None,
        });
        assert_eq!(
            runs.collect::<Vec<_>>(),
            vec![Status::Failed; failed],
            "{table}"
        );
    }
}

#[test]
fn a_header_is_found_far_below_the_beginning_and_however_long_it_is() {
    let title = "Report of the night, made by hand\n".repeat(40) + &"a".repeat(10_000);
    let fields: String = (0..2000).map(|number| format!(";field {number}")).collect();
    for (table, line) in [
        (format!("{title}\nname,status\nb,failed\n"), 43),
        (
            format!("Title\nname;status{fields}\nb;failed{}\n", ";".repeat(2000)),
            3,
        ),
        (
            format!(
                "name|status{}\nb|failed{}\n",
                fields.replace(';', "|"),
                "|".repeat(2000)
            ),
            2,
        ),
    ] {
        let found = shown(table);
        assert!(
            found.ends_with(&format!("in.csv:{line}: b Failed")),
            "{line}"
        );
    }
}

#[test]
fn a_header_is_found_in_the_encoding_of_the_table() {
    let utf_16 = |text: &str| -> Vec<u8> {
        let units = std::iter::once(0xFEFF).chain(text.encode_utf16());
        units.flat_map(u16::to_le_bytes).collect()
    };
    let latin = |text: &str| -> Vec<u8> { text.chars().map(|char| char as u8).collect() };
    let columns = [
        ("Cas", "Résultat"),
        ("Тест", "Статус"),
        ("Prüfung", "Status"),
    ];
    let [french, russian, german] = columns.map(|(name, status)| {
        let columns = Columns::default()
            .with(name, ResultField::Name)
            .with(status, ResultField::Status);
        let options = ReadOptions::default().columns(columns);
        options.status_aliases(StatusAliases::default().with("échoué", Status::Failed))
    });
    let german = german.encoding("windows-1252".parse().unwrap());
    for (options, table, line) in [
        (&french, utf_16("Nuit\nCas\tRésultat\nb\téchoué\n"), 3),
        (&russian, utf_16("Тест\tСтатус\nb\tfailed\n"), 2),
        (&german, latin("Titel\nPrüfung;Status\nb;failed\n"), 3),
        (&german, latin("Prüfung|Status\nb|failed\n"), 2),
    ] {
        let found = shown_with(options, &table);
        assert!(
            found.ends_with(&format!("in.csv:{line}: b Failed")),
            "{found}"
        );
    }
    // Without the encoding, the names cannot be compared.
    let table = Source::bytes("r/in.csv", latin("Cas;Résultat\nb;x\n"));
    let error = read(&table, &french).err().unwrap();
    assert!(!error.is_other_kind(), "{error}");
    let error = read(&table, &ReadOptions::default()).err().unwrap();
    assert!(error.is_other_kind(), "{error}");
}

#[test]
fn line_numbers_are_right_whatever_is_between_the_rows() {
    let table = indoc! {r#"

        name,status,error_details

        a,passed,
        b,failed,"one
        two

        ""three"""


        c,passd,"x
        y"
        d,passed,
    "#};
    let expected = shown(table);
    insta::assert_snapshot!(expected, @r"
    in.csv:4: a Passed
    in.csv:5: b Failed
    invalid in.csv:11: column `status`: `passd` is not a valid status; use passed, failed, skipped or planned (did you mean `passed`?)
    in.csv:13: d Passed
    ");
    for other in [
        table.replace('\n', "\r\n"),
        format!("\u{FEFF}{table}"),
        table.trim_end().to_owned(),
        format!("{table}\n\n"),
    ] {
        assert_eq!(shown(&other), expected, "{other:?}");
    }
    let unit = |unit: u16| unit.to_le_bytes();
    let utf_16: Vec<u8> = format!("\u{FEFF}{table}")
        .encode_utf16()
        .flat_map(unit)
        .collect();
    assert_eq!(shown(&utf_16), expected);
    assert_eq!(
        shown("name,status\ra,ok\rb,ok\r"),
        "in.csv:2: a Passed\nin.csv:3: b Passed"
    );
}

#[test]
fn a_line_feed_in_a_cell_does_not_hide_that_lines_end_with_carriage_returns() {
    let rows = "a,passed,\rb,failed,\"x\ny\"\rc,failed,\r";
    let expected = "in.csv:2: a Passed\nin.csv:3: b Failed\nin.csv:5: c Failed";
    assert_eq!(
        shown(format!("name,status,error_message\r{rows}")),
        expected
    );
    let below_title = shown(format!("Report\nname,status,error_message\r{rows}"));
    assert!(
        below_title.ends_with("b Failed\nin.csv:6: c Failed"),
        "{below_title}"
    );
}

#[test]
fn a_result_above_the_header_is_invalid() {
    // As `sort` leaves it.
    insta::assert_snapshot!(shown("Query,x,y\ncheckout,failed,13\nlogin,failed,12\nname,status,duration_ms\nsearch,passed,14\n"), @r"
    warning in.csv:1: the header is in line 4; the lines before it are skipped
    invalid in.csv:2: row is above the header, which is in line 4, and has the status `failed`; move the header into the first line, or delete the row if it is not a result
    invalid in.csv:3: row is above the header, which is in line 4, and has the status `failed`; move the header into the first line, or delete the row if it is not a result
    in.csv:5: search Passed
    ");
    let two_tables = shown("Title;Result\na;failed\nb;passed\n\nname;status\nc;passed\n");
    assert_eq!(two_tables.matches("invalid").count(), 2, "{two_tables}");
    let title = shown("Failed,3,of,7\n\nname,status\na,passed\n");
    assert_eq!(title.matches("invalid").count(), 0, "{title}");
    for above in [
        "Passed,8,,\nFailed,1,,",
        "Total,Passed,Failed,Skipped",
        ",failed,,",
    ] {
        let table = "name,class,status,duration_ms\na,C,passed,1\n";
        let sums = shown([above, "\n,,,\n", table].concat());
        assert_eq!(sums.matches("invalid").count(), 0, "{sums}");
    }
}

#[test]
fn rows_that_a_quote_has_swallowed_are_not_part_of_a_message() {
    insta::assert_snapshot!(shown("name,status,error_message\na,passed,\"oops\nb,failed,y\nc,passed,\"z\"\nd,passed,\n"), @r"
    invalid in.csv:2: a quoted cell spans several lines and has text after its closing quote; write each quote inside a cell twice; otherwise the rows below become part of the cell
    in.csv:5: d Passed
    ");
    let header = shown("name,status,\"note\na,failed,\"x\"\nb,passed,\n");
    assert_eq!(
        header,
        "in.csv:1: unterminated quoted cell in the row that starts here"
    );
    let above = shown("Report,\"of\na,failed\nb,\"x\nname,status\nc,passed\n");
    assert!(above.contains("invalid in.csv:1: a quoted cell"), "{above}");
}

#[test]
fn invalid_rows_are_reported_and_the_others_are_read() {
    let table = b"name,status,class,colour\na,passed,C\nb,ok,C,red,x\nc,ok,\xFF,red\n,ok,C,red\nd,1,C,red\ne,ok,C,\xFF\n";
    insta::assert_snapshot!(shown(table), @r"
    warning in.csv:1: column `colour` is not used
    invalid in.csv:2: row has 3 cells, header has 4; add the missing cells, which may be empty
    invalid in.csv:3: row has 5 cells, header has 4; enclose cells that contain a separator or a quote in quotes
    invalid in.csv:4: column `class`: `�` contains bytes that are not valid in the encoding of the file; save the file as UTF-8, declare its encoding, or set it
    invalid in.csv:5: column `name`: name is empty
    invalid in.csv:6: column `status`: `1` is not a valid status; use passed, failed, skipped or planned
    in.csv:7: C.e Passed
    ");
}

#[test]
fn separators_are_detected() {
    for table in [
        "name;status;class, or file\na,b;passed;C\n",
        "name\tstatus\tclass\na,b\tpassed\tC\n",
        "\"name, or, so\";status\n",
    ] {
        let columns = Columns::default()
            .without("class, or file")
            .with("name", ResultField::Name);
        let found = shown_with(&ReadOptions::default().columns(columns), table.as_bytes());
        assert!(
            found.contains("a,b Passed") || found.contains("`name, or, so`, `status`"),
            "{found}"
        );
    }
    let options = ReadOptions::default().delimiter(b'|');
    assert_eq!(
        shown_with(&options, b"name|status\na,b|ok\n"),
        "in.csv:2: a,b Passed"
    );
}

#[test]
fn an_unreadable_table_has_a_reason() {
    insta::assert_snapshot!(shown(""), @"in.csv: the file is empty; expected a header line");
    insta::assert_snapshot!(shown("\n\n"), @"in.csv: the file is empty; expected a header line");
    insta::assert_snapshot!(shown("\n\ntest,outcome\na,b\n"), @"in.csv:3: required columns `name`, `status` are missing; columns found: `test`, `outcome`");
    insta::assert_snapshot!(shown("name,status\na,ok\nb,\"ok\nc,ok\n"), @r"
    in.csv:2: a Passed
    error in.csv:3: unterminated quoted cell in the row that starts here
    ");
    insta::assert_snapshot!(shown("name,status\n"), @"warning in.csv:1: contains no test results");
    insta::assert_snapshot!(shown("PK\x03\x04"), @"in.csv: is a ZIP archive; supported formats: junit, nunit, xunit, trx, testng, robot, octane, cucumber, cucumber-messages, playwright, mocha, jest, go-test, pytest-json, dart, allure, ctrf, googletest, catch2, rspec, tap, csv, json, ndjson, arrow, parquet");
    let missing = read(&Source::path("no/such/table.csv"), &ReadOptions::default()).unwrap_err();
    assert!(missing.is_not_found() && missing.position().is_none());
}

#[test]
fn a_last_cell_that_ends_with_a_line_end_is_not_unterminated() {
    assert_eq!(
        shown("name,status,description\na,ok,\"x\n\""),
        "in.csv:2: a Passed"
    );
    assert_eq!(
        shown("name,status,description\na,ok,5\" wide\nb,ok,\"x\n\n\"\n\n"),
        "in.csv:2: a Passed\nin.csv:3: b Passed"
    );
}

#[test]
fn columns_and_status_aliases_can_be_assigned() {
    let options = ReadOptions::default()
        .columns(
            Columns::default()
                .with("Test Name", ResultField::Name)
                .with("Result", ResultField::Status),
        )
        .status_aliases(StatusAliases::default().with("grün", Status::Passed));
    assert_eq!(
        shown_with(&options, "Test Name;Result\nzählt;GRÜN\n".as_bytes()),
        "in.csv:2: zählt Passed"
    );
}

#[test]
fn blocks_may_end_anywhere() {
    // Rows of many lengths, so that blocks of 64 KiB end inside names, line ends and quotes.
    let mut table = "name,status,description\r\n".to_owned();
    for row in 0..20_000 {
        let filler = "é\r\n".repeat(row % 7);
        writeln!(table, "test {row},ok,\"{filler}\"\r").unwrap();
    }
    let records = read(
        &Source::bytes("in.csv", table.as_bytes()),
        &ReadOptions::default(),
    )
    .unwrap();
    let mut line = 2;
    let mut rows = 0;
    for (row, record) in records.enumerate() {
        let Ok(Record::Run(run)) = record else {
            panic!("{record:?}")
        };
        assert_eq!(run.identity.name, format!("test {row}"));
        assert_eq!(run.position.unwrap().line, line);
        line += 1 + row as u64 % 7;
        rows += 1;
    }
    assert_eq!(rows, 20_000);
}

/// Text that a cell can contain and that is read back unchanged.
fn text() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9,;\"'<&é🎉\n\t -]{1,12}"
        .prop_map(|text| text.trim().to_owned())
        .prop_filter("blank", |text| !text.is_empty())
        .prop_filter("nothing", |text| {
            !["nan", "none", "null", "nat", "nil", "na", "-", "--"]
                .contains(&text.to_lowercase().as_str())
        })
}

prop_compose! {
    fn any_run()(
        (name, class, package, module) in (text(), option(), option(), option()),
        status in prop::sample::select(vec![Status::Passed, Status::Failed, Status::Skipped, Status::Planned]),
        millis in 0_u64..10_000_000,
        started in prop::option::of(700_000_000_000_i64..3_700_000_000_000),
        (message, details, description) in (option(), option(), option()),
        jira in prop::collection::btree_set("[A-Z][A-Z0-9_]{1,4}-[0-9]{1,4}", 0..3),
        tags in prop::collection::btree_map("[A-Za-z]{1,5}", "[A-Za-z:]{0,5}[a-z]", 0..3),
    ) -> TestRun {
        let mut run = TestRun::new(name, status)
            .class(class.unwrap_or_default())
            .package(package.unwrap_or_default())
            .module(module.unwrap_or_default())
            .duration(Duration::from_millis(millis))
            .jira(jira);
        run.started = started.map(|millis| jiff::Timestamp::from_millisecond(millis).unwrap());
        run.failure = (message.is_some() || details.is_some()).then(|| Failure {
            error_type: None,
            message,
            details: details.unwrap_or_default(),
        });
        run.description = description;
        run.context.environment = tags.into_iter().map(|(tag_type, value)| Tag { tag_type, value }).collect();
        run
    }
}

fn option() -> impl Strategy<Value = Option<String>> {
    prop::option::of(text())
}

/// A table as a user would write it.
fn table(runs: &[TestRun], delimiter: u8) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new()
        .delimiter(delimiter)
        .from_writer(Vec::new());
    let header = [
        "Name",
        "status",
        "class",
        "package",
        "module",
        "duration",
        "started",
        "error_message",
        "error_details",
        "description",
        "jira",
        "tags",
    ];
    writer.write_record(header).unwrap();
    for run in runs {
        let failure = run.failure.clone().unwrap_or_default();
        let tags: Vec<_> = (run.context.environment.iter())
            .map(|tag| format!("{}:{}", tag.tag_type, tag.value))
            .collect();
        let cells = [
            run.identity.name.clone(),
            run.status.to_string(),
            run.identity.class.clone(),
            run.identity.package.clone(),
            run.identity.module.clone(),
            run.duration.as_millis().to_string(),
            run.started
                .map(|at| at.as_millisecond().to_string())
                .unwrap_or_default(),
            failure.message.unwrap_or_default(),
            failure.details,
            run.description.clone().unwrap_or_default(),
            run.jira.join(", "),
            tags.join("; "),
        ];
        writer.write_record(cells).unwrap();
    }
    writer.into_inner().unwrap()
}

proptest! {
    #[test]
    fn a_written_table_is_read_back(
        runs in prop::collection::vec(any_run(), 1..8),
        delimiter in prop::sample::select(vec![b',', b';', b'\t']),
    ) {
        let bytes = table(&runs, delimiter);
        let records = read(&Source::bytes("in.csv", bytes), &ReadOptions::default()).unwrap();
        let mut found = Vec::new();
        for record in records {
            match record {
                Ok(Record::Run(mut run)) => {
                    prop_assert!(run.position.take().is_some());
                    found.push(*run);
                }
                other => prop_assert!(false, "{other:?}"),
            }
        }
        prop_assert_eq!(found, runs);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        let mut table = b"name,status,jira\n".to_vec();
        table.extend(bytes);
        shown(table);
    }

    #[test]
    fn no_rows_are_lost(cells in prop::collection::vec("[a-c,\" ]{0,6}", 0..12)) {
        // Without quotes, every line with more than separators and blanks is a row, valid or not.
        let rows: Vec<_> = cells.iter().map(|row| row.replace('"', "")).collect();
        let is_row = |row: &&String| row.contains(|char| !matches!(char, ',' | ' '));
        let expected = rows.iter().filter(is_row).count();
        let table = format!("name,status\n{}\n", rows.join("\n"));
        let found = shown(table);
        let reported = found.lines().filter(|line| !line.starts_with("warning")).count();
        prop_assert_eq!(reported, expected, "{}", found);
    }
}

#[test]
fn a_stray_byte_in_a_text_for_people_is_replaced_and_counted() {
    let table = b"name,status,error_message,description\na,failed,K\xF6ln\xFF,x\nb,passed,,\nc,failed,ok,\xE9\n";
    insta::assert_snapshot!(shown(table), @r"
    in.csv:2: a Failed
    in.csv:3: b Passed
    in.csv:4: c Failed
    warning in.csv:2: replaced 3 invalid UTF-8 bytes with `�`, starting here
    ");
    let windows = ReadOptions::default().encoding("windows-1252".parse().unwrap());
    insta::assert_snapshot!(shown_with(&windows, b"name,status\nK\xF6ln,passed\n"), @"in.csv:2: Köln Passed");
    let ascii = ReadOptions::default().encoding("shift_jis".parse().unwrap());
    let found = shown_with(&ascii, b"name,status\na,passed\nK\xFFln,passed\n");
    assert!(
        found.contains("invalid in.csv:3: column `name`: `K\u{FFFD}ln` contains bytes"),
        "{found}"
    );
}

#[test]
fn a_table_may_begin_with_its_separator_or_with_a_title() {
    insta::assert_snapshot!(shown("sep=;\r\nname;status\r\na;ok\r\nb\r\n"), @r"
    in.csv:3: a Passed
    invalid in.csv:4: row has 1 cell, header has 2; add the missing cells, which may be empty
    ");
    insta::assert_snapshot!(shown("Exported on,\"today, at\nnoon\"\n\nName,Status,Owner\na,failed,x\n"), @r"
    warning in.csv:1: the header is in line 4; the lines before it are skipped
    warning in.csv:4: column `Owner` is not used
    in.csv:5: a Failed
    ");
}

#[test]
fn separators_at_the_end_of_lines_mean_nothing() {
    insta::assert_snapshot!(shown("name,status\na,ok,\nb,ok, ,\nc,ok,x\n"), @r"
    in.csv:2: a Passed
    in.csv:3: b Passed
    invalid in.csv:4: row has 3 cells, header has 2; enclose cells that contain a separator or a quote in quotes
    ");
    insta::assert_snapshot!(shown("name,status,\na,ok\nb,ok,x\nc\n"), @r"
    warning in.csv:1: column `3` is not used
    in.csv:2: a Passed
    in.csv:3: b Passed
    invalid in.csv:4: row has 1 cell, header has 3; add the missing cells, which may be empty
    ");
}

#[test]
fn rows_of_empty_cells_are_no_results() {
    insta::assert_snapshot!(shown("name,status\na,ok\n,\n , ,\n,,\n  \nb,ok\n,passed\n"), @r"
    in.csv:2: a Passed
    in.csv:7: b Passed
    invalid in.csv:8: column `name`: name is empty
    ");
}

#[test]
fn a_file_that_was_not_written_to_its_end_is_named() {
    let damaged = "row contains NUL characters: the file is damaged; write the file again; the rows before this one are complete";
    for end in ["\0\0\0\0", "b,pas\0\0\0", "b\0,\0\0\n"] {
        let expected = format!("in.csv:2: a Passed\ninvalid in.csv:3: {damaged}");
        assert_eq!(
            shown(format!("name,status\na,ok\n{end}")),
            expected,
            "{end:?}"
        );
    }
}

#[test]
fn the_type_line_of_powershell_is_no_header() {
    let table = "#TYPE Shop.Result\r\n\"Name\",\"Result\"\r\n\"a\",\"Passed\"\r\n";
    insta::assert_snapshot!(shown(table), @"in.csv:2: required column `status` is missing; columns found: `Name`, `Result`");
    let columns = Columns::default().with("Result", ResultField::Status);
    insta::assert_snapshot!(shown_with(&ReadOptions::default().columns(columns), table.as_bytes()), @r"
    warning in.csv:1: the header is in line 2; the lines before it are skipped
    in.csv:3: a Passed
    ");
}

#[test]
fn other_durations_of_a_table_show_what_a_comma_means() {
    insta::assert_snapshot!(shown("name;status;duration_s\na;ok;1,125\nb;ok;0,5\nc;ok;12.5\n"), @r"
    invalid in.csv:2: column `duration_s`: `1,125` is ambiguous: the comma may be a thousands or a decimal separator; write it without the comma
    in.csv:3: b Passed
    in.csv:4: c Passed
    ");
    assert!(!shown("name;status;duration_s\na;ok;1,125\nb;ok;0,5\n").contains("invalid"));
    assert!(!shown("name;status;duration_s\na;ok;1.234.567\nb;ok;0,5\n").contains("invalid"));
}

#[test]
fn a_column_that_another_one_replaces_as_the_status_cannot_hide_a_failure() {
    let columns = Columns::default().with("final", ResultField::Status);
    let options = ReadOptions::default().columns(columns);
    let table =
        b"name,status,final\na,failed,passed\nb,passed,passed\nc,new,passed\nd,passed,failed\n";
    insta::assert_snapshot!(shown_with(&options, table), @r"
    warning in.csv:1: column `status` is not used
    invalid in.csv:2: column `status`: `failed` contradicts the status, which is passed; ignore the column that does not count
    in.csv:3: b Passed
    in.csv:4: c Passed
    in.csv:5: d Failed
    ");
    let columns = Columns::default().with("final", ResultField::Status);
    let ignoring = ReadOptions::default().columns(columns.without("status"));
    assert!(shown_with(&ignoring, table).contains("in.csv:2: a Passed"));
}

#[test]
fn a_test_of_which_allure_does_not_know_how_it_ended_has_failed() {
    let header = "\"DURATION IN MS\",\"NAME\",\"STATUS\",\"SUB SUITE\",\"TEST METHOD\"\n";
    let found = shown(format!("{header}1,adds,unknown,,\n"));
    assert!(found.ends_with("in.csv:2: adds Failed"), "{found}");
    let found = shown("name,status\nadds,unknown\n");
    assert!(found.contains("`unknown` is not a valid status"), "{found}");
    let options = ReadOptions::default()
        .status_aliases(StatusAliases::default().with("unknown", Status::Skipped));
    let found = shown_with(&options, format!("{header}1,adds,unknown,,\n").as_bytes());
    assert!(found.ends_with("in.csv:2: adds Skipped"), "{found}");
}
