//! Reads payloads.

mod context;
mod gherkin;
mod reader;
mod run;

use std::sync::Arc;

use crate::context::Context;
use crate::payload::check::decode;
use crate::payload::gherkin::GherkinRun;
use crate::payload::problem::CheckError;
use crate::payload::schema::Schema;
use crate::payload::schema_walker::SchemaWalker;
use crate::run::TestRun;
use reader::{InvalidPayload, PayloadReader};

/// The content of a payload.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Payload {
    /// The context of all runs.
    pub context: Context,
    /// The runs.
    pub runs: PayloadRuns,
}

/// The runs of a payload, which are all of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PayloadRuns {
    /// Results of tests; empty for a payload without runs.
    Tests(Vec<TestRun>),
    /// Results of Gherkin features.
    Gherkin(Vec<GherkinRun>),
}

impl Default for PayloadRuns {
    fn default() -> Self {
        Self::Tests(Vec::new())
    }
}

/// Reads a payload that the official schema accepts.
///
/// The position of each run is its line in the payload, with the file name `payload`. A negative duration,
/// which the schema allows, is read as zero, and a start time outside the supported range as the nearest
/// supported one.
///
/// ```
/// use octane_results::{PayloadRuns, read_payload};
///
/// let payload = read_payload(
///     b"<test_result><test_runs><test_run name='adds' duration='84' status='Passed'/></test_runs></test_result>",
/// )?;
/// let PayloadRuns::Tests(runs) = payload.runs else { unreachable!() };
/// assert_eq!(runs[0].identity.name, "adds");
/// # Ok::<(), octane_results::CheckError>(())
/// ```
pub fn read_payload(xml: &[u8]) -> Result<Payload, CheckError> {
    read_payload_with(xml, Schema::Official)
}

/// Reads a payload that `schema` accepts, like [`read_payload`].
pub fn read_payload_with(xml: &[u8], schema: Schema) -> Result<Payload, CheckError> {
    let mut reader = PayloadReader {
        walker: SchemaWalker::new(decode(xml)?, schema.root(), true),
        file: Arc::from("payload"),
    };
    let payload = reader.payload();
    // The rest of the document may be invalid as well; after the first problem it is only checked.
    reader.walker.finish()?;
    Ok(payload.unwrap_or_default())
}

impl PayloadReader<'_> {
    fn payload(&mut self) -> Result<Payload, InvalidPayload> {
        let mut payload = Payload::default();
        let Payload { context, runs } = &mut payload;
        if self.child()?.is_none() {
            return Ok(payload);
        }
        while let Some(child) = self.child()? {
            if child == "test_runs" {
                self.runs(runs)?;
            } else {
                self.context_child(child, context)?;
            }
        }
        Ok(payload)
    }

    fn runs(&mut self, runs: &mut PayloadRuns) -> Result<(), InvalidPayload> {
        while let Some(child) = self.child()? {
            if child == "test_run" {
                let run = self.run()?;
                if let PayloadRuns::Tests(runs) = runs {
                    runs.push(run);
                }
            } else {
                let run = self.gherkin_run()?;
                match runs {
                    PayloadRuns::Gherkin(runs) => runs.push(run),
                    PayloadRuns::Tests(_) => *runs = PayloadRuns::Gherkin(vec![run]),
                }
            }
        }
        Ok(())
    }
}
