//! How tests are called, and which Jira keys they get by their names.

use crate::program::Place;

const REPORT: &str = r#"<testsuites><testsuite name="Cart">
  <testcase classname="shop.cart.TaxTest" name="adds[0x7f3a5c00d2e0]" file="src/tax.spec.ts"/>
  <testcase classname="shop.cart.TaxTest" name="cafe&#x301;"><failure message="no"/></testcase>
</testsuite></testsuites>"#;

/// Module, package, class, name and keys of all results.
fn converted(place: &Place, options: &[&str]) -> Vec<String> {
    let arguments = [&["convert", "r.xml", "--to", "ndjson", "-o", "-"], options].concat();
    let done = place.octane(&arguments);
    assert_eq!(done.code, 0, "{done:?}");
    let rows = done.stdout.lines();
    rows.map(|row| {
        let row: serde_json::Value = serde_json::from_str(row).unwrap();
        let fields = ["module", "package", "class", "name", "jira"];
        let fields = fields.map(|field| match &row[field] {
            serde_json::Value::String(text) => text.clone(),
            serde_json::Value::Array(keys) => {
                let keys: Vec<&str> = keys.iter().filter_map(|key| key.as_str()).collect();
                keys.join(" ")
            }
            _ => String::new(),
        });
        fields.join("|")
    })
    .collect()
}

#[test]
fn templates_and_normalization_make_the_names() {
    let place = Place::new();
    place.file("r.xml", REPORT);
    assert_eq!(
        converted(&place, &[]),
        [
            "|shop.cart|TaxTest|adds[0x7f3a5c00d2e0]|",
            "|shop.cart|TaxTest|caf\u{e9}|"
        ]
    );
    let options = [
        "--identity",
        "module={suite} package=",
        "--identity",
        "class={classname}",
        "--normalize",
        "addresses,times",
    ];
    assert_eq!(
        converted(&place, &options),
        [
            "Cart||shop.cart.TaxTest|adds[<address>]|",
            "Cart||shop.cart.TaxTest|caf\u{e9}|"
        ]
    );
}

#[test]
fn a_template_that_is_wrong_is_named_with_its_column() {
    let place = Place::new();
    place.file("r.xml", REPORT);
    place
        .octane(&["validate", "r.xml", "--identity", "module={suit}"])
        .fails(
            2,
            &[
                "'module={suit}' for '--identity <TEMPLATE>'",
                "column 9",
                "did you mean `suite`?",
            ],
        );
    place
        .octane(&["validate", "r.xml", "--normalize", "address"])
        .fails(2, &["`address` is not one of `addresses`"]);
}

#[test]
fn a_map_gives_keys_and_names_its_unused_lines() {
    let place = Place::new();
    place.file("r.xml", REPORT);
    place.file(
        "map.csv",
        "test,jira\nshop.cart.TaxTest.*,SHOP-1\n*.caf\u{e9},\"SHOP-2, nonsense\"\ngone,SHOP-3\n",
    );
    let with_map = ["--jira-map", "map.csv"];
    let keys: Vec<String> = converted(&place, &with_map)
        .iter()
        .filter_map(|row| row.rsplit('|').next().map(str::to_owned))
        .collect();
    assert_eq!(keys, ["SHOP-1", "SHOP-1 SHOP-2"]);
    let done = place.octane(&[
        "validate",
        "r.xml",
        "--jira-map",
        "map.csv",
        "--format",
        "json",
    ]);
    assert_eq!(done.code, 0, "{done:?}");
    let counts = &done.json()["warning_counts"];
    assert_eq!(counts["unused_jira_line"], 1);
    assert_eq!(counts["invalid_jira_key"], 1);
    let done = place.octane(&["validate", "r.xml", "--jira-map", "map.csv"]);
    assert!(
        done.stdout.contains("map.csv:4: this line matches no test"),
        "{}",
        done.stdout
    );
    assert!(
        done.stdout.contains("map.csv:3: ignored `nonsense`"),
        "{}",
        done.stdout
    );
}

#[test]
fn a_map_that_cannot_be_used_is_named_before_anything_is_read() {
    let place = Place::new();
    place.file("map.csv", "name\tstory\nx\tSHOP-1\n");
    place
        .octane(&["upload", "gone.xml", "--sandbox", "--jira-map", "map.csv"])
        .fails(3, &["map.csv:1", "column `story`", "`test`"]);
    place
        .octane(&["upload", "gone.xml", "--sandbox", "--jira-map", "none.csv"])
        .fails(3, &["cannot read `none.csv`"]);
}

#[test]
fn validate_names_what_would_be_cut_and_what_probably_differs_from_run_to_run() {
    let place = Place::new();
    let long = "x".repeat(300);
    let table = format!(
        "class,name,status\nCart,adds[0x5257a0],passed\nCart,adds[0x7711c8],passed\nCart,order 83910472,passed\n\
         Cart,order 55201938,passed\nCart,{long},failed\nCart,pays,failed\nCart,pays,passed\n"
    );
    place.file("r.csv", &table);
    let json = place
        .octane(&["validate", "r.csv", "--format", "json"])
        .json();
    let renames = json["probable_renames"].as_array().unwrap();
    let suggested: Vec<(&str, &str)> = renames
        .iter()
        .map(|rename| {
            (
                rename["test"].as_str().unwrap(),
                rename["suggestion"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        suggested,
        [
            ("Cart.adds[<address>]", "--normalize addresses"),
            ("Cart.order *", "--scrub '[0-9]{6,}'")
        ]
    );
    assert_eq!(json["cut"][0]["field"], "name");
    assert_eq!(json["cut"][0]["chars"], 300);
    assert_eq!(json["cut"][0]["line"], 6);
    assert_eq!(json["counts"]["cut"], 1);
    assert_eq!(json["counts"]["repaired"], 1);
    assert_eq!(json["repeated"][0]["test"], "Cart.pays");
    assert_eq!(json["repeated"][0]["is_flaky"], true);
    assert_eq!(json["counts"]["repeats"], 1);
    let done = place.octane(&["validate", "r.csv"]);
    for part in [
        "1 text is longer than Octane's limit and would be cut:",
        "r.csv:6: `name` of `Cart.xxx",
        "is 300 characters long; the limit is 255",
        "Cart.adds[<address>]: 2 names, such as `Cart.adds[0x5257a0]`; `--normalize addresses` removes what differs",
    ] {
        assert!(done.stdout.contains(part), "{part} in {}", done.stdout);
    }
    // What is suggested helps: the names become one, numbered in their order.
    let again = place
        .octane(&[
            "validate",
            "r.csv",
            "--normalize",
            "addresses",
            "--scrub",
            "[0-9]{6,}",
            "--format",
            "json",
        ])
        .json();
    assert_eq!(again["probable_renames"].as_array().unwrap().len(), 0);
}
