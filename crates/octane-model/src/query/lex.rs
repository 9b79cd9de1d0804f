//! Splits a query into tokens.

use std::ops::Range;

use super::error::SyntaxError;
use super::tree::Pattern;

/// One token of a query.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A bare word: a field, an operator in letters, `true`, `false` or `null`.
    Bare(String),
    Integer(i64),
    Decimal(String),
    Text(String),
    Pattern(Pattern),
    Placeholder(String),
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

const SIGNS: [(&str, Token); 15] = [
    ("...", Token::Dots),
    ("||", Token::Or),
    ("<=", Token::Sign("<=")),
    (">=", Token::Sign(">=")),
    ("<", Token::Sign("<")),
    (">", Token::Sign(">")),
    ("=", Token::Sign("=")),
    (";", Token::And),
    ("!", Token::Not),
    ("(", Token::Open),
    (")", Token::Close),
    ("{", Token::OpenBrace),
    ("}", Token::CloseBrace),
    (",", Token::Comma),
    ("|", Token::Or),
];

/// Splits `text[inside]` into tokens with their spans; the last one is always [`Token::End`].
pub(super) fn tokenize(
    text: &str,
    inside: Range<usize>,
) -> (Vec<(Token, Range<usize>)>, Vec<SyntaxError>) {
    let mut tokens = Vec::new();
    let mut errors = Vec::new();
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
                    "unterminated text".to_owned(),
                    Some(format!("add `{first}` at the end")),
                )
            })
        } else if first == '[' {
            placeholder(rest, &mut at).ok_or_else(|| {
                at = text.len();
                (
                    "unclosed `[`".to_owned(),
                    Some("for example: `[current_user]`".to_owned()),
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
            Ok(Token::Bare(rest[..length].to_owned()))
        } else if let Some((sign, word)) = SIGNS.iter().find(|(sign, _)| rest.starts_with(sign)) {
            at += sign.len();
            if *sign == "|" {
                errors.push(syntax_error(
                    start..at,
                    "unknown operator `|`",
                    Some("use `||` for OR"),
                ));
            }
            Ok(word.clone())
        } else {
            at += first.len_utf8();
            Err((format!("unexpected `{first}`"), None))
        };
        match word {
            Ok(word) => tokens.push((word, start..at)),
            Err((message, suggestion)) => errors.push(SyntaxError {
                span: start..at,
                message,
                suggestion,
            }),
        }
    }
    tokens.push((Token::End, text.len()..text.len()));
    (tokens, errors)
}

pub(super) fn syntax_error(
    span: Range<usize>,
    message: impl Into<String>,
    suggestion: Option<&str>,
) -> SyntaxError {
    SyntaxError {
        span,
        message: message.into(),
        suggestion: suggestion.map(str::to_owned),
    }
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_'
}

/// Text up to the next unescaped `quote`. `\x` means `x` for any `x`, so the escapes of all known clients
/// are accepted; an unescaped `*` is a wildcard.
fn quoted(rest: &str, quote: char, at: &mut usize) -> Option<Token> {
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
                    1 => Token::Text(pieces.swap_remove(0)),
                    _ => Token::Pattern(Pattern(pieces)),
                });
            }
            _ => piece.push(character),
        }
    }
    None
}

fn placeholder(rest: &str, at: &mut usize) -> Option<Token> {
    let end = rest.find(']')?;
    *at += end + 1;
    Some(Token::Placeholder(rest[1..end].trim().to_owned()))
}

/// A number. A dot belongs to it only before a digit, so `10...20` is a range.
fn number(rest: &str, at: &mut usize) -> Result<Token, (String, Option<String>)> {
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
        return Ok(Token::Decimal(text.to_owned()));
    }
    let too_large = |_| (format!("`{text}` does not fit into 64 bits"), None);
    text.parse().map(Token::Integer).map_err(too_large)
}
