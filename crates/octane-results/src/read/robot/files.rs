//! Files that messages name.

use crate::metadata::Attachment;

/// The mark of an attachment, as `JUnit` reports have it too.
const MARK: &str = "[[ATTACHMENT|";

/// Attributes in HTML whose value is a file.
const ATTRIBUTES: [&str; 2] = ["src=", "href="];

/// How many files are compared with a further one: those that one message links to and shows.
const RECENT: usize = 16;

/// Adds the files that a message names, each of them once.
pub(super) fn add(text: &str, is_html: bool, files: &mut Vec<Attachment>) {
    let mut rest = text;
    while let Some((_, after)) = rest.split_once(MARK) {
        let Some((path, after)) = after.split_once("]]") else {
            break;
        };
        push(path, files);
        rest = after;
    }
    if is_html {
        for attribute in ATTRIBUTES {
            let mut rest = text;
            while let Some((_, after)) = rest.split_once(attribute) {
                rest = after;
                let quote = after
                    .chars()
                    .next()
                    .filter(|char| matches!(char, '"' | '\''));
                let value = quote.and_then(|quote| after[1..].split_once(quote));
                if let Some((value, after)) = value {
                    push(value, files);
                    rest = after;
                }
            }
        }
    }
}

fn push(address: &str, files: &mut Vec<Attachment>) {
    let address = address.trim();
    let attachment = if let Some(data) = address.strip_prefix("data:") {
        let end = data.find([';', ',']).unwrap_or(0);
        Attachment {
            media_type: Some(data[..end].to_owned()).filter(|kind| !kind.is_empty()),
            ..Attachment::default()
        }
    } else {
        let path = address.strip_prefix("file://").unwrap_or(address);
        let mut recent = files.iter().rev().take(RECENT);
        let is_known = recent.any(|file| file.path == path);
        let is_elsewhere = path.contains("://")
            || ["#", "mailto:", "javascript:"]
                .iter()
                .any(|start| path.starts_with(start));
        if path.is_empty() || is_elsewhere || is_known {
            return;
        }
        Attachment {
            path: path.to_owned(),
            ..Attachment::default()
        }
    };
    files.push(attachment);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_in_marks_and_in_html() {
        let found = |text: &str, is_html| {
            let mut files = Vec::new();
            add(text, is_html, &mut files);
            let shown = |file: &Attachment| {
                format!(
                    "{} {}",
                    file.path,
                    file.media_type.as_deref().unwrap_or("-")
                )
            };
            files.iter().map(shown).collect::<Vec<_>>()
        };
        assert_eq!(
            found(
                "a [[ATTACHMENT|x y.log]] b [[ATTACHMENT|z.txt]] [[ATTACHMENT|open",
                false
            ),
            ["x y.log -", "z.txt -"]
        );
        let html = r#"<a href="shot-1.png"><img src="shot-1.png" width="800px"></a>
            <img src='data:image/png;base64,iVBORw0KGgo='> <a href="https://example.com/x.png">x</a>
            <a href="file:///b/trace.zip">t</a> <a href="">e</a> <a href="open"#;
        assert_eq!(
            found(html, true),
            ["shot-1.png -", " image/png", "/b/trace.zip -"]
        );
        assert_eq!(found(html, false), [""; 0]);
    }
}
