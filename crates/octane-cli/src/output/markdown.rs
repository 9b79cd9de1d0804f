//! Text in the Markdown of a job summary.

use octane_model::clean;

use super::secrets;

/// Foreign text on one line, which shows as it is: no markup, no HTML, no link.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in clean(&secrets::redact(text)).chars() {
        match character {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            // Any other punctuation may have a backslash before it (CommonMark 2.4).
            _ if character.is_ascii_punctuation() => escaped.extend(['\\', character]),
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
            escaped("<img src=x> | [a](https://b) `c` ~~d~~\n# e & $f$"),
            r"&lt;img src\=x&gt; \| \[a\]\(https\:\/\/b\) \`c\` \~\~d\~\~\\n\# e &amp; \$f\$"
        );
    }
}
