//! The log of requests: what clients really sent.

mod mask;

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::StatusCode;
use http::request::Parts;
use jiff::Timestamp;
use serde::{Serialize, Serializer};

/// How many requests are kept; older ones go.
const REQUESTS_MAX: usize = 1000;
/// How much is kept of a path, a query or the value of a header.
const TEXT_BYTES_MAX: usize = 4096;

/// A request that the sandbox received, with the answer that it got.
///
/// Secrets are masked: of cookies only the names are kept, of `Authorization` only the scheme. Of a body
/// there is a digest only, and not even that where the body holds credentials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ReceivedRequest {
    /// Which one it was, counted from 1; a cleared log counts on.
    pub number: u64,
    /// When it had come in as a whole, on the sandbox's clock.
    #[serde(serialize_with = "text")]
    pub time: Timestamp,
    /// The method.
    pub method: String,
    /// The path, percent-encoded as it came.
    pub path: String,
    /// What stood behind the `?`, percent-encoded; characters that may not stand there raw are encoded even
    /// if they came raw.
    pub query: Option<String>,
    /// The headers in their order, names in small letters, secrets masked.
    pub headers: Vec<(String, String)>,
    /// The length of the body in bytes, as it came, or of what came of it.
    pub body_bytes: u64,
    /// The SHA-256 digest of the body in hexadecimal; none of an empty one, and of one with credentials.
    pub body_digest: Option<String>,
    /// The status of the answer; none while there is no answer yet, and where a fault kept it back.
    pub status: Option<u16>,
    /// How long it took until the answer began to be sent, on the sandbox's clock; in JSON `duration_ms`, in
    /// milliseconds with a fraction.
    #[serde(rename = "duration_ms", serialize_with = "milliseconds")]
    pub duration: Option<Duration>,
    /// The kind of the fault that struck, as `kind` names it, or `throttled`.
    pub fault: Option<String>,
}

fn text<S: Serializer>(time: &Timestamp, target: S) -> Result<S::Ok, S::Error> {
    target.collect_str(time)
}

#[expect(clippy::ref_option, reason = "serde gives a reference to the field")]
fn milliseconds<S: Serializer>(time: &Option<Duration>, target: S) -> Result<S::Ok, S::Error> {
    let time = time.map(|time| time.as_secs_f64() * 1000.0);
    time.serialize(target)
}

/// The latest requests.
#[derive(Debug, Default)]
pub(crate) struct Requests(Mutex<Log>);

#[derive(Debug, Default)]
struct Log {
    received: u64,
    /// By number, without gaps.
    requests: VecDeque<ReceivedRequest>,
}

/// Of which requests to tell.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    pub(crate) method: Option<String>,
    /// What the path has within.
    pub(crate) path: Option<String>,
    pub(crate) status: Option<u16>,
    /// Only those that a fault struck, or only the others.
    pub(crate) is_faulted: Option<bool>,
    /// Only those with a greater number.
    pub(crate) after: Option<u64>,
}

impl Filter {
    fn matches(&self, request: &ReceivedRequest) -> bool {
        let Self {
            method,
            path,
            status,
            is_faulted,
            after,
        } = self;
        method
            .as_ref()
            .is_none_or(|method| request.method.eq_ignore_ascii_case(method))
            && path.as_ref().is_none_or(|path| request.path.contains(path))
            && status.is_none_or(|status| request.status == Some(status))
            && is_faulted.is_none_or(|is_faulted| request.fault.is_some() == is_faulted)
            && after.is_none_or(|after| request.number > after)
    }
}

impl Requests {
    fn log(&self) -> MutexGuard<'_, Log> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes a request down, and gives its number.
    pub(crate) fn receive(
        &self,
        time: Timestamp,
        head: &Parts,
        body_bytes: u64,
        body_digest: Option<String>,
    ) -> u64 {
        let path = head.uri.path();
        let headers = head.headers.iter().map(|(name, value)| {
            let value = mask::value(name, value.as_bytes());
            (name.as_str().to_owned(), cut(&value))
        });
        let mut request = ReceivedRequest {
            number: 0,
            time,
            method: head.method.to_string(),
            path: cut(path),
            query: head.uri.query().map(cut),
            headers: headers.collect(),
            body_bytes,
            body_digest: body_digest.filter(|_| !mask::has_credentials(path)),
            status: None,
            duration: None,
            fault: None,
        };
        let mut log = self.log();
        log.received += 1;
        request.number = log.received;
        if log.requests.len() == REQUESTS_MAX {
            log.requests.pop_front();
        }
        log.requests.push_back(request);
        log.received
    }

    /// Writes down how a request ended, if it is still there.
    pub(crate) fn answered(
        &self,
        number: u64,
        status: Option<StatusCode>,
        duration: Duration,
        fault: Option<&str>,
    ) {
        let mut log = self.log();
        let requests = &mut log.requests;
        let place = requests.binary_search_by_key(&number, |request| request.number);
        if let Some(request) = place.ok().and_then(|place| requests.get_mut(place)) {
            request.status = status.map(|status| status.as_u16());
            request.duration = Some(duration);
            request.fault = fault.map(str::to_owned);
        }
    }

    /// Those that match, the oldest first; of more than `count` the newest.
    pub(crate) fn list(&self, filter: &Filter, count: usize) -> Vec<ReceivedRequest> {
        let log = self.log();
        let matching = log.requests.iter().rev();
        let matching = matching.filter(|request| filter.matches(request));
        let mut requests: Vec<_> = matching.take(count).cloned().collect();
        requests.reverse();
        requests
    }

    pub(crate) fn clear(&self) {
        self.log().requests.clear();
    }
}

/// What is kept of a text.
fn cut(text: &str) -> String {
    let mut end = text.len().min(TEXT_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let rest = if end < text.len() { "…" } else { "" };
    format!("{}{rest}", &text[..end])
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn head(uri: &str) -> Parts {
        Request::get(uri).body(()).unwrap().into_parts().0
    }

    #[test]
    fn the_log_forgets_the_oldest_and_counts_on() {
        let requests = Requests::default();
        for _ in 0..=REQUESTS_MAX {
            requests.receive(Timestamp::UNIX_EPOCH, &head("/a"), 0, None);
        }
        let all = requests.list(&Filter::default(), usize::MAX);
        let newest = REQUESTS_MAX as u64 + 1;
        assert_eq!((all.len(), all[0].number), (REQUESTS_MAX, 2));
        requests.answered(1, Some(StatusCode::OK), Duration::ZERO, None);
        requests.answered(newest, Some(StatusCode::OK), Duration::ZERO, None);
        assert_eq!(requests.list(&Filter::default(), 1)[0].number, newest);
        assert_eq!(requests.list(&Filter::default(), 1)[0].status, Some(200));
        requests.clear();
        assert_eq!(
            requests.receive(Timestamp::UNIX_EPOCH, &head("/a"), 0, None),
            newest + 1
        );
    }

    #[test]
    fn long_texts_are_cut() {
        let long = "ä".repeat(TEXT_BYTES_MAX);
        assert_eq!(cut(&long).len(), TEXT_BYTES_MAX + "…".len());
        assert_eq!(cut("short"), "short");
    }

    #[test]
    fn filters_narrow_the_list() {
        let requests = Requests::default();
        for (uri, status, fault) in [
            ("/a/stories?x", 200, None),
            ("/a/defects", 503, Some("status")),
            ("/a/stories", 404, None),
        ] {
            let number = requests.receive(Timestamp::UNIX_EPOCH, &head(uri), 0, None);
            let status = StatusCode::from_u16(status).ok();
            requests.answered(number, status, Duration::ZERO, fault);
        }
        let numbers = |filter: Filter| {
            let list = requests.list(&filter, 2);
            list.iter()
                .map(|request| request.number)
                .collect::<Vec<_>>()
        };
        let all = Filter::default;
        assert_eq!(numbers(all()), [2, 3]);
        let path = Some("/stories".to_owned());
        assert_eq!(numbers(Filter { path, ..all() }), [1, 3]);
        let method = Some("post".to_owned());
        assert_eq!(numbers(Filter { method, ..all() }), [0; 0]);
        let status = Some(404);
        assert_eq!(numbers(Filter { status, ..all() }), [3]);
        let is_faulted = Some(true);
        assert_eq!(
            numbers(Filter {
                is_faulted,
                ..all()
            }),
            [2]
        );
        let after = Some(2);
        assert_eq!(numbers(Filter { after, ..all() }), [3]);
    }
}
