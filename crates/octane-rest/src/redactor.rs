//! Replaces secrets in text, wherever a server or a library repeats them.

use std::borrow::Cow;
use std::collections::{BTreeSet, VecDeque};
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, PoisonError, RwLock, RwLockWriteGuard};

use aho_corasick::{AhoCorasick, AhoCorasickKind, Input, MatchKind};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, header};
use octane_model::{names_secret, split_scheme};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::cookies::{self, CookieJar};
use crate::secret::Secret;
use crate::unescaped::ranges_in_readings;

/// Knows secrets, and replaces them in text by `***`; clones know the same.
///
/// It finds a secret as it is, in Basic authentication, and as it appears in JSON, HTML, URLs and forms, whichever of its
/// characters are escaped there. A secret of fewer
/// than eight characters is replaced only where it stands alone, and one of fewer than three is not, since replacing it
/// would make text unreadable.
///
/// ```
/// use octane_rest::Redactor;
///
/// let redactor = Redactor::default();
/// redactor.learn("hunter2");
/// assert_eq!(redactor.redact("cannot read client_secret=hunter2"), "cannot read client_secret=***");
/// ```
#[derive(Clone, Default)]
pub struct Redactor(Arc<RwLock<Known>>);

/// The shortest secret that is replaced.
const LENGTH_MIN: usize = 3;
/// From this length on, a secret is replaced inside of words too.
const INSIDE_WORDS_MIN: usize = 8;
/// How many values of session cookies are remembered; a server may renew them with every response.
const SESSION_VALUES_MAX: usize = 64;
/// What a secret becomes.
const REPLACEMENT: &str = "***";

#[derive(Default)]
struct Known {
    /// All forms of what the caller and its configuration contain.
    fixed: BTreeSet<String>,
    /// The values of session cookies, oldest first.
    session: VecDeque<String>,
    search: Option<Search>,
}

struct Search {
    automaton: AhoCorasick,
    /// By number of the pattern: whether it is replaced only where it stands alone.
    is_word: Vec<bool>,
}

impl Redactor {
    /// Replaces this secret from now on.
    pub fn learn(&self, secret: &str) {
        let secret = secret.trim();
        if secret.chars().count() >= LENGTH_MIN {
            let mut known = self.known();
            known.fixed.extend(forms(secret));
            known.prepare();
        }
    }

    /// Replaces the password of a URL from now on, in whatever form the URL is, and the values of parameters that look
    /// like secrets. Text without either is not a secret.
    pub fn learn_url(&self, url: &str) {
        for (user, password) in users_and_passwords(url) {
            let decoded = percent_decode_str(password).decode_utf8_lossy();
            let basic = STANDARD.encode(format!(
                "{}:{decoded}",
                percent_decode_str(user).decode_utf8_lossy()
            ));
            for secret in [password, &decoded, &basic] {
                self.learn(secret);
            }
            // However short it is, here it cannot be mistaken.
            let mut known = self.known();
            known.fixed.insert(format!("{user}:{password}@"));
            known.prepare();
        }
        self.learn_query(url);
    }

    /// Replaces the values of parameters that look like secrets from now on, in a URL or a path with a query.
    pub fn learn_query(&self, path: &str) {
        for parameter in path.split(['?', '&', '#']).skip(1) {
            let (name, value) = parameter.split_once('=').unwrap_or_default();
            if names_secret(name) {
                self.learn(value);
                self.learn(&percent_decode_str(value).decode_utf8_lossy());
            }
        }
    }

    /// Replaces what the cookies of a request or a response hold that grants access, until many others have followed.
    pub fn learn_cookies(&self, headers: &HeaderMap) {
        let sent = headers.get_all(header::COOKIE).iter();
        let sent = sent.filter_map(|value| value.to_str().ok());
        for cookies in sent.map(|value| CookieJar::from_header(&value.into())) {
            cookies
                .secrets()
                .for_each(|value| self.learn_session(&value));
        }
        for value in cookies::secrets(headers) {
            self.learn_session(&value);
        }
    }

    /// Replaces the value of a session cookie from now on, until many others have followed.
    pub(crate) fn learn_session(&self, value: &str) {
        let mut known = self.known();
        if value.chars().count() >= LENGTH_MIN && !known.session.iter().any(|other| other == value)
        {
            known.session.push_back(value.to_owned());
            if known.session.len() > SESSION_VALUES_MAX {
                known.session.pop_front();
            }
            known.prepare();
        }
    }

    /// The secrets that it hides, in all of their forms, so that a CI system can hide them in what others print. Session
    /// cookies are not among them.
    pub fn secrets(&self) -> Vec<Secret> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known
            .fixed
            .iter()
            .map(|secret| Secret::from(&**secret))
            .collect()
    }

    /// Forgets all secrets.
    pub fn forget(&self) {
        *self.known() = Known::default();
    }

    /// The text without secrets.
    pub fn redact<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        match &known.search {
            Some(search) => search.replace(text),
            None => Cow::Borrowed(text),
        }
    }

    /// A body without secrets.
    pub(crate) fn redact_body(&self, body: &Bytes) -> Bytes {
        let text = String::from_utf8_lossy(body);
        match self.redact(&text) {
            Cow::Borrowed(_) => body.clone(),
            Cow::Owned(redacted) => redacted.into(),
        }
    }

    fn known(&self) -> RwLockWriteGuard<'_, Known> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redactor")
    }
}

impl Known {
    fn prepare(&mut self) {
        let patterns: Vec<&str> = self
            .fixed
            .iter()
            .chain(&self.session)
            .map(String::as_str)
            .collect();
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            // It is built again for each session, and searches short texts.
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(&patterns);
        // Building fails only for far more patterns than are remembered.
        self.search = automaton.ok().map(|automaton| Search {
            automaton,
            is_word: patterns
                .iter()
                .map(|pattern| {
                    pattern.chars().count() < INSIDE_WORDS_MIN && !pattern.ends_with('@')
                })
                .collect(),
        });
    }
}

impl Search {
    fn replace<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut found = self.find(text);
        found.extend(ranges_in_readings(text, |reading| self.find(reading)));
        found.sort_by_key(|range| (range.start, range.end));
        let mut replaced: Option<String> = None;
        let mut copied = 0;
        for range in found {
            // A secret may begin inside of another, and be found in several readings.
            if range.end <= copied {
                continue;
            }
            let replaced = replaced.get_or_insert_with(String::new);
            if range.start >= copied {
                replaced.push_str(&text[copied..range.start]);
                replaced.push_str(REPLACEMENT);
                if text[range.clone()].ends_with('@') {
                    replaced.push('@');
                }
            }
            copied = range.end;
        }
        match replaced {
            None => Cow::Borrowed(text),
            Some(mut replaced) => {
                replaced.push_str(&text[copied..]);
                Cow::Owned(replaced)
            }
        }
    }

    /// Where secrets are in a text as it is.
    fn find(&self, text: &str) -> Vec<Range<usize>> {
        let mut ranges = Vec::new();
        let mut from = 0;
        while let Some(found) = self.automaton.find(Input::new(text).range(from..)) {
            if self.is_word[found.pattern()] && !stands_alone(text, found.start(), found.end()) {
                // The next match may start inside of this one.
                from = (found.start() + 1..text.len())
                    .find(|&at| text.is_char_boundary(at))
                    .unwrap_or(text.len());
                continue;
            }
            from = found.end();
            ranges.push(found.range());
        }
        ranges
    }
}

fn stands_alone(text: &str, start: usize, end: usize) -> bool {
    let before = text[..start].chars().next_back();
    let after = text[end..].chars().next();
    !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
}

/// A secret as it may appear in a response.
fn forms(secret: &str) -> impl Iterator<Item = String> {
    let json = serde_json::Value::from(secret).to_string();
    let json = json[1..json.len() - 1].to_owned();
    let html = |quote: &str, apostrophe: &str| {
        secret
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('"', quote)
            .replace('\'', apostrophe)
    };
    let form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let percent = utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
    [
        secret.to_owned(),
        json.replace('/', "\\/"),
        json,
        html("\"", "'"),
        html("&quot;", "&#39;"),
        html("&quot;", "&#x27;"),
        html("&#34;", "&#39;"),
        form,
        percent.to_lowercase(),
        percent,
        STANDARD.encode(secret),
    ]
    .into_iter()
    .filter(|form| form.chars().count() >= LENGTH_MIN)
}

/// The user and the password before the host of a URL, which may lack a scheme. If the password lacks the escapes that it
/// needs, there are two ways to read it.
fn users_and_passwords(url: &str) -> impl Iterator<Item = (&str, &str)> {
    let (_, rest) = split_scheme(url.trim());
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    [authority, rest].into_iter().filter_map(|text| {
        let (user, _) = text.rsplit_once('@')?;
        user.split_once(':')
            .filter(|(_, password)| !password.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn knowing(secret: &str) -> Redactor {
        let redactor = Redactor::default();
        redactor.learn(secret);
        redactor
    }

    #[test]
    fn a_secret_is_replaced_in_every_form_that_a_server_may_repeat() {
        let secret = "a\"b <c>&/d'é";
        let redactor = knowing(secret);
        for text in [
            secret.to_owned(),
            serde_json::json!({ "client_secret": secret }).to_string(),
            r#"{"client_secret":"a\"b <c>&\/d'é"}"#.to_owned(),
            "a&quot;b &lt;c&gt;&amp;/d&#39;é".to_owned(),
            "a%22b%20%3Cc%3E%26%2Fd%27%C3%A9".to_owned(),
            "a%22b+%3Cc%3E%26%2Fd%27%C3%A9".to_owned(),
            STANDARD.encode(secret),
        ] {
            let redacted = redactor.redact(&text);
            assert!(
                redacted.contains("***") && !redacted.contains("a%22b"),
                "{text} → {redacted}"
            );
            assert!(
                !redacted.contains("d'é") && !redacted.contains("&lt;c"),
                "{text} → {redacted}"
            );
        }
    }

    #[test]
    fn a_secret_is_replaced_whichever_of_its_characters_are_escaped() {
        let redactor = knowing("Ab/9+x=Zö!");
        for (text, expected) in [
            (r#"{"a":"Ab/9+x=Z\u00f6!"}"#, r#"{"a":"***"}"#),
            (r#"{"a":"b Ab/9+x\u003dZö! c"}"#, r#"{"a":"b *** c"}"#),
            (r#"{"a":"Ab\/9+x\u003dZ\u00F6!"}"#, r#"{"a":"***"}"#),
            ("/a?q=^Ab/9+x=Z%C3%B6%21^&b=1", "/a?q=^***^&b=1"),
            ("/a?q=Ab%2F9%2Bx%3DZ%C3%B6!", "/a?q=***"),
            ("/a?q=Ab%2f9%2bx%3dZ%c3%b6%21", "/a?q=***"),
            (
                r#"{"a":"/a?q=Ab%2F9%2Bx\u003dZ%C3%B6!"}"#,
                r#"{"a":"/a?q=***"}"#,
            ),
            ("Ab/9+x=Zö!Ab/9+x=Z&#246;!", "******"),
            ("Ab/9+x=Z%C3%B7!", "Ab/9+x=Z%C3%B7!"),
        ] {
            assert_eq!(redactor.redact(text), expected);
        }
    }

    #[test]
    fn a_short_secret_is_replaced_only_where_it_stands_alone() {
        let redactor = knowing("hush");
        assert_eq!(
            redactor.redact("hush, hushed: \"hush\""),
            "***, hushed: \"***\""
        );
        assert_eq!(knowing("pw").redact("pw"), "pw");
        assert_eq!(knowing("long-enough").redact("xlong-enoughx"), "x***x");
    }

    #[test]
    fn a_url_password_is_known_in_any_form_of_url() {
        for url in [
            "https://jane:hunter2@octane.example/ui/?p=1/2",
            "jane:hunter2@octane.example",
            " http://jane:hunter2@proxy.example:8080 ",
            "jane:hunter2@octane.example/ui/?p=1/2&r=http://x",
        ] {
            let redactor = Redactor::default();
            redactor.learn_url(url);
            assert!(!redactor.redact(url).contains("hunter2"), "{url}");
            assert_eq!(redactor.redact("Basic amFuZTpodW50ZXIy"), "Basic ***");
        }
        let redactor = Redactor::default();
        redactor.learn_url("jane:PW@octane.example");
        assert_eq!(
            redactor.redact("bad host jane:PW@octane.example"),
            "bad host ***@octane.example"
        );
        redactor.learn_url(r"http://dom\jane:p@ss#w%rd:1@127.0.0.1:8080");
        assert!(
            !redactor
                .redact(r"`http://dom\jane:p@ss#w%rd:1@127.0.0.1:8080`")
                .contains("ss#w")
        );
        redactor.learn_url("http://jane:p%40ss@proxy");
        assert_eq!(
            redactor.redact("user jane, password p@ss"),
            "user jane, password ***"
        );
    }

    #[test]
    fn a_url_without_a_password_is_no_secret() {
        let redactor = Redactor::default();
        redactor.learn_url("https://octane.example/ui/?p=1001/1002&mail=jane@octane.example");
        let text = "https://octane.example/ui/?p=1001/1002";
        assert_eq!(redactor.redact(text), text);
        redactor.learn_url("https://octane.example/?p=1/2&access_token=t0k3n");
        assert_eq!(redactor.redact("t0k3n"), "***");
    }

    #[test]
    fn old_session_values_are_forgotten() {
        let redactor = Redactor::default();
        for number in 0..=SESSION_VALUES_MAX {
            redactor.learn_session(&format!("session-{number:03}"));
        }
        assert_eq!(
            redactor.redact("session-000 session-064"),
            "session-000 ***"
        );
        redactor.forget();
        assert_eq!(redactor.redact("session-064"), "session-064");
    }

    #[test]
    fn cookies_that_grant_access_are_hidden_wherever_they_are_repeated() {
        let redactor = Redactor::default();
        let mut headers = HeaderMap::new();
        let sent = "LWSSO_COOKIE_KEY=sent-session; OCTANE_USER=jane";
        headers.insert(header::COOKIE, sent.parse().unwrap());
        let renewed = "LWSSO_COOKIE_KEY=set-session; Path=/";
        headers.insert(header::SET_COOKIE, renewed.parse().unwrap());
        redactor.learn_cookies(&headers);
        assert_eq!(
            redactor.redact("sent-session set-session jane"),
            "*** *** jane"
        );
    }

    proptest! {
        #[test]
        fn no_long_secret_is_left_in_any_text(secret in "[a-z\"&/é]{8,20}", before in ".{0,20}", after in ".{0,20}") {
            let text = format!("{before}{secret}{after}");
            prop_assert!(!knowing(&secret).redact(&text).contains(&secret));
        }
    }
}
