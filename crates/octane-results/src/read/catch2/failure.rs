//! What a report says of the failure of a test case.

use std::fmt::Write as _;

use crate::read::report::xml::Element;
use crate::run::Failure;

/// Whether an assertion in a test case, or in its sections, has failed, but for those that may fail anyway.
pub(super) fn has_failed_assertion(of: &Element) -> bool {
    of.children.iter().any(|child| match child.name.as_str() {
        "Section" => has_failed_assertion(child),
        "Expression" => is_failed(child) && child.attribute("type") != Some("CHECK_NOFAIL"),
        name => is_failure(name),
    })
}

fn is_failed(expression: &Element) -> bool {
    expression.attribute("success") == Some("false")
}

fn is_failure(name: &str) -> bool {
    matches!(name, "Exception" | "Failure" | "FatalErrorCondition")
}

/// The first failure in a test case, with all of them in its details.
pub(super) fn failure(case: &Element) -> Option<Failure> {
    let mut failure = None;
    let mut details = String::new();
    add(case, "", &mut failure, &mut details);
    let mut failure: Failure = failure?;
    details.truncate(details.trim_end().len());
    failure.details = details;
    Some(failure)
}

/// Adds what is in a test case, or in a section of it.
fn add(of: &Element, outer: &str, first: &mut Option<Failure>, details: &mut String) {
    for child in &of.children {
        let (error_type, message) = match child.name.as_str() {
            "Section" => {
                let name = child.attribute("name").unwrap_or_default();
                add(child, &in_section(outer, name), first, details);
                continue;
            }
            "Info" | "Warning" => {
                if let Some(text) = child.text() {
                    let word = child.name.to_lowercase();
                    _ = writeln!(details, "{word}: {}", text.trim());
                }
                continue;
            }
            "Expression" if is_failed(child) => {
                let error_type = child.attribute("type");
                (error_type, expression(child, error_type))
            }
            name if is_failure(name) => (None, text(child)),
            _ => continue,
        };
        let place = [child.attribute("filename"), child.attribute("line")];
        let place: Vec<&str> = place.into_iter().flatten().collect();
        let within = match outer {
            "" => String::new(),
            outer => format!(" in {outer}"),
        };
        _ = writeln!(details, "{}{within}: {message}", place.join(":"));
        for expanded in child.children("Expanded") {
            _ = writeln!(details, "  with expansion: {}", text(expanded));
        }
        first.get_or_insert_with(|| Failure {
            error_type: error_type.map(str::to_owned),
            message: Some(message).filter(|message| !message.is_empty()),
            details: String::new(),
        });
    }
}

/// The name of a section with those of the sections around it.
pub(super) fn in_section(outer: &str, name: &str) -> String {
    match outer {
        "" => name.to_owned(),
        outer => format!("{outer}/{name}"),
    }
}

/// `CHECK( 1+1==3 )`, and the exception that made it fail.
fn expression(expression: &Element, error_type: Option<&str>) -> String {
    let original = expression.child("Original").map(text).unwrap_or_default();
    let mut message = match error_type {
        Some(error_type) => format!("{error_type}( {original} )"),
        None => original,
    };
    let thrown = (expression.children.iter()).filter(|child| is_failure(&child.name));
    for thrown in thrown {
        _ = write!(message, ": {}", text(thrown));
    }
    message
}

fn text(of: &Element) -> String {
    of.text().unwrap_or_default().trim().to_owned()
}
