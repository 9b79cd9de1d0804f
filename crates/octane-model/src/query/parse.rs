//! Parsing queries.

use std::ops::Range;
use std::str::FromStr;

use super::lex::{Word, mistake, words};
use super::{Comparison, Literal, Mistake, Operand, Operator, Query, QueryError};

/// How deep parentheses and cross filters may nest: far beyond what people write, and well within a
/// thread's stack.
const DEPTH_MAX: usize = 64;

/// Reads a query, with or without the double quotes around it, and reports all its mistakes at once.
impl FromStr for Query {
    type Err = QueryError;

    fn from_str(text: &str) -> Result<Self, QueryError> {
        let (words, mistakes) = words(text, inside(text));
        if !mistakes.is_empty() {
            // What follows a word that cannot be read would be guesswork.
            return Err(QueryError::new(text, mistakes));
        }
        let mut parser = Parser {
            words,
            next: 0,
            depth: 0,
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

/// The bytes between the double quotes, or all of them.
fn inside(text: &str) -> Range<usize> {
    let start = text.len() - text.trim_start().len();
    let end = text.trim_end().len();
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
        if self.depth == DEPTH_MAX {
            self.wrong(
                format!("conditions nest deeper than {DEPTH_MAX} levels"),
                None,
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
        let operand = self.operand(operator)?;
        Some(Query::Comparison(Comparison {
            field,
            operator,
            operand,
        }))
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
        let upper = word.to_uppercase();
        let suggestion = match Operator::from_word(&upper) {
            Some(operator) => format!("write `{}` in capitals", operator.as_str()),
            None => "use EQ, LT, GT, LE, GE, IN or BTW".to_owned(),
        };
        let found = self.found();
        self.wrong(
            format!("an operator is missing between `{field}` and {found}"),
            Some(&suggestion),
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
        if matches!(self.word(), Word::Bare(word) if word == "null")
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
            Word::Bare(word) => match word.as_str() {
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

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use proptest::prelude::*;

    use super::*;

    fn parsed(text: &str) -> Query {
        text.parse()
            .unwrap_or_else(|error: QueryError| panic!("{}", error.to_diagram()))
    }

    fn diagram(text: &str) -> String {
        text.parse::<Query>().unwrap_err().to_diagram()
    }

    #[test]
    fn the_spellings_of_all_known_clients_mean_the_same() {
        let query = Query::field("name").is("a (b)") & Query::field("id").is_greater_than(5);
        for text in [
            r#""name EQ ^a (b)^;id GT 5""#,
            r"name='a \(b\)';id>5",
            r#" " name  =  ^a (b)^ ; id > 5 " "#,
            r#""(name EQ 'a \(b\)');(id GT 5)""#,
        ] {
            assert_eq!(parsed(text), query, "{text}");
        }
    }

    #[test]
    fn and_binds_tighter_than_or_and_not_tightest() {
        let [a, b, c] = ["a", "b", "c"].map(|name| Query::field(name).is(1));
        assert_eq!(parsed("a EQ 1||!b EQ 1;c EQ 1"), a | (!b & c));
    }

    #[test]
    fn null_is_a_value_and_null_in_braces_is_no_entity() {
        assert_eq!(parsed("name EQ null"), Query::field("name").is_null());
        assert_eq!(
            parsed("!release EQ { null }"),
            !Query::field("release").refers_to_nothing()
        );
    }

    #[test]
    fn a_range_may_have_a_blank_before_its_dots() {
        let range = Query::field("t").is_between("2025-01-01T00:00:00Z", "2025-02-01T00:00:00Z");
        assert_eq!(
            parsed("t BTW ^2025-01-01T00:00:00Z^ ...^2025-02-01T00:00:00Z^"),
            range
        );
        assert_eq!(
            parsed("id BTW 10...20"),
            Query::field("id").is_between(10, 20)
        );
    }

    #[test]
    fn every_mistake_is_shown_below_its_place() {
        assert_snapshot!(diagram("name eq ^x^;id EQ abc||severity EQ {id EQ ^a^;(b IN 1,"), @"
          name eq ^x^;id EQ abc||severity EQ {id EQ ^a^;(b IN 1,
               ^^ an operator is missing between `name` and `eq`; write `EQ` in capitals
                            ^^^ `abc` is no value; put text between `^`: `^abc^`
                                                                ^ a value is missing before the end
        ");
    }

    #[test]
    fn unclosed_and_empty_queries_are_named() {
        assert_snapshot!(diagram("name EQ ^abc"), @"
          name EQ ^abc
                  ^^^^ text is not closed; add a `^` at its end
        ");
        assert_snapshot!(diagram("\"\""), @r#"
          ""
           ^ a field name is missing before the end; write for example `name EQ ^Login^`
        "#);
    }

    #[test]
    fn nesting_is_bounded() {
        let deep = format!("{}a EQ 1{}", "(".repeat(10_000), ")".repeat(10_000));
        let error = deep.parse::<Query>().unwrap_err();
        assert!(
            error.to_string().contains("nest deeper than 64 levels"),
            "{error}"
        );
        assert!(
            format!("{}a EQ 1", "!".repeat(10_000))
                .parse::<Query>()
                .is_err()
        );
    }

    fn literals() -> impl Strategy<Value = Literal> {
        prop_oneof![
            Just(Literal::Null),
            any::<bool>().prop_map(Literal::Boolean),
            any::<i64>().prop_map(Literal::Integer),
            "-?[0-9]{1,4}\\.[0-9]{1,4}".prop_map(Literal::Decimal),
            any::<String>().prop_map(Literal::Text),
            prop::collection::vec(any::<String>(), 2..4)
                .prop_map(|pieces| Literal::Pattern(crate::query::Pattern(pieces))),
            "[a-z_]{1,12}".prop_map(Literal::Token),
        ]
    }

    fn queries() -> impl Strategy<Value = Query> {
        let scalar = prop::sample::select(vec![
            Operator::Equal,
            Operator::Less,
            Operator::Greater,
            Operator::AtMost,
            Operator::AtLeast,
        ]);
        let shape = prop_oneof![
            (scalar, literals()).prop_map(|(operator, value)| (operator, Operand::Literal(value))),
            Just((Operator::Equal, Operand::NoEntity)),
            prop::collection::vec(literals(), 1..4)
                .prop_map(|list| (Operator::In, Operand::List(list))),
            (literals(), literals())
                .prop_map(|(low, high)| (Operator::Between, Operand::Range(low, high))),
        ];
        let leaf = ("[a-z][a-z_0-9]{0,8}", shape).prop_map(|(field, (operator, operand))| {
            Query::Comparison(Comparison {
                field,
                operator,
                operand,
            })
        });
        leaf.prop_recursive(5, 40, 4, |inner| {
            prop_oneof![
                (inner.clone(), inner.clone()).prop_map(|(left, right)| left & right),
                (inner.clone(), inner.clone()).prop_map(|(left, right)| left | right),
                inner.clone().prop_map(|query| !query),
                ("[a-z]{1,8}", inner)
                    .prop_map(|(field, query)| Query::field(field).refers_to(query)),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_printed_parses_to_the_same_tree(query in queries()) {
            let text = query.to_string();
            prop_assert_eq!(text.parse::<Query>().map_err(|error| error.to_diagram()), Ok(query));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in "[a-z^'*\\\\{}()!;|,.\\[\\]<>=\" EQINBTW0-9\\-é]{0,60}") {
            if let Err(error) = text.parse::<Query>() {
                prop_assert!(!error.mistakes().is_empty());
                error.to_diagram();
            }
        }
    }
}
