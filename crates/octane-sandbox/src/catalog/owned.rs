//! What belongs to entities: attachments and comments.

use super::entity_type::{EntityType, Table};
use super::field::{Field, boolean, integer, inverse, memo, one, text};

pub(super) const TABLES: [Table; 2] = [ATTACHMENTS, COMMENTS];

/// The aggregates and types that own attachments and comments: field, target, and whether comments are
/// supported.
const OWNERS: [(&str, &str, bool); 7] = [
    ("owner_work_item", "work_item", true),
    ("owner_test", "test", true),
    ("owner_run", "run", true),
    ("owner_requirement", "requirement", true),
    ("owner_run_step", "run_step", false),
    ("owner_release", "release", false),
    ("owner_product_area", "product_area", false),
];

const ATTACHMENTS: Table = Table {
    // The content is not a field; it has a URL of its own.
    hidden: &[("content", "BLOB")],
    indexes: &[
        (
            "attachments_by_work_item",
            "owner_work_item) WHERE (owner_work_item IS NOT NULL",
        ),
        (
            "attachments_by_test",
            "owner_test) WHERE (owner_test IS NOT NULL",
        ),
        (
            "attachments_by_run",
            "owner_run) WHERE (owner_run IS NOT NULL",
        ),
        (
            "attachments_by_requirement",
            "owner_requirement) WHERE (owner_requirement IS NOT NULL",
        ),
        (
            "attachments_by_run_step",
            "owner_run_step) WHERE (owner_run_step IS NOT NULL",
        ),
        (
            "attachments_by_release",
            "owner_release) WHERE (owner_release IS NOT NULL",
        ),
        (
            "attachments_by_product_area",
            "owner_product_area) WHERE (owner_product_area IS NOT NULL",
        ),
    ],
    ..Table::new("attachments", 9501)
};

const COMMENTS: Table = Table {
    indexes: &[
        (
            "comments_by_work_item",
            "owner_work_item) WHERE (owner_work_item IS NOT NULL",
        ),
        (
            "comments_by_test",
            "owner_test) WHERE (owner_test IS NOT NULL",
        ),
        ("comments_by_run", "owner_run) WHERE (owner_run IS NOT NULL"),
        (
            "comments_by_requirement",
            "owner_requirement) WHERE (owner_requirement IS NOT NULL",
        ),
    ],
    ..Table::new("comments", 9801)
};

pub(super) fn types() -> Vec<EntityType> {
    let owner = |(name, target, _): (&str, &'static str, bool)| one(name, target).cascading();
    let attachment = EntityType::new("attachment", "Attachment", &["attachments"], &ATTACHMENTS)
        .fields(
            [
                text("name").required(),
                memo("description"),
                integer("size").read_only(),
                boolean("exposed").read_only(),
            ]
            .into_iter()
            .chain(OWNERS.map(|row| owner(row).immutable())),
        );
    let comment = EntityType::new("comment", "Comment", &["comments"], &COMMENTS)
        .fields([memo("text")])
        .fields(
            OWNERS
                .into_iter()
                .filter(|(_, _, takes_comments)| *takes_comments)
                .map(|row| owner(row).immutable()),
        );
    vec![attachment, comment]
}

/// The fields of a type whose entities own attachments through `owner`.
pub(super) fn attachments(owner: &'static str) -> [Field; 2] {
    let exists = format!("EXISTS (SELECT 1 FROM attachments x WHERE x.{owner} = @.id)");
    [
        inverse("attachments", "attachment", owner),
        boolean("has_attachments").computed(exists),
    ]
}

/// The fields of a type whose entities own comments through `owner`.
pub(super) fn comments(owner: &'static str) -> [Field; 2] {
    let exists = format!("EXISTS (SELECT 1 FROM comments x WHERE x.{owner} = @.id)");
    [
        inverse("comments", "comment", owner),
        boolean("has_comments").computed(exists),
    ]
}
