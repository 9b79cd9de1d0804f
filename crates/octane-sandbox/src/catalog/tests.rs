//! Tests: automated tests and test suites share the aggregate `test` and its id space.

use super::entity_type::{EntityType, Table};
use super::field::{
    Field, boolean, integer, inverse, list_value, list_values, many, memo, one, one_of, text,
};
use super::work_items::PROVABLE;

pub(super) const TABLES: [Table; 2] = [TESTS, SUITE_LINKS];

const TESTS: Table = Table {
    has_subtype: true,
    indexes: &[
        ("tests_by_name", "name COLLATE NOCASE"),
        ("tests_by_subtype", "subtype"),
        // How ingestion recognises a test.
        ("tests_by_identity", "name, class_name, package, component"),
    ],
    ..Table::new("tests", 4001)
};

const SUITE_LINKS: Table = Table {
    has_subtype: true,
    indexes: &[
        ("suite_links_by_suite", "test_suite, test"),
        ("suite_links_by_test", "test"),
    ],
    ..Table::new("suite_links", 9001)
};

pub(super) fn types() -> Vec<EntityType> {
    let test = EntityType::new("test", "Test", &["tests"], &TESTS);
    let automated = EntityType::new(
        "test_automated",
        "Automated test",
        &["automated_tests"],
        &TESTS,
    )
    .subtype_of("test")
    .fields(common())
    .fields([
        text("component"),
        text("package"),
        text("class_name"),
        list_value("framework", "list_node.je.framework"),
        list_value("test_level", "list_node.test_level"),
        list_value("testing_tool_type", "list_node.testing_tool_type"),
        memo("test_runner"),
        inverse("run", "run_automated", "test"),
        inverse("link_to_test", "test_suite_link_to_test", "test"),
    ]);
    let suite = EntityType::new("test_suite", "Test suite", &["test_suites"], &TESTS)
        .subtype_of("test")
        .fields(common())
        .fields([
            inverse("run", "run_suite", "test"),
            inverse(
                "link_to_test_suite",
                "test_suite_link_to_test",
                "test_suite",
            ),
        ]);
    let link = EntityType::new(
        "test_suite_link_to_test",
        "Test in suite",
        &["test_suite_link_to_tests"],
        &SUITE_LINKS,
    );
    let automated_link = EntityType::new(
        "test_suite_link_to_automated_test",
        "Automated test in suite",
        &["test_suite_link_to_automated_tests"],
        &SUITE_LINKS,
    )
    .subtype_of("test_suite_link_to_test")
    .fields([
        one_of("test_suite", "test_suite", &["test_suite"])
            .required()
            .cascading(),
        one_of("test", "test", &["test_automated"])
            .required()
            .cascading(),
        boolean("include_in_next_run"),
        list_value("run_mode", "list_node.run_mode").initially("list_node.run_mode.automatically"),
        integer("order").read_only(),
    ])
    .unique(&["test_suite", "test"]);
    vec![test, automated, suite, link, automated_link]
}

const COVERED: (&str, &str, &str) = ("test_covered_content", "test", "work_item");
const AREAS: (&str, &str, &str) = ("test_modules", "test", "module");

fn common() -> Vec<Field> {
    vec![
        text("name").required(),
        memo("description"),
        // Two names of one relation, as in the product; likewise product areas below.
        many("covered_content", COVERED, "work_item", PROVABLE).label("Backlog coverage"),
        many("backlog_coverage", COVERED, "work_item", PROVABLE),
        many("product_areas", AREAS, "product_area", &[]).label("Application modules"),
        many("application_modules", AREAS, "application_module", &[]),
        list_values(
            "test_type",
            ("test_test_type", "test", "list_node"),
            "list_node.test_type",
        ),
        one("program", "program"),
        one("phase", "phase"),
        one("owner", "workspace_user"),
        one("designer", "workspace_user"),
        many(
            "user_tags",
            ("test_user_tags", "test", "user_tag"),
            "user_tag",
            &[],
        ),
    ]
}
