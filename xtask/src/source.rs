//! Rust source as words and marks, without comments, texts and spaces: enough to see what a file names.

use std::path::{Path, PathBuf};
use std::{fs, io};

/// A word (a name or a keyword, also a number), or any other character.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token {
    Word(String),
    Mark(char),
}

/// The tokens of a source text.
pub(crate) fn tokens(source: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let skipped = comment(rest).or_else(|| literal(rest));
        let length = if let Some(length) = skipped {
            length
        } else if is_of_word(first) {
            let length = rest.find(|c| !is_of_word(c)).unwrap_or(rest.len());
            // `r#type` is the word `type`.
            if &rest[..length] != "r" || !rest[length..].starts_with('#') {
                tokens.push(Token::Word(rest[..length].to_owned()));
            }
            length
        } else {
            if !first.is_whitespace() {
                tokens.push(Token::Mark(first));
            }
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    tokens
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The length of the comment at the start of `rest`.
fn comment(rest: &str) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if !rest.starts_with("/*") {
        return None;
    }
    // Comments of this kind nest.
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        match &rest.as_bytes()[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    Some(at)
}

/// The length of the text or character literal at the start of `rest`, with its prefix; also of a lifetime's mark.
fn literal(rest: &str) -> Option<usize> {
    let is_raw = |literal: &str| literal.trim_start_matches('#').starts_with('"');
    let prefix = ["br", "cr", "r", "b", "c", ""].into_iter().find(|prefix| {
        let literal = rest.strip_prefix(prefix);
        literal.is_some_and(|literal| {
            if prefix.ends_with('r') {
                is_raw(literal)
            } else {
                literal.starts_with(['"', '\''])
            }
        })
    })?;
    let literal = &rest[prefix.len()..];
    let length = if prefix.ends_with('r') {
        let hashes = literal.find('"')?;
        let end = format!("\"{}", &literal[..hashes]);
        let body = hashes + 1;
        body + literal[body..]
            .find(&end)
            .map_or(literal.len() - body, |at| at + end.len())
    } else if literal.starts_with('"') {
        quoted(literal, '"')
    } else {
        // `'a'` and `'\n'` are characters, `'a` is a lifetime.
        let mut characters = literal.chars().skip(1);
        let (second, third) = (characters.next(), characters.next());
        if second == Some('\\') || third == Some('\'') {
            quoted(literal, '\'')
        } else {
            1
        }
    };
    Some(prefix.len() + length)
}

/// The length of a literal that ends with `quote`, which a backslash escapes.
fn quoted(literal: &str, quote: char) -> usize {
    let mut is_escaped = false;
    for (at, c) in literal.char_indices().skip(1) {
        if c == quote && !is_escaped {
            return at + c.len_utf8();
        }
        is_escaped = c == '\\' && !is_escaped;
    }
    literal.len()
}

/// All Rust files of a folder, or the file itself; none if it does not exist.
pub(crate) fn files(path: &Path) -> io::Result<Vec<PathBuf>> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            let path = entry?.path();
            if path.is_dir() || path.extension().is_some_and(|extension| extension == "rs") {
                found.extend(files(&path)?);
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(source: &str) -> Vec<String> {
        tokens(source)
            .into_iter()
            .filter_map(|token| match token {
                Token::Word(word) => Some(word),
                Token::Mark(_) => None,
            })
            .collect()
    }

    #[test]
    fn comments_are_skipped() {
        assert_eq!(
            words("a // b\nc /* d /* e */ f */ g /// h"),
            ["a", "c", "g"]
        );
    }

    #[test]
    fn texts_and_characters_are_skipped_and_lifetimes_are_not_texts() {
        assert_eq!(words(r#"a "b \" c" d '"' e '\'' f"#), ["a", "d", "e", "f"]);
        assert_eq!(
            words("a r#\"b \" c\"# d br\"e\" f b'g' h"),
            ["a", "d", "f", "h"]
        );
        assert_eq!(
            words("fn a<'b>(c: &'b str) { '}' }"),
            ["fn", "a", "b", "c", "b", "str"]
        );
    }

    #[test]
    fn a_raw_name_is_a_name() {
        assert_eq!(words("r#type r x"), ["type", "r", "x"]);
    }
}
