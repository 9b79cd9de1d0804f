//! Everything that can be chosen.

use std::path::PathBuf;
use std::time::Duration;

use octane_model::{Encoding, SharedSpaceId, WorkspaceId};
use serde::Deserialize;

use crate::Secret;

/// The settings of an [`Endpoint`](crate::Endpoint); each has a default.
///
/// ```
/// use octane_rest::Settings;
///
/// let settings: Settings = serde_json::from_str(r#"{ "requests_per_second": 5 }"#)?;
/// assert_eq!((settings.requests_per_second, settings.page_size), (5, 1000));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The server's address, in any form that [`Address`](octane_model::Address) understands.
    pub url: Option<String>,
    /// The shared space, where the address does not name it.
    pub space: Option<SharedSpaceId>,
    /// The workspace, where the address does not name it.
    pub workspace: Option<WorkspaceId>,

    /// How many requests may begin in a second, for all clones of the endpoint together. The ALM Octane
    /// help, page "test-results", advises at most 20. Default 10, at most 1000.
    pub requests_per_second: u32,
    /// How many requests may be under way at once; one that waits to be repeated counts. While the server
    /// says that it is too much (429, 503), fewer may, and fewer may begin in a second. Default 4.
    pub concurrency_max: usize,

    /// How often a request is sent at most, the first time included. Default 5.
    pub attempts_max: u32,
    /// The longest first wait before a repetition; it doubles each time, and a random part of it is
    /// waited. Default 500 ms.
    pub backoff_milliseconds: u64,
    /// The longest wait of all. Default 60 000 ms.
    pub backoff_milliseconds_max: u64,
    /// Makes the random waits the same each time; random if absent.
    pub backoff_seed: Option<u64>,
    /// The longest first wait when the queue of test results is full; it doubles each time, and at least
    /// half of it is waited. Default 15 000 ms, the pause of the vendor's own CI client.
    pub queue_full_milliseconds: u64,
    /// How long a request may take in all, its repetitions included, once it is its turn.
    /// Default 300 s.
    pub deadline_seconds: u64,
    /// How long one attempt may take, from connecting to the last byte. Default 120 s.
    pub attempt_seconds_max: u64,
    /// How long connecting may take. Default 10 s.
    pub connect_seconds_max: u64,
    /// How long the server may be silent while an answer comes. Default 60 s.
    pub read_seconds_max: u64,

    /// The age at which a session is replaced; 0 leaves that to the server. Default 3600 s.
    pub session_seconds_max: u64,
    /// How long a refused sign-in is remembered, so that many requests do not lock an account.
    /// Default 30 s.
    pub refused_seconds: u64,

    /// The longest answer, unpacked, in bytes. Default 256 MiB.
    pub answer_bytes_max: u64,
    /// How many entities a list asks for at once. Default 1000, as the vendor's clients do.
    pub page_size: u32,
    /// How many entities a bulk write carries at once. Default 200, as the vendor's clients do.
    pub bulk_entities_max: usize,
    /// How payloads of test results travel. Default `gzip`.
    pub payload_encoding: Encoding,

    /// The proxy, `http://user:password@proxy.example:8080`, or `direct` for none. If absent, the
    /// variables `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` and the system's own settings
    /// count.
    pub proxy: Option<Secret>,
    /// The hosts that are reached without `proxy`, as in the variable `NO_PROXY`: names, suffixes,
    /// addresses and networks, separated by commas.
    pub no_proxy: Option<String>,
    /// Files with certificates (PEM) that are trusted besides those of the system, or besides those that
    /// `SSL_CERT_FILE` and `SSL_CERT_DIR` name in its stead.
    pub ca_files: Vec<PathBuf>,
    /// Directories of such files.
    pub ca_dirs: Vec<PathBuf>,

    /// The header `HPECLIENTTYPE`, shown to administrators as a session's access type. Not sent if
    /// absent: newer servers refuse to sign some client types in.
    pub client_type: Option<String>,
    /// The header `User-Agent`. Default `octane-client/` and the version.
    pub user_agent: String,
    /// Whether to send `ALM-OCTANE-TECH-PREVIEW: true`, which opens resources that are not public yet.
    pub tech_preview: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            url: None,
            space: None,
            workspace: None,
            requests_per_second: 10,
            concurrency_max: 4,
            attempts_max: 5,
            backoff_milliseconds: 500,
            backoff_milliseconds_max: 60_000,
            backoff_seed: None,
            queue_full_milliseconds: 15_000,
            deadline_seconds: 300,
            attempt_seconds_max: 120,
            connect_seconds_max: 10,
            read_seconds_max: 60,
            session_seconds_max: 3600,
            refused_seconds: 30,
            answer_bytes_max: 256 << 20,
            page_size: 1000,
            bulk_entities_max: 200,
            payload_encoding: Encoding::Gzip,
            proxy: None,
            no_proxy: None,
            ca_files: Vec::new(),
            ca_dirs: Vec::new(),
            client_type: None,
            user_agent: concat!("octane-client/", env!("CARGO_PKG_VERSION")).to_owned(),
            tech_preview: false,
        }
    }
}

/// A setting that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the setting `{name}` is {value}, but must be {range}")]
pub struct SettingError {
    name: &'static str,
    value: u64,
    range: &'static str,
}

impl Settings {
    /// Finds the first value that makes no sense.
    pub(crate) fn check(&self) -> Result<(), SettingError> {
        let wide = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let positive: [(&str, u64); 9] = [
            ("concurrency_max", wide(self.concurrency_max)),
            ("attempts_max", self.attempts_max.into()),
            ("deadline_seconds", self.deadline_seconds),
            ("attempt_seconds_max", self.attempt_seconds_max),
            ("connect_seconds_max", self.connect_seconds_max),
            ("read_seconds_max", self.read_seconds_max),
            ("answer_bytes_max", self.answer_bytes_max),
            ("page_size", self.page_size.into()),
            ("bulk_entities_max", wide(self.bulk_entities_max)),
        ];
        if let Some((name, value)) = positive.into_iter().find(|(_, value)| *value == 0) {
            let range = "1 or more";
            return Err(SettingError { name, value, range });
        }
        if !(1..=1000).contains(&self.requests_per_second) {
            return Err(SettingError {
                name: "requests_per_second",
                value: self.requests_per_second.into(),
                range: "1 to 1000",
            });
        }
        Ok(())
    }

    pub(crate) fn deadline(&self) -> Duration {
        seconds(self.deadline_seconds)
    }

    pub(crate) fn attempt_max(&self) -> Duration {
        seconds(self.attempt_seconds_max)
    }

    pub(crate) fn connect_max(&self) -> Duration {
        seconds(self.connect_seconds_max)
    }

    pub(crate) fn read_max(&self) -> Duration {
        seconds(self.read_seconds_max)
    }

    /// `None` where the server alone decides.
    pub(crate) fn session_max(&self) -> Option<Duration> {
        (self.session_seconds_max > 0).then(|| seconds(self.session_seconds_max))
    }

    pub(crate) fn refused(&self) -> Duration {
        seconds(self.refused_seconds)
    }
}

/// A year is as good as forever, and clocks can add it without overflow.
fn seconds(count: u64) -> Duration {
    Duration::from_secs(count.min(365 * 24 * 3600))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_setting_is_refused() {
        let error = serde_json::from_str::<Settings>(r#"{"request_per_second":5}"#).unwrap_err();
        assert!(error.to_string().contains("request_per_second"), "{error}");
    }

    #[test]
    fn a_setting_that_makes_no_sense_is_named() {
        let settings = Settings {
            attempts_max: 0,
            ..Settings::default()
        };
        assert_eq!(
            settings.check().unwrap_err().to_string(),
            "the setting `attempts_max` is 0, but must be 1 or more"
        );
        assert_eq!(Settings::default().check(), Ok(()));
    }

    #[test]
    fn a_proxy_password_is_not_shown() {
        let settings: Settings =
            serde_json::from_str(r#"{"proxy":"http://jane:hunter2@proxy.example"}"#).unwrap();
        assert!(!format!("{settings:?}").contains("hunter2"));
    }
}
