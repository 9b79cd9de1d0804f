//! Values of the store for people.

use std::fmt::{self, Display, Formatter};

use octane_model::clean;
use octane_web::Text;

use crate::lane::Lane;
use crate::state::State;
use crate::time::Time;

/// Foreign text, cleaned and escaped.
pub(super) struct Foreign<'a>(pub(super) &'a str);

impl Display for Foreign<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Text(&clean(self.0)).fmt(f)
    }
}

/// A moment.
pub(super) fn time(time: Time) -> String {
    octane_web::time(Some(time.micros() / 1000))
}

/// How long something takes.
pub(super) fn duration(duration: std::time::Duration) -> String {
    octane_web::duration(i64::try_from(duration.as_millis()).ok())
}

/// `1,234`
pub(super) fn number(number: u64) -> String {
    octane_web::number(i64::try_from(number).unwrap_or(i64::MAX))
}

/// `3 results`
pub(super) fn count(count: u64, noun: &str) -> String {
    octane_web::count(i64::try_from(count).unwrap_or(i64::MAX), noun)
}

/// How much of a list is not shown, and where it is.
pub(super) fn rest(length: u64, shown: usize, place: &str) -> String {
    match length.saturating_sub(shown as u64) {
        0 => String::new(),
        rest => format!("<p class=\"quiet\">… and {} more{place}.</p>", number(rest)),
    }
}

/// How far an upload is.
pub(super) fn chip(state: State) -> String {
    let (like, label) = match state {
        State::Stored => ("planned", "Stored"),
        State::Delivering => ("not_completed", "Delivering"),
        State::Waiting => ("blocked", "Waiting"),
        State::AwaitingShards => ("skipped", "Awaiting shards"),
        State::Delivered => ("passed", "Delivered"),
        State::Incomplete => ("failed", "Incomplete"),
    };
    octane_web::chip(like, label)
}

/// Where an upload goes.
pub(super) fn lane(lane: &Lane) -> String {
    let Some(suite) = lane.named_suite() else {
        return "no suite".to_owned();
    };
    match lane.named_suite_run() {
        Some(suite_run) => format!("{} › {}", Foreign(suite), Foreign(suite_run)),
        None => format!("{}, no suite run", Foreign(suite)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_payload_does_not_name_is_said_not_to_be_there() {
        let text = |suite, suite_run| {
            let lane = Lane::new("https://octane.example/", 1001, 1002, suite, suite_run);
            super::lane(&lane)
        };
        assert_eq!(text("Nightly", "4711"), "Nightly › 4711");
        assert_eq!(text("4001", ""), "4001, no suite run");
        assert_eq!(text("", "shop"), "no suite");
    }

    #[test]
    fn foreign_text_is_neither_markup_nor_turned_around() {
        let text = Foreign("<b>\u{202e}x\u{1b}[0m").to_string();
        assert_eq!(text, r"&lt;b&gt;\u{202e}x\u{1b}[0m");
    }
}
