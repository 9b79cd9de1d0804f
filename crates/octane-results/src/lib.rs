//! Automated test results: read reports and tables, cut batches, write the payload ALM Octane takes.
//!
//! ```text
//! Source ─► read ─► TestRun ─► repair ─► Batches ─► PayloadWriter ─► bytes
//! ```
//!
//! ```
//! use octane_model::SuiteId;
//! use octane_results::{
//!     BatchLimits, Batches, Context, Dialect, PayloadSettings, PayloadWriter, ReadOptions, Record, Source,
//!     SuiteRef, check, read,
//! };
//!
//! let table = "class,name,status,duration,jira\nCartTest,adds_tax,passed,84,SHOP-12\n";
//! let source = Source::bytes("nightly.csv", table.as_bytes());
//! let mut runs = Vec::new();
//! for record in read(&source, &ReadOptions::default())? {
//!     match record? {
//!         Record::Run(run) => runs.push(run),
//!         Record::Invalid(row) => eprintln!("{row}"),
//!         Record::Warning(warning) => eprintln!("{warning}"),
//!     }
//! }
//! assert_eq!(runs[0].jira, ["SHOP-12"]);
//!
//! let suite = SuiteRef::new(SuiteId::new(5001), "nightly-4711");
//! let context = Context { suite: Some(suite), ..Context::default() };
//! let writer = PayloadWriter::new(PayloadSettings::new(Dialect::Standard, context))?;
//! for batch in Batches::new(runs, &writer, BatchLimits::default()) {
//!     check(&writer.assemble(&batch?.body))?;
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The ideas:
//!
//! - Readers are streaming iterators: one run at a time, and what cannot be used is a value with its place
//!   ([`InvalidRow`]), not the end of the file. A file that cannot be read on ends with a [`ReadError`].
//! - The same runs and settings give the same bytes on every machine; nothing here looks at a clock.
//! - [`repair`](repair()) changes texts only where that is safe, and counts what it changed.
//! - The rules of the payload's schema are one table: [`check`](check()) obeys it, [`read_payload`] reads by
//!   it, and [`test_results_xsd`] prints it.

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
