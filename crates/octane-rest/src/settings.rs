//! The settings of an endpoint.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use octane_model::{Encoding, SharedSpaceId, WorkspaceId};
use serde::Deserialize;

use crate::human_duration;
use crate::secret::Secret;

/// The settings of an [`Endpoint`](crate::Endpoint); each has a default. Change the fields of
/// `EndpointSettings::default()`, or deserialize them; durations are then text such as `500ms`, `30s` or `5m`.
///
/// ```
/// use std::time::Duration;
///
/// use octane_rest::EndpointSettings;
///
/// let settings: EndpointSettings = serde_json::from_str(r#"{ "requests_per_second": 5, "deadline": "2m" }"#)?;
/// assert_eq!((settings.requests_per_second, settings.page_size), (Some(5), 1000));
/// assert_eq!(settings.deadline, Duration::from_secs(120));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct EndpointSettings {
    /// The server's URL, in any form that [`Address`](octane_model::Address) accepts.
    pub url: Option<Secret>,
    /// The shared space; by default that of the URL.
    pub space: Option<SharedSpaceId>,
    /// The workspace; by default that of the URL.
    pub workspace: Option<WorkspaceId>,

    /// The maximum number of requests started per second, across all clones of the endpoint. The ALM
    /// Octane help, page "test-results", recommends at most 20. Default 10, at most 1000.
    ///
    /// `None` sets no limit, for a server that no one else uses: requests start as soon as `concurrency_max` and the server's own
    /// pauses allow.
    pub requests_per_second: Option<u32>,
    /// The maximum number of concurrent requests; one that waits for its retry counts. While the server
    /// is overloaded (429, 503), both this and `requests_per_second` are reduced. Default 4.
    pub concurrency_max: usize,

    /// The maximum number of attempts per request, including the first. Default 5.
    pub attempts_max: u32,
    /// The upper bound of the first backoff delay; it doubles with each attempt, and a random part of it
    /// is waited. Default 500 ms.
    #[serde(deserialize_with = "human_duration::deserialize")]
    pub backoff_base: Duration,
    /// The longest backoff delay. Default 60 s.
    #[serde(deserialize_with = "human_duration::deserialize")]
    pub backoff_max: Duration,
    /// Makes the random delays reproducible; random if absent.
    pub backoff_seed: Option<u64>,
    /// The upper bound of the first delay when the queue of test results is full; it doubles with each
    /// attempt, and at least half of it is waited. Default 15 s, the delay of the vendor's own CI client.
    #[serde(deserialize_with = "human_duration::deserialize")]
    pub queue_full_backoff: Duration,
    /// The total time limit of a request including its retries, from the moment it has its permit.
    /// Default 300 s.
    #[serde(deserialize_with = "human_duration::deserialize")]
    pub deadline: Duration,
    /// The time limit of one attempt, from connecting to the last byte. Default 120 s.
    #[serde(deserialize_with = "human_duration::deserialize")]
    pub attempt_timeout: Duration,
    /// The time limit for connecting. Default 10 s.
    #[serde(deserialize_with = "human_duration::deserialize")]
    pub connect_timeout: Duration,
    /// How long the server may be silent in the middle of a response. Default 60 s.
    #[serde(deserialize_with = "human_duration::deserialize")]
    pub read_timeout: Duration,

    /// The age at which a session is replaced; zero leaves that to the server. Default 3600 s.
    #[serde(deserialize_with = "human_duration::deserialize")]
    pub session_age_max: Duration,
    /// How long a rejected sign-in is remembered, so that many requests do not lock an account.
    /// Default 30 s.
    #[serde(deserialize_with = "human_duration::deserialize")]
    pub sign_in_failure_ttl: Duration,

    /// The maximum size of a response in bytes, after decompression. A page of 1000 entities has about 1 MB. Default
    /// 64 MiB.
    pub response_bytes_max: u64,
    /// The maximum number of values in a JSON response, keys included. It bounds the memory for reading one, which can be
    /// many times the size of its text. Default 2,000,000.
    pub response_values_max: u64,
    /// The maximum number of entities in a list that is read to its end, in case a server never ends it. Default
    /// 10,000,000.
    pub list_entities_max: u64,
    /// The number of entities per page of a list. Default 1000, as in the vendor's clients.
    pub page_size: u32,
    /// The maximum number of entities in one bulk write. Default 200, as in the vendor's clients.
    pub bulk_entities_max: usize,
    /// The compression of test result payloads. Default `gzip`.
    pub payload_encoding: Encoding,

    /// The proxy, `http://user:password@proxy.example:8080`, or `direct` for none. If absent, the
    /// variables `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` and the system's own settings
    /// apply.
    pub proxy: Option<Secret>,
    /// The hosts that are reached without a proxy, instead of those in the variable `NO_PROXY`: names, suffixes, IP addresses and
    /// networks, each with or without a port, separated by commas; `*` for all.
    pub no_proxy: Option<String>,
    /// Files with certificates (PEM) that are trusted in addition to those of the system, or to those
    /// from `SSL_CERT_FILE` and `SSL_CERT_DIR`, which replace the system's.
    pub ca_files: Vec<PathBuf>,
    /// Directories of such files.
    pub ca_dirs: Vec<PathBuf>,
    /// The certificate (PEM) that the client presents to servers that ask for one, followed by its chain.
    pub client_cert: Option<PathBuf>,
    /// Its private key (PEM, not encrypted), which only its owner can read; in the file of the certificate if absent.
    pub client_key: Option<PathBuf>,
    /// Whether any certificate of the server is accepted, so that anyone on the way can read and change everything, the
    /// credentials included. Not deserialized, so that no file can switch it on. Default `false`.
    #[serde(skip)]
    pub insecure: bool,

    /// The header `HPECLIENTTYPE`, shown to administrators as a session's access type. Not sent if
    /// absent, because newer servers reject sign-ins with some client types.
    pub client_type: Option<String>,
    /// The header `User-Agent`. Default `octane-client/` and the version.
    pub user_agent: String,
    /// Whether to send `ALM-OCTANE-TECH-PREVIEW: true`, which enables resources that are not public yet.
    pub tech_preview: bool,
}

impl Default for EndpointSettings {
    fn default() -> Self {
        Self {
            url: None,
            space: None,
            workspace: None,
            requests_per_second: Some(10),
            concurrency_max: 4,
            attempts_max: 5,
            backoff_base: Duration::from_millis(500),
            backoff_max: Duration::from_secs(60),
            backoff_seed: None,
            queue_full_backoff: Duration::from_secs(15),
            deadline: Duration::from_secs(300),
            attempt_timeout: Duration::from_secs(120),
            connect_timeout: Duration::from_secs(10),
            read_timeout: Duration::from_secs(60),
            session_age_max: Duration::from_secs(3600),
            sign_in_failure_ttl: Duration::from_secs(30),
            response_bytes_max: 64 << 20,
            response_values_max: 2_000_000,
            list_entities_max: 10_000_000,
            page_size: 1000,
            bulk_entities_max: 200,
            payload_encoding: Encoding::Gzip,
            proxy: None,
            no_proxy: None,
            ca_files: Vec::new(),
            ca_dirs: Vec::new(),
            client_cert: None,
            client_key: None,
            insecure: false,
            client_type: None,
            user_agent: concat!("octane-client/", env!("CARGO_PKG_VERSION")).to_owned(),
            tech_preview: false,
        }
    }
}

/// A setting whose value is out of range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` must be {range}, got {value}")]
pub struct InvalidSetting {
    name: &'static str,
    value: String,
    range: &'static str,
}

impl InvalidSetting {
    fn new(name: &'static str, value: impl fmt::Display, range: &'static str) -> Self {
        Self {
            name,
            value: value.to_string(),
            range,
        }
    }
}

/// A year is as good as forever, and clocks can add it without overflow.
const FOREVER: Duration = Duration::from_secs(365 * 24 * 3600);

impl EndpointSettings {
    /// Finds the first value that is out of range.
    pub(crate) fn check(&self) -> Result<(), InvalidSetting> {
        let wide = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let counts: [(&str, u64); 7] = [
            ("concurrency_max", wide(self.concurrency_max)),
            ("attempts_max", self.attempts_max.into()),
            ("response_bytes_max", self.response_bytes_max),
            ("response_values_max", self.response_values_max),
            ("list_entities_max", self.list_entities_max),
            ("page_size", self.page_size.into()),
            ("bulk_entities_max", wide(self.bulk_entities_max)),
        ];
        if let Some((name, value)) = counts.into_iter().find(|(_, value)| *value == 0) {
            return Err(InvalidSetting::new(name, value, "at least 1"));
        }
        let durations = [
            ("deadline", self.deadline),
            ("attempt_timeout", self.attempt_timeout),
            ("connect_timeout", self.connect_timeout),
            ("read_timeout", self.read_timeout),
        ];
        if let Some((name, _)) = durations.into_iter().find(|(_, value)| value.is_zero()) {
            return Err(InvalidSetting::new(name, "0s", "longer than 0s"));
        }
        if let Some(value) = self.requests_per_second
            && !(1..=1000).contains(&value)
        {
            return Err(InvalidSetting::new(
                "requests_per_second",
                value,
                "1 to 1000",
            ));
        }
        Ok(())
    }

    /// The same settings with durations that a clock can add.
    pub(crate) fn clamped(mut self) -> Self {
        for duration in [
            &mut self.deadline,
            &mut self.attempt_timeout,
            &mut self.connect_timeout,
            &mut self.read_timeout,
            &mut self.session_age_max,
            &mut self.sign_in_failure_ttl,
        ] {
            *duration = FOREVER.min(*duration);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_setting_is_rejected() {
        let error =
            serde_json::from_str::<EndpointSettings>(r#"{"request_per_second":5}"#).unwrap_err();
        assert!(error.to_string().contains("request_per_second"), "{error}");
    }

    #[test]
    fn certificates_cannot_be_ignored_by_a_file() {
        let error = serde_json::from_str::<EndpointSettings>(r#"{"insecure":true}"#).unwrap_err();
        assert!(error.to_string().contains("insecure"), "{error}");
    }

    #[test]
    fn a_duration_is_text_with_a_unit() {
        let read = serde_json::from_str::<EndpointSettings>;
        let settings = read(r#"{"connect_timeout":"1500ms","session_age_max":"0s"}"#).unwrap();
        assert_eq!(settings.connect_timeout, Duration::from_millis(1500));
        assert_eq!(settings.session_age_max, Duration::ZERO);
        for wrong in [r#"{"deadline":"soon"}"#, r#"{"deadline":30}"#] {
            let error = read(wrong).unwrap_err().to_string();
            assert!(error.contains("a duration such as `500ms`"), "{error}");
        }
    }

    #[test]
    fn a_setting_out_of_range_is_named() {
        let message = |change: fn(&mut EndpointSettings)| {
            let mut settings = EndpointSettings::default();
            change(&mut settings);
            settings.check().unwrap_err().to_string()
        };
        assert_eq!(
            message(|settings| settings.attempts_max = 0),
            "`attempts_max` must be at least 1, got 0"
        );
        assert_eq!(
            message(|settings| settings.deadline = Duration::ZERO),
            "`deadline` must be longer than 0s, got 0s"
        );
        assert_eq!(
            message(|settings| settings.requests_per_second = Some(1001)),
            "`requests_per_second` must be 1 to 1000, got 1001"
        );
        assert_eq!(EndpointSettings::default().check(), Ok(()));
    }

    #[test]
    fn a_duration_beyond_the_clock_is_clamped() {
        let settings = EndpointSettings {
            deadline: Duration::MAX,
            ..EndpointSettings::default()
        };
        assert_eq!(settings.clamped().deadline, FOREVER);
    }

    #[test]
    fn a_proxy_password_is_not_shown() {
        let settings: EndpointSettings =
            serde_json::from_str(r#"{"proxy":"http://jane:hunter2@proxy.example"}"#).unwrap();
        assert!(!format!("{settings:?}").contains("hunter2"));
    }
}
