//! Properties that must hold for any input: the bodies of the fuzz targets.
//!
//! Each function panics if its property does not hold. A test of `octane-sandbox` compiles this file on stable
//! Rust and runs it on all seeds, so that the targets keep building and past findings do not return.

mod fields;
mod payload;
mod query;
mod report;
mod request;

pub use fields::fields;
pub use payload::payload;
pub use query::query;
pub use report::{report, report_as};
pub use request::request;
