//! A relay: stores the uploads of many machines, and delivers them to one Octane, in order and at one rate.
//!
//! What is handed over is the journal of an upload, with all payloads, byte for byte. A relay stores it and delivers it as
//! `octane resume` would, with the code of `octane-client`; there are no other rules of delivery.
//!
//! - A [`Store`] keeps the uploads: [`SqliteStore`] for one relay, and, with the feature `postgres`, `PostgresStore` for several.
//! - A [`Lane`] is a suite run. Its uploads are delivered in the order in which they arrived; lanes are independent of each other.
//! - One relay at a time works on a lane, by a [`Lease`] that it renews. If it dies, another one follows; what it still writes then has no
//!   effect.
//! - All requests to a server share one [`Pace`].
//! - A [`Worker`] leases lanes and delivers what is in them.
//! - The door ([`routes`]) receives uploads over HTTP and says how far they are; operators see pages there.
//! - A [`Folder`] receives uploads that arrive as files.
//! - An [`Audit`] log says who decided what.
//! - [`state`] decides what follows an attempt.

#![forbid(unsafe_code)]

mod admission;
mod attempt;
mod audit;
mod blocking;
mod chain;
mod deliveries;
mod door;
mod folder;
mod lane;
mod oidc;
mod opened;
mod others;
mod pace;
mod packed;
mod page;
mod patient;
mod rate_watch;
mod remedy;
mod server;
pub mod state;
mod store;
mod store_lock;
mod store_pace;
mod time;
mod tls;
mod token;
mod token_workspaces;
mod work_folder;
mod worker;
mod worker_settings;
mod workspace_labels;
mod workspaces;

pub use audit::{Actor, Audit, AuditEntry, Event};
pub use deliveries::Deliveries;
pub use door::{DoorSettings, SessionKey, routes};
pub use folder::Folder;
pub use lane::{Lane, NoLane};
pub use octane_web::Hosts;
pub use oidc::{
    CiJob, DuplicateIssuer, FileKeys, InvalidKeys, InvalidProjectRule, KeySource, KeysError, Oidc,
    OidcError, OidcIssuer, ProjectRule, Rejection, UrlKeys,
};
pub use pace::{Pace, Rate, SLOT_LENGTH, Slots};
pub use rate_watch::RateWatch;
pub use remedy::Remedy;
pub use server::Server;
pub use state::State;
#[cfg(feature = "postgres")]
pub use store::PostgresStore;
pub use store::{
    ArrivedShard, End, Job, LaneCount, Lease, NewUpload, Overview, Put, SqliteStore, Status, Store,
    StoreError,
};
pub use store_pace::StorePace;
pub use time::{Clock, Time, system_clock};
pub use tls::{DoorTls, DoorTlsError, Reload, ShownCertificate, TlsFiles, Validity};
pub use token::{InvalidTokenId, ShownToken, Token, TokenEntry, TokenId};
pub use token_workspaces::TokenWorkspaces;
pub use work_folder::remove_abandoned;
pub use worker::Worker;
pub use worker_settings::WorkerSettings;
pub use workspace_labels::WorkspaceLabels;
pub use workspaces::Workspaces;
