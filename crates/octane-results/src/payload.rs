//! Payloads: written, checked and read back.

mod check;
mod content;
mod dialect;
mod error;
mod escape;
mod evidence;
mod gherkin;
mod namespace;
mod problem;
mod read;
mod schema;
mod syntax;
mod tag;
mod value;
mod walk;
mod write;
mod writer;
mod xsd;

pub use check::{Leniency, check, check_with};
pub use dialect::{Dialect, PayloadSettings};
pub use error::PayloadError;
pub use gherkin::{BackgroundStep, Feature, GherkinRun, Scenario};
pub use problem::{CheckError, CheckProblem};
pub use read::{Payload, PayloadRuns, read_payload, read_payload_with};
pub(crate) use value::is_safe_link;
pub use writer::PayloadWriter;
pub use xsd::test_results_xsd;
