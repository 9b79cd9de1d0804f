//! How a server is reached, for those who look for the reason of a problem.

use crate::endpoint::Endpoint;
use crate::transport::certificate::{PeerCertificate, missing_issuer};
use crate::transport::network::{Network, NetworkTransport};
use crate::transport::proxy::Route;

/// Whether requests go through a proxy, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProxyRule {
    /// They do not: no proxy is named.
    Direct,
    /// They do not: the server is an exception, or proxies are switched off.
    Exception {
        /// The variable or setting that says so, for example `NO_PROXY`.
        named_by: &'static str,
    },
    /// They go through a proxy.
    Proxy {
        /// Its URL, without user and password, and the variable or setting that names it:
        /// `` `http://***@proxy.example:8080` (HTTPS_PROXY) ``.
        proxy: String,
    },
}

impl Network {
    fn server_certificates(&self) -> Vec<PeerCertificate> {
        self.handshakes.chain(&self.host).unwrap_or_default()
    }

    fn proxy_rule(&self) -> ProxyRule {
        match &self.route {
            Route::Direct => ProxyRule::Direct,
            Route::Exception(named_by) => ProxyRule::Exception { named_by },
            Route::Proxy(proxy) => ProxyRule::Proxy {
                proxy: proxy.to_string(),
            },
        }
    }
}

impl Endpoint {
    /// Whether requests go through a proxy, and why; `None` if a [`Transport`](crate::Transport) of one's own is used.
    pub fn proxy_rule(&self) -> Option<ProxyRule> {
        self.state.network.as_ref().map(Network::proxy_rule)
    }

    /// The certificates that the server has presented last, its own first, whether or not they were accepted. Empty before the
    /// first request, without TLS, and with a [`Transport`](crate::Transport) of one's own.
    pub fn server_certificates(&self) -> Vec<PeerCertificate> {
        let network = self.state.network.as_ref();
        network
            .map(Network::server_certificates)
            .unwrap_or_default()
    }

    /// The issuer at the end of the chain of certificates that the server has presented: the one that has to be trusted.
    pub fn server_certificate_issuer(&self) -> Option<String> {
        missing_issuer(&self.server_certificates()).map(str::to_owned)
    }
}

impl NetworkTransport {
    /// Whether requests go through a proxy, and why.
    pub fn proxy_rule(&self) -> ProxyRule {
        self.network.proxy_rule()
    }

    /// The certificates that the server has presented last, its own first, whether or not they were accepted. Empty before the
    /// first request, and without TLS.
    pub fn server_certificates(&self) -> Vec<PeerCertificate> {
        self.network.server_certificates()
    }

    /// The issuer at the end of the chain of certificates that the server has presented: the one that has to be trusted.
    pub fn server_certificate_issuer(&self) -> Option<String> {
        missing_issuer(&self.server_certificates()).map(str::to_owned)
    }
}
