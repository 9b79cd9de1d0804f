//! Web pages of the servers of Octane Client.
//!
//! Pages are rendered by the server and need no JavaScript. Everything that is not markup goes through [`Text`].
//!
//! - [`Frame`] is what surrounds each page; [`headers`] and [`STYLE`] belong to it.
//! - [`chip`] shows a status.
//! - [`time`], [`duration`], [`number`], [`count`] and [`percent`] write values for people.
//! - [`is_foreign`] and [`Hosts`] recognise requests that pages of other sites send.

#![forbid(unsafe_code)]

mod frame;
mod hosts;
mod same_site;
mod sign;
mod text;

pub use frame::{Frame, ICON, LOGO, STYLE, headers, trail};
pub use hosts::{ForeignHost, Hosts};
pub use same_site::is_foreign;
pub use sign::{SPRITE, chip, sign};
pub use text::{Text, count, duration, message, number, percent, time};
