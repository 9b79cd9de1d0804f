//! What results of tests and of Gherkin features have in common.

use std::fmt;
use std::time::Duration;

use octane_results::{Context, Failure, Feature, GherkinRun, Identity, Position, Status, TestRun};

use crate::store::results::{FeatureRow, TestSubtype};

/// The result of a test or a feature.
#[derive(Debug)]
pub(super) struct RunResult<'p> {
    pub(super) subject: Subject<'p>,
    pub(super) content: Content<'p>,
    /// Its own context, which features do not have.
    pub(super) context: Option<&'p Context>,
    pub(super) run_name: Option<&'p str>,
    pub(super) status: Status,
    pub(super) started_ms: Option<i64>,
    pub(super) duration_ms: i64,
    pub(super) failure: Option<&'p Failure>,
    pub(super) description: Option<&'p str>,
    pub(super) report_url: Option<&'p str>,
    pub(super) external_run_id: Option<&'p str>,
    pub(super) external_assets: Option<&'p str>,
    pub(super) run_type: Option<&'p str>,
    pub(super) is_manual: bool,
    line: u64,
}

/// What was tested.
#[derive(Debug, Clone, Copy)]
pub(super) enum Subject<'p> {
    Test {
        identity: &'p Identity,
        external_id: Option<&'p str>,
    },
    Feature {
        feature: FeatureRow<'p>,
        /// The IDs in its tag and its identifier.
        tagged: [Option<i64>; 2],
        run_name: &'p str,
    },
}

/// The content of a run.
#[derive(Debug, Clone, Copy)]
pub(super) enum Content<'p> {
    /// Steps, one list per iteration.
    Steps(&'p [octane_results::Steps]),
    Feature(&'p Feature),
}

impl<'p> RunResult<'p> {
    pub(super) fn of_test(run: &'p TestRun) -> Self {
        Self {
            subject: Subject::Test {
                identity: &run.identity,
                external_id: filled(run.external_test_id.as_deref()),
            },
            content: Content::Steps(&run.steps),
            context: Some(&run.context),
            run_name: filled(run.run_name.as_deref()),
            status: run.status,
            started_ms: run.started.map(jiff::Timestamp::as_millisecond),
            duration_ms: milliseconds(run.duration),
            failure: run.failure.as_ref(),
            description: run.description.as_deref(),
            report_url: run.report_url.as_deref(),
            external_run_id: filled(run.external_run_id.as_deref()),
            external_assets: filled(run.external_assets.as_deref()),
            run_type: filled(run.run_type.as_deref()),
            is_manual: run.manual,
            line: line(run.position.as_ref()),
        }
    }

    pub(super) fn of_feature(run: &'p GherkinRun) -> Self {
        let GherkinRun {
            name,
            duration,
            status,
            external_run_id,
            feature,
            position,
        } = run;
        // Both names may be empty; the path never is.
        let first = |names: [&'p str; 2]| {
            let filled = names.into_iter().find(|name| !name.is_empty());
            filled.unwrap_or(&feature.path)
        };
        Self {
            subject: Subject::Feature {
                feature: FeatureRow {
                    name: first([&feature.name, name]),
                    path: &feature.path,
                    script: &feature.file,
                },
                tagged: [
                    tagged_id(&feature.tag),
                    feature.identifier.as_deref().and_then(tagged_id),
                ],
                run_name: first([name, &feature.name]),
            },
            content: Content::Feature(feature),
            context: None,
            run_name: None,
            status: *status,
            started_ms: Some(feature.started.as_millisecond()),
            duration_ms: milliseconds(*duration),
            failure: None,
            description: None,
            report_url: None,
            external_run_id: filled(external_run_id.as_deref()),
            external_assets: None,
            run_type: None,
            is_manual: false,
            line: line(position.as_ref()),
        }
    }

    pub(super) fn test_subtype(&self) -> TestSubtype {
        match self.subject {
            Subject::Test { .. } => TestSubtype::Automated,
            Subject::Feature { .. } => TestSubtype::Gherkin,
        }
    }

    /// The name of the test; its module, package and class.
    pub(super) fn test(&self) -> (&'p str, [&'p str; 3]) {
        match self.subject {
            Subject::Test { identity, .. } => {
                let Identity {
                    module,
                    package,
                    class,
                    name,
                } = identity;
                (name, [module, package, class])
            }
            Subject::Feature { feature, .. } => (feature.name, [""; 3]),
        }
    }

    /// The name of the run.
    pub(super) fn name(&self) -> &'p str {
        match self.subject {
            Subject::Test { identity, .. } => self.run_name.unwrap_or(&identity.name),
            Subject::Feature { run_name, .. } => run_name,
        }
    }
}

/// Its name in logs.
impl fmt::Display for RunResult<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.subject {
            Subject::Test { identity, .. } => write!(f, "run `{identity}`")?,
            Subject::Feature { run_name, .. } => write!(f, "run `{run_name}`")?,
        }
        write!(f, " (line {})", self.line)
    }
}

fn filled(text: Option<&str>) -> Option<&str> {
    text.filter(|text| !text.is_empty())
}

pub(super) fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

fn line(position: Option<&Position>) -> u64 {
    position.map_or(0, |position| position.line)
}

/// The ID in a tag such as `@TID4001REV0.2.0`, or a plain number. What only begins with digits is another identifier, such as a UUID.
fn tagged_id(tag: &str) -> Option<i64> {
    let tag = tag.trim().trim_start_matches('@');
    let Some(number) = tag.strip_prefix("TID") else {
        let is_number = tag.bytes().all(|byte| byte.is_ascii_digit());
        return tag.parse().ok().filter(|_| is_number);
    };
    let end = number
        .find(|character: char| !character.is_ascii_digit())
        .unwrap_or(number.len());
    number[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_of_a_test_is_read_from_its_tag() {
        for (tag, id) in [
            ("@TID4001REV0.2.0", Some(4001)),
            ("TID7", Some(7)),
            ("4002", Some(4002)),
            ("@4002", Some(4002)),
            ("@smoke", None),
            ("@4001_smoke", None),
            ("4004ab-77e1", None),
            ("-4001", None),
            ("+4001", None),
            ("", None),
            ("@TID", None),
        ] {
            assert_eq!(tagged_id(tag), id, "{tag}");
        }
    }
}
