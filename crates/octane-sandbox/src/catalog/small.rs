//! Small types that others refer to: environments and tags.

use super::entity_type::{EntityType, GET_ONLY, NO_DELETE, Table};
use super::field::{activation_status, activity_level, integer, many, memo, one, one_of, text};

pub(super) const TABLES: [Table; 8] = [
    TAXONOMIES,
    TAGS,
    SNAPSHOT_LABELS,
    BDD_SPECS,
    DATA_TABLES,
    ENTITY_LABELS,
    FORM_LAYOUTS,
    METADATA_FIELDS,
];

const TAXONOMIES: Table = Table {
    has_subtype: true,
    indexes: &[("taxonomies_by_category", "category, name COLLATE NOCASE")],
    ..Table::new("taxonomy_nodes", 1201)
};
const TAGS: Table = Table {
    indexes: &[("user_tags_by_name", "name COLLATE NOCASE")],
    ..Table::new("user_tags", 1401)
};

const SNAPSHOT_LABELS: Table = Table::new("model_diagram_snapshot_labels", 1451);
const DATA_TABLES: Table = Table::new("test_data_tables", 1481);
const ENTITY_LABELS: Table = Table {
    indexes: &[("entity_labels_by_type", "entity_type")],
    ..Table::new("entity_labels", 1001)
};
const BDD_SPECS: Table = Table::new("bdd_specs", 1491);
const FORM_LAYOUTS: Table = Table::new("form_layouts", 1001);
const METADATA_FIELDS: Table = Table::new("metadata_fields", 1001);

pub(super) fn types() -> Vec<EntityType> {
    let taxonomy = EntityType::new(
        "taxonomy_node",
        "Environment",
        &["taxonomy_nodes"],
        &TAXONOMIES,
    )
    .methods(NO_DELETE);
    let category = EntityType::new(
        "taxonomy_category_node",
        "Environment category",
        &["taxonomy_category_nodes"],
        &TAXONOMIES,
    )
    .subtype_of("taxonomy_node")
    .methods(NO_DELETE)
    .fields([
        text("name").required(),
        activity_level(),
        activation_status(),
    ])
    .unique(&["name"]);
    let item = EntityType::new(
        "taxonomy_item_node",
        "Environment value",
        &["taxonomy_item_nodes"],
        &TAXONOMIES,
    )
    .subtype_of("taxonomy_node")
    .methods(NO_DELETE)
    .fields([
        text("name").required(),
        one_of("category", "taxonomy_node", &["taxonomy_category_node"]).required(),
        activity_level(),
        activation_status(),
    ])
    .unique(&["category", "name"]);
    let tag = EntityType::new("user_tag", "Tag", &["user_tags"], &TAGS)
        .methods(&["GET", "POST"])
        .fields([
            text("name").required(),
            many("run", ("run_user_tags", "user_tag", "run"), "run", &[]),
        ])
        .unique(&["name"]);
    let label = EntityType::new(
        "model_diagram_snapshot_label",
        "Model diagram snapshot label",
        &["model_diagram_snapshot_labels"],
        &SNAPSHOT_LABELS,
    )
    .methods(&["GET", "POST"])
    .fields([text("name").required()]);
    let specification =
        EntityType::new("bdd_spec", "BDD specification", &["bdd_specs"], &BDD_SPECS).fields([
            text("name").required(),
            memo("description"),
            memo("script"),
            text("automation_identifier"),
            one("owner", "workspace_user"),
        ]);
    let data_table = EntityType::new(
        "test_data_table",
        "Data table",
        &["test_data_tables"],
        &DATA_TABLES,
    )
    .fields([
        text("name").required(),
        text("relative_path"),
        one("scm_repository", "scm_repository"),
    ]);
    let label_of_type = EntityType::new(
        "entity_label",
        "Entity label",
        &["entity_labels"],
        &ENTITY_LABELS,
    )
    .methods(GET_ONLY)
    .fields(
        [
            "entity_type",
            "language",
            "name",
            "initials",
            "plural_capitalized",
        ]
        .map(|name| text(name).read_only().returned_by_default()),
    );
    let [form, field] = forms();
    vec![
        taxonomy,
        category,
        item,
        tag,
        label,
        specification,
        data_table,
        label_of_type,
        form,
        field,
    ]
}

/// What the product's user interface is made of. There are none here, but clients look for them.
fn forms() -> [EntityType; 2] {
    let form = EntityType::new("form_layout", "Form", &["form_layouts"], &FORM_LAYOUTS)
        .methods(GET_ONLY)
        .fields([
            text("name").required(),
            text("entity"),
            text("entity_subtype"),
            integer("is_default"),
            memo("body"),
        ]);
    let field = EntityType::new(
        "metadata_field",
        "Field",
        &["metadata_fields"],
        &METADATA_FIELDS,
    )
    .methods(GET_ONLY)
    .fields([text("name").required(), text("entity_type"), text("label")]);
    [form, field]
}

/// What a workspace calls entity types: type, name, initials, and several of them.
pub(crate) const ENTITY_LABEL_NAMES: &[(&str, &str, &str, &str)] = &[
    ("epic", "Epic", "E", "Epics"),
    ("feature", "Feature", "F", "Features"),
    ("story", "User Story", "US", "User Stories"),
    ("quality_story", "Quality Story", "QS", "Quality Stories"),
    ("defect", "Defect", "D", "Defects"),
    ("task", "Task", "T", "Tasks"),
    ("requirement_document", "Requirement", "R", "Requirements"),
    ("test_manual", "Manual Test", "MT", "Manual Tests"),
    ("test_automated", "Automated Test", "AT", "Automated Tests"),
    ("gherkin_test", "Gherkin Test", "GT", "Gherkin Tests"),
    ("scenario_test", "BDD Scenario", "BSC", "BDD Scenarios"),
    ("test_suite", "Test Suite", "TS", "Test Suites"),
    ("run_manual", "Manual Run", "MR", "Manual Runs"),
    ("run_automated", "Automated Run", "AR", "Automated Runs"),
    ("run_suite", "Suite Run", "SR", "Suite Runs"),
];
