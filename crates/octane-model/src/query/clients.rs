//! Text in queries as written by the four families of known clients: it is parsed as it was meant.
//!
//! Each function reproduces, in our own code, how one of these clients turns the text that a program
//! searches for into the clause that it sends.

use proptest::prelude::*;

use super::tree::{Literal, Pattern, Query};

/// The vendor's CI SDK: escapes backslashes, quotes and parentheses with a backslash.
fn by_ci_sdk(text: &str) -> String {
    let mut clause = "\"name='".to_owned();
    for character in text.chars() {
        if matches!(character, '\\' | '"' | '\'' | '(' | ')') {
            clause.push('\\');
        }
        clause.push(character);
    }
    clause + "'\""
}

/// The old client of CI servers: escapes quotes with a backslash, and nothing else.
fn by_old_client(text: &str) -> String {
    let text = text.replace('"', "\\\"").replace('\'', "\\'");
    format!("\"name EQ '{text}'\"")
}

/// The C# SDK: replaces an apostrophe by a wildcard and escapes a quote with a backslash.
fn by_c_sharp_sdk(text: &str) -> String {
    let text = text.replace('\'', "*").replace('"', "\\\"");
    format!("\"name='{text}'\"")
}

/// A user who follows the help: `^` around the literal text.
fn by_hand(text: &str) -> String {
    format!("\"name EQ ^{text}^\"")
}

fn value(clause: &str) -> Literal {
    let parsed = clause.parse::<Query>();
    let query = parsed.unwrap_or_else(|error| panic!("{}", error.to_diagram()));
    match query {
        Query::Comparison(super::tree::Comparison {
            operand: super::tree::Operand::Literal(literal),
            ..
        }) => literal,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_ci_sdk_escapes_quotes_parentheses_and_backslashes() {
    let text = r#"C:\temp\ says "it's (a) test""#;
    assert_eq!(
        by_ci_sdk(text),
        r#""name='C:\\temp\\ says \"it\'s \(a\) test\"'""#
    );
    assert_eq!(value(&by_ci_sdk(text)), Literal::from(text));
}

#[test]
fn the_old_client_escapes_quotes_only() {
    let text = r#"says "it's (a) test""#;
    assert_eq!(
        by_old_client(text),
        r#""name EQ 'says \"it\'s (a) test\"'""#
    );
    assert_eq!(value(&by_old_client(text)), Literal::from(text));
    // It does not escape a backslash, which therefore escapes the next character, as on a real server.
    assert_eq!(value(&by_old_client(r"C:\temp")), Literal::from("C:temp"));
    assert!(by_old_client("C:\\").parse::<Query>().is_err());
}

#[test]
fn the_c_sharp_sdk_turns_an_apostrophe_into_a_wildcard() {
    let text = r#"says "it's (a) test""#;
    assert_eq!(by_c_sharp_sdk(text), r#""name='says \"it*s (a) test\"'""#);
    assert_eq!(
        value(&by_c_sharp_sdk(text)),
        Literal::Pattern(Pattern::new(r#"says "it*s (a) test""#))
    );
}

#[test]
fn quotes_and_parentheses_between_circumflexes_are_literal() {
    let text = r#"says "it's (a) test"; || {x} [y]"#;
    assert_eq!(value(&by_hand(text)), Literal::from(text));
    assert_eq!(
        value(&by_hand("*smoke*")),
        Literal::Pattern(Pattern::new("*smoke*"))
    );
}

proptest! {
    #[test]
    fn text_from_the_ci_sdk_is_parsed_as_meant(text in "[^*]{0,30}") {
        prop_assert_eq!(value(&by_ci_sdk(&text)), Literal::Text(text));
    }

    #[test]
    fn text_without_a_backslash_from_the_old_client_is_parsed_as_meant(text in "[^*\\\\]{0,30}") {
        prop_assert_eq!(value(&by_old_client(&text)), Literal::Text(text));
    }

    #[test]
    fn text_from_the_c_sharp_sdk_is_parsed_as_meant(text in "[^*\\\\]{0,30}") {
        let wanted = if text.contains('\'') {
            Literal::Pattern(Pattern::new(&text.replace('\'', "*")))
        } else {
            Literal::Text(text.clone())
        };
        prop_assert_eq!(value(&by_c_sharp_sdk(&text)), wanted);
    }
}
