//! What belongs to entities: attachments and comments.

use super::entity_type::{EntityType, Table};
use super::field::{
    Field, activation_status, activity_level, boolean, integer, inverse, long_text, many, memo,
    one, text,
};

pub(super) const TABLES: [Table; 2] = [ATTACHMENTS, COMMENTS];

/// What owns attachments: field and target.
const ATTACHMENT_OWNERS: [(&str, &str); 10] = [
    ("owner_work_item", "work_item"),
    ("owner_test", "test"),
    ("owner_run", "run"),
    ("owner_requirement", "requirement"),
    ("owner_run_step", "run_step"),
    ("owner_release", "release"),
    ("owner_product_area", "product_area"),
    ("owner_milestone", "milestone"),
    ("owner_task", "task"),
    ("owner_planning_info", "planning_info"),
];

/// What owns comments.
const COMMENT_OWNERS: [(&str, &str); 8] = [
    ("owner_work_item", "work_item"),
    ("owner_test", "test"),
    ("owner_run", "run"),
    ("owner_requirement", "requirement"),
    ("owner_task", "task"),
    ("owner_planning_info", "planning_info"),
    ("owner_pipeline", "pipeline"),
    ("owner_bdd_spec", "bdd_spec"),
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
        (
            "attachments_by_milestone",
            "owner_milestone) WHERE (owner_milestone IS NOT NULL",
        ),
        (
            "attachments_by_task",
            "owner_task) WHERE (owner_task IS NOT NULL",
        ),
        (
            "attachments_by_planning_info",
            "owner_planning_info) WHERE (owner_planning_info IS NOT NULL",
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
        (
            "comments_by_task",
            "owner_task) WHERE (owner_task IS NOT NULL",
        ),
        (
            "comments_by_planning_info",
            "owner_planning_info) WHERE (owner_planning_info IS NOT NULL",
        ),
        (
            "comments_by_pipeline",
            "owner_pipeline) WHERE (owner_pipeline IS NOT NULL",
        ),
        (
            "comments_by_bdd_spec",
            "owner_bdd_spec) WHERE (owner_bdd_spec IS NOT NULL",
        ),
    ],
    ..Table::new("comments", 9801)
};

pub(super) fn types() -> Vec<EntityType> {
    let owner = |(name, target): (&'static str, &'static str)| {
        one(name, target).cascading().immutable().unsortable()
    };
    let attachment = EntityType::new("attachment", "Attachment", &["attachments"], &ATTACHMENTS)
        .fields([
            text("name").required(),
            long_text("description", 2000),
            integer("size").read_only(),
            boolean("exposed").read_only(),
            activity_level(),
            activation_status(),
        ])
        .fields(ATTACHMENT_OWNERS.map(owner));
    let comment = EntityType::new("comment", "Comment", &["comments"], &COMMENTS)
        .fields([
            memo("text"),
            activity_level(),
            activation_status(),
            many(
                "mention_user",
                ("comment_mentions", "comment", "user"),
                "workspace_user",
                &[],
            ),
        ])
        .fields(COMMENT_OWNERS.map(owner));
    vec![attachment, comment]
}

/// The fields of a type whose entities own attachments through `owner`.
pub(super) fn attachments(owner: &'static str) -> [Field; 2] {
    let exists = format!("EXISTS (SELECT 1 FROM attachments x WHERE x.{owner} = @.id)");
    [
        inverse("attachments", "attachment", owner).editable(),
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
