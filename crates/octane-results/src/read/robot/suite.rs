//! Suites, and what their teardowns mean for their tests.

use std::sync::Arc;

use super::parts::{is, is_fine};
use crate::origin::Origin;
use crate::read::line_column::LineColumn;
use crate::read::report::held::Held;
use crate::read::report::seen::Seen;
use crate::read::report::xml::Element;
use crate::read::report::{Draft, Outcome};
use crate::run::Failure;
use crate::status::Status;

/// What the status of a suite says before the message of its teardown.
const TEARDOWN_FAILED: &str = "Suite teardown failed:";

/// A keyword of a suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keyword {
    Setup,
    Teardown,
    Other,
}

/// The status of a setup or teardown and its message.
type Said = (Outcome, Option<String>);

/// An open suite.
#[derive(Debug)]
pub(super) struct Suite {
    place: LineColumn,
    name: String,
    pub(super) class: Arc<str>,
    pub(super) origin: Origin,
    /// Whether bytes of its name, or of that of a suite around it, were invalid and have been replaced.
    pub(super) has_invalid_bytes: bool,
    /// The results before it.
    pub(super) first: usize,
    /// The keyword that is open.
    pub(super) keyword: Keyword,
    pub(super) setup: Option<Said>,
    pub(super) teardown: Option<Said>,
    pub(super) message: Option<String>,
    /// Its tests.
    pub(super) seen: Seen,
}

impl Suite {
    /// A suite inside `outer`, with `first` results before it.
    pub(super) fn new(element: &Element, outer: Option<&Self>, first: usize) -> Self {
        let name = element.attribute("name").unwrap_or_default();
        let mut class = outer
            .map(|outer| outer.class.to_string())
            .unwrap_or_default();
        let mut origin = outer.map(|outer| outer.origin.clone()).unwrap_or_default();
        if !name.is_empty() {
            if !class.is_empty() {
                class.push('.');
            }
            class.push_str(name);
            origin.suite = Some(match &origin.suite {
                Some(outer) => format!("{outer} > {name}").into(),
                None => name.into(),
            });
        }
        let source = element.attribute("source");
        let source = source.map(|source| Arc::from(source.replace('\\', "/")));
        origin.file = source.or(origin.file);
        Self {
            place: element.place,
            name: name.to_owned(),
            class: class.into(),
            origin,
            has_invalid_bytes: element.has_invalid_bytes
                || outer.is_some_and(|outer| outer.has_invalid_bytes),
            first,
            keyword: Keyword::Other,
            setup: None,
            teardown: None,
            message: None,
            seen: Seen::default(),
        }
    }

    /// Applies the result of the teardown to the results of the suite.
    pub(super) fn end(&self, held: &mut [(Arc<str>, Held)]) {
        let Some((outcome, message)) = &self.teardown else {
            return;
        };
        let is_skipped = is(outcome, Status::Skipped);
        if !is_skipped && !outcome.is_failed() {
            return;
        }
        let of_suite = self.message.as_deref().and_then(|message| {
            let (_, rest) = message.split_once(TEARDOWN_FAILED)?;
            Some(rest.trim().to_owned())
        });
        let message = message.clone().or(of_suite).unwrap_or_default();
        for (_, draft) in held.iter_mut().skip(self.first) {
            if is_skipped {
                if !matches!(draft.outcome, Outcome::Known(_)) {
                    continue;
                }
                draft.outcome = Outcome::Known(Status::Skipped);
                let earlier = draft.failure.take().and_then(|failure| failure.message);
                let reason = format!("Skipped in parent suite teardown:\n{message}");
                let reason = match earlier {
                    Some(earlier) => format!("{reason}\n\nEarlier message:\n{earlier}"),
                    None => reason,
                };
                draft.failure = Some(Box::new(Failure::new(reason.trim_end())));
                continue;
            }
            if is(&draft.outcome, Status::Passed) {
                draft.outcome = Outcome::Known(Status::Failed);
                draft.failure = None;
            }
            let failure = draft.failure.get_or_insert_default();
            let text = match failure.message.take() {
                Some(own) => format!("{own}\n\nAlso parent suite teardown failed:\n{message}"),
                None => format!("Parent suite teardown failed:\n{message}"),
            };
            failure.message = Some(text.trim_end().to_owned());
        }
    }

    /// The result of the suite itself, if its setup or teardown has failed and none of its results shows that, or if the
    /// status of one of them is not known. The results say what the setup means for them, and where the teardown `is_applied`,
    /// what that means as well.
    pub(super) fn own_result(self, held: &[(Arc<str>, Held)], is_applied: bool) -> Option<Draft> {
        let results = || held.iter().skip(self.first);
        let has_results = results().next().is_some();
        let has_failed = results().any(|(_, held)| !is_fine(&held.outcome));
        let is_torn = has_failed || is_applied && has_results;
        let said = [
            ("setup", self.setup, has_results),
            ("teardown", self.teardown, is_torn),
        ];
        let mut said = said.into_iter().filter_map(|(keyword, said, is_shown)| {
            let (outcome, message) = said?;
            let has_result = is_fine(&outcome) || outcome.is_failed() && is_shown;
            (!has_result).then_some((keyword, outcome, message))
        });
        let (keyword, outcome, message) = said.next()?;
        let message = format!(
            "Suite {keyword} failed:\n{}",
            message.as_deref().unwrap_or_default()
        );
        Some(Draft {
            failure: Some(Failure::new(message.trim_end())),
            origin: self.origin,
            has_invalid_bytes: self.has_invalid_bytes,
            ..Draft::new(self.place, self.name, outcome)
        })
    }
}
