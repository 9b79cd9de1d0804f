//! A sandbox as a server: sockets and the accept loop.

mod host;
mod request_line;
mod running;
mod serve;
mod socket;

pub use running::Running;
