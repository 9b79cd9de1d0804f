//! Tests: automated tests and test suites share the aggregate `test` and its id space.

use super::entity_type::{EntityType, GET_ONLY, Table};
use super::field::{
    Field, boolean, integer, inverse, list_value, list_values, many, memo, one, one_of, text,
};
use super::work_items::PROVABLE;

pub(super) const TABLES: [Table; 3] = [TESTS, SUITE_LINKS, TEST_VERSIONS];

const TESTS: Table = Table {
    has_subtype: true,
    // The feature file by which ingestion recognises a Gherkin test.
    hidden: &[("feature_path", "TEXT")],
    indexes: &[
        ("tests_by_name", "name COLLATE NOCASE"),
        ("tests_by_subtype", "subtype"),
        // How ingestion recognises a test.
        ("tests_by_identity", "name, class_name, package, component"),
        (
            "tests_by_feature",
            "feature_path, name) WHERE (feature_path IS NOT NULL",
        ),
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

const TEST_VERSIONS: Table = Table {
    indexes: &[("test_versions_by_test", "test")],
    ..Table::new("test_versions", 9301)
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
        text("external_test_id").read_only(),
        inverse("run", "run_automated", "test"),
        inverse("link_to_test", "test_suite_link_to_test", "test"),
    ]);
    let gherkin = EntityType::new("gherkin_test", "Gherkin test", &["gherkin_tests"], &TESTS)
        .subtype_of("test")
        .fields(common())
        .fields([
            list_value("framework", "list_node.je.framework"),
            list_value("test_level", "list_node.test_level"),
            list_value("testing_tool_type", "list_node.testing_tool_type"),
            inverse("run", "gherkin_automated_run", "test"),
            inverse("link_to_test", "test_suite_link_to_test", "test"),
            inverse("test_version", "test_version", "test"),
        ]);
    let version = EntityType::new(
        "test_version",
        "Test version",
        &["test_versions"],
        &TEST_VERSIONS,
    )
    .methods(GET_ONLY)
    .fields([
        text("name").read_only(),
        one("test", "test").cascading().read_only(),
        memo("script").read_only(),
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
    let link_of = |name, label, collections, tests| {
        EntityType::new(name, label, collections, &SUITE_LINKS)
            .subtype_of("test_suite_link_to_test")
            .fields([
                one_of("test_suite", "test_suite", &["test_suite"])
                    .required()
                    .cascading(),
                one_of("test", "test", tests).required().cascading(),
                boolean("include_in_next_run"),
                list_value("run_mode", "list_node.run_mode")
                    .initially("list_node.run_mode.automatically"),
                integer("order").read_only(),
            ])
            .unique(&["test_suite", "test"])
    };
    let automated_link = link_of(
        "test_suite_link_to_automated",
        "Automated test in suite",
        &["test_suite_link_to_automated_tests"],
        &["test_automated"],
    );
    let gherkin_link = link_of(
        "test_suite_link_to_gherkin",
        "Gherkin test in suite",
        &["test_suite_link_to_gherkin_tests"],
        &["gherkin_test"],
    );
    vec![
        test,
        automated,
        gherkin,
        version,
        suite,
        link,
        automated_link,
        gherkin_link,
    ]
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
