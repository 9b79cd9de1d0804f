//! Writes payloads: the frame once, the runs one by one.

use super::{Dialect, Leniency, PayloadError, PayloadSettings, check_with, evidence, write};
use crate::{Context, TestField, TestFieldKind, TestRun};

/// Writes payloads of one upload.
///
/// What all payloads share is rendered once; the same settings and runs always give the same bytes.
/// The writer escapes, and puts U+FFFD in place of what XML forbids, so that its output is well-formed
/// whatever a run holds. Texts that are too long for the schema it writes as they are: see
/// [`repair`](crate::repair()).
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
    head: Vec<u8>,
    tail: Vec<u8>,
}

impl PayloadWriter {
    /// Renders the frame and makes sure that the context in it obeys the schema.
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
                let mut head = write::HEAD.as_bytes().to_vec();
                if let Some(build) = &context.build {
                    write::build(build, &mut head);
                }
                write::context(&context, &mut head);
                write::raw(write::RUNS_BEGIN, &mut head);
                Self {
                    dialect,
                    head,
                    tail: write::TAIL.as_bytes().to_vec(),
                }
            }
            Dialect::Evidence => {
                let own = take_tool(&mut context);
                let tool = testing_tool_type
                    .or(own)
                    .unwrap_or_else(|| evidence::TOOL.to_owned());
                Self {
                    dialect,
                    head: evidence::head(&context)?,
                    tail: evidence::tail(&tool),
                }
            }
        };
        let empty = writer.assemble(&[]);
        let leniency = match dialect {
            Dialect::Standard => Leniency::Official,
            Dialect::Evidence => Leniency::AcceptEvidence,
        };
        check_with(&empty, leniency).map_err(PayloadError::Context)?;
        Ok(writer)
    }

    /// The dialect that it writes.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Appends one run to the body of a payload. Where it fails, nothing was appended.
    pub fn write_run(&self, run: &TestRun, body: &mut Vec<u8>) -> Result<(), PayloadError> {
        match self.dialect {
            Dialect::Standard => {
                write::run(run, body);
                Ok(())
            }
            Dialect::Evidence => evidence::run(run, body),
        }
    }

    /// Which fields of `run` the payload has no place for, by the payload's words.
    ///
    /// In the standard dialect that is the `build` of a run, which exists for whole payloads only. The
    /// evidence dialect knows identity, status, start, duration and error of a run and nothing else.
    pub fn omits(&self, run: &TestRun) -> Vec<&'static str> {
        match self.dialect {
            Dialect::Standard if run.context.build.is_some() => vec!["build"],
            Dialect::Standard => Vec::new(),
            Dialect::Evidence => evidence::omits(run),
        }
    }

    /// Makes payloads whose bytes differ from those of any other mark and mean the same: a comment stands
    /// at their end. Octane ignores bytes that it has had (ALM Octane help, "Test results"), so this is
    /// how to repeat an upload on purpose. `mark` may have letters, digits and single dashes.
    pub fn marked(mut self, mark: &str) -> Self {
        let safe: String = mark
            .split('-')
            .map(|piece| piece.replace(|c: char| !c.is_ascii_alphanumeric(), ""))
            .filter(|piece| !piece.is_empty())
            .collect::<Vec<_>>()
            .join("-");
        self.tail
            .extend_from_slice(format!("<!-- {safe} -->\n").as_bytes());
        self
    }

    /// What stands before the runs in every payload.
    pub fn head(&self) -> &[u8] {
        &self.head
    }

    /// What stands behind the runs in every payload.
    pub fn tail(&self) -> &[u8] {
        &self.tail
    }

    /// A whole payload around a body of runs.
    pub fn assemble(&self, body: &[u8]) -> Vec<u8> {
        [self.head.as_slice(), body, &self.tail].concat()
    }

    /// How many bytes [`assemble`](Self::assemble) adds to a body.
    pub fn frame_bytes(&self) -> usize {
        self.head.len() + self.tail.len()
    }
}

/// Takes the testing tool out of the context's fields.
fn take_tool(context: &mut Context) -> Option<String> {
    let is_tool = |field: &mut TestField| field.kind == TestFieldKind::TestingToolType;
    context
        .test_fields
        .extract_if(.., is_tool)
        .map(|field| field.value)
        .last()
}
