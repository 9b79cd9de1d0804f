//! Parsing, syntax errors, and the round trip of printing and parsing.

use insta::assert_snapshot;
use proptest::prelude::*;

use super::error::QueryError;
use super::tree::{Comparison, Literal, Operand, Operator, Pattern, Query};

fn parsed(text: &str) -> Query {
    text.parse()
        .unwrap_or_else(|error: QueryError| panic!("{}", error.to_diagram()))
}

fn diagram(text: &str) -> String {
    text.parse::<Query>().unwrap_err().to_diagram()
}

#[test]
fn the_spellings_of_all_known_clients_parse_alike() {
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
fn keywords_are_accepted_in_lower_case() {
    let in_capitals =
        "name EQ null;id IN 1,2||!is_default EQ true;release EQ {null};id BTW 1...2;EQ EQ ^EQ^";
    let small =
        "name eq NULL;id in 1,2||!is_default Eq True;release eq {Null};id btw 1...2;EQ eq ^EQ^";
    assert_eq!(parsed(small), parsed(in_capitals));
    assert_eq!(
        parsed("EQ EQ ^EQ^"),
        Query::field("EQ").is("EQ"),
        "a keyword in the position of a field is a field"
    );
}

#[test]
fn a_list_of_braces_matches_any_of_them() {
    let release = |query| Query::field("release").refers_to(query);
    assert_eq!(
        parsed("release IN {id EQ 5},{ null } , {name EQ ^a^};id EQ 1"),
        (release(Query::field("id").is(5))
            | Query::field("release").is_unset()
            | release(Query::field("name").is("a")))
            & Query::field("id").is(1)
    );
    assert_eq!(
        parsed("release IN {id EQ 5}"),
        release(Query::field("id").is(5))
    );
    assert_snapshot!(diagram("release IN {id EQ 5},6"), @"
      release IN {id EQ 5},6
                           ^ expected `{`, found `6`; either all or none of the values of a list are in braces
    ");
}

#[test]
fn tokens_are_words_between_brackets() {
    let owner = Query::field("owner").is(Literal::Token("current_user".into()));
    assert_eq!(parsed("owner EQ [current_user]"), owner);
    assert_eq!(parsed("owner=[ current_user ]"), owner);
    assert_snapshot!(diagram("owner EQ [current_user"), @"
      owner EQ [current_user
               ^^^^^^^^^^^^^ unclosed `[`; for example: `[current_user]`
    ");
}

#[test]
fn the_examples_of_the_help_are_parsed() {
    for text in [
        r#""id EQ 1001""#,
        r#""(creation_time BTW ^2025-01-01T00:00:00Z^...^2025-02-01T00:00:00Z^)""#,
        r#""!(id EQ 5;name EQ ^a^)||(!(subtype='test_suite'))""#,
        r#""detected_in_release EQ {sprints EQ {id EQ 1006}}""#,
        r#""severity EQ {id EQ ^list_node.severity.high^}""#,
        r#""(native_status EQ {id EQ ^list_node.run_native_status.failed^});parent_suite EQ {id EQ 7003}""#,
        r#""!release EQ {null};(name EQ ^*smoke*^||user_tags EQ {name EQ ^smoke^})""#,
        r#""(release EQ {(id EQ '5')});(id IN '1','2');!(story_points BTW 1 ...3)""#,
        r#""phase={metaphase={!logical_name='metaphase.work_item.done'}}""#,
        r#""((test={(covered_manual_test={id=7})})||(test={id=7}))""#,
        "path='0000000000AB*'",
    ] {
        parsed(text);
    }
}

#[test]
fn and_binds_tighter_than_or_and_not_tightest() {
    let [a, b, c] = ["a", "b", "c"].map(|name| Query::field(name).is(1));
    assert_eq!(parsed("a EQ 1||!b EQ 1;c EQ 1"), a | (!b & c));
}

#[test]
fn null_is_a_value_and_null_in_braces_means_no_entity() {
    assert_eq!(parsed("name EQ null"), Query::field("name").is_null());
    assert_eq!(
        parsed("!release EQ { null }"),
        !Query::field("release").is_unset()
    );
}

#[test]
fn a_range_may_have_a_space_before_its_dots() {
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
fn every_syntax_error_is_shown_below_its_position() {
    assert_snapshot!(diagram("name is ^x^;id EQ abc||severity EQ {id EQ ^a^;(b IN 1,"), @"
      name is ^x^;id EQ abc||severity EQ {id EQ ^a^;(b IN 1,
           ^^ expected an operator after `name`, found `is`; use EQ, LT, GT, LE, GE, IN or BTW
                        ^^^ expected a value, found `abc`; enclose text in `^`: `^abc^`
                                                            ^ expected a value, found the end
    ");
}

#[test]
fn unterminated_and_empty_queries_are_reported() {
    assert_snapshot!(diagram("name EQ ^abc"), @"
      name EQ ^abc
              ^^^^ unterminated text; add `^` at the end
    ");
    assert_snapshot!(diagram(" "), @"
       ^ expected a field name, found the end; for example: `name EQ ^Login^`
    ");
    assert_snapshot!(diagram("\"\""), @r#"
      ""
       ^ expected a field name, found the end; for example: `name EQ ^Login^`
    "#);
}

#[test]
fn nesting_is_limited() {
    let deep = format!("{}a EQ 1{}", "(".repeat(10_000), ")".repeat(10_000));
    let error = deep.parse::<Query>().unwrap_err();
    assert!(
        error
            .to_string()
            .contains("are nested deeper than 64 levels"),
        "{error}"
    );
    assert!(
        format!("{}a EQ 1", "!".repeat(10_000))
            .parse::<Query>()
            .is_err()
    );
}

#[test]
fn the_limit_of_nesting_can_be_chosen() {
    for (text, depth) in [
        ("a EQ 1", 0),
        ("!a EQ 1", 1),
        ("((a EQ 1);(b EQ 1))", 2),
        ("a IN {b EQ {c EQ 1}},{d EQ 1}", 2),
        ("!(a EQ {b EQ 1})", 3),
    ] {
        assert!(Query::parse_within(text, depth).is_ok(), "{text}");
        let shallower = depth.checked_sub(1);
        assert!(
            shallower.is_none_or(|depth| Query::parse_within(text, depth).is_err()),
            "{text}"
        );
    }
}

#[test]
fn only_the_first_of_many_syntax_errors_are_reported() {
    let error = "a;".repeat(10_000).parse::<Query>().unwrap_err();
    assert_eq!(error.syntax_errors().len(), QueryError::SYNTAX_ERRORS_MAX);
    assert!(error.to_string().ends_with("(and 10000 more)"), "{error}");
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
    let leaf = ("[a-zA-Z_][a-zA-Z_0-9]{0,8}", shape).prop_map(|(field, (operator, operand))| {
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
fn a_text_of_whitespace_is_an_error_and_does_not_panic() {
    assert!(" ".parse::<Query>().is_err());
}

proptest! {
    #[test]
    fn a_printed_query_parses_to_the_same_tree(query in queries()) {
        let text = query.to_string();
        prop_assert_eq!(text.parse::<Query>().map_err(|error| error.to_diagram()), Ok(query));
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "[a-z^'*\\\\{}()!;|,.\\[\\]<>=\" EQINBTW0-9\\-é]{0,60}") {
        if let Err(error) = text.parse::<Query>() {
            prop_assert!(!error.syntax_errors().is_empty());
            error.to_diagram();
        }
    }
}
