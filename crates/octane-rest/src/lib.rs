//! A polite HTTP endpoint for ALM Octane: sign-in, session, retry, pace and verbs.
//!
//! An [`Endpoint`] is a cheap handle on one workspace of one server. Give it an address and a
//! credential, and talk to collections of entities, to the resource `test-results`, or to any path:
//!
//! ```
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/sandbox.rs"));
//! # fn main() -> Done { with_sandbox(async |sandbox| {
//! # let (address, client_id, client_secret) = (format!("{}/ui/?p=1001/1002", sandbox.address()), "sandbox", "sandbox-secret");
//! use octane_model::{Query, ReleaseEntity};
//! use octane_rest::{ApiKey, Endpoint};
//!
//! // The address as copied from the browser: `https://octane.example/ui/?p=1001/1002`.
//! let octane = Endpoint::builder(address).credentials(ApiKey::new(client_id, client_secret)).build()?;
//!
//! let release = octane.entities::<ReleaseEntity>().list().first().await?;
//! let named = Query::field("name").is(release.unwrap().name);
//! assert!(octane.entities::<ReleaseEntity>().find(named).await?.is_some());
//!
//! let version = octane.get("/admin/server/version").await?;
//! assert!(version["version"].is_string());
//! # Ok(()) }) }
//! ```
//!
//! # Ideas
//!
//! - **One session for all.** However many requests find that nobody is signed in, one of them signs
//!   in and the others wait for it. A 401 signs in once and repeats once. Cookies that any answer
//!   renews are taken over; they go to this one server and nowhere else, and redirects are not followed.
//! - **Polite.** All clones of an endpoint share a pace ([`Settings::requests_per_second`]) and a bound
//!   ([`Settings::concurrency_max`]); a server that says when to come back is believed, by everybody.
//!   One that says it is too much (429, 503) sees half of both, and more again as it recovers.
//! - **Repeated only where that is safe.** See [`Repeat`]: what creates is not sent again when nobody
//!   knows whether it was done. One function decides, by one table.
//! - **Every wait has a deadline.** [`Settings::deadline_seconds`] counts from a request's turn to its end.
//! - **Errors say what to do.** [`Error`] has predicates such as [`is_not_found`](Error::is_not_found) and
//!   [`is_temporary`](Error::is_temporary), and tells method, path, attempts, time and the server's words.
//! - **Secrets cannot be printed**: neither by [`Secret`] nor by anything that holds one.
//! - **The network is a seam.** A [`Transport`] is one method; time is tokio's, so that a test can hold
//!   it still, and [`Settings::backoff_seed`] fixes the random waits.
//!
//! # Features of the server that are left out
//!
//! Basic authentication, bearer tokens, interactive sign-in and attachments.

mod answer;
mod backoff;
mod body;
mod builder;
mod bulk;
mod cookies;
mod credential;
mod date;
mod endpoint;
mod entities;
mod error;
mod list;
mod metadata;
mod observe;
mod pace;
mod place;
mod redact;
mod retry;
mod seats;
mod secret;
mod send;
mod session;
mod settings;
mod share;
mod sign_in;
mod test_results;
mod told;
mod transport;
mod trip;

pub use futures_util::future::BoxFuture;

pub use answer::Answer;
pub use body::Body;
pub use builder::{BuildError, Builder};
pub use bulk::BulkOutcome;
pub use credential::{
    ApiKey, Chain, Credential, CredentialError, CredentialProvider, Environment, UserPassword,
};
pub use endpoint::Endpoint;
pub use entities::Entities;
pub use error::Error;
pub use list::Listing;
pub use observe::Finished;
pub use retry::Repeat;
pub use secret::Secret;
pub use settings::{SettingError, Settings};
pub use test_results::{Sent, TestResults};
pub use transport::{TlsError, Transport, TransportError, TransportErrorKind};
