//! Java properties files, such as `config.properties` of the vendor's collection tool.

/// A line `key=value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Property {
    pub(crate) key: String,
    pub(crate) value: String,
    /// Where it starts, from 1.
    pub(crate) line: usize,
}

/// Reads a file as Java does: a key ends at `=`, `:` or a space, a backslash escapes, and a line that ends with one continues.
/// Bytes that are not UTF-8 are Latin-1, as Java reads them.
pub(crate) fn parse(bytes: &[u8]) -> Vec<Property> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.trim_start_matches('\u{feff}').to_owned(),
        Err(_) => bytes.iter().copied().map(char::from).collect(),
    };
    let mut properties = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        let line = line.trim_start();
        if line.is_empty() || line.starts_with(['#', '!']) {
            continue;
        }
        let mut whole = line.to_owned();
        while ends_with_escape(&whole) {
            whole.pop();
            match lines.next() {
                Some((_, next)) => whole.push_str(next.trim_start()),
                None => break,
            }
        }
        let (key, value) = split(&whole);
        properties.push(Property {
            key: unescaped(key),
            value: unescaped(value),
            line: index + 1,
        });
    }
    properties
}

/// Whether the last backslash of a line escapes the line break.
fn ends_with_escape(line: &str) -> bool {
    line.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1
}

/// The key and the value, still with their escapes.
fn split(line: &str) -> (&str, &str) {
    let mut is_escaped = false;
    let end = line.find(|char: char| {
        let is_end = !is_escaped && (matches!(char, '=' | ':') || char.is_ascii_whitespace());
        is_escaped = char == '\\' && !is_escaped;
        is_end
    });
    let (key, rest) = line.split_at(end.unwrap_or(line.len()));
    let rest = rest.trim_start();
    let value = rest.strip_prefix(['=', ':']).unwrap_or(rest);
    (key, value.trim_start())
}

fn unescaped(text: &str) -> String {
    let mut plain = String::new();
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        if char != '\\' {
            plain.push(char);
            continue;
        }
        match chars.next() {
            Some('n') => plain.push('\n'),
            Some('t') => plain.push('\t'),
            Some('r') => plain.push('\r'),
            Some('f') => plain.push('\u{c}'),
            Some('u') => {
                let digits: String = chars.by_ref().take(4).collect();
                let code = u32::from_str_radix(&digits, 16).ok();
                plain.push(
                    code.and_then(char::from_u32)
                        .unwrap_or(char::REPLACEMENT_CHARACTER),
                );
            }
            Some(other) => plain.push(other),
            None => {}
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(text: &[u8]) -> Vec<String> {
        let all = parse(text).into_iter();
        all.map(|property| format!("{} {}={}", property.line, property.key, property.value))
            .collect()
    }

    #[test]
    fn keys_and_values_are_split_as_java_does() {
        let text = b"# comment\n! comment\n\n server = http://octane.example:8080 \nworkspace:1002\nuser me\nempty=\nalone\n";
        assert_eq!(
            pairs(text),
            [
                "4 server=http://octane.example:8080 ",
                "5 workspace=1002",
                "6 user=me",
                "7 empty=",
                "8 alone="
            ]
        );
    }

    #[test]
    fn escapes_and_continued_lines_are_understood() {
        let text = b"a\\ b\\==c\\:\\\\d\nlong=one \\\n   two\nu=\\u00e9\\t.\nend=x\\";
        assert_eq!(
            pairs(text),
            ["1 a b==c:\\d", "2 long=one two", "4 u=é\t.", "5 end=x"]
        );
    }

    #[test]
    fn bytes_are_utf_8_or_latin_1() {
        assert_eq!(pairs("\u{feff}user=Jörg".as_bytes()), ["1 user=Jörg"]);
        assert_eq!(pairs(b"user=J\xf6rg\r\n"), ["1 user=Jörg"]);
    }
}
