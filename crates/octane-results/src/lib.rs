//! Automated test results: read reports and tables, cut batches, write the payload ALM Octane takes.
mod context;
mod identity;
mod position;
mod run;
mod status;
mod step;

mod batch;
mod duration;
mod invalid;
mod payload;
mod read;
mod repair;
mod sniff;
mod source;
mod text;
mod timestamp;
mod warning;

pub use context::{Build, Context, Release, SuiteRef, Tag, TestField, TestFieldKind};
pub use identity::{Identity, SuitePath};
pub use position::Position;
pub use run::{Failure, TestRun};
pub use status::Status;
pub use step::{Parameter, Step, Steps};

pub use batch::{Batch, BatchLimits, Batches};
pub use duration::{DurationError, milliseconds, seconds};
pub use invalid::{InvalidCell, InvalidRow};
pub use payload::{
    BackgroundStep, CheckError, CheckProblem, Dialect, Feature, GherkinRun, Leniency, Payload,
    PayloadError, PayloadRuns, PayloadSettings, PayloadWriter, Scenario, check, check_with,
    read_payload, read_payload_with, test_results_xsd,
};
pub use read::columns::{Columns, Field, UnknownField};
pub use read::error::{ReadError, ReadErrorKind};
pub use read::options::ReadOptions;
pub use read::words::StatusWords;
pub use read::{Record, Records, read};
pub use repair::{LongNames, RepairPolicy, Repairs, Unfit, repair, repair_context};
pub use sniff::{Format, UnknownFormat};
pub use source::{Source, SourceError, SourceProblem, sources};
pub use text::{sanitize, shorten};
pub use timestamp::{TimestampError, timestamp};
pub use warning::{Warning, WarningKind};
