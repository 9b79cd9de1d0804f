//! The schema: which entity types exist, what fields they have and where they are stored.
//!
//! Everything generic (tables, reading, writing, queries, metadata) derives from these rows, so a new entity
//! type or field is one row here and nothing else.

mod entity_type;
mod field;
mod lists;
mod models;
mod modules;
mod owned;
mod people;
mod phases;
mod pipelines;
mod planning;
mod releases;
mod requirements;
mod run_analysis;
mod run_history;
mod runs;
mod scm;
mod small;
mod sum;
mod tests;
mod user_defined;
mod work_items;

use std::borrow::Cow;
use std::collections::HashMap;

use crate::settings::{DefaultFields, EntitySettings, Settings, UserDefinedField};

pub(crate) use entity_type::{EntityType, Scope, Table};
pub(crate) use field::{DefaultValue, Field, FieldType, Link, OnDelete};
pub(crate) use lists::LISTS;
pub(crate) use people::ROLE_NAMES;
pub(crate) use phases::{METAPHASE_NAMES, PHASE_SETS};
pub(crate) use run_analysis::problems_of;
pub(crate) use small::ENTITY_LABEL_NAMES;
pub(crate) use sum::{LOW_BITS, LOW_MASK, saturating_sum, sum_of};
pub(crate) use tests::SCRIPTED;
pub(crate) use user_defined::FIELDS_MAX as USER_DEFINED_FIELDS_MAX;

/// All entity types and tables, according to the settings.
#[derive(Debug)]
pub(crate) struct Catalog {
    types: Vec<EntityType>,
    by_collection: HashMap<(Scope, &'static str), usize>,
    by_name: HashMap<&'static str, usize>,
    tables: Vec<Table>,
    /// The user-defined field with the Jira key.
    pub(crate) jira_field: String,
    /// The `workspace_id` of every entity.
    pub(crate) workspace: i64,
    /// The shared space of the workspace.
    pub(crate) space: i64,
    /// How entities are presented, and the user-defined fields in this catalog.
    pub(crate) settings: EntitySettings,
}

impl Catalog {
    /// The catalog for the settings, or what is wrong with their user-defined fields.
    pub(crate) fn new(settings: &Settings) -> Result<Self, String> {
        let (space, workspace) = (settings.space.get(), settings.workspace.get());
        Self::build(settings.entities.clone(), space, workspace)
    }

    /// The same catalog with another user-defined field.
    pub(crate) fn with_field(&self, field: UserDefinedField) -> Result<Self, String> {
        let mut settings = self.settings.clone();
        settings.user_defined_fields.push(field);
        Self::build(settings, self.space, self.workspace)
    }

    fn build(settings: EntitySettings, space: i64, workspace: i64) -> Result<Self, String> {
        let jira_field = settings.jira_field.as_str();
        let mut types = modules::types(&settings);
        types.extend(tests::types());
        types.extend(runs::types(&settings));
        types.extend(work_items::types(jira_field));
        types.extend(requirements::types(jira_field));
        types.extend(releases::types());
        types.extend(lists::types());
        types.extend(phases::types());
        types.extend(owned::types());
        types.extend(pipelines::types());
        types.extend(planning::types());
        types.extend(people::types());
        types.extend(scm::types());
        types.extend(models::types());
        types.extend(small::types());
        no_field_twice(&types, jira_field)?;
        user_defined::add(&mut types, &settings.user_defined_fields)?;
        return_by_default(&mut types, settings.default_fields);
        complete_aggregates(&mut types);

        let mut tables = vec![modules::TABLE, work_items::TABLE, requirements::TABLE];
        tables.extend(tests::TABLES);
        tables.extend(runs::TABLES);
        tables.push(run_history::TABLE);
        tables.extend(releases::TABLES);
        tables.extend(lists::TABLES);
        tables.extend(phases::TABLES);
        tables.extend(owned::TABLES);
        tables.extend(pipelines::TABLES);
        tables.extend(planning::TABLES);
        tables.extend(people::TABLES);
        tables.extend(scm::TABLES);
        tables.extend(models::TABLES);
        tables.extend(small::TABLES);

        let named = types.iter().enumerate();
        let by_name = named
            .clone()
            .map(|(index, entity_type)| (entity_type.name, index))
            .collect();
        let by_collection = named
            .flat_map(|(index, entity_type)| {
                let collections = entity_type.collections.iter();
                collections.map(move |name| ((entity_type.scope, *name), index))
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

    /// A type that the catalog itself refers to; a test ensures that all such names exist.
    pub(crate) fn known_type(&self, name: &str) -> &EntityType {
        self.find_type(name)
            .expect("the catalog names only types that it has")
    }

    /// The table of a type.
    pub(crate) fn table_of(&self, entity_type: &EntityType) -> &Table {
        self.tables
            .iter()
            .find(|table| table.name == entity_type.table)
            .expect("the catalog names only tables that it has")
    }

    /// The concrete type of a row of `entity_type`'s table.
    pub(crate) fn concrete<'a>(
        &'a self,
        entity_type: &'a EntityType,
        subtype: Option<&str>,
    ) -> &'a EntityType {
        subtype
            .and_then(|name| self.find_type(name))
            .unwrap_or(entity_type)
    }

    /// The concrete types that a reference may refer to.
    pub(crate) fn targets<'a>(
        &'a self,
        target: &'static str,
        concrete: &'a [&'static str],
    ) -> Vec<&'a str> {
        let entity_type = self.known_type(target);
        match (concrete, entity_type.is_aggregate()) {
            ([], true) => entity_type.subtypes.clone(),
            ([], false) => vec![target],
            (concrete, _) => concrete.to_vec(),
        }
    }
}

/// Adds what the settings return without being requested.
fn return_by_default(types: &mut [EntityType], wanted: DefaultFields) {
    for entity_type in types {
        let is_comment = entity_type.name == "comment";
        for field in &mut entity_type.fields {
            let is_wanted = match wanted {
                DefaultFields::Small => false,
                DefaultFields::Named => field.name == "name",
                DefaultFields::All => !matches!(field.field_type, FieldType::Secret),
            };
            let is_of_comment =
                is_comment && ["text", "author", "creation_time"].contains(&&*field.name);
            field.is_returned_by_default |= is_wanted || is_of_comment;
        }
    }
}

/// The name of the Jira field comes from the settings and must not collide with an existing field.
fn no_field_twice(types: &[EntityType], name: &str) -> Result<(), String> {
    let doubled = types.iter().find(|entity_type| {
        let same = entity_type.fields.iter().filter(|field| field.name == name);
        same.count() > 1
    });
    match doubled {
        Some(entity_type) => Err(format!(
            "`jira_field` is `{name}`, but `{}` already has a field of that name",
            entity_type.name
        )),
        None => Ok(()),
    }
}

/// An aggregate has the fields of all its types; a field is required only if all types that have it require it.
fn complete_aggregates(types: &mut [EntityType]) {
    for index in 0..types.len() {
        let aggregate = types[index].name;
        let is_part = |entity_type: &&EntityType| entity_type.subtype_of == Some(aggregate);
        if !types.iter().any(|entity_type| is_part(&entity_type)) {
            continue;
        }
        let mut mine = std::mem::take(&mut types[index].fields);
        let subtypes = types.iter().filter(is_part);
        let names = subtypes.clone().map(|entity_type| entity_type.name);
        let names: Vec<&'static str> = names.collect();
        let fields = subtypes.flat_map(|entity_type| &entity_type.fields);
        let mut required: HashMap<&str, bool> = HashMap::new();
        for field in fields.clone() {
            *required.entry(&field.name).or_insert(true) &= field.is_required;
        }
        let own = mine.iter().map(|field| field.name.clone());
        let mut places: HashMap<Cow<'static, str>, usize> = own.zip(0..).collect();
        for field in fields {
            if let Some(place) = places.get(&field.name) {
                widen(&mut mine[*place], field);
                continue;
            }
            places.insert(field.name.clone(), mine.len());
            mine.push(Field {
                is_required: required[&*field.name],
                ..field.clone()
            });
        }
        let mut kinds = mine.iter_mut();
        if let Some(subtype) = kinds.find(|field| matches!(field.field_type, FieldType::Subtype)) {
            // A new entity of the aggregate says what it is.
            subtype.is_editable = true;
            subtype.is_required = true;
        }
        types[index].fields = mine;
        types[index].subtypes = names;
    }
}

/// Where the types of an aggregate differ in a field, the aggregate accepts what any of them accepts.
fn widen(own: &mut Field, other: &Field) {
    own.is_editable |= other.is_editable;
    own.is_filterable |= other.is_filterable;
    own.is_sortable |= other.is_sortable;
    match (&mut own.field_type, &other.field_type) {
        (FieldType::One(mine), FieldType::One(theirs)) if mine.concrete != theirs.concrete => {
            mine.concrete = &[];
        }
        (FieldType::Many(mine), FieldType::Many(theirs)) if mine.concrete != theirs.concrete => {
            mine.concrete = &[];
        }
        (FieldType::Inverse { target: mine, .. }, FieldType::Inverse { target: theirs, .. })
            if mine != theirs =>
        {
            // `run` of automated tests and of suites: for the aggregate, any run. Links to suites alike.
            *mine = if mine.starts_with("test_suite_link") {
                "test_suite_link_to_test"
            } else {
                "run"
            };
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
        for entity_type in catalog.types() {
            catalog.table_of(entity_type);
            if let Some(aggregate) = entity_type.subtype_of {
                assert!(catalog.find_type(aggregate).is_some(), "{aggregate}");
            }
            for field in &entity_type.fields {
                let place = format!("{}.{}", entity_type.name, field.name);
                if let Some(target) = field.target() {
                    let target = catalog.find_type(target).expect(&place);
                    if let FieldType::Inverse { field, .. } = &field.field_type {
                        let back = target.field(field).expect(&place);
                        assert!(matches!(back.field_type, FieldType::One(_)), "{place}");
                    }
                }
                let concrete: &[&str] = match &field.field_type {
                    FieldType::One(reference) => reference.concrete,
                    FieldType::Many(link) => link.concrete,
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
            for name in entity_type.unique {
                assert!(
                    entity_type.field(name).is_some(),
                    "{}.{name}",
                    entity_type.name
                );
            }
        }
    }

    #[test]
    fn types_that_share_a_table_agree_about_its_columns() {
        let catalog = Catalog::new(&Settings::default()).unwrap();
        let mut columns: HashMap<(&str, &str), &str> = HashMap::new();
        for entity_type in catalog.types() {
            for field in entity_type.fields.iter().filter(|field| field.is_column()) {
                let word = field.type_word();
                let known = columns
                    .entry((entity_type.table, field.column()))
                    .or_insert(word);
                assert_eq!(*known, word, "{}.{}", entity_type.name, field.name);
            }
        }
    }

    #[test]
    fn collections_and_the_fields_of_a_type_have_unique_names() {
        let catalog = Catalog::new(&Settings::default()).unwrap();
        let names = catalog
            .types()
            .iter()
            .flat_map(|entity_type| entity_type.collections);
        assert_eq!(names.count(), catalog.by_collection.len());
        for entity_type in catalog.types() {
            for (index, field) in entity_type.fields.iter().enumerate() {
                let same = entity_type.fields[..index]
                    .iter()
                    .any(|other| other.name == field.name);
                assert!(!same, "{}.{}", entity_type.name, field.name);
            }
        }
    }
}
