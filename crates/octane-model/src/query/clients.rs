//! Text as the four families of known clients write it into a query: it arrives as it was meant.
//!
//! The spellings are our own words for what those clients do; each function gets the text that a program
//! asks for and gives the clause that goes over the wire.

use proptest::prelude::*;

use super::{Literal, Pattern, Query};

/// The vendor's CI SDK: backslashes doubled; quotes and parentheses each behind a backslash.
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

/// The old client of CI servers: quotes behind a backslash, and nothing else.
fn by_old_client(text: &str) -> String {
    let text = text.replace('"', "\\\"").replace('\'', "\\'");
    format!("\"name EQ '{text}'\"")
}

/// The C# SDK: an apostrophe becomes a wildcard, a quote stands behind a backslash.
fn by_c_sharp_sdk(text: &str) -> String {
    let text = text.replace('\'', "*").replace('"', "\\\"");
    format!("\"name='{text}'\"")
}

/// Somebody who reads the help: `^` around the text as it is.
fn by_hand(text: &str) -> String {
    format!("\"name EQ ^{text}^\"")
}

fn value(clause: &str) -> Literal {
    let parsed = clause.parse::<Query>();
    let query = parsed.unwrap_or_else(|error| panic!("{}", error.to_diagram()));
    match query {
        Query::Comparison(super::Comparison {
            operand: super::Operand::Literal(literal),
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
    // It leaves a backslash alone, which therefore escapes what follows, as it does on a server.
    assert_eq!(value(&by_old_client(r"C:\temp")), Literal::from("C:temp"));
    assert!(by_old_client("C:\\").parse::<Query>().is_err());
}

#[test]
fn the_c_sharp_sdk_makes_an_apostrophe_a_wildcard() {
    let text = r#"says "it's (a) test""#;
    assert_eq!(by_c_sharp_sdk(text), r#""name='says \"it*s (a) test\"'""#);
    assert_eq!(
        value(&by_c_sharp_sdk(text)),
        Literal::Pattern(Pattern::new(r#"says "it*s (a) test""#))
    );
}

#[test]
fn between_circumflexes_quotes_and_parentheses_stand_for_themselves() {
    let text = r#"says "it's (a) test"; || {x} [y]"#;
    assert_eq!(value(&by_hand(text)), Literal::from(text));
    assert_eq!(
        value(&by_hand("*smoke*")),
        Literal::Pattern(Pattern::new("*smoke*"))
    );
}

proptest! {
    #[test]
    fn whatever_the_ci_sdk_asks_for_arrives(text in "[^*]{0,30}") {
        prop_assert_eq!(value(&by_ci_sdk(&text)), Literal::Text(text));
    }

    #[test]
    fn whatever_without_a_backslash_the_old_client_asks_for_arrives(text in "[^*\\\\]{0,30}") {
        prop_assert_eq!(value(&by_old_client(&text)), Literal::Text(text));
    }

    #[test]
    fn the_c_sharp_sdk_finds_what_it_asks_for(text in "[^*\\\\]{0,30}") {
        let wanted = if text.contains('\'') {
            Literal::Pattern(Pattern::new(&text.replace('\'', "*")))
        } else {
            Literal::Text(text.clone())
        };
        prop_assert_eq!(value(&by_c_sharp_sdk(&text)), wanted);
    }
}
