//! Bodies of `test-results`: decompressed, validated and parsed.

use std::io::Read;

use flate2::bufread::MultiGzDecoder;
use http::StatusCode;
use octane_model::Problem;
use octane_results::{Build, CheckProblem, Payload, PayloadRuns, Schema, read_payload_with};

use crate::error::{ApiError, own_code};

/// Decompresses a gzip body of at most `bytes_max` bytes.
pub(crate) fn inflate(body: &[u8], bytes_max: usize) -> Result<Vec<u8>, ApiError> {
    let mut inflated = Vec::new();
    let limit = u64::try_from(bytes_max)
        .unwrap_or(u64::MAX)
        .saturating_add(1);
    MultiGzDecoder::new(body)
        .take(limit)
        .read_to_end(&mut inflated)
        .map_err(|error| {
            ApiError::bad_request(
                own_code::BAD_REQUEST,
                format!("the body is not valid gzip: {error}"),
            )
        })?;
    if inflated.len() > bytes_max {
        return Err(ApiError::too_large("the decompressed body", bytes_max));
    }
    Ok(inflated)
}

/// Fails if a payload has more than `elements_max` elements: what is built of it takes many times its size.
///
/// The elements are counted without reading the document, so that what text contains may count too.
pub(crate) fn check_size(xml: &[u8], elements_max: usize) -> Result<(), ApiError> {
    let is_start = |pair: &&[u8]| pair[0] == b'<' && !matches!(pair[1], b'/' | b'!' | b'?');
    let elements = xml.windows(2).filter(is_start).count();
    if elements <= elements_max {
        return Ok(());
    }
    let description = format!(
        "the payload has {elements} elements; the limit is {elements_max}; split it into smaller payloads"
    );
    let problem = Problem::new(own_code::INVALID_PAYLOAD, description);
    Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, problem))
}

/// Parses a payload, or says how it violates the schema.
pub(crate) fn read(xml: &[u8], schema: Schema) -> Result<Payload, ApiError> {
    read_payload_with(xml, schema).map_err(|error| {
        let problems: Vec<String> = error.problems().iter().map(describe).collect();
        let description = format!("the payload is not valid: {}", problems.join("; "));
        ApiError::bad_request(own_code::INVALID_PAYLOAD, description)
    })
}

/// The problem in words, without a file name, since there is none.
fn describe(problem: &CheckProblem) -> String {
    let CheckProblem {
        line,
        column,
        path,
        message,
        ..
    } = problem;
    let colon = if path.is_empty() { "" } else { ": " };
    format!("line {line}, column {column}: {path}{colon}{message}")
}

/// The number of results in a payload.
pub(crate) fn run_count(payload: &Payload) -> usize {
    match &payload.runs {
        PayloadRuns::Tests(runs) => runs.len(),
        PayloadRuns::Gherkin(runs) => runs.len(),
    }
}

/// Assigns a payload to the build that its sender names separately. Properties of that build in the payload,
/// such as its name, are kept; another build is not.
pub(crate) fn name_build(payload: &mut Payload, build: Build) {
    let own = payload.context.build.get_or_insert_default();
    let ids = |build: &Build| {
        let Build {
            server_id,
            job_id,
            build_id,
            ..
        } = build;
        [server_id, job_id, build_id].map(String::clone)
    };
    if ids(own) != ids(&build) {
        *own = build;
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn an_invalid_payload_is_reported_with_element_attribute_and_line() {
        let describe = |xml: &str| {
            let error = read(xml.as_bytes(), Schema::Official).unwrap_err();
            error.into_problem().description
        };
        insta::assert_snapshot!(
            describe("<test_result>\n<test_runs>\n<test_run name='a' duration='1' status='passed'/></test_runs></test_result>"),
            @"the payload is not valid: line 3, column 33: test_result/test_runs/test_run[1]: attribute `status` is `passed`, not one of `Passed`, `Failed`, `Skipped`, `Planned`"
        );
        insta::assert_snapshot!(describe(""), @"the payload is not valid: line 1, column 1: no root element");
    }

    #[test]
    fn elements_are_counted_before_anything_is_built() {
        let xml = b"<?xml version='1.0'?><!-- <a --><r><a/><b>x</b></r>";
        assert!(check_size(xml, 4).is_ok());
        let error = check_size(xml, 3).unwrap_err();
        assert!(matches!(error, ApiError::Refused { status, .. } if status == 413));
        assert!(check_size(b"", 0).is_ok());
    }

    #[test]
    fn a_body_that_decompresses_beyond_the_limit_is_rejected() {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(&vec![b' '; 100_000]).unwrap();
        let body = encoder.finish().unwrap();
        assert_eq!(inflate(&body, 100_000).unwrap().len(), 100_000);
        assert!(matches!(
            inflate(&body, 99_999),
            Err(ApiError::Refused { status, .. }) if status == 413
        ));
        assert!(inflate(b"<test_result/>", 100).is_err());
    }
}
