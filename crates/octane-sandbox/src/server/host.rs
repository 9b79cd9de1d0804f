//! Under which names a sandbox on the loopback interface may be addressed.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, Uri, header};
use octane_model::{Problem, error_code};

use crate::error::{ApiError, own_code};

/// The names of a sandbox that are not addresses of the loopback interface.
///
/// A page of another site can let its own name point to 127.0.0.1 (DNS rebinding). For a browser it is then
/// the same site as the sandbox, so only the name in `Host` tells them apart.
#[derive(Debug, Clone)]
pub(super) struct Hosts(Arc<[String]>);

impl Hosts {
    pub(super) fn new(names: &[String]) -> Self {
        Self(names.into())
    }

    /// Refuses a request that arrived at `local`, if that is an address of the loopback interface:
    ///
    /// | `Host` | target | |
    /// | --- | --- | --- |
    /// | none or several | | 400 |
    /// | a loopback address, `localhost`, below it, or one of the names | has none, or one of these too | |
    /// | another | | 403 |
    /// | | another | 403 |
    pub(super) fn refusal(
        &self,
        local: IpAddr,
        uri: &Uri,
        headers: &HeaderMap,
    ) -> Option<Response> {
        if !local.to_canonical().is_loopback() {
            return None;
        }
        let mut values = headers.get_all(header::HOST).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            let description = "a request must have exactly one `Host`";
            return Some(ApiError::bad_request(own_code::WEB, description).into_response());
        };
        let given = value.to_str().unwrap_or("?");
        let target = uri.authority().map(http::uri::Authority::as_str);
        let foreign = [Some(given), target]
            .into_iter()
            .flatten()
            .find(|host| !self.is_known(host))?;
        let description = format!(
            "`{foreign}` is not the name of this sandbox; use `localhost`, or add the name to the setting `access.hosts`"
        );
        let problem = Problem::new(error_code::NOT_AUTHORIZED, description);
        Some(ApiError::new(StatusCode::FORBIDDEN, problem).into_response())
    }

    fn is_known(&self, host: &str) -> bool {
        let Some(name) = name(host) else {
            return false;
        };
        let name = name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase();
        if let Some(address) = name.strip_prefix('[') {
            let address = address.strip_suffix(']').unwrap_or_default();
            let address = address.parse::<Ipv6Addr>();
            return address.is_ok_and(|address| is_local(address.to_canonical()));
        }
        match name.parse::<IpAddr>() {
            Ok(address) if is_local(address) => true,
            _ => {
                name == "localhost"
                    || name.ends_with(".localhost")
                    || self.0.iter().any(|own| own.eq_ignore_ascii_case(&name))
            }
        }
    }
}

/// An address of the loopback interface, or all zeros, which reaches it too.
fn is_local(address: IpAddr) -> bool {
    address.is_loopback() || address.is_unspecified()
}

/// A host without its port.
fn name(host: &str) -> Option<&str> {
    let end = host.rfind(']').map_or(0, |bracket| bracket + 1);
    match host[end..].split_once(':') {
        None => Some(host),
        Some((rest, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some(&host[..end + rest.len()])
        }
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const LOOPBACK: &str = "127.0.0.1";

    fn status(local: &str, target: &str, hosts: &[&str]) -> Option<u16> {
        let mut headers = HeaderMap::new();
        for host in hosts {
            headers.append(header::HOST, HeaderValue::from_str(host).unwrap());
        }
        let own = Hosts::new(&["Octane.Test".to_owned()]);
        let uri = target.parse().unwrap();
        let refusal = own.refusal(local.parse().unwrap(), &uri, &headers);
        refusal.map(|response| response.status().as_u16())
    }

    #[test]
    fn the_loopback_interface_answers_to_its_own_names_only() {
        for host in [
            "127.0.0.1:8484",
            "127.0.0.1",
            "127.8.0.1:1",
            "localhost:8484",
            "LocalHost",
            "localhost.:8484",
            "app.localhost:8484",
            "[::1]:8484",
            "[::1]",
            "0.0.0.0:8484",
            "[::]:8484",
            "[::ffff:127.0.0.1]:80",
            "octane.test:8484",
        ] {
            for local in [LOOPBACK, "::1", "::ffff:127.0.0.1"] {
                assert_eq!(status(local, "/", &[host]), None, "{host}");
            }
        }
        for host in [
            "evil.example:8484",
            "evil.example",
            "localhost.evil.example",
            "evillocalhost",
            "127.0.0.1.evil.example",
            "127.0.0.1:8484:1",
            "127.0.0.1:x",
            "user@127.0.0.1",
            "[::1].evil.example",
            "[::1",
            "10.0.0.1",
            "",
        ] {
            assert_eq!(status(LOOPBACK, "/", &[host]), Some(403), "{host}");
        }
    }

    #[test]
    fn a_request_has_exactly_one_host_and_its_target_names_no_other() {
        assert_eq!(status(LOOPBACK, "/", &[]), Some(400));
        let twice = ["localhost", "localhost"];
        assert_eq!(status(LOOPBACK, "/", &twice), Some(400));
        let target = "http://evil.example/";
        assert_eq!(status(LOOPBACK, target, &["localhost"]), Some(403));
        let target = "http://localhost:8484/";
        assert_eq!(status(LOOPBACK, target, &["localhost"]), None);
    }

    #[test]
    fn a_public_address_answers_to_any_name() {
        for hosts in [&["octane.example"][..], &[]] {
            assert_eq!(status("192.0.2.1", "/", hosts), None);
        }
    }
}
