//! Small charts, each with its numbers in words.

use std::fmt::Write;

use super::status::{label, word};
use super::text::{Text, duration, percent};
use crate::store::pages::{HistoryLine, NativeStatus, SuiteRunLine};

const HEIGHT: i64 = 56;
const GAP: i64 = 3;

/// The order of the pieces of a bar, from its foot.
const STACK: [NativeStatus; 6] = [
    NativeStatus::Passed,
    NativeStatus::Skipped,
    NativeStatus::Planned,
    NativeStatus::NotCompleted,
    NativeStatus::Blocked,
    NativeStatus::Failed,
];

/// Where the bar at a position begins.
fn left(position: usize, bar: i64) -> i64 {
    i64::try_from(position).unwrap_or_default() * (bar + GAP)
}

fn begin(width: i64, title: &str) -> String {
    format!(
        "<svg class=\"chart\" role=\"img\" viewBox=\"0 0 {width} {HEIGHT}\" width=\"{width}\" \
         height=\"{HEIGHT}\" aria-label=\"{}\">",
        Text(title)
    )
}

/// The runs of suite runs as a bar each, the oldest first: all bars are equally high and show which part
/// of their runs ended how.
pub(super) fn pass_rates<'a>(
    suite_runs: impl DoubleEndedIterator<Item = &'a SuiteRunLine>,
) -> String {
    const BAR: i64 = 14;
    let bars: Vec<&SuiteRunLine> = suite_runs.collect();
    let rates: Vec<String> = bars
        .iter()
        .map(|run| {
            run.counts
                .passed_per_mille()
                .map_or("none".to_owned(), percent)
        })
        .collect();
    let width = left(bars.len(), BAR) - GAP;
    let title = format!(
        "Pass rate of the last {} suite runs, the oldest first: {}",
        bars.len(),
        rates.join(", ")
    );
    let mut svg = begin(width, &title);
    for (position, (run, rate)) in bars.iter().zip(&rates).enumerate() {
        let x = left(position, BAR);
        let _ = write!(svg, "<g><title>{}: {rate} passed</title>", Text(&run.name));
        let total = run.counts.total().max(1);
        let mut foot = HEIGHT;
        for status in STACK {
            let count = run.counts.of(status);
            if count == 0 {
                continue;
            }
            // A single failure of thousands still gets two pixels.
            let height = (count * HEIGHT / total).max(2).min(foot);
            foot -= height;
            let word = status.word();
            let _ = write!(
                svg,
                "<rect class=\"fill-{word}\" x=\"{x}\" y=\"{foot}\" width=\"{BAR}\" height=\"{height}\"/>"
            );
        }
        if foot > 0 {
            let _ = write!(
                svg,
                "<rect class=\"fill-none\" x=\"{x}\" y=\"0\" width=\"{BAR}\" height=\"{foot}\"/>"
            );
        }
        svg.push_str("</g>");
    }
    svg.push_str("</svg>");
    svg
}

/// How long the results of a test took, the oldest first.
pub(super) fn durations(history: &[HistoryLine]) -> String {
    const BAR: i64 = 12;
    let longest = history.iter().filter_map(|line| line.duration_ms).max();
    let longest = longest.unwrap_or(0).max(1);
    let width = left(history.len(), BAR) - GAP;
    let title = format!(
        "Durations of the last {} results, the oldest first; the longest took {}",
        history.len(),
        duration(Some(longest))
    );
    let mut svg = begin(width, &title);
    for (position, line) in history.iter().rev().enumerate() {
        let x = left(position, BAR);
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
