//! Small types that others refer to: environments and tags.

use super::entity_type::{EntityType, NO_DELETE, Table};
use super::field::{integer, one_of, text};

pub(super) const TABLES: [Table; 2] = [TAXONOMIES, TAGS];

const TAXONOMIES: Table = Table {
    has_subtype: true,
    indexes: &[("taxonomies_by_category", "category, name COLLATE NOCASE")],
    ..Table::new("taxonomy_nodes", 1201)
};
const TAGS: Table = Table {
    indexes: &[("user_tags_by_name", "name COLLATE NOCASE")],
    ..Table::new("user_tags", 1401)
};

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
    .fields([text("name").required(), integer("activity_level")])
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
        integer("activity_level"),
    ])
    .unique(&["category", "name"]);
    let tag = EntityType::new("user_tag", "Tag", &["user_tags"], &TAGS)
        .methods(&["GET", "POST"])
        .fields([text("name").required()])
        .unique(&["name"]);
    vec![taxonomy, category, item, tag]
}
