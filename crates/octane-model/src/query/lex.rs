//! The words of a query.

use std::ops::Range;

use super::{Mistake, Pattern};

/// One word of a query.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Word {
    /// A bare word: a field, an operator in letters, `true`, `false` or `null`.
    Bare(String),
    Integer(i64),
    Decimal(String),
    Text(String),
    Pattern(Pattern),
    Token(String),
    /// `=`, `<`, `>`, `<=` or `>=`.
    Sign(&'static str),
    And,
    Or,
    Not,
    Open,
    Close,
    OpenBrace,
    CloseBrace,
    Comma,
    Dots,
    End,
}

const SIGNS: [(&str, Word); 15] = [
    ("...", Word::Dots),
    ("||", Word::Or),
    ("<=", Word::Sign("<=")),
    (">=", Word::Sign(">=")),
    ("<", Word::Sign("<")),
    (">", Word::Sign(">")),
    ("=", Word::Sign("=")),
    (";", Word::And),
    ("!", Word::Not),
    ("(", Word::Open),
    (")", Word::Close),
    ("{", Word::OpenBrace),
    ("}", Word::CloseBrace),
    (",", Word::Comma),
    ("|", Word::Or),
];

/// Cuts `text[inside]` into words with their places; the last word is always [`Word::End`].
pub(super) fn words(text: &str, inside: Range<usize>) -> (Vec<(Word, Range<usize>)>, Vec<Mistake>) {
    let mut words = Vec::new();
    let mut mistakes = Vec::new();
    let mut at = inside.start;
    let text = &text[..inside.end];
    while let Some(first) = text[at..].chars().next() {
        let start = at;
        let rest = &text[at..];
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let word = if first == '^' || first == '\'' {
            quoted(rest, first, &mut at).ok_or_else(|| {
                at = text.len();
                (
                    "text is not closed".to_owned(),
                    Some(format!("add a `{first}` at its end")),
                )
            })
        } else if first == '[' {
            token(rest, &mut at).ok_or_else(|| {
                at = text.len();
                (
                    "`[` is not closed".to_owned(),
                    Some("write a word such as `[current_user]`".to_owned()),
                )
            })
        } else if first.is_ascii_digit()
            || (first == '-' && rest[1..].starts_with(|c: char| c.is_ascii_digit()))
        {
            number(rest, &mut at)
        } else if is_name(first) {
            let length = rest
                .find(|c| !is_name(c) && !c.is_ascii_digit())
                .unwrap_or(rest.len());
            at += length;
            Ok(Word::Bare(rest[..length].to_owned()))
        } else if let Some((sign, word)) = SIGNS.iter().find(|(sign, _)| rest.starts_with(sign)) {
            at += sign.len();
            if *sign == "|" {
                mistakes.push(mistake(
                    start..at,
                    "`|` is no operator",
                    Some("write `||` for OR"),
                ));
            }
            Ok(word.clone())
        } else {
            at += first.len_utf8();
            Err((format!("`{first}` has no meaning here"), None))
        };
        match word {
            Ok(word) => words.push((word, start..at)),
            Err((message, suggestion)) => mistakes.push(Mistake {
                span: start..at,
                message,
                suggestion,
            }),
        }
    }
    words.push((Word::End, text.len()..text.len()));
    (words, mistakes)
}

pub(super) fn mistake(
    span: Range<usize>,
    message: impl Into<String>,
    suggestion: Option<&str>,
) -> Mistake {
    Mistake {
        span,
        message: message.into(),
        suggestion: suggestion.map(str::to_owned),
    }
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_'
}

/// Text up to the next unescaped `quote`. `\x` is `x` for any `x`, so the escapes of all known clients
/// are understood; an unescaped `*` is a wildcard.
fn quoted(rest: &str, quote: char, at: &mut usize) -> Option<Word> {
    let mut pieces = vec![String::new()];
    let mut characters = rest.char_indices().skip(1);
    while let Some((offset, character)) = characters.next() {
        let piece = pieces.last_mut()?;
        match character {
            '\\' => piece.push(characters.next()?.1),
            '*' => pieces.push(String::new()),
            _ if character == quote => {
                *at += offset + quote.len_utf8();
                return Some(match pieces.len() {
                    1 => Word::Text(pieces.swap_remove(0)),
                    _ => Word::Pattern(Pattern(pieces)),
                });
            }
            _ => piece.push(character),
        }
    }
    None
}

fn token(rest: &str, at: &mut usize) -> Option<Word> {
    let end = rest.find(']')?;
    *at += end + 1;
    Some(Word::Token(rest[1..end].trim().to_owned()))
}

/// A number. A dot counts only before a digit, so `10...20` is a range.
fn number(rest: &str, at: &mut usize) -> Result<Word, (String, Option<String>)> {
    let digits = |from: usize| {
        rest[from..]
            .find(|c: char| !c.is_ascii_digit())
            .map_or(rest.len(), |n| from + n)
    };
    let whole = digits(1);
    let fraction = match rest[whole..].strip_prefix('.') {
        Some(after) if after.starts_with(|c: char| c.is_ascii_digit()) => digits(whole + 1),
        _ => whole,
    };
    *at += fraction;
    let text = &rest[..fraction];
    if fraction > whole {
        return Ok(Word::Decimal(text.to_owned()));
    }
    let too_large = |_| (format!("`{text}` does not fit a 64-bit number"), None);
    text.parse().map(Word::Integer).map_err(too_large)
}
