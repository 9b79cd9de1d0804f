//! The resource `test-results`: payloads in, tasks out.

use std::io::{self, Write};

use bytes::{BufMut, Bytes, BytesMut};
use flate2::{Compression, GzBuilder};
use http::{Method, StatusCode};
use octane_model::{Encoding, Task, TaskId};

use crate::{Endpoint, Error, Repeat};

/// Sends payloads of test results and asks what became of them; made by [`Endpoint::test_results`].
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
    /// Whether an attempt before the last one may have arrived without an answer coming back. If so, and
    /// only then, a task that the server calls one of an older push may be that attempt's own.
    pub was_in_doubt: bool,
}

impl Endpoint {
    /// The resource `test-results` of the workspace.
    pub fn test_results(&self) -> TestResults {
        TestResults {
            endpoint: self.clone(),
        }
    }
}

/// From this size on, packing leaves the async threads alone.
const BLOCKING_BYTES_MIN: usize = 256 << 10;

impl TestResults {
    /// Sends a payload (XML) and returns the task that ingests it.
    ///
    /// If the server refuses the payload as a whole, its halves may be taken: see
    /// [`Error::is_divisible`].
    ///
    /// With `skip_errors` the server leaves out what it cannot take and ends with a warning, else it
    /// ends as failed. The same payload makes the same bytes, packed or not, so that the server knows it
    /// again (ALM Octane help, "test-results"): it may be sent as often as needed.
    pub async fn send(&self, payload: Bytes, skip_errors: bool) -> Result<Sent, Error> {
        let encoding = self.endpoint.settings().payload_encoding;
        let payload = match encoding {
            Encoding::Plain => payload,
            Encoding::Gzip => self.packed(payload).await?,
        };
        let workspace = self.endpoint.workspace();
        let request = workspace.post_test_results(payload, encoding, skip_errors);
        let answer = self
            .endpoint
            .execute(request, Repeat::AlwaysOrDivided)
            .await?;
        Ok(Sent {
            task: answer.json()?,
            attempts: answer.attempts(),
            was_in_doubt: answer.trip().is_in_doubt,
        })
    }

    /// How far a task is.
    pub async fn task(&self, task: TaskId) -> Result<Task, Error> {
        let request = self.endpoint.workspace().task(task);
        self.endpoint.execute(request, Repeat::Always).await?.json()
    }

    /// What a task had to say, as text; `None` where the server keeps no log. The log is documented for
    /// the vendor's CI plug-ins only, so a server may not have it.
    pub async fn log(&self, task: TaskId) -> Result<Option<String>, Error> {
        let request = self.endpoint.workspace().task_log(task);
        let answer = self.endpoint.send(request, Repeat::Always).await?;
        if answer.status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        Ok(Some(answer.into_success()?.text().into_owned()))
    }

    /// The schema (XSD) of this server's payloads; it grows with the server's version.
    pub async fn schema(&self) -> Result<String, Error> {
        let request = self.endpoint.workspace().test_results_schema();
        let answer = self.endpoint.execute(request, Repeat::Always).await?;
        Ok(answer.text().into_owned())
    }

    async fn packed(&self, payload: Bytes) -> Result<Bytes, Error> {
        let packed = if payload.len() < BLOCKING_BYTES_MIN {
            gzip(&payload)
        } else {
            let packing = tokio::task::spawn_blocking(move || gzip(&payload));
            packing
                .await
                .unwrap_or_else(|error| Err(io::Error::other(error)))
        };
        packed.map_err(|error| {
            let reason = format!("its payload cannot be packed: {error}");
            self.endpoint
                .unsendable(Method::POST, "/test-results", reason)
        })
    }
}

/// Packs without a time and without an operating system in the header, so that the same payload always
/// makes the same bytes.
fn gzip(payload: &[u8]) -> io::Result<Bytes> {
    const UNKNOWN_SYSTEM: u8 = 255;
    let target = BytesMut::with_capacity(payload.len() / 8).writer();
    let mut encoder = GzBuilder::new()
        .mtime(0)
        .operating_system(UNKNOWN_SYSTEM)
        .write(target, Compression::default());
    encoder.write_all(payload)?;
    Ok(encoder.finish()?.into_inner().freeze())
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn packing_is_the_same_each_time_and_can_be_undone() {
        let payload = "<test_result/>".repeat(1000);
        let packed = gzip(payload.as_bytes()).unwrap();
        assert_eq!(packed, gzip(payload.as_bytes()).unwrap());
        // No flags, time 0, default level, no system.
        assert_eq!(packed[..10], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
        let mut unpacked = String::new();
        flate2::read::GzDecoder::new(&packed[..])
            .read_to_string(&mut unpacked)
            .unwrap();
        assert_eq!(unpacked, payload);
    }
}
