//! From the cells of one row to a result.

use jiff::Timestamp;

use crate::invalid::{InvalidCell, shortened};
use crate::read::columns::{Field, Layout};
use crate::read::keys::keys;
use crate::read::options::ReadOptions;
use crate::read::words::StatusWords;
use crate::timestamp::{is_implausible, timestamp};
use crate::warning::WarningKind;
use crate::{Failure, Status, Tag, TestRun, milliseconds, seconds};

/// A cell whose bytes are not UTF-8.
#[derive(Debug)]
pub(crate) struct NotText;

/// Reads a row by the layout of its table.
///
/// `cell` gives the text at an index. A blank cell, or one with a word by which tools print "nothing",
/// is absent, except for the name: a test may be called `None`.
///
/// # Errors
///
/// All that is wrong with the row.
pub(crate) fn run<'c>(
    layout: &Layout,
    options: &ReadOptions,
    cell: impl Fn(usize) -> Result<&'c str, NotText>,
    warn: &mut dyn FnMut(WarningKind),
) -> Result<TestRun, Vec<InvalidCell>> {
    let mut run = TestRun::new(String::new(), Status::Planned);
    let mut failure = Failure::default();
    let mut invalid = Vec::new();
    for column in &layout.columns {
        let Ok(text) = cell(column.index) else {
            let problem = InvalidCell::new(Some(&column.name), "", "the bytes are not UTF-8");
            invalid.push(problem.hint("save the table in UTF-8"));
            continue;
        };
        let trimmed = text.trim();
        let is_absent = is_absent(trimmed);
        let wrong =
            |reason: &dyn std::fmt::Display| InvalidCell::new(Some(&column.name), trimmed, reason);
        let result = match column.field {
            Field::Name if trimmed.is_empty() => Err(wrong(&"the name is blank")),
            Field::Name => {
                trimmed.clone_into(&mut run.identity.name);
                Ok(())
            }
            Field::Status => {
                status(trimmed, &options.status_words, &wrong).map(|status| run.status = status)
            }
            _ if is_absent => Ok(()),
            Field::Class => {
                trimmed.clone_into(&mut run.identity.class);
                Ok(())
            }
            Field::Package => {
                trimmed.clone_into(&mut run.identity.package);
                Ok(())
            }
            Field::Module => {
                trimmed.clone_into(&mut run.identity.module);
                Ok(())
            }
            Field::Duration => milliseconds(trimmed)
                .map(|duration| run.duration = duration)
                .map_err(|error| wrong(&error).hint("milliseconds are expected")),
            Field::DurationSeconds => seconds(trimmed)
                .map(|duration| run.duration = duration)
                .map_err(|error| wrong(&error).hint("seconds are expected")),
            Field::Started => timestamp(trimmed)
                .map(|started| run.started = Some(plausible(started, trimmed, warn)))
                .map_err(|error| wrong(&error)),
            Field::Jira => {
                let found = keys(trimmed);
                run.jira = found.keys;
                if found.others.is_empty() {
                    Ok(())
                } else {
                    Err(not_keys(&column.name, &found.others))
                }
            }
            Field::Tags => tags(trimmed)
                .map(|tags| run.context.environment = tags)
                .map_err(|word| {
                    InvalidCell::new(Some(&column.name), word, "is no tag")
                        .hint("write `OS:Linux; Browser:Firefox`")
                }),
            Field::RunName => set(&mut run.run_name, trimmed),
            Field::ExternalTestId => set(&mut run.external_test_id, trimmed),
            Field::ExternalRunId => set(&mut run.external_run_id, trimmed),
            Field::ReportUrl => set(&mut run.report_url, trimmed),
            Field::ErrorType => set(&mut failure.kind, trimmed),
            Field::ErrorMessage => set(&mut failure.message, trimmed),
            // Blanks at the start of a line belong to a stack trace.
            Field::ErrorDetails => {
                text.trim_end().clone_into(&mut failure.details);
                Ok(())
            }
            Field::Description => set(&mut run.description, text.trim_end()),
        };
        invalid.extend(result.err());
    }
    if !invalid.is_empty() {
        return Err(invalid);
    }
    if failure != Failure::default() {
        run.failure = Some(failure);
    }
    options.suite_path.complete(&mut run.identity);
    Ok(run)
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "one shape for the arms of the match"
)]
fn set(field: &mut Option<String>, text: &str) -> Result<(), InvalidCell> {
    *field = Some(text.to_owned());
    Ok(())
}

/// Whether a trimmed cell holds nothing, or what pandas, polars and databases print for nothing.
fn is_absent(trimmed: &str) -> bool {
    trimmed.is_empty()
        || ["nan", "none", "null", "nat", "<na>"]
            .iter()
            .any(|word| trimmed.eq_ignore_ascii_case(word))
}

fn status(
    word: &str,
    words: &StatusWords,
    wrong: &dyn Fn(&dyn std::fmt::Display) -> InvalidCell,
) -> Result<Status, InvalidCell> {
    const USE: &str = "use passed, failed, skipped or planned";
    if let Some(status) = words.status(word) {
        return Ok(status);
    }
    if word.is_empty() {
        return Err(wrong(&"the status is blank").hint(USE));
    }
    Err(wrong(&"is no status").hint(match words.suggestion(word) {
        Some(meant) => format!("{USE} (did you mean `{meant}`?)"),
        None => USE.to_owned(),
    }))
}

pub(crate) fn plausible(
    started: Timestamp,
    text: &str,
    warn: &mut dyn FnMut(WarningKind),
) -> Timestamp {
    if is_implausible(started) {
        let value = shortened(text);
        warn(WarningKind::StartedLongAgo { value });
    }
    started
}

fn not_keys(column: &str, words: &[&str]) -> InvalidCell {
    let reason = if words.len() == 1 {
        "is no Jira key"
    } else {
        "are no Jira keys"
    };
    InvalidCell::new(Some(column), &words.join(" "), reason).hint("keys look like `SHOP-12`")
}

/// Reads `OS:Linux; Browser:Firefox`; on failure names the part that is no tag. A value may have colons.
fn tags(text: &str) -> Result<Vec<Tag>, &str> {
    let mut tags = Vec::new();
    for part in text
        .split([';', '\n'])
        .map(str::trim)
        .filter(|part| !part.is_empty())
    {
        let (kind, value) = part.split_once(':').ok_or(part)?;
        let (kind, value) = (kind.trim(), value.trim());
        if kind.is_empty() || value.is_empty() {
            return Err(part);
        }
        let (kind, value) = (kind.to_owned(), value.to_owned());
        let tag = Tag { kind, value };
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    Ok(tags)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::Columns;

    fn read_with(
        options: &ReadOptions,
        cells: &[(&str, &str)],
    ) -> Result<(TestRun, usize), String> {
        let header: Vec<_> = cells.iter().map(|(name, _)| (*name).to_owned()).collect();
        let layout = Columns::default().layout(&header).unwrap();
        let mut warnings = 0;
        run(&layout, options, |index| Ok(cells[index].1), &mut |_| {
            warnings += 1;
        })
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
    fn all_fields_find_their_place() {
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
                kind: Some("AssertionError".into()),
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
                kind: kind.into(),
                value: value.into(),
            })
            .to_vec();
        assert_eq!(run, expected);
    }

    #[test]
    fn nothing_is_nothing_however_it_is_printed() {
        for word in ["", "  ", "NaN", "None", "null", "NaT", "<NA>"] {
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
    fn all_that_is_wrong_is_said_at_once() {
        let problems = read(&[
            ("name", " "),
            ("Status", "passd"),
            ("duration", "fast"),
            ("started", "yesterday"),
            ("jira", "SHOP 12"),
            ("tags", "Linux"),
        ])
        .unwrap_err();
        insta::assert_snapshot!(problems, @r"
        column `name`: the name is blank
        column `Status`: `passd` is no status; use passed, failed, skipped or planned (did you mean `passed`?)
        column `duration`: `fast` is not a number; milliseconds are expected
        column `started`: `yesterday` is no point in time; write it like `2025-04-30T08:00:00Z` or as milliseconds since 1970
        column `jira`: `SHOP 12` are no Jira keys; keys look like `SHOP-12`
        column `tags`: `Linux` is no tag; write `OS:Linux; Browser:Firefox`
        ");
        insta::assert_snapshot!(read(&[("name", "a"), ("status", "")]).unwrap_err(), @"column `status`: the status is blank; use passed, failed, skipped or planned");
        insta::assert_snapshot!(read(&[("name", "a"), ("status", "1")]).unwrap_err(), @"column `status`: `1` is no status; use passed, failed, skipped or planned");
    }

    #[test]
    fn the_suite_path_fills_what_a_row_lacks() {
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
    fn seconds_given_for_milliseconds_are_pointed_out() {
        let cells = [("name", "a"), ("status", "ok"), ("started", "1746000000")];
        assert_eq!(read_with(&ReadOptions::default(), &cells).unwrap().1, 1);
    }
}
