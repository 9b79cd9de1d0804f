//! Parsing queries.

use std::ops::Range;
use std::str::FromStr;

use super::lex::{Word, mistake, words};
use super::{Comparison, Literal, Mistake, Operand, Operator, Query, QueryError};

impl Query {
    /// How deep `!`, parentheses and braces may nest where nobody says otherwise: far beyond what people
    /// write, and well within a thread's stack.
    pub const DEPTH_MAX: usize = 64;

    /// Reads a query like [`str::parse`], whose `!`, parentheses and braces nest at most `depth_max` deep.
    ///
    /// Parsing takes stack for each level, so a reader of other people's queries keeps `depth_max` small;
    /// a few hundred fit any thread.
    ///
    /// ```
    /// use octane_model::Query;
    ///
    /// let text = "parent EQ {release EQ {id EQ 2007}}";
    /// assert!(Query::parse_within(text, 2).is_ok());
    /// let error = Query::parse_within(text, 1).unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "query is wrong at character 24: conditions nest deeper than 1 level; split the query in two"
    /// );
    /// ```
    pub fn parse_within(text: &str, depth_max: usize) -> Result<Self, QueryError> {
        let (words, mistakes) = words(text, inside(text));
        if !mistakes.is_empty() {
            // What follows a word that cannot be read would be guesswork.
            return Err(QueryError::new(text, mistakes));
        }
        let mut parser = Parser {
            words,
            next: 0,
            depth: 0,
            depth_max,
            mistakes,
        };
        let query = parser.expression();
        if !matches!(parser.word(), Word::End) && parser.mistakes.is_empty() {
            let found = parser.found();
            parser.wrong(
                format!("{found} does not belong here"),
                Some("join conditions with `;` or `||`"),
            );
        }
        match query {
            Some(query) if parser.mistakes.is_empty() => Ok(query),
            _ => Err(QueryError::new(text, parser.mistakes)),
        }
    }
}

/// Reads a query, with or without the double quotes around it, and reports all its mistakes at once.
impl FromStr for Query {
    type Err = QueryError;

    fn from_str(text: &str) -> Result<Self, QueryError> {
        Self::parse_within(text, Self::DEPTH_MAX)
    }
}

/// The bytes between the double quotes, or all of them.
fn inside(text: &str) -> Range<usize> {
    let start = text.len() - text.trim_start().len();
    // A text of blanks only ends where it starts.
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
    words: Vec<(Word, Range<usize>)>,
    next: usize,
    depth: usize,
    depth_max: usize,
    mistakes: Vec<Mistake>,
}

impl Parser {
    fn word(&self) -> &Word {
        &self.words[self.next].0
    }

    fn take(&mut self, word: &Word) -> bool {
        let found = self.word() == word;
        if found {
            self.advance();
        }
        found
    }

    fn advance(&mut self) {
        // The last word is `End` and stays.
        self.next = (self.next + 1).min(self.words.len() - 1);
    }

    /// The next word as a message names it.
    fn found(&self) -> String {
        match self.word() {
            Word::End => "the end".to_owned(),
            Word::Bare(word) => format!("`{word}`"),
            Word::Integer(number) => format!("`{number}`"),
            Word::Decimal(number) => format!("`{number}`"),
            Word::Text(_) | Word::Pattern(_) => "this text".to_owned(),
            Word::Token(word) => format!("`[{word}]`"),
            Word::Sign(sign) => format!("`{sign}`"),
            Word::And => "`;`".to_owned(),
            Word::Or => "`||`".to_owned(),
            Word::Not => "`!`".to_owned(),
            Word::Open => "`(`".to_owned(),
            Word::Close => "`)`".to_owned(),
            Word::OpenBrace => "`{`".to_owned(),
            Word::CloseBrace => "`}`".to_owned(),
            Word::Comma => "`,`".to_owned(),
            Word::Dots => "`...`".to_owned(),
        }
    }

    fn wrong(&mut self, message: impl Into<String>, suggestion: Option<&str>) {
        let span = self.words[self.next].1.clone();
        self.mistakes.push(mistake(span, message, suggestion));
    }

    /// Goes on at the next place where a new condition can begin or an open one can end.
    fn recover(&mut self) {
        while !matches!(
            self.word(),
            Word::And | Word::Or | Word::Close | Word::CloseBrace | Word::End
        ) {
            self.advance();
        }
    }

    fn expression(&mut self) -> Option<Query> {
        self.chain(&Word::Or, Self::term, |left, right| left | right)
    }

    fn term(&mut self) -> Option<Query> {
        self.chain(&Word::And, Self::factor, |left, right| left & right)
    }

    /// Both sides of each `sign`, even where one of them is wrong, so that all mistakes are found.
    ///
    /// A parenthesised part joins its neighbours' list: `a;(b;c)` means what `a;b;c` means.
    fn chain(
        &mut self,
        sign: &Word,
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
        if self.take(&Word::Not) {
            return self.deeper(Self::factor).map(|query| !query);
        }
        if self.take(&Word::Open) {
            let query = self.deeper(Self::expression);
            return self.closed(&Word::Close, "`(` is not closed", query);
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
            self.wrong(
                format!("conditions nest deeper than {depth_max} {levels}"),
                Some("split the query in two"),
            );
            self.next = self.words.len() - 1;
            return None;
        }
        self.depth += 1;
        let query = part(self);
        self.depth -= 1;
        query
    }

    fn closed(&mut self, sign: &Word, message: &str, query: Option<Query>) -> Option<Query> {
        if self.take(sign) {
            return query;
        }
        if query.is_some() {
            self.wrong(message, None);
        }
        None
    }

    fn phrase(&mut self) -> Option<Query> {
        let Word::Bare(field) = self.word().clone() else {
            let found = self.found();
            self.wrong(
                format!("a field name is missing before {found}"),
                Some("write for example `name EQ ^Login^`"),
            );
            return None;
        };
        self.advance();
        let operator = self.operator(&field)?;
        if operator == Operator::In && *self.word() == Word::OpenBrace {
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
            if !self.take(&Word::OpenBrace) {
                let found = self.found();
                self.wrong(
                    format!("`{{` is missing before {found}"),
                    Some("a list that begins with braces goes on with braces"),
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
            if !self.take(&Word::Comma) {
                return any;
            }
        }
    }

    fn operator(&mut self, field: &str) -> Option<Operator> {
        let word = match self.word() {
            Word::Bare(word) => word.clone(),
            Word::Sign(sign) => (*sign).to_owned(),
            _ => String::new(),
        };
        if let Some(operator) = Operator::from_word(&word) {
            self.advance();
            return Some(operator);
        }
        let found = self.found();
        self.wrong(
            format!("an operator is missing between `{field}` and {found}"),
            Some(if *self.word() == Word::Not {
                "write the `!` before the field"
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
                while self.take(&Word::Comma) {
                    values.push(self.literal()?);
                }
                Some(Operand::List(values))
            }
            Operator::Between => {
                let low = self.literal()?;
                if !self.take(&Word::Dots) {
                    self.wrong(
                        "`BTW` needs two values",
                        Some("write for example `id BTW 10...20`"),
                    );
                    return None;
                }
                Some(Operand::Range(low, self.literal()?))
            }
            _ if self.take(&Word::OpenBrace) => self.entity(),
            _ => self.literal().map(Operand::Literal),
        }
    }

    /// What follows `{`.
    fn entity(&mut self) -> Option<Operand> {
        if matches!(self.word(), Word::Bare(word) if word.eq_ignore_ascii_case("null"))
            && self
                .words
                .get(self.next + 1)
                .is_some_and(|(word, _)| *word == Word::CloseBrace)
        {
            self.advance();
            self.advance();
            return Some(Operand::NoEntity);
        }
        let query = self.deeper(Self::expression);
        self.closed(&Word::CloseBrace, "`{` is not closed", query)
            .map(|query| Operand::Entity(Box::new(query)))
    }

    fn literal(&mut self) -> Option<Literal> {
        let value = match self.word() {
            Word::Integer(number) => Literal::Integer(*number),
            Word::Decimal(number) => Literal::Decimal(number.clone()),
            Word::Text(text) => Literal::Text(text.clone()),
            Word::Pattern(pattern) => Literal::Pattern(pattern.clone()),
            Word::Token(word) => Literal::Token(word.clone()),
            Word::Bare(word) => match word.to_ascii_lowercase().as_str() {
                "null" => Literal::Null,
                "true" => Literal::Boolean(true),
                "false" => Literal::Boolean(false),
                _ => {
                    let suggestion = format!("put text between `^`: `^{word}^`");
                    self.wrong(format!("`{word}` is no value"), Some(&suggestion));
                    return None;
                }
            },
            _ => {
                let found = self.found();
                self.wrong(format!("a value is missing before {found}"), None);
                return None;
            }
        };
        self.advance();
        Some(value)
    }
}
