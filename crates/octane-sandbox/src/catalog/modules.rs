//! Application modules, called product areas in payloads.

use super::entity_type::{EntityType, Table};
use super::field::{Field, boolean, inverse, list_value, memo, one, text};
use super::owned::attachments;
use crate::settings::EntitySettings;

pub(super) const TABLE: Table = Table {
    is_tree: true,
    root: Some("product_area.root"),
    indexes: &[
        ("modules_by_parent", "parent, name COLLATE NOCASE"),
        ("modules_by_name", "name COLLATE NOCASE"),
        ("modules_by_path", "path COLLATE NOCASE"),
    ],
    ..Table::new("application_modules", 1001)
};

/// One table under two names: the type in responses follows the collection that was read.
pub(super) fn types(settings: &EntitySettings) -> Vec<EntityType> {
    let unique: &[&str] = if settings.module_names_unique {
        &["parent", "name"]
    } else {
        &[]
    };
    let names = [
        (
            "application_module",
            "Application module",
            &["application_modules"] as &[_],
        ),
        ("product_area", "Product area", &["product_areas"]),
    ];
    names
        .into_iter()
        .map(|(name, label, collections)| {
            EntityType::new(name, label, collections, &TABLE)
                .fields(fields(name))
                .fields(attachments("owner_product_area"))
                .fields([text(settings.jira_field.clone()).user_defined()])
                .unique(unique)
        })
        .collect()
}

fn fields(own: &'static str) -> [Field; 9] {
    [
        text("name").required(),
        one("parent", own).required().cascading(),
        inverse("children", own, "parent").editable(),
        boolean("has_children")
            .computed("EXISTS (SELECT 1 FROM application_modules x WHERE x.parent = @.id)"),
        text("path").read_only(),
        list_value("business_impact", "list_node.business_impact")
            .required()
            .default_value("list_node.business_impact.medium"),
        memo("description"),
        one("owner", "workspace_user"),
        one("program", "program"),
    ]
}
