//! Requirement documents and their folders.

use super::entity_type::{EntityType, GET_ONLY, Table};
use super::field::{
    DefaultValue, Field, boolean, inverse, list_value, many, memo, one, one_of, text,
};
use super::owned::{attachments, comments};

pub(super) const TABLE: Table = Table {
    has_subtype: true,
    is_tree: true,
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
    let requirement = EntityType::new("requirement", "Requirement", &["requirements"], &TABLE);
    let root = EntityType::new(
        "requirement_root",
        "Requirements",
        &["requirement_roots"],
        &TABLE,
    )
    .subtype_of("requirement")
    .methods(GET_ONLY)
    .fields(tree())
    .fields([one("parent", "requirement").read_only()]);
    let folder = EntityType::new(
        "requirement_folder",
        "Requirement folder",
        &["requirement_folders"],
        &TABLE,
    )
    .subtype_of("requirement")
    .fields(tree())
    .fields([parent(), memo("description")]);
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
            .default_value("phase.requirement_document.new"),
        one("owner", "workspace_user"),
        one("release", "release"),
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
        many(
            "user_tags",
            ("requirement_user_tags", "requirement", "user_tag"),
            "user_tag",
            &[],
        ),
        text(jira_field).user_defined(),
    ]);
    vec![requirement, root, folder, document]
}

fn parent() -> Field {
    one_of("parent", "requirement", FOLDERS)
        .required()
        .default_named(DefaultValue::Root)
        .cascading()
}

fn tree() -> [Field; 4] {
    [
        text("name").required(),
        text("path").read_only(),
        inverse("children", "requirement", "parent"),
        boolean("has_children")
            .computed("EXISTS (SELECT 1 FROM requirements x WHERE x.parent = @.id)"),
    ]
}
