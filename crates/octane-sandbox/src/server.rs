//! A sandbox as a server: sockets and the accept loop.

mod host;
mod http_server;
mod listening;
mod request_line;
mod running;
mod serve;
mod socket;

pub use http_server::{HttpServer, HttpServerLimits, UnreadBody};
pub use running::Running;
