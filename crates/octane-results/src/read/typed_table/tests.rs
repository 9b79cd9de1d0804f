//! Typed cells, and what the columns make of them.

use std::time::Duration;

use jiff::SignedDuration;
use jiff::tz::TimeZone;

use super::*;
use crate::read::cell::LossyText;
use crate::read::columns::Columns;
use crate::read::status_aliases::StatusAliases;
use crate::run::TestRun;
use crate::status::Status;

type Named<'c> = (&'static str, Cell<'c>);

fn table(options: &ReadOptions, row: &[Named<'_>]) -> TypedTable {
    let header: Vec<String> = row.iter().map(|(name, _)| (*name).to_owned()).collect();
    TypedTable::new("frame", &header, options).unwrap()
}

fn records(mut table: TypedTable, row: &[Named<'_>]) -> Vec<Record> {
    table.read_row(3, || None, |index| row[index].1.clone());
    table.finish();
    table.records().collect()
}

/// The result in a row, or what is wrong with its cells.
fn read_with(options: &ReadOptions, row: &[Named<'_>]) -> Result<TestRun, String> {
    let records = records(table(options, row), row);
    let last = records.into_iter().last().unwrap();
    match last {
        Record::Run(run) => Ok(*run),
        Record::Invalid(row) => Err(row.to_string()),
        Record::Warning(warning) => panic!("{warning}"),
    }
}

/// What a column makes of a cell.
fn run(column: &'static str, cell: Cell<'_>) -> Result<TestRun, String> {
    let row = [
        ("name", Cell::from("a")),
        ("status", Cell::from("ok")),
        (column, cell),
    ];
    read_with(&ReadOptions::default(), &row)
}

fn problem(column: &'static str, cell: Cell<'_>) -> String {
    run(column, cell).unwrap_err()
}

#[test]
fn each_kind_of_cell_has_a_column_that_takes_it() {
    let started = "2026-11-28T05:00:00Z".parse().unwrap();
    let row = [
        ("name", Cell::Whole(-12)),
        ("status", Cell::from("Failed")),
        ("class", Cell::Real(12.0)),
        ("package", Cell::Flag(true)),
        ("external_id", Cell::Decimal("12.50".into())),
        ("duration", Cell::Span(SignedDuration::from_micros(1500))),
        ("started", Cell::Instant(started)),
        ("jira", Cell::Words(vec!["SHOP-1".into(), "shop-2".into()])),
        ("tags", Cell::Words(vec!["OS:Linux".into()])),
        (
            "error_details",
            Cell::Words(vec!["at a".into(), "at b".into()]),
        ),
        ("run_name", Cell::Absent),
        ("report_url", Cell::Real(f64::NAN)),
        ("description", Cell::from(" <NA> ")),
    ];
    let found = read_with(&ReadOptions::default(), &row).unwrap();
    let identity = &found.identity;
    assert_eq!(
        (&*identity.name, &*identity.class, &*identity.package),
        ("-12", "12", "true")
    );
    assert_eq!(found.status, Status::Failed);
    assert_eq!(found.external_test_id.as_deref(), Some("12.50"));
    assert_eq!(found.duration, Duration::from_millis(2));
    assert_eq!(found.started, Some(started));
    assert_eq!(found.jira, ["SHOP-1", "SHOP-2"]);
    assert_eq!(found.context.environment.len(), 1);
    assert_eq!(found.failure.unwrap().details, "at a\nat b");
    assert_eq!(
        (found.run_name, found.report_url, found.description),
        (None, None, None)
    );
    assert_eq!(found.position, Some(Position::new("frame", 3)));
}

#[test]
fn a_number_is_a_duration_only_with_a_unit() {
    for cell in [
        Cell::Whole(84),
        Cell::Real(84.0),
        Cell::Decimal("84".into()),
    ] {
        let found = problem("duration", cell.clone());
        assert_eq!(
            found,
            "frame:3: column `duration`: `84` has no unit; say which unit it is: \
             `--column 'duration=duration_s'` for seconds, `--column 'duration=duration'` for milliseconds"
        );
        let millis = |column, cell| run(column, cell).unwrap().duration.as_millis();
        assert_eq!(millis("duration_ms", cell.clone()), 84);
        assert_eq!(millis("duration (s)", cell.clone()), 84_000);
        let row = [
            ("name", Cell::from("a")),
            ("status", Cell::from("ok")),
            ("duration", cell),
        ];
        let columns = Columns::default().with("duration", ResultField::Duration);
        let said = ReadOptions::default().columns(columns);
        assert_eq!(read_with(&said, &row).unwrap().duration.as_millis(), 84);
    }
    let row = [
        ("name", Cell::from("a")),
        ("status", Cell::from("ok")),
        ("duration", Cell::Whole(84)),
    ];
    let found = records(table(&ReadOptions::default(), &row), &row);
    let [Record::Invalid(found)] = &found[..] else {
        panic!("{found:?}")
    };
    assert!(found.cells[0].is_unit_missing);
    // A text was written with a unit in mind, as in a CSV table.
    assert_eq!(
        run("duration", Cell::from("84"))
            .unwrap()
            .duration
            .as_millis(),
        84
    );
    assert_eq!(
        run("duration", Cell::Real(f64::NAN)).unwrap().duration,
        Duration::ZERO
    );
    assert_eq!(
        run("duration_s", Cell::Real(0.1))
            .unwrap()
            .duration
            .as_millis(),
        100
    );
    assert_eq!(
        run("duration_s", Cell::Real(1e-4))
            .unwrap()
            .duration
            .as_millis(),
        0
    );
}

#[test]
fn durations_that_cannot_be_are_invalid() {
    for (column, cell, expected) in [
        (
            "duration",
            Cell::Span(SignedDuration::from_secs(-90)),
            "`-1m 30s` is negative",
        ),
        ("duration_ms", Cell::Whole(-1), "`-1` is negative"),
        ("duration_ms", Cell::Real(-0.5), "`-0.5` is negative"),
        (
            "duration_ms",
            Cell::Real(f64::INFINITY),
            "`inf` is not a number",
        ),
        ("duration_ms", Cell::Real(1e30), "is too long"),
        ("duration", Cell::Span(SignedDuration::MAX), "is too long"),
        ("duration_ms", Cell::Flag(true), "`true` is not a number"),
        (
            "duration",
            Cell::Naive("2026-11-28T05:00".parse().unwrap()),
            "is a date and time; use a number or a duration",
        ),
        (
            "duration",
            Cell::Words(vec!["1".into()]),
            "`1` is a list; use one value",
        ),
    ] {
        let found = problem(column, cell);
        assert!(found.contains(expected), "{found}");
    }
}

#[test]
fn a_date_time_without_a_time_zone_is_in_the_given_one() {
    let naive = |text: &str| Cell::Naive(text.parse().unwrap());
    let row = |text: &str| {
        [
            ("name", Cell::from("a")),
            ("status", Cell::from("ok")),
            ("started", naive(text)),
        ]
    };
    let berlin = ReadOptions::default().time_zone(TimeZone::get("Europe/Berlin").unwrap());
    let started = |options: &ReadOptions, text| {
        let run = read_with(options, &row(text));
        run.map(|run| run.started.unwrap().to_string())
    };
    let text = "2026-11-28T05:00:00";
    assert_eq!(
        started(&ReadOptions::default(), text).unwrap(),
        "2026-11-28T05:00:00Z"
    );
    assert_eq!(started(&berlin, text).unwrap(), "2026-11-28T04:00:00Z");
    assert_eq!(
        started(&berlin, "2026-10-25T02:30:00").unwrap_err(),
        "frame:3: column `started`: `2026-10-25T02:30:00` is ambiguous: the clocks changed at that time; add the offset, e.g. `+02:00`"
    );
    let row = row(text);
    let found = records(table(&berlin, &row).require_time_zone(), &row);
    let [Record::Invalid(found)] = &found[..] else {
        panic!("{found:?}")
    };
    assert!(found.cells[0].is_time_zone_missing);
    assert_eq!(
        found.to_string(),
        "frame:3: column `started`: `2026-11-28T05:00:00` has no time zone; say which time zone it is in"
    );
}

#[test]
fn a_start_is_a_moment_or_a_number_since_1970() {
    let started = |cell| run("started", cell).map(|run| run.started);
    let expected = Some("2025-04-30T08:00:00Z".parse().unwrap());
    for cell in [
        Cell::Whole(1_746_000_000),
        Cell::Whole(1_746_000_000_000),
        Cell::Real(1_746_000_000.0),
        Cell::Decimal("1746000000.000".into()),
        Cell::from("2025-04-30 08:00"),
    ] {
        assert_eq!(started(cell.clone()), Ok(expected), "{cell:?}");
    }
    assert_eq!(started(Cell::Real(f64::NAN)), Ok(None));
    let span = Cell::Span(SignedDuration::from_secs(90));
    insta::assert_snapshot!(started(span).unwrap_err(), @"frame:3: column `started`: `1m 30s` is a duration; use a date and time");
    let row = [
        ("name", Cell::from("a")),
        ("status", Cell::from("ok")),
        ("started", Cell::Instant(jiff::Timestamp::UNIX_EPOCH)),
    ];
    let found = records(table(&ReadOptions::default(), &row), &row);
    assert!(
        matches!(&found[..], [Record::Warning(_), Record::Run(run)] if run.started.is_none()),
        "{found:?}"
    );
}

#[test]
fn a_flag_is_no_status_unless_it_was_mapped() {
    let row = [("name", Cell::from("a")), ("status", Cell::Flag(false))];
    insta::assert_snapshot!(read_with(&ReadOptions::default(), &row).unwrap_err(), @"frame:3: column `status`: `false` is not a valid status; map `true` and `false` to passed, failed, skipped or planned");
    let words = StatusAliases::default().with("False", Status::Failed);
    let options = ReadOptions::default().status_aliases(words);
    assert_eq!(read_with(&options, &row).unwrap().status, Status::Failed);
    let row = [("name", Cell::from("a")), ("status", Cell::Whole(1))];
    insta::assert_snapshot!(read_with(&ReadOptions::default(), &row).unwrap_err(), @"frame:3: column `status`: `1` is not a valid status; use passed, failed, skipped or planned");
}

#[test]
fn all_invalid_cells_of_a_row_are_listed_with_its_label() {
    let time = Cell::Instant("2026-11-28T05:00:00Z".parse().unwrap());
    let lossy = LossyText {
        text: "caf\u{FFFD}".to_owned(),
        invalid_bytes: 1,
    };
    let row = [
        ("name", time),
        ("status", Cell::Absent),
        ("class", Cell::Lossy(Box::new(lossy.clone()))),
        ("package", Cell::other("Period", "2026-11")),
        ("module", Cell::other("struct", "")),
        ("jira", Cell::other("list of structs", "[{}]")),
        ("started", Cell::other("Period", "2026-11")),
        ("duration", Cell::other("Period", "2026-11")),
        ("run_name", Cell::Words(vec!["a".into(), "b".into()])),
    ];
    let mut table = table(&ReadOptions::default(), &row);
    table.read_row(
        3,
        || Some("('x', 1)".to_owned()),
        |index| row[index].1.clone(),
    );
    let found: Vec<Record> = table.records().collect();
    let [Record::Invalid(found)] = &found[..] else {
        panic!("{found:?}")
    };
    insta::assert_snapshot!(found.to_string().replace("; column", "\n column"), @"
    frame: row `('x', 1)`: column `name`: `2026-11-28T05:00:00Z` is a date and time; use a text
     column `status`: status is empty; use passed, failed, skipped or planned
     column `class`: `caf�` contains bytes that are not valid in the encoding of the file; save the file as UTF-8, declare its encoding, or set it
     column `package`: `2026-11` has the type `Period`, which is not supported; use a text
     column `module`: has the type `struct`, which is not supported; use a text
     column `jira`: `[{}]` has the type `list of structs`, which is not supported; use a text or a list of texts
     column `started`: `2026-11` has the type `Period`, which is not supported; use a date and time
     column `duration`: `2026-11` has the type `Period`, which is not supported; use a number or a duration
     column `run_name`: `a, b` is a list; use one value
    ");

    let row = [
        ("name", Cell::from("a")),
        ("status", Cell::from("ok")),
        ("description", Cell::Lossy(Box::new(lossy))),
    ];
    let found = records(self::table(&ReadOptions::default(), &row), &row);
    let [Record::Warning(warning), Record::Run(run)] = &found[..] else {
        panic!("{found:?}")
    };
    assert_eq!(run.description.as_deref(), Some("caf\u{FFFD}"));
    insta::assert_snapshot!(warning, @"frame:3: replaced 1 invalid UTF-8 byte with `�`, starting here");
}

#[test]
fn names_are_cleaned_and_unused_columns_reported() {
    let row = [
        ("name", Cell::from("t[0x5257a0]")),
        ("status", Cell::from("ok")),
        ("colour", Cell::from("red")),
        ("outcome", Cell::from("failed")),
    ];
    let table = table(&ReadOptions::default(), &row);
    assert_eq!(table.indexes().collect::<Vec<_>>(), [0, 1, 3]);
    assert_eq!(
        table.columns().collect::<Vec<_>>(),
        [(0, ResultField::Name), (1, ResultField::Status)]
    );
    let lines: Vec<String> = records(table, &row)
        .iter()
        .map(|record| match record {
            Record::Warning(warning) => warning.to_string(),
            Record::Invalid(row) => row.to_string(),
            Record::Run(run) => run.identity.to_string(),
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @"
    frame:1: column `colour` is not used
    frame:1: column `outcome` is not used
    frame:3: column `outcome`: `failed` contradicts the status, which is passed; ignore the column that does not count
    ");

    let row = &row[..2];
    let found = records(self::table(&ReadOptions::default(), row), row);
    assert!(
        matches!(&found[..], [Record::Warning(_), Record::Run(_)]),
        "{found:?}"
    );
}

#[test]
fn a_table_without_rows_or_without_columns_is_reported() {
    let header = ["name", "status"].map(str::to_owned);
    let mut empty = TypedTable::new("frame", &header, &ReadOptions::default()).unwrap();
    empty.finish();
    let found: Vec<Record> = empty.records().collect();
    assert!(
        matches!(&found[..], [Record::Warning(warning)] if warning.kind == WarningKind::NoResults)
    );
    let error = TypedTable::new("frame", &header[..1], &ReadOptions::default()).unwrap_err();
    insta::assert_snapshot!(error, @"frame: required column `status` is missing; columns found: `name`");
}

#[test]
fn a_number_in_a_column_that_was_assigned_to_the_duration_may_need_a_unit_in_its_name() {
    let read = |name: &str, is_required: bool| {
        let columns = Columns::default().with(name, ResultField::Duration);
        let options = ReadOptions::default().columns(columns);
        let header = ["name", "status", name].map(str::to_owned);
        let mut table = TypedTable::new("frame", &header, &options).unwrap();
        if is_required {
            table = table.require_duration_unit();
        }
        let row = [Cell::from("a"), Cell::from("passed"), Cell::Whole(7)];
        table.read_row(1, || None, |index| row[index].clone());
        let record = table.records().next();
        match record {
            Some(Record::Invalid(row)) => Err(row.cells[0].is_unit_missing),
            Some(Record::Run(run)) => Ok(run.duration.as_millis()),
            _ => panic!("{record:?}"),
        }
    };
    assert_eq!(read("Took", false), Ok(7));
    assert_eq!(read("Took", true), Err(true));
    assert_eq!(read("duration_ms", true), Ok(7));
}
