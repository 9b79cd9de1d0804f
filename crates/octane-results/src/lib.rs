//! Automated test results: reads reports and tables, splits them into batches, writes payloads for ALM
//! Octane.
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
//!         Record::Run(run) => runs.push(*run),
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
//! Main ideas:
//!
//! - Readers are streaming iterators over runs. An invalid row is a value with its position
//!   ([`InvalidRow`]), and reading continues; an unreadable file ends with a [`ReadError`].
//! - The same runs and settings give the same bytes on every machine; nothing here reads the clock.
//! - [`Survey`], [`Repeats`] and [`Arrangement`] distinguish several results of one test.
//! - [`Features`] makes one result of the scenarios of a feature file.
//! - [`repair`](repair()) changes texts only where that is safe, and counts the changes.
//! - The rules of the payload's schema are one table: [`check`](check()) and [`read_payload`] apply it, and
//!   [`test_results_xsd`] prints it.

#![forbid(unsafe_code)]
#![expect(
    clippy::needless_bitwise_bool,
    reason = "comparisons that are joined without branches become vector instructions"
)]

mod context;
mod format;
mod identity;
mod identity_template;
mod metadata;
mod origin;
mod position;
mod run;
mod scenario;
mod status;
mod step;

mod batch;
mod colors;
mod duration;
mod features;
mod invalid;
mod io_reason;
mod nfc;
mod payload;
mod read;
mod renames;
mod repair;
mod repeats;
mod scrub;
mod sniff;
mod source;
mod text;
mod time_zone;
mod timestamp;
mod volatile;
mod warning;
mod wildcard;
mod write;

pub use context::{Build, Context, Release, SuiteRef, Tag, TestField, TestFieldKind};
pub use format::{Format, UnknownFormat};
pub use identity::{Identity, SuitePath};
pub use identity_template::{IdentityTemplate, IdentityTemplateError};
pub use metadata::{Attachment, Link, Metadata, Property};
pub use origin::Origin;
pub use position::Position;
pub use run::{Failure, TestRun};
pub use scenario::{FeatureFile, FeatureScenario};
pub use status::Status;
pub use step::{Parameter, Step, Steps};

pub use batch::{Batch, BatchLimits, Batches, RenderedBatch};
pub use colors::without_colors;
pub use duration::{DurationError, milliseconds, seconds};
pub use features::{Features, GherkinUnit, ReplacedResult};
pub use invalid::{InvalidCell, InvalidRow};
pub use payload::check::{check, check_with};
pub use payload::dialect::{Dialect, PayloadSettings};
pub use payload::error::PayloadError;
pub use payload::gherkin::{BackgroundStep, Feature, GherkinRun, Scenario};
pub use payload::problem::{CheckError, CheckProblem};
pub use payload::read::{Payload, PayloadRuns, read_payload, read_payload_with};
pub use payload::schema::Schema;
pub use payload::value::is_safe_link;
pub use payload::writer::PayloadWriter;
pub use payload::xsd::test_results_xsd;
#[cfg(feature = "arrow")]
pub use read::arrow::{records::ArrowRecords, table::ArrowTable};
#[cfg(feature = "arrow-cells")]
pub use read::arrow_cells::{ArrowCells, arrow_cells};
pub use read::cell::{Cell, LossyText, OtherValue};
pub use read::columns::Columns;
pub use read::encoding::{TextEncoding, UnknownTextEncoding};
pub use read::error::{ReadError, ReadErrorKind};
pub use read::field::{ResultField, UnknownResultField};
pub use read::jira_map::{JiraMap, JiraMapError};
pub use read::jira_sources::JiraSources;
pub use read::options::ReadOptions;
pub use read::process::{Process, Processed};
pub use read::processed_records::ProcessedRecords;
pub use read::record::{Record, Records};
pub use read::status_aliases::StatusAliases;
pub use read::typed_table::TypedTable;
pub use read::{read, read_processed};
pub use renames::{ProbableRename, Renames, VolatileNames, without_volatile};
pub use repair::policy::{LongNames, RepairPolicy};
pub use repair::repairs::Repairs;
pub use repair::{LimitExceeded, cut_texts, repair, repair_context};
pub use repeats::{Arrangement, RepeatedRun, Repeats, Reruns, Survey, UnknownReruns};
pub use scrub::Scrub;
pub use source::find::{FindOptions, Found, sources};
pub use source::left_out::{LeftOut, LeftOutReason, UnreadablePath};
pub use source::{Source, SourceError, SourceProblem};
pub use text::{sanitize, shorten};
pub use time_zone::{UnknownTimeZone, time_zone};
pub use timestamp::{TimestampError, timestamp};
pub use volatile::{UnknownVolatile, Volatile};
pub use warning::{Warning, WarningKind};
#[cfg(feature = "arrow")]
pub use write::parquet::{ParquetExportError, ParquetExporter};
pub use write::{ExportFormat, Exporter};

/// Runs the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
