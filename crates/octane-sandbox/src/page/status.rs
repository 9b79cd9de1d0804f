//! Statuses as a symbol, a word and a colour, never the colour alone.

use http::StatusCode;

use crate::store::pages::{Counts, NativeStatus, Outcome};
pub(super) use octane_web::SPRITE;
use octane_web::{Text, number};

/// The name of a status in URLs and style sheets.
pub(super) fn word(status: Option<NativeStatus>) -> &'static str {
    status.map_or("unknown", NativeStatus::word)
}

/// The label of a status.
pub(super) fn label(status: Option<NativeStatus>) -> &'static str {
    match status {
        Some(NativeStatus::Failed) => "Failed",
        Some(NativeStatus::Blocked) => "Blocked",
        Some(NativeStatus::NotCompleted) => "In progress",
        Some(NativeStatus::Planned) => "Planned",
        Some(NativeStatus::Skipped) => "Skipped",
        Some(NativeStatus::Passed) => "Passed",
        None => "Other",
    }
}

/// The name of an outcome in style sheets.
pub(super) fn outcome_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Status(status) => word(status),
        Outcome::Flaky => "flaky",
    }
}

/// The label of an outcome.
pub(super) fn outcome_label(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Status(status) => label(status),
        Outcome::Flaky => "Flaky",
    }
}

/// The letter of an outcome where there is no room for a word.
pub(super) fn letter(outcome: Outcome) -> char {
    match outcome {
        Outcome::Status(Some(NativeStatus::NotCompleted)) => 'I',
        Outcome::Status(Some(NativeStatus::Planned)) => 'L',
        Outcome::Flaky => 'Y',
        outcome @ Outcome::Status(_) => outcome_label(outcome).chars().next().unwrap_or('?'),
    }
}

/// An outcome with its symbol and colour.
pub(super) fn outcome_chip(outcome: Outcome) -> String {
    octane_web::chip(outcome_word(outcome), outcome_label(outcome))
}

fn sign(status: Option<NativeStatus>) -> String {
    octane_web::sign(word(status))
}

/// A status with its symbol and colour.
pub(super) fn chip(status: Option<NativeStatus>) -> String {
    octane_web::chip(word(status), label(status))
}

/// The status of an HTTP response, in the colours and symbols of runs.
pub(super) fn code_chip(code: Option<StatusCode>) -> String {
    let Some(code) = code else {
        return "<span class=\"chip skipped\">no response</span>".to_owned();
    };
    let like = match code.as_u16() {
        ..300 => NativeStatus::Passed,
        300..400 => NativeStatus::Planned,
        400..500 => NativeStatus::Blocked,
        _ => NativeStatus::Failed,
    };
    let (word, sign) = (like.word(), sign(Some(like)));
    format!(
        "<span class=\"chip {word}\" title=\"{}\">{sign}{}</span>",
        code.canonical_reason().unwrap_or_default(),
        code.as_u16()
    )
}

/// A link that filters by one status, with the number of results.
pub(super) fn filter_link(
    address: &str,
    status: Option<NativeStatus>,
    count: &str,
    is_current: bool,
) -> String {
    let mark = if is_current {
        " aria-current=\"true\""
    } else {
        ""
    };
    format!(
        "<li><a class=\"chip {}\" href=\"{address}\"{mark}>{}{} <b>{}</b></a></li>",
        word(status),
        sign(status),
        label(status),
        Text(count),
    )
}

/// `160 failed, 1 flaky, 3,012 passed`.
pub(super) fn sentence(counts: &Counts) -> String {
    let parts: Vec<String> = counts
        .by_outcome()
        .map(|(outcome, count)| {
            let word = outcome_label(outcome).to_lowercase();
            format!("{} {word}", number(count))
        })
        .collect();
    if parts.is_empty() {
        "no runs".to_owned()
    } else {
        parts.join(", ")
    }
}

/// What runs can be shown as, with the letters, as a legend.
pub(super) fn legend() -> String {
    let items: String = Outcome::ALL
        .into_iter()
        .filter(|outcome| *outcome != Outcome::Status(None))
        .map(|outcome| {
            format!(
                "<li><span class=\"key {}\" aria-hidden=\"true\">{}</span> {}</li>",
                outcome_word(outcome),
                letter(outcome),
                outcome_label(outcome)
            )
        })
        .collect();
    format!("<ul class=\"legend\" aria-label=\"What the letters mean\">{items}</ul>")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_outcome_has_its_own_letter_and_symbol() {
        let letters: BTreeSet<char> = Outcome::ALL.map(letter).into();
        assert_eq!(letters.len(), Outcome::ALL.len());
        for outcome in Outcome::ALL {
            assert!(SPRITE.contains(&format!("id=\"s-{}\"", outcome_word(outcome))));
        }
    }
}
