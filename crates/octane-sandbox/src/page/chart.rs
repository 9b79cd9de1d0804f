//! Small charts, each with its numbers in words.

use std::fmt::Write;

use super::status::{label, word};
use super::text::{Text, duration, percent};
use crate::store::pages::{Counts, HistoryLine, NativeStatus, SuiteRunLine};

const HEIGHT: i64 = 64;
const GAP: i64 = 3;

/// The order of the segments of a bar, from the left.
const PIECES: [NativeStatus; 6] = [
    NativeStatus::Failed,
    NativeStatus::Blocked,
    NativeStatus::NotCompleted,
    NativeStatus::Passed,
    NativeStatus::Skipped,
    NativeStatus::Planned,
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

/// The pass rates of suite runs as a line, the oldest first. The axis starts at a round rate below all
/// others, which is labelled; a suite run with failures is a square, one without is a dot.
pub(super) fn pass_rates<'a>(suite_runs: impl Iterator<Item = &'a SuiteRunLine>) -> String {
    const WIDTH: i64 = 320;
    const AXIS: i64 = 46;
    const EDGE: i64 = 8;
    let rated: Vec<(&SuiteRunLine, i64)> = suite_runs
        .filter_map(|run| Some((run, run.counts.passed_per_mille()?)))
        .collect();
    let Some(lowest) = rated.iter().map(|(_, rate)| *rate).min() else {
        return String::new();
    };
    let gaps = i64::try_from(rated.len()).unwrap_or(WIDTH) - 1;
    let step = (WIDTH / gaps.max(1)).clamp(8, 40);
    let foot = ((lowest - 1) / 100 * 100).clamp(0, 900);
    let below = HEIGHT - EDGE;
    let y = |rate: i64| EDGE + (below - EDGE) * (1000 - rate) / (1000 - foot);
    let places = rated.iter().enumerate();
    let places: Vec<(i64, i64)> = places
        .map(|(position, (_, rate))| (AXIS + EDGE + left(position, step), y(*rate)))
        .collect();
    let last = places.last().map_or(AXIS, |(x, _)| *x);
    let words: Vec<String> = rated.iter().map(|(_, rate)| percent(*rate)).collect();
    let title = format!(
        "Pass rate of the last {} suite runs, the oldest first: {}",
        rated.len(),
        words.join(", ")
    );
    let mut svg = begin(last + EDGE, &title);
    for (rate, y) in [(1000, EDGE), (foot, below)] {
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
        let _ = write!(
            svg,
            "<g><title>{}: {}</title>",
            Text(&run.name),
            percent(*rate)
        );
        let _ = if run.counts.of(NativeStatus::Failed) > 0 {
            write!(
                svg,
                "<rect class=\"mark-failed\" x=\"{}\" y=\"{}\" width=\"7\" height=\"7\"/></g>",
                x - 3,
                y - 3
            )
        } else {
            write!(
                svg,
                "<circle class=\"mark-passed\" cx=\"{x}\" cy=\"{y}\" r=\"4\"/></g>"
            )
        };
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
    for status in PIECES {
        let count = counts.of(status);
        if count > 0 {
            // A single failure among thousands still gets two pixels.
            let width = (count * WIDTH / total).max(2).min(WIDTH - x);
            let word = status.word();
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
        let height = (line.duration_ms.unwrap_or(0) * HEIGHT / longest).clamp(3, HEIGHT);
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
