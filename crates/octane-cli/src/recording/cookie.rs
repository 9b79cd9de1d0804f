//! Cookies on their way through the recorder.

use super::exchange::MASK;

/// A cookie with its value masked.
pub(super) fn masked(pair: &str) -> String {
    match pair.split_once('=') {
        Some((name, value)) if !value.trim().is_empty() => format!("{name}={MASK}"),
        Some(_) => pair.to_owned(),
        None if pair.is_empty() => String::new(),
        None => MASK.to_owned(),
    }
}

/// A `Set-Cookie` for a client that reaches the recorder without TLS and under another name: without `Domain` and `Secure`,
/// and without `SameSite=None`, which needs `Secure`.
pub(super) fn for_loopback(set_cookie: &str) -> String {
    let kept = set_cookie.split(';').enumerate().filter(|(index, part)| {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let (name, value) = (name.trim().to_ascii_lowercase(), value.trim());
        let is_dropped = match name.as_str() {
            "domain" | "secure" => true,
            "samesite" => value.eq_ignore_ascii_case("none"),
            _ => false,
        };
        *index == 0 || !is_dropped
    });
    kept.map(|(_, part)| part).collect::<Vec<_>>().join(";")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_kept_by_a_client_on_the_loopback() {
        for (sent, kept) in [
            (
                "LWSSO_COOKIE_KEY=a=b; Path=/; Domain=.octane.example; Secure; HttpOnly; SameSite=None",
                "LWSSO_COOKIE_KEY=a=b; Path=/; HttpOnly",
            ),
            ("a=1; SameSite=Lax; secure", "a=1; SameSite=Lax"),
            ("domain=1; Max-Age=0", "domain=1; Max-Age=0"),
        ] {
            assert_eq!(for_loopback(sent), kept);
        }
    }
}
