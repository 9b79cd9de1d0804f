//! The resource `test-results`: accepts payloads, returns tasks.

use std::io::{self, Write};

use bytes::{BufMut, Bytes, BytesMut};
use flate2::{Compression, GzBuilder};
use http::{Method, StatusCode};
use octane_model::{Encoding, Task, TaskId, TaskStatus};

use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::response::Response;
use crate::retry::Idempotency;

/// Sends payloads of test results and reads the state of their tasks; created by [`Endpoint::test_results`].
#[derive(Debug, Clone)]
pub struct TestResults {
    endpoint: Endpoint,
}

/// A payload that the server accepted.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Sent {
    /// The task that ingests it.
    pub task: Task,
    /// How often it was sent.
    pub attempts: u32,
    /// Whether the outcome of an earlier attempt is unknown: the server may have accepted it. Only then
    /// may a task that the server attributes to an older push be the task of that attempt.
    pub earlier_outcome_unknown: bool,
}

impl Endpoint {
    /// The resource `test-results` of the workspace.
    pub fn test_results(&self) -> TestResults {
        TestResults {
            endpoint: self.clone(),
        }
    }
}

/// From this size on, compression runs outside of the async threads.
const BLOCKING_BYTES_MIN: usize = 256 << 10;

impl TestResults {
    /// Sends a payload (XML) and returns the task that ingests it.
    ///
    /// If the server rejects the payload as a whole, it may accept its halves: see
    /// [`Error::is_splittable`].
    ///
    /// With `skip_errors` the server skips what it cannot ingest and the task ends with a warning, otherwise
    /// it fails. The same payload results in the same bytes, compressed or not, so the server recognises it
    /// (ALM Octane help, "test-results"): it may be sent as often as needed.
    pub async fn send(&self, payload: Bytes, skip_errors: bool) -> Result<Sent, Error> {
        let encoding = self.endpoint.settings().payload_encoding;
        let payload = match encoding {
            Encoding::Plain => payload,
            Encoding::Gzip => self.compressed(payload).await?,
        };
        self.send_encoded(payload, encoding, skip_errors).await
    }

    /// Like [`send`](Self::send), for a payload that is encoded like this already, whatever the setting `payload_encoding` is.
    pub async fn send_encoded(
        &self,
        payload: Bytes,
        encoding: Encoding,
        skip_errors: bool,
    ) -> Result<Sent, Error> {
        let workspace = self.endpoint.workspace();
        let request = workspace.post_test_results(payload, encoding, skip_errors);
        let response = self
            .endpoint
            .execute(request, Idempotency::IdempotentSplittable)
            .await?;
        Ok(Sent {
            task: task_of(&response)?,
            attempts: response.attempts(),
            earlier_outcome_unknown: response.context().outcome_unknown,
        })
    }

    /// The current state of a task.
    pub async fn task(&self, task: TaskId) -> Result<Task, Error> {
        let request = self.endpoint.workspace().task(task);
        let response = self
            .endpoint
            .execute(request, Idempotency::Idempotent)
            .await?;
        let found = task_of(&response)?;
        if found.id == task {
            Ok(found)
        } else {
            let reason = format!("it is about task {} instead of {task}", found.id);
            Err(response.invalid_response(&reason))
        }
    }

    /// The log of a task, as text; `None` if the server has none. Logs are documented only for the vendor's
    /// CI plug-ins, so a server may not support them.
    pub async fn log(&self, task: TaskId) -> Result<Option<String>, Error> {
        let request = self.endpoint.workspace().task_log(task);
        let response = self.endpoint.send(request, Idempotency::Idempotent).await?;
        if response.status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let response = response.into_success()?;
        let log = response.text();
        Ok(Some(self.endpoint.redactor().redact(&log).into_owned()))
    }

    /// The schema (XSD) of this server's payloads; newer servers have a larger one.
    pub async fn schema(&self) -> Result<String, Error> {
        let request = self.endpoint.workspace().test_results_schema();
        let response = self
            .endpoint
            .execute(request, Idempotency::Idempotent)
            .await?;
        Ok(response.text().into_owned())
    }

    async fn compressed(&self, payload: Bytes) -> Result<Bytes, Error> {
        let compressed = if payload.len() < BLOCKING_BYTES_MIN {
            gzip(&payload)
        } else {
            let compressing = tokio::task::spawn_blocking(move || gzip(&payload));
            compressing
                .await
                .unwrap_or_else(|error| Err(io::Error::other(error)))
        };
        compressed.map_err(|error| {
            let reason = format!("could not compress the payload: {error}");
            self.endpoint
                .invalid_request(Method::POST, "/test-results", reason)
        })
    }
}

/// The task in a response, without secrets in what the server says about it.
fn task_of(response: &Response) -> Result<Task, Error> {
    let mut task: Task = response.json()?;
    let redacted = |text: &str| response.context().redactor.redact(text).into_owned();
    task.error_details = task.error_details.as_deref().map(redacted);
    if let TaskStatus::Other(status) = &mut task.status {
        *status = redacted(status);
    }
    Ok(task)
}

/// Compresses without a timestamp or an operating system in the header, so that the same payload always
/// results in the same bytes.
fn gzip(payload: &[u8]) -> io::Result<Bytes> {
    const UNKNOWN_SYSTEM: u8 = 255;
    let target = BytesMut::with_capacity(payload.len() / 8).writer();
    let mut encoder = GzBuilder::new()
        .mtime(0)
        .operating_system(UNKNOWN_SYSTEM)
        .write(target, Compression::fast());
    encoder.write_all(payload)?;
    Ok(encoder.finish()?.into_inner().freeze())
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn compression_is_deterministic_and_reversible() {
        let payload = "<test_result/>".repeat(1000);
        let compressed = gzip(payload.as_bytes()).unwrap();
        assert_eq!(compressed, gzip(payload.as_bytes()).unwrap());
        // No flags, time 0, fastest level, no system.
        assert_eq!(compressed[..10], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 255]);
        let mut decompressed = String::new();
        flate2::read::GzDecoder::new(&compressed[..])
            .read_to_string(&mut decompressed)
            .unwrap();
        assert_eq!(decompressed, payload);
    }
}
