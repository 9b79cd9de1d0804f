//! Printing queries.
//!
//! Text is enclosed in `^`, as in the help, and escaped as in the vendor's CI SDK (backslash, quotes,
//! parentheses); `^` and `*`, which have a meaning inside `^…^`, are escaped as well.

use std::fmt::{self, Display, Formatter, Write};

use super::tree::{Comparison, Literal, Operand, Query};

/// The whole clause, including its double quotes.
impl Display for Query {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        expression(self, f)?;
        f.write_char('"')
    }
}

fn expression(query: &Query, f: &mut Formatter<'_>) -> fmt::Result {
    match query {
        Query::Any(parts) => chain(parts, "||", f, |part| matches!(part, Query::Any(_))),
        Query::All(parts) => chain(parts, ";", f, |part| {
            matches!(part, Query::Any(_) | Query::All(_))
        }),
        Query::Not(inner) => {
            f.write_char('!')?;
            nested(inner, f, !matches!(**inner, Query::Comparison(_)))
        }
        Query::Comparison(comparison) => phrase(comparison, f),
    }
}

fn chain(
    parts: &[Query],
    sign: &str,
    f: &mut Formatter<'_>,
    needs_parentheses: fn(&Query) -> bool,
) -> fmt::Result {
    for (position, part) in parts.iter().enumerate() {
        if position > 0 {
            f.write_str(sign)?;
        }
        nested(part, f, needs_parentheses(part))?;
    }
    Ok(())
}

fn nested(query: &Query, f: &mut Formatter<'_>, parentheses: bool) -> fmt::Result {
    if !parentheses {
        return expression(query, f);
    }
    f.write_char('(')?;
    expression(query, f)?;
    f.write_char(')')
}

fn phrase(comparison: &Comparison, f: &mut Formatter<'_>) -> fmt::Result {
    let Comparison {
        field,
        operator,
        operand,
    } = comparison;
    write!(f, "{field} {} ", operator.as_str())?;
    match operand {
        Operand::Literal(value) => literal(value, f),
        Operand::Entity(query) => {
            f.write_char('{')?;
            expression(query, f)?;
            f.write_char('}')
        }
        Operand::NoEntity => f.write_str("{null}"),
        Operand::List(values) => {
            for (position, value) in values.iter().enumerate() {
                if position > 0 {
                    f.write_char(',')?;
                }
                literal(value, f)?;
            }
            Ok(())
        }
        Operand::Range(low, high) => {
            literal(low, f)?;
            f.write_str("...")?;
            literal(high, f)
        }
    }
}

fn literal(value: &Literal, f: &mut Formatter<'_>) -> fmt::Result {
    match value {
        Literal::Null => f.write_str("null"),
        Literal::Boolean(value) => value.fmt(f),
        Literal::Integer(number) => number.fmt(f),
        Literal::Decimal(number) => f.write_str(number),
        Literal::Token(word) => write!(f, "[{word}]"),
        Literal::Text(text) => {
            f.write_char('^')?;
            escaped(text, f)?;
            f.write_char('^')
        }
        Literal::Pattern(pattern) => {
            f.write_char('^')?;
            for (position, piece) in pattern.pieces().iter().enumerate() {
                if position > 0 {
                    f.write_char('*')?;
                }
                escaped(piece, f)?;
            }
            f.write_char('^')
        }
    }
}

fn escaped(text: &str, f: &mut Formatter<'_>) -> fmt::Result {
    for character in text.chars() {
        if matches!(character, '\\' | '"' | '\'' | '(' | ')' | '^' | '*') {
            f.write_char('\\')?;
        }
        f.write_char(character)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::query::tree::Query;

    #[test]
    fn parentheses_are_printed_only_where_precedence_needs_them() {
        let [a, b, c] = ["a", "b", "c"].map(|name| Query::field(name).is(1));
        assert_eq!(
            (a.clone() & b.clone() | c.clone()).to_string(),
            r#""a EQ 1;b EQ 1||c EQ 1""#
        );
        assert_eq!(
            (a.clone() & (b.clone() | c.clone())).to_string(),
            r#""a EQ 1;(b EQ 1||c EQ 1)""#
        );
        assert_eq!(
            (!(a & b) | !c).to_string(),
            r#""!(a EQ 1;b EQ 1)||!c EQ 1""#
        );
    }

    #[test]
    fn text_is_escaped_and_wildcards_are_kept() {
        let query = Query::field("name").is(r#"a*b "c" \ (d)^'"#);
        assert_eq!(query.to_string(), r#""name EQ ^a\*b \"c\" \\ \(d\)\^\'^""#);
        assert_eq!(
            Query::field("name").is_like("*log*").to_string(),
            r#""name EQ ^*log*^""#
        );
    }

    #[test]
    fn cross_filters_lists_and_ranges_are_printed_as_in_the_help() {
        let query = Query::field("parent").refers_to(Query::field("release").refers_to_id(2007));
        assert_eq!(
            query.to_string(),
            r#""parent EQ {release EQ {id EQ 2007}}""#
        );
        assert_eq!(
            Query::field("parent").is_unset().to_string(),
            r#""parent EQ {null}""#
        );
        let list = Query::field("id").is_in([1, 2, 3]).unwrap();
        assert_eq!(list.to_string(), r#""id IN 1,2,3""#);
        assert_eq!(
            Query::field("id").is_between(10, 20).to_string(),
            r#""id BTW 10...20""#
        );
    }
}
