//! The log of received requests.

mod mask;

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::request::Parts;
use http::{Method, StatusCode};
use jiff::Timestamp;
use serde::{Serialize, Serializer};

/// How many requests are kept; older ones are dropped.
const REQUESTS_MAX: usize = 1000;
/// The maximum length of a path, a query or a header value.
const TEXT_BYTES_MAX: usize = 4096;

/// A request that the sandbox received, with its response.
///
/// Secrets are masked: only the names of cookies are kept, only the scheme of `Authorization`, and of parameters such as
/// `access_token` only the name. Of a body
/// only a digest is kept, and not even that if the body contains credentials.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ReceivedRequest {
    /// Its number, counted from 1; clearing the log does not reset it.
    pub number: u64,
    /// When it was received completely, on the sandbox's clock.
    #[serde(serialize_with = "text")]
    pub time: Timestamp,
    /// The method.
    pub method: String,
    /// The path, percent-encoded as received.
    pub path: String,
    /// The query string, percent-encoded; characters that must be encoded are encoded even if the client did
    /// not.
    pub query: Option<String>,
    /// The headers in order, names in lower case, secrets masked.
    pub headers: Vec<(String, String)>,
    /// The length of the body in bytes, or of the part that was received.
    pub body_bytes: u64,
    /// The SHA-256 digest of the body in hexadecimal; `None` if the body is empty or contains credentials.
    pub body_digest: Option<String>,
    /// The status of the response; `None` while there is no response yet, or if a fault suppressed it.
    pub status: Option<u16>,
    /// The time until the response was sent, on the sandbox's clock; `duration_ms` in JSON, in milliseconds
    /// with a fraction.
    #[serde(rename = "duration_ms", serialize_with = "milliseconds")]
    pub duration: Option<Duration>,
    /// The `kind` of the triggered fault, or `throttled`.
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
    requests: VecDeque<Entry>,
}

/// A request as it is kept: in few pieces, because every request is and hardly any is looked at.
#[derive(Debug)]
struct Entry {
    number: u64,
    time: Timestamp,
    method: Method,
    path: String,
    query: Option<String>,
    /// A line for each, which cannot contain a line break: `name: value`.
    headers: String,
    body_bytes: u64,
    body_digest: Option<String>,
    status: Option<u16>,
    duration: Option<Duration>,
    fault: Option<String>,
}

impl From<&Entry> for ReceivedRequest {
    fn from(entry: &Entry) -> Self {
        let headers = entry.headers.lines();
        let headers = headers.filter_map(|line| line.split_once(": "));
        Self {
            number: entry.number,
            time: entry.time,
            method: entry.method.to_string(),
            path: entry.path.clone(),
            query: entry.query.clone(),
            headers: headers
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            body_bytes: entry.body_bytes,
            body_digest: entry.body_digest.clone(),
            status: entry.status,
            duration: entry.duration,
            fault: entry.fault.clone(),
        }
    }
}

/// Which requests to list.
#[derive(Debug, Clone, Default)]
pub(crate) struct Filter {
    pub(crate) method: Option<String>,
    /// A substring of the path.
    pub(crate) path: Option<String>,
    pub(crate) status: Option<u16>,
    /// Only requests that triggered a fault, or only the others.
    pub(crate) is_faulted: Option<bool>,
    /// Only requests with a greater number.
    pub(crate) after: Option<u64>,
}

impl Filter {
    fn matches(&self, request: &Entry) -> bool {
        let Self {
            method,
            path,
            status,
            is_faulted,
            after,
        } = self;
        method
            .as_ref()
            .is_none_or(|method| request.method.as_str().eq_ignore_ascii_case(method))
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

    /// Records a request, and returns its number.
    pub(crate) fn receive(
        &self,
        time: Timestamp,
        head: &Parts,
        body_bytes: u64,
        body_digest: Option<String>,
    ) -> u64 {
        let path = head.uri.path();
        let mut headers = String::new();
        for (name, value) in &head.headers {
            let value = mask::value(name, value.as_bytes());
            headers.extend([name.as_str(), ": ", &*cut(&value), "\n"]);
        }
        let mut request = Entry {
            number: 0,
            time,
            method: head.method.clone(),
            path: cut(path).into_owned(),
            query: head
                .uri
                .query()
                .map(|query| cut(&mask::query(query)).into_owned()),
            headers,
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

    /// Records the response to a request, if the request is still in the log.
    pub(crate) fn record_response(
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

    /// The matching requests, the oldest first; the newest `count` if there are more.
    pub(crate) fn list(&self, filter: &Filter, count: usize) -> Vec<ReceivedRequest> {
        let log = self.log();
        let matching = log.requests.iter().rev();
        let matching = matching.filter(|request| filter.matches(request));
        let mut requests: Vec<_> = matching.take(count).map(ReceivedRequest::from).collect();
        requests.reverse();
        requests
    }

    pub(crate) fn clear(&self) {
        self.log().requests.clear();
    }
}

/// Truncates text for the log.
fn cut(text: &str) -> Cow<'_, str> {
    if text.len() <= TEXT_BYTES_MAX {
        return text.into();
    }
    let mut end = TEXT_BYTES_MAX;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…", &text[..end]).into()
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    fn head(uri: &str) -> Parts {
        Request::get(uri).body(()).unwrap().into_parts().0
    }

    #[test]
    fn the_log_drops_the_oldest_and_keeps_counting() {
        let requests = Requests::default();
        for _ in 0..=REQUESTS_MAX {
            requests.receive(Timestamp::UNIX_EPOCH, &head("/a"), 0, None);
        }
        let all = requests.list(&Filter::default(), usize::MAX);
        let newest = REQUESTS_MAX as u64 + 1;
        assert_eq!((all.len(), all[0].number), (REQUESTS_MAX, 2));
        requests.record_response(1, Some(StatusCode::OK), Duration::ZERO, None);
        requests.record_response(newest, Some(StatusCode::OK), Duration::ZERO, None);
        assert_eq!(requests.list(&Filter::default(), 1)[0].number, newest);
        assert_eq!(requests.list(&Filter::default(), 1)[0].status, Some(200));
        requests.clear();
        assert_eq!(
            requests.receive(Timestamp::UNIX_EPOCH, &head("/a"), 0, None),
            newest + 1
        );
    }

    #[test]
    fn long_texts_are_truncated() {
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
            requests.record_response(number, status, Duration::ZERO, fault);
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
