//! Foreign text in HTML and XML.

use octane_model::clean;

use super::secrets;

/// Foreign text on one line, which shows as it is, between tags and in attributes with quotes around them.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in clean(&secrets::redact(text)).chars() {
        match character {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // No document of XML 1.0 has these.
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            _ => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_shows_as_it_is() {
        assert_eq!(
            escaped("<b title='x' id=\"y\"> &amp; \u{1b}[2J\n\u{ffff}"),
            "&lt;b title=&#39;x&#39; id=&quot;y&quot;&gt; &amp;amp; \\u{1b}[2J\\n\u{fffd}"
        );
    }
}
