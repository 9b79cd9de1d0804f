//! Under which names a sandbox on the loopback interface may be addressed.

use std::net::IpAddr;

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, Uri};
use octane_model::{Problem, error_code};
use octane_web::ForeignHost;

use crate::error::{ApiError, own_code};

/// The names of a sandbox that are not addresses of the loopback interface.
#[derive(Debug, Clone)]
pub(super) struct Hosts(octane_web::Hosts);

impl Hosts {
    pub(super) fn new(names: &[String]) -> Self {
        Self(octane_web::Hosts::new(names))
    }

    /// Refuses a request that arrived at `local`, if that is an address of the loopback interface and the request is not addressed to
    /// this sandbox.
    pub(super) fn refusal(
        &self,
        local: IpAddr,
        uri: &Uri,
        headers: &HeaderMap,
    ) -> Option<Response> {
        if !local.to_canonical().is_loopback() {
            return None;
        }
        Some(match self.0.check(uri, headers).err()? {
            ForeignHost::NotOne => {
                let description = "a request must have exactly one `Host`";
                ApiError::bad_request(own_code::WEB, description).into_response()
            }
            ForeignHost::Foreign(foreign) => {
                let description = format!(
                    "`{foreign}` is not the name of this sandbox; use `localhost`, or add the name to the setting `access.hosts`"
                );
                let problem = Problem::new(error_code::NOT_AUTHORIZED, description);
                ApiError::new(StatusCode::FORBIDDEN, problem).into_response()
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderValue, header};

    use super::*;

    fn status(local: &str, hosts: &[&str]) -> Option<u16> {
        let mut headers = HeaderMap::new();
        for host in hosts {
            headers.append(header::HOST, HeaderValue::from_str(host).unwrap());
        }
        let own = Hosts::new(&["Octane.Test".to_owned()]);
        let refusal = own.refusal(local.parse().unwrap(), &Uri::from_static("/"), &headers);
        refusal.map(|response| response.status().as_u16())
    }

    #[test]
    fn the_loopback_interface_answers_to_its_own_names_only() {
        for local in ["127.0.0.1", "::1", "::ffff:127.0.0.1"] {
            assert_eq!(status(local, &["localhost:8484"]), None);
            assert_eq!(status(local, &["octane.test:8484"]), None);
            assert_eq!(status(local, &["evil.example"]), Some(403));
            assert_eq!(status(local, &[]), Some(400));
        }
    }

    #[test]
    fn a_public_address_answers_to_any_name() {
        for hosts in [&["octane.example"][..], &[]] {
            assert_eq!(status("192.0.2.1", hosts), None);
        }
    }
}
