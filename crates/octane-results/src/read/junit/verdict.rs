//! What a test case, or a suite, says about its status.

use crate::invalid::InvalidCell;
use crate::read::absent::is_absent;
use crate::read::spelling::folded;
use crate::read::status_aliases::StatusAliases;
use crate::status::Status;

/// What the attributes and the elements of a test case, or of a suite, say about its status.
///
/// | attribute | what it says |
/// | --- | --- |
/// | `status`, `result`, `outcome`, `verdict`, `state`, `conclusion` | one of the words of [`StatusAliases`], or `run`, `completed`, `bpass` (passed), `suppressed`, `untested`, `no asserts`, `info`, `bfail`, `bxfail`, `bxpass` (skipped), `warning`, `warn`, `needs_inspection`, `canceled`, `cancelled`, `running`, `incomplete` (failed) |
/// | `success`, `passed`, `ok` | failed if it is false |
/// | `executed`, `enabled` | skipped if it is false |
/// | `failures`, `errors` | failed unless it is false, empty, 0 or less, or no number, such as `NaN` or `-` |
/// | `failed`, `failure`, `error`, `aborted`, `crashed`, `timedout`, `incomplete` | failed unless it is false, 0 or empty |
/// | `skipped`, `ignored`, `disabled` | skipped unless it is false, 0 or empty |
///
/// Names of attributes are compared without regard to case. An element says what its name means: `failure`, `error`, `skipped`, or another word for a status. One that is called like an
/// attribute of the first two rows, and has a text, says what the attribute would say; a text of several words, or a long one,
/// counts only if it is known.
///
/// If they contradict each other, the first of these that is said counts: failed, skipped, a word that is not known,
/// planned, passed. A word that is not known is no status at all, so the test case is an invalid row.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Verdict {
    statuses: Vec<Status>,
    /// Words for a status, known or not.
    words: Vec<String>,
}

/// The longest text of an element that is taken for a status, known or not.
pub(super) const WORD_BYTES_MAX: usize = 64;

/// Names of elements whose text says what the attribute of that name would say.
const WORD_ELEMENTS: [&str; 9] = [
    "status",
    "result",
    "outcome",
    "verdict",
    "state",
    "conclusion",
    "success",
    "passed",
    "ok",
];

/// Names of elements that say that something is not as it should be, though not what.
const UNCLEAR_ELEMENTS: [&str; 12] = [
    "crash",
    "exception",
    "warn",
    "risky",
    "incomplete",
    "unknown",
    "unstable",
    "partial",
    "canceled",
    "cancelled",
    "untested",
    "retest",
];

impl Verdict {
    /// Forgets what was said.
    pub(super) fn clear(&mut self) {
        self.statuses.clear();
        self.words.clear();
    }

    /// Takes note of an attribute, if it is about the status.
    pub(super) fn attribute(&mut self, name: &str, value: &str) {
        match name {
            "status" | "result" | "outcome" | "verdict" | "state" | "conclusion" => {
                self.words.push(value.to_owned());
            }
            "success" | "passed" | "ok" => self.desired(value, Status::Failed),
            "executed" | "enabled" => self.desired(value, Status::Skipped),
            "failures" | "errors" => self.count(value, Status::Failed),
            "failed" | "failure" | "error" | "aborted" | "crashed" | "timedout" | "incomplete" => {
                self.undesired(value, Status::Failed);
            }
            "skipped" | "ignored" | "disabled" => self.undesired(value, Status::Skipped),
            _ if name.bytes().any(|byte| byte.is_ascii_uppercase()) => {
                self.attribute(&name.to_ascii_lowercase(), value);
            }
            _ => {}
        }
    }

    /// Takes note of the text of an element that is called like an attribute about the status.
    pub(super) fn element(&mut self, name: &str, text: &str, aliases: &StatusAliases) {
        let is_short = text.len() <= WORD_BYTES_MAX && !text.contains(char::is_whitespace);
        if !text.is_empty() && (is_short || meaning(text, aliases).is_some()) {
            self.attribute(name, text);
        }
    }

    /// Takes note of a word for a status that is not known yet.
    pub(super) fn word(&mut self, word: &str) {
        self.words.push(word.to_owned());
    }

    /// Whether nothing was said.
    pub(super) const fn is_silent(&self) -> bool {
        self.statuses.is_empty() && self.words.is_empty()
    }

    /// Whether one of these words for a status was said.
    pub(super) fn has_word(&self, words: &[&str]) -> bool {
        self.words.iter().any(|said| words.contains(&&**said))
    }

    /// Takes numbers for the exit codes that Intern writes, unless the user says what they mean.
    pub(super) fn take_exit_codes(&mut self, aliases: &StatusAliases) {
        self.words.retain(|word| {
            let status = match word.as_str() {
                "0" => Status::Passed,
                "1" => Status::Failed,
                _ => return true,
            };
            let is_unknown = meaning(word, aliases).is_none();
            if is_unknown {
                self.statuses.push(status);
            }
            !is_unknown
        });
    }

    /// Something that should be true, and means `otherwise` if it is false.
    fn desired(&mut self, value: &str, otherwise: Status) {
        if is_one_of(value, &["false", "no", "0", "n", "f", "off"]) {
            self.statuses.push(otherwise);
        } else if !is_one_of(value, &["true", "yes", "1", "y", "t", "on", ""]) {
            self.words.push(value.to_owned());
        }
    }

    /// How many of something there are. A number that is not above 0, or none, as writers have it that do not know how many, says
    /// nothing.
    fn count(&mut self, value: &str, status: Status) {
        let number: Option<f64> = value.trim().parse().ok();
        if number.is_none_or(|number| number > 0.0) && !is_absent(value) {
            self.undesired(value, status);
        }
    }

    /// Something that should be false, or a number or text that should not be there.
    fn undesired(&mut self, value: &str, status: Status) {
        if !is_one_of(value, &["false", "no", "0", "n", "f", "off", "none", ""]) {
            self.statuses.push(status);
        }
    }

    /// Whether something says that the test, or the suite, has failed.
    pub(super) fn is_failed(&self, aliases: &StatusAliases) -> bool {
        let words = self.words.iter().filter_map(|word| meaning(word, aliases));
        let mut said = self.statuses.iter().copied().chain(words);
        said.any(|status| status == Status::Failed)
    }

    /// The first word without a known meaning. Numbers do not count: on a suite, they may be those of its results.
    pub(super) fn unknown_word(&self, aliases: &StatusAliases) -> Option<&str> {
        let is_word = |word: &&str| !is_absent(word) && word.parse::<f64>().is_err();
        let mut words = self.words.iter().map(String::as_str).filter(is_word);
        words.find(|word| meaning(word, aliases).is_none())
    }

    /// The status by what is said, given what the child elements say.
    pub(super) fn status(
        &self,
        elements: impl Iterator<Item = Status>,
        aliases: &StatusAliases,
    ) -> Result<Status, InvalidCell> {
        let mut elements = elements.peekable();
        if elements.peek().is_none() && self.is_silent() {
            return Ok(Status::Passed);
        }
        let mut unknown = None;
        let mut said: Vec<Status> = elements.chain(self.statuses.iter().copied()).collect();
        for word in &self.words {
            match meaning(word, aliases) {
                Some(status) => said.push(status),
                None => unknown = Some(word),
            }
        }
        for decisive in [Status::Failed, Status::Skipped] {
            if said.contains(&decisive) {
                return Ok(decisive);
            }
        }
        match unknown {
            // An empty attribute next to one that says something is not used.
            Some(word) if !word.is_empty() || said.is_empty() => Err(aliases.unknown(None, word)),
            _ if said.contains(&Status::Planned) => Ok(Status::Planned),
            _ => Ok(Status::Passed),
        }
    }
}

/// The attribute that an element of a case is called like, if its text is about the status.
pub(super) fn word_element(name: &str) -> Option<&'static str> {
    let mut names = WORD_ELEMENTS.into_iter();
    names.find(|known| known.eq_ignore_ascii_case(name))
}

/// Whether the name of an element is a word for a status that has no known meaning.
pub(super) fn is_unclear(element: &str) -> bool {
    UNCLEAR_ELEMENTS.contains(&&*folded(element))
}

fn is_one_of(value: &str, words: &[&str]) -> bool {
    words.iter().any(|word| value.eq_ignore_ascii_case(word))
}

/// The status that `word` means; `GoogleTest`, Bazel, behave, `QtTest`, UFT, Maestro, Katalon, GUT and Testing Farm have words of
/// their own.
fn meaning(word: &str, aliases: &StatusAliases) -> Option<Status> {
    aliases
        .status(word)
        .or_else(|| match folded(word).as_str() {
            "run" | "completed" | "bpass" => Some(Status::Passed),
            "suppressed" | "untested" | "noasserts" | "info" | "bfail" | "bxfail" | "bxpass" => {
                Some(Status::Skipped)
            }
            "warning" | "warn" | "needsinspection" | "canceled" | "cancelled" | "running"
            | "incomplete" => Some(Status::Failed),
            _ => None,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The status by attributes such as `status=ok success=false`; an unknown word as its message.
    fn status(attributes: &str) -> String {
        let mut verdict = Verdict::default();
        for attribute in attributes.split(';').filter(|text| !text.is_empty()) {
            let (name, value) = attribute.split_once('=').unwrap();
            verdict.attribute(name, value);
        }
        match verdict.status(std::iter::empty(), &StatusAliases::default()) {
            Ok(status) => status.to_string(),
            Err(cell) => cell.reason,
        }
    }

    #[test]
    fn each_attribute_says_what_the_table_says() {
        for (attributes, expected) in [
            ("", "Passed"),
            ("name=failed;time=error", "Passed"),
            ("status=run;result=completed", "Passed"),
            ("status=Not Run", "Skipped"),
            ("result=suppressed", "Skipped"),
            ("status=untested", "Skipped"),
            ("status=warning", "Failed"),
            ("result=bpass", "Passed"),
            ("result=bfail", "Skipped"),
            ("result=bxpass", "Skipped"),
            ("result=bxfail", "Skipped"),
            ("status=CANCELED", "Failed"),
            ("status=Cancelled", "Failed"),
            ("status=RUNNING", "Failed"),
            ("status=INCOMPLETE", "Failed"),
            ("outcome=Failed", "Failed"),
            ("verdict=ERROR", "Failed"),
            ("state=planned", "Planned"),
            ("success=true;passed=1;executed=Yes;enabled=TRUE", "Passed"),
            ("success=False", "Failed"),
            ("passed=0", "Failed"),
            ("success=failed", "Failed"),
            ("executed=no", "Skipped"),
            ("enabled=false", "Skipped"),
            ("failed=true", "Failed"),
            ("failures=1", "Failed"),
            ("error=AssertionError: 1 is not 2", "Failed"),
            (
                "errors=0;failures=0;skipped=0;aborted=false;error=",
                "Passed",
            ),
            ("conclusion=failure;ok=1", "Failed"),
            ("ok=0", "Failed"),
            ("aborted=true", "Failed"),
            ("errors=-1;failures=NaN", "Passed"),
            ("errors=0.0;failures=N/A", "Passed"),
            ("errors=1.5", "Failed"),
            ("error=-1", "Failed"),
            ("failed=NaN", "Failed"),
            ("failures=many", "Failed"),
            ("timedout=yes", "Failed"),
            ("incomplete=true", "Failed"),
            ("ignored=true", "Skipped"),
            ("disabled=known bug", "Skipped"),
        ] {
            assert_eq!(status(attributes), expected, "{attributes}");
        }
    }

    #[test]
    fn a_word_that_is_not_known_is_never_passed() {
        for word in ["amber", "N/A", "NA", "none", "passed?", "OK (flaky)", "1"] {
            let expected = format!("`{word}` is not a valid status");
            assert_eq!(status(&format!("status={word}")), expected);
            assert_eq!(status(&format!("status={word};result=passed")), expected);
        }
        assert_eq!(status("success=perhaps"), "`perhaps` is not a valid status");
        assert_eq!(status("status="), "status is empty");
    }

    #[test]
    fn what_is_worst_counts() {
        for (attributes, expected) in [
            ("status=passed;result=failed", "Failed"),
            ("status=skipped;success=false", "Failed"),
            ("status=amber;result=failed", "Failed"),
            ("status=amber;executed=false", "Skipped"),
            ("status=planned;result=passed", "Planned"),
            ("status=;result=passed", "Passed"),
            ("Status=failed", "Failed"),
            ("timedOut=true", "Failed"),
        ] {
            assert_eq!(status(attributes), expected, "{attributes}");
        }
    }

    #[test]
    fn an_exit_code_is_a_status_where_the_writer_has_them() {
        for (words, expected) in [
            (&["0"][..], Ok(Status::Passed)),
            (&["1"], Ok(Status::Failed)),
            (&["0", "1"], Ok(Status::Failed)),
            (&["0", "failed"], Ok(Status::Failed)),
            (&["0", "2"], Err("`2` is not a valid status".to_owned())),
        ] {
            let mut verdict = Verdict::default();
            words.iter().for_each(|word| verdict.word(word));
            verdict.take_exit_codes(&StatusAliases::default());
            let status = verdict.status(std::iter::empty(), &StatusAliases::default());
            assert_eq!(status.map_err(|cell| cell.reason), expected, "{words:?}");
        }
    }

    #[test]
    fn a_suite_has_failed_if_anything_says_so() {
        let mut verdict = Verdict::default();
        verdict.attribute("errors", "0");
        verdict.attribute("status", "amber");
        verdict.attribute("disabled", "3");
        assert!(!verdict.is_failed(&StatusAliases::default()));
        verdict.attribute("passed", "12");
        verdict.attribute("outcome", "run");
        verdict.attribute("state", "");
        verdict.attribute("result", "N/A");
        let aliases = StatusAliases::default();
        assert_eq!(verdict.unknown_word(&aliases), Some("amber"));
        let aliases = aliases.with("amber", Status::Skipped);
        assert_eq!(verdict.unknown_word(&aliases), None);
        verdict.attribute("result", "FAILED");
        assert!(verdict.is_failed(&StatusAliases::default()));
    }
}
