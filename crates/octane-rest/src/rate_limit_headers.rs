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
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const QUOTA: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// How long the server asks clients to wait: by `Retry-After`, or because a limit is exhausted. Never zero, which says nothing about
/// when to come back.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    retry_after_header(headers).or_else(|| exhausted_for(headers))
}

/// `Retry-After`: seconds, or a date that is compared with the response's own `Date`; in either case later than now.
pub(crate) fn retry_after_header(headers: &HeaderMap) -> Option<Duration> {
    let value = text(headers, &header::RETRY_AFTER)?;
    let seconds = match value.parse() {
        Ok(seconds) => seconds,
        Err(_) => {
            let seconds = date::parse(value)? - date::parse(text(headers, &header::DATE)?)?;
            u64::try_from(seconds).unwrap_or(0)
        }
    };
    (seconds > 0).then(|| Duration::from_secs(seconds))
}

/// How long an exhausted limit stays exhausted; the longest of several. `None` if no limit is exhausted.
pub(crate) fn exhausted_for(headers: &HeaderMap) -> Option<Duration> {
    let limits = limits(headers).into_iter();
    let exhausted = limits.filter(|limit| limit.remaining == Some(0));
    let resets = exhausted.filter_map(|limit| limit.reset);
    resets.filter(|reset| !reset.is_zero()).max()
}

/// A limit that a response states. Octane documents none; gateways in front of it may have some.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct RateLimit {
    /// How many requests are allowed.
    pub limit: Option<u64>,
    /// In which time.
    pub window: Option<Duration>,
    /// How many of them are left.
    pub remaining: Option<u64>,
    /// When all of them are allowed again.
    pub reset: Option<Duration>,
}

/// All limits that the headers state.
pub(crate) fn limits(headers: &HeaderMap) -> Vec<RateLimit> {
    let lines = |name: HeaderName| {
        let lines = headers.get_all(name).into_iter();
        lines.filter_map(|line| line.to_str().ok())
    };
    // In the second generation the three numbers of one limit are members, in the third they are
    // parameters of each member.
    let (parameters, members): (Vec<_>, Vec<_>) = lines(LIMIT).partition(|line| line.contains(';'));
    let policies: Vec<&str> = lines(POLICY).flat_map(|line| line.split(',')).collect();
    let by_member = parameters.iter().flat_map(|line| line.split(','));
    let by_member = by_member.map(|limit| {
        let name = |text: &str| text.split(';').next().unwrap_or_default().trim().to_owned();
        let policy = policies.iter().find(|policy| name(policy) == name(limit));
        RateLimit {
            limit: policy.and_then(|policy| number(policy, ';', "q")),
            window: policy.and_then(|policy| window(policy)),
            remaining: number(limit, ';', "r"),
            reset: number(limit, ';', "t").map(Duration::from_secs),
        }
    });
    let alone = match policies[..] {
        [policy] => window(policy),
        _ => None,
    };
    let by_line = members.iter().map(|line| RateLimit {
        limit: number(line, ',', "limit"),
        window: alone,
        remaining: number(line, ',', "remaining"),
        reset: number(line, ',', "reset").map(Duration::from_secs),
    });
    let header = |name| text(headers, &name)?.parse().ok();
    let quota = text(headers, &QUOTA);
    let by_header = RateLimit {
        limit: quota.and_then(|quota| quota.split([',', ';']).next()?.trim().parse().ok()),
        window: quota.and_then(window).or(alone),
        remaining: header(REMAINING),
        reset: header(RESET).map(Duration::from_secs),
    };
    let by_header =
        (by_header.limit.is_some() || by_header.remaining.is_some()).then_some(by_header);
    by_member.chain(by_line).chain(by_header).collect()
}

/// The time of a limit, as a parameter `w`.
fn window(policy: &str) -> Option<Duration> {
    let policies = policy.split(',');
    let mut windows = policies.filter_map(|policy| number(policy, ';', "w"));
    windows.next().map(Duration::from_secs)
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
        for nothing in [&past[..], &[at], &[("retry-after", "0")]] {
            assert_eq!(seconds(nothing), None);
        }
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
        assert_eq!(one(r#""default";r=0;t=0"#), None);
        assert_eq!(
            limits(&headers(&[(
                "ratelimit",
                "limit=100, remaining=0, reset=7"
            )]))
            .len(),
            1
        );
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

    #[test]
    fn limits_are_told_with_their_times() {
        let seconds = |number| Some(Duration::from_secs(number));
        let limit = |limit, window, remaining, reset| RateLimit {
            limit,
            window,
            remaining,
            reset,
        };
        let read = |lines: &[(&'static str, &str)]| limits(&headers(lines));
        assert_eq!(read(&[("retry-after", "7")]), []);
        assert_eq!(
            read(&[
                ("ratelimit-limit", "100, 100;w=60"),
                ("ratelimit-remaining", "93"),
                ("ratelimit-reset", "50"),
            ]),
            [limit(Some(100), seconds(60), Some(93), seconds(50))]
        );
        assert_eq!(
            read(&[
                ("ratelimit", "limit=5, remaining=4, reset=1"),
                ("ratelimit-policy", "5;w=1"),
            ]),
            [limit(Some(5), seconds(1), Some(4), seconds(1))]
        );
        assert_eq!(
            read(&[
                ("ratelimit", r#""burst";r=9;t=1, "day";r=8000;t=70"#),
                (
                    "ratelimit-policy",
                    r#""burst";q=10;w=1, "day";q=9000;w=86400"#
                ),
            ]),
            [
                limit(Some(10), seconds(1), Some(9), seconds(1)),
                limit(Some(9000), seconds(86_400), Some(8000), seconds(70)),
            ]
        );
        assert_eq!(
            read(&[("ratelimit-limit", "100")]),
            [limit(Some(100), None, None, None)]
        );
    }
}
