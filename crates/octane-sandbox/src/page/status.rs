//! Statuses as a symbol, a word and a colour, never the colour alone.

use http::StatusCode;

use crate::store::pages::{Counts, NativeStatus};
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

/// The letter of a status where there is no room for a word.
pub(super) fn letter(status: Option<NativeStatus>) -> char {
    match status {
        Some(NativeStatus::NotCompleted) => 'I',
        Some(NativeStatus::Planned) => 'L',
        status => label(status).chars().next().unwrap_or('?'),
    }
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

/// `160 failed, 3,012 passed`.
pub(super) fn sentence(counts: &Counts) -> String {
    let parts: Vec<String> = counts
        .by_status()
        .filter(|(_, count)| *count > 0)
        .map(|(status, count)| format!("{} {}", number(count), label(status).to_lowercase()))
        .collect();
    if parts.is_empty() {
        "no runs".to_owned()
    } else {
        parts.join(", ")
    }
}

/// All statuses with their letters, as a legend.
pub(super) fn legend() -> String {
    let items: String = NativeStatus::ALL
        .into_iter()
        .map(Some)
        .map(|status| {
            format!(
                "<li><span class=\"key {}\" aria-hidden=\"true\">{}</span> {}</li>",
                word(status),
                letter(status),
                label(status)
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
    fn every_status_has_its_own_letter_and_symbol() {
        let letters: BTreeSet<char> = NativeStatus::ALL.map(Some).map(letter).into();
        assert_eq!(letters.len(), NativeStatus::ALL.len());
        for status in NativeStatus::ALL {
            assert!(SPRITE.contains(&format!("id=\"s-{}\"", status.word())));
        }
    }
}
