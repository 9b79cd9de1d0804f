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
fn small_letters_are_understood_where_they_can_mean_nothing_else() {
    let in_capitals =
        "name EQ null;id IN 1,2||!is_default EQ true;release EQ {null};id BTW 1...2;EQ EQ ^EQ^";
    let small =
        "name eq NULL;id in 1,2||!is_default Eq True;release eq {Null};id btw 1...2;EQ eq ^EQ^";
    assert_eq!(parsed(small), parsed(in_capitals));
    assert_eq!(
        parsed("EQ EQ ^EQ^"),
        Query::field("EQ").is("EQ"),
        "what stands where a field stands is a field"
    );
}

#[test]
fn a_list_of_braces_means_any_of_them() {
    let release = |query| Query::field("release").refers_to(query);
    assert_eq!(
        parsed("release IN {id EQ 5},{ null } , {name EQ ^a^};id EQ 1"),
        (release(Query::field("id").is(5))
            | Query::field("release").refers_to_nothing()
            | release(Query::field("name").is("a")))
            & Query::field("id").is(1)
    );
    assert_eq!(
        parsed("release IN {id EQ 5}"),
        release(Query::field("id").is(5))
    );
    assert_snapshot!(diagram("release IN {id EQ 5},6"), @"
      release IN {id EQ 5},6
                           ^ `{` is missing before `6`; a list that begins with braces goes on with braces
    ");
}

#[test]
fn tokens_are_words_between_brackets() {
    let owner = Query::field("owner").is(Literal::Token("current_user".into()));
    assert_eq!(parsed("owner EQ [current_user]"), owner);
    assert_eq!(parsed("owner=[ current_user ]"), owner);
    assert_snapshot!(diagram("owner EQ [current_user"), @"
      owner EQ [current_user
               ^^^^^^^^^^^^^ `[` is not closed; write a word such as `[current_user]`
    ");
}

#[test]
fn the_examples_of_the_help_are_understood() {
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
    assert_snapshot!(diagram("name is ^x^;id EQ abc||severity EQ {id EQ ^a^;(b IN 1,"), @"
      name is ^x^;id EQ abc||severity EQ {id EQ ^a^;(b IN 1,
           ^^ an operator is missing between `name` and `is`; use EQ, LT, GT, LE, GE, IN or BTW
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

#[test]
fn the_bound_of_nesting_can_be_chosen() {
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
fn of_many_mistakes_the_first_ones_are_told() {
    let error = "a;".repeat(10_000).parse::<Query>().unwrap_err();
    assert_eq!(error.mistakes().len(), QueryError::MISTAKES_MAX);
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
