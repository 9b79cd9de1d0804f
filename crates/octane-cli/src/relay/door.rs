//! The door of a relay, from the outside: uploads are handed over there.

use std::fmt;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use octane_client::{Comparison, Report, UploadId};
use octane_rest::{Secret, TlsProblem};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use tokio::time::{Instant, sleep};

use super::network::{RelayNetwork, Unanswered, unsendable};
use super::refusal::Refusal;
use super::token;
use crate::args::{ConnectionArgs, ViaArgs};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::Output;

/// A relay that results are handed over to.
pub(crate) struct Door {
    network: RelayNetwork,
    token: Secret,
}

/// How far an upload is that a relay has stored.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Handed {
    schema: String,
    upload_id: UploadId,
    pub(crate) state: String,
    pub(crate) reason: Option<String>,
    pub(crate) report: Option<HandedReport>,
}

/// What has become of an upload.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct HandedReport {
    #[serde(flatten)]
    pub(crate) report: Report,
    /// What has changed since the suite run before, if the relay was asked for it.
    pub(crate) comparison: Option<Comparison>,
}

/// There was no answer, or not that of a relay.
#[derive(Debug)]
pub(crate) struct Unreached {
    url: String,
    reason: String,
    tls_problem: Option<TlsProblem>,
}

impl fmt::Display for Unreached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url, reason, .. } = self;
        write!(f, "cannot reach the relay `{url}`: {reason}")
    }
}

impl std::error::Error for Unreached {}

impl Unreached {
    /// The URL of what is there, if only the scheme was wrong.
    pub(crate) fn corrected_url(&self) -> Option<String> {
        match self.tls_problem? {
            TlsProblem::HttpsExpected => Some(self.url.replacen("http://", "https://", 1)),
            TlsProblem::HttpExpected => Some(self.url.replacen("https://", "http://", 1)),
            _ => None,
        }
    }
}

/// The relay does not do what it was asked for.
#[derive(Debug)]
pub(crate) struct Refused {
    said: String,
    /// Whether the same upload would be refused again, whatever changes.
    pub(crate) is_final: bool,
    /// Whether the upload is not stored any more.
    pub(crate) is_unknown: bool,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.said)
    }
}

impl std::error::Error for Refused {}

/// The longest pause between attempts, whatever the relay says.
const PAUSE_MAX: Duration = Duration::from_secs(30);

impl Handed {
    /// Whether the relay still works on it by itself.
    pub(crate) fn is_open(&self) -> bool {
        matches!(&*self.state, "stored" | "delivering" | "waiting")
    }

    /// Whether it waits for a person.
    pub(crate) fn is_incomplete(&self) -> bool {
        self.state == "incomplete"
    }

    /// Why the relay could not deliver it.
    pub(crate) fn undelivered(&self) -> String {
        let reason = self.reason.as_deref().unwrap_or("it does not say why");
        format!(
            "the relay could not deliver upload {}: {reason}",
            self.upload_id
        )
    }
}

impl Door {
    /// The relay of the options, if there is one.
    pub(crate) async fn of(
        via: &ViaArgs,
        connection: &ConnectionArgs,
        output: Output,
    ) -> Result<Option<Self>> {
        let Some(url) = via.url() else {
            return Ok(None);
        };
        let network = RelayNetwork::to(url, connection)?;
        let address = &network.address;
        if address.is_exposed() {
            output.say(&format!(
                "warning: {address} is not encrypted; others on the network can read the token and the results (use `https://`)"
            ));
        }
        let token = token::of(via).await?.token;
        Ok(Some(Self { network, token }))
    }

    /// The URL of the relay.
    pub(crate) fn url(&self) -> String {
        self.network.address.to_string()
    }

    /// Hands a journal over. Returns once the relay has stored it; doing it again changes nothing. `is_compared`: the report should
    /// say what has changed since the suite run before.
    pub(crate) async fn put(
        &self,
        id: &UploadId,
        journal: Bytes,
        is_compared: bool,
    ) -> Result<Handed> {
        let digest = STANDARD.encode(Sha256::digest(&journal));
        let digest = format!("sha-256=:{digest}:");
        let compare = if is_compared { "?compare=true" } else { "" };
        let path = format!("v1/uploads/{id}{compare}");
        self.asked(Method::PUT, (id, &path), journal, Some(digest))
            .await
    }

    /// How far an upload is.
    pub(crate) async fn status(&self, id: &UploadId) -> Result<Handed> {
        let path = format!("v1/uploads/{id}");
        self.asked(Method::GET, (id, &path), Bytes::new(), None)
            .await
    }

    /// Asks until there is an answer that counts, or no time or attempt is left.
    async fn asked(
        &self,
        method: Method,
        (id, path): (&UploadId, &str),
        body: Bytes,
        digest: Option<String>,
    ) -> Result<Handed> {
        let settings = &self.network.settings;
        let end = Instant::now() + settings.deadline;
        let sent = (method == Method::PUT).then_some(body.len());
        let mut attempt = 1;
        loop {
            let request = self.request(&method, path, body.clone(), digest.as_deref())?;
            let (failure, pause) = match self.network.send(request).await {
                Err(unanswered) => {
                    let mut failure = Failure::new(Exit::Unreachable, self.unreached(&unanswered));
                    failure.hint = unanswered.hint();
                    (failure, None)
                }
                Ok(response) => match self.answer(id, &response, sent) {
                    Ok(handed) => return Ok(handed),
                    Err(failure) if failure.exit != Exit::Unreachable => return Err(failure),
                    Err(failure) => (failure, retry_after(&response)),
                },
            };
            let pause = pause.unwrap_or(Duration::from_secs(1 << attempt.min(5)));
            let pause = pause.min(PAUSE_MAX);
            if attempt >= settings.attempts_max || Instant::now() + pause > end {
                return Err(failure);
            }
            sleep(pause).await;
            attempt += 1;
        }
    }

    fn request(
        &self,
        method: &Method,
        path: &str,
        body: Bytes,
        digest: Option<&str>,
    ) -> Result<Request<Bytes>> {
        let mut request = self.network.request(method, path, Some(&self.token));
        if let Some(digest) = digest {
            request = request.header("content-digest", digest);
        }
        request.body(body).map_err(|_| unsendable())
    }

    /// The failure of a request that has got no answer of a relay.
    pub(crate) fn unreachable(&self, reason: &str) -> Failure {
        let unreached = Unreached {
            url: self.url(),
            reason: reason.to_owned(),
            tls_problem: None,
        };
        Failure::new(Exit::Unreachable, unreached)
    }

    fn unreached(&self, unanswered: &Unanswered) -> Unreached {
        Unreached {
            url: self.url(),
            reason: unanswered.to_string(),
            tls_problem: unanswered.tls_problem(),
        }
    }

    /// What a response means. Only a relay's own answer about this very upload counts: something else may be in its place.
    /// `sent`: how large the upload is that was handed over, if one was.
    fn answer(
        &self,
        id: &UploadId,
        response: &Response<Bytes>,
        sent: Option<usize>,
    ) -> Result<Handed> {
        let (status, body) = (response.status(), response.body());
        if status.is_success() {
            let handed = serde_json::from_slice::<Handed>(body).ok();
            let is_own = |handed: &Handed| {
                handed.schema.strip_suffix("/1") == Some("octane.relay_upload")
                    && handed.upload_id == *id
            };
            return handed.filter(is_own).ok_or_else(|| {
                self.unreachable(
                    "the response is not that of a relay; check the URL (`--via`) and any proxy",
                )
            });
        }
        let Some(refusal) = Refusal::of(body) else {
            return Err(self.unreachable(&format!(
                "status {} from something that is not a relay; check the URL (`--via`) and any proxy",
                status.as_u16()
            )));
        };
        if refusal.is_of_path() {
            return Err(self.unreachable(
                "a relay answers, but not at this path; check the URL (`--via`), which is that of the relay alone",
            ));
        }
        let (relay, message) = (&self.network.address, &refusal.message);
        let said = match sent {
            None => {
                format!("the relay `{relay}` does not answer how far upload {id} is: {message}")
            }
            Some(bytes) if refusal.is_too_large() => {
                format!(
                    "the relay `{relay}` refused upload {id}, which has {}: {message}",
                    size(bytes)
                )
            }
            Some(_) => format!("the relay `{relay}` refused upload {id}: {message}"),
        };
        let exit = match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Exit::Unauthorized,
            StatusCode::TOO_MANY_REQUESTS => Exit::Unreachable,
            status if status.is_server_error() || refusal.is_of_transfer() => Exit::Unreachable,
            _ => Exit::Refused,
        };
        let refused = Refused {
            said,
            is_final: refusal.is_final(),
            is_unknown: refusal.is_of_unknown_upload(),
        };
        let mut failure = Failure::new(exit, refused);
        failure.hint = match status {
            StatusCode::UNAUTHORIZED => Some(token::rejected_hint()),
            _ => refusal.hint(),
        };
        Err(failure)
    }
}

/// A size as people write it.
fn size(bytes: usize) -> String {
    const MEBIBYTE: usize = 1 << 20;
    match bytes / MEBIBYTE {
        0 => format!("{bytes} bytes"),
        whole => format!("{whole}.{} MiB", bytes % MEBIBYTE * 10 / MEBIBYTE),
    }
}

fn retry_after(response: &Response<Bytes>) -> Option<Duration> {
    let value = response.headers().get(header::RETRY_AFTER)?.to_str().ok()?;
    value.trim().parse().ok().map(Duration::from_secs)
}
