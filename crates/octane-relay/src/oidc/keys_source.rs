//! Where the keys of an issuer are read from.

use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, StatusCode, header};
use octane_model::{Address, AddressError};
use octane_rest::{NetworkSetupError, Transport, TransportError, network_transport};
use tokio::time::timeout;

use super::keys::InvalidKeys;
use crate::blocking::blocking;

/// How long keys may take to arrive.
const FETCH_TIME_MAX: Duration = Duration::from_secs(10);
/// Issuers have a few keys of 1 KiB each.
const BYTES_MAX: u64 = 1 << 20;

/// Where the keys of an issuer are read from.
pub trait KeySource: Send + Sync + 'static {
    /// Reads them: a JWK set.
    fn read(&self) -> BoxFuture<'_, Result<Bytes, KeysError>>;
}

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeysError {
    /// The file cannot be read.
    #[error("cannot read the keys in `{path}`")]
    #[non_exhaustive]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The URL is not one.
    #[error("`{url}` is not the URL of keys")]
    #[non_exhaustive]
    Url {
        /// The text.
        url: String,
        /// Why.
        #[source]
        source: AddressError,
    },
    /// Others could replace the keys on their way.
    #[error("`{url}` is not encrypted: others on the network could replace the keys")]
    #[non_exhaustive]
    Exposed {
        /// The URL.
        url: String,
    },
    /// The network client cannot be set up.
    #[error(transparent)]
    Setup(#[from] NetworkSetupError),
    /// There was no response.
    #[error("cannot get the keys from `{url}`")]
    #[non_exhaustive]
    Unreachable {
        /// The URL.
        url: String,
        /// Why.
        #[source]
        source: TransportError,
    },
    /// There was no response in time.
    #[error("no response in 10 s from `{url}`")]
    #[non_exhaustive]
    Timeout {
        /// The URL.
        url: String,
    },
    /// The response was not a success.
    #[error("`{url}` answered with status {status}")]
    #[non_exhaustive]
    Status {
        /// The URL.
        url: String,
        /// The status.
        status: u16,
    },
    /// What was read has no keys.
    #[error("what was read is not a set of keys")]
    Invalid(#[from] InvalidKeys),
}

/// Keys in a file.
#[derive(Debug, Clone)]
pub struct FileKeys {
    path: PathBuf,
}

impl FileKeys {
    /// The file at this path.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }
}

impl KeySource for FileKeys {
    fn read(&self) -> BoxFuture<'_, Result<Bytes, KeysError>> {
        let path = self.path.clone();
        Box::pin(blocking(move || {
            let read = read_file(&path).map(Bytes::from);
            read.map_err(|source| KeysError::File { path, source })
        }))
    }
}

fn read_file(path: &std::path::Path) -> std::io::Result<Vec<u8>> {
    use std::io::Read;
    let mut content = Vec::new();
    let mut file = std::fs::File::open(path)?.take(BYTES_MAX);
    file.read_to_end(&mut content).map(|_| content)
}

/// Keys that are fetched.
pub struct UrlKeys {
    url: String,
    transport: Box<dyn Transport>,
}

impl UrlKeys {
    /// The keys at this URL, with the certificates and the proxy of these settings. The issuer's certificate is always verified, and
    /// redirects are not followed.
    pub fn new(url: &str, settings: &octane_rest::EndpointSettings) -> Result<Self, KeysError> {
        let address: Address = url.parse().map_err(|source| KeysError::Url {
            url: url.to_owned(),
            source,
        })?;
        if address.is_exposed() {
            let url = url.to_owned();
            return Err(KeysError::Exposed { url });
        }
        let mut settings = settings.clone();
        settings.insecure = false;
        settings.response_bytes_max = BYTES_MAX;
        Ok(Self {
            transport: Box::new(network_transport(&address, &settings)?),
            url: url.to_owned(),
        })
    }
}

impl KeySource for UrlKeys {
    fn read(&self) -> BoxFuture<'_, Result<Bytes, KeysError>> {
        Box::pin(async {
            let url = || self.url.clone();
            let request = Request::get(&self.url)
                .header(header::ACCEPT, "application/json")
                .body(Bytes::new());
            let request = request.map_err(|_| KeysError::Status {
                url: url(),
                status: 400,
            })?;
            let response = match timeout(FETCH_TIME_MAX, self.transport.send(request)).await {
                Ok(Ok(response)) => response,
                Ok(Err(source)) => return Err(KeysError::Unreachable { url: url(), source }),
                Err(_) => return Err(KeysError::Timeout { url: url() }),
            };
            if response.status() != StatusCode::OK {
                let status = response.status().as_u16();
                return Err(KeysError::Status { url: url(), status });
            }
            Ok(response.into_body())
        })
    }
}
