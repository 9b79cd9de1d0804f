//! Automated test results: read reports and tables, cut batches, write the payload ALM Octane takes.
mod context;
mod identity;
mod position;
mod run;
mod status;
mod step;

pub use context::{Build, Context, Release, SuiteRef, Tag, TestField, TestFieldKind};
pub use identity::{Identity, SuitePath};
pub use position::Position;
pub use run::{Failure, TestRun};
pub use status::Status;
pub use step::{Parameter, Step, Steps};
