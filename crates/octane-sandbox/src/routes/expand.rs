//! The older way to ask for fields of referenced entities: `expand=parent{fields=name},$all{fields=name}`.

use octane_model::{Select, SelectError};

use crate::catalog::{Catalog, EntityType, Field};

/// What stands for every reference.
const ALL: &str = "$all";

/// The references to expand, with the fields of the entities that they refer to.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Expand {
    named: Select,
    all: Option<Select>,
}

impl Expand {
    pub(super) fn parse(text: &str) -> Result<Self, SelectError> {
        let mut named = Vec::new();
        let mut all = None;
        for piece in pieces(&plain(text)) {
            match piece.strip_prefix(ALL) {
                // The parser of fields knows names only.
                Some(rest) => all = format!("all{rest}").parse::<Select>()?.fields.pop(),
                None => named.push(piece.to_owned()),
            }
        }
        let named = if named.is_empty() {
            Select::default()
        } else {
            named.join(",").parse()?
        };
        Ok(Self {
            named,
            all: all.map(|field| field.nested),
        })
    }

    /// Extends the fields of a request, or the default ones if it names none. What is named becomes a field; `$all` is about the
    /// references among the fields of the request, or about all that the type has.
    pub(super) fn extend(self, mut select: Select, catalog: &Catalog, of: &EntityType) -> Select {
        let fields = of.fields.iter();
        let has_names = !select.is_empty();
        if !has_names && self != Self::default() {
            let all = self.all.is_some();
            let wanted = fields
                .filter(|field| field.is_returned_by_default || (all && field.target().is_some()));
            select = Select::names(wanted.map(|field| &*field.name));
        }
        if let Some(all) = &self.all {
            for selected in &mut select.fields {
                let target = of.field(&selected.name).and_then(Field::target);
                if let (Some(target), true) = (target, selected.nested.is_empty()) {
                    selected.nested = known(all, catalog.known_type(target));
                }
            }
        }
        for field in self.named.fields {
            select.fields.retain(|known| known.name != field.name);
            select.fields.push(field);
        }
        select
    }
}

/// Those of the fields that a type has: not everything has a name.
fn known(all: &Select, target: &EntityType) -> Select {
    let mut select = all.clone();
    select
        .fields
        .retain(|field| target.field(&field.name).is_some());
    select
}

/// The text with `rel{a,b}` for `rel{fields=a,b}`; blanks may stand anywhere in it.
fn plain(text: &str) -> String {
    let mut pieces = text.split('{');
    let mut plain = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let fields = piece.trim_start().strip_prefix("fields");
        let value = fields.and_then(|rest| rest.trim_start().strip_prefix('='));
        plain.push('{');
        plain.push_str(value.unwrap_or(piece));
    }
    plain
}

/// The pieces between commas that stand outside of braces.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_usize;
    let pieces = text.split(move |sign| {
        match sign {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        sign == ',' && depth == 0
    });
    pieces.map(str::trim).filter(|piece| !piece.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Scope;
    use crate::settings::Settings;

    fn extended(fields: &str, expand: &str) -> String {
        let catalog = Catalog::new(&Settings::default()).unwrap();
        let entity_type = catalog.collection(Scope::Workspace, "stories").unwrap();
        let select = match fields {
            "" => Select::default(),
            _ => fields.parse().unwrap(),
        };
        let expand = Expand::parse(expand).unwrap();
        expand.extend(select, &catalog, entity_type).to_string()
    }

    #[test]
    fn references_are_expanded_by_name_or_all_at_once() {
        for (fields, expand, expected) in [
            ("name,owner", "", "name,owner"),
            (
                "name,parent",
                "parent{fields=name,phase}",
                "name,parent{name,phase}",
            ),
            (
                "name",
                "owner{ fields = full_name }",
                "name,owner{full_name}",
            ),
            (
                "name",
                " release , owner{name} ",
                "name,release,owner{name}",
            ),
            (
                "name,owner,phase{id},sprint",
                "$all{fields=name}",
                "name,owner{name},phase{id},sprint{name}",
            ),
            (
                "owner,phase",
                "$all{ fields = name , full_name },phase{fields=metaphase{fields=name}}",
                "owner{name,full_name},phase{metaphase{name}}",
            ),
        ] {
            assert_eq!(extended(fields, expand), expected, "{fields} {expand}");
        }
    }

    #[test]
    fn without_fields_all_means_every_reference_of_the_type() {
        let extended = extended("", "$all{fields=name}");
        assert!(extended.starts_with("id,workspace_id,"), "{extended}");
        for part in ["parent{name}", "phase{name}", "user_tags{name}"] {
            assert!(extended.contains(part), "{part}: {extended}");
        }
    }

    #[test]
    fn what_is_not_complete_is_an_error() {
        for text in [
            "parent{fields=",
            "$all{fields=name",
            "parent{fields=}",
            "$some{fields=name}",
        ] {
            assert!(Expand::parse(text).is_err(), "{text}");
        }
    }
}
