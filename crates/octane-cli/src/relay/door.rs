//! The door of a relay, from the outside.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use octane_client::{Report, UploadId};
use octane_model::Address;
use octane_rest::{EndpointSettings, Secret, SecretFile, Transport, network_transport};
use serde::Deserialize;
use sha2::{Digest, Sha256};
use tokio::time::{Instant, sleep, timeout};

use crate::args::{ConnectionArgs, ViaArgs};
use crate::connect::{credential_failure, network_settings};
use crate::env;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::network_hint::{setup_hint, tls_hint};
use crate::output::{Output, secrets};

/// A relay that results are handed over to.
pub(crate) struct Door {
    transport: Box<dyn Transport>,
    address: Address,
    token: Secret,
    settings: EndpointSettings,
}

/// How far an upload is that a relay has stored.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Handed {
    schema: String,
    upload_id: UploadId,
    pub(crate) state: String,
    pub(crate) results: u64,
    pub(crate) reason: Option<String>,
    pub(crate) report: Option<Report>,
}

/// Why a relay has not done what it was asked for.
#[derive(Debug, Deserialize)]
struct Refusal {
    schema: String,
    message: String,
}

/// The longest pause between attempts, whatever the relay says.
const PAUSE_MAX: Duration = Duration::from_secs(30);

impl Handed {
    /// Whether the relay still works on it by itself.
    pub(crate) fn is_open(&self) -> bool {
        matches!(&*self.state, "stored" | "delivering" | "waiting")
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
        let address: Address = url
            .parse()
            .map_err(|error| Failure::new(Exit::Configuration, error).context("`--via`"))?;
        if address.is_exposed() {
            output.say(&format!(
                "warning: {address} is not encrypted; others on the network can read the token and the results (use `https://`)"
            ));
        }
        let settings = network_settings(connection);
        let transport = network_transport(&address, &settings).map_err(|error| {
            let hint = setup_hint(&error);
            let mut failure = Failure::new(Exit::Configuration, error);
            failure.hint = hint;
            failure
        })?;
        Ok(Some(Self {
            transport: Box::new(transport),
            token: token(via).await?,
            address,
            settings,
        }))
    }

    /// The URL of the relay.
    pub(crate) fn url(&self) -> String {
        self.address.to_string()
    }

    /// Hands a journal over. Returns once the relay has stored it; doing it again changes nothing.
    pub(crate) async fn put(&self, id: &UploadId, journal: Bytes) -> Result<Handed> {
        let digest = STANDARD.encode(Sha256::digest(&journal));
        let digest = format!("sha-256=:{digest}:");
        self.asked(Method::PUT, id, journal, Some(digest)).await
    }

    /// How far an upload is.
    pub(crate) async fn status(&self, id: &UploadId) -> Result<Handed> {
        self.asked(Method::GET, id, Bytes::new(), None).await
    }

    /// Asks until there is an answer that counts, or no time or attempt is left.
    async fn asked(
        &self,
        method: Method,
        id: &UploadId,
        body: Bytes,
        digest: Option<String>,
    ) -> Result<Handed> {
        let end = Instant::now() + self.settings.deadline;
        let mut attempt = 1;
        loop {
            let request = self.request(&method, id, body.clone(), digest.as_deref())?;
            let asking = timeout(self.settings.attempt_timeout, self.transport.send(request));
            let (failure, pause) = match asking.await {
                Err(_) => (self.unreachable("no response in time"), None),
                Ok(Err(error)) => {
                    let mut failure = self.unreachable(&error.to_string());
                    failure.hint = error.tls_problem().and_then(tls_hint);
                    (failure, None)
                }
                Ok(Ok(response)) => match self.answer(id, &response) {
                    Ok(handed) => return Ok(handed),
                    Err(failure) if failure.exit != Exit::Unreachable => return Err(failure),
                    Err(failure) => (failure, retry_after(&response)),
                },
            };
            let pause = pause.unwrap_or(Duration::from_secs(1 << attempt.min(5)));
            let pause = pause.min(PAUSE_MAX);
            if attempt >= self.settings.attempts_max || Instant::now() + pause > end {
                return Err(failure);
            }
            sleep(pause).await;
            attempt += 1;
        }
    }

    fn request(
        &self,
        method: &Method,
        id: &UploadId,
        body: Bytes,
        digest: Option<&str>,
    ) -> Result<Request<Bytes>> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}v1/uploads/{id}", self.address.base()))
            .header(
                header::AUTHORIZATION,
                format!("Bearer {}", self.token.expose()),
            );
        if let Some(digest) = digest {
            request = request.header("content-digest", digest);
        }
        request.body(body).map_err(|_| {
            let message = "the token of the relay contains characters that a token cannot have";
            Failure::message(Exit::Configuration, message)
        })
    }

    fn unreachable(&self, reason: &str) -> Failure {
        let message = format!("cannot reach the relay `{}`: {reason}", self.address);
        Failure::message(Exit::Unreachable, message)
    }

    /// What a response means. Only a relay's own answer about this very upload counts: something else may be in its place.
    fn answer(&self, id: &UploadId, response: &Response<Bytes>) -> Result<Handed> {
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
        let refusal = serde_json::from_slice::<Refusal>(body).ok();
        let refusal = refusal
            .filter(|refusal| refusal.schema.strip_suffix("/1") == Some("octane.relay_error"));
        let Some(Refusal { message, .. }) = refusal else {
            return Err(self.unreachable(&format!(
                "status {} from something that is not a relay; check the URL (`--via`) and any proxy",
                status.as_u16()
            )));
        };
        let said = format!(
            "the relay `{}` refused upload {id}: {message}",
            self.address
        );
        Err(match status {
            StatusCode::UNAUTHORIZED => Failure::message(Exit::Unauthorized, said).hint(format!(
                "set {} to a token of this relay (`octane relay token create PROJECT` on its machine), or to a new one of this CI \
                 job if the relay accepts those",
                env::RELAY_TOKEN
            )),
            StatusCode::FORBIDDEN => Failure::message(Exit::Unauthorized, said),
            StatusCode::TOO_MANY_REQUESTS => Failure::message(Exit::Unreachable, said),
            status if status.is_server_error() => Failure::message(Exit::Unreachable, said),
            _ => Failure::message(Exit::Refused, said),
        })
    }
}

fn retry_after(response: &Response<Bytes>) -> Option<Duration> {
    let value = response.headers().get(header::RETRY_AFTER)?.to_str().ok()?;
    value.trim().parse().ok().map(Duration::from_secs)
}

/// The token of the variable or the file.
async fn token(via: &ViaArgs) -> Result<Secret> {
    let token = match (&via.relay_token_file, env::text(env::RELAY_TOKEN)) {
        (Some(file), _) => {
            let read = SecretFile::new(file).read().await;
            read.map_err(credential_failure)?
        }
        (None, Some(text)) if !text.trim().is_empty() => Secret::from(text.trim()),
        (None, _) => {
            let message = "no token for the relay given";
            return Err(Failure::message(Exit::Configuration, message).hint(format!(
                "set {} or use `--relay-token-file`; `octane relay token create PROJECT` on the relay's machine makes one",
                env::RELAY_TOKEN
            )));
        }
    };
    secrets::redactor().learn(token.expose());
    Ok(token)
}
