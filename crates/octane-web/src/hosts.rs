//! Under which names a server on the loopback interface may be addressed.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use http::{HeaderMap, Uri, header};

/// The names of a server that are not addresses of the loopback interface.
///
/// A page of another site can let its own name point to 127.0.0.1 (DNS rebinding). For a browser it is then the same site as the server,
/// so only the name in `Host` distinguishes them.
#[derive(Debug, Clone)]
pub struct Hosts(Arc<[String]>);

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ForeignHost {
    /// It has no `Host`, or several.
    NotOne,
    /// It is addressed to another host.
    Foreign(String),
}

impl Hosts {
    /// A server that has these names, too.
    pub fn new(names: &[String]) -> Self {
        Self(names.into())
    }

    /// Checks a request that arrived at an address of the loopback interface:
    ///
    /// | `Host` | target | |
    /// | --- | --- | --- |
    /// | none or several | | refused |
    /// | a loopback address, `localhost`, below it, or one of the names | has none, or one of these too | |
    /// | another | | refused |
    /// | | another | refused |
    pub fn check(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), ForeignHost> {
        let mut values = headers.get_all(header::HOST).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return Err(ForeignHost::NotOne);
        };
        let given = value.to_str().unwrap_or("?");
        let target = uri.authority().map(http::uri::Authority::as_str);
        let mut hosts = [Some(given), target].into_iter().flatten();
        match hosts.find(|host| !self.is_known(host)) {
            Some(foreign) => Err(ForeignHost::Foreign(foreign.to_owned())),
            None => Ok(()),
        }
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

    fn check(target: &str, hosts: &[&str]) -> Result<(), ForeignHost> {
        let mut headers = HeaderMap::new();
        for host in hosts {
            headers.append(header::HOST, HeaderValue::from_str(host).unwrap());
        }
        let own = Hosts::new(&["Octane.Test".to_owned()]);
        own.check(&target.parse().unwrap(), &headers)
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
            assert_eq!(check("/", &[host]), Ok(()), "{host}");
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
            let foreign = Err(ForeignHost::Foreign(host.to_owned()));
            assert_eq!(check("/", &[host]), foreign, "{host}");
        }
    }

    #[test]
    fn a_request_has_exactly_one_host_and_its_target_names_no_other() {
        assert_eq!(check("/", &[]), Err(ForeignHost::NotOne));
        let twice = ["localhost", "localhost"];
        assert_eq!(check("/", &twice), Err(ForeignHost::NotOne));
        let foreign = Err(ForeignHost::Foreign("evil.example".to_owned()));
        assert_eq!(check("http://evil.example/", &["localhost"]), foreign);
        assert_eq!(check("http://localhost:8484/", &["localhost"]), Ok(()));
    }
}
