//! Both ways at once: what is parsed, what is refused, and what is printed and parsed again.

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
    assert_snapshot!(diagram(" "), @"
       ^ a field name is missing before the end; write for example `name EQ ^Login^`
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
            .prop_map(|pieces| Literal::Pattern(Pattern(pieces))),
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
            ("[a-z]{1,8}", inner).prop_map(|(field, query)| Query::field(field).refers_to(query)),
        ]
    })
}

#[test]
fn a_text_of_blanks_is_a_mistake_and_no_panic() {
    assert!(" ".parse::<Query>().is_err());
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
