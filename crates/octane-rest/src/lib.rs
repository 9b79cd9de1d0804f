//! A polite HTTP client for ALM Octane: sign-in, session, retries, rate limit and CRUD operations.
//!
//! An [`Endpoint`] is a cheap handle on one workspace of one server. Give it a URL and credentials, then
//! use collections of entities, the resource `test-results`, or any path:
//!
//! ```
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/sandbox.rs"));
//! # fn main() -> Done { with_sandbox(async |sandbox| {
//! # let (address, client_id, client_secret) = (format!("{}/ui/?p=1001/1002", sandbox.address()), "sandbox", "sandbox-secret");
//! use octane_model::{Query, ReleaseEntity};
//! use octane_rest::{ApiKey, Endpoint};
//!
//! // The URL as copied from the browser: `https://octane.example/ui/?p=1001/1002`.
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
//! - **One session for all.** With a [`SessionStore`] that holds for all processes of a machine. However many requests find that there is no session, one of them signs in
//!   and the others wait for it. A 401 leads to one sign-in and one more attempt. Cookies that any response
//!   renews are stored; they are sent to this one server and nowhere else, and redirects are not followed.
//! - **Polite.** All clones of an endpoint share a rate limit ([`EndpointSettings::requests_per_second`]) and a
//!   concurrency limit ([`EndpointSettings::concurrency_max`]). When a server says when to come back, all requests
//!   wait for it. On 429 and 503 both limits are halved, and grow again while requests are sent, along a cubic curve (as in TCP CUBIC).
//! - **Retried only if that is safe.** See [`Idempotency`]: what creates is not sent again if it is unknown
//!   whether the server processed it. One function decides, by one table.
//! - **Every wait has a deadline.** [`EndpointSettings::deadline`] limits a request with all its retries.
//! - **Errors are classified by what the caller can do.** [`Error`] has predicates such as
//!   [`is_not_found`](Error::is_not_found) and [`is_retryable`](Error::is_retryable), and reports method,
//!   path, attempts, time and the server's problem.
//! - **Secrets are never printed**: neither by [`Secret`] nor by anything that contains one.
//! - **The network can be replaced.** A [`Transport`] is one method; time is tokio's, so that a test can
//!   pause it, and [`EndpointSettings::backoff_seed`] makes the random delays reproducible.
//! - **Observable.** [`Builder::on_request_finished`] reports each request, and `tracing` events report
//!   each attempt (debug) and each backoff with its reason and delay (info).
//!
//! # Not supported
//!
//! Basic authentication, bearer tokens in headers, interactive sign-in and attachments.

#![forbid(unsafe_code)]

mod adaptive_limit;
mod backoff;
mod base_url;
mod body;
mod builder;
mod bulk;
mod concurrency;
mod cookies;
mod credential;
mod date;
mod endpoint;
mod endpoint_state;
mod entities;
mod error;
mod human_duration;
mod list;
mod list_error;
mod metadata;
mod network;
mod observe;
mod rate_limit_headers;
mod rate_limiter;
mod redact;
mod redactor;
mod request_context;
mod response;
mod retry;
mod secret;
mod send;
mod server_time;
mod session;
mod session_store;
mod settings;
mod shared_pace;
mod shared_session;
mod sign_in;
mod test_results;
mod transport;
mod unescaped;

pub use futures_util::future::BoxFuture;

pub use adaptive_limit::{Fraction, Overload};
pub use body::Body;
pub use builder::{BuildError, Builder};
pub use bulk::BulkOutcome;
pub use cookies::{ACCESS_TOKEN_COOKIE, SESSION_COOKIE};
pub use credential::api_key::{ApiKeyFrom, SecretSource};
pub use credential::chain::Chain;
pub use credential::command::{Message, SecretCommand};
pub use credential::env::Environment;
pub use credential::explicit::{ApiKey, UserPassword};
pub use credential::file::{SecretFile, check_access};
pub use credential::origin::Origin;
pub use credential::{Credential, CredentialError, CredentialProvider, FoundCredential};
pub use endpoint::Endpoint;
pub use entities::Entities;
pub use error::Error;
pub use list::ListRequest;
pub use list_error::ListError;
pub use network::ProxyRule;
pub use observe::RequestFinished;
pub use rate_limit_headers::RateLimit;
pub use redactor::Redactor;
pub use response::Response;
pub use retry::Idempotency;
pub use secret::Secret;
pub use session_store::{SessionKey, SessionLock, SessionStore, StoredSession};
pub use settings::{EndpointSettings, InvalidSetting};
pub use shared_pace::{SharedPace, Slot};
pub use test_results::{Sent, TestResults};
pub use transport::certificate::PeerCertificate;
pub use transport::certified_key::{CertificateError, certified_key};
pub use transport::network::{NetworkSetupError, NetworkTransport, network_transport};
pub use transport::proxy::ProxyError;
pub use transport::tls::{TlsError, file_certificates};
pub use transport::tls_problem::TlsProblem;
pub use transport::{Transport, TransportError, TransportErrorKind};

/// Runs the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
