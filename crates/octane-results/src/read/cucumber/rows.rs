//! Attempts of rows of an outline whose ids have no numbers.

use std::collections::{HashMap, HashSet};

use super::scenario::Scenario;

/// Joins the attempts of each row with the last one, in outlines whose rows are at lines of their own.
pub(super) fn join_attempts(scenarios: &mut Vec<Scenario>) {
    let outlines = outlines_with_attempts(scenarios);
    if outlines.is_empty() {
        return;
    }
    let mut joined: Vec<Scenario> = Vec::with_capacity(scenarios.len());
    for mut scenario in std::mem::take(scenarios) {
        let may_be_attempt = scenario.is_outline && outlines.contains(&scenario.id);
        match joined.last_mut() {
            Some(before) if may_be_attempt && scenario.repeats(before) => {
                scenario.take_failures_of(before);
                *before = scenario;
            }
            _ => joined.push(scenario),
        }
    }
    *scenarios = joined;
}

/// The ids of outlines in which what is at the line of a row before is an attempt of it: there are several lines, and at none of them
/// something follows what has not failed.
fn outlines_with_attempts(scenarios: &[Scenario]) -> HashSet<String> {
    let mut lines: HashMap<&str, HashMap<u64, bool>> = HashMap::new();
    let mut others: HashSet<&str> = HashSet::new();
    for scenario in scenarios.iter().filter(|scenario| scenario.is_outline) {
        let id = scenario.id.as_str();
        let Some(line) = scenario.line.filter(|_| !scenario.is_of_karate) else {
            others.insert(id);
            continue;
        };
        let before = (lines.entry(id).or_default()).insert(line, scenario.has_failed());
        if before == Some(false) {
            others.insert(id);
        }
    }
    (lines.into_iter())
        .filter(|(id, lines)| lines.len() > 1 && !others.contains(id))
        .map(|(id, _)| id.to_owned())
        .collect()
}
