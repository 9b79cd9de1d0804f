//! The endpoint as others see it, against scripted servers.

mod bulk;
mod expiry;
mod lists;
mod network;
mod payloads;
mod polite;
mod repeats;
mod script;
mod secrets;
mod sessions;
mod tls;
mod verbs;
