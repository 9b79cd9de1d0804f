//! The endpoint as its users see it, against scripted servers.

mod bulk;
mod expiry;
mod foreign;
mod in_process;
mod lists;
mod log;
mod network;
mod payloads;
mod polite;
mod proxies;
mod retries;
mod script;
mod secrets;
mod secure;
mod sessions;
mod shared_sessions;
mod stage;
mod tls;
mod tokens;
mod verbs;
