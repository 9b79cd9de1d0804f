//! The query language over the collections.

use serde_json::json;

use super::{Client, Settings};
use crate::catalog::{FieldType, Scope};

#[tokio::test]
async fn jira_keys_are_found_in_few_queries_whatever_their_case() {
    let client = Client::new(Settings::default()).await;
    let query = "jira_key_udf IN 'shop-101','SHOP-150','NO-1','PAY-20','SHOP-11','SHOP-203';subtype IN 'story','feature','defect'";
    let keys = client.names("work_items", "jira_key_udf", query).await;
    let mut sorted = keys.clone();
    sorted.sort();
    assert_eq!(
        sorted,
        [
            "PAY-20", "SHOP-101", "SHOP-11", "SHOP-150", "SHOP-150", "SHOP-203"
        ]
    );
    assert_eq!(
        client
            .names("stories", "id", "jira_key_udf EQ ^SHOP-1*^")
            .await
            .len(),
        42
    );
}

#[tokio::test]
async fn text_matches_ignoring_case_and_wildcards_are_the_only_wild_characters() {
    let client = Client::new(Settings::default()).await;
    let names = |query: &'static str| client.names("work_items", "name", query);
    assert_eq!(
        names("name EQ ^pay by credit CARD^").await,
        ["Pay by credit card"]
    );
    assert_eq!(names("name EQ ^*credit*^").await, ["Pay by credit card"]);
    assert_eq!(names("name EQ ^pay _y*^").await, [] as [&str; 0]);
    assert_eq!(names("name EQ ^*50 % off*^").await.len(), 1);
    assert_eq!(names("name EQ ^*50%off*^").await.len(), 0);
    assert_eq!(
        names(r"name EQ '*\'s currency'").await,
        ["Show prices in the visitor's currency"]
    );
    assert_eq!(
        names("name IN ^pay by invoice^,^*instal*^").await,
        ["Pay by invoice", "Pay in instalments"]
    );
}

#[tokio::test]
async fn list_values_and_phases_are_identified_by_logical_name() {
    let client = Client::new(Settings::default()).await;
    let story = client
        .names("stories", "id", "jira_key_udf EQ 'PAY-1'")
        .await
        .remove(0);
    let body = json!({ "phase": { "type": "phase", "id": "phase.story.done" } });
    client.put(&format!("stories/{story}"), &body).await.ok();
    for query in [
        "phase EQ {id EQ ^phase.story.done^}",
        "phase EQ {id IN 'phase.story.done','phase.story.gone'}",
        "phase EQ {logical_name EQ ^phase.story.done^}",
        "phase EQ {name EQ ^Done^}",
        "phase EQ {id EQ ^*done^}",
    ] {
        assert_eq!(
            client.names("stories", "jira_key_udf", query).await,
            ["PAY-1"],
            "{query}"
        );
    }
    assert_eq!(
        client
            .names("stories", "id", "!phase EQ {id EQ ^phase.story.new^}")
            .await,
        [story]
    );
}

#[tokio::test]
async fn cross_filters_work_in_any_direction_and_depth() {
    let client = Client::new(Settings::default()).await;
    let count = async |query: &str| client.names("work_items", "id", query).await.len();
    assert_eq!(
        count("parent EQ {jira_key_udf EQ 'SHOP-11'};subtype EQ 'story'").await,
        10
    );
    assert_eq!(
        count("parent EQ {parent EQ {name EQ 'Pay any way'}}").await,
        20
    );
    assert_eq!(count("parent EQ {null}").await, 1);
    assert_eq!(count("children EQ {jira_key_udf EQ 'PAY-3'}").await, 1);
    assert_eq!(count("children EQ {null};subtype EQ 'feature'").await, 0);
    assert_eq!(
        count("product_areas EQ {name EQ 'Payment';parent EQ {name EQ 'Checkout'}}").await,
        21
    );
    assert_eq!(
        count("!product_areas EQ {null}").await,
        40 + 2 + 20 + 10 + 5
    );
}

#[tokio::test]
async fn null_equals_nothing_and_negation_inverts_that() {
    let client = Client::new(Settings::default()).await;
    let all = client.ids("work_items").await.len();
    let count = async |query: &str| client.names("work_items", "id", query).await.len();
    let keyed = count("!jira_key_udf EQ null").await;
    assert_eq!(count("jira_key_udf EQ null").await + keyed, all);
    assert_eq!(count("!jira_key_udf EQ 'PAY-1'").await, all - 1);
    assert_eq!(
        count("!(jira_key_udf EQ 'PAY-1'||jira_key_udf EQ null)").await,
        keyed - 1
    );
    assert_eq!(count("!!jira_key_udf EQ 'PAY-1'").await, 1);
    assert_eq!(count("jira_key_udf IN null,'PAY-1'").await, all - keyed + 1);
    assert_eq!(count("!release EQ {name EQ 'Shop 25.3'}").await, 1);
}

#[tokio::test]
async fn numbers_times_and_ranges_are_compared_by_value() {
    let client = Client::new(Settings::default()).await;
    let names = |query: &'static str| client.names("releases", "name", query);
    assert_eq!(
        names("start_date BTW ^2025-04-01T00:00:00Z^...^2025-06-30^").await,
        ["Shop 25.2"]
    );
    assert_eq!(
        names("start_date GE ^2025-07-01T02:00:00+02:00^;name EQ 'shop*'").await,
        ["Shop 25.3"]
    );
    assert_eq!(
        names("id BTW 2002...2003").await,
        ["Shop 25.2", "Shop 25.3"]
    );
    assert_eq!(names("id LT 2002.5;id GT '2001'").await, ["Shop 25.2"]);
    assert_eq!(names("is_default EQ true").await, ["Default Release"]);
    assert_eq!(
        names("workspace_id EQ 1002;id EQ 2001").await,
        ["Default Release"]
    );
}

#[tokio::test]
async fn times_are_compared_as_they_are_shown() {
    let client = Client::empty().await;
    for (name, second) in [("a", "00.500"), ("b", "01.999"), ("c", "02")] {
        let start = format!("2031-01-01T00:00:{second}Z");
        let release =
            json!({ "name": name, "start_date": start, "end_date": "2031-02-01T00:00:00Z" });
        client.create("releases", release).await;
    }
    let time = |second: &str| format!("^2031-01-01T00:00:{second}Z^");
    for (query, expected) in [
        (format!("start_date EQ {}", time("00")), "a"),
        (format!("start_date EQ {}", time("00.500")), ""),
        (
            format!("start_date IN {},{}", time("00"), time("02")),
            "a c",
        ),
        (format!("start_date GT {}", time("00")), "b c"),
        (format!("start_date GE {}", time("01")), "b c"),
        (format!("start_date GE {}", time("01.5")), "c"),
        (format!("start_date LE {}", time("01")), "a b"),
        (format!("start_date LT {}", time("01")), "a"),
        (format!("start_date LT {}", time("01.5")), "a b"),
        (
            format!("start_date BTW {}...{}", time("00"), time("01")),
            "a b",
        ),
    ] {
        let query = format!("start_date GE ^2031-01-01^;{query}");
        let names = client.names("releases", "name", &query).await;
        assert_eq!(names.join(" "), expected, "{query}");
    }
    let missing = client.names("sprints", "id", "start_date EQ null").await;
    assert_eq!(missing, Vec::<String>::new());
    let groups = "releases/groups?group_by=start_date&query=\"start_date%20GE%20%5E2031-01-01%5E\"";
    let groups = client.get(groups).await.ok();
    assert_eq!(groups["groups"][1]["value"], "2031-01-01T00:00:01Z");
    let new = client.create(
        "releases",
        json!({
            "name": "d", "start_date": "2031-01-01T00:00:01.2Z", "end_date": "2031-02-01T00:00:00Z",
        }),
    );
    new.await;
    let groups = client.get("releases/groups?group_by=start_date").await.ok();
    let first = json!({ "count": 2, "value": "2031-01-01T00:00:01Z" });
    assert_eq!(groups["groups"][0], first);
}

#[tokio::test]
async fn invalid_queries_are_explained() {
    let client = Client::empty().await;
    for (query, code) in [
        ("colour EQ 1", "platform.unknown_field"),
        ("parent EQ {colour EQ 1}", "platform.unknown_field"),
        ("parent EQ 5", "platform.illegal_field_value"),
        ("name EQ {id EQ 5}", "platform.illegal_field_value"),
        ("id EQ 'abc'", "platform.illegal_field_value"),
        ("creation_time GT 'soon'", "platform.illegal_field_value"),
        ("name LT null", "platform.illegal_field_value"),
        ("id EQ ^1*^", "platform.illegal_field_value"),
        ("id EQ 'nan'", "platform.illegal_field_value"),
        ("name is 'x'", "platform.invalid_query"),
        ("owner EQ [me]", "platform.invalid_query"),
        ("name EQ [current_user]", "platform.illegal_field_value"),
        ("(name EQ 'x'", "platform.invalid_query"),
    ] {
        let encoded: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
        let response = client.get(&format!("stories?query={encoded}")).await;
        assert_eq!(response.refusal(), (400, code.to_owned()), "{query}");
    }
    let response = client.get("stories?query=name%20is%20'x'").await;
    assert!(
        response.json()["description"]
            .as_str()
            .unwrap()
            .contains("^^"),
        "{}",
        response.text()
    );
}

#[tokio::test]
async fn placeholders_stand_for_the_user_and_the_current_release_and_sprint() {
    let client = Client::new(Settings::default()).await;
    let story = client
        .names("stories", "id", "jira_key_udf EQ 'PAY-1'")
        .await
        .remove(0);
    let user = client
        .names("workspace_users", "id", "name EQ 'sandbox'")
        .await
        .remove(0);
    let release = client
        .names("releases", "id", "is_default EQ true")
        .await
        .remove(0);
    let body = json!({
        "owner": { "type": "workspace_user", "id": user },
        "release": { "type": "release", "id": release },
    });
    client.put(&format!("stories/{story}"), &body).await.ok();
    for query in [
        "owner EQ [current_user];release EQ {id EQ [current_release]}",
        "owner EQ {id EQ [current_user]};release IN [current_release],[current_release]",
        "owner IN [current_user]",
        "!(!owner EQ [current_user])",
    ] {
        let found = client.names("stories", "jira_key_udf", query).await;
        assert_eq!(found, ["PAY-1"], "{query}");
    }
    let me = client
        .names("workspace_users", "name", "id EQ [current_user]")
        .await;
    assert_eq!(me, ["sandbox"]);
    let current = client
        .names("releases", "name", "id IN [current_release],2002")
        .await;
    assert_eq!(current, ["Default Release", "Shop 25.2"]);
}

#[tokio::test]
async fn names_with_special_characters_are_found_by_every_client() {
    let client = Client::empty().await;
    for name in [
        r#"it's "50%" (a_b) {c} [d]; e || f"#,
        r"C:\temp",
        "its 50% other",
    ] {
        client.create("releases", json!({
            "name": name, "start_date": "2025-01-01T00:00:00Z", "end_date": "2025-02-01T00:00:00Z",
        })).await;
    }
    for (clause, found) in [
        // The CI SDK, its quotes percent-encoded.
        (
            r#""name='it\'s \"50%\" \(a_b\) {c} [d]; e || f'""#,
            r#"it's "50%" (a_b) {c} [d]; e || f"#,
        ),
        (r#""name='C:\\temp'""#, r"C:\temp"),
        // The old client.
        (
            r#""name EQ 'it\'s \"50%\" (a_b) {c} [d]; e || f'""#,
            r#"it's "50%" (a_b) {c} [d]; e || f"#,
        ),
        // The C# SDK.
        (
            r#""name='it*s \"50%\" (a_b) {c} [d]; e || f'""#,
            r#"it's "50%" (a_b) {c} [d]; e || f"#,
        ),
        // The help; without the outer quotes; with spaces.
        (
            r#""name EQ ^it's "50%" (a_b) {c} [d]; e || f^""#,
            r#"it's "50%" (a_b) {c} [d]; e || f"#,
        ),
        (
            r#" ( name  =^*"50%" (a_b)*^ ) "#,
            r#"it's "50%" (a_b) {c} [d]; e || f"#,
        ),
    ] {
        let encoded: String = url::form_urlencoded::byte_serialize(clause.as_bytes()).collect();
        let list = client
            .list(&format!("releases?fields=name&query={encoded}"))
            .await;
        assert_eq!(list.len(), 1, "{clause}");
        assert_eq!(list[0]["name"], found, "{clause}");
    }
}

/// No frequent query may scan all rows.
#[tokio::test]
async fn frequent_queries_use_indexes() {
    let sandbox = crate::Sandbox::open(Settings::default()).unwrap();
    let state = &sandbox.state;
    for (collection, query) in [
        ("automated_runs", "parent_suite EQ {id EQ 7003}"),
        ("automated_runs", "test EQ {id EQ 7003}"),
        ("suite_run", "name EQ ^x^;test EQ {id EQ 5001}"),
        ("work_items", "jira_key_udf IN 'SHOP-12','SHOP-19'"),
        ("stories", "jira_key_udf EQ 'SHOP-12'"),
        ("tests", "name EQ 'x'"),
        ("application_modules", "name EQ 'x';parent EQ {id EQ 1}"),
        ("tests", "covered_content EQ {id EQ 3001}"),
        ("automated_runs", "covered_content EQ {id EQ 3001}"),
        ("stories", "test EQ {id EQ 3001}"),
        ("test_suite_link_to_tests", "test_suite EQ {id EQ 1}"),
        // Through other tables, for queries that may match thousands of rows.
        ("automated_runs", "parent_suite={id='7003'}"),
        (
            "automated_runs",
            "native_status={id=^list_node.run_native_status.failed^};parent_suite={id=7003}",
        ),
        ("automated_runs", "parent_suite={name='x';test={id=5001}}"),
        (
            "automated_runs",
            "test={covered_content={jira_key_udf='SHOP-1'}}",
        ),
        ("work_items", "parent={parent={name='x'}}"),
        ("work_items", "children={jira_key_udf='SHOP-1'}"),
        ("stories", "jira_key_udf='SHOP-1*'"),
        ("stories", "test={run={parent_suite={id=7003}}}"),
        ("tests", "run={parent_suite={id=7003}}"),
        ("releases", "name EQ 'x'"),
        ("test_suites", "name EQ 'x'"),
        ("list_nodes", "logical_name EQ 'list_node.severity.high'"),
        (
            "list_nodes",
            "list_root EQ {logical_name EQ 'list_node.severity'}",
        ),
        ("workspace_users", "name EQ 'x'"),
        ("user_tags", "name EQ 'x'"),
        ("work_items", "path EQ '0000*'"),
        ("application_modules", "path EQ '0000*'"),
        ("work_items", "parent EQ {id EQ 3001}"),
        ("work_items", "release EQ {id EQ 2001}"),
        ("tests", "covered_content EQ {path EQ '0000*'}"),
        ("attachments", "owner_work_item EQ {id EQ 3001}"),
        ("attachments", "owner_run EQ {id EQ 7001}"),
        ("comments", "owner_work_item EQ {id EQ 3001}"),
        ("run_steps", "run EQ {id EQ 7001}"),
        ("previous_runs", "run_id EQ 7001"),
        ("test_versions", "test EQ {id EQ 4001}"),
        ("sprints", "release EQ {id EQ 2001}"),
        (
            "manual_runs",
            "test EQ {covered_manual_test EQ {id EQ 7}}||test EQ {id EQ 7}",
        ),
    ] {
        let query = query.parse().unwrap();
        let plan = state
            .store
            .read_now(|reader| {
                reader.explain(
                    reader
                        .catalog
                        .collection(Scope::Workspace, collection)
                        .unwrap(),
                    &query,
                )
            })
            .unwrap();
        // A table has few subtypes: using an index on them is nearly a scan.
        assert!(
            !plan.contains("_by_subtype"),
            "{collection}: {query}\n{plan}"
        );
        assert!(!plan.contains("SCAN t"), "{collection}: {query}\n{plan}");
    }
}

/// References and computed fields are found by an index as well, for every type.
#[tokio::test]
async fn references_and_computed_fields_use_indexes() {
    let sandbox = crate::Sandbox::open(Settings::default()).unwrap();
    let check = |reader: crate::store::Reader<'_>| {
        let mut looked_at = 0;
        let mut scans = Vec::new();
        for entity_type in reader.catalog.types() {
            for field in &entity_type.fields {
                let sql = match (&field.field_type, &field.computed) {
                    (FieldType::Inverse { target, field }, _) => {
                        let table = reader.catalog.known_type(target).table;
                        format!("SELECT id FROM {table} WHERE \"{field}\" = 1")
                    }
                    (FieldType::Many(link), _) => {
                        format!(
                            "SELECT {} FROM {} WHERE {} = 1",
                            link.target_column,
                            link.of("= 1"),
                            link.owner_column
                        )
                    }
                    (_, Some(_)) => {
                        let value = field.expression("t0");
                        format!(
                            "SELECT {value} FROM {} t0 WHERE t0.id = 1",
                            entity_type.table
                        )
                    }
                    _ => continue,
                };
                let mut statement = reader
                    .connection
                    .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
                let lines = statement.query_map([], |row| row.get::<_, String>(3))?;
                for line in lines {
                    let line = line?;
                    // Only rows that are counted anyway are scanned.
                    let is_fine = !line.starts_with("SCAN")
                        || line.starts_with("SCAN counted")
                        || line.starts_with("SCAN CONSTANT");
                    if !is_fine {
                        scans.push(format!("{}.{}: {line}", entity_type.name, field.name));
                    }
                }
                looked_at += 1;
            }
        }
        assert!(scans.is_empty(), "{scans:#?}");
        Ok(looked_at)
    };
    assert!(sandbox.state.store.read_now(check).unwrap() > 100);
}
