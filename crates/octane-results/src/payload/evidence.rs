//! The evidence dialect: a fixed envelope and a fixed list of attributes for each run.

use super::error::PayloadError;
use super::escape;
use super::write::{attribute, count, error, key, milliseconds, raw, word};
use crate::context::{Context, Release, SuiteRef};
use crate::identity::Identity;
use crate::run::TestRun;

/// The default testing tool.
pub(super) const TOOL: &str = "Quartz";

/// The prefix of the envelope, up to and including `<test_runs>`; the tool is written by [`suffix`].
pub(super) fn prefix(context: &Context) -> Result<Vec<u8>, PayloadError> {
    let Context {
        build,
        suite,
        program,
        release,
        milestone,
        backlog_items,
        product_areas,
        test_fields,
        environment,
    } = context;
    let unsupported = [
        (build.is_some(), "a build"),
        (program.is_some(), "a program"),
        (milestone.is_some(), "a milestone"),
        (!backlog_items.is_empty(), "backlog items"),
        (
            !test_fields.is_empty(),
            "test fields other than `Testing_Tool_Type`",
        ),
        (!environment.is_empty(), "an environment"),
    ];
    if let Some((_, what)) = unsupported.into_iter().find(|(is_set, _)| *is_set) {
        return Err(PayloadError::Unsupported { what });
    }
    let SuiteRef {
        id,
        external_run_id,
        component,
    } = suite.as_ref().ok_or(PayloadError::SuiteMissing)?;
    if component.is_some() {
        return Err(PayloadError::Unsupported {
            what: "the component of a suite",
        });
    }
    let release = match release {
        None => "",
        Some(Release::Name(name)) => name,
        Some(Release::Id(id)) => return Err(PayloadError::ReleaseById(*id)),
    };
    let [area] = product_areas.as_slice() else {
        return Err(PayloadError::ProductAreas {
            found: product_areas.len(),
        });
    };

    let mut out = Vec::new();
    raw(
        "<?xml version='1.0' encoding='UTF-8'?><test_result><suite_ref id='",
        &mut out,
    );
    escape::number(id.get(), &mut out);
    raw("' external_run_id='", &mut out);
    escape::single_quoted(external_run_id.as_deref().unwrap_or_default(), &mut out);
    raw("'/><release_name>", &mut out);
    escape::text(release, &mut out);
    raw(
        "</release_name><product_areas><product_area_ref id='",
        &mut out,
    );
    escape::number(area.get(), &mut out);
    raw("'/></product_areas><test_runs>", &mut out);
    Ok(out)
}

/// The suffix of the envelope, from `</test_runs>` on.
pub(super) fn suffix(tool: &str) -> Vec<u8> {
    let mut out = Vec::new();
    raw(
        "</test_runs><test_fields><test_field field_type='Testing_Tool_Type' value='",
        &mut out,
    );
    escape::single_quoted(tool, &mut out);
    raw("'/></test_fields></test_result>", &mut out);
    out
}

/// Writes one `test_run`.
pub(super) fn run(run: &TestRun, out: &mut Vec<u8>) -> Result<(), PayloadError> {
    let Identity {
        module,
        package,
        class,
        name,
    } = &run.identity;
    if run.feature.is_some() {
        return Err(PayloadError::Unsupported {
            what: "runs of features",
        });
    }
    let started = run.started.ok_or_else(|| PayloadError::StartMissing {
        run: run.identity.to_string(),
    })?;
    raw("<test_run", out);
    attribute(key!("package"), package, out);
    attribute(key!("module"), module, out);
    attribute(key!("class"), class, out);
    attribute(key!("name"), name, out);
    word(key!("status"), run.status.as_str(), out);
    count(key!("started"), started.as_millisecond(), out);
    count(key!("duration"), milliseconds(run.duration), out);
    raw(">", out);
    if let Some(failure) = &run.failure {
        error(failure, out);
    }
    raw("</test_run>", out);
    Ok(())
}

/// The fields of `run` that this dialect cannot represent.
pub(super) fn unsupported_fields(run: &TestRun) -> Vec<&'static str> {
    let TestRun {
        identity: _,
        run_name,
        status: _,
        duration: _,
        started: _,
        failure: _,
        description,
        steps,
        report_url,
        external_test_id,
        external_run_id,
        run_type,
        external_assets,
        manual,
        context,
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
    [
        ("run_name", run_name.is_some()),
        ("description", description.is_some()),
        ("steps", !steps.is_empty()),
        ("external_report_url", report_url.is_some()),
        ("external_test_id", external_test_id.is_some()),
        ("external_run_id", external_run_id.is_some()),
        ("run_type", run_type.is_some()),
        ("external_assets", external_assets.is_some()),
        ("manual", *manual),
        ("context", *context != Context::default()),
    ]
    .into_iter()
    .filter_map(|(name, is_set)| is_set.then_some(name))
    .collect()
}
