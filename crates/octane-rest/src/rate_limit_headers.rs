//! When to come back, according to the headers of a response.
//!
//! Octane documents none of these headers, but proxies and gateways in front of it send them: `Retry-After`
//! (RFC 9110, section 10.2.3), and three generations of the IETF draft
//! draft-ietf-httpapi-ratelimit-headers:
//!
//! ```text
//! RateLimit-Limit: 100        RateLimit: limit=100, remaining=0, reset=7
//! RateLimit-Remaining: 0
//! RateLimit-Reset: 7          RateLimit: "burst";r=0;t=7, "day";r=9000;t=60000
//! ```

use std::time::Duration;

use http::{HeaderMap, HeaderName, header};

use crate::date;

const LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// How long the server asks clients to wait: by `Retry-After`, or because a limit is exhausted.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    retry_after_header(headers).or_else(|| exhausted_for(headers))
}

/// `Retry-After`: seconds, or a date that is compared with the response's own `Date`.
fn retry_after_header(headers: &HeaderMap) -> Option<Duration> {
    let value = text(headers, &header::RETRY_AFTER)?;
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let seconds = date::parse(value)? - date::parse(text(headers, &header::DATE)?)?;
    Some(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
}

/// How long an exhausted limit stays exhausted; the longest of several. `None` if no limit is exhausted.
pub(crate) fn exhausted_for(headers: &HeaderMap) -> Option<Duration> {
    let lines = headers.get_all(LIMIT).into_iter();
    let lines = lines.filter_map(|line| line.to_str().ok());
    // In the second generation the three numbers of one limit are members, in the third they are
    // parameters of each member.
    let (parameters, members): (Vec<_>, Vec<_>) = lines.partition(|line| line.contains(';'));
    let by_member = parameters
        .iter()
        .flat_map(|line| line.split(','))
        .map(|limit| (number(limit, ';', "r"), number(limit, ';', "t")));
    let by_line = members
        .iter()
        .map(|line| (number(line, ',', "remaining"), number(line, ',', "reset")));
    let header = |name| text(headers, &name)?.parse().ok();
    by_member
        .chain(by_line)
        .chain([(header(REMAINING), header(RESET))])
        .filter(|(remaining, _)| *remaining == Some(0))
        .filter_map(|(_, reset)| reset.map(Duration::from_secs))
        .max()
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok().map(str::trim)
}

/// The number after `name=`.
fn number(text: &str, separator: char, name: &str) -> Option<u64> {
    let mut pairs = text
        .split(separator)
        .filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(key, _)| key.trim().eq_ignore_ascii_case(name))?;
    value.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        let pairs = lines
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        pairs.collect()
    }

    fn seconds(lines: &[(&'static str, &str)]) -> Option<u64> {
        retry_after(&headers(lines)).map(|wait| wait.as_secs())
    }

    #[test]
    fn retry_after_comes_in_seconds_or_as_a_date() {
        let at = ("retry-after", "Sun, 06 Nov 1994 08:50:00 GMT");
        let now = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(seconds(&[("retry-after", " 120")]), Some(120));
        assert_eq!(seconds(&[at, now]), Some(23));
        let past = [("retry-after", now.1), ("date", at.1)];
        assert_eq!(seconds(&past), Some(0));
        assert_eq!(seconds(&[at]), None);
        assert_eq!(seconds(&[("retry-after", "soon"), now]), None);
    }

    #[test]
    fn an_exhausted_limit_is_understood_in_every_spelling() {
        let three = |remaining| {
            let [limit, reset] = [("ratelimit-limit", "100"), ("ratelimit-reset", "7")];
            seconds(&[limit, ("ratelimit-remaining", remaining), reset])
        };
        assert_eq!((three("0"), three("1"), three("x")), (Some(7), None, None));
        let one = |line| seconds(&[("ratelimit", line)]);
        assert_eq!(one("limit=100, remaining=0, reset=7"), Some(7));
        assert_eq!(one("limit=100,Remaining=0,Reset=7"), Some(7));
        assert_eq!(one("limit=100, remaining=3, reset=7"), None);
        assert_eq!(one(r#""default";r=0;t=7"#), Some(7));
        assert_eq!(one("r=0;t=7"), Some(7));
        assert_eq!(one(r#""default";r=50;t=30"#), None);
        assert_eq!(one(r#""default";r=0"#), None);
        let many = r#""burst";r=0;t=7, "hour" ; r=0 ; t=60, "day";r=9;t=9000"#;
        assert_eq!(one(many), Some(60));
    }

    #[test]
    fn retry_after_takes_precedence_over_a_limit() {
        let lines = [("ratelimit", "r=0;t=7"), ("retry-after", "3")];
        assert_eq!(seconds(&lines), Some(3));
        assert_eq!(
            exhausted_for(&headers(&lines)),
            Some(Duration::from_secs(7))
        );
    }

    proptest! {
        #[test]
        fn no_header_makes_the_parser_panic(line in "[ -~]{0,60}") {
            for name in ["ratelimit", "retry-after", "ratelimit-remaining", "ratelimit-reset"] {
                let _ = seconds(&[(name, &line), ("date", &line)]);
            }
        }
    }
}
