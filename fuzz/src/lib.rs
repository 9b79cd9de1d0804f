//! What must hold for any bytes: the bodies of the fuzz targets.
//!
//! Each function panics where it does not hold. A test of `octane-sandbox` compiles this file on stable and
//! feeds it all seeds, so that the targets keep building and what they once found stays found.

mod fields;
mod payload;
mod query;
mod request;

pub use fields::fields;
pub use payload::payload;
pub use query::query;
pub use request::request;
