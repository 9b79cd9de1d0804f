//! The endpoint as others see it, against scripted servers.

mod bulk;
mod lists;
mod network;
mod polite;
mod repeats;
mod script;
mod secrets;
mod sessions;
mod tls;
mod verbs;
