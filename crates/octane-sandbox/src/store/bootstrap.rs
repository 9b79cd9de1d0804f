//! What every workspace has initially: roots, lists, phases, roles, a default release, users.

use rusqlite::types::Value as Sql;

use super::writer::Writer;
use crate::catalog::{LISTS, METAPHASE_NAMES, PHASE_SETS, ROLE_NAMES};
use crate::error::ApiError;
use crate::settings::AccessSettings;

pub(super) fn fill(writer: Writer<'_>, access: &AccessSettings) -> Result<(), ApiError> {
    lists(writer)?;
    phases(writer)?;
    spaces(writer)?;
    people(writer, access)?;
    let create = |entity_type: &'static str, columns| create(writer, entity_type, columns);
    create(
        "application_module",
        vec![("name", text("Application Modules"))],
    )?;
    create("work_item_root", vec![("name", text("Backlog"))])?;
    create("requirement_root", vec![("name", text("Requirements"))])?;
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
    Ok(())
}

fn create(
    writer: Writer<'_>,
    entity_type: &'static str,
    columns: Vec<(&'static str, Sql)>,
) -> Result<i64, ApiError> {
    writer.create_raw(writer.catalog.known_type(entity_type), columns)
}

/// Adds the lists, values and phases that a file of an older version lacks.
pub(super) fn complete(writer: Writer<'_>) -> Result<(), ApiError> {
    lists(writer)?;
    phases(writer)
}

fn is_known(writer: Writer<'_>, entity_type: &str, logical_name: &str) -> Result<bool, ApiError> {
    Ok(known(writer, entity_type, logical_name)? != Sql::Null)
}

fn lists(writer: Writer<'_>) -> Result<(), ApiError> {
    for (list, label, values) in LISTS {
        let list = format!("list_node.{list}");
        if is_known(writer, "list_node", &list)? {
            continue;
        }
        let root = create(
            writer,
            "list_node",
            vec![("name", text(label)), ("logical_name", text(&list))],
        )?;
        for (index, (name, label)) in (0..).zip(*values) {
            let columns = vec![
                ("name", text(label)),
                ("logical_name", text(&format!("{list}.{name}"))),
                ("list_root", Sql::Integer(root)),
                ("index", Sql::Integer(index)),
            ];
            create(writer, "list_node", columns)?;
        }
    }
    Ok(())
}

fn phases(writer: Writer<'_>) -> Result<(), ApiError> {
    for (name, label) in METAPHASE_NAMES {
        let logical_name = format!("metaphase.{name}");
        if !is_known(writer, "metaphase", &logical_name)? {
            let logical_name = text(&logical_name);
            let columns = vec![("name", text(label)), ("logical_name", logical_name)];
            create(writer, "metaphase", columns)?;
        }
    }
    for (entity, phases) in PHASE_SETS {
        let first = phases.first().map_or("", |(name, ..)| name);
        if is_known(writer, "phase", &format!("phase.{entity}.{first}"))? {
            continue;
        }
        let mut keys = Vec::new();
        for (name, label, metaphase) in *phases {
            let metaphase = known(writer, "metaphase", &format!("metaphase.{metaphase}"))?;
            let columns = vec![
                ("name", text(label)),
                ("logical_name", text(&format!("phase.{entity}.{name}"))),
                ("entity", text(entity)),
                ("metaphase", metaphase),
                ("is_start_phase", Sql::Integer(i64::from(keys.is_empty()))),
            ];
            keys.push(create(writer, "phase", columns)?);
        }
        for pair in keys.windows(2) {
            let &[source, target] = pair else { continue };
            let columns = vec![
                ("entity", text(entity)),
                ("source_phase", Sql::Integer(source)),
                ("target_phase", Sql::Integer(target)),
                ("is_system", Sql::Integer(1)),
                ("is_primary", Sql::Integer(1)),
            ];
            create(writer, "transition", columns)?;
        }
    }
    Ok(())
}

/// The shared space and its workspace, whose IDs come from the settings, and their roles.
fn spaces(writer: Writer<'_>) -> Result<(), ApiError> {
    let catalog = writer.catalog;
    let space = vec![
        ("id", Sql::Integer(catalog.space)),
        ("name", text("Default shared space")),
    ];
    create(writer, "shared_space", space)?;
    let workspace = vec![
        ("id", Sql::Integer(catalog.workspace)),
        ("name", text("Default workspace")),
    ];
    create(writer, "workspace", workspace)?;
    for (logical_name, label, is_of_workspace) in ROLE_NAMES {
        let columns = vec![("name", text(label)), ("logical_name", text(logical_name))];
        let role = create(writer, "role", columns)?;
        if !is_of_workspace {
            create(writer, "workspace_role", vec![("role", Sql::Integer(role))])?;
        }
    }
    super::rules::add_workspace_roles(writer, catalog.workspace)
}

/// A user for every account that can sign in, with the same name.
pub(super) fn people(writer: Writer<'_>, access: &AccessSettings) -> Result<(), ApiError> {
    let keys = access.api_keys.iter().map(|key| (key.id(), true));
    let users = access.users.iter().map(|user| (user.name(), false));
    for (name, is_api_key) in keys.chain(users) {
        if writer.reader().user_named(name)?.is_some() {
            continue;
        }
        let email = if name.contains('@') {
            name.to_owned()
        } else {
            format!("{name}@octane.example")
        };
        let short = email.split('@').next().unwrap_or(name);
        create(
            writer,
            "sharedspace_user",
            vec![
                ("name", text(name)),
                ("full_name", text(short)),
                ("first_name", text(short)),
                ("last_name", text("")),
                ("email", text(&email)),
                ("is_api_key", Sql::Integer(i64::from(is_api_key))),
            ],
        )?;
    }
    Ok(())
}

fn known(writer: Writer<'_>, entity_type: &str, logical_name: &str) -> Result<Sql, ApiError> {
    let row_id = writer
        .reader()
        .row_id(writer.catalog.known_type(entity_type), logical_name)?;
    Ok(row_id.map_or(Sql::Null, Sql::Integer))
}

fn text(text: &str) -> Sql {
    Sql::Text(text.to_owned())
}
