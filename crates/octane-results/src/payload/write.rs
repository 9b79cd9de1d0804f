//! The standard dialect: elements and attributes as the official schema orders them.

use std::time::Duration;

use super::escape;
use crate::context::{Build, Context, Release, SuiteRef, Tag, TestField};
use crate::identity::Identity;
use crate::run::{Failure, TestRun};
use crate::step::{Parameter, Step, Steps};

pub(super) const PREFIX: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<test_result>";
pub(super) const RUNS_BEGIN: &str = "<test_runs>\n";
pub(super) const SUFFIX: &str = "</test_runs></test_result>\n";

/// What is before the value of the attribute `$name`.
macro_rules! key {
    ($name:literal) => {
        concat!(" ", $name, "=\"")
    };
}
pub(super) use key;

/// Writes one `test_run` and a line feed.
pub(super) fn run(run: &TestRun, out: &mut Vec<u8>) {
    let TestRun {
        identity:
            Identity {
                module,
                package,
                class,
                name,
            },
        run_name,
        status,
        duration,
        started,
        failure,
        description,
        steps: iterations,
        report_url,
        external_test_id,
        external_run_id,
        run_type,
        external_assets,
        manual,
        context: own_context,
        feature: _,
        results: _,
        jira: _,
        origin: _,
        earlier_failures: _,
        may_be_retry: _,
        replaces_earlier: _,
        metadata: _,
        position: _,
    } = run;
    raw("<test_run", out);
    let of_identity = [
        (key!("module"), module),
        (key!("package"), package),
        (key!("class"), class),
    ];
    for (key, value) in of_identity {
        if !value.is_empty() {
            attribute(key, value, out);
        }
    }
    attribute(key!("name"), name, out);
    maybe(key!("run_name"), run_name.as_deref(), out);
    count(key!("duration"), milliseconds(*duration), out);
    word(key!("status"), status.as_str(), out);
    if *manual {
        raw(" manual=\"true\"", out);
    }
    if let Some(started) = started {
        count(key!("started"), started.as_millisecond(), out);
    }
    maybe(key!("external_report_url"), report_url.as_deref(), out);
    maybe(key!("external_assets"), external_assets.as_deref(), out);
    maybe(key!("external_test_id"), external_test_id.as_deref(), out);
    maybe(key!("external_run_id"), external_run_id.as_deref(), out);
    maybe(key!("run_type"), run_type.as_deref(), out);
    raw(">", out);

    // A run has no build; only a payload can have one.
    context(own_context, out);
    if let Some(failure) = failure {
        error(failure, out);
    }
    if let Some(description) = description {
        element("description", description, out);
    }
    for iteration in iterations {
        steps(iteration, out);
    }
    raw("</test_run>\n", out);
}

/// Writes `error`.
pub(super) fn error(failure: &Failure, out: &mut Vec<u8>) {
    let Failure {
        error_type,
        message,
        details,
    } = failure;
    raw("<error", out);
    maybe(key!("type"), error_type.as_deref(), out);
    maybe(key!("message"), message.as_deref(), out);
    raw(">", out);
    escape::text(details, out);
    raw("</error>", out);
}

/// Writes `build`.
pub(super) fn build(build: &Build, out: &mut Vec<u8>) {
    let Build {
        server_id,
        job_id,
        job_name,
        build_id,
        build_name,
        sub_type,
        artifact_id,
    } = build;
    raw("<build", out);
    attribute(key!("server_id"), server_id, out);
    attribute(key!("job_id"), job_id, out);
    maybe(key!("job_name"), job_name.as_deref(), out);
    attribute(key!("build_id"), build_id, out);
    maybe(key!("build_name"), build_name.as_deref(), out);
    maybe(key!("sub_type"), sub_type.as_deref(), out);
    maybe(key!("artifact_id"), artifact_id.as_deref(), out);
    raw("/>", out);
}

/// Writes a context without its build, as payloads and runs have it.
pub(super) fn context(context: &Context, out: &mut Vec<u8>) {
    let Context {
        build: _,
        suite,
        program,
        release,
        milestone,
        backlog_items,
        product_areas,
        test_fields,
        environment,
    } = context;
    if let Some(SuiteRef {
        id,
        external_run_id,
        component,
    }) = suite
    {
        raw("<suite_ref", out);
        count(key!("id"), id.get(), out);
        maybe(key!("external_run_id"), external_run_id.as_deref(), out);
        maybe(key!("component"), component.as_deref(), out);
        raw("/>", out);
    }
    if let Some(program) = program {
        reference("program_ref", program.get(), out);
    }
    match release {
        Some(Release::Id(id)) => reference("release_ref", id.get(), out),
        Some(Release::Name(name)) => {
            raw("<release", out);
            attribute(key!("name"), name, out);
            raw("/>", out);
        }
        None => {}
    }
    if let Some(milestone) = milestone {
        reference("milestone_ref", milestone.get(), out);
    }
    list("backlog_items", backlog_items, out, |item, out| {
        reference("backlog_item_ref", item.get(), out);
    });
    list("product_areas", product_areas, out, |area, out| {
        reference("product_area_ref", area.get(), out);
    });
    list("test_fields", test_fields, out, |field, out| {
        let TestField { kind, value } = field;
        pair("test_field", kind.as_str(), value, out);
    });
    list("environment", environment, out, |tag, out| {
        let Tag { tag_type, value } = tag;
        pair("taxonomy", tag_type, value, out);
    });
}

/// Writes `steps`.
pub(super) fn steps(steps: &Steps, out: &mut Vec<u8>) {
    let Steps { iteration, steps } = steps;
    raw("<steps", out);
    maybe(key!("iteration"), iteration.as_deref(), out);
    raw(">", out);
    for each in steps {
        step(each, out);
    }
    raw("</steps>", out);
}

fn step(step: &Step, out: &mut Vec<u8>) {
    let Step {
        name,
        duration,
        status,
        external_step_id,
        error_message,
        input_parameters,
        output_parameters,
    } = step;
    raw("<step", out);
    attribute(key!("name"), name, out);
    count(key!("duration"), milliseconds(*duration), out);
    attribute(key!("status"), status, out);
    maybe(key!("external_step_id"), external_step_id.as_deref(), out);
    raw(">", out);
    if let Some(message) = error_message {
        element("error_message", message, out);
    }
    list("input_parameters", input_parameters, out, parameter);
    list("output_parameters", output_parameters, out, parameter);
    raw("</step>", out);
}

fn parameter(parameter: &Parameter, out: &mut Vec<u8>) {
    let Parameter {
        name,
        value,
        parameter_type,
    } = parameter;
    raw("<parameter", out);
    attribute(key!("name"), name, out);
    maybe(key!("value"), value.as_deref(), out);
    maybe(key!("type"), parameter_type.as_deref(), out);
    raw("/>", out);
}

/// The duration in milliseconds, limited to a 64-bit integer.
pub(super) fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// Writes `text` unescaped.
pub(super) fn raw(text: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(text.as_bytes());
}

/// Writes an attribute in double quotes, by its [`key!`].
pub(super) fn attribute(key: &str, value: &str, out: &mut Vec<u8>) {
    raw(key, out);
    escape::double_quoted(value, out);
    out.push(b'"');
}

/// The same for a value in which nothing has to be escaped.
pub(super) fn word(key: &str, value: &str, out: &mut Vec<u8>) {
    raw(key, out);
    raw(value, out);
    out.push(b'"');
}

/// Writes a numeric attribute in double quotes, by its [`key!`].
pub(super) fn count(key: &str, value: i64, out: &mut Vec<u8>) {
    raw(key, out);
    escape::number(value, out);
    out.push(b'"');
}

/// Writes an attribute in double quotes, by its [`key!`], if it has a value.
pub(super) fn maybe(key: &str, value: Option<&str>, out: &mut Vec<u8>) {
    if let Some(value) = value {
        attribute(key, value, out);
    }
}

/// Writes an element with a text.
pub(super) fn element(name: &str, content: &str, out: &mut Vec<u8>) {
    open(name, out);
    escape::text(content, out);
    close(name, out);
}

fn list<T>(name: &str, items: &[T], out: &mut Vec<u8>, write: impl Fn(&T, &mut Vec<u8>)) {
    if !items.is_empty() {
        open(name, out);
        for item in items {
            write(item, out);
        }
        close(name, out);
    }
}

fn reference(name: &str, id: i64, out: &mut Vec<u8>) {
    out.push(b'<');
    raw(name, out);
    count(key!("id"), id, out);
    raw("/>", out);
}

fn pair(name: &str, kind: &str, value: &str, out: &mut Vec<u8>) {
    out.push(b'<');
    raw(name, out);
    attribute(key!("type"), kind, out);
    attribute(key!("value"), value, out);
    raw("/>", out);
}

pub(super) fn open(name: &str, out: &mut Vec<u8>) {
    out.push(b'<');
    raw(name, out);
    out.push(b'>');
}

pub(super) fn close(name: &str, out: &mut Vec<u8>) {
    raw("</", out);
    raw(name, out);
    out.push(b'>');
}
