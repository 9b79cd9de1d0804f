//! Requirement documents and their folders.

use super::entity_type::{EntityType, GET_AND_PUT, GET_ONLY, Table};
use super::field::{
    DefaultValue, Field, boolean, inverse, list_value, many, memo, one, one_of, text,
};
use super::owned::{attachments, comments};

pub(super) const TABLE: Table = Table {
    has_subtype: true,
    is_tree: true,
    root: Some("requirement.root"),
    indexes: &[
        ("requirements_by_parent", "parent"),
        ("requirements_by_name", "name COLLATE NOCASE"),
        ("requirements_by_subtype", "subtype"),
        ("requirements_by_path", "path COLLATE NOCASE"),
    ],
    ..Table::new("requirements", 5501)
};

const FOLDERS: &[&str] = &["requirement_folder", "requirement_root"];

/// `jira_field`: the user-defined field with the Jira key.
pub(super) fn types(jira_field: &str) -> Vec<EntityType> {
    // The aggregate requires what the product says that it requires.
    let requirement = EntityType::new("requirement", "Requirement", &["requirements"], &TABLE)
        .listed(GET_AND_PUT)
        .fields([one("parent", "requirement").required()]);
    let root = EntityType::new(
        "requirement_root",
        "Requirements",
        &["requirement_roots"],
        &TABLE,
    )
    .subtype_of("requirement")
    .methods(GET_ONLY)
    .fields(tree())
    .fields([
        memo("description"),
        one("parent", "requirement").read_only(),
    ]);
    let folder = EntityType::new(
        "requirement_folder",
        "Requirement folder",
        &["requirement_folders"],
        &TABLE,
    )
    .subtype_of("requirement")
    .fields(tree())
    .fields([parent(), memo("description")])
    .fields(attachments("owner_requirement"))
    .fields(comments("owner_requirement"));
    let document = EntityType::new(
        "requirement_document",
        "Requirement document",
        &["requirement_documents"],
        &TABLE,
    )
    .subtype_of("requirement")
    .fields(tree())
    .fields(attachments("owner_requirement"))
    .fields(comments("owner_requirement"))
    .fields([
        parent(),
        memo("description"),
        one("phase", "phase")
            .required()
            .default_value("phase.requirement_document.draft"),
        many(
            "release",
            ("requirement_releases", "requirement", "release"),
            "release",
            &[],
        ),
        boolean("is_root")
            .computed("EXISTS (SELECT 1 FROM requirements x WHERE x.id = @.parent AND x.subtype = 'requirement_folder')"),
        many(
            "features",
            ("work_item_requirements", "requirement", "work_item"),
            "work_item",
            &["epic", "feature", "story", "quality_story", "defect"],
        )
        .label("Backlog implementation"),
        many(
            "related_from_requirements",
            ("requirement_relations", "related", "requirement"),
            "requirement",
            &["requirement_document"],
        ),
        many(
            "related_to_requirement",
            ("requirement_relations", "requirement", "related"),
            "requirement",
            &["requirement_document"],
        ),
        one("milestone", "milestone"),
        one("program", "program"),
        list_value("priority", "list_node.priority"),
        many(
            "test",
            ("test_covered_requirement", "requirement", "test"),
            "test",
            &[],
        ),
        many(
            "product_areas",
            ("requirement_modules", "requirement", "module"),
            "product_area",
            &[],
        )
        .label("Application modules"),
        many(
            "application_modules",
            ("requirement_modules", "requirement", "module"),
            "application_module",
            &[],
        ),
        inverse("user_item", "user_item", "my_follow_items_requirement"),
        text(jira_field.to_owned()).user_defined(),
    ]);
    vec![requirement, root, folder, document]
}

fn parent() -> Field {
    one_of("parent", "requirement", FOLDERS)
        .required()
        .default_named(DefaultValue::Root)
        .cascading()
}

fn tree() -> [Field; 7] {
    [
        text("name").required(),
        text("ordering").in_column("order_key").opaque(),
        one("owner", "workspace_user"),
        many(
            "user_tags",
            ("requirement_user_tags", "requirement", "user_tag"),
            "user_tag",
            &[],
        ),
        text("path").read_only(),
        inverse("children", "requirement", "parent"),
        boolean("has_children")
            .computed("EXISTS (SELECT 1 FROM requirements x WHERE x.parent = @.id)"),
    ]
}
