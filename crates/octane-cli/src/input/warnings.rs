//! What is unusual about the inputs and prevents nothing. The same may be unusual thousands of times, so of each kind only
//! the first ones are kept.

use octane_client::ReportedProblem;
use octane_model::plural::{plural, thousands};
use octane_results::{LeftOut, LeftOutReason, Warning, WarningKind};
use serde::Serialize;
use serde_json::{Map, Value};

/// How many warnings of a kind are kept, for JSON.
const KEPT_MAX: usize = 100;

/// How many of them are listed for people.
const LISTED_MAX: usize = 5;

/// The word for start times without a time zone. All inputs of a command mostly have them or have none, and one option decides
/// for all, so only the first one is kept. The count is that of inputs.
const NO_TIME_ZONE: &str = "no_time_zone";

/// The word for words where Jira keys belong that are none.
const INVALID_JIRA_KEY: &str = "invalid_jira_key";

/// Warnings by kind, in the order in which the kinds were met.
#[derive(Debug, Clone, Default)]
pub(crate) struct Warnings {
    kinds: Vec<Kind>,
}

#[derive(Debug, Clone)]
struct Kind {
    code: &'static str,
    count: usize,
    first: Vec<ReportedProblem>,
}

/// The members of a JSON answer about warnings.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct WarningsJson {
    pub(crate) warnings: Vec<ReportedProblem>,
    /// How many there are of each kind.
    pub(crate) warning_counts: Map<String, Value>,
}

impl Warnings {
    /// Adds a warning of a reader.
    pub(crate) fn add(&mut self, warning: &Warning) {
        let code = code(&warning.kind);
        let hint = if code == NO_TIME_ZONE {
            "; `--time-zone` says which one it is in, for example `--time-zone Europe/Berlin`"
        } else {
            ""
        };
        self.push(code, || {
            let message = format!("{warning}{hint}");
            (message, Some(warning.position.clone()))
        });
    }

    /// Adds something that is not read.
    pub(crate) fn add_left_out(&mut self, left_out: &LeftOut) {
        let (code, hint) = match left_out.reason {
            LeftOutReason::LinkOutside => ("link_outside", "; use `--follow-links` to follow it"),
            LeftOutReason::NotRegular => ("not_a_file", ""),
            LeftOutReason::UnusualExtension => {
                ("unusual_extension", "; pass it by name to read it")
            }
            LeftOutReason::Compressed => ("compressed", "; decompress it first"),
            LeftOutReason::OtherKind { .. } => ("other_kind", ""),
            _ => ("left_out", ""),
        };
        self.push(code, || (format!("ignored: {left_out}{hint}"), None));
    }

    /// Adds something about the inputs as a whole.
    pub(crate) fn add_message(&mut self, code: &'static str, message: String) {
        self.push(code, || (message, None));
    }

    fn push(
        &mut self,
        code: &'static str,
        warning: impl FnOnce() -> (String, Option<octane_results::Position>),
    ) {
        let at = self.kinds.iter().position(|kind| kind.code == code);
        let at = at.unwrap_or_else(|| {
            self.kinds.push(Kind {
                code,
                count: 0,
                first: Vec::new(),
            });
            self.kinds.len() - 1
        });
        let kind = &mut self.kinds[at];
        kind.count += 1;
        let kept_max = if code == NO_TIME_ZONE { 1 } else { KEPT_MAX };
        if kind.first.len() < kept_max {
            let (message, position) = warning();
            kind.first
                .push(ReportedProblem::new(code, message).at(position));
        }
    }

    /// Whether a word where a Jira key belongs is none.
    pub(crate) fn has_invalid_jira_key(&self) -> bool {
        self.kinds.iter().any(|kind| kind.code == INVALID_JIRA_KEY)
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.kinds.iter().map(|kind| kind.count).sum()
    }

    /// Lines for people.
    pub(crate) fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for Kind { code, count, first } in &self.kinds {
            if *code == NO_TIME_ZONE {
                let others = match count - 1 {
                    0 => String::new(),
                    others => format!(" (and so in {})", plural(others, "more file")),
                };
                lines.extend(
                    first
                        .iter()
                        .map(|first| format!("{}{others}", first.message)),
                );
                continue;
            }
            let shown = first.iter().take(LISTED_MAX);
            lines.extend(shown.map(|warning| warning.message.clone()));
            // To leave out one is to save nothing.
            match count.saturating_sub(LISTED_MAX) {
                0 => {}
                1 => lines.extend(first.get(LISTED_MAX).map(|warning| warning.message.clone())),
                more => lines.push(format!("and {} more like this", thousands(more))),
            }
        }
        lines
    }

    /// The members of a JSON answer.
    pub(crate) fn json(&self) -> WarningsJson {
        let first = self.kinds.iter().flat_map(|kind| &kind.first);
        let counts = self.kinds.iter();
        WarningsJson {
            warnings: first.cloned().collect(),
            warning_counts: counts
                .map(|kind| (kind.code.to_owned(), kind.count.into()))
                .collect(),
        }
    }
}

/// The word for a kind of warning, which does not change.
fn code(kind: &WarningKind) -> &'static str {
    match kind {
        WarningKind::NoResults => "no_results",
        WarningKind::NoEnd => "no_end",
        WarningKind::Unnamed { .. } => "unnamed_test",
        WarningKind::Duration { .. } => "invalid_duration",
        WarningKind::Started { .. } => "invalid_start",
        WarningKind::NoTimeZone { .. } => NO_TIME_ZONE,
        WarningKind::ImplausibleStart { .. } => "implausible_start",
        WarningKind::JiraKey { .. } => INVALID_JIRA_KEY,
        WarningKind::Totals { .. } => "different_totals",
        WarningKind::LongerThanSuite { .. } => "different_times",
        WarningKind::Entity { .. } => "unknown_entity",
        WarningKind::InvalidBytes { .. } => "invalid_bytes",
        WarningKind::LinesBeforeHeader { .. } => "lines_before_header",
        WarningKind::MemoryAddress { .. } => "memory_address",
        WarningKind::NoPlan => "no_plan",
        WarningKind::FailedOutside { .. } => "failed_outside",
        WarningKind::MissingStep { .. } => "missing_step",
        WarningKind::UnusedColumn { .. } => "unused_column",
        WarningKind::UnreadLine { .. } => "unread_line",
        WarningKind::UnusedJiraLine => "unused_jira_line",
        _ => "warning",
    }
}

#[cfg(test)]
mod tests {
    use octane_results::{Position, ReadOptions, Record, Source, read};

    use super::*;

    fn entity(line: u64) -> (String, Option<Position>) {
        (
            format!("entity in line {line}"),
            Some(Position::new("a.xml", line)),
        )
    }

    #[test]
    fn thousands_of_warnings_of_a_kind_take_a_few_lines() {
        let mut warnings = Warnings::default();
        for line in 1..=5131 {
            warnings.push("unknown_entity", || entity(line));
        }
        warnings.push("different_totals", || ("totals".to_owned(), None));
        let lines = warnings.lines();
        assert_eq!((lines.len(), warnings.count()), (7, 5132));
        assert_eq!(lines[4], "entity in line 5");
        assert_eq!(lines[5..], ["and 5,126 more like this", "totals"]);
        let WarningsJson {
            warnings,
            warning_counts,
        } = warnings.json();
        assert_eq!(warnings.len(), KEPT_MAX + 1);
        assert_eq!(warning_counts["unknown_entity"], 5131);
        assert_eq!(warning_counts["different_totals"], 1);
    }

    #[test]
    fn start_times_without_a_time_zone_are_warned_of_once_for_all_files() {
        let mut warnings = Warnings::default();
        for file in ["a.csv", "b.csv", "c.csv"] {
            let table =
                "name,status,started\na,passed,2026-11-28 05:00\nb,passed,2026-11-28 05:01\n";
            let source = Source::bytes(file, table.as_bytes());
            for record in read(&source, &ReadOptions::default()).unwrap() {
                if let Record::Warning(warning) = record.unwrap() {
                    warnings.add(&warning);
                }
            }
        }
        assert_eq!(
            warnings.lines(),
            [
                "a.csv:2: start time `2026-11-28 05:00` has no time zone; counted as UTC; `--time-zone` says which one it is in, \
              for example `--time-zone Europe/Berlin` (and so in 2 more files)"
            ]
        );
        let WarningsJson {
            warnings,
            warning_counts,
        } = warnings.json();
        assert_eq!(warnings.len(), 1);
        assert_eq!(warning_counts["no_time_zone"], 3);
    }

    #[test]
    fn a_single_further_warning_is_listed_rather_than_counted() {
        let mut warnings = Warnings::default();
        for line in 1..=6 {
            warnings.push("unknown_entity", || entity(line));
        }
        assert_eq!(
            warnings.lines().last().map(String::as_str),
            Some("entity in line 6")
        );
    }
}
