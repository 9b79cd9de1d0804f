//! Web pages, rendered here, that show what is in the sandbox.

mod html;
mod suite_run;
mod suites;

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::Deserialize;

use crate::error::ApiError;
use crate::server::Shared;

/// How many suite runs the front page shows of each suite, and the page of a suite of its one.
const LATEST_MAX: i64 = 5;
const SUITE_RUNS_MAX: i64 = 1000;

pub(crate) async fn suites(State(shared): State<Arc<Shared>>) -> Result<Response, ApiError> {
    let suites = shared
        .store
        .read(|reader| {
            let with_runs = |suite: crate::store::pages::Line| {
                let runs = reader.suite_run_lines(suite.id, LATEST_MAX)?;
                Ok((suite, runs))
            };
            reader
                .suite_lines()?
                .into_iter()
                .map(with_runs)
                .collect::<Result<Vec<_>, ApiError>>()
        })
        .await?;
    Ok(suites::render_all(&suites))
}

pub(crate) async fn suite(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let number = id.parse().unwrap_or(-1);
    let (name, runs) = shared
        .store
        .read(move |reader| {
            let name = reader.suite_name(number)?;
            let name = name.ok_or_else(|| ApiError::entity_not_found("test_suite", &id))?;
            Ok((name, reader.suite_run_lines(number, SUITE_RUNS_MAX)?))
        })
        .await?;
    Ok(suites::render_one(number, &name, &runs))
}

/// Which part of a long list is shown.
#[derive(Deserialize)]
pub(crate) struct Part {
    page: Option<String>,
}

pub(crate) async fn suite_run(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    Query(part): Query<Part>,
) -> Result<Response, ApiError> {
    let key = id.parse().unwrap_or(-1);
    let number: i64 = part.page.and_then(|page| page.parse().ok()).unwrap_or(1);
    let number = number.clamp(1, 1_000_000);
    let view = shared
        .store
        .read(move |reader| {
            let found = reader.suite_run_line(key)?;
            let (suite_run, suite, name) =
                found.ok_or_else(|| ApiError::entity_not_found("run_suite", &id))?;
            let offset = (number - 1) * suite_run::RUNS_MAX;
            Ok(suite_run::View {
                counts: reader.status_counts(key)?,
                runs: reader.run_lines(key, suite_run::RUNS_MAX, offset)?,
                suite: (suite, name),
                suite_run,
                number,
            })
        })
        .await?;
    Ok(suite_run::render(&view))
}
