//! What every workspace has from the start: roots, lists, phases, a default release, a user.

use rusqlite::types::Value as Sql;

use super::write::Writer;
use crate::catalog::{LISTS, PHASE_SETS};
use crate::error::ApiError;

pub(super) fn fill(writer: Writer<'_>) -> Result<(), ApiError> {
    lists(writer)?;
    phases(writer)?;
    let create =
        |kind: &'static str, columns| writer.create_raw(writer.catalog.known_type(kind), columns);
    create(
        "application_module",
        vec![("name", text("Application Modules"))],
    )?;
    create("work_item_root", vec![("name", text("Backlog"))])?;
    let year_ms = 365 * 24 * 60 * 60 * 1000;
    create(
        "release",
        vec![
            ("name", text("Default Release")),
            ("start_date", Sql::Integer(writer.now)),
            ("end_date", Sql::Integer(writer.now + year_ms)),
            ("is_default", Sql::Integer(1)),
        ],
    )?;
    create(
        "workspace_user",
        vec![
            ("name", text("sandbox")),
            ("full_name", text("Sandbox User")),
            ("email", text("sandbox@octane.example")),
        ],
    )?;
    Ok(())
}

fn lists(writer: Writer<'_>) -> Result<(), ApiError> {
    let node = writer.catalog.known_type("list_node");
    for (list, label, values) in LISTS {
        let list = format!("list_node.{list}");
        let root = writer.create_raw(
            node,
            vec![("name", text(label)), ("logical_name", text(&list))],
        )?;
        for (name, label) in *values {
            let columns = vec![
                ("name", text(label)),
                ("logical_name", text(&format!("{list}.{name}"))),
                ("list_root", Sql::Integer(root)),
            ];
            writer.create_raw(node, columns)?;
        }
    }
    Ok(())
}

fn phases(writer: Writer<'_>) -> Result<(), ApiError> {
    let phase = writer.catalog.known_type("phase");
    for (entity, names) in PHASE_SETS {
        for (position, (name, label)) in names.iter().enumerate() {
            let columns = vec![
                ("name", text(label)),
                ("logical_name", text(&format!("phase.{entity}.{name}"))),
                ("entity", text(entity)),
                ("is_start_phase", Sql::Integer(i64::from(position == 0))),
            ];
            writer.create_raw(phase, columns)?;
        }
    }
    Ok(())
}

fn text(text: &str) -> Sql {
    Sql::Text(text.to_owned())
}
