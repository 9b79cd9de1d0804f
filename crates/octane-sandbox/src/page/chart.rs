//! Small charts, each with its numbers in words.

use std::fmt::Write;

use super::status::{label, outcome_word, word};
use crate::store::pages::{Counts, HistoryLine, NativeStatus, Outcome, SuiteRunLine};
use octane_web::{Text, duration, number, percent};

const HEIGHT: i64 = 64;
const GAP: i64 = 3;
/// The space around a line, for its marks.
const EDGE: i64 = 8;

/// The order of the segments of a bar, from the left.
const PIECES: [Outcome; 8] = [
    Outcome::Status(Some(NativeStatus::Failed)),
    Outcome::Flaky,
    Outcome::Status(Some(NativeStatus::Blocked)),
    Outcome::Status(Some(NativeStatus::NotCompleted)),
    Outcome::Status(None),
    Outcome::Status(Some(NativeStatus::Passed)),
    Outcome::Status(Some(NativeStatus::Skipped)),
    Outcome::Status(Some(NativeStatus::Planned)),
];

fn begin(width: i64, title: &str) -> String {
    format!(
        "<svg class=\"chart\" role=\"img\" viewBox=\"0 0 {width} {HEIGHT}\" width=\"{width}\" \
         height=\"{HEIGHT}\" aria-label=\"{}\">",
        Text(title)
    )
}

/// Where the segment at a position begins.
fn left(position: usize, step: i64) -> i64 {
    i64::try_from(position).unwrap_or_default() * step
}

/// How a suite run is marked in a chart.
///
/// | failed, of the executed runs | mark |
/// | --- | --- |
/// | none, and none is flaky | a dot |
/// | less than 1 % | a ring: neither alarming nor flawless |
/// | 1 % or more | a square |
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Dot,
    Ring,
    Square,
}

impl Mark {
    fn of(failed: i64, flaky: i64, executed: i64) -> Self {
        match failed {
            0 if flaky == 0 => Self::Dot,
            _ if failed * 100 < executed => Self::Ring,
            _ => Self::Square,
        }
    }

    fn svg(self, x: i64, y: i64) -> String {
        match self {
            Self::Dot => format!("<circle class=\"mark-passed\" cx=\"{x}\" cy=\"{y}\" r=\"4\"/>"),
            Self::Ring => {
                format!("<circle class=\"mark-few\" cx=\"{x}\" cy=\"{y}\" r=\"3.5\"/>")
            }
            Self::Square => format!(
                "<rect class=\"mark-failed\" x=\"{}\" y=\"{}\" width=\"7\" height=\"7\"/>",
                x - 3,
                y - 3
            ),
        }
    }
}

/// Where a rate in thousandths is drawn: the same axis in all charts, from 0 to 100 %.
fn height_of(rate: i64) -> i64 {
    EDGE + (HEIGHT - 2 * EDGE) * (1000 - rate) / 1000
}

/// The pass rates of suite runs as a line, the oldest first.
pub(super) fn pass_rates<'a>(suite_runs: impl Iterator<Item = &'a SuiteRunLine>) -> String {
    const WIDTH: i64 = 320;
    const AXIS: i64 = 46;
    let rated: Vec<(&SuiteRunLine, i64)> = suite_runs
        .filter_map(|run| Some((run, run.counts.passed_per_mille()?)))
        .collect();
    if rated.is_empty() {
        return String::new();
    }
    let gaps = i64::try_from(rated.len()).unwrap_or(WIDTH) - 1;
    let step = (WIDTH / gaps.max(1)).clamp(8, 40);
    let below = height_of(0);
    let places = rated.iter().enumerate();
    let places: Vec<(i64, i64)> = places
        .map(|(position, (_, rate))| (AXIS + EDGE + left(position, step), height_of(*rate)))
        .collect();
    let last = places.last().map_or(AXIS, |(x, _)| *x);
    let words: Vec<String> = rated.iter().map(|(_, rate)| percent(*rate)).collect();
    let title = format!(
        "Pass rate of the last {} suite runs, the oldest first: {}",
        rated.len(),
        words.join(", ")
    );
    let mut svg = begin(last + EDGE, &title);
    for rate in [1000, 0] {
        let y = height_of(rate);
        let _ = write!(
            svg,
            "<text x=\"{}\" y=\"{}\">{} %</text><path class=\"grid\" d=\"M{AXIS} {y}H{}\"/>",
            AXIS - 6,
            y + 4,
            rate / 10,
            last + EDGE
        );
    }
    let line: Vec<String> = places.iter().map(|(x, y)| format!("{x} {y}")).collect();
    let line = line.join("L");
    let _ = write!(
        svg,
        "<path class=\"area\" d=\"M{} {below}L{line}L{last} {below}z\"/><path class=\"line\" d=\"M{line}\"/>",
        AXIS + EDGE
    );
    for ((run, rate), (x, y)) in rated.iter().zip(&places) {
        let failed = run.counts.of(NativeStatus::Failed);
        let flaky = run.counts.showing(Outcome::Flaky);
        let words: String = [(failed, "failed"), (flaky, "flaky")]
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, word)| format!(", {} {word}", number(count)))
            .collect();
        let _ = write!(
            svg,
            "<g><title>{}: {}{words}</title>{}</g>",
            Text(&run.name),
            percent(*rate),
            Mark::of(failed, flaky, run.counts.executed()).svg(*x, *y)
        );
    }
    svg.push_str("</svg>");
    svg
}

/// The distribution of statuses as a bar; the words are next to it.
pub(super) fn parts(counts: &Counts) -> String {
    const WIDTH: i64 = 140;
    let mut svg = format!(
        "<svg class=\"chart parts\" viewBox=\"0 0 {WIDTH} 10\" width=\"{WIDTH}\" height=\"10\" aria-hidden=\"true\">"
    );
    let total = counts.total().max(1);
    let mut x = 0;
    for outcome in PIECES {
        let count = counts.showing(outcome);
        if count > 0 {
            // A single failure among thousands still gets two pixels.
            let width = (count * WIDTH / total).max(2).min(WIDTH - x);
            let word = outcome_word(outcome);
            let _ = write!(
                svg,
                "<rect class=\"fill-{word}\" x=\"{x}\" y=\"0\" width=\"{width}\" height=\"10\"/>"
            );
            x += width;
        }
    }
    svg.push_str("</svg>");
    svg
}

/// The part of a length that a number has of a greater one.
fn part_of(length: i64, number: i64, of: i64) -> i64 {
    let part = i128::from(length) * i128::from(number) / i128::from(of);
    i64::try_from(part).unwrap_or(length)
}

/// The duration of a test's results, the oldest first.
pub(super) fn durations(history: &[HistoryLine]) -> String {
    const BAR: i64 = 12;
    let longest = history.iter().filter_map(|line| line.duration_ms).max();
    let longest = longest.unwrap_or(0).max(1);
    let width = left(history.len(), BAR + GAP) - GAP;
    let title = format!(
        "Durations of the last {} results, the oldest first; the longest took {}",
        history.len(),
        duration(Some(longest))
    );
    let mut svg = begin(width, &title);
    for (position, line) in history.iter().rev().enumerate() {
        let x = left(position, BAR + GAP);
        let height = part_of(HEIGHT, line.duration_ms.unwrap_or(0), longest).clamp(3, HEIGHT);
        let _ = write!(
            svg,
            "<g><title>{}, {}</title><rect class=\"fill-{}\" x=\"{x}\" y=\"{}\" width=\"{BAR}\" \
             height=\"{height}\"/></g>",
            label(line.status),
            duration(line.duration_ms),
            word(line.status),
            HEIGHT - height,
        );
    }
    svg.push_str("</svg>");
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_failure_in_thousands_is_neither_alarming_nor_flawless() {
        for (failed, flaky, executed, expected) in [
            (0, 0, 3_000, Mark::Dot),
            (0, 0, 0, Mark::Dot),
            (0, 1, 1, Mark::Ring),
            (1, 0, 3_000, Mark::Ring),
            (29, 9, 3_000, Mark::Ring),
            (30, 0, 3_000, Mark::Square),
            (1, 0, 100, Mark::Square),
            (1, 0, 1, Mark::Square),
        ] {
            assert_eq!(
                Mark::of(failed, flaky, executed),
                expected,
                "{failed} and {flaky} of {executed}"
            );
        }
    }

    #[test]
    fn the_axis_goes_from_0_to_100_percent() {
        assert_eq!(height_of(1000), EDGE);
        assert_eq!(height_of(500), HEIGHT / 2);
        assert_eq!(height_of(0), HEIGHT - EDGE);
    }
}
