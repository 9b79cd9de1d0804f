//! What runs and scenarios of payloads have in common.

use crate::duration::milliseconds;
use crate::invalid::InvalidCell;
use crate::payload::value::parse_long;
use crate::read::report::xml::Element;
use crate::read::report::{Draft, Moment, Outcome, ReportFile, Took};
use crate::status::Status;
use crate::step::{Parameter, Step, Steps};
use crate::text::REPLACEMENT;
use jiff::Timestamp;
use std::time::Duration;

pub(super) fn duration(element: &Element, file: &mut ReportFile) -> Duration {
    let took = element.attribute("duration");
    let took = took.map_or(Took::Unknown, |took| Took::Milliseconds(took.to_owned()));
    file.duration(element.place, took)
}

pub(super) fn maybe_text(element: &Element, attribute: &str) -> Option<String> {
    element.exact_attribute(attribute).map(str::to_owned)
}

pub(super) fn started(element: &Element, file: &mut ReportFile) -> Option<Timestamp> {
    let text = element.attribute("started")?;
    let exact = parse_long(text).and_then(|millis| Timestamp::from_millisecond(millis).ok());
    exact.or_else(|| file.started(element.place, Moment::Text(text.to_owned())))
}

/// The status of a run that `texts` identify, of which the first is its name. It is an invalid row without a status, and if one of
/// these texts has bytes that were invalid.
pub(super) fn status(
    element: &Element,
    texts: &[&str],
    has_invalid_bytes: bool,
    file: &mut ReportFile,
) -> Option<Status> {
    let word = element.attribute("status").unwrap_or_default();
    let known = Status::from_payload(word).or_else(|| file.options.status_aliases.status(word));
    let garbled = texts.iter().find(|text| text.contains(REPLACEMENT));
    let garbled = garbled.filter(|_| has_invalid_bytes);
    if known.is_some() && garbled.is_none() {
        return known;
    }
    let outcome = match known {
        Some(status) => Outcome::Known(status),
        None if word.is_empty() => Outcome::Missing,
        None => Outcome::Word(word.to_owned()),
    };
    let name = texts.first().copied().unwrap_or_default();
    let mut draft = Draft::new(element.place, name, outcome);
    if let Some(text) = garbled {
        draft.invalid.push(InvalidCell::invalid_bytes(None, text));
    }
    file.push(draft);
    None
}

pub(super) fn steps(element: &Element) -> Steps {
    Steps {
        iteration: maybe_text(element, "iteration"),
        steps: element.children("step").map(step).collect(),
    }
}

pub(super) fn text(element: &Element, attribute: &str) -> String {
    maybe_text(element, attribute).unwrap_or_default()
}

pub(super) fn step(element: &Element) -> Step {
    let took = element.attribute("duration").unwrap_or_default();
    let parameters = |name| {
        let lists = element
            .children
            .iter()
            .filter(move |list| list.name == name);
        let parameters = lists.flat_map(|list| list.children("parameter"));
        parameters.map(parameter).collect()
    };
    let error = element.child("error_message");
    Step {
        duration: milliseconds(took).unwrap_or_default(),
        external_step_id: maybe_text(element, "external_step_id"),
        error_message: error.map(|error| error.exact_text().to_owned()),
        input_parameters: parameters("input_parameters"),
        output_parameters: parameters("output_parameters"),
        ..Step::new(text(element, "name"), text(element, "status"))
    }
}

fn parameter(element: &Element) -> Parameter {
    Parameter {
        name: text(element, "name"),
        value: maybe_text(element, "value"),
        parameter_type: maybe_text(element, "type"),
    }
}
