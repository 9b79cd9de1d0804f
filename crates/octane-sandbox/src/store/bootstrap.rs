//! What every workspace has initially: roots, lists, phases, roles, a default release, users.

use std::collections::HashMap;

use rusqlite::types::{Null, Value as Sql};
use rusqlite::{Statement, ToSql, params_from_iter};
use sha2::{Digest, Sha256};

use super::writer::Writer;
use crate::catalog::{ENTITY_LABEL_NAMES, LISTS, METAPHASE_NAMES, PHASE_SETS, ROLE_NAMES};
use crate::error::ApiError;
use crate::hex::hex;
use crate::settings::AccessSettings;

pub(super) fn fill(writer: Writer<'_>, access: &AccessSettings) -> Result<(), ApiError> {
    lists(writer)?;
    phases(writer)?;
    labels(writer)?;
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
    phases(writer)?;
    labels(writer)
}

/// A digest of the lists, values and phases.
pub(super) fn digest() -> String {
    let texts = format!("{LISTS:?} {METAPHASE_NAMES:?} {PHASE_SETS:?} {ENTITY_LABEL_NAMES:?}");
    hex(&Sha256::digest(texts))
}

/// The rows of one type that there are, and new ones: there are hundreds of them at every start without data, which has to be quick.
struct Rows<'a> {
    statement: Statement<'a>,
    now: i64,
    /// The IDs of rows by their names.
    known: HashMap<String, i64>,
}

impl<'a> Rows<'a> {
    /// `name` is the column with the names of the rows, which are compared ignoring case.
    fn named(
        writer: Writer<'a>,
        entity_type: &str,
        name: &str,
        columns: &str,
    ) -> Result<Self, ApiError> {
        let table = writer.catalog.known_type(entity_type).table;
        let sql = format!(
            "SELECT lower({name}), MIN(id) FROM {table} WHERE {name} IS NOT NULL GROUP BY 1"
        );
        let mut found = writer.connection.prepare(&sql)?;
        let rows = found.query_map([], |row| row.try_into())?;
        Ok(Self {
            known: rows.collect::<Result<_, _>>()?,
            ..Self::of(writer, entity_type, columns)?
        })
    }

    fn of(writer: Writer<'a>, entity_type: &str, columns: &str) -> Result<Self, ApiError> {
        let table = writer.catalog.known_type(entity_type).table;
        let marks = "?,".repeat(columns.split(',').count());
        let sql = format!(
            "INSERT INTO {table} ({columns}, creation_time, last_modified) VALUES ({marks}?,?)"
        );
        Ok(Self {
            statement: writer.connection.prepare(&sql)?,
            now: writer.now,
            known: HashMap::new(),
        })
    }

    /// The ID of the row with this name.
    fn id(&self, name: &str) -> Option<i64> {
        self.known.get(&name.to_ascii_lowercase()).copied()
    }

    fn add_named(&mut self, name: &str, values: &[&dyn ToSql]) -> Result<i64, ApiError> {
        let id = self.add(values)?;
        self.known.insert(name.to_ascii_lowercase(), id);
        Ok(id)
    }

    fn add(&mut self, values: &[&dyn ToSql]) -> Result<i64, ApiError> {
        let times: [&dyn ToSql; 2] = [&self.now, &self.now];
        let values = values.iter().chain(&times);
        Ok(self.statement.insert(params_from_iter(values))?)
    }
}

fn lists(writer: Writer<'_>) -> Result<(), ApiError> {
    let columns = "name, logical_name, list_root, \"index\"";
    let mut rows = Rows::named(writer, "list_node", "logical_name", columns)?;
    for (list, label, values) in LISTS {
        let list = format!("list_node.{list}");
        if rows.id(&list).is_some() {
            continue;
        }
        let root = rows.add_named(&list, &[label, &list, &Null, &Null])?;
        for (index, (name, label)) in (0_i64..).zip(*values) {
            rows.add(&[label, &format!("{list}.{name}"), &root, &index])?;
        }
    }
    Ok(())
}

fn phases(writer: Writer<'_>) -> Result<(), ApiError> {
    let columns = "name, logical_name";
    let mut metaphases = Rows::named(writer, "metaphase", "logical_name", columns)?;
    for (name, label) in METAPHASE_NAMES {
        let logical_name = format!("metaphase.{name}");
        if metaphases.id(&logical_name).is_none() {
            metaphases.add_named(&logical_name, &[label, &logical_name])?;
        }
    }
    let columns = "name, logical_name, entity, metaphase, is_start_phase";
    let mut rows = Rows::named(writer, "phase", "logical_name", columns)?;
    let columns = "entity, source_phase, target_phase, is_system, is_primary";
    let mut transitions = Rows::of(writer, "transition", columns)?;
    for (entity, phases) in PHASE_SETS {
        let mut found = Vec::with_capacity(phases.len());
        for (name, ..) in *phases {
            found.push(rows.id(&format!("phase.{entity}.{name}")));
        }
        let is_complete = !found.contains(&None);
        if found.iter().any(Option::is_some) {
            // Files of older versions may begin with another phase, or lack one between two that they have.
            let first = phases.first().map_or("", |(name, ..)| name);
            let sql = "UPDATE phases SET is_start_phase = (logical_name = ?2) WHERE entity = ?1";
            let mut marking = writer.connection.prepare_cached(sql)?;
            marking.execute([*entity, &format!("phase.{entity}.{first}")])?;
            if is_complete {
                continue;
            }
            let sql = "DELETE FROM transitions WHERE entity = ?";
            writer.connection.prepare_cached(sql)?.execute([entity])?;
        }
        let mut keys = Vec::with_capacity(phases.len());
        for ((name, label, metaphase), row_id) in phases.iter().zip(found) {
            if let Some(row_id) = row_id {
                keys.push(row_id);
                continue;
            }
            let is_first = keys.is_empty();
            let metaphase = metaphases.id(&format!("metaphase.{metaphase}"));
            let logical_name = format!("phase.{entity}.{name}");
            keys.push(rows.add(&[label, &logical_name, entity, &metaphase, &is_first])?);
        }
        for pair in keys.windows(2) {
            if let [source, target] = pair {
                transitions.add(&[entity, source, target, &true, &true])?;
            }
        }
    }
    Ok(())
}

/// What the workspace calls entity types.
fn labels(writer: Writer<'_>) -> Result<(), ApiError> {
    let columns = "entity_type, name, initials, plural_capitalized, language";
    let mut rows = Rows::named(writer, "entity_label", "entity_type", columns)?;
    for (entity_type, name, initials, plural) in ENTITY_LABEL_NAMES {
        if rows.id(entity_type).is_none() {
            rows.add(&[entity_type, name, initials, plural, &"lang.en"])?;
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
        if let Some(user) = writer.reader().user_named(name)? {
            super::rules::join_workspace(writer, user)?;
            continue;
        }
        let email = if name.contains('@') {
            name.to_owned()
        } else {
            format!("{name}@octane.example")
        };
        let short = email.split('@').next().unwrap_or(name);
        let user = create(
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
        super::rules::join_workspace(writer, user)?;
    }
    Ok(())
}

fn text(text: &str) -> Sql {
    Sql::Text(text.to_owned())
}
