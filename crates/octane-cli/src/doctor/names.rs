//! The addresses of a host name.

use std::net::{IpAddr, ToSocketAddrs};
use std::time::Duration;

/// How long to wait for an answer.
const WAIT_MAX: Duration = Duration::from_secs(10);

/// Asks the system for the addresses of a host, or says why there are none.
pub(super) async fn resolve(host: &str, port: u16) -> Result<Vec<IpAddr>, String> {
    let name = host.to_owned();
    // The system's resolver blocks.
    let asking = tokio::task::spawn_blocking(move || {
        let found = (name.as_str(), port).to_socket_addrs();
        found.map(|found| found.map(|address| address.ip()).collect::<Vec<_>>())
    });
    match tokio::time::timeout(WAIT_MAX, asking).await {
        Ok(Ok(Ok(mut addresses))) => {
            addresses.dedup();
            Ok(addresses)
        }
        Ok(Ok(Err(error))) => {
            // Systems put the function that failed before the reason.
            let reason = error.to_string();
            let reason = reason
                .rsplit(": ")
                .next()
                .unwrap_or_default()
                .to_lowercase();
            Err(reason)
        }
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no answer within {} s", WAIT_MAX.as_secs())),
    }
}
