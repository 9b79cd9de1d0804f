//! Parses the cells of one row.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use jiff::SignedDuration;
use jiff::civil::DateTime;
use jiff::fmt::friendly::SpanPrinter;

use crate::duration::{DurationError, milliseconds_with, seconds_with, unsigned};
use crate::invalid::{InvalidCell, shortened};
use crate::origin::Origin;
use crate::read::absent::is_absent;
use crate::read::cell::{Cell, OtherValue};
use crate::read::columns::{Column, ColumnMapping, VerdictColumn};
use crate::read::commas::Commas;
use crate::read::field::ResultField;
use crate::read::file_names::with_slashes;
use crate::read::file_state::FileState;
use crate::read::jira_keys::{KeyList, is_key, jira_keys};
use crate::read::options::ReadOptions;
use crate::read::start_times::plausible;
use crate::read::tags::tags;
use crate::run::{Failure, TestRun};
use crate::status::Status;
use crate::text::{trimmed, trimmed_end};
use crate::warning::WarningKind;

/// Durations are no larger numbers, nearly always.
const PLAIN_MAX: i64 = 1_000_000_000;

/// Parses a row by the column mapping of its table.
///
/// `cell` returns the cell at an index. An empty one, or one with a word that tools print for a missing
/// value, is absent, except for the name: a test may be called `None`.
///
/// # Errors
///
/// All problems of the row.
pub(crate) fn parse_row<'c>(
    mapping: &ColumnMapping,
    options: &ReadOptions,
    state: &mut FileState,
    cell: impl Fn(usize) -> Cell<'c>,
    warn: &mut dyn FnMut(WarningKind),
) -> Result<TestRun, Vec<InvalidCell>> {
    let mut run = TestRun::unnamed();
    parse_row_into(&mut run, mapping, options, state, cell, warn)?;
    Ok(run)
}

/// Like [`parse_row`], with the memory of a result that is no longer needed. Its position has to be set.
pub(crate) fn parse_row_into<'c>(
    run: &mut TestRun,
    mapping: &ColumnMapping,
    options: &ReadOptions,
    state: &mut FileState,
    cell: impl Fn(usize) -> Cell<'c>,
    warn: &mut dyn FnMut(WarningKind),
) -> Result<(), Vec<InvalidCell>> {
    let used = run.failure.take().unwrap_or_default();
    run.reset();
    run.origin = Origin::default();
    let mut failure = Failure {
        details: used.details,
        ..Failure::default()
    };
    failure.details.clear();
    let mut row = Row {
        run,
        failure,
        has_keys: false,
        unused: used.message.unwrap_or_default(),
        options,
        state,
        warn,
    };
    let mut invalid = Vec::new();
    for column in &mapping.columns {
        let set = match cell(column.index) {
            // Nearly always.
            Cell::Text(text) => row.set_text(column, &text),
            cell => row.set(column, cell),
        };
        if let Err(problem) = set {
            invalid.push(problem);
        }
    }
    let Row {
        run,
        failure,
        has_keys,
        ..
    } = row;
    if !has_keys {
        run.jira.clear();
    }
    if invalid.is_empty() {
        invalid.extend(contradiction(mapping, options, run.status, &cell));
    }
    if !invalid.is_empty() {
        return Err(invalid);
    }
    if failure != Failure::default() {
        run.failure = Some(failure);
    }
    if options.jira_sources.has_names() {
        add_keys_of_name(run, options);
    }
    options.suite_path.complete(&mut run.identity);
    Ok(())
}

/// A row that is being parsed.
struct Row<'r> {
    run: &'r mut TestRun,
    failure: Failure,
    /// Whether the Jira keys of `run` are those of this row.
    has_keys: bool,
    /// The memory of a message that is no longer needed.
    unused: String,
    options: &'r ReadOptions,
    state: &'r mut FileState,
    warn: &'r mut dyn FnMut(WarningKind),
}

impl Row<'_> {
    /// Sets the field of a column.
    fn set(&mut self, column: &Column, cell: Cell<'_>) -> Result<(), InvalidCell> {
        let cell = match cell {
            Cell::Lossy(lossy) if is_prose(column.field) => {
                (self.warn)(WarningKind::InvalidBytes {
                    bytes: lossy.invalid_bytes,
                    encoding: "UTF-8",
                });
                Cell::text(lossy.text)
            }
            Cell::Lossy(lossy) => {
                let text = lossy.text.trim();
                return Err(InvalidCell::invalid_bytes(Some(&column.name), text));
            }
            Cell::Real(number) if number.is_nan() => Cell::Absent,
            cell => cell,
        };
        match (column.field, cell) {
            (field, Cell::Span(span)) if field.is_duration() => {
                self.run.duration =
                    unsigned(span).map_err(|error| invalid(column, &shown(span), error))?;
                Ok(())
            }
            (field, cell @ (Cell::Whole(_) | Cell::Real(_) | Cell::Decimal(_)))
                if field.is_duration() && column.is_unit_assumed && column.is_typed =>
            {
                Err(unit_missing(column, &text(column, cell)?, "has no unit"))
            }
            // Nearly always; other numbers are read as their digits.
            (ResultField::Duration, Cell::Whole(number @ 0..=PLAIN_MAX))
                if column.unit.is_none() =>
            {
                self.run.duration = Duration::from_millis(number.unsigned_abs());
                Ok(())
            }
            (ResultField::DurationSeconds, Cell::Whole(number @ 0..=PLAIN_MAX))
                if column.unit.is_none() =>
            {
                self.run.duration = Duration::from_secs(number.unsigned_abs());
                Ok(())
            }
            (ResultField::Started, Cell::Instant(time)) => {
                self.run.started = plausible(time, time, self.warn);
                Ok(())
            }
            (ResultField::Started, Cell::Naive(civil)) => self.set_naive(column, civil),
            (ResultField::Status, Cell::Flag(flag)) => {
                let word = if flag { "true" } else { "false" };
                let aliases = &self.options.status_aliases;
                self.run.status = aliases.status(word).ok_or_else(|| {
                    let cell = aliases.unknown(Some(&column.name), word);
                    cell.hint("map `true` and `false` to passed, failed, skipped or planned")
                })?;
                Ok(())
            }
            (_, Cell::Absent) => self.set_text(column, ""),
            (_, Cell::Text(text)) => self.set_text(column, &text),
            (_, cell) => self.set_text(column, &text(column, cell)?),
        }
    }

    fn set_naive(&mut self, column: &Column, civil: DateTime) -> Result<(), InvalidCell> {
        if column.is_time_zone_missing {
            let mut cell = invalid(column, &civil.to_string(), "has no time zone");
            cell.is_time_zone_missing = true;
            return Err(cell.hint("say which time zone it is in"));
        }
        let zone = self.options.time_zone.as_ref();
        let started = (self.state.start_times).in_zone(civil, civil, zone, self.warn);
        self.run.started = started.map_err(|error| invalid(column, &civil.to_string(), error))?;
        Ok(())
    }

    fn set_text(&mut self, column: &Column, text: &str) -> Result<(), InvalidCell> {
        let Self {
            run,
            failure,
            has_keys,
            unused,
            options,
            state,
            warn,
        } = self;
        let trimmed = trimmed(text);
        match column.field {
            ResultField::Name if trimmed.is_empty() => {
                return Err(invalid(column, trimmed, "name is empty"));
            }
            ResultField::Name => trimmed.clone_into(&mut run.identity.name),
            ResultField::Status => {
                let aliases = &options.status_aliases;
                run.status = aliases
                    .status(trimmed)
                    .ok_or_else(|| aliases.unknown(Some(&column.name), trimmed))?;
            }
            _ if is_absent(trimmed) => {}
            ResultField::Class => with_slashes(trimmed)
                .as_ref()
                .clone_into(&mut run.identity.class),
            ResultField::Package => trimmed.clone_into(&mut run.identity.package),
            ResultField::Module => trimmed.clone_into(&mut run.identity.module),
            ResultField::Duration if column.is_unit_assumed && is_below_one(trimmed) => {
                let reason = "is less than a millisecond, so it may be in seconds";
                return Err(unit_missing(column, trimmed, reason));
            }
            ResultField::Duration | ResultField::DurationSeconds => {
                run.duration = duration(column, trimmed, &mut state.commas)?;
            }
            ResultField::Started => {
                let zone = options.time_zone.as_ref();
                let started = state.start_times.parse(trimmed, zone, *warn);
                run.started = started.map_err(|error| invalid(column, trimmed, error))?;
            }
            ResultField::Jira => {
                *has_keys = true;
                set_keys(&mut run.jira, trimmed, *warn);
            }
            ResultField::Tags => {
                run.context.environment = tags(trimmed).map_err(|word| {
                    invalid(column, word, "is not a valid tag")
                        .hint("expected TYPE:VALUE, for example `OS:Linux; Browser:Firefox`")
                })?;
            }
            ResultField::RunName => run.run_name = Some(trimmed.to_owned()),
            ResultField::ExternalTestId => run.external_test_id = Some(trimmed.to_owned()),
            ResultField::ExternalRunId => run.external_run_id = Some(trimmed.to_owned()),
            ResultField::ReportUrl => run.report_url = Some(trimmed.to_owned()),
            ResultField::ErrorType => failure.error_type = Some(trimmed.to_owned()),
            ResultField::ErrorMessage => {
                let mut message = std::mem::take(unused);
                trimmed.clone_into(&mut message);
                failure.message = Some(message);
            }
            // Indentation may be part of a stack trace.
            ResultField::ErrorDetails => trimmed_end(text).clone_into(&mut failure.details),
            ResultField::Description => run.description = Some(trimmed_end(text).to_owned()),
        }
        Ok(())
    }
}

fn invalid(column: &Column, value: &str, reason: impl fmt::Display) -> InvalidCell {
    InvalidCell::new(Some(&column.name), value, reason)
}

/// The text of a cell, if its column may have cells of its kind.
fn text<'c>(column: &Column, cell: Cell<'c>) -> Result<Cow<'c, str>, InvalidCell> {
    let (value, kind) = match cell {
        Cell::Absent => return Ok("".into()),
        Cell::Text(text) | Cell::Decimal(text) => return Ok(text),
        Cell::Lossy(lossy) => return Ok(lossy.text.into()),
        Cell::Whole(number) => return Ok(number.to_string().into()),
        Cell::Real(number) => return Ok(number.to_string().into()),
        Cell::Flag(flag) => return Ok(if flag { "true" } else { "false" }.into()),
        Cell::Words(words) => match separator(column.field) {
            Some(separator) => return Ok(words.join(separator).into()),
            None => {
                let cell = invalid(column, &words.join(", "), "is a list");
                return Err(cell.hint("use one value"));
            }
        },
        Cell::Span(span) => (shown(span), "is a duration".to_owned()),
        Cell::Instant(time) => (time.to_string(), "is a date and time".to_owned()),
        Cell::Naive(civil) => (civil.to_string(), "is a date and time".to_owned()),
        Cell::Other(other) => {
            let OtherValue { type_name, value } = *other;
            let kind = format!("has the type `{type_name}`, which is not supported");
            (value, kind)
        }
    };
    Err(invalid(column, &value, kind).hint(match column.field {
        ResultField::Started => "use a date and time",
        field if field.is_duration() => "use a number or a duration",
        field if separator(field).is_some() => "use a text or a list of texts",
        _ => "use a text",
    }))
}

/// A duration as people write it, `-1m 30s`.
fn shown(span: SignedDuration) -> String {
    let sign = if span.is_negative() { "-" } else { "" };
    let text = SpanPrinter::new().unsigned_duration_to_string(&span.unsigned_abs());
    format!("{sign}{text}")
}

/// What is between several texts in a column that may have them.
fn separator(field: ResultField) -> Option<&'static str> {
    match field {
        ResultField::Jira | ResultField::Tags => Some("; "),
        ResultField::Description | ResultField::ErrorMessage | ResultField::ErrorDetails => {
            Some("\n")
        }
        _ => None,
    }
}

/// Whether a column is for people to read, so that a damaged character does no harm. In any other column it could make
/// different tests the same.
fn is_prose(field: ResultField) -> bool {
    matches!(
        field,
        ResultField::ErrorType
            | ResultField::ErrorMessage
            | ResultField::ErrorDetails
            | ResultField::Description
            | ResultField::ReportUrl
    )
}

fn add_keys_of_name(run: &mut TestRun, options: &ReadOptions) {
    let mut keys: KeyList = std::mem::take(&mut run.jira).into_iter().collect();
    let sources = &options.jira_sources;
    sources.add_from_name(&run.identity.name, &mut keys);
    run.jira = keys.into_keys();
}

/// Another column that says that a test failed which has not by its status.
fn contradiction<'c>(
    mapping: &ColumnMapping,
    options: &ReadOptions,
    status: Status,
    cell: impl Fn(usize) -> Cell<'c>,
) -> Option<InvalidCell> {
    if status == Status::Failed {
        return None;
    }
    let aliases = &options.status_aliases;
    let has_failed = |column: &VerdictColumn, word: &str| match aliases.status(word) {
        Some(status) => status == Status::Failed,
        None if column.is_strict && status == Status::Passed => is_other_word(word),
        None => {
            let meant = aliases
                .suggestion(word)
                .and_then(|word| aliases.status(word));
            meant == Some(Status::Failed) || word.eq_ignore_ascii_case("false")
        }
    };
    mapping.verdicts.iter().find_map(|column| {
        let text = match cell(column.index) {
            Cell::Text(text) => text,
            Cell::Lossy(lossy) => lossy.text.into(),
            Cell::Flag(flag) => flag.to_string().into(),
            Cell::Whole(number) => number.to_string().into(),
            Cell::Words(words) => {
                let mut words = words.into_iter();
                words.find(|word| has_failed(column, trimmed(word)))?
            }
            _ => return None,
        };
        let word = trimmed(&text);
        has_failed(column, word).then(|| {
            let shown = status.as_str().to_lowercase();
            let reason = format!("contradicts the status, which is {shown}");
            let cell = InvalidCell::new(Some(&column.name), word, reason);
            cell.hint("ignore the column that does not count")
        })
    })
}

/// Whether a value in a column of a status is a word that does not say that the test passed: not a number, a sentence, or
/// nothing.
fn is_other_word(text: &str) -> bool {
    const WORDS_MAX: usize = 3;
    // Of some of them, the test ran, and the status says how it ended.
    const PASSED: [&str; 12] = [
        "true",
        "yes",
        "run",
        "completed",
        "complete",
        "done",
        "finished",
        "executed",
        "✅",
        "✔",
        "✔\u{fe0f}",
        "✓",
    ];
    let is_passed = PASSED.iter().any(|word| text.eq_ignore_ascii_case(word));
    let is_number = text.contains(|char: char| char.is_ascii_digit())
        && text
            .chars()
            .all(|char| char.is_ascii() && !char.is_alphabetic());
    !is_passed && !is_number && !is_absent(text) && text.split_whitespace().count() <= WORDS_MAX
}

/// Replaces `keys` by those in a cell. Other words in it cost nothing but a warning.
fn set_keys(keys: &mut Vec<String>, text: &str, warn: &mut dyn FnMut(WarningKind)) {
    if is_key(text) {
        // Nearly always.
        keys.resize_with(1, String::new);
        text.clone_into(&mut keys[0]);
        keys[0].make_ascii_uppercase();
        return;
    }
    let found = jira_keys(text);
    for word in found.others {
        let value = shortened(word);
        warn(WarningKind::JiraKey { value });
    }
    *keys = found.keys;
}

fn unit_missing(column: &Column, text: &str, reason: &str) -> InvalidCell {
    let name = &column.name;
    let mut cell = invalid(column, text, reason).hint(format!(
        "say which unit it is: `--column '{name}=duration_s'` for seconds, `--column '{name}=duration'` for milliseconds"
    ));
    cell.is_unit_missing = true;
    cell
}

/// Whether a number without a unit is above 0 and below 1.
fn is_below_one(text: &str) -> bool {
    // Nearly always.
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let number = text.replacen(',', ".", 1).parse::<f64>();
    number.is_ok_and(|number| number > 0.0 && number < 1.0)
}

fn duration(column: &Column, text: &str, commas: &mut Commas) -> Result<Duration, InvalidCell> {
    let is_number = || !text.contains(':') && text.ends_with(|char: char| char.is_ascii_digit());
    let number = column.unit.filter(|_| is_number());
    let with_unit = number.map(|unit| format!("{text} {unit}"));
    let written = with_unit.as_deref().unwrap_or(text);
    let is_seconds = column.field == ResultField::DurationSeconds;
    let parsed = commas.resolve_cell(written, |comma| {
        if is_seconds {
            seconds_with(written, comma)
        } else {
            milliseconds_with(written, comma)
        }
    });
    parsed.map_err(|error| {
        let unit = match column.unit {
            Some(_) => "a number",
            None if is_seconds => "seconds",
            None => "milliseconds",
        };
        invalid(column, text, error).hint(duration_hint(error, unit))
    })
}

/// How to write a duration so that it is understood.
fn duration_hint(error: DurationError, unit: &str) -> String {
    match error {
        DurationError::Ambiguous => "write it without the comma".to_owned(),
        DurationError::AmbiguousClock => "write e.g. `0:01:30` or `1:30:00`".to_owned(),
        _ => format!("expected {unit}, or a duration such as `1.5s` or `0:01:30`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::Tag;
    use crate::read::columns::Columns;

    fn read_with(
        options: &ReadOptions,
        cells: &[(&str, &str)],
    ) -> Result<(TestRun, usize), String> {
        let header: Vec<_> = cells.iter().map(|(name, _)| (*name).to_owned()).collect();
        let mapping = Columns::default().map_header(&header).unwrap();
        let mut warnings = 0;
        let cell = |index: usize| Cell::from(cells[index].1);
        parse_row(
            &mapping,
            options,
            &mut FileState::default(),
            cell,
            &mut |_| {
                warnings += 1;
            },
        )
        .map(|run| (run, warnings))
        .map_err(|cells| {
            cells
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join("\n")
        })
    }

    fn read(cells: &[(&str, &str)]) -> Result<TestRun, String> {
        read_with(&ReadOptions::default(), cells).map(|(run, _)| run)
    }

    #[test]
    fn all_fields_are_parsed() {
        let run = read(&[
            ("name", " adds tax "),
            ("status", "FAIL"),
            ("class", "CartTest"),
            ("package", "shop.cart"),
            ("module", "Shop"),
            ("run_name", "nightly"),
            ("duration_s", "1.5"),
            ("started", "1746000000000"),
            ("error_type", "AssertionError"),
            ("error_message", "1 != 2"),
            ("error_details", "  at line 1\n  at line 2\n"),
            ("description", "sums up"),
            ("external_id", "T1"),
            ("external_run_id", "R1"),
            ("report_url", "https://ci.example.com/1"),
            ("jira", "shop-1; SHOP-2"),
            ("tags", "OS:Linux; Url:http://a:1;OS:Linux;"),
        ])
        .unwrap();
        let mut expected = TestRun::new("adds tax", Status::Failed)
            .class("CartTest")
            .package("shop.cart")
            .module("Shop")
            .duration(Duration::from_millis(1500))
            .started("2025-04-30T08:00:00Z".parse().unwrap())
            .failure(Failure {
                error_type: Some("AssertionError".into()),
                message: Some("1 != 2".into()),
                details: "  at line 1\n  at line 2".into(),
            })
            .jira(["SHOP-1", "SHOP-2"]);
        expected.run_name = Some("nightly".into());
        expected.description = Some("sums up".into());
        expected.external_test_id = Some("T1".into());
        expected.external_run_id = Some("R1".into());
        expected.report_url = Some("https://ci.example.com/1".into());
        expected.context.environment = [("OS", "Linux"), ("Url", "http://a:1")]
            .map(|(kind, value)| Tag {
                tag_type: kind.into(),
                value: value.into(),
            })
            .to_vec();
        assert_eq!(run, expected);
    }

    #[test]
    fn missing_values_are_recognised_in_all_spellings() {
        let spellings = [
            "", "  ", "NaN", "None", "null", "NaT", "<NA>", "N/A", "NA", "#N/A", "-", "\u{2014}",
            "\\N",
        ];
        for word in spellings {
            let run = read(&[
                ("name", "None"),
                ("status", "ok"),
                ("class", word),
                ("duration", word),
                ("started", word),
                ("error_details", word),
                ("jira", word),
                ("tags", word),
            ]);
            assert_eq!(run, Ok(TestRun::new("None", Status::Passed)), "{word}");
        }
    }

    #[test]
    fn nothing_is_left_of_the_result_whose_memory_is_used() {
        let header = ["name", "status", "jira", "class"].map(str::to_owned);
        let mapping = Columns::default().map_header(&header).unwrap();
        let options = ReadOptions::default();
        let mut run = TestRun::new("old", Status::Failed)
            .package("old")
            .class("old")
            .duration(Duration::from_secs(1))
            .started("2025-04-30T08:00:00Z".parse().unwrap())
            .failure(Failure::new("old"))
            .hostname("old")
            .jira(["OLD-1", "OLD-2"]);
        run.run_name = Some("old".to_owned());
        run.context.environment = vec![Tag::new("OS", "old")];
        for (cells, keys) in [
            (["a", "ok", "shop-1", "T"], &["SHOP-1"][..]),
            (["a", "ok", "SHOP-2, SHOP-3", "T"], &["SHOP-2", "SHOP-3"]),
            (["a", "ok", "", "T"], &[]),
        ] {
            let cell = |index: usize| Cell::from(cells[index]);
            let state = &mut FileState::default();
            parse_row_into(&mut run, &mapping, &options, state, cell, &mut |_| {}).unwrap();
            let expected = TestRun::new("a", Status::Passed).class("T");
            assert_eq!(run, expected.jira(keys.iter().copied()));
        }
    }

    #[test]
    fn a_duration_below_one_without_a_unit_is_asked_about() {
        let read = |header: &str, duration: &str| {
            read(&[("name", "a"), ("status", "ok"), (header, duration)]).map(|run| run.duration)
        };
        insta::assert_snapshot!(read("Duration", "0.35").unwrap_err(), @"column `Duration`: `0.35` is less than a millisecond, so it may be in seconds; say which unit it is: `--column 'Duration=duration_s'` for seconds, `--column 'Duration=duration'` for milliseconds");
        for text in ["0.001", "0,5", "0,125", ".5", "2.5E-1", "2,5e-001", "+0.5"] {
            assert!(read("duration", text).is_err(), "{text}");
        }
        for (text, expected) in [
            ("350", 350),
            ("350.0", 350),
            ("0.35 s", 350),
            ("1.5s", 1500),
        ] {
            let expected = Duration::from_millis(expected);
            assert_eq!(read("duration", text), Ok(expected), "{text}");
        }
        assert_eq!(read("duration_ms", "84.0"), Ok(Duration::from_millis(84)));
        assert_eq!(read("duration (s)", "0.35"), Ok(Duration::from_millis(350)));
    }

    #[test]
    fn a_unit_in_the_name_of_a_column_is_that_of_its_numbers() {
        for (unit, text, millis) in [
            ("min", "2", Ok(120_000)),
            ("Minuten", "0,5", Ok(30_000)),
            ("min", "2 s", Ok(2000)),
            ("min", "0:01:30", Ok(90_000)),
            ("h", "1.5", Ok(5_400_000)),
            ("Sek.", "12,5", Ok(12_500)),
            ("µs", "2500", Ok(3)),
            ("ns", "7000000", Ok(7)),
            (
                "min",
                "x",
                Err(
                    "column `Dauer (min)`: `x` is not a number; expected a number, or a duration such as `1.5s` or `0:01:30`",
                ),
            ),
            ("gesamt", "2", Ok(2)),
        ] {
            let name = format!("Dauer ({unit})");
            let columns = Columns::default().with(&name, ResultField::Duration);
            let header = ["name", "status", &name].map(str::to_owned);
            let mapping = columns.map_header(&header).unwrap();
            let read = |cell: Cell<'static>| {
                let cell = |index: usize| match index {
                    0 => Cell::from("a"),
                    1 => Cell::from("ok"),
                    _ => cell.clone(),
                };
                let (options, mut state) = (ReadOptions::default(), FileState::default());
                let run = parse_row(&mapping, &options, &mut state, cell, &mut |_| {});
                run.map(|run| run.duration.as_millis())
                    .map_err(|cells| cells[0].to_string())
            };
            assert_eq!(
                read(Cell::from(text)),
                millis.map_err(str::to_owned),
                "{unit}"
            );
            if let Ok(number) = text.parse() {
                assert_eq!(
                    read(Cell::Whole(number)),
                    millis.map_err(str::to_owned),
                    "{unit}"
                );
            }
        }
    }

    #[test]
    fn a_failure_in_another_column_contradicts_each_status_but_failed() {
        for (status, expected) in [
            ("ok", true),
            ("skipped", true),
            ("planned", true),
            ("failed", false),
        ] {
            let read = |outcome: Cell<'static>| {
                let header = ["name", "status", "outcome"].map(str::to_owned);
                let mapping = Columns::default().map_header(&header).unwrap();
                let cell = |index: usize| match index {
                    0 => Cell::from("a"),
                    1 => Cell::from(status),
                    _ => outcome.clone(),
                };
                let (options, mut state) = (ReadOptions::default(), FileState::default());
                parse_row(&mapping, &options, &mut state, cell, &mut |_| {}).is_err()
            };
            assert_eq!(read(Cell::from("failed")), expected, "{status}");
            let words = Cell::Words(vec!["".into(), "failed".into()]);
            assert_eq!(read(words), expected, "{status}");
            // Only a pass is contradicted by what is not known.
            assert_eq!(read(Cell::from("not yet")), status == "ok", "{status}");
        }
    }

    #[test]
    fn a_whole_number_is_the_duration_that_its_digits_are() {
        for header in ["duration_ms", "duration_s", "duration"] {
            let header = ["name", "status", header].map(str::to_owned);
            let mapping = Columns::default().map_header(&header).unwrap();
            let read = |duration: Cell<'_>| {
                let cells = [Cell::from("a"), Cell::from("ok"), duration];
                let (options, state) = (ReadOptions::default(), &mut FileState::default());
                let cell = |index: usize| cells[index].clone();
                parse_row(&mapping, &options, state, cell, &mut |_| {}).map(|run| run.duration)
            };
            for number in [0, 1, 1500, PLAIN_MAX, PLAIN_MAX + 1, i64::MAX, -1] {
                let digits = number.to_string();
                assert_eq!(read(Cell::Whole(number)), read(Cell::from(&*digits)));
            }
        }
    }

    #[test]
    fn all_problems_of_a_row_are_reported_at_once() {
        let problems = read(&[
            ("name", " "),
            ("Status", "passd"),
            ("duration", "fast"),
            ("started", "yesterday"),
            ("tags", "Linux"),
        ])
        .unwrap_err();
        insta::assert_snapshot!(problems, @r"
        column `name`: name is empty
        column `Status`: `passd` is not a valid status; use passed, failed, skipped or planned (did you mean `passed`?)
        column `duration`: `fast` is not a number; expected milliseconds, or a duration such as `1.5s` or `0:01:30`
        column `started`: `yesterday` is not a valid timestamp; use e.g. `2025-04-30T08:00:00Z` or seconds or milliseconds since the epoch
        column `tags`: `Linux` is not a valid tag; expected TYPE:VALUE, for example `OS:Linux; Browser:Firefox`
        ");
        insta::assert_snapshot!(read(&[("name", "a"), ("status", "ok"), ("Outcome", "Failed")]).unwrap_err(), @"column `Outcome`: `Failed` contradicts the status, which is passed; ignore the column that does not count");
        assert!(read(&[("name", "a"), ("status", "failed"), ("outcome", "passed")]).is_ok());
        for (column, word, is_fine) in [
            ("result", "FALSE", false),
            ("result", "KO", false),
            ("result", "not ok", false),
            ("result", "Fail.", false),
            ("result", "\u{274C}", false),
            ("result", "TRUE", true),
            ("result", "skipped", true),
            ("result", "1.5", true),
            ("result", "-", true),
            ("result", "the page of the cart is shown", true),
            ("status.1", "failed", false),
            ("status_y", "faild", false),
            ("status_y", "Approved", true),
            ("state", "false", false),
            ("state", "Design", true),
        ] {
            let row = read(&[("name", "a"), ("status", "passed"), (column, word)]);
            assert_eq!(row.is_ok(), is_fine, "{column}: {word}");
        }
        insta::assert_snapshot!(read(&[("name", "a"), ("status", "")]).unwrap_err(), @"column `status`: status is empty; use passed, failed, skipped or planned");
        insta::assert_snapshot!(read(&[("name", "a"), ("status", "1")]).unwrap_err(), @"column `status`: `1` is not a valid status; use passed, failed, skipped or planned");
    }

    #[test]
    fn a_bad_key_costs_nothing_but_a_warning() {
        let cells = [
            ("name", "a"),
            ("status", "ok"),
            ("jira", "SHOP-1; A-1 https://jira.example.com/browse/SHOP-2"),
        ];
        let (run, warnings) = read_with(&ReadOptions::default(), &cells).unwrap();
        assert_eq!(run.jira, ["SHOP-1", "SHOP-2"]);
        assert_eq!(warnings, 1);
    }

    #[test]
    fn the_suite_path_fills_in_module_and_package() {
        let options = ReadOptions::default().suite_path("Shop/Cart/Tax");
        let (run, _) = read_with(
            &options,
            &[("name", "a"), ("status", "ok"), ("module", "Pay")],
        )
        .unwrap();
        assert_eq!(
            (&*run.identity.module, &*run.identity.package),
            ("Pay", "Cart.Tax")
        );
    }

    #[test]
    fn a_start_time_before_1990_is_ignored_with_a_warning() {
        for started in ["0", "12345", "1970-01-01T00:00:00Z"] {
            let cells = [("name", "a"), ("status", "ok"), ("started", started)];
            let (run, warnings) = read_with(&ReadOptions::default(), &cells).unwrap();
            assert_eq!((run.started, warnings), (None, 1), "{started}");
        }
    }
}
