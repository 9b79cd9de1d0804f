//! The schema: which entity types exist, what fields they have and where those are stored.
//!
//! Everything generic (tables, reading, writing, queries, metadata) follows these rows, so a new entity
//! type or field is a row here and nothing else.

mod entity_type;
mod field;
mod lists;
mod modules;
mod owned;
mod people;
mod phases;
mod pipelines;
mod releases;
mod requirements;
mod runs;
mod small;
mod tests;
mod user_defined;
mod work_items;

use std::collections::HashMap;

use crate::settings::{Entities, Settings, UserDefinedField};

pub(crate) use entity_type::{EntityType, Scope, Table};
pub(crate) use field::{Field, Initial, Kind, Link, OnDelete};
pub(crate) use lists::LISTS;
pub(crate) use people::ROLE_NAMES;
pub(crate) use phases::{METAPHASE_NAMES, PHASE_SETS};
pub(crate) use tests::SCRIPTED;
pub(crate) use user_defined::FIELDS_MAX as USER_DEFINED_FIELDS_MAX;

/// All entity types and tables, as the settings want them.
#[derive(Debug)]
pub(crate) struct Catalog {
    types: Vec<EntityType>,
    by_collection: HashMap<(Scope, &'static str), usize>,
    by_name: HashMap<&'static str, usize>,
    tables: Vec<Table>,
    /// The user-defined field with the Jira key.
    pub(crate) jira_field: String,
    /// What every entity says as its `workspace_id`.
    pub(crate) workspace: i64,
    /// The shared space that the workspace is in.
    pub(crate) space: i64,
    /// How entities look, and the user-defined fields that are part of this catalog.
    pub(crate) settings: Entities,
}

impl Catalog {
    /// The catalog as the settings want it, or what is wrong with their user-defined fields.
    pub(crate) fn new(settings: &Settings) -> Result<Self, String> {
        let (space, workspace) = (settings.space.get(), settings.workspace.get());
        Self::build(settings.entities.clone(), space, workspace)
    }

    /// The same catalog with one more user-defined field.
    pub(crate) fn with_field(&self, field: UserDefinedField) -> Result<Self, String> {
        let mut settings = self.settings.clone();
        settings.user_defined_fields.push(field);
        Self::build(settings, self.space, self.workspace)
    }

    fn build(settings: Entities, space: i64, workspace: i64) -> Result<Self, String> {
        let jira_field = settings.jira_field.as_str();
        let mut types = modules::types(jira_field);
        types.extend(tests::types());
        types.extend(runs::types(&settings));
        types.extend(work_items::types(jira_field));
        types.extend(requirements::types(jira_field));
        types.extend(releases::types());
        types.extend(lists::types());
        types.extend(phases::types());
        types.extend(owned::types());
        types.extend(pipelines::types());
        types.extend(people::types());
        types.extend(small::types());
        no_field_twice(&types, jira_field)?;
        user_defined::add(&mut types, &settings.user_defined_fields)?;
        if settings.name_by_default {
            let names = types.iter_mut().flat_map(|kind| &mut kind.fields);
            names
                .filter(|field| field.name == "name")
                .for_each(|name| name.is_default = true);
        }
        complete_aggregates(&mut types);

        let mut tables = vec![modules::TABLE, work_items::TABLE, requirements::TABLE];
        tables.extend(tests::TABLES);
        tables.extend(runs::TABLES);
        tables.extend(releases::TABLES);
        tables.extend(lists::TABLES);
        tables.extend(phases::TABLES);
        tables.extend(owned::TABLES);
        tables.extend(pipelines::TABLES);
        tables.extend(people::TABLES);
        tables.extend(small::TABLES);

        let named = types.iter().enumerate();
        let by_name = named
            .clone()
            .map(|(index, kind)| (kind.name, index))
            .collect();
        let by_collection = named
            .flat_map(|(index, kind)| {
                let collections = kind.collections.iter();
                collections.map(move |name| ((kind.scope, *name), index))
            })
            .collect();
        Ok(Self {
            types,
            by_collection,
            by_name,
            tables,
            jira_field: jira_field.to_owned(),
            workspace,
            space,
            settings,
        })
    }

    pub(crate) fn types(&self) -> &[EntityType] {
        &self.types
    }

    pub(crate) fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// The type of the collection `name` in a scope.
    pub(crate) fn collection(&self, scope: Scope, name: &str) -> Option<&EntityType> {
        let by_collection: &HashMap<(Scope, &str), usize> = &self.by_collection;
        let index = by_collection.get(&(scope, name));
        index.map(|index| &self.types[*index])
    }

    pub(crate) fn find_type(&self, name: &str) -> Option<&EntityType> {
        self.by_name.get(name).map(|index| &self.types[*index])
    }

    /// A type that the catalog itself names; a test proves that all such names exist.
    pub(crate) fn known_type(&self, name: &str) -> &EntityType {
        self.find_type(name)
            .expect("the catalog names only types that it has")
    }

    /// The table of a type.
    pub(crate) fn table_of(&self, kind: &EntityType) -> &Table {
        self.tables
            .iter()
            .find(|table| table.name == kind.table)
            .expect("the catalog names only tables that it has")
    }

    /// The concrete type of a row of `kind`'s table.
    pub(crate) fn concrete<'a>(
        &'a self,
        kind: &'a EntityType,
        subtype: Option<&str>,
    ) -> &'a EntityType {
        subtype
            .and_then(|name| self.find_type(name))
            .unwrap_or(kind)
    }

    /// The concrete types that a reference may point at.
    pub(crate) fn targets<'a>(
        &'a self,
        target: &'static str,
        concrete: &'a [&'static str],
    ) -> Vec<&'a str> {
        let kind = self.known_type(target);
        match (concrete, kind.is_aggregate()) {
            ([], true) => kind.subtypes.clone(),
            ([], false) => vec![target],
            (concrete, _) => concrete.to_vec(),
        }
    }
}

/// The Jira field is named by the settings and must not meet a field that is there.
fn no_field_twice(types: &[EntityType], name: &str) -> Result<(), String> {
    let doubled = types.iter().find(|kind| {
        let same = kind.fields.iter().filter(|field| field.name == name);
        same.count() > 1
    });
    match doubled {
        Some(kind) => Err(format!(
            "`jira_field` is `{name}`, which `{}` has already",
            kind.name
        )),
        None => Ok(()),
    }
}

/// An aggregate has the fields of all its types; one is required only where all require it.
fn complete_aggregates(types: &mut [EntityType]) {
    for index in 0..types.len() {
        let aggregate = types[index].name;
        let subtypes: Vec<EntityType> = types
            .iter()
            .filter(|kind| kind.subtype_of == Some(aggregate))
            .cloned()
            .collect();
        for field in subtypes.iter().flat_map(|kind| &kind.fields) {
            let is_required = subtypes
                .iter()
                .all(|kind| kind.field(&field.name).is_some_and(|own| own.is_required));
            let mine = &mut types[index].fields;
            match mine.iter_mut().find(|own| own.name == field.name) {
                Some(own) => widen(own, field),
                None => mine.push(Field {
                    is_required,
                    ..field.clone()
                }),
            }
        }
        types[index].subtypes = subtypes.iter().map(|kind| kind.name).collect();
    }
}

/// Where types of an aggregate differ in a field, the aggregate takes what any of them takes.
fn widen(own: &mut Field, other: &Field) {
    own.is_editable |= other.is_editable;
    match (&mut own.kind, &other.kind) {
        (Kind::One(mine), Kind::One(theirs)) if mine.concrete != theirs.concrete => {
            mine.concrete = &[];
        }
        (Kind::Inverse { target: mine, .. }, Kind::Inverse { target: theirs, .. })
            if mine != theirs =>
        {
            // `run` of automated tests and of suites: of the aggregate, any run.
            *mine = "run";
        }
        _ => {}
    }
}

#[cfg(test)]
mod check {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn every_name_that_the_catalog_mentions_exists() {
        let catalog = Catalog::new(&Settings::default()).unwrap();
        for kind in catalog.types() {
            catalog.table_of(kind);
            if let Some(aggregate) = kind.subtype_of {
                assert!(catalog.find_type(aggregate).is_some(), "{aggregate}");
            }
            for field in &kind.fields {
                let place = format!("{}.{}", kind.name, field.name);
                if let Some(target) = field.target() {
                    let target = catalog.find_type(target).expect(&place);
                    if let Kind::Inverse { field, .. } = &field.kind {
                        let back = target.field(field).expect(&place);
                        assert!(matches!(back.kind, Kind::One(_)), "{place}");
                    }
                }
                let concrete: &[&str] = match &field.kind {
                    Kind::One(pointer) => pointer.concrete,
                    Kind::Many(link) => link.concrete,
                    _ => &[],
                };
                for name in concrete {
                    let target = catalog.known_type(field.target().unwrap());
                    assert!(
                        target.name == *name || target.subtypes.contains(name),
                        "{place}"
                    );
                }
            }
            for name in kind.unique {
                assert!(kind.field(name).is_some(), "{}.{name}", kind.name);
            }
        }
    }

    #[test]
    fn types_that_share_a_table_agree_about_its_columns() {
        let catalog = Catalog::new(&Settings::default()).unwrap();
        let mut columns: HashMap<(&str, &str), &str> = HashMap::new();
        for kind in catalog.types() {
            for field in kind.fields.iter().filter(|field| field.is_column()) {
                let word = field.type_word();
                let known = columns.entry((kind.table, &field.name)).or_insert(word);
                assert_eq!(*known, word, "{}.{}", kind.name, field.name);
            }
        }
    }

    #[test]
    fn collections_are_named_once_and_fields_once_a_type() {
        let catalog = Catalog::new(&Settings::default()).unwrap();
        let names = catalog.types().iter().flat_map(|kind| kind.collections);
        assert_eq!(names.count(), catalog.by_collection.len());
        for kind in catalog.types() {
            for (index, field) in kind.fields.iter().enumerate() {
                let same = kind.fields[..index]
                    .iter()
                    .any(|other| other.name == field.name);
                assert!(!same, "{}.{}", kind.name, field.name);
            }
        }
    }
}
