//! The frame of all pages, and text that is safe in it.

use std::fmt::{self, Display, Formatter};

use axum::response::{Html, IntoResponse, Response};
use http::header;

/// Foreign text, shown as text whatever it holds.
pub(super) struct Text<'a>(pub(super) &'a str);

impl Display for Text<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            match character {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                other => write!(f, "{other}")?,
            }
        }
        Ok(())
    }
}

/// Readable in light and dark, and without anything from the network.
const STYLE: &str = "
:root{color-scheme:light dark;--line:#8884;--pass:#1a7f37;--fail:#c5221f;--other:#7a5b00}
@media(prefers-color-scheme:dark){:root{--pass:#56d364;--fail:#ff8a80;--other:#e3b341}}
body{font:16px/1.5 system-ui,sans-serif;max-width:72rem;margin:0 auto;padding:1rem}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.35rem .6rem;border-bottom:1px solid var(--line);overflow-wrap:anywhere}
td.n,th.n{text-align:right;white-space:nowrap}
small{opacity:.75}
.passed{color:var(--pass)}.failed{color:var(--fail)}.other{color:var(--other)}
nav{margin:.5rem 0}";

/// A whole page; `body` is HTML.
pub(super) fn page(title: &str, body: &str) -> Response {
    let title = Text(title);
    let html = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <title>{title} · Octane sandbox</title><style>{STYLE}</style></head>\n\
         <body><header><a href=\"/\">Octane sandbox</a></header><main><h1>{title}</h1>\n{body}\n\
         </main></body></html>\n"
    );
    let policy = "default-src 'none'; style-src 'unsafe-inline'";
    ([(header::CONTENT_SECURITY_POLICY, policy)], Html(html)).into_response()
}

/// The word of a status in its colour.
pub(super) fn status(word: &str) -> String {
    let class = match word {
        "passed" => "passed",
        "failed" => "failed",
        _ => "other",
    };
    format!("<span class=\"{class}\">{}</span>", Text(word))
}

/// A time as people read it; empty for none.
pub(super) fn time(millisecond: Option<i64>) -> String {
    millisecond
        .and_then(|millisecond| jiff::Timestamp::from_millisecond(millisecond).ok())
        .map(|time| time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_become_markup() {
        let text = Text("<script>alert('&\"')</script>").to_string();
        assert_eq!(
            text,
            "&lt;script&gt;alert(&#39;&amp;&quot;&#39;)&lt;/script&gt;"
        );
    }
}
