//! Writes payloads: the envelope once, the runs one by one.

use crate::context::{Context, TestField, TestFieldKind};
use crate::payload::check::check_with;
use crate::payload::dialect::{Dialect, PayloadSettings};
use crate::payload::error::PayloadError;
use crate::payload::schema::Schema;
use crate::payload::{evidence, write, write_feature};
use crate::run::TestRun;

/// Writes payloads of one upload.
///
/// The shared envelope is rendered once; the same settings and runs always give the same bytes. The writer
/// escapes texts and replaces characters that XML forbids as [`sanitize`](crate::sanitize) does, so that its output is always
/// well-formed. It does not shorten texts that are too long for the schema: see [`repair`](crate::repair()).
///
/// ```
/// use octane_results::{Context, Dialect, PayloadSettings, PayloadWriter, Status, TestRun, check};
///
/// let writer = PayloadWriter::new(PayloadSettings::new(Dialect::Standard, Context::default()))?;
/// let mut body = Vec::new();
/// writer.write_run(&TestRun::new("adds_tax", Status::Passed), &mut body)?;
/// assert!(check(&writer.assemble(&body)).is_ok());
/// # Ok::<(), octane_results::PayloadError>(())
/// ```
#[derive(Debug, Clone)]
pub struct PayloadWriter {
    dialect: Dialect,
    prefix: Vec<u8>,
    suffix: Vec<u8>,
}

impl PayloadWriter {
    /// Renders the envelope and checks its context against the schema.
    pub fn new(settings: PayloadSettings) -> Result<Self, PayloadError> {
        let PayloadSettings {
            dialect,
            mut context,
            testing_tool_type,
        } = settings;
        let writer = match dialect {
            Dialect::Standard => {
                if let Some(tool) = testing_tool_type {
                    take_tool(&mut context);
                    context.test_fields.push(TestField {
                        kind: TestFieldKind::TestingToolType,
                        value: tool,
                    });
                }
                let mut prefix = write::PREFIX.as_bytes().to_vec();
                if let Some(build) = &context.build {
                    write::build(build, &mut prefix);
                }
                write::context(&context, &mut prefix);
                write::raw(write::RUNS_BEGIN, &mut prefix);
                Self {
                    dialect,
                    prefix,
                    suffix: write::SUFFIX.as_bytes().to_vec(),
                }
            }
            Dialect::Evidence => {
                let own = take_tool(&mut context);
                let tool = testing_tool_type
                    .or(own)
                    .unwrap_or_else(|| evidence::TOOL.to_owned());
                Self {
                    dialect,
                    prefix: evidence::prefix(&context)?,
                    suffix: evidence::suffix(&tool),
                }
            }
        };
        let empty = writer.assemble(&[]);
        let schema = match dialect {
            Dialect::Standard => Schema::Official,
            Dialect::Evidence => Schema::OfficialOrEvidence,
        };
        check_with(&empty, schema).map_err(PayloadError::Context)?;
        Ok(writer)
    }

    /// The dialect of the payloads.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Appends one run to the body of a payload. On error, nothing is appended. Runs of features and other runs are never in
    /// the same payload.
    pub fn write_run(&self, run: &TestRun, body: &mut Vec<u8>) -> Result<(), PayloadError> {
        match (self.dialect, &run.feature) {
            (Dialect::Standard, Some(feature)) => write_feature::run(run, feature, body),
            (Dialect::Standard, None) => {
                write::run(run, body);
                Ok(())
            }
            (Dialect::Evidence, _) => evidence::run(run, body),
        }
    }

    /// The fields of `run` that the dialect cannot represent, by their names in the standard payload.
    ///
    /// The standard dialect cannot represent the `build` of a single run. The evidence dialect supports only
    /// the identity, status, start time, duration and error of a run.
    pub fn unsupported_fields(&self, run: &TestRun) -> Vec<&'static str> {
        match self.dialect {
            Dialect::Standard if run.context.build.is_some() => vec!["build"],
            Dialect::Standard => Vec::new(),
            Dialect::Evidence => evidence::unsupported_fields(run),
        }
    }

    /// The part of every payload before the runs.
    pub fn prefix(&self) -> &[u8] {
        &self.prefix
    }

    /// The part of every payload after the runs.
    pub fn suffix(&self) -> &[u8] {
        &self.suffix
    }

    /// The payload with the given body of runs.
    pub fn assemble(&self, body: &[u8]) -> Vec<u8> {
        [self.prefix.as_slice(), body, &self.suffix].concat()
    }

    /// The number of bytes that [`assemble`](Self::assemble) adds to a body.
    pub fn envelope_bytes(&self) -> usize {
        self.prefix.len() + self.suffix.len()
    }
}

/// Removes the testing tool from the fields of the context.
fn take_tool(context: &mut Context) -> Option<String> {
    let is_tool = |field: &mut TestField| field.kind == TestFieldKind::TestingToolType;
    context
        .test_fields
        .extract_if(.., is_tool)
        .map(|field| field.value)
        .last()
}
