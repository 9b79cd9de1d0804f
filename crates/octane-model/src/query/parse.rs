//! Parsing queries.

use std::ops::Range;
use std::str::FromStr;

use super::error::{QueryError, SyntaxError};
use super::lex::{Token, syntax_error, tokenize};
use super::tree::{Comparison, Literal, Operand, Operator, Query};

impl Query {
    /// The default maximum nesting depth of `!`, parentheses and braces: far more than people write, and
    /// well within a thread's stack.
    pub const DEPTH_MAX: usize = 64;

    /// Parses a query like [`str::parse`], with `!`, parentheses and braces nested at most `depth_max` deep.
    ///
    /// Each level needs stack space, so keep `depth_max` small for untrusted input; a few hundred levels
    /// fit any thread.
    ///
    /// ```
    /// use octane_model::Query;
    ///
    /// let text = "parent EQ {release EQ {id EQ 2007}}";
    /// assert!(Query::parse_within(text, 2).is_ok());
    /// let error = Query::parse_within(text, 1).unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "invalid query at character 24: conditions are nested deeper than 1 level; split the query"
    /// );
    /// ```
    pub fn parse_within(text: &str, depth_max: usize) -> Result<Self, QueryError> {
        let (tokens, errors) = tokenize(text, inside(text));
        if !errors.is_empty() {
            // After an invalid token, the rest could only be guessed.
            return Err(QueryError::new(text, errors));
        }
        let mut parser = Parser {
            tokens,
            next: 0,
            depth: 0,
            depth_max,
            errors,
        };
        let query = parser.expression();
        if !matches!(parser.peek(), Token::End) && parser.errors.is_empty() {
            let found = parser.found();
            parser.error(
                format!("unexpected {found}"),
                Some("join conditions with `;` or `||`"),
            );
        }
        match query {
            Some(query) if parser.errors.is_empty() => Ok(query),
            _ => Err(QueryError::new(text, parser.errors)),
        }
    }
}

/// Reads a query, with or without the double quotes around it, and reports all its errors at once.
impl FromStr for Query {
    type Err = QueryError;

    fn from_str(text: &str) -> Result<Self, QueryError> {
        Self::parse_within(text, Self::DEPTH_MAX)
    }
}

/// The bytes between the double quotes, or all of them.
fn inside(text: &str) -> Range<usize> {
    let start = text.len() - text.trim_start().len();
    // A text of whitespace only ends where it starts.
    let end = text.trim_end().len().max(start);
    match text[start..end]
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
    {
        Some(_) => start + 1..end - 1,
        None => start..end,
    }
}

struct Parser {
    tokens: Vec<(Token, Range<usize>)>,
    next: usize,
    depth: usize,
    depth_max: usize,
    errors: Vec<SyntaxError>,
}

impl Parser {
    fn peek(&self) -> &Token {
        &self.tokens[self.next].0
    }

    fn take(&mut self, token: &Token) -> bool {
        let found = self.peek() == token;
        if found {
            self.advance();
        }
        found
    }

    fn advance(&mut self) {
        // The last token is `End` and is never consumed.
        self.next = (self.next + 1).min(self.tokens.len() - 1);
    }

    /// The next token, for messages.
    fn found(&self) -> String {
        match self.peek() {
            Token::End => "the end".to_owned(),
            Token::Bare(word) => format!("`{word}`"),
            Token::Integer(number) => format!("`{number}`"),
            Token::Decimal(number) => format!("`{number}`"),
            Token::Text(_) | Token::Pattern(_) => "this text".to_owned(),
            Token::Placeholder(word) => format!("`[{word}]`"),
            Token::Sign(sign) => format!("`{sign}`"),
            Token::And => "`;`".to_owned(),
            Token::Or => "`||`".to_owned(),
            Token::Not => "`!`".to_owned(),
            Token::Open => "`(`".to_owned(),
            Token::Close => "`)`".to_owned(),
            Token::OpenBrace => "`{`".to_owned(),
            Token::CloseBrace => "`}`".to_owned(),
            Token::Comma => "`,`".to_owned(),
            Token::Dots => "`...`".to_owned(),
        }
    }

    fn error(&mut self, message: impl Into<String>, suggestion: Option<&str>) {
        let span = self.tokens[self.next].1.clone();
        self.errors.push(syntax_error(span, message, suggestion));
    }

    /// Skips to the next position where a condition can start or end.
    fn recover(&mut self) {
        while !matches!(
            self.peek(),
            Token::And | Token::Or | Token::Close | Token::CloseBrace | Token::End
        ) {
            self.advance();
        }
    }

    fn expression(&mut self) -> Option<Query> {
        self.chain(&Token::Or, Self::term, |left, right| left | right)
    }

    fn term(&mut self) -> Option<Query> {
        self.chain(&Token::And, Self::factor, |left, right| left & right)
    }

    /// Parses both sides of each `sign`, even if one of them is invalid, so that all errors are found.
    ///
    /// A parenthesised part is merged into the list around it: `a;(b;c)` means what `a;b;c` means.
    fn chain(
        &mut self,
        sign: &Token,
        part: fn(&mut Self) -> Option<Query>,
        join: fn(Query, Query) -> Query,
    ) -> Option<Query> {
        let mut whole = part(self);
        while self.take(sign) {
            whole = whole.zip(part(self)).map(|(left, right)| join(left, right));
        }
        whole
    }

    fn factor(&mut self) -> Option<Query> {
        if self.take(&Token::Not) {
            return self.deeper(Self::factor).map(|query| !query);
        }
        if self.take(&Token::Open) {
            let query = self.deeper(Self::expression);
            return self.closed(&Token::Close, "unclosed `(`", query);
        }
        let phrase = self.phrase();
        if phrase.is_none() {
            self.recover();
        }
        phrase
    }

    fn deeper(&mut self, part: fn(&mut Self) -> Option<Query>) -> Option<Query> {
        let depth_max = self.depth_max;
        if self.depth == depth_max {
            let levels = if depth_max == 1 { "level" } else { "levels" };
            self.error(
                format!("conditions are nested deeper than {depth_max} {levels}"),
                Some("split the query"),
            );
            self.next = self.tokens.len() - 1;
            return None;
        }
        self.depth += 1;
        let query = part(self);
        self.depth -= 1;
        query
    }

    fn closed(&mut self, sign: &Token, message: &str, query: Option<Query>) -> Option<Query> {
        if self.take(sign) {
            return query;
        }
        if query.is_some() {
            self.error(message, None);
        }
        None
    }

    fn phrase(&mut self) -> Option<Query> {
        let Token::Bare(field) = self.peek().clone() else {
            let found = self.found();
            self.error(
                format!("expected a field name, found {found}"),
                Some("for example: `name EQ ^Login^`"),
            );
            return None;
        };
        self.advance();
        let operator = self.operator(&field)?;
        if operator == Operator::In && *self.peek() == Token::OpenBrace {
            return self.entities(&field);
        }
        let operand = self.operand(operator)?;
        Some(Query::Comparison(Comparison {
            field,
            operator,
            operand,
        }))
    }

    /// The `{…},{…}` after `IN`: any of them.
    fn entities(&mut self, field: &str) -> Option<Query> {
        let mut any = None;
        loop {
            if !self.take(&Token::OpenBrace) {
                let found = self.found();
                self.error(
                    format!("expected `{{`, found {found}"),
                    Some("either all or none of the values of a list are in braces"),
                );
                return None;
            }
            let one = Query::Comparison(Comparison {
                field: field.to_owned(),
                operator: Operator::Equal,
                operand: self.entity()?,
            });
            any = match any {
                None => Some(one),
                Some(others) => Some(others | one),
            };
            if !self.take(&Token::Comma) {
                return any;
            }
        }
    }

    fn operator(&mut self, field: &str) -> Option<Operator> {
        let word = match self.peek() {
            Token::Bare(word) => word.clone(),
            Token::Sign(sign) => (*sign).to_owned(),
            _ => String::new(),
        };
        if let Some(operator) = Operator::from_word(&word) {
            self.advance();
            return Some(operator);
        }
        let found = self.found();
        self.error(
            format!("expected an operator after `{field}`, found {found}"),
            Some(if *self.peek() == Token::Not {
                "put `!` before the field"
            } else {
                "use EQ, LT, GT, LE, GE, IN or BTW"
            }),
        );
        None
    }

    fn operand(&mut self, operator: Operator) -> Option<Operand> {
        match operator {
            Operator::In => {
                let mut values = vec![self.literal()?];
                while self.take(&Token::Comma) {
                    values.push(self.literal()?);
                }
                Some(Operand::List(values))
            }
            Operator::Between => {
                let low = self.literal()?;
                if !self.take(&Token::Dots) {
                    self.error(
                        "`BTW` needs two values",
                        Some("for example: `id BTW 10...20`"),
                    );
                    return None;
                }
                Some(Operand::Range(low, self.literal()?))
            }
            _ if self.take(&Token::OpenBrace) => self.entity(),
            _ => self.literal().map(Operand::Literal),
        }
    }

    /// Parses what follows `{`.
    fn entity(&mut self) -> Option<Operand> {
        if matches!(self.peek(), Token::Bare(word) if word.eq_ignore_ascii_case("null"))
            && self
                .tokens
                .get(self.next + 1)
                .is_some_and(|(word, _)| *word == Token::CloseBrace)
        {
            self.advance();
            self.advance();
            return Some(Operand::NoEntity);
        }
        let query = self.deeper(Self::expression);
        self.closed(&Token::CloseBrace, "unclosed `{`", query)
            .map(|query| Operand::Entity(Box::new(query)))
    }

    fn literal(&mut self) -> Option<Literal> {
        let value = match self.peek() {
            Token::Integer(number) => Literal::Integer(*number),
            Token::Decimal(number) => Literal::Decimal(number.clone()),
            Token::Text(text) => Literal::Text(text.clone()),
            Token::Pattern(pattern) => Literal::Pattern(pattern.clone()),
            Token::Placeholder(word) => Literal::Token(word.clone()),
            Token::Bare(word) => match word.to_ascii_lowercase().as_str() {
                "null" => Literal::Null,
                "true" => Literal::Boolean(true),
                "false" => Literal::Boolean(false),
                _ => {
                    let suggestion = format!("enclose text in `^`: `^{word}^`");
                    self.error(
                        format!("expected a value, found `{word}`"),
                        Some(&suggestion),
                    );
                    return None;
                }
            },
            _ => {
                let found = self.found();
                self.error(format!("expected a value, found {found}"), None);
                return None;
            }
        };
        self.advance();
        Some(value)
    }
}
