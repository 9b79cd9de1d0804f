//! Tests: all types share the aggregate `test` and its ID space.

use super::entity_type::{EntityType, GET_AND_PUT, Table};
use super::field::{
    DefaultValue, Field, boolean, derived, integer, inverse, list_value, list_values, long_text,
    many, memo, one, one_of, text,
};
use super::owned::{attachments, comments};
use super::work_items::COVERABLE;

pub(super) const TABLES: [Table; 3] = [TESTS, SUITE_LINKS, TEST_VERSIONS];

const TESTS: Table = Table {
    has_subtype: true,
    // How ingestion finds a Gherkin test: by its feature file.
    hidden: &[("feature_path", "TEXT")],
    indexes: &[
        ("tests_by_name", "name COLLATE NOCASE"),
        ("tests_by_subtype", "subtype"),
        // How ingestion finds a test.
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

/// The types whose tests have a script.
pub(crate) const SCRIPTED: &[&str] = &["test_manual", "gherkin_test", "scenario_test"];

pub(super) fn types() -> Vec<EntityType> {
    let test = EntityType::new("test", "Test", &["tests"], &TESTS);
    let create = |name, label, collections, first_phase| {
        EntityType::new(name, label, collections, &TESTS)
            .subtype_of("test")
            .fields(common(first_phase))
    };
    let automated = create(
        "test_automated",
        "Automated test",
        &["automated_tests"],
        "phase.test_automated.new",
    )
    .fields(identity())
    .fields([
        list_value("framework", "list_node.je.framework"),
        list_value("test_level", "list_node.test_level"),
        list_value("testing_tool_type", "list_node.testing_tool_type"),
        test_runner(),
        integer("steps_num").read_only(),
        text("external_test_id").read_only(),
        one("scm_repository", "scm_repository"),
        boolean("executable"),
        inverse("run", "run_automated", "test"),
        inverse("link_to_test", "test_suite_link_to_automated", "test"),
    ]);
    let suite = create(
        "test_suite",
        "Test suite",
        &["test_suites"],
        "phase.test_suite.new",
    )
    .fields([
        inverse("run", "run_suite", "test"),
        inverse(
            "link_to_test_suite",
            "test_suite_link_to_test",
            "test_suite",
        ),
    ])
    .with("estimated_duration", Field::read_only);
    let manual = create(
        "test_manual",
        "Manual test",
        &["manual_tests"],
        "phase.test_manual.new",
    )
    .fields([
        inverse("run", "run_manual", "test"),
        list_value("test_level", "list_node.test_level"),
        list_value("testing_tool_type", "list_node.testing_tool_type")
            .default_value("list_node.testing_tool_type.manual"),
        integer("steps_num").read_only(),
        many(
            "automated_by",
            ("test_covered_manual_test", "covered", "test"),
            "test",
            &[],
        ),
        many(
            "covering_automated_test",
            ("test_covered_manual_test", "covered", "test"),
            "test",
            &["test_automated"],
        ),
    ])
    .fields(edited())
    .fields(scripted("test_suite_link_to_manual"));
    let gherkin = create(
        "gherkin_test",
        "Gherkin test",
        &["gherkin_tests"],
        "phase.gherkin_test.new",
    );
    let gherkin = of_features(gherkin);
    let scenario = create(
        "scenario_test",
        "Scenario test",
        &["scenario_tests"],
        "phase.scenario_test.new",
    )
    .fields(scripted("test_suite_link_to_test"));
    let model_based = create(
        "model_based_test",
        "Model-based test",
        &["model_based_tests"],
        "phase.model_based_test.new",
    )
    .fields([inverse("link_to_test", "test_suite_link_to_test", "test")]);
    let mut types = vec![
        test,
        automated,
        suite,
        manual,
        gherkin,
        scenario,
        model_based,
        version(),
    ];
    types.extend(suite_links());
    types
}

const COVERED: (&str, &str, &str) = ("test_covered_content", "test", "work_item");
const AREAS: (&str, &str, &str) = ("test_modules", "test", "module");

/// What the runs of a test cover: its own backlog items, and those of its runs.
const WORK_ITEMS_OF_LAST_RUN: &str = "(
    SELECT c.test AS owner, c.work_item AS target FROM test_covered_content c
    WHERE EXISTS (SELECT 1 FROM runs r WHERE r.test = c.test)
    UNION ALL SELECT r.test, c.work_item FROM run_covered_content c JOIN runs r ON r.id = c.run)";

fn of_features(entity_type: EntityType) -> EntityType {
    entity_type
        .fields(identity())
        .fields(edited())
        .fields([
            inverse("run", "run", "test"),
            test_runner(),
            integer("steps_num").read_only(),
            list_value("framework", "list_node.je.framework"),
            list_value("test_level", "list_node.test_level"),
            list_value("testing_tool_type", "list_node.testing_tool_type"),
        ])
        .fields(scripted("test_suite_link_to_gherkin"))
}

/// The fields of tests that people write.
fn edited() -> [Field; 2] {
    [
        list_value("automation_status", "list_node.automation_status"),
        one("modified_by", "workspace_user").read_only(),
    ]
}

/// What runs a test; files of older versions have text in a column of this name.
fn test_runner() -> Field {
    one("test_runner", "executor")
        .in_column("executor")
        .unsortable()
}

fn common(first_phase: &'static str) -> Vec<Field> {
    let mut fields = vec![
        text("name").required(),
        memo("description"),
        // Two names of one relation, as in the product; the same applies to product areas below.
        many("covered_content", COVERED, "work_item", COVERABLE).label("Backlog coverage"),
        many("backlog_coverage", COVERED, "work_item", COVERABLE),
        many("product_areas", AREAS, "product_area", &[]).label("Application modules"),
        many("application_modules", AREAS, "application_module", &[]),
        many(
            "covered_requirement",
            ("test_covered_requirement", "test", "requirement"),
            "requirement",
            &["requirement_document"],
        ),
        many(
            "quality_stories",
            ("test_quality_stories", "test", "work_item"),
            "work_item",
            &["quality_story"],
        ),
        many(
            "covered_manual_test",
            ("test_covered_manual_test", "test", "covered"),
            "test",
            &["test_manual"],
        ),
        list_values(
            "test_type",
            ("test_test_type", "test", "list_node"),
            "list_node.test_type",
        ),
        one("program", "program"),
        one("phase", "phase").required().default_value(first_phase),
        one("owner", "workspace_user"),
        one("designer", "workspace_user"),
        integer("estimated_duration"),
        text("automation_identifier"),
        one("bdd_spec", "bdd_spec"),
        inverse("last_runs", "run", "test"),
        derived(
            "work_items_of_last_run",
            WORK_ITEMS_OF_LAST_RUN,
            "work_item",
            COVERABLE,
        ),
        inverse("user_item", "user_item", "my_follow_items_test"),
        many(
            "user_tags",
            ("test_user_tags", "test", "user_tag"),
            "user_tag",
            &[],
        ),
    ];
    fields.extend(attachments("owner_test"));
    fields.extend(comments("owner_test"));
    fields
}

/// The identity of an automated test, in addition to its name.
fn identity() -> [Field; 3] {
    [text("component"), text("package"), text("class_name")]
}

/// The common fields of tests with a script.
fn scripted(suite_link: &'static str) -> [Field; 2] {
    [
        inverse("link_to_test", suite_link, "test"),
        inverse("test_version", "test_version", "test"),
    ]
}

/// A version of the script of a test.
fn version() -> EntityType {
    EntityType::new(
        "test_version",
        "Test version",
        &["test_versions"],
        &TEST_VERSIONS,
    )
    .methods(GET_AND_PUT)
    .fields([many(
        "releases",
        ("test_version_releases", "test_version", "release"),
        "release",
        &[],
    )])
    .fields(
        [
            text("creator")
                .computed("(SELECT x.name FROM workspace_users x WHERE x.id = @.author)"),
            boolean("is_external").computed("0"),
            text("name"),
            one("test", "test").cascading(),
            memo("script"),
            memo("comment"),
            text("revision_type"),
        ]
        .map(Field::read_only),
    )
}

fn suite_links() -> Vec<EntityType> {
    let link = EntityType::new(
        "test_suite_link_to_test",
        "Test in suite",
        &["test_suite_link_to_tests"],
        &SUITE_LINKS,
    );
    let of = |name, label, collections, tests, run_mode| {
        EntityType::new(name, label, collections, &SUITE_LINKS)
            .subtype_of("test_suite_link_to_test")
            .fields([
                one_of("test_suite", "test_suite", &["test_suite"])
                    .required()
                    .cascading()
                    .unsortable(),
                one_of("test", "test", tests)
                    .required()
                    .cascading()
                    .unsortable(),
                test_runner(),
                integer("test_id").computed("@.test"),
                long_text("execution_parameters", 4000),
                one("data_table", "test_data_table"),
                many(
                    "taxonomies",
                    ("suite_link_taxonomies", "suite_link", "taxonomy"),
                    "taxonomy_node",
                    &["taxonomy_item_node"],
                ),
                derived(
                    "covered_workitem",
                    "(SELECT s.id AS owner, c.work_item AS target FROM suite_links s
                      JOIN test_covered_content c ON c.test = s.test)",
                    "work_item",
                    COVERABLE,
                ),
                boolean("include_in_next_run").default_named(DefaultValue::Number(1)),
                list_value("run_mode", "list_node.run_mode").default_value(run_mode),
                integer("order").read_only(),
            ])
            .unique(&["test_suite", "test"])
    };
    let automatically = "list_node.run_mode.automatically";
    vec![
        link,
        of(
            "test_suite_link_to_automated",
            "Automated test in suite",
            &["test_suite_link_to_automated_tests"],
            &["test_automated"],
            automatically,
        ),
        of(
            "test_suite_link_to_manual",
            "Manual test in suite",
            &["test_suite_link_to_manual_tests"],
            &["test_manual"],
            "list_node.run_mode.manually",
        ),
        of(
            "test_suite_link_to_gherkin",
            "Gherkin test in suite",
            &["test_suite_link_to_gherkin_tests"],
            &["gherkin_test"],
            automatically,
        ),
    ]
}
