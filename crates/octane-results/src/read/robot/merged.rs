//! Messages of tests that were run again, whose results `rebot --merge` has merged.

use crate::run::Failure;

/// What such a message has that no other one has.
const MARK: &str = "<span class=\"merge\">";

/// What a merged message says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Merged {
    /// The message of the last run.
    pub(super) message: Option<String>,
    /// The failures of the runs before it, the latest first.
    pub(super) earlier: Vec<Failure>,
}

/// Takes a message apart; nothing if it is not a merged one.
pub(super) fn merged(message: &str) -> Option<Merged> {
    if !message.starts_with("*HTML*") || !message.contains(MARK) {
        return None;
    }
    let mut merged = Merged::default();
    for part in message.split("<hr>") {
        if part.contains("class=\"new-status\"") {
            merged.message = text(part, "new-message");
        } else if part.contains("class=\"old-status\"") && part.contains("<span class=\"fail\">") {
            merged.earlier.push(Failure {
                message: text(part, "old-message"),
                ..Failure::default()
            });
        }
    }
    Some(merged)
}

/// The text after the label of a class, without markup.
fn text(part: &str, class: &str) -> Option<String> {
    let (_, rest) = part.split_once(&format!("<span class=\"{class}\">"))?;
    let (_, rest) = rest.split_once("</span>")?;
    let text = rest.trim().trim_end_matches("<br>").replace("<br>", "\n");
    let text = text
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&");
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_failures_of_earlier_runs_are_found() {
        let message = "*HTML* <span class=\"merge\">Test has been re-executed and results merged.</span><hr>\
            <span class=\"new-status\">New status:</span> <span class=\"pass\">PASS</span><br>\
            <span class=\"new-message\">New message:</span> fine<br><hr>\
            <span class=\"old-status\">Old status:</span> <span class=\"fail\">FAIL</span><br>\
            <span class=\"old-message\">Old message:</span> 1 &lt; 2 &amp;amp; 3<br><hr>\
            <span class=\"old-status\">Old status:</span> <span class=\"pass\">PASS</span><br>";
        let expected = Merged {
            message: Some("fine".to_owned()),
            earlier: vec![Failure::new("1 < 2 &amp; 3")],
        };
        assert_eq!(merged(message), Some(expected));
        assert_eq!(merged("*HTML* <b>no</b>"), None);
        assert_eq!(merged("no"), None);
    }
}
