//! Payloads for Octane (`test_result`), of both dialects.
//!
//! The `status` of a run is `Passed`, `Failed`, `Skipped` or `Planned`; another word counts only if it is one of
//! [`StatusAliases`](crate::StatusAliases).
//!
//! A `test_run` is read as it is, with its own context: a payload that this library wrote gives equal runs, apart from the
//! position, from Jira keys, which are looked for in names only, and from which of several results of a run counts: the last one. Where the format leaves room, this reader decides:
//!
//! - The **context of the payload**, such as its suite and its build, belongs to the upload that the payload was made for.
//!   It is not read: the upload of these results has a context of its own.
//! - Each scenario of a `gherkin_test_run` is a result with its steps. Its class is the name of the feature, its file `path`,
//!   its tags those in `tag`. Its duration is that of its steps, or that of the run if it is the only scenario; an example
//!   of an outline is called `pays [2]` after its index. The error of its first step that has one, or of the background,
//!   is its failure.
//! - A Gherkin run is a result of its own, named after the run, if it has no scenarios, or has failed and none of them has.
//! - A value that the schema does not allow is read like one of any other report: a duration of `1.5` counts as 2 ms.

use octane_model::{ModuleId, WorkItemId};

use super::report::ReportFile;
use super::report::xml::{Element, Visit, XmlFormat};
use crate::context::{Context, Release, SuiteRef, Tag, TestField, TestFieldKind};
use crate::identity::Identity;
use crate::payload::value::{parse_boolean, parse_long};
use crate::run::{Failure, TestRun};
use parts::{duration, maybe_text, started, status, steps, text};

mod gherkin;
mod parts;

/// A payload.
#[derive(Debug, Default)]
pub(crate) struct OctanePayload;

impl XmlFormat for OctanePayload {
    fn roots(&self) -> &'static [&'static str] {
        &["test_result"]
    }

    fn visit(&self, _path: &[String], name: &str) -> Visit {
        match name {
            "test_run" | "gherkin_test_run" => Visit::Collect,
            "build" | "suite_ref" | "program_ref" | "release_ref" | "release" | "release_name"
            | "milestone_ref" | "backlog_items" | "product_areas" | "test_fields"
            | "environment" => Visit::Skip,
            _ => Visit::Enter,
        }
    }

    fn element(&mut self, _path: &[String], element: Element, file: &mut ReportFile) {
        if element.name == "test_run" {
            test_run(&element, file);
        } else {
            gherkin::read(&element, file);
        }
    }
}

fn test_run(element: &Element, file: &mut ReportFile) {
    let identity = Identity {
        module: text(element, "module"),
        package: text(element, "package"),
        class: text(element, "class"),
        name: text(element, "name"),
    };
    let run_name = maybe_text(element, "run_name");
    let Identity {
        module,
        package,
        class,
        name,
    } = &identity;
    let shown = run_name.as_deref().unwrap_or_default();
    let texts = [name, class, package, module, shown];
    let Some(status) = status(element, &texts, element.has_invalid_bytes, file) else {
        return;
    };
    let mut run = TestRun::new("", status);
    run.identity = identity;
    // Of several results of a test in a payload, Octane shows the last one.
    run.replaces_earlier = true;
    run.run_name = run_name;
    run.duration = duration(element, file);
    run.started = started(element, file);
    run.report_url = maybe_text(element, "external_report_url");
    run.external_test_id = maybe_text(element, "external_test_id");
    run.external_run_id = maybe_text(element, "external_run_id");
    run.run_type = maybe_text(element, "run_type");
    run.external_assets = maybe_text(element, "external_assets");
    let manual = element.exact_attribute("manual").and_then(parse_boolean);
    run.manual = manual.unwrap_or_default();
    for child in &element.children {
        match child.name.as_str() {
            "error" => {
                run.failure = Some(Failure {
                    error_type: maybe_text(child, "type"),
                    message: maybe_text(child, "message"),
                    details: child.exact_text().to_owned(),
                });
            }
            "description" => run.description = Some(child.exact_text().to_owned()),
            "steps" => run.steps.push(steps(child)),
            _ => add_context(child, &mut run.context),
        }
    }
    file.push_run(element.place, run);
}

/// Takes over an element of the context of a run.
fn add_context(element: &Element, context: &mut Context) {
    let items = |name| {
        element
            .children
            .iter()
            .filter(move |item| item.name == name)
    };
    match element.name.as_str() {
        "suite_ref" => {
            context.suite = id(element).map(|id| SuiteRef {
                id: id.into(),
                external_run_id: maybe_text(element, "external_run_id"),
                component: maybe_text(element, "component"),
            });
        }
        "program_ref" => context.program = id(element).map(Into::into),
        "release_ref" => context.release = id(element).map(|id| Release::Id(id.into())),
        "release" => context.release = maybe_text(element, "name").map(Release::Name),
        "release_name" => {
            context.release = element
                .text()
                .map(|name| Release::Name(name.trim().to_owned()));
        }
        "milestone_ref" => context.milestone = id(element).map(Into::into),
        "backlog_items" => {
            let ids = items("backlog_item_ref").filter_map(id);
            context.backlog_items.extend(ids.map(WorkItemId::new));
        }
        "product_areas" => {
            let ids = items("product_area_ref").filter_map(id);
            context.product_areas.extend(ids.map(ModuleId::new));
        }
        "test_fields" => {
            let field = |item: &Element| {
                let kind = item.attribute("type").or(item.attribute("field_type"))?;
                let kind = TestFieldKind::from_payload(kind)?;
                Some(TestField::new(kind, text(item, "value")))
            };
            context
                .test_fields
                .extend(items("test_field").filter_map(field));
        }
        "environment" => {
            let tag = |item: &Element| Tag::new(text(item, "type"), text(item, "value"));
            context.environment.extend(items("taxonomy").map(tag));
        }
        _ => {}
    }
}

fn id(element: &Element) -> Option<i64> {
    element.exact_attribute("id").and_then(parse_long)
}

#[cfg(test)]
mod tests;
