//! Headers on their way through the recorder.

use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::cookie;

/// Headers of one connection, which are not passed on.
const HOP_BY_HOP: [&str; 9] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "expect",
];

/// Where the recorder stands: the origins of both sides, without a slash at the end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sides<'a> {
    /// As the client addresses the recorder.
    pub(super) recorder: &'a str,
    pub(super) server: &'a str,
}

/// The headers of a request as the server gets them.
pub(super) fn to_server(headers: &HeaderMap, sides: Sides<'_>) -> HeaderMap {
    let mut passed = without_connection(headers);
    // The network writes these itself, for what it sends and can unpack.
    for name in [
        header::HOST,
        header::CONTENT_LENGTH,
        header::ACCEPT_ENCODING,
    ] {
        passed.remove(name);
    }
    // A server rejects what the page of another site sends.
    for name in [header::ORIGIN, header::REFERER] {
        replace_origin(&mut passed, &name, sides.recorder, sides.server);
    }
    passed
}

/// The headers of a response as the client gets them, with its body unpacked.
pub(super) fn to_client(headers: &HeaderMap, is_head: bool, sides: Sides<'_>) -> HeaderMap {
    let mut passed = without_connection(headers);
    if !is_head {
        passed.remove(header::CONTENT_LENGTH);
    }
    replace_origin(&mut passed, &header::LOCATION, sides.server, sides.recorder);
    let for_client = |value: &HeaderValue| {
        let text = value.to_str().ok()?;
        HeaderValue::try_from(cookie::for_loopback(text)).ok()
    };
    let cookies = headers.get_all(header::SET_COOKIE).iter();
    let cookies: Vec<HeaderValue> = cookies
        .map(|value| for_client(value).unwrap_or_else(|| value.clone()))
        .collect();
    passed.remove(header::SET_COOKIE);
    for cookie in cookies {
        passed.append(header::SET_COOKIE, cookie);
    }
    passed
}

fn without_connection(headers: &HeaderMap) -> HeaderMap {
    let named: Vec<String> = (headers.get_all(header::CONNECTION).iter())
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|name| name.trim().to_ascii_lowercase())
        .collect();
    let is_passed = |name: &HeaderName| {
        let name = name.as_str();
        !HOP_BY_HOP.contains(&name) && !named.iter().any(|named| named == name)
    };
    let passed = headers.iter().filter(|(name, _)| is_passed(name));
    passed
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// Replaces the origin of a URL.
fn replace_origin(headers: &mut HeaderMap, name: &HeaderName, from: &str, to: &str) {
    let Some(url) = headers.get(name).and_then(|value| value.to_str().ok()) else {
        return;
    };
    let rest = url
        .get(..from.len())
        .filter(|start| start.eq_ignore_ascii_case(from));
    let rest = rest.and_then(|_| url.get(from.len()..));
    let replaced = rest
        .filter(|rest| rest.is_empty() || rest.starts_with(['/', '?', '#']))
        .and_then(|rest| HeaderValue::try_from(format!("{to}{rest}")).ok());
    if let Some(value) = replaced {
        headers.insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIDES: Sides<'_> = Sides {
        recorder: "http://127.0.0.1:8484",
        server: "https://octane.example",
    };

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = pairs.iter().map(|(name, value)| {
            let name = HeaderName::from_static(name);
            (name, HeaderValue::from_static(value))
        });
        pairs.collect()
    }

    #[test]
    fn the_server_gets_all_headers_but_those_of_the_connection() {
        let sent = headers(&[
            ("host", "127.0.0.1:8484"),
            ("connection", "keep-alive, X-Hop"),
            ("x-hop", "1"),
            ("content-length", "2"),
            ("accept-encoding", "gzip, br"),
            ("content-encoding", "gzip"),
            ("expect", "100-continue"),
            ("origin", "http://127.0.0.1:8484"),
            ("referer", "http://127.0.0.1:8484/ui/?p=1/2"),
            ("cookie", "a=b"),
            ("hpeclienttype", "plug-in"),
        ]);
        let expected = headers(&[
            ("content-encoding", "gzip"),
            ("origin", "https://octane.example"),
            ("referer", "https://octane.example/ui/?p=1/2"),
            ("cookie", "a=b"),
            ("hpeclienttype", "plug-in"),
        ]);
        assert_eq!(to_server(&sent, SIDES), expected);
    }

    #[test]
    fn the_client_stays_with_the_recorder() {
        let sent = headers(&[
            ("location", "https://octane.example/ui/"),
            ("set-cookie", "a=b; Domain=octane.example; Secure"),
            ("content-length", "7"),
            ("transfer-encoding", "chunked"),
            ("etag", "\"x\""),
        ]);
        let expected = headers(&[
            ("location", "http://127.0.0.1:8484/ui/"),
            ("set-cookie", "a=b"),
            ("etag", "\"x\""),
        ]);
        assert_eq!(to_client(&sent, false, SIDES), expected);
        assert_eq!(to_client(&sent, true, SIDES)["content-length"], "7");
        for elsewhere in [
            "https://octane.example.org/ui",
            "https://sso.example/",
            "/ui",
        ] {
            let sent = headers(&[("location", elsewhere)]);
            assert_eq!(to_client(&sent, false, SIDES), sent);
        }
    }
}
