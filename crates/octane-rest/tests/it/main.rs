//! The endpoint as others see it, against scripted servers.

mod bulk;
mod expiry;
mod foreign;
mod in_process;
mod lists;
mod network;
mod payloads;
mod polite;
mod repeats;
mod script;
mod secrets;
mod sessions;
mod stage;
mod tls;
mod verbs;
