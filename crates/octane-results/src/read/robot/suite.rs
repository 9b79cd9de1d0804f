//! Suites, and what their teardowns mean for their tests.

use std::sync::Arc;

use super::parts::is;
use crate::origin::Origin;
use crate::read::report::Outcome;
use crate::read::report::held::Held;
use crate::read::report::seen::Seen;
use crate::read::report::xml::Element;
use crate::run::Failure;
use crate::status::Status;

/// What the status of a suite says before the message of its teardown.
const TEARDOWN_FAILED: &str = "Suite teardown failed:";

/// An open suite.
#[derive(Debug)]
pub(super) struct Suite {
    pub(super) class: Arc<str>,
    pub(super) origin: Origin,
    /// Whether bytes of its name, or of that of a suite around it, were invalid and have been replaced.
    pub(super) has_invalid_bytes: bool,
    /// The results before it.
    first: usize,
    /// Whether the keyword that is open is its teardown.
    pub(super) is_in_teardown: bool,
    /// The status of the teardown and its message.
    pub(super) teardown: Option<(Outcome, Option<String>)>,
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
            class: class.into(),
            origin,
            has_invalid_bytes: element.has_invalid_bytes
                || outer.is_some_and(|outer| outer.has_invalid_bytes),
            first,
            is_in_teardown: false,
            teardown: None,
            message: None,
            seen: Seen::default(),
        }
    }

    /// Applies the result of the teardown to the results of the suite.
    pub(super) fn end(self, held: &mut [(Arc<str>, Held)]) {
        let Some((outcome, message)) = self.teardown else {
            return;
        };
        let is_skipped = is(&outcome, Status::Skipped);
        if !is_skipped && !outcome.is_failed() {
            return;
        }
        let of_suite = self.message.as_deref().and_then(|message| {
            let (_, rest) = message.split_once(TEARDOWN_FAILED)?;
            Some(rest.trim().to_owned())
        });
        let message = message.or(of_suite).unwrap_or_default();
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
}
